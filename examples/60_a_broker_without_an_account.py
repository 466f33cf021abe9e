"""What happens to an order whose answer is lost? Ask a stand-in broker, through the adapter that talks to Alpaca.

python examples/60_a_broker_without_an_account.py        (from a shell: lotwright broker simulate)
"""

from datetime import UTC, datetime
from decimal import Decimal

from lotwright.book.kinds import Side
from lotwright.execution.alpaca import connect
from lotwright.execution.broker import OrderRequest, Unknown
from lotwright.execution.standin.faults import Fault, Kind
from lotwright.execution.standin.house import KEY, SECRET, House
from lotwright.execution.standin.opening import demonstration
from lotwright.execution.standin.server import Server
from lotwright.execution.standin.timing import StandInTime

monday = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)
house = House({KEY: demonstration()}, time=StandInTime(monday))
house.faults.add(Fault(kind=Kind.CLOSE_AFTER, method="POST"))  # the order arrives, its answer does not

with Server(house) as server:
    broker = connect(environ={"APCA_API_KEY_ID": KEY, "APCA_API_SECRET_KEY": SECRET}, url=server.url)
    print(f"{broker.name}: ${broker.account().spendable:,} to spend, {broker.positions()['VTI'].quantity} VTI held")

    bid = broker.quotes(["VTI"])["VTI"].bid or Decimal(0)
    order = OrderRequest(client_id="example-60", symbol="VTI", side=Side.SELL, quantity=Decimal(50), limit=bid)
    outcome = broker.submit(order)
    print(f"Sold 50 VTI at ${bid} or better: the adapter says {type(outcome).__name__}, and sends nothing again.")
    assert isinstance(outcome, Unknown)

    found = broker.order("example-60")
    print(f"Looked up by its id: {found.status}, {found.filled} shares at ${found.average_price}" if found else "gone")
    print(f"{sum(asked.is_modifying for asked in house.asked)} order was sent, and the broker's own ledger says:")
    for done in house.exchange.ledger.executions:
        print(f"  {done.side} {done.quantity} {done.symbol} at ${done.price}, ${done.amount:,} settles {done.settles}")
