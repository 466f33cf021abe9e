"""Files, what is kept of earlier answers, trading days, and what any series must be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lotwright.book.failure import Failure
from lotwright.errors import BookError, ProgramError
from lotwright.market.answers import Quote, Reason, Series, failed
from lotwright.market.judging import as_traded, checked, close_on, tidy, typical_dollars, yearly_volatility
from lotwright.market.kept import KeptSource
from lotwright.market.sessions import last_session, session_begun
from lotwright.market.source import Closes
from lotwright.market.tables import TableSource

NOW = datetime(2020, 9, 5, tzinfo=UTC)
DAY = date(2020, 8, 28)


def series(
    closes: Sequence[float], *, adjusted: Sequence[float] | None = None, symbol: str = "X", first: str = "2020-08-24"
) -> Series:
    close = np.array(closes, dtype=np.float64)
    return Series(
        symbol=symbol, dates=np.datetime64(first) + np.arange(len(close)), close=close,
        adj_close=close if adjusted is None else np.array(adjusted, dtype=np.float64),
        volume=np.full(len(close), 100.0), source="test", asked=NOW,
    )  # fmt: skip


@pytest.mark.parametrize("bad", [0.0, -1.0, float("inf")])
@pytest.mark.parametrize("where", ["close", "adj_close"])
def test_a_number_that_is_no_price_discredits_the_series(bad: float, where: str) -> None:
    numbers = [1.0, bad, 1.0]
    found = checked(
        series([1.0] * 3, adjusted=numbers) if where == "adj_close" else series(numbers, adjusted=[1.0] * 3)
    )
    assert isinstance(found, Failure)
    assert (found.reason, "2020-08-25" in found.message) == ("bad_answer", True)


def test_a_day_twice_is_no_series_and_an_empty_one_no_price() -> None:
    one = series([1.0, 2.0])
    twice = Series(**{name: getattr(one, name) for name in one.__slots__ if name != "dates"}, dates=one.dates[[0, 0]])
    assert isinstance(checked(twice), Failure)
    empty = checked(series([np.nan, np.nan]))
    assert isinstance(empty, Failure)
    assert empty.reason == "no_price"


def test_rows_in_any_order_are_the_same_series() -> None:
    one = series([1.0, 2.0, 3.0])
    turned = Series(
        **{name: getattr(one, name) for name in one.__slots__ if name not in {"dates", "close", "adj_close"}},
        dates=one.dates[::-1], close=one.close[::-1], adj_close=one.adj_close[::-1],
    )  # fmt: skip
    found = checked(turned)
    assert isinstance(found, Series)
    assert found.close.tolist() == [1.0, 2.0, 3.0]


def test_an_adjusted_close_alone_prices_nothing() -> None:
    found = close_on(series([1.0, 1.0, 1.0, 1.0, np.nan], adjusted=[1.0] * 5), DAY)
    assert isinstance(found, Failure)
    assert found.reason == "adjusted_price"


@given(
    st.lists(
        st.tuples(st.integers(1, 9), st.sampled_from([2.0, 4.0, 0.125, 1.5])), max_size=4, unique_by=lambda one: one[0]
    )
)
def test_undoing_splits_restores_what_was_traded(splits: list[tuple[int, float]]) -> None:
    """By hand: multiply the split-adjusted close by every ratio whose ex-date is later."""
    dates = np.datetime64("2020-01-01") + np.arange(10)
    raw = np.linspace(10.0, 19.0, 10)
    ex = [(date(2020, 1, 1) + timedelta(days=day), ratio) for day, ratio in splits]
    adjusted = np.array([raw[i] / np.prod([ratio for day, ratio in splits if day > i]) for i in range(10)])
    assert as_traded(dates, adjusted, ex) == pytest.approx(raw)


@pytest.mark.parametrize(
    ("price", "said"),
    [(229.24000549316406, "229.24"), (0.12345678, "0.123457"), (100.0, "100"), (54.91999816894531, "54.92")],
)
def test_float_noise_is_no_price(price: float, said: str) -> None:
    assert f"{tidy(price):f}" == said


def test_figures_of_a_history_by_hand() -> None:
    found = series([10.0, 11.0, 12.0])
    assert typical_dollars(found) == Decimal(1100)  # median of 1,000, 1,100 and 1,200
    assert yearly_volatility(found) is None  # too short
    moves = np.tile([0.01, -0.01], 126)
    long = series(np.concatenate([[100.0], 100.0 * np.cumprod(1 + moves)]).tolist())
    assert float(yearly_volatility(long) or 0) == pytest.approx(0.01 * np.sqrt(252 / 251 * 252), abs=1e-4)


@pytest.mark.parametrize(
    ("day", "calendar", "session"),
    [
        (date(2020, 3, 22), "XNYS", date(2020, 3, 20)),  # a Sunday
        (date(2020, 4, 10), "XNYS", date(2020, 4, 9)),  # Good Friday
        (date(2001, 9, 14), "XNYS", date(2001, 9, 10)),  # closed after 11 September
        (date(2020, 8, 31), "XLON", date(2020, 8, 28)),  # summer bank holiday
        (date(2020, 8, 31), "XNYS", date(2020, 8, 31)),
    ],
)
def test_the_last_trading_day(day: date, calendar: str, session: date) -> None:
    """NYSE and LSE holiday calendars of 2001 and 2020."""
    assert last_session(day, calendar=calendar) == session


def test_a_day_counts_from_its_opening_bell_on() -> None:
    """9:30 in New York is 13:30 UTC in summer."""
    assert session_begun(datetime(2020, 8, 31, 13, 29, tzinfo=UTC)) == date(2020, 8, 28)
    assert session_begun(datetime(2020, 8, 31, 13, 30, tzinfo=UTC)) == date(2020, 8, 31)
    with pytest.raises(ProgramError, match="no exchange calendar 'MOON'"):
        last_session(DAY, calendar="MOON")


# --- files


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "closes.csv"
    path.write_text(
        "Ticker,date,close,adj_close,volume\nAAPL,2020-08-27,500.04,125,10\nAAPL,2020-08-28,499.23,124.8,10\n"
        "ONLYADJ,2020-08-28,,50,1\nOLD,2020-08-20,9,9,\nNA,2020-08-28,3,3,5\n"
    )
    return path


def test_a_file_answers_as_a_source_does(table: Path) -> None:
    source = Closes(TableSource(table, asked=NOW))
    found = source.prices(["AAPL", "ONLYADJ", "OLD", "NOSUCH"], day=DAY)
    assert isinstance(found["AAPL"], Quote)
    assert (found["AAPL"].price, found["AAPL"].source) == (Decimal("499.23"), "file closes.csv")
    assert {one: answer.reason for one, answer in found.items() if isinstance(answer, Failure)} == {
        "ONLYADJ": "adjusted_price", "OLD": "stale_price", "NOSUCH": "no_price",
    }  # fmt: skip


def test_parquet_and_csv_are_the_same_source(table: Path, tmp_path: Path) -> None:
    frame = pd.read_csv(table)
    frame["date"] = pd.to_datetime(frame["date"])
    frame.to_parquet(tmp_path / "closes.parquet")
    one = TableSource(table, asked=NOW).histories(["AAPL"], start=date(2020, 8, 27), end=DAY)["AAPL"]
    two = TableSource(tmp_path / "closes.parquet", asked=NOW).histories(["AAPL"], start=date(2020, 8, 27), end=DAY)[
        "AAPL"
    ]
    assert isinstance(one, Series)
    assert isinstance(two, Series)
    assert (one.close.tolist(), one.dates.tolist()) == (two.close.tolist(), two.dates.tolist())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("symbol,price\nA,1\n", "no column date and no column close"),
        ("symbol,date,close\nA,2020-13-01,1\n", "row 2: '2020-13-01'"),
    ],
)
def test_a_file_that_is_none_says_where(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "x.csv").write_text(text)
    with pytest.raises(BookError, match=words):
        TableSource(tmp_path / "x.csv", asked=NOW)
    with pytest.raises(BookError, match="There is no file of prices"):
        TableSource(tmp_path / "y.csv", asked=NOW)


# --- what is kept


class Counting:
    """A source that counts; BAD never answers."""

    name = "counting"

    def __init__(self, *, asked: datetime = NOW) -> None:
        self.calls: list[list[str]] = []
        self.asked = asked

    def histories(self, symbols: Sequence[str], *, start: date, end: date) -> Mapping[str, Series | Failure]:
        self.calls.append(list(symbols))
        found: dict[str, Series | Failure] = {}
        for symbol in symbols:
            whole = series([1.0, 2.0, 3.0, 4.0, 5.0], symbol=symbol)
            kept = {name: getattr(whole, name) for name in whole.__slots__ if name != "asked"}
            found[symbol] = Series(**kept, asked=self.asked)
            if symbol == "BAD":
                found[symbol] = failed(Reason.NO_ANSWER, "BAD", source="counting", what="x", cure="y")
        return found


def test_what_was_answered_is_not_asked_again_and_failures_are(tmp_path: Path) -> None:
    inner = Counting()
    kept = KeptSource(inner, tmp_path)
    first = kept.histories(["A", "BAD"], start=date(2020, 8, 24), end=DAY)
    again = kept.histories(["A", "BAD"], start=date(2020, 8, 25), end=DAY)
    assert inner.calls == [["A", "BAD"], ["BAD"]]
    one, two = first["A"], again["A"]
    assert isinstance(one, Series)
    assert isinstance(two, Series)
    assert one.close[-4:].tolist() == two.close[-4:].tolist()
    assert (two.source, two.asked) == ("test", NOW)
    kept.histories(["A"], start=date(2020, 8, 1), end=DAY)  # reaches further back: all of it again
    assert inner.calls[-1] == ["A"]


def test_an_answer_given_before_the_day_was_over_is_not_used_again(tmp_path: Path) -> None:
    inner = Counting(asked=datetime(2020, 8, 28, 19, 0, tzinfo=UTC))
    kept = KeptSource(inner, tmp_path)
    for _ in range(2):
        kept.histories(["A"], start=date(2020, 8, 24), end=DAY)
    assert len(inner.calls) == 2


@pytest.mark.parametrize("garbage", [b"", b"PAR1 not really", b"\x00" * 100])
def test_a_kept_file_that_cannot_be_read_is_as_good_as_none(tmp_path: Path, garbage: bytes) -> None:
    inner = Counting()
    kept = KeptSource(inner, tmp_path)
    kept.histories(["A"], start=date(2020, 8, 24), end=DAY)
    for file in tmp_path.iterdir():
        file.write_bytes(garbage)
    found = kept.histories(["A"], start=date(2020, 8, 24), end=DAY)["A"]
    assert isinstance(found, Series)
    assert len(inner.calls) == 2


def test_symbols_that_look_alike_in_a_file_name_are_kept_apart(tmp_path: Path) -> None:
    kept = KeptSource(Counting(), tmp_path)
    kept.histories(["A/B", "A.B", "A_B", "a_b"], start=date(2020, 8, 24), end=DAY)
    assert len(list(tmp_path.iterdir())) == 4
