"""A small world to carry plans out in: one account on the stand-in's exchange, time that passes when somebody waits.

Everything is judged from the stand-in's own ledger, never from what the executor says of itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from lotwright.book.kinds import Character, Side
from lotwright.book.trades import LotSale, Trade
from lotwright.execution.alpaca import Patience, connect
from lotwright.execution.carry_out import carry_out
from lotwright.execution.desk import Surroundings
from lotwright.execution.facts import Session
from lotwright.execution.journal import Journal
from lotwright.execution.report import RunReport
from lotwright.execution.rest import RestBroker
from lotwright.execution.rules import Rules
from lotwright.execution.sheet import OrderSheet
from lotwright.execution.simulated import SimulatedBroker
from lotwright.execution.standin.exchange import Exchange
from lotwright.execution.standin.faults import Fault, Kind
from lotwright.execution.standin.house import KEY, SECRET, House
from lotwright.execution.standin.ledger import HeldLot
from lotwright.execution.standin.opening import open_with
from lotwright.execution.standin.securities import security
from lotwright.execution.standin.server import Server
from lotwright.execution.standin.sessions import Sessions
from lotwright.execution.standin.terms import Terms
from lotwright.execution.standin.timing import StandInTime
from lotwright.execution.stops import Reason

D = Decimal
NEW_YORK = ZoneInfo("America/New_York")
MONDAY = datetime(2026, 11, 23, 10, 30, tzinfo=NEW_YORK)
PRICES = {"AAA": D(100), "BBB": D(50), "CCC": D(20), "DDD": D("7.5"), "EEE": D(250)}
HELD = {"AAA": D(30), "BBB": D(40), "CCC": D(100)}
CASH = D(500)
ACCOUNT = "TRUST"
ENVIRON = {"APCA_API_KEY_ID": KEY, "APCA_API_SECRET_KEY": SECRET}
IMPATIENT = Patience(connect=1.0, silence=0.3, whole=0.5)


def lot_sale(symbol: str, quantity: Decimal, price: Decimal) -> LotSale:
    return LotSale(
        lot=f"{symbol}-1",
        acquired=date(2020, 1, 3),
        quantity=quantity,
        basis=D(0),
        proceeds=quantity * price,
        gain=quantity * price,
        character=Character.LONG,
    )


def trade(side: str, symbol: str, quantity: Decimal | int | str, price: Decimal | None = None) -> Trade:
    quantity, price = D(quantity), PRICES[symbol] if price is None else price
    return Trade(
        account=ACCOUNT,
        symbol=symbol,
        side=Side(side),
        quantity=quantity,
        price=price,
        value=round(quantity * price, 2),
        lots=(lot_sale(symbol, quantity, price),) if side == "sell" else (),
    )


TRADES = (trade("sell", "AAA", 10), trade("sell", "BBB", 20), trade("buy", "DDD", 200), trade("buy", "EEE", 3))


def sheet(*trades: Trade, **given: Any) -> OrderSheet:
    made = OrderSheet(
        plan="ab" * 32,
        account=ACCOUNT,
        household="SMITH",
        as_of=date(2026, 11, 20),
        trades=trades or TRADES,
        positions=HELD,
        cash_before=CASH,
    )
    return replace(made, **given)


class StandInWaiting:
    """Waiting moves the stand-in's clock, and what is due happens."""

    def __init__(self, time: StandInTime, then: Callable[[float], None] = lambda _: None) -> None:
        self._time = time
        self._start = time.now()
        self._then = then

    def seconds(self) -> float:
        return (self._time.now() - self._start).total_seconds()

    def sleep(self, seconds: float) -> None:
        self._time.advance(seconds)
        self._then(self.seconds())


_SERVERS: list[Server] | None = None
"""Servers of this test's worlds, where worlds are reached over HTTP; None: brokers are in this process."""


@contextmanager
def reached(how: str) -> Iterator[None]:
    """Worlds made within are reached ``in_process`` or ``over_http``: a socket, and the real alpaca-py client."""
    global _SERVERS
    _SERVERS = [] if how == "over_http" else None
    try:
        yield
    finally:
        for server in _SERVERS or ():
            server.stop()
        _SERVERS = None


@dataclass(eq=False)
class World:
    """One account at the stand-in. ``run`` carries a sheet out as one process would, with a journal in ``folder``."""

    folder: Path
    now: datetime = MONDAY
    held: dict[str, Decimal] = field(default_factory=lambda: dict(HELD))
    cash: Decimal = CASH
    limit: int | None = None
    rules: Rules = field(default_factory=Rules)
    terms: dict[str, Any] = field(default_factory=dict)
    sessions: Sessions = field(default_factory=Sessions)
    seed: int = 0

    def __post_init__(self) -> None:
        lots = [HeldLot(symbol=s, quantity=q, acquired=date(2020, 1, 3), price=D(1)) for s, q in self.held.items()]
        exchange = open_with(
            cash=self.cash,
            securities=[security(symbol, price) for symbol, price in PRICES.items()],
            lots=lots,
            terms=Terms(**{"number": "PA1", **self.terms}),
        )
        exchange.sessions = self.sessions
        self.house = House({KEY: exchange}, time=StandInTime(self.now), limit=self.limit, seed=self.seed)
        self.server: Server | None = None
        self.broker: RestBroker = SimulatedBroker(self.house)
        if _SERVERS is not None:
            self.server = Server(self.house).start()
            _SERVERS.append(self.server)
            self.broker = self.connected()

    def connected(self, *, local: Callable[[], datetime] | None = None) -> RestBroker:
        """The broker over HTTP; its waits move the stand-in's clock, and nothing it waits for takes long."""
        assert self.server is not None

        def wait(seconds: float) -> None:
            self.house.time.advance(seconds)

        return connect(environ=ENVIRON, url=self.server.url, patience=IMPATIENT, sleep=wait, local=local)

    def cut(self) -> None:
        """The line is dead."""
        if isinstance(self.broker, SimulatedBroker):
            self.broker.line.is_cut = True
            return
        self.fault("close_before", times=None)
        if self.server is not None:
            self.server.cut()

    def mend(self) -> None:
        """The line is whole again."""
        if isinstance(self.broker, SimulatedBroker):
            self.broker.line.is_cut = False
        self.house.faults.clear()

    @property
    def exchange(self) -> Exchange:
        return self.house.exchange

    def do(self, name: str, **given: Any) -> object:
        """A command to the stand-in: quote, manner, security, terms, submit, split ..."""
        return self.house.do(KEY, name, given)

    def fault(self, kind: str, **given: Any) -> None:
        self.house.faults.add(Fault(kind=Kind(kind), **given))

    def run(
        self,
        wanted: OrderSheet | None = None,
        *,
        folder: Path | None = None,
        is_sending: bool = True,
        wants_stop: Callable[[], Reason | None] = lambda: None,
        then: Callable[[float], None] = lambda _: None,
        known_session: Callable[[date], Session | None] | None = None,
        broker: Any = None,
        record: Callable[[str, Mapping[str, Any]], object] | None = None,
    ) -> RunReport:
        with Journal(folder or self.folder, now=self.house.time.now, record=record) as journal:
            around = Surroundings(
                journal=journal,
                rules=self.rules,
                waiting=StandInWaiting(self.house.time, then),
                is_sending=is_sending,
                wants_stop=wants_stop,
            )
            return carry_out(wanted or sheet(), broker or self.broker, around, known_session=known_session)

    @property
    def modifying(self) -> list[str]:
        """Requests that could have changed the account."""
        return [f"{asked.method} {asked.path}" for asked in self.house.asked if asked.is_modifying]

    def executed(self) -> dict[tuple[str, str], Decimal]:
        """Shares really bought and sold, by the stand-in's ledger."""
        self.exchange.run(self.house.time.now())
        found: dict[tuple[str, str], Decimal] = {}
        for done in self.exchange.ledger.executions:
            key = (str(done.side), done.symbol)
            found[key] = found.get(key, D(0)) + done.quantity
        return found

    def never_more_than(self, wanted: OrderSheet | None = None) -> None:
        """Executed <= planned, and no position or cash below nothing."""
        planned = {(str(t.side), t.symbol): t.quantity for t in (wanted or sheet()).trades}
        for key, quantity in self.executed().items():
            assert quantity <= planned.get(key, D(0)), (key, quantity)
        assert self.exchange.ledger.cash >= 0

    def is_exact(self, wanted: OrderSheet | None = None) -> None:
        """Executed == planned, for every order, and nothing is open."""
        planned = {(str(t.side), t.symbol): t.quantity for t in (wanted or sheet()).trades}
        assert self.executed() == planned
        assert not self.exchange.open_orders()

    def executed_buys(self) -> Decimal:
        return sum((q for (side, _), q in self.executed().items() if side == "buy"), D(0))
