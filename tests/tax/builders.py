"""Short ways to say a purchase, a sale, an account, a household."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from lotwright.book.events import Buy, Sell
from lotwright.book.holdings import Account, Household, Lot, Transaction
from lotwright.book.kinds import AccountKind, Action
from lotwright.book.market import Market, Price
from lotwright.tax.wash import wash_sales
from lotwright.tax.wash_report import WashReport

KINDS = {"T": AccountKind.TAXABLE, "U": AccountKind.TAXABLE, "IRA": AccountKind.IRA, "ROTH": AccountKind.ROTH}


def dec(value: object) -> Decimal:
    return Decimal(str(value))


def day(text: str) -> date:
    return date.fromisoformat(text)


def buy(
    when: str, lot: str, quantity: object, price: object, *, account: str = "T", symbol: str = "X", **more: Any
) -> Buy:
    return Buy(
        account=account, date=day(when), symbol=symbol, lot=lot, quantity=dec(quantity), price=dec(price), **more
    )


def sell(
    when: str, quantity: object, price: object, *lots: tuple[str, object], account: str = "T", **more: Any
) -> Sell:
    return Sell(
        account=account,
        date=day(when),
        symbol=more.pop("symbol", "X"),
        quantity=dec(quantity),
        price=dec(price),
        lots=tuple((name, dec(q)) for name, q in lots),
        **more,
    )


def wash(*events: Buy | Sell, **options: Any) -> WashReport:
    return wash_sales(events, kinds=KINDS, **options)


def fates(found: WashReport) -> list[tuple[str, Decimal, Decimal, Decimal, str | None]]:
    """Lot, shares, gain, disallowed, lot the loss moved into."""
    return [
        (d.lot, d.quantity, d.gain, d.disallowed, d.replacement.lot if d.replacement else None) for d in found.disposals
    ]


def held(found: WashReport) -> list[tuple[str, Decimal, Decimal, str]]:
    """Lot, shares, basis, holding start of what is left."""
    return [(p.lot, p.quantity, p.basis, p.holding_start.isoformat()) for p in found.open_lots]


def lot(name: str, acquired: str, quantity: object = 100, basis: object = 1000, **more: Any) -> Lot:
    account, symbol = more.pop("account", "T"), more.pop("symbol", "X")
    start = day(more.pop("start", acquired))
    return Lot(
        account=account,
        symbol=symbol,
        lot=name,
        quantity=dec(quantity),
        acquired=day(acquired),
        basis=dec(basis),
        holding_start=start,
        **more,
    )


def trade(action: str, when: str, quantity: object = 100, price: object = 10, **more: Any) -> Transaction:
    return Transaction(
        account=more.pop("account", "T"),
        date=day(when),
        symbol=more.pop("symbol", "X"),
        action=Action(action),
        quantity=dec(quantity),
        price=dec(price),
        **{
            name: dec(v) if name in ("realised_gain", "disallowed_loss") and v is not None else v
            for name, v in more.items()
        },
    )


def account(name: str = "T", kind: str = "taxable", **more: Any) -> Account:
    money = ("cash", "short_term_rate", "long_term_rate", "taxable_income", "carryforward_short", "carryforward_long")
    money += ("realised_short", "realised_long")
    facts = {key: dec(value) if key in money and value is not None else value for key, value in more.items()}
    return Account(account=name, household="H", kind=AccountKind(kind), model="M", **{"cash": Decimal(0), **facts})


def household(*accounts: Account) -> Household:
    return Household(household="H", accounts=accounts)


def market(as_of: str, *, identical: dict[str, str] | None = None, **prices: object) -> Market:
    return Market(
        as_of=day(as_of),
        prices={s: Price(symbol=s, price=dec(p), as_of=day(as_of)) for s, p in prices.items()},
        models={},
        identical=identical or {},
    )
