"""An index to own directly: all of it, its largest names, or an optimised sample of it.

Problem: an account of 200,000 dollars cannot hold 500 names in whole shares, and the largest 50 are not the index.
Observations: with covariance C = LᵀL the tracking variance of a sample is |L(w - b)|², a non-negative least-squares
problem; which names to hold is combinatorial, but names leave a good sample small first.
Therefore: names are dropped a fifth at a time, the least weights first, until N are left, then exchanged one by one
while that lowers the tracking error; the weights of the last sample come from ``pypfopt`` (ex-ante tracking error).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from lotwright.errors import ProgramError
from lotwright.targets.capping import within
from lotwright.targets.estimates import covariance
from lotwright.targets.frontier import frontier, solved
from lotwright.targets.study import Floats, Study

Ints = NDArray[np.int64]

_METHODS = ("all", "top", "sample")
_DROPPED = 0.2
_BUDGET = 1e3
"""Weight of the row that makes a sample's weights sum to one, in units of the index's volatility."""
_EXCHANGES = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """Weights of an index, to own its names directly.

    Parameters
    ----------
    weights_of : mapping from symbol to weight
        The index; in a file ``weights = "sp500.csv"`` beside it (symbol, weight), or a table ``weights``. Any scale.
    hold : str
        ``"all"``, ``"top"`` (the ``names`` largest, in proportion), or ``"sample"`` (``names`` chosen and weighted for the
        least tracking error).
    names : int
    risk : str
        Estimator of covariance of the sample.
    """

    keeps_groups: ClassVar[bool] = False

    weights_of: Mapping[str, float] = field(default_factory=dict)
    hold: str = "all"
    names: int = 50
    risk: str = "ledoit_wolf"

    def __post_init__(self) -> None:
        if self.hold not in _METHODS:
            raise ProgramError(f"hold is {self.hold!r}; it must be one of {', '.join(_METHODS)}.")
        if self.names < 1:
            raise ProgramError(f"names is {self.names}; a portfolio needs one at least.")

    def weights(self, study: Study) -> Mapping[str, float]:
        """The index's own weights, or those of the part that is held."""
        index = np.array([float(self.weights_of.get(symbol, 0.0)) for symbol in study.symbols])
        if not (index > 0).any():
            raise ProgramError("None of the index's names has a history in this book. Check its weights file.")
        index /= index.sum()
        if self.hold == "sample" and self.names < np.count_nonzero(index):
            return self._sample(study, index)
        if self.hold == "top":
            last = np.argsort(-index, kind="stable")[self.names :]
            index[last] = 0.0
        upper = np.where(index > 0, study.upper, 0.0)
        if upper.sum() < 1:
            raise ProgramError(f"The caps let only {upper.sum():.1%} of the index be held. Raise a cap or names.")
        found = within(index, np.where(index > 0, study.lower, 0.0), upper)
        return {symbol: weight for symbol, weight in zip(study.symbols, found.tolist(), strict=True) if weight > 0}

    def _sample(self, study: Study, index: Floats) -> Mapping[str, float]:
        matrix = covariance(study, self.risk)
        chosen = sample(np.asarray(matrix, dtype=np.float64), index, names=self.names, upper=study.upper)
        inside = np.zeros(len(index), dtype=bool)
        inside[chosen] = True
        held = Study(
            as_of=study.as_of, symbols=study.symbols, dates=study.dates, adj_close=study.adj_close,
            lower=np.where(inside, study.lower, 0.0), upper=np.where(inside, study.upper, 0.0),
        )  # fmt: skip
        from pypfopt import objective_functions  # noqa: PLC0415

        found = frontier(held, expected=None, matrix=matrix)

        def least() -> Any:
            # in variances the numbers are 1e-5: the solver's tolerances need them near one
            found.convex_objective(
                objective_functions.ex_ante_tracking_error,
                cov_matrix=np.asarray(matrix) / float(index @ np.asarray(matrix) @ index),
                benchmark_weights=index,
            )
            return found.clean_weights(cutoff=0.0, rounding=None)

        weights = solved(least, what="least tracking error")
        return {symbol: weight for symbol, weight in weights.items() if weight > 0}


def sample(matrix: Floats, index: Floats, *, names: int, upper: Floats) -> Ints:
    """Rows of the names to hold, ascending: few that move as the index does.

    Parameters
    ----------
    matrix : float64 array, shape (n, n), positive definite covariance
    index : float64 array, shape (n,), weights that sum to one
    names : int
    upper : float64 array, shape (n,)
        Names whose cap is zero are never chosen.
    """
    scaled = matrix / float(index @ matrix @ index)
    root = np.linalg.cholesky(scaled + 1e-12 * np.trace(scaled) / len(scaled) * np.eye(len(scaled))).T
    goal = root @ index
    rows = np.flatnonzero(upper > 0)
    weight, _ = _fitted(root, goal, rows)
    while len(rows) > names:
        kept = max(names, int(len(rows) * (1 - _DROPPED)))
        rows = np.sort(rows[np.argsort(-weight, kind="stable")[:kept]])
        weight, _ = _fitted(root, goal, rows)
    return _exchanged(root, goal, rows, np.flatnonzero(upper > 0))


def _fitted(root: Floats, goal: Floats, rows: Ints) -> tuple[Floats, float]:
    """Non-negative weights on some rows that sum to one and come closest to the goal, and the squared distance."""
    from scipy.optimize import nnls  # noqa: PLC0415

    system = np.vstack([root[:, rows], np.full(len(rows), _BUDGET)])
    weight, _ = nnls(system, np.append(goal, _BUDGET))
    weight = np.asarray(weight) / max(float(weight.sum()), 1e-12)
    left = root[:, rows] @ weight - goal
    return weight, float(left @ left)


def _exchanged(root: Floats, goal: Floats, rows: Ints, allowed: Ints) -> Ints:
    """The sample after exchanges of its least useful name for the one outside that promises most, while they help."""
    weight, error = _fitted(root, goal, rows)
    refused: set[int] = set()
    for _ in range(_EXCHANGES):
        outside = np.array([row for row in np.setdiff1d(allowed, rows).tolist() if row not in refused], dtype=np.int64)
        if not len(outside) or error < 1e-12:
            break
        left = goal - root[:, rows] @ weight
        promise = root[:, outside].T @ left / np.linalg.norm(root[:, outside], axis=0)
        best = int(outside[int(np.argmax(promise))])
        trial = np.sort(np.append(np.delete(rows, int(np.argmin(weight))), best))
        trial_weight, trial_error = _fitted(root, goal, trial)
        if trial_error < error * (1 - 1e-9):
            rows, weight, error = trial, trial_weight, trial_error
        else:
            refused.add(best)
    return rows
