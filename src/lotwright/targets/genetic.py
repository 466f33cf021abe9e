"""Weights from a genetic algorithm (pymoo): a plug-in for what no convex solver can ask, few names and least sizes.

A gene is one security's appetite. The ``names`` largest are held, each at ``least`` or more, in proportion to their
appetites; the rest are zero. What is minimised is the mean loss of the worst days.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from lotwright.errors import ProgramError
from lotwright.targets.capping import within
from lotwright.targets.study import Floats, Study


@dataclass(frozen=True, slots=True, kw_only=True)
class Genetic:
    """The least expected loss of the worst days with at most so many names, none of them small.

    Parameters
    ----------
    names : int
        Securities held at most.
    least : float
        Weight of a security that is held at all.
    beta : float
        Part of the days that are not counted: 0.95 leaves the worst twentieth.
    population, evaluations : int
        Individuals of a generation, and individuals judged.
    seed : int
        Of pymoo's random numbers: the same study gives the same weights.
    """

    keeps_groups: ClassVar[bool] = False

    names: int = 10
    least: float = 0.02
    beta: float = 0.95
    population: int = 80
    evaluations: int = 8_000
    seed: int = 1

    def __post_init__(self) -> None:
        if (
            self.names < 1
            or not 0 <= self.least <= 1
            or not 0 < self.beta < 1
            or min(self.population, self.evaluations) < 2
        ):
            raise ProgramError(
                "names must be 1 or more, least and beta between 0 and 1, population and evaluations above 1."
            )

    def weights(self, study: Study) -> Mapping[str, float]:
        """The best individual found.

        Raises
        ------
        ProgramError
            The least weights of so many names, or the caps of so few, leave no room.
        """
        from pymoo.algorithms.soo.nonconvex.ga import GA  # noqa: PLC0415  an optional extra
        from pymoo.core.problem import Problem  # noqa: PLC0415
        from pymoo.optimize import minimize  # noqa: PLC0415
        from pymoo.termination.max_eval import MaximumFunctionCallTermination  # noqa: PLC0415

        self._check(study)
        n, returns, source = len(study.symbols), study.returns, self

        class Worst(Problem):  # type: ignore[misc]  # pymoo is not annotated
            def __init__(self) -> None:
                super().__init__(n_var=n, n_obj=1, xl=0.0, xu=1.0)

            def _evaluate(self, x: Floats, out: dict[str, Any], *_: Any, **__: Any) -> None:
                held = np.vstack([source.held(gene, study) for gene in x])
                out["F"] = expected_shortfall(returns @ held.T, source.beta)

        first = np.random.default_rng(self.seed).random((self.population, n))
        first[0] = 1.0 / np.maximum(returns.std(axis=0), 1e-8)
        first[0] /= first[0].max()
        found = minimize(
            Worst(),
            GA(pop_size=self.population, sampling=first, eliminate_duplicates=True),
            MaximumFunctionCallTermination(self.evaluations),
            seed=self.seed,
            verbose=False,
        )
        best = self.held(np.atleast_2d(found.X)[0], study)
        return {symbol: weight for symbol, weight in zip(study.symbols, best.tolist(), strict=True) if weight > 0}

    def held(self, gene: Floats, study: Study) -> Floats:
        """Weights of an individual, shape (n,): whole, few, none small, none above its cap."""
        rows = np.argsort(-gene * (study.upper > 0), kind="stable")[: self.names]
        while study.upper[rows].sum() < 1:  # caps of the names chosen leave no room: the next in line comes in
            rest = np.argsort(-gene, kind="stable")
            rows = rest[: len(rows) + 1]
        lower = np.maximum(study.lower[rows], np.minimum(self.least, study.upper[rows]))
        weight = np.zeros(len(gene))
        weight[rows] = within(np.maximum(gene[rows], 1e-6), lower, study.upper[rows])
        return weight

    def _check(self, study: Study) -> None:
        count = min(self.names, len(study.symbols))
        largest = np.sort(study.upper)[::-1][:count].sum()
        if largest < 1 - 1e-9:
            raise ProgramError(
                f"The caps of the {count} largest names let {largest:.1%} be invested. Raise names or a cap."
            )
        if count * max(self.least, float(study.lower.max())) > 1 + 1e-9:
            raise ProgramError(
                f"{count} names of {self.least:.1%} at least are more than everything. Lower least or names."
            )


def expected_shortfall(returns: Floats, beta: float) -> Floats:
    """Mean loss of the worst 1 - β of the days, the last of them in part; shape (p,) for returns of shape (T, p)."""
    loss = np.sort(-returns, axis=0)[::-1]
    count = len(loss) * (1.0 - beta)
    whole = int(count)
    part = (count - whole) * loss[min(whole, len(loss) - 1)]
    return np.asarray((loss[:whole].sum(axis=0) + part) / count)
