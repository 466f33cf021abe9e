"""How far accounts stray from their targets: active variance, tracking error, drift.

The one place of the verifier where floats are the right numbers: a covariance is an estimate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from lotwright.book.holdings import ZERO
from lotwright.book.market import Market
from lotwright.errors import ProgramError
from lotwright.plan.replay import AccountReplay, Replay
from lotwright.plan.result import Drift, Tracking
from lotwright.plan.terms import RiskNumbers

PLACES = 24
"""Decimals of dollars and fractions where they are whole numbers: a quotient of whole numbers is rounded to a float once."""
WHOLE = 10**PLACES


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class State:
    """An account's securities at one moment, in the order of its ``symbols``.

    ``weight`` is the fraction of ``value`` held, ``active`` that less the target: exact quotients, rounded to floats once.
    Both are zero in an account worth nothing.
    """

    value: Decimal
    weight: list[float]
    active: list[float]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Weights:
    """One account's weights before the plan, with its cash flows alone, and after it; every figure on them reads these.

    ``target`` is a fraction of value by security; ``variance_*`` the annual variance w' Sigma w of the active weights.
    """

    account: AccountReplay
    target: list[float]
    before: State
    after: State
    variance_before: float
    variance_do_nothing: float
    variance_after: float


def weights_of(replay: Replay, *, market: Market, risk: RiskNumbers) -> tuple[Weights, ...]:
    """The weights of every account.

    Raises
    ------
    ProgramError
        The risk numbers lack a security an account holds, targets or trades.
    """
    return tuple(_weights(account, market=market, risk=risk) for account in replay.accounts)


def _weights(account: AccountReplay, *, market: Market, risk: RiskNumbers) -> Weights:
    rows, prices, held = _rows(account, risk), market.prices, account.held_before
    target = [_whole(account.target.get(symbol, ZERO)) for symbol in account.symbols]
    worth = [_whole(held[symbol] * prices[symbol].price) if symbol in held else 0 for symbol in account.symbols]
    before = _state(worth, target, value=account.value_before)
    do_nothing = before if account.value == account.value_before else _state(worth, target, value=account.value)
    place = {symbol: i for i, symbol in enumerate(account.symbols)}
    for symbol in {ticket.trade.symbol for ticket in account.tickets}:
        worth[place[symbol]] = _whole(account.held[symbol] * prices[symbol].price)
    after = _state(worth, target, value=account.value)
    exposure, specific = risk.exposure[rows], risk.specific[rows]
    variance = {id(state): _variance(state, exposure, specific) for state in (before, do_nothing, after)}
    return Weights(
        account=account,
        target=[one / WHOLE for one in target],
        before=before,
        after=after,
        variance_before=variance[id(before)],
        variance_do_nothing=variance[id(do_nothing)],
        variance_after=variance[id(after)],
    )


def _rows(account: AccountReplay, risk: RiskNumbers) -> list[int]:
    missing = [symbol for symbol in account.symbols if symbol not in risk.row]
    if missing:
        raise ProgramError(
            f"The risk numbers lack {', '.join(missing)} of account {account.account.account}. Include them."
        )
    return [risk.row[symbol] for symbol in account.symbols]


def _whole(number: Decimal) -> int:
    return int(number.scaleb(PLACES))


def _state(worth: Sequence[int], target: Sequence[int], *, value: Decimal) -> State:
    """Weights of what is held, dollars and targets given as whole numbers."""
    if value <= 0:
        return State(value=value, weight=[0.0] * len(worth), active=[0.0] * len(worth))
    whole = _whole(value)
    base = whole * WHOLE
    return State(
        value=value,
        weight=[dollars / whole for dollars in worth],
        active=[(dollars * WHOLE - wanted * whole) / base for dollars, wanted in zip(worth, target, strict=True)],
    )


def _variance(state: State, exposure: NDArray[np.float64], specific: NDArray[np.float64]) -> float:
    if state.value <= 0:
        return 0.0
    active = np.array(state.active)
    factor = active @ exposure
    return float(factor @ factor + (active * active) @ specific)


def tracking_cost(weights: Sequence[Weights], *, risk_price: Decimal) -> Decimal:
    """``risk_price`` times value times active variance, summed over accounts, in dollars."""
    return sum((risk_price * one.account.value * Decimal(one.variance_after) for one in weights), ZERO)


def household_variance(
    replay: Replay, *, market: Market, risk: RiskNumbers, before: bool = False, value_before: bool = False
) -> float:
    """Annual variance of the household's active position, accounts summed, in squared dollars.

    ``before``: with what is held before the plan; ``value_before``: with targets of the value before cash flows.
    """
    active = np.zeros(len(risk.symbols))
    for account in replay.accounts:
        value = max(account.value_before if value_before else account.value, ZERO)
        held = account.held_before if before else account.held
        for row, symbol in zip(_rows(account, risk), account.symbols, strict=True):
            dollars = held.get(symbol, ZERO) * market.prices[symbol].price
            active[row] += float(dollars - account.target.get(symbol, ZERO) * value)
    factor = active @ risk.exposure
    return float(factor @ factor + (active * active) @ risk.specific)


def household_tracking_cost(replay: Replay, *, market: Market, risk: RiskNumbers, risk_price: Decimal) -> Decimal:
    """``risk_price`` times value times active variance of the household as one portfolio, in dollars."""
    if replay.value <= 0:
        return ZERO
    return risk_price * Decimal(household_variance(replay, market=market, risk=risk)) / replay.value


def tracking(weights: Sequence[Weights]) -> Tracking:
    """Household tracking error sqrt(sum V te^2 / sum V): as things stand, after the plan, after cash flows alone."""
    before = [(float(one.account.value_before), one.variance_before) for one in weights]
    do_nothing = [(float(one.account.value), one.variance_do_nothing) for one in weights]
    after = [(float(one.account.value), one.variance_after) for one in weights]
    return Tracking(before=_error(before), after=_error(after), do_nothing=_error(do_nothing))


def _error(accounts: Sequence[tuple[float, float]]) -> float:
    """Tracking error of accounts whose dollars and variances are given."""
    dollars = variance = 0.0
    for value, of_account in accounts:
        dollars += max(value, 0.0)
        variance += value * of_account
    return float(np.sqrt(variance / dollars)) if dollars else 0.0


def household_tracking(replay: Replay, *, market: Market, risk: RiskNumbers) -> Tracking:
    """Tracking error of the household measured as one portfolio, its accounts' positions and targets summed."""

    def error(*, before: bool, value_before: bool) -> float:
        value = sum((a.value_before if value_before else a.value for a in replay.accounts), ZERO)
        variance = household_variance(replay, market=market, risk=risk, before=before, value_before=value_before)
        return float(np.sqrt(variance) / float(value)) if value > 0 else 0.0

    return Tracking(
        before=error(before=True, value_before=True),
        after=error(before=False, value_before=False),
        do_nothing=error(before=True, value_before=False),
    )


def drift(weights: Sequence[Weights]) -> tuple[Drift, ...]:
    """Weights of every security held, targeted or traded: target, as things stand, after the plan."""
    return tuple(
        Drift(account=one.account.account.account, symbol=symbol, target=target, before=before, after=after)
        for one in weights
        for symbol, target, before, after in zip(
            one.account.symbols, one.target, one.before.weight, one.after.weight, strict=True
        )
    )
