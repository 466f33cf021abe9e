"""Pools: every share of a security has the same cost, whichever account of the taxpayer holds it.

United Kingdom: the section 104 holding (TCGA 1992 section 104(3)); Canada: the adjusted cost base of identical
properties (ITA section 47(1)). Both average over all taxable accounts of one person; accounts outside the tax (ISA,
SIPP, TFSA, RRSP) are held in another capacity and stay out. The basis a book states is the cost as the law has it on
the day of the prices, earlier matching included; identical securities declared as a group are one pool. A plan's sales
come before its purchases, as a trade list orders them: cost is averaged when shares are acquired.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from decimal import Context, Decimal, localcontext

from lotwright.book.holdings import Account, Household, Lot
from lotwright.book.market import Market

ZERO = Decimal(0)
POOL = "pool"
"""Name of the one lot an account holds of a security."""
NO_TERM = date(1900, 1, 1)
"""Start of the holding period of pooled shares: the law knows no terms, and all gain is counted as long-term."""
DIGITS = 50


def pooled(household: Household, market: Market) -> Household:
    """The household with one lot a security and taxable account, at the average cost of the group over all of them.

    Pooling again changes nothing. Where several taxable accounts are pooled, a note says so: they must be one person's.
    """
    taxed = [account for account in household.accounts if account.kind.is_taxable]
    with localcontext(Context(prec=DIGITS)):
        shares: dict[str, Decimal] = defaultdict(Decimal)
        cost: dict[str, Decimal] = defaultdict(Decimal)
        for lot in (lot for account in taxed for lot in account.lots):
            shares[market.group_of(lot.symbol)] += lot.quantity
            cost[market.group_of(lot.symbol)] += lot.basis
        accounts = tuple(
            replace(account, lots=tuple(_pool(account, shares, cost, market))) if account.kind.is_taxable else account
            for account in household.accounts
        )
    return replace(household, accounts=accounts, notes=(*household.notes, *_note(taxed)))


def _pool(account: Account, shares: dict[str, Decimal], cost: dict[str, Decimal], market: Market) -> Iterable[Lot]:
    for symbol in sorted({lot.symbol for lot in account.lots}):
        own = [lot for lot in account.lots if lot.symbol == symbol]
        quantity = sum((lot.quantity for lot in own), ZERO)
        group = market.group_of(symbol)
        yield Lot(
            account=account.account,
            symbol=symbol,
            lot=POOL,
            quantity=quantity,
            acquired=min(lot.acquired for lot in own),
            basis=cost[group] * quantity / shares[group],
            holding_start=NO_TERM,
        )


def _note(taxed: list[Account]) -> tuple[str, ...]:
    if len(taxed) < 2:
        return ()
    named = ", ".join(account.account for account in taxed)
    said = f"The taxable accounts {named} are taken as one person's: the same shares in them form one pool at one cost."
    return (f"{said} The plan's sales are taken to be made before its purchases.",)
