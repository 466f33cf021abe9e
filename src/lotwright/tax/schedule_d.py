"""Schedule D of Form 1040 line by line, and the Capital Loss Carryover Worksheet of its instructions.

The worksheet is computed as it is printed, line after line; :func:`lotwright.tax.year.year_tax` reaches the same
carryovers by netting, and a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from lotwright.book.kinds import FilingStatus
from lotwright.tax.form_8949 import Form8949Row
from lotwright.tax.law import deduction_cap

ZERO = Decimal(0)
LINE_OF_BOX = {"A": "1b", "B": "2", "C": "3", "D": "8b", "E": "9", "F": "10"}
"""Where the totals of each box of Form 8949 go on Schedule D."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormLine:
    """A numbered line; dollars and cents, losses negative. Totals of Form 8949 fill columns (d), (e) and (g), too."""

    line: str
    words: str
    amount: Decimal
    """Column (h) on Schedule D."""
    proceeds: Decimal | None = None
    basis: Decimal | None = None
    adjustment: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleD:
    """Schedule D: totals of both parts, the lines that follow, and what carries over; dollars and cents."""

    short_proceeds: Decimal
    short_basis: Decimal
    short_adjustment: Decimal
    short_carryover: Decimal
    """Line 6, zero or negative."""
    net_short: Decimal
    """Line 7."""
    long_proceeds: Decimal
    long_basis: Decimal
    long_adjustment: Decimal
    long_carryover: Decimal
    """Line 14, zero or negative."""
    net_long: Decimal
    """Line 15."""
    net: Decimal
    """Line 16."""
    deduction: Decimal
    """Line 21 as a positive number: the loss deducted this year."""
    used: Decimal
    """Worksheet line 4: how much of the net loss this year uses up; less than line 21 where income is too low for it."""
    carryforward_short: Decimal
    """Capital Loss Carryover Worksheet line 8."""
    carryforward_long: Decimal
    """Line 13."""
    lines: tuple[FormLine, ...]
    worksheet: tuple[FormLine, ...]
    """The worksheet's lines 1 to 13; empty in a year without a net loss."""


def schedule_d(
    rows: Sequence[Form8949Row],
    *,
    carried: tuple[Decimal, Decimal],
    status: FilingStatus | None,
    taxable_income: Decimal | None,
) -> ScheduleD:
    """Schedule D from the rows of Form 8949.

    Parameters
    ----------
    rows : sequence of Form8949Row
    carried : two Decimals
        Short- and long-term losses carried in, positive dollars (last year's worksheet lines 8 and 13).
    status : FilingStatus, optional
        Decides line 21: 3,000, or 1,500 when married filing separately (IRC section 1211(b)).
    taxable_income : Decimal, optional
        Form 1040 line 15 before the deduction of line 21; ample where not given.
    """
    short, long = ([row for row in rows if row.part == part] for part in ("I", "II"))
    net_short, net_long = _gain(short) - carried[0], _gain(long) - carried[1]
    net = net_short + net_long
    deduction = min(max(-net, ZERO), deduction_cap(status))
    worksheet = carryover_worksheet(
        line_7=net_short, line_15=net_long, line_21=deduction, taxable_income=taxable_income
    )
    at = {entry.line: entry.amount for entry in worksheet}
    return ScheduleD(
        short_proceeds=_sum(short, lambda r: r.proceeds),
        short_basis=_sum(short, lambda r: r.basis),
        short_adjustment=_sum(short, lambda r: r.adjustment),
        short_carryover=-carried[0],
        net_short=net_short,
        long_proceeds=_sum(long, lambda r: r.proceeds),
        long_basis=_sum(long, lambda r: r.basis),
        long_adjustment=_sum(long, lambda r: r.adjustment),
        long_carryover=-carried[1],
        net_long=net_long,
        net=net,
        deduction=deduction,
        used=at.get("4", ZERO),
        carryforward_short=at.get("8", ZERO),
        carryforward_long=at.get("13", ZERO),
        lines=(
            *_totals(short),
            FormLine(line="6", words="short-term loss carried in", amount=-carried[0]),
            FormLine(line="7", words="net short-term gain", amount=net_short),
            *_totals(long),
            FormLine(line="14", words="long-term loss carried in", amount=-carried[1]),
            FormLine(line="15", words="net long-term gain", amount=net_long),
            FormLine(line="16", words="both", amount=net),
            *((FormLine(line="21", words="loss deducted this year", amount=-deduction),) if net < 0 else ()),
        ),
        worksheet=worksheet,
    )


def carryover_worksheet(
    *, line_7: Decimal, line_15: Decimal, line_21: Decimal, taxable_income: Decimal | None
) -> tuple[FormLine, ...]:
    """Capital Loss Carryover Worksheet, Instructions for Schedule D (IRC section 1212(b)); empty without a net loss.

    Examples
    --------
    >>> lines = carryover_worksheet(
    ...     line_7=Decimal(-4000), line_15=Decimal(-2000), line_21=Decimal(3000), taxable_income=Decimal(1000)
    ... )
    >>> [int(entry.amount) for entry in lines if entry.line in {"4", "8", "13"}]
    [1000, 3000, 2000]
    """
    if line_7 + line_15 >= 0:
        return ()
    income = line_21 if taxable_income is None else taxable_income  # ample: as much as it takes
    w1 = income - line_21
    w2 = line_21
    w3 = max(w1 + w2, ZERO)
    w4 = min(w2, w3)
    w5 = max(-line_7, ZERO)
    w6 = max(line_15, ZERO)
    w7 = w4 + w6
    w8 = max(w5 - w7, ZERO)
    w9 = max(-line_15, ZERO)
    w10 = max(line_7, ZERO)
    w11 = max(w4 - w5, ZERO)
    w12 = w10 + w11
    w13 = max(w9 - w12, ZERO)
    words = (
        "Form 1040 line 15, negative where it would be",
        "Schedule D line 21 as a positive number",
        "lines 1 and 2, not below zero",
        "the smaller of lines 2 and 3",
        "loss of Schedule D line 7",
        "gain of Schedule D line 15",
        "lines 4 and 6",
        "short-term loss carried to next year",
        "loss of Schedule D line 15",
        "gain of Schedule D line 7",
        "line 4 less line 5, not below zero",
        "lines 10 and 11",
        "long-term loss carried to next year",
    )
    amounts = (w1, w2, w3, w4, w5, w6, w7, w8, w9, w10, w11, w12, w13)
    return tuple(
        FormLine(line=str(number), words=text, amount=amount)
        for number, (text, amount) in enumerate(zip(words, amounts, strict=True), start=1)
    )


def _totals(rows: Sequence[Form8949Row]) -> Iterable[FormLine]:
    """One line for each box with rows."""
    for box in sorted({row.box for row in rows}):
        mine = [row for row in rows if row.box == box]
        yield FormLine(
            line=LINE_OF_BOX[box],
            words=f"Form 8949, box {box}",
            amount=_gain(mine),
            proceeds=_sum(mine, lambda r: r.proceeds),
            basis=_sum(mine, lambda r: r.basis),
            adjustment=_sum(mine, lambda r: r.adjustment),
        )


def _gain(rows: Sequence[Form8949Row]) -> Decimal:
    return _sum(rows, lambda r: r.gain)


def _sum(rows: Sequence[Form8949Row], column: Callable[[Form8949Row], Decimal]) -> Decimal:
    return sum((column(row) for row in rows), ZERO)
