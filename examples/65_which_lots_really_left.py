"""The plan names lots, my broker sells first in, first out. What did the fills make of my book and my tax?

python examples/65_which_lots_really_left.py        (from a shell: lotwright execute PLAN ... --book BOOK --book-out DIR)
"""

from decimal import Decimal
from pathlib import Path

from lotwright import plan, read_book, risk_model
from lotwright.book.kinds import Relief
from lotwright.execution.booking import book_fills, position_of, reconcile_account
from lotwright.execution.executed import Executed

book = read_book(Path(__file__).parent / "books" / "first_steps")
household = book.households["LEE"]
found = plan(book, risk=risk_model(book)).plans[0]
fills = [
    Executed(
        fill=f"fill-{number}",
        order=f"order-{number:08}",
        account=trade.account,
        symbol=trade.symbol,
        side=trade.side,
        quantity=trade.quantity,
        price=trade.price,
        day=found.as_of,
    )
    for number, trade in enumerate(found.trades)
]

for relief in (Relief.SPECIFIC, Relief.FIFO):
    booked = book_fills(household, fills, found.trades, relieves=relief, market=book.market)
    gains = booked.realised
    print(f"{relief:8}: short ${gains.short:,.2f}, long ${gains.long:,.2f}, tax ${gains.tax:,.2f}")
    for difference in booked.relief:
        print(f"          {difference}")

(account,) = booked.household.accounts
print("the book now:", {symbol: f"{quantity:f}" for symbol, quantity in position_of(account).items()})
somebody = {**position_of(account), "JNJ": Decimal(39)}
for difference in reconcile_account(account, positions=somebody, cash=account.cash):
    print("reconciled with a broker that holds one share less:", difference)
