"""Does what the optimiser claims agree with what the verifier found? And what a plan that fails a check becomes."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from lotwright.book.failure import Failure
from lotwright.book.trades import Trade
from lotwright.plan.result import Check, Objective
from lotwright.plan.solution import Solution

SAME = 1e-7
"""Fraction of household value (a thousandth of a basis point) by which two computations of one objective may differ."""


def tolerance(value: Decimal) -> float:
    """Dollars by which the optimiser's and the verifier's objective may differ: a cent, or more where much is held."""
    return max(0.01, SAME * float(value))


def objective_checks(solution: Solution, objective: Objective, value: Decimal) -> tuple[Check, Check]:
    """The optimiser's objective is the verifier's, and the bound is not above it."""
    off = float(abs(solution.posed - objective.posed))
    above = float(solution.bound - objective.posed)
    return (
        Check(
            name="objective",
            ok=off <= tolerance(value),
            text="The optimiser's objective and the verifier's agree."
            if off <= tolerance(value)
            else f"The optimiser says ${solution.posed:,.2f}, the verifier ${objective.posed:,.2f}: they differ by"
            f" ${off:,.4f}. Report this as a defect.",
        ),
        Check(
            name="bound",
            ok=above <= tolerance(value),
            text="The bound is not above what the plan costs."
            if above <= tolerance(value)
            else f"The bound ${solution.bound:,.2f} is ${above:,.4f} above what the plan costs,"
            f" ${objective.posed:,.2f}. Report this as a defect.",
        ),
    )


def not_a_plan(checks: Sequence[Check], trades: Sequence[Trade]) -> Failure:
    """The failure of a trade list that does not pass its checks, with the trades as evidence."""
    failed = [check for check in checks if not check.ok]
    return Failure(
        reason="check_failed",
        message="The trade list that was found does not pass its verification and is no plan: "
        + " ".join(check.text for check in failed),
        evidence={
            "checks": [{"name": check.name, "text": check.text} for check in failed],
            "trades": [
                {
                    "account": trade.account,
                    "symbol": trade.symbol,
                    "side": str(trade.side),
                    "quantity": trade.quantity,
                    "lots": [{"lot": sale.lot, "quantity": sale.quantity} for sale in trade.lots],
                }
                for trade in trades
            ],
        },
    )
