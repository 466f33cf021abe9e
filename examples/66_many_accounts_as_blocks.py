"""Thirty accounts want the same stock. One order, a fair price for all, every share and cent given back.

python examples/66_many_accounts_as_blocks.py        (from a shell: lotwright execute RUN --blocks ...)
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
from lotwright.execution.in_blocks import in_blocks, shared_out
from lotwright.execution.journal import Journal
from lotwright.execution.rules import Rules
from lotwright.execution.sheet import OrderSheet
from lotwright.execution.simulated import SimulatedBroker
from lotwright.execution.waiting import RealWaiting

price = Decimal("310.00")


def sheet(number: int) -> OrderSheet:
    name, shares = f"A{number:02}", Decimal(number % 7 + 1)
    sale = Trade(account=name, symbol="VTI", side=Side.SELL, quantity=shares, price=price, value=shares * price)
    return OrderSheet(
        plan=f"{number:064}",
        account=name,
        household=name,
        as_of=date(2026, 11, 20),
        trades=(sale,),
        positions={"VTI": Decimal(20)},
        cash_before=Decimal(0),
    )


made = in_blocks([sheet(number) for number in range(30)])
(block,) = made.sheet.trades
print(f"{len(made.sheets)} accounts, {len(made.sheet.trades)} order: {block.side} {block.quantity} {block.symbol}")
broker = SimulatedBroker.open(
    None,
    number="PA66",
    positions=made.sheet.positions or {},
    cash=Decimal(0),
    prices={"VTI": price},
    now=datetime(2026, 11, 23, 10, 30, tzinfo=ZoneInfo("America/New_York")),
)
with TemporaryDirectory() as folder, Journal(Path(folder)) as journal:
    around = Surroundings(journal=journal, rules=Rules(), waiting=RealWaiting(), is_sending=True)
    report = carry_out(made.sheet, broker, around)
print(report.stop)

parts = shared_out(report, made)
print(f"done: {sum(part.is_done for part in parts)} of {len(parts)} accounts")
received = sum(line.paid or Decimal(0) for part in parts for line in part.lines)
print(f"received by the accounts ${received:,.2f}, by the block ${report.lines[0].paid:,.2f}")
