"""The verifier's own section 104 and adjusted-cost-base pools: one cost a share of each security in taxable accounts.

Written from the law alone (TCGA 1992 section 104(3), ITA section 47(1)), sharing nothing with what plans are made from.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from lotwright.book.holdings import ZERO, Account, Household, Lot
from lotwright.book.market import Market

LONG_AGO = date(1900, 1, 1)
"""Laws that pool know no terms: what they tax is reported as long-term."""


def pooled_household(household: Household, market: Market) -> Household:
    """Each taxable account with one lot called ``pool`` for each security it holds, at the pool's average cost."""
    everything = [lot for account in household.accounts if account.kind.is_taxable for lot in account.lots]
    unit: dict[str, tuple[Decimal, Decimal]] = {}
    for lot in everything:
        cost, shares = unit.get(market.group_of(lot.symbol), (ZERO, ZERO))
        unit[market.group_of(lot.symbol)] = (cost + lot.basis, shares + lot.quantity)
    return replace(household, accounts=tuple(_pooled(account, unit, market) for account in household.accounts))


def _pooled(account: Account, unit: dict[str, tuple[Decimal, Decimal]], market: Market) -> Account:
    if not account.kind.is_taxable:
        return account
    lots: dict[str, Lot] = {}
    for lot in account.lots:
        known = lots.get(lot.symbol)
        lots[lot.symbol] = Lot(
            account=account.account,
            symbol=lot.symbol,
            lot="pool",
            quantity=lot.quantity + (known.quantity if known else ZERO),
            acquired=min(lot.acquired, known.acquired) if known else lot.acquired,
            basis=ZERO,
            holding_start=LONG_AGO,
        )
    return replace(account, lots=tuple(replace(lots[s], basis=_cost(lots[s], unit, market)) for s in sorted(lots)))


def _cost(lot: Lot, unit: dict[str, tuple[Decimal, Decimal]], market: Market) -> Decimal:
    cost, shares = unit[market.group_of(lot.symbol)]
    return cost * lot.quantity / shares
