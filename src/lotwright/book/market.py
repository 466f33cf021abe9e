"""What the market says and what clients should own: prices, model portfolios, identical and substitute securities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """One security's as-traded price in dollars and what trading it costs.

    ``half_spread`` is a fraction of price, ``adv_dollars`` average daily dollar volume, ``volatility`` annual;
    ``distribution`` is what is paid out a year (dividends, interest, a fund's capital gains) as a fraction of price, and
    ``qualified`` the part of it taxed at the long-term rate.
    """

    symbol: str
    price: Decimal
    as_of: date
    half_spread: Decimal | None = None
    adv_dollars: Decimal | None = None
    volatility: Decimal | None = None
    sector: str | None = None
    kind: str | None = None
    distribution: Decimal | None = None
    qualified: Decimal | None = None
    tags: tuple[str, ...] = ()
    """What else the security is (``tobacco``, ``esg``), for limits that speak of tags."""


class Landing(StrEnum):
    """Where trades bring what has left its band: to the band's edge, half way to the target, or to the target."""

    EDGE = "edge"
    HALF = "half"
    TARGET = "target"

    @property
    def reach(self) -> Decimal:
        """Part of the way from the target to the edge where trades land."""
        return {"edge": Decimal(1), "half": Decimal("0.5"), "target": Decimal(0)}[self.value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One line of a model portfolio: ``weight`` of the invested value; ``lower`` and ``upper`` are absolute weights."""

    symbol: str
    weight: Decimal
    sleeve: str | None = None
    lower: Decimal | None = None
    upper: Decimal | None = None
    rank: int | None = None
    land: Landing | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sleeve:
    """The band of a sleeve as a whole: absolute weights around the sum of its targets, and where trades land."""

    name: str
    lower: Decimal
    upper: Decimal
    land: Landing | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPortfolio:
    """What an account should own; weights sum to one and cash is what the account's ``cash_target`` says.

    ``sleeves`` are the sleeves that declare a band of their own.
    """

    name: str
    targets: tuple[Target, ...]
    sleeves: tuple[Sleeve, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """Everything a plan needs that is not a client's: the part of a book shared by all households."""

    as_of: date
    prices: Mapping[str, Price]
    models: Mapping[str, ModelPortfolio]
    identical: Mapping[str, str] = field(default_factory=dict)
    """Symbol to the name of its group of substantially identical securities, for symbols in a declared group."""
    substitutes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Symbol to its declared stand-ins, preferred first."""

    def group_of(self, symbol: str) -> str:
        """Name of the group of substantially identical securities ``symbol`` belongs to: itself unless declared."""
        return self.identical.get(symbol, symbol)
