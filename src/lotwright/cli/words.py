"""Sentences and selections that the terminal and the page share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from math import isfinite

from lotwright.book.trades import LotSale
from lotwright.plan.result import Drift, HouseholdPlan, Lock, NotDone, Objective, TaxFigures
from lotwright.plan.words import day, money, shares


def counted(count: int, noun: str) -> str:
    """``1 trade`` or ``2 trades``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def gap_sentence(objective: Objective) -> str:
    """How good the plan is, as proven."""
    if not isfinite(objective.bound):
        return "No bound is known: how much better another plan could be is not proven."
    if objective.gap == 0:
        return "Proven to be the best possible: no allowed trade list costs less."
    gap = money(objective.gap) if objective.gap >= 0.005 else "less than a cent"
    return (
        f"Proven within {gap} ({objective.gap_bp:.3f} bp of household value) of the best possible:"
        f" no allowed trade list costs less than {money(objective.bound)}."
    )


def total_sentence(plan: HouseholdPlan) -> str:
    """What a total means when it is negative."""
    assert plan.objective is not None
    return "It saves more than it costs." if plan.objective.posed < 0 else ""


def drift_lines(plan: HouseholdPlan, most: int) -> tuple[list[Drift], int]:
    """The securities that were or are farthest from their targets, in the order of the plan, and how many are left."""
    far = sorted(
        plan.drift, key=lambda row: (-max(abs(row.before - row.target), abs(row.after - row.target)), row.symbol)
    )
    chosen = {id(row) for row in far[:most]}
    return [row for row in plan.drift if id(row) in chosen], len(plan.drift) - len(chosen)


def lock_lines(locks: Sequence[Lock]) -> list[tuple[str, str]]:
    """Locks that end on one day because of this plan together, the others one by one: securities, and until when."""
    new: dict[date, list[str]] = {}
    lines = []
    for lock in locks:
        if lock.because.startswith("This plan sells"):
            new.setdefault(lock.no_buy_until, []).extend(lock.symbols)
        else:
            lines.append((", ".join(lock.symbols), f"until {day(lock.no_buy_until)} is over: {lock.because}"))
    for until, symbols in sorted(new.items()):
        lines.append((", ".join(symbols), f"until {day(until)} is over: this plan sells them at a loss."))
    return lines


def not_done_heading(one: NotDone) -> str:
    """``AAPL in SAVINGS ends at 28.3 % of the account against a target of 24.8 %``."""
    return f"{one.symbol} in {one.account}: {one.expected}"


def lot_line(sale: LotSale) -> str:
    """One lot of a sale in words."""
    word = "gain" if sale.gain >= 0 else "loss"
    return (
        f"{shares(sale.quantity)} of {sale.acquired.isoformat()}, basis {money(sale.basis)}:"
        f" {word} {money(abs(sale.gain))} {sale.character}"
    )


def tax_sentence(tax: TaxFigures) -> str:
    """What the plan changes in this year's tax."""
    saved = tax.tax_without_plan - tax.tax
    if saved > 0:
        verdict = f"The plan saves {money(saved)} of tax this year."
    elif saved < 0:
        verdict = f"The plan costs {money(-saved)} of tax this year."
    else:
        verdict = "The plan changes no tax this year."
    below = min(tax.tax, tax.tax_without_plan) < 0
    return f"{verdict} A negative tax is a loss deducted from other income." if below else verdict
