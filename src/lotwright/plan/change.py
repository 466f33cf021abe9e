"""What a plan's costs and limits become when its trades are changed a little: the arithmetic behind "why not".

Every dollar is the difference of two values of the program's own costs, which the verifier recomputes to the cent; nothing
is a derivative or an estimate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lotwright.plan.figures import cost_name
from lotwright.plan.program import Program
from lotwright.plan.protocols import Trades
from lotwright.plan.snapshot import Snapshot
from lotwright.plan.words import money

WORTH_A_WORD = 0.005
"""Dollars: what rounds to nothing is not mentioned."""
WORDS = {
    "tax": "of tax",
    "tracking": "of risk a year",
    "half_spread": "of spread",
    "impact": "of market impact",
    "commission": "of commission",
    "ticket": "for the ticket",
    "substitution": "for a substitute",
    "idle_cash": "for cash off its target",
    "asset_location": "of tax drag",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Dollars by which each cost changes, by name, and their sum; negative is better."""

    costs: Mapping[str, float]

    @property
    def total(self) -> float:
        """Dollars the objective changes by."""
        return sum(self.costs.values())


def change(program: Program, snapshot: Snapshot, *, before: Trades, after: Trades) -> Change:
    """What it changes to trade ``after`` instead of ``before``."""
    return Change(
        costs={
            cost_name(cost): float(cost.value(snapshot, after)) - float(cost.value(snapshot, before))
            for cost in program.costs
        }
    )


def in_words(made: Change) -> str:
    """``cost $312.00 of tax and $0.50 for the ticket, and save only $85.00 of risk a year``."""
    worse = _listed(made, sign=1)
    better = _listed(made, sign=-1)
    if not worse:
        return f"save {better}" if better else "change nothing"
    if not better:
        return f"cost {worse} and save nothing"
    only = "only " if made.total > 0 else ""
    return f"cost {worse}, and save {only}{better}"


def _listed(made: Change, *, sign: int) -> str:
    """The costs that rise (or fall), largest first."""
    rows = [(sign * dollars, name) for name, dollars in made.costs.items() if sign * dollars >= WORTH_A_WORD]
    said = [
        f"{money(dollars)} {WORDS.get(name, 'of ' + name.replace('_', ' '))}" for dollars, name in sorted(rows)[::-1]
    ]
    return said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]}" if said else ""
