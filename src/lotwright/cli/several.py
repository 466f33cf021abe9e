"""Many households in a terminal: a line each, totals, and failures by reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from math import isfinite
from statistics import median

from rich.console import Console
from rich.table import Table

from lotwright.book.kinds import Regime
from lotwright.cli.words import counted
from lotwright.plan.currency import in_currency
from lotwright.plan.result import HouseholdPlan, Status
from lotwright.plan.words import money, percent


def print_several(console: Console, plans: Sequence[HouseholdPlan]) -> None:
    """One line a household, then what they come to."""
    console.print(_table(plans))
    console.print()
    for line in totals(plans):
        console.print(line)
    if any(plan.status is Status.FAILED for plan in plans):
        console.print("Households without a plan, by reason:")
        reasons = Counter(plan.failure.reason for plan in plans if plan.failure is not None)
        for reason, count in sorted(reasons.items(), key=lambda item: (-item[1], item[0])):
            first = next(p.household for p in plans if p.failure is not None and p.failure.reason == reason)
            console.print(f"  {count:>5,}  {reason}, for example {first}")
    console.print("For one of them in full: --household NAME.")


def totals(plans: Sequence[HouseholdPlan]) -> list[str]:
    """Sentences on all households together."""
    if not plans:
        return ["The book has no household."]
    done = [plan for plan in plans if plan.status is not Status.FAILED]
    still = sum(plan.status is Status.NOTHING_TO_DO for plan in done)
    planned, failed = len(done) - still, len(plans) - len(done)
    head = f"{counted(len(plans), 'household')}: {planned:,} planned, {still:,} with nothing to do"
    lines = [f"{head}, {failed:,} without a plan."]
    for regime in Regime:  # each has its currency
        own = [plan for plan in done if plan.regime is regime]
        if own:
            with in_currency(regime):
                lines.append(_sums(own))
    gaps = [plan.objective.gap_bp for plan in done if plan.objective is not None]
    if gaps:
        worst = max(gaps)
        said = f"{worst:.3f} bp" if isfinite(worst) else "not known"
        lines.append(f"Proven gap: {median(gaps):.3f} bp in the median, at worst {said} of household value.")
    return lines


def _sums(done: Sequence[HouseholdPlan]) -> str:
    """Value, trades and tax of households of one currency."""
    saved = sum((plan.tax.tax_without_plan - plan.tax.tax for plan in done if plan.tax), Decimal(0))
    worth, trades = sum((plan.value for plan in done), Decimal(0)), sum(len(plan.trades) for plan in done)
    tax = f"{money(saved)} less" if saved >= 0 else f"{money(-saved)} more"
    return f"{money(worth)} in all, {counted(trades, 'trade')}, {tax} tax this year."


def _table(plans: Sequence[HouseholdPlan]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("household", "value", "trades", "tax", "tracking", "cost", "gap bp", "s"):
        table.add_column(name, justify="left" if name == "household" else "right", no_wrap=True)
    for plan in plans:
        with in_currency(plan.regime):
            table.add_row(plan.household, *_row(plan))
    return table


def _row(plan: HouseholdPlan) -> tuple[str, ...]:
    if plan.failure is not None or plan.objective is None:
        return ("", plan.failure.reason if plan.failure else "", "", "", "", "", f"{plan.timing.solve:.2f}")
    change = plan.tax.tax - plan.tax.tax_without_plan if plan.tax else Decimal(0)
    error = plan.tracking
    return (
        f"{plan.regime.sign}{plan.value:,.0f}",
        str(len(plan.trades)),
        money(change),
        f"{percent(error.before, 2)} > {percent(error.after, 2)}" if error else "",
        money(plan.objective.posed),
        f"{plan.objective.gap_bp:.3f}" if isfinite(plan.objective.gap_bp) else "-",
        f"{plan.timing.solve:.2f}",
    )
