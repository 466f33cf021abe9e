"""From the book's ``Decimal`` facts to one household's arrays: the only crossing in this direction.

Which securities are on the list: :mod:`lotwright.plan.listing`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from lotwright.book.failure import Failure
from lotwright.book.holdings import Household, Lot
from lotwright.book.kinds import Character, Relief
from lotwright.book.market import Market
from lotwright.book.remembered import Remembered
from lotwright.plan.listing import Holding, listing, shares_held
from lotwright.plan.snapshot import Floats, Ints, Snapshot
from lotwright.risk.model import RiskModel
from lotwright.risk.split import exact_split
from lotwright.tax.holding import character
from lotwright.tax.regimes.laws import law_of, unlawful
from lotwright.tax.window import WashWindow

SPLIT_EXACTLY_UP_TO = 24
"""Accounts with at most this many securities get their covariance split anew, with as much specific variance as it holds."""


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
    account_of = np.array([entry.account for entry in entries], dtype=np.int64)
    quotes = _quotes(market)
    quoted = np.array([quotes[entry.symbol] for entry in entries], dtype=float).reshape(count, 2)
    price = quoted[:, 0].copy()
    quantity = np.array([float(shares_held(entry)) for entry in entries], dtype=float)

    cash = np.array([float(account.cash + account.net_cashflow) for account in accounts])
    value: Floats = cash + np.bincount(account_of, weights=quantity * price, minlength=len(accounts)).astype(float)
    cash_share = np.array([float(account.cash_target) for account in accounts])
    is_taxable = np.array([account.kind.is_taxable for account in accounts], dtype=bool)
    weight = np.array([entry.weight for entry in entries], dtype=float)
    target = weight * ((1.0 - cash_share) * np.maximum(value, 0.0))[account_of] if count else np.zeros(0)

    lots = [lot for entry in entries for lot in entry.lots]
    offset = np.zeros(count + 1, dtype=np.int64)
    np.cumsum([len(entry.lots) for entry in entries], out=offset[1:])
    lot_holding = np.repeat(np.arange(count), np.diff(offset))
    lot_quantity = np.array([float(lot.quantity) for lot in lots], dtype=float)
    basis = np.array([float(lot.basis) for lot in lots], dtype=float)
    taxed = is_taxable[account_of][lot_holding] if lots else np.zeros(0, dtype=bool)
    gain = np.where(taxed, price[lot_holding] - basis / lot_quantity, 0.0) if lots else np.zeros(0)

    exposure, specific = _risk_numbers(entries, len(accounts), risk)
    alone = len(accounts) == 1  # then the household is the account
    household_exposure, household_specific = (exposure, specific) if alone else _household_risk(entries, risk)
    group_of = [law.group(accounts[entry.account], market.group_of(entry.symbol)) for entry in entries]
    groups = sorted(set(group_of))
    group_index = {name: g for g, name in enumerate(groups)}
    purchases = _purchases(window, group_index, household, entries)

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
        symbol=tuple(entry.symbol for entry in entries),
        account_of=account_of,
        group_of=np.array([group_index[name] for name in group_of], dtype=np.int64),
        price=price,
        quantity=quantity,
        increment=np.array([0.0 if accounts[entry.account].fractional else 1.0 for entry in entries]),
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
        is_ordered=np.array([accounts[entry.account].relief is not Relief.SPECIFIC for entry in entries], dtype=bool),
        exposure=exposure,
        specific=specific,
        household_exposure=household_exposure,
        household_specific=household_specific,
        group=tuple(groups),
        is_locked=_locked(window, group_index),
        **purchases(lots),
    )


def _price_and_spread(market: Market) -> dict[str, tuple[float, float]]:
    """Price and half-spread of every security as floats, NaN where the book gives no spread."""
    return {
        symbol: (float(quote.price), np.nan if quote.half_spread is None else float(quote.half_spread))
        for symbol, quote in market.prices.items()
    }


_quotes = Remembered(_price_and_spread)


def _long_flags(lots: list[Lot], market: Market) -> np.ndarray:
    """True for lots whose sale on the day of the snapshot would be long-term."""
    starts = [lot.holding_start for lot in lots]
    is_long = {start: character(start, market.as_of) is Character.LONG for start in set(starts)}
    return np.array([is_long[start] for start in starts], dtype=bool)


def _risk_numbers(entries: list[Holding], accounts: int, risk: RiskModel) -> tuple[Floats, Floats]:
    """Exposures and specific variances account by account, each account with factors of its own (small ones split anew)."""
    blocks: list[Floats] = []
    specific = np.zeros(len(entries))
    account_of = np.array([entry.account for entry in entries], dtype=np.int64)
    rows = [np.flatnonzero(account_of == a) for a in range(accounts)]
    for index in rows:
        symbols = [entries[i].symbol for i in index]
        if not symbols:
            blocks.append(np.zeros((0, 0)))
            continue
        exposure, variance = risk.select(symbols)
        if len(symbols) <= SPLIT_EXACTLY_UP_TO and exposure.shape[1]:
            exposure, variance = _split(exposure, variance)
        blocks.append(exposure)
        specific[index] = variance
    out = np.zeros((len(entries), max((block.shape[1] for block in blocks), default=0)))
    for index, block in zip(rows, blocks, strict=True):
        if len(index):
            out[index, : block.shape[1]] = block
    return out, specific


def _split(exposure: Floats, variance: Floats) -> tuple[Floats, Floats]:
    """Exact factors of a small covariance; many households of a book hold the same few funds."""
    covariance = exposure @ exposure.T + np.diag(variance)
    return _split_of(covariance.tobytes(), len(covariance))


@lru_cache(maxsize=256)
def _split_of(covariance: bytes, count: int) -> tuple[Floats, Floats]:
    exposure, variance = exact_split(np.frombuffer(covariance).reshape(count, count))
    exposure.flags.writeable = variance.flags.writeable = False
    return exposure, variance


def _household_risk(entries: list[Holding], risk: RiskModel) -> tuple[Floats, Floats]:
    """Exposures and specific variances of the household as one portfolio; see :class:`Snapshot`."""
    symbols = sorted({entry.symbol for entry in entries})
    if not symbols:
        return np.zeros((0, 0)), np.zeros(0)
    exposure, variance = risk.select(symbols)
    if len(symbols) <= SPLIT_EXACTLY_UP_TO and exposure.shape[1]:
        exposure, variance = _split(exposure, variance)
    place = {symbol: row for row, symbol in enumerate(symbols)}
    row = np.array([place[entry.symbol] for entry in entries], dtype=np.int64)
    times = np.bincount(row, minlength=len(symbols))
    return own_factors(exposure[row], variance[row], row=row, shared=np.flatnonzero(times > 1))


def own_factors(exposure: Floats, specific: Floats, *, row: Ints, shared: Ints) -> tuple[Floats, Floats]:
    """The same risk of holdings, with a factor of its own for each security of ``shared`` instead of specific variance.

    Holdings of one security move as one: their specific variance is common to them, which only a factor can say.
    """
    column = np.where(row[:, None] == shared[None, :], np.sqrt(specific)[:, None], 0.0)
    return np.hstack([exposure, column]), np.where(np.isin(row, shared), 0.0, specific)


def _locked(window: WashWindow, group_index: Mapping[str, int]) -> np.ndarray:
    locked = np.zeros(len(group_index), dtype=bool)
    for lock in window.locks:
        if lock.group in group_index:
            locked[group_index[lock.group]] = True
    return locked


def _purchases(window: WashWindow, group_index: Mapping[str, int], household: Household, entries: list[Holding]):  # type: ignore[no-untyped-def]
    """Recent purchases as arrays; returns a function of the flat list of lots so that lots can point back at them."""
    holding_index = {(household.accounts[e.account].account, e.symbol): i for i, e in enumerate(entries)}
    recent = [p for p in window.purchases if p.group in group_index]

    def fields(lots: list[Lot]) -> dict[str, np.ndarray]:
        owner = {(p.account, p.symbol, name): k for k, p in enumerate(recent) for name in p.lots}
        bought = {symbol for _, symbol, _ in owner}
        return {
            "lot_purchase": np.array(
                [owner.get((lot.account, lot.symbol, lot.lot), -1) if lot.symbol in bought else -1 for lot in lots],
                dtype=np.int64,
            ),
            "purchase_group": np.array([group_index[p.group] for p in recent], dtype=np.int64),
            "purchase_holding": np.array(
                [holding_index.get((p.account, p.symbol), -1) if p.lots else -1 for p in recent], dtype=np.int64
            ),
            "purchase_has_left": np.array([p.left < p.bought for p in recent], dtype=bool),
        }

    return fields
