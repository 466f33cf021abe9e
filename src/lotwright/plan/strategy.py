"""Strategies: another way to find the trades, plugged in from outside, always verified and never trusted.

Problem: someone has a genetic algorithm, a rule of the house or a solver of their own, and wants to know how good it is.
Observations: a plan needs trades, a bound and a verification, and only the trades can come from elsewhere.
Therefore: a strategy sees the snapshot and the program and returns trades, nothing more. They go through the same trade
list and the same verifier as ours; the bound is ours, so that the gap says how far the strategy is from the best possible.
An answer that is malformed or breaks a rule is that household's failure, and so is an exception: a batch loses no row.

A package offers one under the entry points ``lotwright.strategies``::

    [project.entry-points."lotwright.strategies"]
    mine = "my_package.module:MyStrategy"      # called without arguments, returns a Strategy
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import EntryPoint, entry_points
from typing import Protocol

import numpy as np

from lotwright.book.failure import Failure
from lotwright.errors import ProgramError
from lotwright.plan.paths import solve
from lotwright.plan.program import Program
from lotwright.plan.protocols import Trades
from lotwright.plan.separable.tree import Effort
from lotwright.plan.snapshot import Floats, Snapshot
from lotwright.plan.solution import Solution
from lotwright.plan.trade_list import as_arrays, trade_list

GROUP = "lotwright.strategies"
TOLERANCE = 1e-9
"""Shares by which floats may exceed a lot."""


class Strategy(Protocol):
    """Something that proposes trades."""

    @property
    def name(self) -> str:
        """What plans call it; with its version, if it has one."""

    def trades(self, snapshot: Snapshot, program: Program, *, seconds: float | None) -> Trades:
        """Propose trades.

        Parameters
        ----------
        snapshot : Snapshot
            Arrays of the household: holdings (n,), lots (L,), prices, targets, risk.
        program : Program
            ``program.value(snapshot, trades)`` is what to minimise (dollars), ``program.violations(snapshot, trades)``
            must be empty.
        seconds : float or None
            Wall time it may take; None: as long as it likes.

        Returns
        -------
        Trades
            Shares sold of each lot, shape (L,), and bought of each holding, shape (n,); zeros for doing nothing.
        """


def find_strategy(name: str) -> Strategy:
    """The installed strategy of that name.

    Raises
    ------
    ProgramError
        There is none, two packages offer it, or it cannot be loaded.
    """
    installed = list(entry_points(group=GROUP))
    found = {entry.value: entry for entry in installed if entry.name == name}
    if len(found) != 1:
        known = ", ".join(sorted({entry.name for entry in installed})) or "none"
        what = "more than one package offers the" if found else "there is no"
        raise ProgramError(
            f"{name}: {what} strategy of that name ({', '.join(sorted(found)) or f'installed: {known}'}). Name one that is"
            f" installed, or install the package that offers it under the entry points {GROUP}."
        )
    return _loaded(name, next(iter(found.values())))


def _loaded(name: str, entry: EntryPoint) -> Strategy:
    try:
        strategy: Strategy = entry.load()()
    except Exception as error:  # whatever a stranger's module raises, the call is what is wrong
        raise ProgramError(
            f"The strategy {name} ({entry.value}) cannot be loaded: {type(error).__name__}: {error}. Install what it needs"
            " or choose another."
        ) from error
    if not callable(getattr(strategy, "trades", None)):
        raise ProgramError(f"The strategy {name} ({entry.value}) has no method trades. It must be a Strategy.")
    return strategy


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Asked:
    """A strategy and the bound of our own search, found once a household."""

    strategy: Strategy
    effort: Effort
    clock: Callable[[], float]

    def solve(self, program: Program, snapshot: Snapshot) -> Solution | Failure:
        """The strategy's trades with our bound; a failure where the household is proven to have no plan at all.

        Where our search found nothing without proving that there is nothing, the strategy still may answer: its plan
        then has no bound.
        """
        proven = solve(program, snapshot, self.effort, clock=self.clock)
        if isinstance(proven, Failure) and proven.reason != "not_found":
            return proven
        answer = self._answer(program, snapshot)
        if isinstance(answer, Failure):
            return answer
        posed, name = program.value(snapshot, answer), f"strategy {self.strategy.name}"
        if isinstance(proven, Failure):
            return Solution(
                trades=answer, posed=posed, bound=-np.inf, certificate={"kind": "none"}, solver=name, solver_version=""
            )
        return replace(proven, trades=answer, posed=posed, solver=f"{name}, bound by {proven.solver}", stopped=None)

    def _answer(self, program: Program, snapshot: Snapshot) -> Trades | Failure:
        name, who = self.strategy.name, snapshot.household.household
        try:
            answer = self.strategy.trades(snapshot, program, seconds=self.effort.seconds)
            trades = Trades(sell=_floats(answer.sell), buy=_floats(answer.buy))
        except Exception as error:  # noqa: BLE001  a stranger's code: whatever it raises is this household's failure
            what = f"{type(error).__name__}: {error}"
            return Failure(
                reason="strategy_error",
                message=f"The strategy {name} broke down on {who} ({what}). Mend it, or plan without --strategy.",
                evidence={"strategy": name, "error": what},
            )
        fault = _fault(snapshot, trades)
        if fault is None:  # judged as the orders it amounts to: whole steps, lots in the account's order
            return as_arrays(trade_list(trades, snapshot, terms=program.terms()), snapshot)
        return Failure(
            reason="strategy_error",
            message=f"The strategy {name} answered for {who} with what are no trades: {fault}. Mend it, or plan without"
            " --strategy.",
            evidence={"strategy": name, "error": fault},
        )


def _floats(values: object) -> Floats:
    return np.array(values, dtype=float)


def _fault(snapshot: Snapshot, trades: Trades) -> str | None:
    """What is wrong with the arrays themselves; whether the trades are allowed is for the verifier to say."""
    for what, amount, count in (
        ("shares sold of lots", trades.sell, len(snapshot.lot)),
        ("shares bought", trades.buy, len(snapshot.symbol)),
    ):
        if amount.shape != (count,):
            return f"{what} have shape {amount.shape}, not ({count},)"
        if not np.isfinite(amount).all() or (amount < 0).any():
            return f"{what} are negative or no numbers"
    over = np.flatnonzero(trades.sell > snapshot.lot_quantity + TOLERANCE)
    if len(over):
        lot = snapshot.lot[int(over[0])]
        return f"lot {lot.lot} of {lot.symbol} sells {trades.sell[over[0]]:g} shares but holds {lot.quantity}"
    return None
