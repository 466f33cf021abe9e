"""What a trade away from its target makes up for: the holdings it moves with that themselves stay off their targets.

With w the active weights after the plan and C the annual covariance within one account, a trade in j adds

    2 * step_j * sum_k C_jk w_k

to the active variance, to first order. A sale of j below its target pays where the sum over the others is positive: the
holdings k with the largest C_jk w_k are the ones it offsets. A purchase above its target pays where it is negative.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    traded : sequence of (holding, is sale)
        What :meth:`effects` may be asked of: all at once, when it is asked first.
    """

    def __init__(
        self, snapshot: Snapshot, drift: Mapping[tuple[str, str], Drift], traded: Sequence[tuple[int, bool]]
    ) -> None:
        self.snapshot = snapshot
        self.drift = drift
        self.traded = traded

    @cached_property
    def row(self) -> list[Drift | None]:
        """The weights of each holding; None where a stand-in is neither held nor bought."""
        account, get = self.snapshot.account, self.drift.get
        names = zip(self.snapshot.account_of.tolist(), self.snapshot.symbol, strict=True)
        return [get((account[a], symbol)) for a, symbol in names]

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
        return sorted({sector for sector in self._sector if sector is not None})

    @cached_property
    def sector_of(self) -> Ints:
        """Index of the sector of each holding; of those without one, the number of sectors. Shape (n,)."""
        place: dict[str | None, int] = {name: s for s, name in enumerate((*self.sectors, None))}
        return np.array([place[sector] for sector in self._sector], dtype=np.int64)

    @cached_property
    def _sector(self) -> list[str | None]:
        prices = self.snapshot.market.prices
        return [prices[symbol].sector for symbol in self.snapshot.symbol]

    @cached_property
    def _effects(self) -> Effects:
        return Effects(self)

    def effects(self, holding: int, *, sale: bool) -> Effect:
        """What a sale (or a purchase) of ``holding``, one of those traded, offsets by every other one of its account."""
        return Effect(of=self._effects, place=self._effects.place[holding, sale])


class Effects:
    """Of every trade: the other holdings of its account, their covariance with it, and C_jk w_k, positive where it pays.

    Matrices have a row for each of the m trades and a column for each holding.
    """

    def __init__(self, around: Around) -> None:
        self.around = around
        snapshot, traded = around.snapshot, around.traded
        self.place = {trade: row for row, trade in enumerate(traded)}
        self.holding = np.array([holding for holding, _ in traded], dtype=np.int64)
        self.sign = np.array([1.0 if sale else -1.0 for _, sale in traded])
        account = snapshot.account_of
        others = (account[self.holding][:, None] == account[None, :]) & around.is_weighed
        others[np.arange(len(traded)), self.holding] = False
        others[around.variance[self.holding] <= 0] = False
        self.others: Bools = others
        self.covariance: Floats = snapshot.exposure[self.holding] @ snapshot.exposure.T
        self.pays: Floats = np.where(others, self.covariance * around.active * self.sign[:, None], 0.0)

    @cached_property
    def total(self) -> list[float]:
        """What each trade offsets in all: added one by one, as no other order of adding may choose the words."""
        paying = np.maximum(self.pays, 0.0)
        sums: list[float] = paying.cumsum(axis=1)[:, -1].tolist()
        return sums

    @cached_property
    def telling(self) -> list[list[int]]:
        """The holdings off their target that make up a fair part of what each trade offsets."""
        enough = TELLING * np.array(self.total)[:, None]
        is_off = np.abs(self.around.active) >= OFF_TARGET
        found: list[list[int]] = [[] for _ in self.total]
        for row, k in np.argwhere((self.pays > 0) & (self.pays >= enough) & is_off).tolist():
            found[row].append(k)
        return found

    @cached_property
    def by_sector(self) -> Mapping[int, tuple[list[float], list[float], list[float]]]:
        """By trade, of those with no telling holding: what pays, weights after and targets of each sector's others."""
        rows = [row for row, found in enumerate(self.telling) if not found]
        kinds = len(self.around.sectors) + 1
        others = self.others[rows]
        bins = (np.arange(len(rows))[:, None] * kinds + self.around.sector_of).ravel()

        def summed(figure: Floats) -> list[list[float]]:
            parts = np.where(others, figure, 0.0).ravel()
            sums: Floats = np.bincount(bins, weights=parts, minlength=len(rows) * kinds).astype(float)
            by_row: list[list[float]] = sums.reshape(len(rows), kinds).tolist()
            return by_row

        figures = (summed(one) for one in (self.pays[rows], self.around.after, self.around.target))
        return dict(zip(rows, zip(*figures, strict=True), strict=True))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Effect:
    """Of one trade: its ``place`` among the effects of all."""

    of: Effects
    place: int

    def hedged(self) -> list[Hedged]:
        """The holdings that the trade offsets most; the largest first."""
        telling = self.of.telling[self.place]
        if not telling:
            return []
        pays, total, symbol = self.of.pays[self.place], self.of.total[self.place], self.of.around.snapshot.symbol
        first = sorted(telling, key=lambda k: (-round(float(pays[k]) / total, DIGITS), symbol[k]))
        return [self._named(k) for k in first[:MOST_NAMED]]

    def _named(self, other: int) -> Hedged:
        around, holding = self.of.around, self.of.holding[self.place]
        row, variance = around.row[other], around.variance
        assert row is not None  # it has a weight
        covariance = self.of.covariance[self.place, other]
        return Hedged(row=row, correlation=float(covariance / np.sqrt(variance[holding] * variance[other])))

    def sector(self) -> str | None:
        """The sector that the trade offsets most, in words, where its positions are too small to name.

        All positions of the account in it but the one traded, summed; ``None`` where no sector ends off its target by a
        tenth of a percent the way that pays, or no sector is known.
        """
        around, sign = self.of.around, float(self.of.sign[self.place])
        pays, after, target = self.of.by_sector[self.place]
        telling = [s for s in range(len(around.sectors)) if sign * (after[s] - target[s]) >= OFF_TARGET]
        most = max((pays[s] for s in telling), default=0.0)
        best = next((s for s in telling if pays[s] >= most * (1 - 10.0**-DIGITS)), None)
        if best is None or pays[best] <= 0:
            return None
        others = " beside it" if around.sector_of[self.of.holding[self.place]] == best else ""
        ends, wanted = weights(after[best], target[best])
        return f"the sector {around.sectors[best]}{others} ({ends} of the account against a target of {wanted})"


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
