"""My broker tells positions and an average price, and no lots. Where do they come from? From every execution there was.

python examples/43_lots_from_a_broker.py        (from a shell: lotwright import alpaca --book BOOK, keys in the environment)
"""

import csv
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from lotwright.book.kinds import AccountKind, Side
from lotwright.cli.import_broker import asked
from lotwright.execution.alpaca import connect
from lotwright.execution.broker import OrderRequest
from lotwright.execution.standin.house import KEY, SECRET, House
from lotwright.execution.standin.opening import open_with
from lotwright.execution.standin.securities import security
from lotwright.execution.standin.server import Server
from lotwright.execution.standin.timing import StandInTime
from lotwright.files.imports.broker import statement_of
from lotwright.files.imports.findings import Findings
from lotwright.files.imports.merge import NewAccounts
from lotwright.files.imports.policy import Policy
from lotwright.files.imports.run import Request, import_statement

exchange = open_with(cash=Decimal(20_000), securities=[security("KO", Decimal("33.97"))])
house = House({KEY: exchange}, time=StandInTime(datetime(2026, 11, 23, 15, 30, tzinfo=UTC)), limit=None)
with Server(house) as server, TemporaryDirectory() as folder:
    broker = connect(environ={"APCA_API_KEY_ID": KEY, "APCA_API_SECRET_KEY": SECRET}, url=server.url)
    for number, (side, shares, limit) in enumerate(((Side.BUY, 33, 35), (Side.BUY, 20, 35), (Side.SELL, 10, 33))):
        broker.submit(
            OrderRequest(
                client_id=f"example-43-{number}", symbol="KO", side=side, quantity=Decimal(shares), limit=Decimal(limit)
            )
        )
        house.advance({"seconds": 10})
    house.control(KEY, "split", {"symbol": "KO", "ratio": "1.5"})
    print(
        f"The broker: {broker.positions()['KO'].quantity} KO, average price ${broker.positions()['KO'].average_price}"
    )

    findings = Findings()
    account = asked(broker)
    request = Request(
        book=Path(folder),
        policy=Policy(as_of=date(2026, 11, 23)),
        given=NewAccounts(kind=AccountKind.TAXABLE, model="CORE"),
    )
    report = import_statement("alpaca", statement_of(account, findings), request, findings)
    for finding in report.findings:
        print(finding.fault.message)
    for table in ("lots", "transactions"):
        with (Path(folder) / f"{table}.csv").open(encoding="utf-8") as file:
            for row in csv.DictReader(file):
                told = f"basis ${row['basis']}" if table == "lots" else f"{row['action']} at ${row['price']}"
                print(f"{table:<12} {row['quantity']:>4} {row['symbol']}, {told}")
