"""The stand-in as tests use it: one account, a clock that stands, and a broker of each kind on it.

``over_http`` is the Alpaca adapter, the real alpaca-py client and a socket; ``in_process`` the simulated broker.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from lotwright.book.kinds import Side
from lotwright.execution.alpaca import Patience, connect
from lotwright.execution.broker import OrderRequest
from lotwright.execution.facts import Order
from lotwright.execution.rest import RestBroker
from lotwright.execution.simulated import SimulatedBroker
from lotwright.execution.standin.house import KEY, SECRET, House
from lotwright.execution.standin.ledger import HeldLot
from lotwright.execution.standin.opening import open_with
from lotwright.execution.standin.securities import security
from lotwright.execution.standin.server import Server
from lotwright.execution.standin.terms import Terms
from lotwright.execution.standin.timing import StandInTime

MONDAY = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)
"""10:30 in New York, a full session."""
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
IMPATIENT = Patience(connect=1.0, silence=0.3, whole=0.5)
ENVIRON = {"APCA_API_KEY_ID": KEY, "APCA_API_SECRET_KEY": SECRET}
KINDS = ("over_http", "in_process")


@dataclass(frozen=True)
class Scene:
    """A broker and the stand-in behind it; ``kind`` says how it is reached."""

    kind: str
    broker: RestBroker
    house: House
    server: Server | None = None

    def command(self, name: str, **given: object) -> object:
        return self.house.control(KEY, name, given)

    def advance(self, seconds: float) -> None:
        self.house.advance({"seconds": seconds})

    def patient(self) -> RestBroker:
        """The broker with the timeouts people have: for long answers on a busy machine."""
        if self.server is None:
            return self.broker
        return connect(
            environ=ENVIRON, url=self.server.url, sleep=lambda seconds: void(self.house.time.advance(seconds))
        )

    def order(self, client_id: str) -> Order:
        found = self.broker.order(client_id)
        assert found is not None
        return found

    def sent(self) -> list[str]:
        """Modifying requests that came in."""
        return [f"{each.method} {each.path}" for each in self.house.asked if each.is_modifying]


def house(*, terms: Terms | None = None, at: datetime = MONDAY, limit: int | None = None, seed: int = 0) -> House:
    """100 AAA in two lots at $50, 40 BBB at $200, CCC and PENNY unheld, $10,000."""
    exchange = open_with(
        cash=Decimal(10_000),
        securities=[
            security("AAA", Decimal(50)),
            security("BBB", Decimal(200)),
            security("CCC", Decimal("20.005")),
            security("PENNY", Decimal("0.5")),
        ],
        lots=[
            HeldLot(symbol="AAA", quantity=Decimal(60), acquired=date(2024, 1, 2), price=Decimal(30)),
            HeldLot(symbol="AAA", quantity=Decimal(40), acquired=date(2026, 6, 1), price=Decimal(60)),
            HeldLot(symbol="BBB", quantity=Decimal(40), acquired=date(2025, 3, 3), price=Decimal(150)),
        ],
        terms=terms,
    )
    return House({KEY: exchange}, time=StandInTime(at), limit=limit, seed=seed)


@contextmanager
def scene(kind: str, made: House | None = None) -> Iterator[Scene]:
    """A broker of that kind; its waiting moves the stand-in's clock and takes no time."""
    stage = made or house()
    if kind == "in_process":
        yield Scene(kind, SimulatedBroker(stage), stage)
        return
    with Server(stage) as server:
        broker = connect(
            environ=ENVIRON, url=server.url, patience=IMPATIENT, sleep=lambda seconds: void(stage.time.advance(seconds))
        )
        yield Scene(kind, broker, stage, server)


def void(_: object) -> None:
    """Nothing."""


def buy(client_id: str, symbol: str, quantity: str, limit: str) -> OrderRequest:
    return OrderRequest(
        client_id=client_id, symbol=symbol, side=Side.BUY, quantity=Decimal(quantity), limit=Decimal(limit)
    )


def sell(client_id: str, symbol: str, quantity: str, limit: str) -> OrderRequest:
    return OrderRequest(
        client_id=client_id, symbol=symbol, side=Side.SELL, quantity=Decimal(quantity), limit=Decimal(limit)
    )
