"""How far accounts stray from their targets: active variance, tracking error, drift.

The one place of the verifier where floats are the right numbers: a covariance is an estimate.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache

import numpy as np

from lotwright.book.holdings import ZERO
from lotwright.book.market import Market
from lotwright.errors import ProgramError
from lotwright.plan.replay import AccountReplay, Replay
from lotwright.plan.result import Drift, Tracking
from lotwright.plan.terms import RiskNumbers


@lru_cache(maxsize=4)
def _rows(symbols: tuple[str, ...]) -> dict[str, int]:
    return {symbol: row for row, symbol in enumerate(symbols)}


def weight(symbol: str, *, held: Mapping[str, Decimal], value: Decimal, market: Market) -> Decimal:
    """Fraction of ``value`` held in ``symbol``; zero in an account worth nothing."""
    if value <= 0:
        return ZERO
    return held.get(symbol, ZERO) * market.prices[symbol].price / value


def active_variance(
    account: AccountReplay, *, held: Mapping[str, Decimal], value: Decimal, market: Market, risk: RiskNumbers
) -> float:
    """Annual variance w' Sigma w of the active weights w = weight - target of one account.

    Raises
    ------
    ProgramError
        The risk numbers lack a security the account holds, targets or trades.
    """
    symbols = account.symbols
    row = _rows(risk.symbols)
    missing = [symbol for symbol in symbols if symbol not in row]
    if missing:
        raise ProgramError(
            f"The risk numbers lack {', '.join(missing)} of account {account.account.account}. Include them."
        )
    if value <= 0:
        return 0.0
    rows = [row[symbol] for symbol in symbols]
    active = np.array(
        [
            float(weight(symbol, held=held, value=value, market=market) - account.target.get(symbol, ZERO))
            for symbol in symbols
        ]
    )
    factor = active @ risk.exposure[rows]
    return float(factor @ factor + (active * active) @ risk.specific[rows])


def tracking_cost(replay: Replay, *, market: Market, risk: RiskNumbers, risk_price: Decimal) -> Decimal:
    """``risk_price`` times value times active variance, summed over accounts, in dollars."""
    return sum(
        (
            risk_price
            * account.value
            * Decimal(active_variance(account, held=account.held, value=account.value, market=market, risk=risk))
            for account in replay.accounts
        ),
        ZERO,
    )


def household_variance(
    replay: Replay, *, market: Market, risk: RiskNumbers, before: bool = False, value_before: bool = False
) -> float:
    """Annual variance of the household's active position, accounts summed, in squared dollars.

    ``before``: with what is held before the plan; ``value_before``: with targets of the value before cash flows.
    """
    active = np.zeros(len(risk.symbols))
    row = _rows(risk.symbols)
    for account in replay.accounts:
        value = max(account.value_before if value_before else account.value, ZERO)
        held = account.held_before if before else account.held
        for symbol in account.symbols:
            if symbol not in row:
                raise ProgramError(
                    f"The risk numbers lack {symbol} of account {account.account.account}. Include them."
                )
            dollars = held.get(symbol, ZERO) * market.prices[symbol].price
            active[row[symbol]] += float(dollars - account.target.get(symbol, ZERO) * value)
    factor = active @ risk.exposure
    return float(factor @ factor + (active * active) @ risk.specific)


def household_tracking_cost(replay: Replay, *, market: Market, risk: RiskNumbers, risk_price: Decimal) -> Decimal:
    """``risk_price`` times value times active variance of the household as one portfolio, in dollars."""
    if replay.value <= 0:
        return ZERO
    return risk_price * Decimal(household_variance(replay, market=market, risk=risk)) / replay.value


def tracking(replay: Replay, *, market: Market, risk: RiskNumbers, as_household: bool = False) -> Tracking:
    """Household tracking error sqrt(sum V te^2 / sum V): as things stand, after the plan, after cash flows alone.

    ``as_household`` measures the household as one portfolio instead, its accounts' positions and targets summed.
    """
    if as_household:
        return _of_household(replay, market=market, risk=risk)

    def household(*, before: bool, value_before: bool) -> float:
        dollars = variance = 0.0
        for account in replay.accounts:
            value = account.value_before if value_before else account.value
            held = account.held_before if before else account.held
            dollars += max(float(value), 0.0)
            variance += float(value) * active_variance(account, held=held, value=value, market=market, risk=risk)
        return float(np.sqrt(variance / dollars)) if dollars else 0.0

    return Tracking(
        before=household(before=True, value_before=True),
        after=household(before=False, value_before=False),
        do_nothing=household(before=True, value_before=False),
    )


def _of_household(replay: Replay, *, market: Market, risk: RiskNumbers) -> Tracking:
    def error(*, before: bool, value_before: bool) -> float:
        value = sum((a.value_before if value_before else a.value for a in replay.accounts), ZERO)
        variance = household_variance(replay, market=market, risk=risk, before=before, value_before=value_before)
        return float(np.sqrt(variance) / float(value)) if value > 0 else 0.0

    return Tracking(
        before=error(before=True, value_before=True),
        after=error(before=False, value_before=False),
        do_nothing=error(before=True, value_before=False),
    )


def drift(replay: Replay, *, market: Market) -> tuple[Drift, ...]:
    """Weights of every security held, targeted or traded: target, as things stand, after the plan."""
    return tuple(
        Drift(
            account=account.account.account,
            symbol=symbol,
            target=float(account.target.get(symbol, ZERO)),
            before=float(weight(symbol, held=account.held_before, value=account.value_before, market=market)),
            after=float(weight(symbol, held=account.held, value=account.value, market=market)),
        )
        for account in replay.accounts
        for symbol in account.symbols
    )
