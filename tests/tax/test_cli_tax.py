"""``lotwright tax …`` as a person runs it: files in, tables, CSV and JSON out."""

from __future__ import annotations

import csv
import json
import re
from io import StringIO
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lotwright.cli.tax import app
from lotwright.errors import BookError

TRADES = """account,date,symbol,action,quantity,price,kind
T,2014-05-01,X,buy,100,10,taxable
T,2014-07-01,X,sell,100,7.50,taxable
R,2014-07-05,Y,buy,40,8,roth
T,2014-07-06,X,buy,60,8,taxable
"""
BOOK = {
    "accounts": "account,household,kind,model,cash,short_term_rate,long_term_rate\n"
    "A,H,taxable,M,100,0.4,0.2\nI,H,ira,M,100,,\n",
    "lots": "account,symbol,lot,quantity,acquired,basis\nA,X,x1,10,2024-01-05,300\nI,X,x2,5,2026-06-20,90\n",
    "transactions": "account,date,symbol,action,quantity,price,realised_gain,character,disallowed_loss,lot\n"
    "A,2026-06-10,X,sell,10,20,-100,LT,0,x1\nI,2026-06-20,X,buy,5,18,,,,x2\n",
    "prices": "symbol,price,as_of\nX,19,2026-06-30\n",
    "targets": "model,symbol,weight\nM,X,1\n",
}
runner = CliRunner()


@pytest.fixture
def trades(tmp_path: Path) -> Path:
    path = tmp_path / "trades.csv"
    path.write_text(TRADES, encoding="utf-8")
    return path


@pytest.fixture
def book(tmp_path: Path) -> Path:
    folder = tmp_path / "book"
    folder.mkdir()
    for name, text in BOOK.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def test_wash_as_json(trades: Path) -> None:
    done = runner.invoke(app, ["wash", str(trades), "--json", "-"])
    assert done.exit_code == 0
    found = json.loads(done.stdout)
    assert [(loss["quantity"], loss["disallowed"], loss["outcome"]) for loss in found["losses"]] == [
        (60, 150, "deferred"),
        (40, 0, "allowed"),
    ]
    assert found["losses"][0]["replacement"] == {
        "account": "T", "symbol": "X", "lot": "2014-07-06", "acquired": "2014-07-06", "quantity": 60, "basis": 630.0,
        "holding_start": "2014-05-06",
    }  # fmt: skip
    assert found["disallowed"] == 150
    assert "sold_before=held_after_sale" in done.stderr


def test_wash_with_identical_securities_and_another_reading(trades: Path, tmp_path: Path) -> None:
    groups = tmp_path / "identical.csv"
    groups.write_text("group,symbol\nG,X\nG,Y\n", encoding="utf-8")
    options = ["--identical", str(groups), "--piece", "last", "--json", "-"]
    found = json.loads(runner.invoke(app, ["wash", str(trades), *options]).stdout)
    assert [(loss["outcome"], loss["disallowed"]) for loss in found["losses"]] == [
        ("permanent", 100),
        ("deferred", 150),
    ]
    assert "piece=last" in found["readings"]


def test_a_call_bought_in_the_window_replaces_the_shares_it_is_for(tmp_path: Path) -> None:
    """Section 1091(a): 300 shares lose 5 each; two calls for 100 at 250 each replace 200: 1,000 disallowed, 500 each."""
    trades, groups = tmp_path / "t.csv", tmp_path / "i.csv"
    trades.write_text(
        "account,date,symbol,action,quantity,price\nT,2024-01-02,X,buy,300,20\nT,2024-03-01,X,sell,300,15\n"
        "T,2024-03-11,XCALL,buy,2,250\nT,2024-05-20,XCALL,sell,1,0\n",
        encoding="utf-8",
    )
    groups.write_text("group,symbol,shares\nG,X,\nG,XCALL,100\n", encoding="utf-8")
    found = json.loads(runner.invoke(app, ["wash", str(trades), "--identical", str(groups), "--json", "-"]).stdout)
    shown = [(r["symbol"], r["quantity"], r["disallowed"], r["allowed"]) for r in found["losses"]]
    washed, kept = ("X", 100, 500.0, 0.0), ("X", 100, 0.0, 500.0)
    assert shown == [washed, washed, kept, ("XCALL", 1, 0.0, 750.0)]  # one call was sold since, one is held
    into = found["losses"][0]["replacement"]
    assert (into["symbol"], into["quantity"], into["basis"]) == ("XCALL", 1, 750.0)
    assert [(r["symbol"], r["quantity"], r["basis"]) for r in found["lots"]] == [("XCALL", 1, 750.0)]


def test_wash_as_csv_and_as_a_table(trades: Path) -> None:
    rows = list(csv.DictReader(StringIO(runner.invoke(app, ["wash", str(trades), "--csv", "-"]).stdout)))
    assert [(row["quantity"], row["disallowed"], row["replacement_basis"]) for row in rows] == [
        ("60", "150.00", "630.00"),
        ("40", "0.00", ""),
    ]
    table = runner.invoke(app, ["wash", str(trades)], env={"COLUMNS": "300"}).stdout
    assert "Losses" in table
    assert "deferred" in table


def test_wash_says_what_is_wrong_with_its_input(tmp_path: Path, trades: Path) -> None:
    assert isinstance(runner.invoke(app, ["wash", str(tmp_path / "none.csv")]).exception, BookError)
    groups = tmp_path / "identical.csv"
    bad = (
        "group,symbol\nG,\n",
        "group,symbol\nG,X\nH,X\n",
        "group,symbol,shares\nG,X,many\n",
        "group,symbol,shares\nG,X,0\n",
    )
    for text in bad:
        groups.write_text(text, encoding="utf-8")
        assert isinstance(runner.invoke(app, ["wash", str(trades), "--identical", str(groups)]).exception, BookError)


def test_two_results_on_standard_output_are_refused(trades: Path, book: Path) -> None:
    for call in (["wash", str(trades)], ["lots", str(book)], ["year", str(book), "--year", "2026"]):
        done = runner.invoke(app, [*call, "--json", "-", "--csv", "-"])
        assert done.exit_code == 2
        assert done.stdout == ""


def test_year_as_json(book: Path) -> None:
    done = runner.invoke(app, ["year", str(book), "--year", "2026", "--json", "-"])
    assert done.exit_code == 0
    (found,) = json.loads(done.stdout)
    assert [(r["quantity"], r["code"], r["adjustment"], r["gain"]) for r in found["rows"]] == [
        (5, "W", 50.0, 0.0),
        (5, "", 0.0, -50.0),
    ]
    assert (found["schedule"]["net_long"], found["permanent"], found["year"]) == (-50.0, 50.0, 2026)
    assert "H: The rows show a net long-term gain of -50.00, the accounts state 0" in done.stderr


def test_year_as_csv_and_as_a_table(book: Path, tmp_path: Path) -> None:
    out = tmp_path / "rows.csv"
    table = runner.invoke(app, ["year", str(book), "--year", "2026", "--csv", str(out)], env={"COLUMNS": "300"}).stdout
    rows = list(csv.DictReader(StringIO(out.read_text(encoding="utf-8"))))
    assert [(row["household"], row["description"], row["code"]) for row in rows] == [
        ("H", "5 sh. X", "W"),
        ("H", "5 sh. X", ""),
    ]
    assert "Schedule D" in table


def test_schedule_d_as_csv(book: Path) -> None:
    done = runner.invoke(app, ["year", str(book), "--year", "2026", "--schedule-csv", "-"])
    rows = list(csv.DictReader(StringIO(done.stdout)))
    assert [(row["line"], row["amount"]) for row in rows if row["form"] == "Schedule D"] == [
        ("6", "0.00"), ("7", "0.00"), ("8b", "-50.00"), ("14", "0.00"), ("15", "-50.00"), ("16", "-50.00"),
        ("21", "-50.00"),
    ]  # fmt: skip
    assert [row["line"] for row in rows if row["form"] != "Schedule D"] == [str(n) for n in range(1, 14)]


def test_losses_carried_in_can_be_stated_for_one_household(book: Path) -> None:
    call = ["year", str(book), "--year", "2025", "--carried-long", "4000", "--json", "-"]
    (found,) = json.loads(runner.invoke(app, call).stdout)
    assert (found["schedule"]["deduction"], found["schedule"]["carryforward_long"]) == (3000.0, 1000.0)
    (book / "accounts.csv").write_text(BOOK["accounts"] + "B,G,taxable,M,5,,\n", encoding="utf-8")
    assert "one household's" in runner.invoke(app, call).stderr
    assert "dollars" in runner.invoke(app, [*call, "--household", "H", "--carried-short", "inf"]).stderr


def test_a_year_after_the_book_is_refused(book: Path) -> None:
    failed = runner.invoke(app, ["year", str(book), "--year", "2027"])
    assert isinstance(failed.exception, BookError)
    assert "ends on 2026-06-30 and knows nothing of 2027" in str(failed.exception)


def test_what_is_no_table_is_no_defect_of_ours(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    for content, words in ((b"", "is empty"), (b"\xff\xfe\x00", "no CSV table in UTF-8")):
        path.write_bytes(content)
        failed = runner.invoke(app, ["wash", str(path)])
        assert isinstance(failed.exception, BookError)
        assert words in str(failed.exception)
    path.write_text("account,date,symbol,action,quantity,price\n", encoding="utf-8")
    done = runner.invoke(app, ["wash", str(path)])
    assert (done.exit_code, "t.csv has no trades." in done.stderr) == (0, True)


def test_a_short_sale_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(
        "account,date,symbol,action,quantity,price\nT,2024-01-02,X,sell,1,9\nT,2024-01-05,X,buy,1,9\n", encoding="utf-8"
    )
    failed = runner.invoke(app, ["wash", str(path)])
    assert "short sales are not covered" in str(failed.exception)


def test_lots_and_locks(book: Path) -> None:
    lots = json.loads(runner.invoke(app, ["lots", str(book), "--json", "-"]).stdout)
    assert [(r["account"], r["lot"], r["unrealised"], r["is_harvestable"]) for r in lots] == [
        ("A", "x1", -110.0, False),
        ("I", "x2", 5.0, False),
    ]
    assert lots[0]["clean_from"] == "2026-07-21"
    locks = json.loads(runner.invoke(app, ["locks", str(book), "--json", "-"]).stdout)
    assert [(r["bars"], r["accounts"], r["until"]) for r in locks] == [
        ("buy", ["A", "I"], "2026-07-10"),
        ("sell_at_loss", ["A"], "2026-07-20"),
    ]


@pytest.mark.parametrize(
    ("day", "bars"), [("2026-06-15", ["buy"]), ("2026-07-15", ["sell_at_loss"]), ("2026-08-01", [])]
)
def test_locks_as_of_another_day(book: Path, day: str, bars: list[str]) -> None:
    done = runner.invoke(app, ["locks", str(book), "--as-of", day, "--json", "-"])
    assert [r["bars"] for r in json.loads(done.stdout)] == bars


def test_a_household_that_is_not_there(book: Path) -> None:
    failed = runner.invoke(app, ["lots", str(book), "--household", "Z"])
    assert isinstance(failed.exception, BookError)
    assert "has no household Z. It has H." in str(failed.exception)


def test_a_household_whose_input_is_bad_does_not_stop_the_others(book: Path) -> None:
    (book / "accounts.csv").write_text(BOOK["accounts"] + "B,G,taxable,M,oops,,\n", encoding="utf-8")
    done = runner.invoke(app, ["lots", str(book), "--json", "-"])
    assert done.exit_code == 1
    assert len(json.loads(done.stdout)) == 2
    assert "G: " in done.stderr


def test_terminal_tables_fit_80_columns_and_cut_nothing(root: Path, trades: Path) -> None:
    books = root / "examples" / "books"
    calls = [
        ["lots", str(books / "two_accounts")],
        ["locks", str(books / "two_accounts")],
        ["year", str(books / "two_accounts"), "--year", "2020"],
        ["lots", str(books / "two_countries")],
        ["locks", str(books / "two_countries")],
        ["wash", str(trades)],
    ]
    for call in calls:
        shown = runner.invoke(app, call, env={"COLUMNS": "80"}).stdout
        assert max(map(len, shown.splitlines())) <= 80, call
        assert "…" not in shown, call
    lots = runner.invoke(app, calls[0], env={"COLUMNS": "80"}).stdout
    assert re.search(r"JPM +2018-09-20 +49 +4,996.53 +-1,517.53 +LT +2020-04-09\n", lots)
    assert "RIVERA-ROTH bought 59 JPM on 2020-03-09" in " ".join(lots.split())


def test_other_regimes_show_pools_and_their_own_locks_and_have_no_form_8949(root: Path) -> None:
    book = str(root / "examples" / "books" / "two_countries")
    lots = json.loads(runner.invoke(app, ["lots", book, "--household", "PATEL", "--json", "-"]).stdout)
    apple = next(lot for lot in lots if lot["symbol"] == "AAPL")
    assert (apple["lot"], apple["quantity"], apple["basis"]) == ("pool", 250, 7390.5)  # 150 at 21.25 and 100 at 42.03
    locks = json.loads(runner.invoke(app, ["locks", book, "--json", "-"]).stdout)
    assert [(k["household"], k["bars"], k["symbols"], k["accounts"], k["until"]) for k in locks] == [
        ("PATEL", "buy", ["MSFT"], ["PATEL-GIA"], "2020-12-16"),
        ("TREMBLAY", "sell_at_loss", ["XOM"], ["TREMBLAY-MARGIN"], "2020-12-13"),
    ]
    done = runner.invoke(app, ["year", book, "--year", "2020"])
    assert done.exit_code == 1
    assert "PATEL: Form 8949 and Schedule D are forms of the United States" in done.stderr
