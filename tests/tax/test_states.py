"""State schedules against what the states themselves publish of each bracket."""

from __future__ import annotations

from decimal import Decimal

import pytest
from builders import dec

from lotwright.book.kinds import FilingStatus
from lotwright.tax.brackets import Filer, tax_by, tax_on_gains
from lotwright.tax.form_8949 import cents
from lotwright.tax.law import Brackets, read_law
from lotwright.tax.states import state_schedule

SINGLE, JOINT, SEPARATE, HEAD = (
    FilingStatus.SINGLE,
    FilingStatus.MARRIED_JOINT,
    FilingStatus.MARRIED_SEPARATE,
    FilingStatus.HEAD_OF_HOUSEHOLD,
)


def brackets(state: str, year: int, status: FilingStatus = SINGLE) -> Brackets:
    found = state_schedule(state, status, year=year)
    assert found is not None
    assert found.year == year
    return found.brackets


@pytest.mark.parametrize(
    ("income", "tax"),
    [
        (10_756, "107.56"), (25_499, "402.42"), (40_245, "992.26"), (55_866, "1929.52"), (70_606, "3108.72"),
        (360_659, "30083.65"), (432_787, "37512.83"), (721_314, "70116.38"),
    ],
)  # fmt: skip
def test_california_2024_schedule_x(income: int, tax: str) -> None:
    """Franchise Tax Board, 2024 California Tax Rate Schedules, Schedule X: the amounts in its column "computed tax"."""
    assert cents(tax_by(brackets("CA", 2024), Decimal(income))) == dec(tax)


@pytest.mark.parametrize(
    ("income", "tax"), [(58_634, "2581.60"), (299_508, "24982.88"), (359_407, "31152.48"), (599_012, "58227.85")]
)
def test_california_2020_schedule_x(income: int, tax: str) -> None:
    """Franchise Tax Board, 2020 California Tax Rate Schedules, Schedule X, which adds up amounts it has rounded."""
    assert abs(tax_by(brackets("CA", 2020), Decimal(income)) - dec(tax)) <= dec("0.01")


def test_california_takes_one_percent_more_above_a_million_whatever_the_status() -> None:
    """R&TC section 17043: Form 540 line 62, 1 % of taxable income over 1,000,000, no bracket of its own."""
    for status in FilingStatus:
        with_it = brackets("CA", 2024, status)
        plain = next(e for e in read_law("state_brackets")["schedule"] if e["state"] == "CA" and 2024 in e["years"])
        without = Brackets(
            tops=tuple(map(Decimal, plain[status])), rates=tuple(map(Decimal, plain["rates"])), source="540"
        )
        for income in (900_000, 1_000_000, 1_000_001, 1_200_000, 5_000_000):
            extra = max(Decimal(income) - 1_000_000, Decimal(0)) * dec("0.01")
            assert tax_by(with_it, Decimal(income)) == tax_by(without, Decimal(income)) + extra
        assert with_it.rates[-1] == dec("0.133")


@pytest.mark.parametrize(
    ("income", "tax"),
    [
        (8_500, 340), (11_700, 484), (13_900, 600), (80_650, 4_271), (215_400, 12_356), (1_077_550, 71_413),
        (5_000_000, 449_929), (25_000_000, 2_509_929),
    ],
)  # fmt: skip
def test_new_york_2023_to_2025_single(income: int, tax: int) -> None:
    """Form IT-201 instructions 2024, New York State tax rate schedule, single: "plus … of the excess over"; rounded."""
    for year in (2023, 2024, 2025):
        assert abs(tax_by(brackets("NY", year), Decimal(income)) - tax) <= 1


@pytest.mark.parametrize(("income", "tax"), [(21_400, 1_042), (80_650, 4_650), (215_400, 13_288), (1_077_550, 72_345)])
def test_new_york_2020_single(income: int, tax: int) -> None:
    """Form IT-201 instructions 2020, New York State tax rate schedule, single; rounded."""
    assert abs(tax_by(brackets("NY", 2020), Decimal(income)) - tax) <= 1


NEW_JERSEY_A = [
    (20_000, "0.014", 0), (35_000, "0.0175", 70), (40_000, "0.035", "682.50"), (75_000, "0.05525", "1492.50"),
    (500_000, "0.0637", "2126.25"), (1_000_000, "0.0897", "15126.25"), (3_000_000, "0.1075", "32926.25"),
]  # fmt: skip
NEW_JERSEY_B = [
    (20_000, "0.014", 0), (50_000, "0.0175", 70), (70_000, "0.0245", 420), (80_000, "0.035", "1154.50"),
    (150_000, "0.05525", "2775.00"), (500_000, "0.0637", "4042.50"), (1_000_000, "0.0897", "17042.50"),
    (3_000_000, "0.1075", "34842.50"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("table", "status"), [(NEW_JERSEY_A, SINGLE), (NEW_JERSEY_A, SEPARATE), (NEW_JERSEY_B, JOINT), (NEW_JERSEY_B, HEAD)]
)
def test_new_jersey_multiply_and_subtract(table: list[tuple[int, str, object]], status: FilingStatus) -> None:
    """Form NJ-1040 instructions, Tax Rate Schedules 2020-2025, tables A and B: "multiply … by … subtract".

    Table B subtracts 1,154.50 between 70,000 and 80,000; brackets that join subtract 1,155 (3.5 % of 70,000 less 1,295).
    The booklet's own next row joins at 80,000 only with 1,155: half a dollar of the booklet's (DIFFERENCES.md).
    """
    floor = 0
    for top, rate, subtract in table:
        for income in (floor + 1, (floor + top) // 2, top):
            tax = tax_by(brackets("NJ", 2023, status), Decimal(income))
            slip = dec("0.50") if subtract == "1154.50" else 0
            assert tax == income * dec(rate) - dec(subtract) - slip
        floor = top


def test_a_gain_is_stacked_through_a_state_s_brackets() -> None:
    """California 2024, single, 60,000: 10,606 at 8 %, the rest of 20,000 at 9.3 %; federal 2024: all at 15 %."""
    filer = Filer(year=2024, status=SINGLE, taxable_income=Decimal(60_000), state=brackets("CA", 2024))
    found = tax_on_gains(filer, short=Decimal(0), long=Decimal(20_000))
    assert found.tax == 20_000 * dec("0.15") + 10_606 * dec("0.08") + 9_394 * dec("0.093")


def test_years_outside_the_data_take_the_nearest_and_say_so() -> None:
    for asked, known in ((2019, 2020), (2030, 2025)):
        found = state_schedule("CA", SINGLE, year=asked)
        assert found is not None
        assert found.year == known


def test_flat_states_no_state_and_unknown_ones() -> None:
    flat = state_schedule("pa", SINGLE, year=2022)
    assert flat is not None
    assert (flat.year, flat.rate_above(Decimal(9))) == (2025, dec("0.0307"))
    for name in (None, "TX"):
        none = state_schedule(name, SINGLE, year=2022)
        assert none is not None
        assert (none.year, none.rate_above(Decimal(9))) == (2022, 0)
    assert state_schedule("HI", SINGLE, year=2025) is None


def test_schedules_carry_their_sources_and_rise() -> None:
    law = read_law("state_brackets")
    assert law["title"]
    assert law["unit"]
    seen = set()
    for entry in law["schedule"]:
        assert entry["source"]
        assert entry["link"].startswith("https://")
        assert not seen & {(entry["state"], year) for year in entry["years"]}
        seen |= {(entry["state"], year) for year in entry["years"]}
        for status in FilingStatus:
            tops, rates = entry[status], entry.get(f"{status}_rates", entry["rates"])
            assert len(rates) == len(tops) + 1
            assert sorted(set(tops)) == tops
            assert sorted(set(rates)) == rates
