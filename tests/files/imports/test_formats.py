"""Each shipped file becomes the lots that stand here (worked by hand from the files), twice the same, and can be planned."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from .conftest import Call, rows, state

CASES: dict[str, dict[str, Any]] = {
    "schwab": {
        "files": ["schwab/*.csv"], "options": [], "status": 1,
        "cash": {"schwab-4321": "9234.56"},  # 8,234.56 and 1,000 of the money fund
        "lots": [
            ("schwab-4321", "AAPL", "15", "2018-12-24", "550.50"), ("schwab-4321", "AAPL", "25", "2020-02-19", "2020.00"),
            ("schwab-4321", "KO", "60", "2019-12-31", "2700.00"), ("schwab-4321", "KO", "0.5", "2020-03-02", "22.50"),
            ("schwab-4321", "MSFT", "30", "2016-06-27", "1395.00"), ("schwab-4321", "XOM", "50", "2018-09-20", "3100.00"),
        ],
    },
    "fidelity": {
        "files": ["fidelity/*.csv"], "options": ["--household", "LEE"], "status": 1,
        "cash": {"fidelity-4567": "2350.25", "fidelity-0099": "310.00"},  # 2,500.25 less 150 pending
        "lots": [
            ("fidelity-0099", "PG", "12", "2019-06-03", "1200.00"), ("fidelity-4567", "JNJ", "20", "2018-03-01", "2200.00"),
            ("fidelity-4567", "JPM", "30", "2017-03-01", "1800.00"), ("fidelity-4567", "JPM", "15", "2020-03-05", "1200.00"),
        ],
    },
    "ibkr": {
        "files": ["ibkr/flex.xml"], "options": [], "status": 1, "cash": {"ibkr-4321": "3000.50"},
        "lots": [
            ("ibkr-4321", "KO", "50", "2019-06-03", "2250.35"), ("ibkr-4321", "KO", "30", "2020-02-19", "1650.35"),
            ("ibkr-4321", "PG", "25", "2017-03-01", "2300.00"),
        ],
    },
    "vanguard": {
        "files": ["vanguard/Ofx*.csv"], "options": ["--kind", "taxable", "--as-of", "2020-03-23"], "status": 1,
        "cash": {"vanguard-4567": "900.12"},
        "lots": [("vanguard-4567", "WMT", "25", "2020-02-19", "2950.00"), ("vanguard-4567", "XOM", "40", "2019-12-31", "2460.00")],
    },
    "vanguard uk": {
        "files": ["vanguard/uk*.csv"], "status": 0, "format": "vanguard", "cash": {"GIA": "3500.00"},
        "options": [
            "--kind", "taxable", "--as-of", "2020-11-30", "--account", "GIA", "--symbol", "Global Small-Cap Fund - Accumulation=CVX",
        ],
        "book": "two_countries", "model": "SIX",
        "lots": [("GIA", "CVX", "1000", "2019-07-09", "1500.00"), ("GIA", "JNJ", "60", "2019-01-03", "4800.00")],
    },
    "morgan-stanley": {
        "files": ["morgan_stanley/*.csv"], "status": 0, "cash": {"RSU": "0.00"},
        "options": ["--kind", "taxable", "--as-of", "2020-03-23", "--account", "RSU", "--cash", "0", "--symbol", "RSU Common=MSFT"],
        "lots": [("RSU", "MSFT", "16", "2018-03-25", "1440.00"), ("RSU", "MSFT", "31.5", "2019-03-25", "3685.50")],
    },
    "ofx": {
        "files": ["ofx/*.ofx"], "options": ["--kind", "taxable"], "status": 1, "cash": {"ofx-2345": "1450.75"},
        "lots": [("ofx-2345", "PG", "30", "2019-06-03", "3124.95"), ("ofx-2345", "PG", "0.18", "2020-02-18", "22.20")],
    },
    "csv": {
        "files": ["generic/*.csv"], "status": 0, "cash": {"FAM-A": "2500.00", "FAM-B": "810.25"},
        "options": ["--kind", "taxable", "--as-of", "2020-03-23", "--household", "FAM", "--missing-acquired", "2016-01-04"],
        "lots": [
            ("FAM-A", "HD", "12", "2018-12-24", "1980.00"), ("FAM-A", "UNH", "8", "2016-06-27", "1104.40"),
            ("FAM-A", "UNH", "4.5", "2020-02-19", "1341.00"), ("FAM-B", "LLY", "30", "2019-06-03", "3456.90"),
            ("FAM-B", "MSFT", "15", "2016-01-04", "2250.00"),
        ],
    },
}  # fmt: skip


def imported(call: Call, samples: Path, book: Path, name: str, *more: object) -> Any:
    case = CASES[name]
    files = [file for pattern in case["files"] for file in sorted(samples.glob(pattern))]
    options = [*case["options"], *(["--mapping", samples / "generic" / "mapping.toml"] if name == "csv" else [])]
    if "book" in case:  # British law begins in 2020/21: another day, other prices
        for table in ("prices.csv", "targets.csv"):
            shutil.copy(samples.parent / "books" / case["book"] / table, book / table)
    model = case.get("model", "RIVERA_CORE")
    return call("import", case.get("format", name), *files, "--book", book, "--model", model, *options, *more)


@pytest.mark.parametrize("name", CASES)
def test_a_file_becomes_lots_twice_the_same_and_can_be_planned(
    call: Call, samples: Path, book: Path, tmp_path: Path, name: str
) -> None:
    case = CASES[name]
    done = imported(call, samples, book, name)
    assert done.status == case["status"], done.text
    assert done.report["can_be_planned"], done.report["unready"]
    found = [
        tuple(row[c] for c in ("account", "symbol", "quantity", "acquired", "basis")) for row in rows(book, "lots")
    ]
    assert sorted(found) == sorted(case["lots"])
    assert {row["account"]: row["cash"] for row in rows(book, "accounts")} == case["cash"]

    before = {
        table: found
        for table, found in state(book).items()
        if table not in {"prices.csv", "targets.csv"} or "book" not in case
    }
    again = imported(call, samples, book, name)
    assert before.items() <= state(book).items()
    assert {each["status"] for each in again.report["accounts"]} == {"unchanged"}

    plan = tmp_path / "plan.json"
    call("plan", book, "--json", plan)
    plans = json.loads(plan.read_text())
    for each in plans if isinstance(plans, list) else [plans]:
        assert each["status"] == "planned", each["failure"]
        assert each["checks"]
        assert all(check["ok"] for check in each["checks"])
    assert call("verify", plan, book).status == 0


def test_what_schwab_says_about_sales_goes_where_a_book_keeps_it(call: Call, samples: Path, book: Path) -> None:
    imported(call, samples, book, "schwab")
    sales = [row for row in rows(book, "transactions") if row["action"] == "sell"]
    # 100 BAC are one row of the transactions and two of the realised gains: 60 long, 40 short
    assert [(s["symbol"], s["quantity"], s["realised_gain"], s["character"]) for s in sales] == [
        ("GE", "40", "480.00", "ST"), ("BAC", "40", "-577.22", "ST"), ("BAC", "60", "-535.84", "LT"),
    ]  # fmt: skip
    (account,) = rows(book, "accounts")
    assert (account["realised_short"], account["realised_long"]) == ("-97.22", "-535.84")  # 480 - 577.22
    assert account["kind"] == "taxable"  # Joint Tenant


def test_ibkr_tells_a_tacked_holding_period_and_what_was_sold(call: Call, samples: Path, book: Path) -> None:
    imported(call, samples, book, "ibkr")
    assert [row.get("holding_start") for row in rows(book, "lots")] == ["2018-12-24", None, None]
    (sale,) = [row for row in rows(book, "transactions") if row["action"] == "sell"]
    assert (sale["symbol"], sale["realised_gain"], sale["character"]) == ("XOM", "-440.37", "LT")


def test_fidelity_sold_the_oldest_first(call: Call, samples: Path, book: Path) -> None:
    imported(call, samples, book, "fidelity")
    (sale,) = [row for row in rows(book, "transactions") if row["action"] == "sell"]
    # 10 of the 40 bought at 60 in 2017, for 1,049.98 after fees
    assert (sale["realised_gain"], sale["character"]) == ("449.98", "LT")
    assert [row["kind"] for row in rows(book, "accounts")] == ["roth", "taxable"]


def test_a_pound_book_is_under_the_law_of_the_united_kingdom(call: Call, samples: Path, book: Path) -> None:
    imported(call, samples, book, "vanguard uk")
    assert rows(book, "accounts")[0]["regime"] == "uk"
    (sale,) = [row for row in rows(book, "transactions") if row["action"] == "sell"]
    assert sale["realised_gain"] == "800.00"  # 4,000 less 40 of 100 shares that cost 8,000


NOT_UNDERSTOOD = {
    "schwab": [
        "Joint_Tenant-Positions-2020-03-23.csv, row 8, column Symbol: found 'AAPL 06/19/2020 60.00 C', but this is an option."
    ],
    "fidelity": [
        "Portfolio_Positions_Mar-23-2020.csv, row 5, column Symbol: found '-JPM200619C100', but this is an option."
    ],
    "ibkr": [
        "flex.xml, row 15, column symbol: found 'KO    200619C00050000', but this is an option.",
        "flex.xml, row 16, column currency: found 'SAP', but it is in EUR and the account in USD.",
    ],
    "vanguard": ["OfxDownload.csv, row 5, column Symbol: found '912828ZZ8', but this is a bond."],
    "ofx": ["statement.ofx, row 23, column POSDEBT: found '912828ZZ8', but this is a bond."],
}


@pytest.mark.parametrize("name", NOT_UNDERSTOOD)
def test_what_a_book_cannot_hold_is_named_row_by_row(call: Call, samples: Path, book: Path, name: str) -> None:
    found = imported(call, samples, book, name).messages("not_understood")
    assert len(found) == len(NOT_UNDERSTOOD[name])
    assert [a[: len(b)] for a, b in zip(found, NOT_UNDERSTOOD[name], strict=True)] == NOT_UNDERSTOOD[name]


def test_every_row_of_a_file_ends_somewhere(call: Call, samples: Path, book: Path) -> None:
    """Rows of Schwab's transactions: 7 and a footer; 4 trades of the book, 3 that move money, 1 total."""
    (file,) = samples.glob("schwab/*Transactions.csv")
    done = call("import", "schwab", file, "--book", book, "--model", "RIVERA_CORE", "--cash", "0")
    assert len(rows(book, "transactions")) + sum(each["rows"] for each in done.report["left_out"]) == 8
    assert done.status == 0


def test_a_dry_run_says_the_same_and_changes_nothing(call: Call, samples: Path, book: Path) -> None:
    before = state(book)
    dry = imported(call, samples, book, "schwab", "--dry-run").report
    assert state(book) == before
    assert dry["dry_run"] is True
    wet = imported(call, samples, book, "schwab").report
    assert {**dry, "dry_run": False} == wet


def test_json_on_standard_output_is_nothing_but_json(call: Call, samples: Path, book: Path) -> None:
    done = imported(call, samples, book, "ofx", "--json", "-")
    assert json.loads(done.text)["schema"] == "lotwright.import/1"


def test_one_bad_account_never_stops_the_others(call: Call, samples: Path, book: Path) -> None:
    case = CASES["csv"]
    files = sorted(samples.glob("generic/*.csv"))
    mapping = samples / "generic" / "mapping.toml"
    done = call(
        "import",
        "csv",
        *files,
        "--book",
        book,
        "--mapping",
        mapping,
        "--model",
        "RIVERA_CORE",
        "--kind",
        "taxable",
        "--as-of",
        "2020-03-23",
    )
    assert done.status == 1
    assert (done.status_of("FAM-A"), done.status_of("FAM-B")) == ("imported", "refused")
    assert {row["account"] for row in rows(book, "lots")} == {"FAM-A"}
    (error,) = done.messages("error")
    assert error.startswith(
        "lots_2020.csv, row 6, column acquired: found 'MSFT', but nobody says when 15 shares were acquired."
    )
    assert "--missing-acquired YYYY-MM-DD" in error
    assert case["status"] == 0
