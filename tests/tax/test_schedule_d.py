"""Schedule D and its worksheet: published examples, and agreement with netting."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from builders import dec
from hypothesis import given
from hypothesis import strategies as st

from lotwright.book.kinds import FilingStatus
from lotwright.tax.form_8949 import Form8949Row, is_covered
from lotwright.tax.law import deduction_cap, read_law
from lotwright.tax.schedule_d import ScheduleD, carryover_worksheet, schedule_d
from lotwright.tax.year import TaxRates, year_tax

money = st.integers(-20_000, 20_000).map(Decimal)
FLAT = TaxRates(short=Decimal(0), long=Decimal(0))


def row(box: str, gain: object) -> Form8949Row:
    return Form8949Row(
        account="T", part="I" if box in "ABC" else "II", box=box, description="", acquired=None, sold=date(2025, 3, 3),
        proceeds=1_000 + dec(gain), basis=Decimal(1_000), code="", adjustment=Decimal(0), gain=dec(gain), symbol="X",
        quantity=Decimal(1), lot="x", replacement="",
    )  # fmt: skip


def of(*rows: Form8949Row, income: object = 26_000, status: FilingStatus = FilingStatus.MARRIED_JOINT) -> ScheduleD:
    return schedule_d(
        rows, carried=(Decimal(0), Decimal(0)), status=status, taxable_income=None if income is None else dec(income)
    )


def test_publication_550_bob_and_gloria_sampson() -> None:
    """Pub. 550, chapter 4, Capital losses: 7,000 long-term, income 26,000: deduct 3,000, carry 4,000; 2,000: all."""
    found = of(row("D", -7_000))
    assert (found.deduction, found.used, found.carryforward_short, found.carryforward_long) == (3_000, 3_000, 0, 4_000)
    small = of(row("D", -2_000))
    assert (small.deduction, small.carryforward_short, small.carryforward_long) == (2_000, 0, 0)


def test_married_filing_separately_deducts_1500() -> None:
    """IRC section 1211(b)(1)."""
    found = of(row("A", -4_000), status=FilingStatus.MARRIED_SEPARATE)
    assert (found.deduction, found.carryforward_short) == (1_500, 2_500)


@pytest.mark.parametrize(
    ("short", "long", "deducted", "carried"),
    [
        (-5_000, 8_000, 0, (0, 0)), (2_000, -10_000, 3_000, (0, 5_000)), (-4_000, -2_000, 3_000, (1_000, 2_000)),
        (1_000, -5_000, 3_000, (0, 1_000)), (-1_000, -9_000, 3_000, (0, 7_000)), (3_000, 4_000, 0, (0, 0)),
    ],
)  # fmt: skip
def test_vectors_of_tax_rules(short: int, long: int, deducted: int, carried: tuple[int, int]) -> None:
    found = of(row("A", short), row("D", long), income=None)
    assert (found.deduction, found.carryforward_short, found.carryforward_long) == (deducted, *carried)


def test_line_21_is_deducted_though_a_low_income_does_not_use_it_up() -> None:
    """Worksheet lines 1 to 4: income 1,000 before the deduction; line 1 is -2,000, so only 1,000 is used up."""
    found = of(row("D", -5_000), income=1_000)
    assert (found.deduction, found.used, found.carryforward_long) == (3_000, 1_000, 4_000)
    assert found.worksheet[0].amount == -2_000


def test_lines_by_box() -> None:
    found = of(row("A", 10), row("A", 20), row("B", 5), row("D", -7), row("E", 1))
    shown = [(line.line, line.amount) for line in found.lines]
    assert shown == [("1b", 30), ("2", 5), ("6", 0), ("7", 35), ("8b", -7), ("9", 1), ("14", 0), ("15", -6), ("16", 29)]
    assert [(line.proceeds, line.basis) for line in found.lines[:1]] == [(2_030, 2_000)]


@given(money, money, st.sampled_from(FilingStatus), st.none() | st.integers(-5_000, 10_000).map(Decimal))
def test_the_worksheet_and_netting_carry_the_same(
    short: Decimal, long: Decimal, status: FilingStatus, income: Decimal | None
) -> None:
    cap = deduction_cap(status)
    line_21 = min(max(-short - long, Decimal(0)), cap)
    lines = carryover_worksheet(line_7=short, line_15=long, line_21=line_21, taxable_income=income)
    at = {line.line: line.amount for line in lines}
    room = cap if income is None else min(cap, max(income, Decimal(0)))
    rates = TaxRates(short=Decimal(0), long=Decimal(0), deduction_cap=room)
    netted = year_tax(rates, short=short, long=long)
    assert (at.get("8", 0), at.get("13", 0)) == (netted.carryforward_short, netted.carryforward_long)
    assert at.get("4", 0) == netted.deduction


@pytest.mark.parametrize(
    ("acquired", "kind", "is_reported"),
    [
        ("2010-12-31", "stock", False), ("2011-01-01", "stock", True), ("2011-06-01", "etf", False),
        ("2012-01-01", "Mutual_Fund", True), ("2011-06-01", None, True),
    ],
)  # fmt: skip
def test_since_when_brokers_report_basis(acquired: str, kind: str | None, is_reported: bool) -> None:
    """Treas. Reg. 1.6045-1(a)(15)(i); IRS, Cost Basis Reporting FAQs."""
    assert is_covered(date.fromisoformat(acquired), kind) is is_reported
    assert read_law("basis_reporting")["title"]
