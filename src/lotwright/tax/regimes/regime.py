"""What a country's tax law must answer, and the values it answers with.

Observations: some laws follow lots (United States), some pool (Canada), some re-match and pool (United Kingdom); some
defer a loss, some only move cost. All take a person's trades and give disposals with cost, what of a loss is denied,
and what is held at which cost; all tax a year from that.
Therefore: one Protocol of four methods; pooled laws have one lot for each security.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Protocol

from lotwright.book.events import Buy, Sell
from lotwright.book.kinds import AccountKind

ZERO = Decimal(0)
Trades = Iterable[Buy | Sell]
Kinds = Mapping[str, AccountKind]


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Shares of a disposal identified with a cost, and the rule that did it; ``acquired`` is None for a pool."""

    rule: str
    quantity: Decimal
    cost: Decimal
    acquired: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Realised:
    """One disposal; money in the regime's currency, not rounded.

    ``denied`` of a loss does not count this year; of it ``forfeited`` never will, the rest is in the cost of what is
    held.
    ``is_long`` matters only where the law tells terms apart.
    """

    symbol: str
    sold: date
    quantity: Decimal
    proceeds: Decimal
    matches: tuple[Match, ...]
    denied: Decimal = ZERO
    forfeited: Decimal = ZERO
    is_long: bool = False

    @property
    def cost(self) -> Decimal:
        """Cost of what was sold, by all rules."""
        return sum((match.cost for match in self.matches), ZERO)

    @property
    def recognised(self) -> Decimal:
        """Gain or loss that counts this year."""
        return self.proceeds - self.cost + self.denied


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """Shares of one security held in taxable accounts in the end, at cost."""

    symbol: str
    quantity: Decimal
    cost: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Realisation:
    """Disposals by date and symbol, holdings by symbol."""

    disposals: tuple[Realised, ...]
    holdings: tuple[Holding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taxed:
    """A year's outcome: net gain, what of it is taxable, the tax, and losses carried on (positive)."""

    net: Decimal
    taxable: Decimal
    tax: Decimal
    carryforward: Decimal


class Regime(Protocol):
    """A country's tax law on shares, for one person."""

    name: str
    is_pooled: bool
    """One cost for all shares of a security: tax is linear in what is sold, and lots are not chosen."""

    def year_of(self, day: date) -> int:
        """The tax year a day belongs to, named by the calendar year it begins in."""

    def realise(self, trades: Trades, *, kinds: Kinds, group_of: Callable[[str], str] = str) -> Realisation:
        """Identify every disposal with its cost, and deny what the law denies."""

    def tax(self, found: Realisation, *, year: int, carried: Decimal = ZERO) -> Taxed:
        """Tax on the disposals of a year, ``carried`` being losses of earlier years (positive)."""

    def disturbs_loss(self, sold: date, bought: date) -> bool:
        """True when buying the same security on ``bought`` can undo a loss of ``sold``: what a planner must avoid."""
