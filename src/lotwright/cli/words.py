"""Sentences and selections that the terminal and the page share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from math import isfinite

from lotwright.book.kinds import Regime
from lotwright.book.trades import LotSale
from lotwright.plan.result import Drift, HouseholdPlan, Lock, Objective, TaxFigures
from lotwright.plan.words import day, money, shares
from lotwright.tax.regimes.pool import POOL


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
    new: dict[tuple[date, str], list[str]] = {}
    lines = []
    for lock in locks:
        if lock.because.startswith("This plan sells"):
            how = (
                "sells them at a loss" if " at a loss" in lock.because else "sells them; a buy would be matched with it"
            )
            new.setdefault((lock.no_buy_until, how), []).extend(lock.symbols)
        else:
            lines.append((", ".join(lock.symbols), f"until {day(lock.no_buy_until)} is over: {lock.because}"))
    for (until, how), symbols in sorted(new.items()):
        lines.append((", ".join(symbols), f"until {day(until)} is over: this plan {how}."))
    return lines


def locked_for(plan: HouseholdPlan) -> str:
    """Whom the locks of a plan bind."""
    return "no taxable account" if plan.regime is Regime.UK else "nobody in the household"


def tax_year_of(plan: HouseholdPlan) -> str:
    """Heading of the tax: the year as the law names it."""
    if plan.regime is Regime.UK:
        first = plan.as_of.year if (plan.as_of.month, plan.as_of.day) >= (4, 6) else plan.as_of.year - 1
        return f"Capital gains tax of {first}/{(first + 1) % 100:02} (from 6 April {first})"
    return "Tax on this year's capital gains"


def tax_rows(plan: HouseholdPlan, tax: TaxFigures) -> list[tuple[str, Decimal]]:
    """The figures of the tax with their words; one gain and one loss where the law knows no terms."""
    year = [("Tax without this plan", tax.tax_without_plan), ("Tax with it", tax.tax)]
    if plan.regime is not Regime.US:
        gain = tax.short_term_gain + tax.long_term_gain
        carried = tax.carryforward_short + tax.carryforward_long
        return [("Gain of this plan", gain), *year, ("Loss carried into the next tax year", carried)]
    return [
        ("Short-term gain of this plan", tax.short_term_gain),
        ("Long-term gain of this plan", tax.long_term_gain),
        *year,
        ("Short-term loss carried into next year", tax.carryforward_short),
        ("Long-term loss carried into next year", tax.carryforward_long),
    ]


def lot_line(sale: LotSale) -> str:
    """One lot of a sale in words."""
    word = "gain" if sale.gain >= 0 else "loss"
    if sale.lot == POOL:
        return f"{shares(sale.quantity)} of the pool, basis {money(sale.basis)}: {word} {money(abs(sale.gain))}"
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
