"""What if the answer to every order is lost? The plan is carried out once all the same, and a second run does nothing.

python examples/62_once_and_only_once.py        (from a shell: lotwright execute PLAN --broker alpaca --state DIR --execute)
"""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from lotwright.book.kinds import Side
from lotwright.book.trades import Trade
from lotwright.execution.carry_out import carry_out
from lotwright.execution.desk import Surroundings
from lotwright.execution.journal import Journal
from lotwright.execution.rules import Rules
from lotwright.execution.sheet import OrderSheet
from lotwright.execution.simulated import SimulatedBroker
from lotwright.execution.standin.faults import Fault, Kind
from lotwright.execution.waiting import RealWaiting


def trade(side: Side, symbol: str, shares: int, price: str) -> Trade:
    value = shares * Decimal(price)
    return Trade(account="IRA", symbol=symbol, side=side, quantity=Decimal(shares), price=Decimal(price), value=value)


held = {"VTI": Decimal(40)}
trades = (trade(Side.SELL, "VTI", 10, "310.00"), trade(Side.BUY, "BND", 42, "73.00"))
sheet = OrderSheet(
    plan="62" * 32, account="IRA", household="DOE", as_of=date(2026, 11, 20), trades=trades, positions=held
)
broker = SimulatedBroker.open(
    None,
    number="PA62",
    positions=held,
    cash=Decimal(50),
    prices={"VTI": Decimal("310.00"), "BND": Decimal("73.00")},
    now=datetime(2026, 11, 23, 10, 30, tzinfo=ZoneInfo("America/New_York")),
)
broker.house.faults.add(Fault(kind=Kind.CLOSE_AFTER, method="POST", times=None))  # accepted, and the answer lost

with TemporaryDirectory() as folder, Journal(Path(folder)) as journal:
    around = Surroundings(journal=journal, rules=Rules(), waiting=RealWaiting(), is_sending=True)
    for turn in ("first", "second"):
        before = sum(asked.is_modifying for asked in broker.house.asked)
        report = carry_out(sheet, broker, around)
        sent = sum(asked.is_modifying for asked in broker.house.asked) - before
        print(f"{turn} run: {sent} orders sent. {report.stop}")
    print("written down before and after each:", ", ".join(dict.fromkeys(record.kind for record in journal)))

for done in broker.house.exchange.ledger.executions:
    print(f"the broker's own ledger: {done.side} {done.quantity} {done.symbol} at ${done.price}")
