"""Numbers, days, texts: what people write in a cell, and what is refused rather than guessed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lotwright.files.imports import cells
from lotwright.files.imports.findings import Findings
from lotwright.files.imports.masking import masked, masked_name, tail_of
from lotwright.files.imports.numbers import money, shares
from lotwright.files.imports.symbols import Thing, named

NUMBERS = {
    "$1,234.50": "1234.50", "($1,234.50)": "-1234.50", "-$3": "-3", "$-3": "-3", "+0.5": "0.5", "7-": "-7", ".5": "0.5", "5.": "5",
    " 12 ": "12", "-1,471": "-1471", "\u22123": "-3", "USD 5": "5", "1E+2": "100", "0.000000001": "1E-9", "(0.00)": "0.00",
}  # fmt: skip


@pytest.mark.parametrize("text", NUMBERS)
def test_a_number_as_people_write_it(text: str) -> None:
    assert cells.number(text) == Decimal(NUMBERS[text])


@pytest.mark.parametrize(
    "text",
    [
        "1,23",
        "1.234,56",
        "12,34,567",
        "twelve",
        "1 2",
        "--5",
        "5%",
        "1/2",
        "NaN",
        "inf",
        "0x10",
        "1_000",
        "=1+1",
        "١٢",
        "",
        "()",
        "$",
    ],
)
def test_what_is_no_number_is_none(text: str) -> None:
    assert cells.number(text) is None


@pytest.mark.parametrize(
    ("text", "value"), [("1.234,56", "1234.56"), ("4,5", "4.5"), ("1'000", "1000"), ("12", "12"), ("-0,25", "-0.25")]
)
def test_a_decimal_comma_is_declared(text: str, value: str) -> None:
    assert cells.number(text, decimal=",") == Decimal(value)


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=2))
def test_money_with_dollar_sign_separators_and_parentheses_reads_back(amount: Decimal) -> None:
    plain = f"${abs(amount):,.2f}"
    assert cells.number(f"({plain})" if amount < 0 else plain) == amount
    if amount >= 0:
        assert cells.usual(plain) == amount


@given(st.decimals(min_value=0, max_value=10**9, places=9))
def test_shares_are_written_exactly_and_money_to_the_millionth(number: Decimal) -> None:
    assert Decimal(shares(number)) == number
    assert abs(Decimal(money(number)) - number) <= Decimal("0.0000005")
    assert len(money(number).partition(".")[2]) >= 2


DAYS = {
    "2020-03-23": (2020, 3, 23), "03/23/2020": (2020, 3, 23), "3/5/21": (2021, 3, 5), "08/24/2020 13:22:52": (2020, 8, 24),
    "02/07/2024 as of 02/05/2024": (2024, 2, 5), "25-Mar-2021": (2021, 3, 25), "20230311": (2023, 3, 11), "2020/05/03": (2020, 5, 3),
    "Mar-23-2020": (2020, 3, 23), "May 03, 2026": (2026, 5, 3), "2011-08-08, 13:44:13": (2011, 8, 8), "2020-03-10T14:00:00Z": (2020, 3, 10),
    "20230311;093000": (2023, 3, 11),
}  # fmt: skip


@pytest.mark.parametrize("text", DAYS)
def test_a_day_as_custodians_write_it(text: str) -> None:
    assert cells.day(text) == date(*DAYS[text])


@pytest.mark.parametrize(
    "text", ["23/03/2020", "2020-02-30", "yesterday", "13/13/2020", "", "20201301", "1/1/1850", "44000"]
)
def test_a_day_that_cannot_be_is_none(text: str) -> None:
    assert cells.day(text) is None


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_file_is_read_in_the_encoding_it_has(encoding: str) -> None:
    findings = Findings()
    assert cells.decoded("Société,1\n".encode(encoding), file="f", findings=findings) == "Société,1\n"
    assert bool(findings.all) == (encoding in {"utf-16", "cp1252"})  # another encoding is said


def test_rows_are_counted_as_a_spreadsheet_does() -> None:
    text = 'a,b\r\n\r\n"two\r\nlines",2\r\n,,\r\nlast,3'
    assert list(cells.rows_of(text)) == [(1, ["a", "b"]), (3, ["two\r\nlines", "2"]), (5, ["last", "3"])]
    assert list(cells.rows_of("a,b\rc,d\r")) == [(1, ["a", "b"]), (2, ["c", "d"])]


def test_a_quotation_mark_nobody_closes_ends_the_reading_not_the_program() -> None:
    found = list(cells.rows_of('a,b\n"open' + "x" * (1 << 21)))
    assert found[0] == (1, ["a", "b"])
    assert len(found) == 2


MASKED = {
    "account X12345678": "account ...5678", "U7654321, DU123456": "...4321, ...3456", "6123-4567-89": "...6789",
    "sold 20200323 for 1234567.89": "sold 20200323 for 1234567.89", "2020-03-23": "2020-03-23", "$1,234,567": "$1,234,567", "1234": "1234",
}  # fmt: skip


@pytest.mark.parametrize("text", MASKED)
def test_account_numbers_are_cut_to_four_digits(text: str) -> None:
    assert masked(text) == MASKED[text]


def test_file_names_hide_account_numbers_too() -> None:
    assert masked_name("History_for_Account_Z12345678.csv") == "History_for_Account_...5678.csv"
    assert masked_name("positions-20200323.csv") == "positions-20200323.csv"
    assert tail_of("XXXX-4321") == "4321"


THINGS = {
    "AAPL": (Thing.SHARES, "AAPL"), "brk/b": (Thing.SHARES, "BRK.B"), "BRK B": (Thing.SHARES, "BRK.B"), "VTSAX": (Thing.SHARES, "VTSAX"),
    "SPAXX**": (Thing.CASH, "SPAXX"), "VMFXX": (Thing.CASH, "VMFXX"), "FCASH": (Thing.CASH, "FCASH"), " -AAPL260116C200": (Thing.OPTION, "-AAPL260116C200"),
    "VXX   110917C00005000": (Thing.OPTION, "VXX   110917C00005000"), "912810RW0": (Thing.BOND, "912810RW0"), "BTC": (Thing.COIN, "BTC"),
    "=HYPERLINK(1)": (Thing.UNNAMED, "=HYPERLINK(1)"), "Common Stock Fund": (Thing.UNNAMED, "COMMON STOCK FUND"),
}  # fmt: skip


@pytest.mark.parametrize("symbol", THINGS)
def test_what_a_symbol_names(symbol: str) -> None:
    found = named(symbol)
    assert (found.thing, found.symbol) == THINGS[symbol]
