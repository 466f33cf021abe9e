"""A new exchange: from a book's account, from JSON, or the one that people try first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal

from lotwright.book.holdings import Account
from lotwright.book.market import Price
from lotwright.execution.standin.exchange import Exchange
from lotwright.execution.standin.ledger import HeldLot, Ledger
from lotwright.execution.standin.securities import Security, security
from lotwright.execution.standin.terms import Terms

SMALLEST_SPREAD = Decimal("0.00005")


def open_account(account: Account, prices: Mapping[str, Price], *, terms: Terms | None = None) -> Exchange:
    """The exchange on which a book's account is held: its lots, its cash, the book's prices as quotes."""
    lots = [
        HeldLot(symbol=lot.symbol, quantity=lot.quantity, acquired=lot.acquired, price=lot.basis / lot.quantity)
        for lot in account.lots
    ]
    traded = [_security(price) for price in prices.values()]
    return open_with(cash=account.cash, lots=lots, securities=traded, terms=terms)


def open_with(
    *,
    cash: Decimal,
    securities: Iterable[Security],
    lots: Iterable[HeldLot] = (),
    terms: Terms | None = None,
) -> Exchange:
    """An exchange with this cash and these lots."""
    ledger = Ledger(cash=cash)
    ledger.place(lots)
    return Exchange(ledger=ledger, securities=securities, terms=terms)


def demonstration(*, terms: Terms | None = None) -> Exchange:
    """Three funds and $25,000: what ``lotwright broker simulate`` opens where no book is named."""
    priced = {"VTI": Decimal("312.45"), "BND": Decimal("73.18"), "VXUS": Decimal("72.60")}
    lots = [
        HeldLot(symbol="VTI", quantity=Decimal(120), acquired=date(2023, 3, 1), price=Decimal("198.20")),
        HeldLot(symbol="VTI", quantity=Decimal(40), acquired=date(2025, 8, 4), price=Decimal("310.90")),
        HeldLot(symbol="BND", quantity=Decimal(300), acquired=date(2024, 1, 16), price=Decimal("73.90")),
    ]
    traded = [security(symbol, price) for symbol, price in priced.items()]
    return open_with(cash=Decimal(25_000), securities=traded, lots=lots, terms=terms)


def _security(price: Price) -> Security:
    made = security(price.symbol, price.price, half_spread=price.half_spread or SMALLEST_SPREAD)
    if price.adv_dollars is None:
        return made
    return replace(made, volume=(price.adv_dollars / price.price).to_integral_value())
