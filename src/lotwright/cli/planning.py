"""What a run of plans amounts to: its exit status and its messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import typer

from lotwright.plan.result import HouseholdPlan, Status

INPUT = frozenset({"input", "no_price", "no_model", "program"})
"""Reasons that are the input's: when they keep every household from a plan, the call as a whole was wrong."""
SPELT_OUT = 20
"""Failures told one by one; the rest are counted."""


def exit_status(plans: Sequence[HouseholdPlan]) -> int:
    """0: every household has a plan; 1: some have none; 2: none has one, because of its input."""
    failed = [plan for plan in plans if plan.status is Status.FAILED]
    if not failed:
        return 0
    return 2 if len(failed) == len(plans) and all(reason(plan) in INPUT for plan in failed) else 1


def reason(plan: HouseholdPlan) -> str:
    """The reason of a failed plan, a word to count by."""
    return "" if plan.failure is None else plan.failure.reason


def say_failures(plans: Sequence[HouseholdPlan]) -> None:
    """Tell each failure on standard error."""
    failed = [plan for plan in plans if plan.failure is not None]
    for plan in failed[:SPELT_OUT]:
        assert plan.failure is not None
        typer.echo(f"{plan.household} has no plan ({plan.failure.reason}): {plan.failure.message}", err=True)
    if len(failed) > SPELT_OUT:
        typer.echo(f"And {len(failed) - SPELT_OUT} more households have no plan.", err=True)


def with_read_time(plans: Sequence[HouseholdPlan], seconds: float) -> tuple[HouseholdPlan, ...]:
    """The plans, each told how long reading the book and its risk model took."""
    return tuple(
        replace(plan, timing=replace(plan.timing, read=seconds, total=plan.timing.total + seconds)) for plan in plans
    )
