"""What a trade away from its target makes up for: the holdings it moves with that themselves stay off their targets.

With w the active weights after the plan and C the annual covariance within one account, a trade in j adds

    2 * step_j * sum_k C_jk w_k

to the active variance, to first order. A sale of j below its target pays where the sum over the others is positive: the
holdings k with the largest C_jk w_k are the ones it offsets. A purchase above its target pays where it is negative.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lotwright.plan.result import Drift
from lotwright.plan.snapshot import Bools, Floats, Ints, Snapshot
from lotwright.plan.words import weights

TELLING = 0.1
"""Share of all that a trade offsets which one holding must make up to be named."""
OFF_TARGET = 0.001
"""Weight a holding must be off its target by to be named as offset; 0.1 % is the least a sentence can show."""
MOST_NAMED = 2
DIGITS = 9
"""To which effects are compared, so that the last digit of a float never chooses the words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hedged:
    """A holding that stays off its target, and its correlation with the one that is traded for it."""

    row: Drift
    correlation: float


class Around:
    """Where everything a household holds ends, as arrays: made once a plan and read for each of its trades.

    Parameters
    ----------
    snapshot : Snapshot
    drift : mapping of account and symbol to Drift
        Weights of every security held, targeted or traded.
    """

    def __init__(self, snapshot: Snapshot, drift: Mapping[tuple[str, str], Drift]) -> None:
        self.snapshot = snapshot
        self.drift = drift

    @cached_property
    def row(self) -> list[Drift | None]:
        """The weights of each holding; None where a stand-in is neither held nor bought."""
        names = zip(self.snapshot.account_of, self.snapshot.symbol, strict=True)
        return [self.drift.get((self.snapshot.account[a], symbol)) for a, symbol in names]

    @cached_property
    def after(self) -> Floats:
        """Weight each holding ends with, shape (n,)."""
        return np.array([0.0 if row is None else row.after for row in self.row])

    @cached_property
    def target(self) -> Floats:
        """Weight the model asks for, shape (n,)."""
        return np.array([0.0 if row is None else row.target for row in self.row])

    @cached_property
    def active(self) -> Floats:
        """Weight beyond the target, shape (n,)."""
        return self.after - self.target

    @cached_property
    def variance(self) -> Floats:
        """Annual variance of each holding, shape (n,)."""
        variance: Floats = (self.snapshot.exposure**2).sum(axis=1) + self.snapshot.specific
        return variance

    @cached_property
    def is_weighed(self) -> Bools:
        """True for holdings that have weights and move, shape (n,)."""
        return np.array([row is not None for row in self.row], dtype=bool) & ~(self.variance <= 0)

    @cached_property
    def sectors(self) -> list[str]:
        """Every sector there is a holding of, sorted."""
        prices = self.snapshot.market.prices
        return sorted({sector for symbol in self.snapshot.symbol if (sector := prices[symbol].sector) is not None})

    @cached_property
    def sector_of(self) -> Ints:
        """Index of the sector of each holding; of those without one, the number of sectors. Shape (n,)."""
        prices = self.snapshot.market.prices
        place: dict[str | None, int] = {name: s for s, name in enumerate((*self.sectors, None))}
        return np.array([place[prices[symbol].sector] for symbol in self.snapshot.symbol], dtype=np.int64)

    def effects(self, holding: int, *, sale: bool) -> Effects:
        """What a sale (or a purchase) of ``holding`` offsets, by every other holding of its account."""
        snapshot = self.snapshot
        others = (snapshot.account_of == snapshot.account_of[holding]) & self.is_weighed
        others[holding] = False
        if self.variance[holding] <= 0:
            others[:] = False
        covariance = snapshot.exposure @ snapshot.exposure[holding]
        pays = covariance * self.active * (1.0 if sale else -1.0)
        return Effects(around=self, holding=holding, sale=sale, others=others, covariance=covariance, pays=pays)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Effects:
    """Of one trade: the other holdings of its account, their covariance with it, and C_jk w_k, positive where it pays."""

    around: Around
    holding: int
    sale: bool
    others: Bools
    covariance: Floats
    pays: Floats

    def hedged(self) -> list[Hedged]:
        """The holdings that the trade offsets most; the largest first."""
        around = self.around
        paying = np.flatnonzero(self.others & (self.pays > 0))
        total = sum(self.pays[paying].tolist())  # one by one: no other order of adding may choose the words
        telling = paying[(self.pays[paying] >= TELLING * total) & (np.abs(around.active[paying]) >= OFF_TARGET)]
        symbol = around.snapshot.symbol
        first = sorted(telling.tolist(), key=lambda k: (-round(float(self.pays[k]) / total, DIGITS), symbol[k]))
        return [self._named(k) for k in first[:MOST_NAMED]]

    def _named(self, other: int) -> Hedged:
        row, variance = self.around.row[other], self.around.variance
        assert row is not None  # it has a weight
        correlation = float(self.covariance[other] / np.sqrt(variance[self.holding] * variance[other]))
        return Hedged(row=row, correlation=correlation)

    def sector(self) -> str | None:
        """The sector that the trade offsets most, in words, where its positions are too small to name.

        All positions of the account in it but the one traded, summed; ``None`` where no sector ends off its target by a
        tenth of a percent the way that pays, or no sector is known.
        """
        around = self.around
        pays, after, target = (self._by_sector(one) for one in (self.pays, around.after, around.target))
        sign = 1.0 if self.sale else -1.0
        telling = [s for s in range(len(around.sectors)) if sign * (after[s] - target[s]) >= OFF_TARGET]
        most = max((pays[s] for s in telling), default=0.0)
        best = next((s for s in telling if pays[s] >= most * (1 - 10.0**-DIGITS)), None)
        if best is None or pays[best] <= 0:
            return None
        others = " beside it" if around.sector_of[self.holding] == best else ""
        ends, wanted = weights(after[best], target[best])
        return f"the sector {around.sectors[best]}{others} ({ends} of the account against a target of {wanted})"

    def _by_sector(self, figure: Floats) -> list[float]:
        """Sums over the other holdings of the account, sector by sector."""
        around = self.around
        of_others = np.where(self.others, figure, 0.0)
        sums: list[float] = np.bincount(around.sector_of, weights=of_others, minlength=len(around.sectors) + 1).tolist()
        return sums


def offsets(found: list[Hedged]) -> str:
    """``MSFT (10.8 % against a target of 9.9 %, correlation 0.71)``, and so on."""
    return " and ".join(
        f"{one.row.symbol} ({against(one.row.after, one.row.target)}, correlation {one.correlation:.2f})"
        for one in found
    )


def against(after: float, target: float) -> str:
    """``10.8 % against a target of 9.9 %``."""
    ends, wanted = weights(after, target)
    return f"{ends} against a target of {wanted}"
