"""A book: the market everyone shares and the households to plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lotwright.book.failure import Failure
from lotwright.book.history import FactorHistory, PriceHistory
from lotwright.book.holdings import Household
from lotwright.book.market import Market


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Book:
    """What clients own, what they should own, and prices.

    ``households`` maps each household's name, in sorted order, to the household or to the :class:`Failure` its input
    deserves; a book read from files builds each household when it is asked for. ``content_hash`` names the input (hex
    SHA-256 of the tables), so that a plan can say what it was made from. ``factors`` are factor returns for risk models that
    are regressed on them.
    """

    market: Market
    households: Mapping[str, Household | Failure]
    history: PriceHistory | None = None
    content_hash: str = ""
    factors: FactorHistory | None = None
