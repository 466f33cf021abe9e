"""What if the process dies between sending an order and hearing of it? Start-up and recovery are one path.

python examples/63_killed_in_the_middle.py
"""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from lotwright.book.kinds import Side
from lotwright.book.trades import Trade
from lotwright.execution.broker import OrderRequest
from lotwright.execution.carry_out import carry_out
from lotwright.execution.desk import Surroundings
from lotwright.execution.journal import Journal
from lotwright.execution.rules import Rules
from lotwright.execution.sheet import OrderSheet
from lotwright.execution.simulated import SimulatedBroker
from lotwright.execution.waiting import RealWaiting


class PowerCut(BaseException):
    """Nothing catches it."""


class Unlucky:
    """A broker that takes the first order, and the power goes."""

    def __init__(self, broker: SimulatedBroker) -> None:
        self._broker = broker

    def __getattr__(self, name: str) -> object:
        return getattr(self._broker, name)

    def submit(self, request: OrderRequest) -> object:
        self._broker.submit(request)
        raise PowerCut


price, held = Decimal("310.00"), {"VTI": Decimal(40)}
sale = Trade(account="IRA", symbol="VTI", side=Side.SELL, quantity=Decimal(10), price=price, value=10 * price)
sheet = OrderSheet(
    plan="63" * 32, account="IRA", household="DOE", as_of=date(2026, 11, 20), trades=(sale,), positions=held
)
broker = SimulatedBroker.open(
    None,
    number="PA63",
    positions=held,
    cash=Decimal(50),
    prices={"VTI": price},
    now=datetime(2026, 11, 23, 10, 30, tzinfo=ZoneInfo("America/New_York")),
)

with TemporaryDirectory() as folder:
    for turn, at in (("first", Unlucky(broker)), ("second", broker)):
        with Journal(Path(folder)) as journal:
            around = Surroundings(journal=journal, rules=Rules(), waiting=RealWaiting(), is_sending=True)
            print(f"{turn} run finds in the journal: {[record.kind for record in journal]}")
            try:
                print(f"{turn} run: {carry_out(sheet, at, around).stop}")
            except PowerCut:
                print(f"{turn} run: dead. An intent is written down, and nobody here knows what became of it.")

print(
    f"orders at the broker: {len(broker.house.exchange.orders)}; sold: {broker.house.exchange.ledger.executed(Side.SELL, 'VTI')}"
)
