"""Holdings from a broker: the real adapter asks a stand-in over HTTP; lots come from its executions, checked against positions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from lotwright.book.kinds import Side
from lotwright.execution.alpaca import connect
from lotwright.execution.broker import Accepted, OrderRequest
from lotwright.execution.standin.faults import Fault, Kind
from lotwright.execution.standin.house import KEY, SECRET, House
from lotwright.execution.standin.opening import open_with
from lotwright.execution.standin.securities import security
from lotwright.execution.standin.server import Server
from lotwright.execution.standin.terms import Terms
from lotwright.execution.standin.timing import StandInTime
from lotwright.files.imports.broker import BrokerAccount, Execution, Happening, Held, statement_of
from lotwright.files.imports.findings import Findings
from lotwright.files.imports.merge import NewAccounts
from lotwright.files.imports.policy import Policy
from lotwright.files.imports.run import Request, import_statement

from .conftest import Call, Done, rows, state

MONDAY = datetime(2020, 3, 23, 15, 30, tzinfo=UTC)
NUMBER = "987654321"


@dataclass
class Scene:
    house: House
    server: Server
    call: Call
    book: Path
    broker: Any
    count: int = 0

    def trade(self, symbol: str, side: Side, quantity: str, limit: str) -> None:
        self.count += 1
        done = self.broker.submit(
            OrderRequest(
                client_id=f"o{self.count}", symbol=symbol, side=side, quantity=Decimal(quantity), limit=Decimal(limit)
            )
        )
        assert isinstance(done, Accepted), done
        self.house.advance({"seconds": 5})

    def command(self, name: str, **given: object) -> None:
        self.house.control(KEY, name, given)

    def fetch(self, *options: object) -> Done:
        return self.call(
            "import",
            "alpaca",
            "--book",
            self.book,
            "--url",
            self.server.url,
            "--kind",
            "taxable",
            "--model",
            "RIVERA_CORE",
            *options,
        )

    def lots(self) -> list[tuple[str, ...]]:
        return [tuple(row[c] for c in ("symbol", "quantity", "acquired", "basis")) for row in rows(self.book, "lots")]


@pytest.fixture
def scene(call: Call, book: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """An account with $50,000, on Monday, 23 March 2020, at the prices of the book."""
    for name, value in {"APCA_API_KEY_ID": KEY, "APCA_API_SECRET_KEY": SECRET}.items():
        monkeypatch.setenv(name, value)
    priced = {row["symbol"]: Decimal(row["price"]) for row in rows(book, "prices")}
    exchange = open_with(
        cash=Decimal(50_000),
        securities=[security(symbol, price) for symbol, price in priced.items()],
        terms=Terms(number=NUMBER),
    )
    house = House({KEY: exchange}, time=StandInTime(MONDAY), limit=None)
    with Server(house) as server:
        broker = connect(environ={"APCA_API_KEY_ID": KEY, "APCA_API_SECRET_KEY": SECRET}, url=server.url)
        yield Scene(house, server, call, book, broker)


def test_lots_are_rebuilt_and_the_book_is_planned(scene: Scene, tmp_path: Path) -> None:
    scene.trade("AAPL", Side.BUY, "40", "56")
    scene.trade("AAPL", Side.BUY, "20", "56")
    scene.trade("KO", Side.BUY, "50", "35")
    scene.trade("AAPL", Side.SELL, "45", "54")
    scene.command("dividend", symbol="KO", per_share="0.41")
    done = scene.fetch()
    assert done.status == 0, done.text
    fills = {
        (str(each.side), each.symbol, each.quantity): each.price
        for each in scene.broker.fills(datetime(2000, 1, 1, tzinfo=UTC))
    }
    price = next(iter(fills.values()))
    # 60 bought, 45 sold: all 40 of the first lot and 5 of the second are gone
    assert scene.lots() == [
        ("AAPL", "15", "2020-03-23", f"{15 * price:.2f}"), ("KO", "50", "2020-03-23", f"{50 * fills['buy', 'KO', Decimal(50)]:.2f}"),
    ]  # fmt: skip
    (account,) = rows(scene.book, "accounts")
    assert Decimal(account["cash"]) == scene.broker.account().cash
    assert account["account"] == "alpaca-4321"
    assert NUMBER not in done.text + str(done.report) + "".join(path.read_text() for path in scene.book.glob("*.csv"))
    before = state(scene.book)
    assert scene.fetch().report["accounts"][0]["status"] == "unchanged"
    assert state(scene.book) == before
    plan = tmp_path / "plan.json"
    assert scene.call("plan", scene.book, "--json", plan).status == 0
    assert scene.call("verify", plan, scene.book).status == 0


def test_a_split_is_noticed_and_its_fraction_sold(scene: Scene) -> None:
    scene.trade("KO", Side.BUY, "33", "35")
    scene.command("split", symbol="KO", ratio="1.5")
    done = scene.fetch()
    assert done.status == 0, done.text
    assert [lot[:2] for lot in scene.lots()] == [("KO", "49")]
    assert "is taken for 3 for 2: 33 shares became 49.5, and 0.5 of one was paid out" in " ".join(done.messages("note"))
    sale = rows(scene.book, "transactions")[-1]
    assert (sale["action"], sale["quantity"]) == ("sell", "0.5")


def test_shares_that_came_by_transfer_need_their_lots(scene: Scene, tmp_path: Path) -> None:
    scene.command("receive", symbol="PG", quantity="7", price="90")
    done = scene.fetch()
    assert done.status == 2
    assert "nobody says when 7 shares were acquired" in " ".join(done.messages("error"))
    assert "shares moved by transfer on 2020-03-23" in " ".join(done.messages("note"))
    (tmp_path / "lots.csv").write_text("symbol,quantity,acquired,basis\nPG,5,2015-01-02,400\nPG,2,2019-06-03,210\n")
    assert scene.fetch("--lots", tmp_path / "lots.csv").status == 0
    assert scene.lots() == [("PG", "5", "2015-01-02", "400.00"), ("PG", "2", "2019-06-03", "210.00")]
    (tmp_path / "lots.csv").write_text("symbol,quantity,acquired,basis\nPG,9,2015-01-02,400\n")
    assert "the position holds 7 shares of PG, and the lots rebuilt from trades 9" in " ".join(
        scene.fetch("--lots", tmp_path / "lots.csv").messages("error")
    )


def test_positions_that_no_execution_explains_refuse_the_account(scene: Scene) -> None:
    scene.trade("KO", Side.BUY, "30", "35")
    scene.command("rename", symbol="KO", new="PEP2")
    done = scene.fetch()
    assert done.status == 2
    assert "trades leave 30 shares of KO, and the positions hold none" in " ".join(done.messages("error"))


def test_a_lost_answer_is_asked_again(scene: Scene) -> None:
    scene.trade("KO", Side.BUY, "30", "35")
    scene.house.faults.add(Fault(kind=Kind.CLOSE_AFTER, method="GET", times=1))
    before = len(scene.house.asked)
    assert scene.fetch().status == 0
    assert [lot[:2] for lot in scene.lots()] == [("KO", "30")]
    paths = [each.path for each in scene.house.asked[before:]]
    assert len(paths) > len(set(paths))  # the question that lost its answer was asked twice


def happening(
    kind: str, symbol: str, quantity: str, *, day: date = date(2020, 3, 2), name: str = "", money: str | None = None
) -> Happening:
    return Happening(
        name=name or f"{kind}{symbol}{quantity}", kind=kind, day=day, at="", symbol=symbol, quantity=Decimal(quantity),
        money=None if money is None else Decimal(money),
    )  # fmt: skip


def test_a_change_of_name_carries_the_lots_along(book: Path) -> None:
    """Alpaca tells it as two activities of a day: the old name's shares leave, the new one's come."""
    bought = Execution(
        name="f1",
        symbol="OLD",
        is_sale=False,
        quantity=Decimal(10),
        price=Decimal(30),
        day=date(2019, 6, 3),
        at="2019-06-03T15:00",
        order="o1",
    )
    said = BrokerAccount(
        broker="alpaca", number=NUMBER, as_of=date(2020, 3, 23), cash=Decimal(100), held=(Held(symbol="KO", quantity=Decimal(10)),),
        executions=(bought,), happenings=(happening("NC", "OLD", "-10"), happening("NC", "KO", "10")),
    )  # fmt: skip
    findings = Findings()
    request = Request(
        book=book,
        policy=Policy(as_of=date(2020, 3, 23)),
        given=NewAccounts(kind="taxable", model="RIVERA_CORE"),  # type: ignore[arg-type]
    )
    report = import_statement("alpaca", statement_of(said, findings), request, findings)
    assert report.is_complete, [each.fault.message for each in report.findings]
    assert [(row["symbol"], row["acquired"], row["basis"]) for row in rows(book, "lots")] == [
        ("KO", "2019-06-03", "300.00")
    ]


@pytest.mark.parametrize("kind", ["SPIN", "MA", "REORG", "SOMETHING_NEW"])
def test_what_no_rule_rebuilds_is_reported(kind: str) -> None:
    findings = Findings()
    said = BrokerAccount(
        broker="alpaca",
        number=NUMBER,
        as_of=date(2020, 3, 23),
        cash=Decimal(0),
        held=(),
        executions=(),
        happenings=(happening(kind, "KO", "3"),),
    )
    statement_of(said, findings)
    (finding,) = findings.all
    assert finding.level == "not_understood"
    assert "--lots FILE" in finding.fault.message
