"""What became of a loss? The law as a library: events in, matched losses out, and the book they leave behind.

python examples/05_what_became_of_a_loss.py        (from a shell: lotwright tax wash TRANSACTIONS.csv)
"""

from datetime import date
from decimal import Decimal

from lotwright.book.events import Buy, Sell, Split
from lotwright.book.holdings import Account, Household
from lotwright.book.kinds import AccountKind
from lotwright.book.ledger import fold, in_latest_units
from lotwright.tax.adjust import wash_adjustments
from lotwright.tax.wash import wash_sales

KINDS = {"JOINT": AccountKind.TAXABLE, "ROTH": AccountKind.ROTH}
EVENTS = [
    Buy(account="JOINT", date=date(2023, 5, 1), symbol="XYZ", lot="first", quantity=Decimal(100), price=Decimal(60)),
    Sell(account="JOINT", date=date(2024, 12, 16), symbol="XYZ", quantity=Decimal(100), price=Decimal(40)),
    Split(date=date(2024, 12, 23), symbol="XYZ", ratio=Decimal(2)),
    Buy(account="JOINT", date=date(2025, 1, 6), symbol="XYZ", lot="again", quantity=Decimal(120), price=Decimal(21)),
    Buy(account="ROTH", date=date(2025, 1, 15), symbol="XYZ", lot="roth", quantity=Decimal(40), price=Decimal(22)),
]
accounts = tuple(
    Account(account=name, household="H", kind=kind, model="", cash=Decimal(10_000)) for name, kind in KINDS.items()
)

found = wash_sales(in_latest_units(EVENTS), kinds=KINDS)
for loss in found.disposals:
    fate = (
        "allowed" if loss.replacement is None else f"replaced by {loss.replacement.lot} of {loss.replacement.account}"
    )
    gone = ", gone for good" if loss.is_permanent else ""
    print(f"{loss.quantity:>4} shares lost ${-loss.gain:,.2f}: ${loss.disallowed:,.2f} disallowed, {fate}{gone}")

after = fold(Household(household="H", accounts=accounts), [*EVENTS, *wash_adjustments(found, day=date(2025, 1, 15))])
for account in after.household.accounts:
    for lot in account.lots:
        held = f"{lot.quantity:>4} {lot.symbol} ({lot.lot}), basis ${lot.basis:,.2f}"
        print(f"{account.account:<6} holds {held}, since {lot.holding_start}")
