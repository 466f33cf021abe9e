"""What an account holds against what it should hold, security by security and sleeve by sleeve, as things stand.

Pending deposits and withdrawals count, as in a plan that does nothing: targets are fractions of what will be there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from lotwright.book.holdings import Account
from lotwright.book.kinds import Rule
from lotwright.book.market import Market, ModelPortfolio
from lotwright.risk.model import RiskModel

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountWeights:
    """One account: dollars, and fractions of them by symbol. ``sleeve_of`` says which sleeve a symbol counts in."""

    account: Account
    value: Decimal
    held: Mapping[str, float]
    target: Mapping[str, float]
    sleeve_of: Mapping[str, str]

    @property
    def symbols(self) -> tuple[str, ...]:
        """Every security held or targeted, sorted."""
        return tuple(sorted(self.held.keys() | self.target.keys()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One security or sleeve of an account: weight and target, fractions of its value; the band where one is declared."""

    account: str
    name: str
    weight: float
    target: float
    lower: float | None = None
    upper: float | None = None

    @property
    def drift(self) -> float:
        """Weight less target."""
        return self.weight - self.target


def account_weights(account: Account, market: Market) -> AccountWeights:
    """Weights of one account; every symbol must have a price and the account's model must be there."""
    dollars: dict[str, Decimal] = {}
    for lot in account.lots:
        dollars[lot.symbol] = dollars.get(lot.symbol, ZERO) + lot.quantity * market.prices[lot.symbol].price
    value = account.cash + account.net_cashflow + sum(dollars.values(), ZERO)
    model = market.models[account.model]
    share = 1 - account.cash_target
    return AccountWeights(
        account=account,
        value=value,
        held={symbol: float(worth / value) if value > 0 else 0.0 for symbol, worth in dollars.items()},
        target={line.symbol: float(share * line.weight) for line in model.targets},
        sleeve_of=sleeves(model, market),
    )


def sleeves(model: ModelPortfolio, market: Market) -> dict[str, str]:
    """The sleeve each symbol counts in: as declared, a stand-in with what it stands in for, else its own."""
    found = {line.symbol: line.sleeve or line.symbol for line in model.targets}
    for line in model.targets:
        for other in market.substitutes.get(line.symbol, ()) if line.weight else ():
            found.setdefault(other, found[line.symbol])
    return found


def security_lines(weights: AccountWeights, market: Market) -> Iterator[Line]:
    """A line for every security, with the band the model declares for it."""
    declared = {line.symbol: line for line in market.models[weights.account.model].targets}
    share = float(1 - weights.account.cash_target)
    for symbol in weights.symbols:
        line = declared.get(symbol)
        yield Line(
            account=weights.account.account,
            name=symbol,
            weight=weights.held.get(symbol, 0.0),
            target=weights.target.get(symbol, 0.0),
            lower=None if line is None or line.lower is None else float(line.lower) * share,
            upper=None if line is None or line.upper is None else float(line.upper) * share,
        )


def sleeve_lines(weights: AccountWeights) -> Iterator[Line]:
    """A line for every sleeve: what is held of any of its securities against what they should be together."""
    held: dict[str, float] = {}
    target: dict[str, float] = {}
    for symbol in weights.symbols:
        sleeve = weights.sleeve_of.get(symbol, symbol)
        held[sleeve] = held.get(sleeve, 0.0) + weights.held.get(symbol, 0.0)
        target[sleeve] = target.get(sleeve, 0.0) + weights.target.get(symbol, 0.0)
    for name in sorted(held):
        yield Line(account=weights.account.account, name=name, weight=held[name], target=target[name])


def may_be_cured(line: Line, account: Account, market: Market) -> bool:
    """False where the client's own rules keep this drift of a security from being traded away."""
    price = market.prices.get(line.name)
    for rule in account.restrictions:
        is_sector = rule.sector is not None and price is not None and price.sector == rule.sector
        if not is_sector and rule.symbol != line.name:
            continue
        if rule.rule in _BARS[line.drift > 0]:
            return False
        if rule.rule is Rule.MAXIMUM_WEIGHT and line.drift < 0 and float(rule.weight or 0) <= line.weight:
            return False
    return True


_BARS = {
    True: {Rule.NO_SELL, Rule.NO_TRADE},
    False: {Rule.NO_BUY, Rule.NO_TRADE, Rule.EXCLUDE, Rule.EXCLUDE_SECTOR},
}
"""Rules that keep a security from being sold (True: it is above target), or from being bought."""


def tracking_error(weights: tuple[AccountWeights, ...], risk: RiskModel) -> float:
    """Expected yearly volatility of the household's difference to its targets, sqrt(sum V te^2 / sum V), if nothing is done.

    Raises
    ------
    ProgramError
        The risk model lacks a symbol.
    """
    dollars = variance = 0.0
    for one in weights:
        value = max(float(one.value), 0.0)
        if not value:
            continue
        symbols = one.symbols
        exposure, specific = risk.select(symbols)
        active = np.array([one.held.get(s, 0.0) - one.target.get(s, 0.0) for s in symbols])
        factor = active @ exposure
        variance += value * float(factor @ factor + (active * active) @ specific)
        dollars += value
    return float(np.sqrt(variance / dollars)) if dollars else 0.0
