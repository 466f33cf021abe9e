"""yfinance itself, over HTTP, against a stand-in: every fault is the failure it deserves, and no number."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from lotwright.book.failure import Failure
from lotwright.errors import ProgramError
from lotwright.market.answers import Series
from lotwright.market.source import Closes
from lotwright.market.yahoo import YahooSource
from tests.market.conftest import NOW, PATIENT, QUICK
from tests.market.standin import AAPL, SPLIT_DAY, Heard

DAY = date(2020, 8, 28)
START = date(2020, 8, 26)
Source = Callable[[], YahooSource]


@pytest.fixture
def source(yahoo_url: tuple[str, Heard], tmp_path: Path) -> YahooSource:
    return YahooSource(
        now=lambda: NOW, url=yahoo_url[0], patience=PATIENT, folder=tmp_path / "yf", sleep=lambda _: None
    )


def only(source: YahooSource, symbol: str) -> Series | Failure:
    return source.histories([symbol], start=START, end=DAY)[symbol]


def test_a_later_split_is_undone_in_the_price_and_not_in_the_returns(source: YahooSource) -> None:
    """AAPL closed at 499.23 on 28 August 2020 (its last day before 4:1), though Yahoo says 124.81 today."""
    found = only(source, "AAPL")
    assert isinstance(found, Series)
    assert found.close.round(2).tolist() == [AAPL[day] for day in sorted(AAPL) if day <= DAY]
    assert found.dates[-1] == np.datetime64(DAY)  # nothing after the day asked for
    assert found.adj_close[-1] == pytest.approx(499.23 / 4 * 0.99)
    assert found.splits == ()
    price = Closes(source).prices(["AAPL"], day=DAY)["AAPL"]
    assert not isinstance(price, Failure)
    assert (price.price, price.day, price.source, price.asked) == (Decimal("499.23"), DAY, "yfinance", NOW)


def test_a_split_before_the_day_is_told_and_changes_no_price_after_it(source: YahooSource) -> None:
    found = source.histories(["AAPL"], start=START, end=date(2020, 9, 1))["AAPL"]
    assert isinstance(found, Series)
    assert found.splits == ((SPLIT_DAY, 4.0),)
    assert found.close.round(2).tolist() == list(AAPL.values())


@pytest.mark.parametrize(
    ("symbol", "reason", "words"),
    [
        ("R429", "rate_limited", "too often"),
        ("E500", "no_answer", "status 500"),
        ("CUT", "bad_answer", "cannot be read"),
        ("TORN", "no_answer", "did not answer"),
        ("HANGUP", "no_answer", "did not answer"),
        ("EMPTY", "no_price", "empty table"),
        ("NOSUCH", "no_price", "knows no such symbol"),
        ("ZERO", "bad_answer", "which is no price"),
        ("MINUS", "bad_answer", "which is no price"),
        ("NAMELESS", "bad_answer", "currency"),
    ],
)
def test_what_is_no_answer_is_a_failure_that_says_why(
    source: YahooSource, symbol: str, reason: str, words: str
) -> None:
    found = only(source, symbol)
    assert isinstance(found, Failure)
    assert (found.reason, found.evidence["symbol"], found.evidence["source"]) == (reason, symbol, "yfinance")
    assert words in found.message


def test_an_answer_that_takes_too_long_is_none(yahoo_url: tuple[str, Heard], tmp_path: Path) -> None:
    slow = YahooSource(now=lambda: NOW, url=yahoo_url[0], patience=QUICK, folder=tmp_path, sleep=lambda _: None)
    found = only(slow, "SLOW")
    assert isinstance(found, Failure)
    assert (found.reason, "did not answer" in found.message) == ("no_answer", True)


@pytest.mark.parametrize(("symbol", "last"), [("STALE", "2020-08-27"), ("RUNNING", "2020-08-27")])
def test_a_close_of_the_day_before_is_stale_and_no_price(source: YahooSource, symbol: str, last: str) -> None:
    found = Closes(source).prices([symbol], day=DAY)[symbol]
    assert isinstance(found, Failure)
    assert (found.reason, found.evidence["last"]) == ("stale_price", last)


def test_a_class_of_shares_is_asked_as_yahoo_writes_it_and_answered_as_the_book_does(source: YahooSource) -> None:
    found = only(source, "BRK.B")
    assert isinstance(found, Series)
    assert found.symbol == "BRK.B"


def test_pence_are_hundredths_of_a_pound(source: YahooSource) -> None:
    found = only(source, "PENCE")
    assert isinstance(found, Series)
    assert found.currency == "GBP"
    assert found.close[-1] == pytest.approx(499.23 / 4 / 100)


@pytest.mark.parametrize("symbol", ["ONCE", "GARBLED"])
def test_a_passing_fault_is_asked_again(source: YahooSource, symbol: str) -> None:
    assert isinstance(only(source, symbol), Series)


def test_after_a_rate_limit_nothing_more_is_asked(source: YahooSource, yahoo_url: tuple[str, Heard]) -> None:
    found = source.histories(["AAPL", "R429", "ONCE", "STALE"], start=START, end=DAY)
    assert isinstance(found["AAPL"], Series)
    assert [found[one].reason for one in ("R429", "ONCE", "STALE")] == ["rate_limited"] * 3  # type: ignore[union-attr]
    assert yahoo_url[1].of("/chart/ONCE") == yahoo_url[1].of("/chart/STALE") == 0


def test_a_dead_line_is_not_asked_for_every_symbol(source: YahooSource, yahoo_url: tuple[str, Heard]) -> None:
    symbols = [f"E500{letter}" for letter in "ABCDEFGH"]
    found = source.histories(symbols, start=START, end=DAY)
    assert {answer.reason for answer in found.values() if isinstance(answer, Failure)} == {"no_answer"}
    assert len(found) == len(symbols)
    assert [bool(yahoo_url[1].of(f"/chart/{symbol}")) for symbol in symbols] == [True] * 5 + [False] * 3


def test_one_bad_symbol_costs_no_other_its_price(source: YahooSource) -> None:
    found = source.histories(["NOSUCH", "AAPL", "CUT", "E500"], start=START, end=DAY)
    assert [one for one, answer in found.items() if isinstance(answer, Series)] == ["AAPL"]
    assert list(found) == ["NOSUCH", "AAPL", "CUT", "E500"]


def test_only_this_machine_may_stand_in() -> None:
    with pytest.raises(ProgramError, match="not on this machine"):
        YahooSource(now=lambda: NOW, url="http://example.com")
