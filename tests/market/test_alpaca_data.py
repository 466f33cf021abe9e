"""alpaca-py itself, over HTTP, against a stand-in of the market data API."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from lotwright.book.failure import Failure
from lotwright.errors import ProgramError
from lotwright.execution.keys import Keys
from lotwright.market.alpaca import AlpacaSource, Kind
from lotwright.market.answers import Quote, Series
from lotwright.market.asking import Patience
from tests.market.conftest import NOW, PATIENT, QUICK
from tests.market.standin import AAPL, Heard

DAY = date(2020, 8, 28)
SECRET = "canary-secret-1234567890"
Make = Callable[..., AlpacaSource]


@pytest.fixture
def make(alpaca_url: tuple[str, Heard]) -> Make:
    def source(**options: Any) -> AlpacaSource:
        keys = Keys("PKCANARY12345678", SECRET)
        return AlpacaSource(
            keys, now=lambda: NOW, url=alpaca_url[0], sleep=lambda _: None, **{"patience": PATIENT, **options}
        )

    return source


def price(source: AlpacaSource, symbol: str) -> Quote | Failure:
    return source.prices([symbol], day=DAY)[symbol]


def test_the_last_trade_with_its_own_time_and_feed(make: Make, alpaca_url: tuple[str, Heard]) -> None:
    found = price(make(feed="iex"), "AAPL")
    assert isinstance(found, Quote)
    assert (found.price, found.source) == (Decimal("499.23"), "alpaca iex trade")
    assert found.at == datetime(2020, 8, 28, 19, 59, 59, 123456, tzinfo=UTC)
    assert alpaca_url[1].queries[-1][1]["feed"] == "iex"
    assert alpaca_url[1].headers[-1]["apca-api-secret-key"] == SECRET


def test_the_middle_of_a_quote_and_half_its_spread(make: Make) -> None:
    found = price(make(kind=Kind.QUOTE), "AAPL")
    assert isinstance(found, Quote)
    assert found.price == Decimal("499.23")
    assert found.half_spread == Decimal("0.000060")  # 0.03 / 499.23, by hand: 6.0092e-5


@pytest.mark.parametrize("symbol", ["ONESIDED", "CROSSED", "WIDE"])
def test_a_quote_whose_middle_is_no_price(make: Make, symbol: str) -> None:
    found = price(make(kind=Kind.QUOTE), symbol)
    assert isinstance(found, Failure)
    assert (found.reason, "make no price" in found.message) == ("bad_answer", True)


@pytest.mark.parametrize(
    ("symbol", "reason", "words"),
    [
        ("R429", "rate_limited", "too often"),
        ("E500", "no_answer", "status 500"),
        ("CUT", "bad_answer", "cannot be read"),
        ("LIST", "bad_answer", "cannot be read"),
        ("HANGUP", "no_answer", "did not answer"),
        ("BADKEY", "no_answer", "does not accept the keys"),
        ("NOSUCH", "no_price", "has nothing"),
        ("BAD/SYMBOL", "no_price", "has nothing"),
        ("STALE", "stale_price", "its last is of 2020-08-27"),
        ("GONE", "bad_answer", "canceled"),
        ("ZERO", "bad_answer", "no price"),
        ("WORD", "bad_answer", "no number"),
        ("TIMELESS", "bad_answer", "time"),
        ("TEXT", "bad_answer", "time"),
    ],
)
def test_what_is_no_answer_is_a_failure_that_says_why(make: Make, symbol: str, reason: str, words: str) -> None:
    found = price(make(), symbol)
    assert isinstance(found, Failure)
    assert found.reason == reason
    assert words in found.message
    assert SECRET not in repr(found)


def test_an_answer_that_takes_too_long_is_none(make: Make) -> None:
    found = price(make(patience=QUICK), "SLOW")
    assert isinstance(found, Failure)
    assert (found.reason, "did not answer" in found.message) == ("no_answer", True)


def test_the_day_is_that_of_new_york(make: Make) -> None:
    """23:59:59 UTC of 28 August is 19:59:59 there, the end of the extended hours of the same day."""
    assert isinstance(price(make(), "LATE"), Quote)


def test_a_symbol_the_api_refuses_costs_no_other_its_price(make: Make) -> None:
    found = make().prices(["AAPL", "BAD/SYMBOL", "NOSUCH"], day=DAY)
    assert {one: isinstance(answer, Quote) for one, answer in found.items()} == {
        "AAPL": True, "BAD/SYMBOL": False, "NOSUCH": False,
    }  # fmt: skip


def test_a_passing_fault_is_asked_again_by_us_alone(make: Make, alpaca_url: tuple[str, Heard]) -> None:
    assert isinstance(price(make(), "ONCE"), Quote)
    assert alpaca_url[1].of("trades/latest") == 2
    price(make(), "R429")
    assert alpaca_url[1].of("trades/latest") == 2 + PATIENT.attempts


def test_bars_as_traded_beside_adjusted_ones_over_pages(make: Make, alpaca_url: tuple[str, Heard]) -> None:
    found = make(feed="sip").histories(["AAPL", "NOSUCH"], start=date(2020, 8, 26), end=date(2020, 9, 1))
    series = found["AAPL"]
    assert isinstance(series, Series)
    assert series.close.tolist() == list(AAPL.values())
    assert series.adj_close[2:4] == pytest.approx([499.23 / 4 * 0.99, 129.04 * 0.99])
    assert isinstance(found["NOSUCH"], Failure)
    asked = [query for path, query in alpaca_url[1].queries if path.endswith("/bars")]
    assert {query["adjustment"] for query in asked} == {"raw", "all"}
    assert len(asked) == 6  # three pages of each
    close = make(kind=Kind.BAR).prices(["AAPL"], day=DAY)["AAPL"]
    assert isinstance(close, Quote)
    assert close.price == Decimal("499.23")


def test_pages_without_an_end_are_no_answer(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lotwright.market.alpaca._MOST_PAGES", 20)
    found = make().histories(["ENDLESS"], start=date(2020, 8, 26), end=DAY)["ENDLESS"]
    assert isinstance(found, Failure)
    assert found.reason == "no_answer"


def test_keys_are_sent_to_nobody_else() -> None:
    with pytest.raises(ProgramError, match="keys are sent to no one else"):
        AlpacaSource(Keys("PK1", "s"), now=lambda: NOW, url="https://data.alpaca.markets.example.com")
    with pytest.raises(ProgramError, match=r"no feed 'ixe'.*iex"):
        AlpacaSource(Keys("PK1", "s"), now=lambda: NOW, feed="ixe")


def test_an_answer_byte_by_byte_is_given_up_after_a_while() -> None:
    """Against the project's own stand-in broker, which dribbles: no single byte is late, the answer as a whole is."""
    from lotwright.execution.standin.faults import Fault
    from lotwright.execution.standin.faults import Kind as FaultKind
    from lotwright.execution.standin.house import KEY, SECRET, House
    from lotwright.execution.standin.opening import demonstration
    from lotwright.execution.standin.server import Server
    from lotwright.execution.standin.timing import StandInTime

    monday = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)
    house = House({KEY: demonstration()}, time=StandInTime(monday))
    house.faults.add(Fault(kind=FaultKind.DRIBBLE, method="GET", seconds=3.0, times=None))
    patience = Patience(connect=3.0, silence=5.0, whole=0.3, attempts=1)
    with Server(house) as server:
        source = AlpacaSource(
            Keys(KEY, SECRET), now=lambda: monday, url=server.url.removesuffix("/v2"), patience=patience
        )
        found = source.prices(["VTI"], day=monday.date())["VTI"]
    assert isinstance(found, Failure)
    assert (found.reason, "did not answer" in found.message) == ("no_answer", True)
