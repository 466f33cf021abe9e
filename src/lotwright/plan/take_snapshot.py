"""From the book's ``Decimal`` facts to one household's arrays: the only crossing in this direction.

Which securities are on the list: :mod:`lotwright.plan.listing`; their risk: :mod:`lotwright.plan.listed_risk`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from operator import attrgetter
from typing import Any

import numpy as np

from lotwright.book.failure import Failure
from lotwright.book.holdings import ZERO, Account, Household, Lot
from lotwright.book.kinds import Character, Relief
from lotwright.book.market import Market
from lotwright.book.remembered import Remembered
from lotwright.plan.listed_risk import risk_of_accounts, risk_of_household
from lotwright.plan.listing import Holding, listing
from lotwright.plan.snapshot import Floats, Ints, Snapshot
from lotwright.risk.model import RiskModel
from lotwright.tax.holding import character
from lotwright.tax.regimes.laws import law_of, unlawful
from lotwright.tax.window import WashWindow


def take_snapshot(household: Household, market: Market, risk: RiskModel) -> Snapshot | Failure:
    """Arrays of one household, or why there are none (no one tax law, a security without a price).

    Parameters
    ----------
    household, market : the book's facts
    risk : the book's risk model; must know every symbol with a price
    """
    failure = unlawful(household)
    if failure is not None:
        return failure
    law = law_of(household)
    window = law.window(household, market)  # before pooling: pools forget when their shares were bought
    held = law.held(household, market)
    if isinstance(held, Failure):
        return held
    household = held
    entries = [entry for a, account in enumerate(household.accounts) for entry in listing(a, account, market)]
    unpriced = sorted({entry.symbol for entry in entries if entry.symbol not in market.prices})
    if unpriced:
        return Failure(
            reason="no_price",
            message=f"{household.household} holds or targets {', '.join(unpriced)} but the prices table has no price for "
            f"{'it' if len(unpriced) == 1 else 'them'}. Add the missing rows to prices.",
            evidence={"symbols": unpriced},
        )
    return _arrays(household, market, entries, risk, window)


def _arrays(
    household: Household, market: Market, entries: list[Holding], risk: RiskModel, window: WashWindow
) -> Snapshot:
    """Assemble every array of the snapshot; each block of lines fills one kind of field."""
    law, accounts = law_of(household), household.accounts
    count = len(entries)
    symbols = tuple(entry.symbol for entry in entries)
    owners = [entry.account for entry in entries]
    account_of = np.array(owners, dtype=np.int64)
    quotes = _quotes(market)
    quoted = np.array([quotes[symbol] for symbol in symbols], dtype=float).reshape(count, 2)
    price = quoted[:, 0].copy()

    lots = [lot for entry in entries for lot in entry.lots]
    offset = np.zeros(count + 1, dtype=np.int64)
    np.cumsum([len(entry.lots) for entry in entries], out=offset[1:])
    lot_holding = np.repeat(np.arange(count), np.diff(offset))
    lot_quantity = np.array(list(map(float, map(_quantity, lots))), dtype=float)
    basis = np.array(list(map(float, map(_basis, lots))), dtype=float)
    quantity = _shares_held(entries, lot_quantity, lot_holding)

    cash = np.array([float(account.cash + account.net_cashflow) for account in accounts])
    value: Floats = cash + np.bincount(account_of, weights=quantity * price, minlength=len(accounts)).astype(float)
    cash_share = np.array([float(account.cash_target) for account in accounts])
    is_taxable = np.array([account.kind.is_taxable for account in accounts], dtype=bool)
    weight = np.array([entry.weight for entry in entries], dtype=float)
    target = weight * ((1.0 - cash_share) * np.maximum(value, 0.0))[account_of] if count else np.zeros(0)
    taxed = is_taxable[account_of][lot_holding] if lots else np.zeros(0, dtype=bool)
    gain = np.where(taxed, price[lot_holding] - basis / lot_quantity, 0.0) if lots else np.zeros(0)

    exposure, specific = risk_of_accounts(symbols, account_of, len(accounts), risk)
    alone = len(accounts) == 1  # then the household is the account
    household_exposure, household_specific = (exposure, specific) if alone else risk_of_household(symbols, risk)
    named = zip(owners, map(market.group_of, symbols), strict=True)
    group_of = [law.group(accounts[owner], group) for owner, group in named]
    groups = sorted(set(group_of))
    group_index = {name: g for g, name in enumerate(groups)}
    is_whole = np.array([not account.fractional for account in accounts], dtype=bool)
    is_ordered = np.array([account.relief is not Relief.SPECIFIC for account in accounts], dtype=bool)

    return Snapshot(
        household=household,
        market=market,
        law=law,
        year=law.year(household, as_of=market.as_of),
        window=window,
        account=tuple(account.account for account in accounts),
        value=value,
        cash=cash,
        cash_floor=np.array([float(account.minimum_cash) for account in accounts]),
        cash_target=cash_share * np.maximum(value, 0.0),
        is_taxable=is_taxable,
        symbol=symbols,
        account_of=account_of,
        group_of=np.array([group_index[name] for name in group_of], dtype=np.int64),
        price=price,
        quantity=quantity,
        increment=is_whole[account_of].astype(float),
        target=target,
        half_spread=quoted[:, 1].copy(),
        is_substitute=np.array([entry.is_substitute for entry in entries], dtype=bool),
        stand_in_rank=np.array([entry.stand_in_rank for entry in entries], dtype=np.int64),
        twin_of=np.full(count, -1, dtype=np.int64),
        lot=tuple(lots),
        offset=offset,
        lot_holding=lot_holding,
        lot_quantity=lot_quantity,
        lot_gain=gain,
        lot_is_long=_long_flags(lots, market),
        lot_is_guarded=taxed if law.guards_gains else gain < 0,
        is_ordered=is_ordered[account_of],
        exposure=exposure,
        specific=specific,
        household_exposure=household_exposure,
        household_specific=household_specific,
        group=tuple(groups),
        is_locked=_locked(window, group_index),
        **_purchases(window, group_index, accounts, entries, offset),
    )


def _price_and_spread(market: Market) -> dict[str, tuple[float, float]]:
    """Price and half-spread of every security as floats, NaN where the book gives no spread."""
    return {
        symbol: (float(quote.price), np.nan if quote.half_spread is None else float(quote.half_spread))
        for symbol, quote in market.prices.items()
    }


_quotes = Remembered(_price_and_spread)


_quantity, _basis, _holding_start = attrgetter("quantity"), attrgetter("basis"), attrgetter("holding_start")
EXACT = 2.0**53
"""Whole numbers below this add up exactly in floats."""


def _shares_held(entries: list[Holding], lot_quantity: Floats, lot_holding: Ints) -> Floats:
    """Shares of all lots of each holding, shape (n,): the float next to their exact sum."""
    count = len(entries)
    quantity = np.bincount(lot_holding, weights=lot_quantity, minlength=count).astype(float)
    is_part = (lot_quantity % 1.0 != 0.0) | (lot_quantity >= EXACT)
    has_part = np.bincount(lot_holding, weights=is_part, minlength=count) > 0
    is_several = np.bincount(lot_holding, minlength=count) > 1
    for j in np.flatnonzero(is_several & (has_part | (quantity >= EXACT))).tolist():
        quantity[j] = float(sum(map(_quantity, entries[j].lots), ZERO))
    return quantity


class _Terms(dict[date, bool]):
    """Whether a lot is long-term on the day of a market, by the start of its holding period; told when first asked."""

    def __init__(self, market: Market) -> None:
        super().__init__()
        self._as_of = market.as_of

    def __missing__(self, start: date) -> bool:
        is_long = self[start] = character(start, self._as_of) is Character.LONG
        return is_long


_terms = Remembered(_Terms)


def _long_flags(lots: list[Lot], market: Market) -> np.ndarray:
    """True for lots whose sale on the day of the snapshot would be long-term."""
    is_long = _terms(market)
    return np.array([is_long[start] for start in map(_holding_start, lots)], dtype=bool)


def _locked(window: WashWindow, group_index: Mapping[str, int]) -> np.ndarray:
    locked = np.zeros(len(group_index), dtype=bool)
    for lock in window.locks:
        if lock.group in group_index:
            locked[group_index[lock.group]] = True
    return locked


def _purchases(
    window: WashWindow,
    group_index: Mapping[str, int],
    accounts: Sequence[Account],
    entries: list[Holding],
    offset: Ints,
) -> dict[str, Any]:
    """Recent purchases as arrays, and which of them each lot is of."""
    recent = [p for p in window.purchases if p.group in group_index]
    owner = {(p.account, p.symbol, name): k for k, p in enumerate(recent) for name in p.lots}
    bought = {symbol for _, symbol, _ in owner}
    place: dict[tuple[str, str], int] = {}
    of_lots = np.full(offset[-1], -1, dtype=np.int64)
    for j, entry in enumerate(entries):
        if entry.symbol in bought:
            place[accounts[entry.account].account, entry.symbol] = j
            of_purchase = [owner.get((lot.account, lot.symbol, lot.lot), -1) for lot in entry.lots]
            of_lots[offset[j] : offset[j + 1]] = of_purchase
    return {
        "lot_purchase": of_lots,
        "purchase_group": np.array([group_index[p.group] for p in recent], dtype=np.int64),
        "purchase_holding": np.array(
            [place.get((p.account, p.symbol), -1) if p.lots else -1 for p in recent], dtype=np.int64
        ),
        "purchase_has_left": np.array([p.left < p.bought for p in recent], dtype=bool),
    }
