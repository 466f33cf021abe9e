"""Laws of the stand-in's exchange and ledger: it judges others, so it must be right itself."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lotwright.book.kinds import Side
from lotwright.errors import BrokerError
from lotwright.execution.broker import Accepted
from lotwright.execution.simulated import SimulatedBroker
from lotwright.execution.standin.commands import command
from lotwright.execution.standin.exchange import Exchange
from lotwright.execution.standin.faults import read_fault
from lotwright.execution.standin.forms import account_form, order_form, position_form
from lotwright.execution.standin.house import KEY, House
from lotwright.execution.standin.orders import Placed
from lotwright.execution.standin.sessions import Sessions, holidays
from lotwright.execution.standin.tape import Tape
from lotwright.execution.standin.timing import StandInTime
from tests.brokers.standing import MONDAY, buy, house, sell

SYMBOLS = ("AAA", "BBB", "CCC")
quantities = st.one_of(st.integers(1, 60).map(Decimal), st.decimals("0.001", "9.999", places=3))
manners = st.fixed_dictionaries(
    {
        "parts": st.lists(st.tuples(st.floats(0, 90), st.sampled_from(["0.2", "0.35", "0.5", "1"])), max_size=4),
        "cancel_after": st.one_of(st.none(), st.floats(0, 20)),
        "cancel_loses": st.booleans(),
        "depth": st.one_of(st.none(), st.integers(1, 10)),
        "rejected_after": st.one_of(st.none(), st.floats(0, 5)),
    }
)
orders = st.fixed_dictionaries(
    {
        "symbol": st.sampled_from(SYMBOLS),
        "side": st.sampled_from(["buy", "sell"]),
        "type": st.just("limit"),
        "time_in_force": st.sampled_from(["day", "day", "gtc", "ioc", "fok", "cls"]),
        "qty": quantities.map(str),
        "limit_price": st.integers(10, 260).map(str),
    }
)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("submit"), orders),
        st.tuples(st.just("cancel"), st.integers(0, 20)),
        st.tuples(st.just("quote"), st.tuples(st.sampled_from(SYMBOLS), st.integers(10, 250))),
        st.tuples(st.just("manner"), st.tuples(st.sampled_from([*SYMBOLS, "*"]), manners)),
        st.tuples(st.just("wait"), st.integers(1, 40_000)),
    ),
    min_size=1,
    max_size=25,
)


def play(
    exchange: Exchange, moves: list[tuple[str, object]], look: Callable[[Exchange, datetime], object] | None = None
) -> datetime:
    now = MONDAY
    for name, what in moves:
        if look is not None:
            look(exchange, now)
        if name == "submit":
            exchange.submit(what, now)  # type: ignore[arg-type]
        elif name == "cancel" and exchange.orders:
            chosen = list(exchange.orders)[what % len(exchange.orders)]  # type: ignore[operator]
            exchange.cancel(chosen, now)
        elif name == "quote":
            symbol, price = what  # type: ignore[misc]
            command(exchange, "quote", {"symbol": symbol, "price": str(price)}, now)
        elif name == "manner":
            symbol, manner = what  # type: ignore[misc]
            command(exchange, "manner", {"symbol": symbol, **manner}, now)
        elif name == "wait":
            now += timedelta(seconds=what)  # type: ignore[arg-type]
            exchange.run(now)
    exchange.run(now)
    return now


@given(moves=steps)
@settings(max_examples=60)
def test_shares_money_and_orders_always_agree(moves: list[tuple[str, object]]):
    exchange = house().exchange
    began = {symbol: exchange.ledger.held(symbol) for symbol in SYMBOLS}
    play(exchange, moves)
    ledger = exchange.ledger
    done = ledger.executions
    for symbol in SYMBOLS:
        change = ledger.executed(Side.BUY, symbol) - ledger.executed(Side.SELL, symbol)
        assert ledger.held(symbol) == began[symbol] + change >= 0
    assert ledger.cash == 10_000 + sum(each.amount for each in done)
    for order in exchange.orders.values():
        mine = [each for each in done if each.order == order.id]
        assert order.quantity is not None
        assert sum(each.quantity for each in mine) == order.filled <= order.quantity
        assert (order.status == "filled") is (order.filled == order.quantity)
        assert order.status != "rejected" or not order.filled
        assert all(each.price <= order.limit if order.side is Side.BUY else each.price >= order.limit for each in mine)
        assert (order in exchange.open_orders()) is not order.is_over
    assert [each.at for each in done] == sorted({each.at for each in done})
    assert len({each.name for each in done}) == len(done)


@given(moves=steps)
@settings(max_examples=25)
def test_the_same_calls_give_the_same_fills_and_looking_changes_nothing(moves: list[tuple[str, object]]):
    one, other = house().exchange, house().exchange
    play(one, moves)
    play(other, moves, look)
    assert one.ledger.executions == other.ledger.executions
    assert [order.status for order in one.orders.values()] == [order.status for order in other.orders.values()]


def look(exchange: Exchange, now: datetime) -> None:
    """Read everything there is to read."""
    exchange.run(now)
    account_form(exchange, now)
    for symbol in exchange.ledger.symbols():
        position_form(exchange, symbol)
    for order in exchange.orders.values():
        order_form(order, exchange)


@given(moves=steps, jump=st.integers(1, 200_000))
@settings(max_examples=25)
def test_many_small_waits_are_one_long_wait(moves: list[tuple[str, object]], jump: int):
    one, other = house().exchange, house().exchange
    at = play(one, moves)
    play(other, moves)
    one.run(at + timedelta(seconds=jump))
    for second in sorted(random.Random(jump).sample(range(jump), min(jump, 20))):
        other.run(at + timedelta(seconds=second))
    other.run(at + timedelta(seconds=jump))
    assert one.ledger.executions == other.ledger.executions


def test_a_fill_or_kill_order_fills_whole_or_not_at_all():
    exchange = house().exchange
    command(exchange, "manner", {"symbol": "AAA", "parts": [[0, "0.5"], [0, "0.5"]], "depth": None}, MONDAY)
    body = {"symbol": "AAA", "side": "buy", "type": "limit", "time_in_force": "ioc", "qty": "10", "limit_price": "51"}
    placed = exchange.submit(body, MONDAY)
    command(exchange, "manner", {"symbol": "AAA", "parts": [[0, "0.5"]]}, MONDAY)
    killed = exchange.submit({**body, "time_in_force": "fok"}, MONDAY)
    exchange.run(MONDAY)
    assert isinstance(placed, Placed)
    assert isinstance(killed, Placed)
    assert (placed.status, placed.filled) == ("filled", 10)
    assert (killed.status, killed.filled) == ("canceled", 0)


# NYSE, "Holidays and Trading Hours", published for 2025, 2026 and 2027 (nyse.com/markets/hours-calendars)
PUBLISHED = {
    2025: "01-01 01-20 02-17 04-18 05-26 06-19 07-04 09-01 11-27 12-25",
    2026: "01-01 01-19 02-16 04-03 05-25 06-19 07-03 09-07 11-26 12-25",
    2027: "01-01 01-18 02-15 03-26 05-31 06-18 07-05 09-06 11-25 12-24",
}


@pytest.mark.parametrize("year", PUBLISHED)
def test_holidays_are_the_published_ones(year: int):
    assert holidays(year) == {date.fromisoformat(f"{year}-{day}") for day in PUBLISHED[year].split()}


@pytest.mark.filterwarnings("ignore")  # the library's own, with the newest pandas
def test_sessions_agree_with_the_calendar_library():
    library = pytest.importorskip("exchange_calendars", reason="needs exchange_calendars, the second opinion")
    theirs = library.get_calendar("XNYS", start="2019-01-01", end="2031-12-31")
    expected = {day.date(): (theirs.session_open(day), theirs.session_close(day)) for day in theirs.sessions}
    ours = {day.date: (day.opens, day.closes) for day in Sessions().between(date(2019, 1, 1), date(2031, 12, 31))}
    assert ours == expected


def test_a_closed_day_by_hand():
    sessions = Sessions(closed=frozenset({date(2026, 11, 23)}), early=frozenset({date(2026, 11, 24)}))
    assert sessions.on(date(2026, 11, 23)) is None
    assert sessions.next_close(datetime(2026, 11, 23, 15, tzinfo=UTC)) == datetime(2026, 11, 24, 18, tzinfo=UTC)


def opened(path: Path | None, *, cash: str = "10000") -> SimulatedBroker:
    return SimulatedBroker.open(
        path,
        number="ROTH-1",
        positions={"AAA": Decimal(100), "BBB": Decimal(0)},
        cash=Decimal(cash),
        prices={"AAA": Decimal(50), "BBB": Decimal(200)},
        now=MONDAY,
    )


def test_a_saved_stand_in_goes_on_in_another_process(tmp_path: Path):
    path = tmp_path / "deep" / "account.jsonl"
    first = opened(path)
    first.submit(sell("s", "AAA", "40", "49"))
    first.house.control(KEY, "manner", {"symbol": "BBB", "parts": [[0, "0.5"], [60, "0.5"]]})
    first.house.advance({"seconds": 3})
    first.submit(buy("b", "BBB", "4", "210"))
    first.house.settle()
    second = opened(path, cash="1")
    assert second.account().number == "ROTH-1"
    second.house.settle()
    assert second.house.ledger(KEY)["executions"] == first.house.ledger(KEY)["executions"]
    assert second.account().cash == first.account().cash
    second.house.advance({"seconds": 61})
    assert [order.filled for order in second.orders_since(MONDAY - timedelta(days=1))] == [40, 4]
    assert second.submit(sell("s", "AAA", "40", "49")).refusal == "duplicate"  # type: ignore[union-attr]


def test_a_torn_last_line_is_forgotten_and_the_next_stands_alone(tmp_path: Path):
    path = tmp_path / "account.jsonl"
    opened(path).submit(sell("s", "AAA", "40", "49"))
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"key": "PKSTAN')
    again = opened(path)
    assert path.read_bytes() == whole
    assert isinstance(again.submit(sell("t", "AAA", "10", "49")), Accepted)
    assert opened(path).positions()["AAA"].quantity == 50


def test_a_file_of_something_else_is_refused(tmp_path: Path):
    path = tmp_path / "x"
    path.write_text('{"a": 1}\n')
    with pytest.raises(BrokerError, match="is no stand-in's file"):
        opened(path)
    path.write_text('{"opening": {}}\nnonsense\n')
    with pytest.raises(BrokerError, match="line 2: not JSON"):
        House({KEY: house().exchange}, time=StandInTime(MONDAY), tape=Tape(path, opening={}))


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("nope", {}, "knows no command 'nope'"),
        ("quote", {"symbol": "NONE", "bid": "1", "ask": "2"}, "no security NONE"),
        ("quote", {"symbol": "AAA", "price": "NaN"}, "is no number"),
        ("manner", {"symbol": "AAA", "speed": 1}, "a manner has no speed"),
        ("security", {"symbol": "AAA", "halted": "yes"}, "neither true nor false"),
        ("terms", {"nope": 1}, "the account has no nope"),
        ("terms", {"trading_blocked": "no"}, "neither true nor false"),
        ("advance", {}, "advance takes seconds"),
        ("advance", {"to": "2026-11-24T10:00"}, "no time zone"),
        ("fault", {"kind": "nope"}, "cannot be read"),
        ("fault", {"kind": "half", "nope": 1}, "A fault has"),
        ("fault", {"kind": "half", "path": "("}, "cannot be read"),
    ],
)
def test_a_wrong_command_says_what_is_wrong_with_it(name: str, arguments: dict[str, object], words: str):
    with pytest.raises(BrokerError, match=words):
        house().control(KEY, name, arguments)


def test_a_fault_is_read_from_json():
    fault = read_fault({"kind": "close_after", "method": "POST", "times": None, "chance": 0.5})
    assert fault.strikes("POST", "/v2/orders")
    assert not fault.strikes("GET", "/v2/orders")
