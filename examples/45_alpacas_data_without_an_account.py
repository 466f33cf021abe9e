"""What do Alpaca's trades, quotes and bars say of a security? Asked through alpaca-py, of a stand-in on this machine.

python examples/45_alpacas_data_without_an_account.py        (with keys: lotwright prices BOOK --source alpaca --feed iex)
"""

from datetime import UTC, date, datetime

from lotwright import Failure
from lotwright.execution.keys import Keys
from lotwright.execution.standin.faults import Fault
from lotwright.execution.standin.faults import Kind as FaultKind
from lotwright.execution.standin.house import KEY, SECRET, House
from lotwright.execution.standin.opening import demonstration
from lotwright.execution.standin.server import Server
from lotwright.execution.standin.timing import StandInTime
from lotwright.market.alpaca import AlpacaSource, Kind

monday = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)
house = House({KEY: demonstration()}, time=StandInTime(monday))

with Server(house) as server:
    for kind in Kind:
        source = AlpacaSource(Keys(KEY, SECRET), now=lambda: monday, kind=kind, url=server.url.removesuffix("/v2"))
        for symbol, answer in source.prices(["VTI", "NOSUCH"], day=monday.date()).items():
            if isinstance(answer, Failure):
                print(f"{source.name} {kind}: {symbol} has none ({answer.reason})")
            else:
                half = "" if answer.half_spread is None else f", half-spread {answer.half_spread * 10_000:.1f} bp"
                print(f"{answer.source}: {symbol} ${answer.price} at {answer.at:%H:%M:%S} UTC{half}")

    house.faults.add(Fault(kind=FaultKind.FAIL_BEFORE, method="GET", status=500, times=10))
    patient = AlpacaSource(
        Keys(KEY, SECRET), now=lambda: monday, url=server.url.removesuffix("/v2"), sleep=lambda _: None
    )
    lost = patient.prices(["VTI"], day=date(2026, 11, 23))["VTI"]
    print(f"When its servers fail: {lost.message if isinstance(lost, Failure) else lost}")
