"""What real downloads are full of, and what a hostile one would try."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from .conftest import Call, rows, state

POSITIONS = """"Positions for account Individual XXXX-9876 as of 04:31 PM ET, 03/23/2020"

"Symbol","Description","Quantity","Price","Market Value","Cost Basis","Security Type",
{rows}"Cash & Cash Investments","--","--","--","$100.00","--","Cash and Money Market",
"""
LOTS = """"{symbol} Lot Details for XXXX-9876 as of 04:33 PM ET, 03/23/2020"

"Open Date","Quantity","Price","Cost/Share","Market Value","Cost Basis",
{rows}"""
AAPL = '"AAPL","APPLE INC","40","$54.92","$2,196.80","$2,570.50","Equity",\n'
ONE_LOT = '"12/24/2018 15:59:02","40","$54.92","$64.26","--","$2,570.50",\n'


@pytest.fixture
def schwab(call: Call, book: Path, tmp_path: Path):
    """Import positions and lots of AAPL, given as rows."""

    def run(positions: str = AAPL, lots: str | None = ONE_LOT, *options: object, encoding: str = "utf-8"):
        files = [tmp_path / "positions.csv"]
        files[0].write_text(POSITIONS.format(rows=positions), encoding=encoding)
        if lots is not None:
            files.append(tmp_path / "AAPL.csv")
            files[1].write_text(LOTS.format(symbol="AAPL", rows=lots), encoding=encoding)
        return call("import", "schwab", *files, "--book", book, "--model", "RIVERA_CORE", *options)

    return run


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_any_encoding_and_byte_order_mark(schwab, book: Path, encoding: str) -> None:
    assert schwab(AAPL.replace("APPLE INC", "APPLÉ INC"), encoding=encoding).status == 0
    assert rows(book, "lots")[0]["quantity"] == "40"


REFUSED = {
    "more shares in lots": (AAPL.replace('"40"', '"39"'), ONE_LOT, [], "the position holds 39 shares of AAPL, and the lot details 40"),
    "another basis": (AAPL, ONE_LOT.replace("2,570.50", "2,570.40"), [], "has a basis of 2,570.50, and the lot details 2,570.40"),
    "various days": (AAPL, ONE_LOT.replace("12/24/2018 15:59:02", "Various"), [], "nobody says when 40 shares were acquired"),
    "no basis": (AAPL.replace("$2,570.50", "N/A"), ONE_LOT.replace("$2,570.50", "--").replace("$64.26", "n/a"), [], "nobody says what 40 shares cost"),
    "no lots at all": (AAPL, None, [], "nobody says when 40 shares were acquired"),
    "a number that is none": (AAPL, ONE_LOT.replace('"40"', '"4O"'), [], "found '4O', but this is not a number"),
    "a day that is none": (AAPL, ONE_LOT.replace("12/24/2018", "24/12/2018"), [], "this is not a day that can be read"),
    "a purchase in the future": (AAPL, ONE_LOT.replace("2018", "2021"), [], "a lot of AAPL was acquired after 2020-03-23"),
    "a lot sold short": (AAPL, ONE_LOT.replace('"40"', '"-40"'), [], "a lot of AAPL has no such number"),
    "lots of a security not held": (AAPL.replace("AAPL", "MSFT"), ONE_LOT, ["--missing-acquired", "2016-01-04"], "the lot details hold AAPL, and the positions do not"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_does_not_agree_leaves_the_book_as_it_was(schwab, book: Path, name: str) -> None:
    positions, lots, options, expected = REFUSED[name]
    before = state(book)
    done = schwab(positions, lots, *options)
    assert done.status == 2
    assert state(book) == before
    assert any(expected in message for message in done.messages("error")), done.messages("error")
    assert all(message.rstrip().endswith(".") for message in done.messages("error"))


POLICIES = {
    "zero": (["--missing-basis", "zero"], "0.00"),
    "price": (["--missing-basis", "price"], "2196.80"),  # 40 x 54.92
    "position": (["--missing-basis", "position"], "2570.50"),
}


@pytest.mark.parametrize("name", POLICIES)
def test_a_declared_policy_fills_a_missing_basis(schwab, book: Path, name: str) -> None:
    options, basis = POLICIES[name]
    nothing = ONE_LOT.replace("$2,570.50", "--").replace("$64.26", "n/a")
    assert schwab(AAPL, nothing, *options).status == 0
    assert [row["basis"] for row in rows(book, "lots")] == [basis]


def test_lots_may_be_believed_against_positions(schwab, book: Path) -> None:
    done = schwab(AAPL.replace('"40"', '"39"'), ONE_LOT, "--differences", "lots")
    assert done.status == 0
    assert "the lots are believed" in " ".join(done.messages("note"))
    assert rows(book, "lots")[0]["quantity"] == "40"


def test_positions_alone_need_a_day_and_have_the_basis_they_tell(schwab, book: Path) -> None:
    assert schwab(AAPL, None, "--missing-acquired", "2016-01-04").status == 0
    (lot,) = rows(book, "lots")
    assert (lot["acquired"], lot["basis"]) == ("2016-01-04", "2570.50")


def test_the_same_row_twice_counts_once_and_different_ones_add_up(schwab, book: Path) -> None:
    done = schwab(AAPL + AAPL)
    assert done.status == 0
    assert "with the same numbers: it counts once" in done.messages("note")[0]
    margin = AAPL.replace('"40"', '"10"').replace("$2,570.50", "$500.00")
    more = ONE_LOT + ONE_LOT.replace('"40"', '"10"').replace("$2,570.50", "$500.00")
    done = schwab(AAPL + margin, more)
    assert "the two add up" in done.messages("note")[0]
    assert [row["quantity"] for row in rows(book, "lots")] == ["10", "40"]


def test_two_files_of_positions_are_refused(call: Call, book: Path, tmp_path: Path) -> None:
    for day in ("20", "23"):
        text = POSITIONS.format(rows=AAPL).replace("03/23", f"03/{day}")
        (tmp_path / f"p{day}.csv").write_text(text)
    done = call(
        "import", "schwab", tmp_path / "p20.csv", tmp_path / "p23.csv", "--book", book, "--model", "RIVERA_CORE"
    )
    assert done.status == 2
    assert "positions are told by 2 files" in done.text + " ".join(done.messages("error"))


def test_the_same_file_under_two_names_counts_once(call: Call, book: Path, tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text(POSITIONS.format(rows=""))
    shutil.copy(tmp_path / "p.csv", tmp_path / "p (1).csv")
    done = call(
        "import", "schwab", tmp_path / "p.csv", tmp_path / "p (1).csv", "--book", book, "--model", "RIVERA_CORE"
    )
    assert done.status == 0
    assert "the same file" in done.messages("note")[0]
    assert rows(book, "accounts")[0]["cash"] == "100.00"


HOSTILE = [
    '=HYPERLINK("http://evil","x")',
    "+SUM(A1)",
    "@cmd",
    "-2+3",
    "AAPL\x1b[31m",
    "A" * 5000,
    "'; DROP TABLE lots",
    "../../etc/passwd",
]


@pytest.mark.parametrize("symbol", HOSTILE)
def test_no_formula_and_no_control_code_reaches_the_book_or_the_screen(schwab, book: Path, symbol: str) -> None:
    bad = symbol.replace('"', '""')
    done = schwab(AAPL + f'"{bad}","X","1","$1.00","$1.00","$1.00","Equity",\n')
    assert done.status == 1
    assert len(done.messages("not_understood")) == 1
    assert "\x1b" not in done.text
    for table in ("accounts", "lots", "prices", "transactions"):
        text = (book / f"{table}.csv").read_text() if (book / f"{table}.csv").exists() else ""
        assert symbol not in text
        assert not any(cell.startswith(("=", "+", "@")) for line in text.splitlines() for cell in line.split(","))


def test_no_more_than_four_digits_of_an_account_number_are_written_anywhere(
    call: Call, book: Path, tmp_path: Path
) -> None:
    canary = "90817263"
    header = "Account Number,Account Name,Symbol,Description,Quantity,Last Price,Current Value,Cost Basis Total,Type\n"
    file = tmp_path / f"Portfolio_Positions_Z{canary}_Mar-23-2020.csv"
    file.write_text(
        header
        + f"Z{canary},Individual Z{canary},AAPL,X,4O,$54.92,$1,$1,Cash\nZ{canary},Individual,Z{canary},X,1,$1,$1,$1,Cash\n"
        f"Z{canary},Individual,SPAXX**,X,,,5.00,,\n"
    )
    done = call("import", "fidelity", file, "--book", book, "--model", "RIVERA_CORE")
    out = tmp_path / "report.json"
    written = done.text + out.read_text() + "".join(path.read_text() for path in book.glob("*.csv"))
    assert canary not in written
    assert "7263" in written
    file.write_text(header + f"Z{canary},Individual,SPAXX**,X,,,5.00,,\n")
    assert call("import", "fidelity", file, "--book", book, "--model", "RIVERA_CORE").status == 0
    assert canary not in "".join(path.read_text() for path in book.glob("*.csv")) + out.read_text()


def test_two_accounts_that_end_alike_are_told_apart_or_refused(call: Call, book: Path, tmp_path: Path) -> None:
    header = "Account Number,Account Name,Symbol,Description,Quantity,Last Price,Current Value,Cost Basis Total,Type\n"
    file = tmp_path / "Portfolio_Positions_Mar-23-2020.csv"
    file.write_text(header + "Z11111234,Individual,SPAXX**,X,,,5.00,,\nZ22221234,ROTH IRA,SPAXX**,X,,,7.00,,\n")
    done = call("import", "fidelity", file, "--book", book, "--model", "RIVERA_CORE")
    assert done.status == 2
    assert "two accounts of the files would both be fidelity-1234" in done.messages("error")[0]
    done = call(
        "import",
        "fidelity",
        file,
        "--book",
        book,
        "--model",
        "RIVERA_CORE",
        "--account",
        "11234=ONE",
        "--account",
        "21234=TWO",
    )
    assert done.status == 0
    assert {row["account"]: row["cash"] for row in rows(book, "accounts")} == {"ONE": "5.00", "TWO": "7.00"}


def test_an_account_is_known_again_by_what_it_was_imported_from(schwab, book: Path) -> None:
    assert schwab(AAPL, ONE_LOT, "--account", "LEE-JOINT").status == 0
    done = schwab(AAPL.replace("$54.92", "$55.00"), ONE_LOT)
    assert [each["account"] for each in done.report["accounts"]] == ["LEE-JOINT"]
    assert len(rows(book, "accounts")) == 1


BAD_FILES = {
    "nothing": b"", "a picture": b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "another table": b"a,b\n1,2\n", "words": b"hello",
    "a header alone": b"Symbol\n", "json": b'{"a": 1}', "half json": b'{"BrokerageTransactions": [', "xml": b"<html></html>", "zeros": bytes(5000),
}  # fmt: skip


@pytest.mark.parametrize("format_", ["schwab", "fidelity", "ibkr", "vanguard", "morgan-stanley", "ofx"])
@pytest.mark.parametrize("name", BAD_FILES)
def test_a_file_that_is_none_of_the_format_is_an_error_that_says_what_to_give(
    call: Call, book: Path, tmp_path: Path, format_: str, name: str
) -> None:
    (tmp_path / "file.csv").write_bytes(BAD_FILES[name])
    before = state(book)
    done = call(
        "import",
        format_,
        tmp_path / "file.csv",
        "--book",
        book,
        "--as-of",
        "2020-03-23",
        "--account",
        "LEE",
        "--model",
        "RIVERA_CORE",
    )
    assert done.status == 2
    assert state(book) == before
    assert "Give" in " ".join(done.messages("error")), done.messages("error")


def test_entities_in_a_flex_statement_are_refused(call: Call, book: Path, tmp_path: Path) -> None:
    (tmp_path / "f.xml").write_text(
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><FlexQueryResponse>&a;</FlexQueryResponse>'
    )
    done = call("import", "ibkr", tmp_path / "f.xml", "--book", book, "--as-of", "2020-03-23")
    assert done.status == 2
    assert "declares entities or a document type" in done.messages("error")[0]


def test_days_that_could_be_read_either_way_are_refused(call: Call, samples: Path, book: Path, tmp_path: Path) -> None:
    text = (samples / "ibkr" / "flex.xml").read_text()
    import re

    slashed = re.sub(r"(\d{4})-(\d\d)-(\d\d)", r"\3/\2/\1", text)
    (tmp_path / "f.xml").write_text(slashed)
    assert call("import", "ibkr", tmp_path / "f.xml", "--book", book, "--model", "RIVERA_CORE").status == 1
    assert rows(book, "lots")[0]["acquired"] == "2019-06-03"
    small = re.sub(r"\d\d/\d\d/(\d{4})", r"03/04/\1", slashed)
    (tmp_path / "f.xml").write_text(small)
    done = call("import", "ibkr", tmp_path / "f.xml", "--book", book, "--model", "RIVERA_CORE", "--as-of", "2020-03-23")
    assert "day first and month first alike" in " ".join(done.messages("error"))


CALLS = {
    "no such format": (["schwap", "x.csv"], "Did you mean schwab?"),
    "no files": (["schwab"], "Name the files"),
    "no mapping": (["csv", "x.csv"], "--mapping FILE.toml"),
    "a mapping for schwab": (["schwab", "x.csv", "--mapping", "m.toml"], "The format csv, and no other"),
    "a day that is none": (["schwab", "x.csv", "--as-of", "23.3.2020"], "is no day"),
    "a policy that is none": (["schwab", "x.csv", "--missing-basis", "guess"], "is none of refuse, zero, price, position"),
    "a symbol that is none": (["schwab", "x.csv", "--symbol", "A=@B"], "NAME=TICKER"),
    "an account that is none": (["schwab", "x.csv", "--account", "=cmd"], "is neither NAME nor END=NAME"),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_a_call_that_cannot_be_meant_says_so(call: Call, book: Path, name: str) -> None:
    words, expected = CALLS[name]
    done = call("import", *words, "--book", book)
    assert done.status == 2
    assert expected in " ".join(done.text.replace("│", " ").split())


def test_a_day_nobody_tells_is_asked_for(call: Call, samples: Path, book: Path) -> None:
    (file,) = samples.glob("vanguard/Ofx*")
    done = call("import", "vanguard", file, "--book", book)
    assert (done.status, done.text) == (2, "The files do not tell the day they are of. Say it: --as-of YYYY-MM-DD.")


def test_gains_of_another_year_leave_this_years_alone(call: Call, samples: Path, book: Path, tmp_path: Path) -> None:
    for path in samples.glob("schwab/*.csv"):
        shutil.copy(path, tmp_path / path.name)
    gains = tmp_path / "Realized_Gain_Loss_Details.csv"
    gains.write_text(gains.read_text().replace("to 03/23/2020", "to 03/13/2020"))
    done = call("import", "schwab", *sorted(tmp_path.glob("*_*.csv")), "--book", book, "--model", "RIVERA_CORE")
    assert "the realised gains end before the day of the import" in " ".join(done.messages("note"))
    assert "realised_short" not in rows(book, "accounts")[0]


def test_trades_after_the_day_of_the_import_are_refused(call: Call, samples: Path, book: Path) -> None:
    (file,) = samples.glob("schwab/*Transactions.csv")
    done = call(
        "import", "schwab", file, "--book", book, "--model", "RIVERA_CORE", "--cash", "0", "--as-of", "2020-03-02"
    )
    assert done.status == 2
    assert "found '2020-03-12', but this is after 2020-03-02, the day of the import" in done.messages("error")[0]


def test_holdings_of_one_account_are_never_written_over_anothers(schwab, call: Call, samples: Path, book: Path) -> None:
    assert schwab(AAPL, ONE_LOT, "--account", "LEE-JOINT").status == 0
    before = state(book)
    done = call(
        "import",
        "ofx",
        samples / "ofx" / "statement.ofx",
        "--book",
        book,
        "--account",
        "LEE-JOINT",
        "--model",
        "RIVERA_CORE",
    )
    assert done.status == 2
    assert (
        "found 'schwab-9876', but LEE-JOINT was imported from there, and these files are ofx-2345"
        in done.messages("error")[0]
    )
    assert state(book) == before


def test_nothing_imported_leaves_no_book_behind(call: Call, samples: Path, tmp_path: Path) -> None:
    done = call("import", "ofx", samples / "ofx" / "statement.ofx", "--book", tmp_path / "new")
    assert done.status == 2
    assert not (tmp_path / "new").exists()


def test_a_history_of_money_alone_says_that_nothing_is_there(call: Call, book: Path, tmp_path: Path) -> None:
    header = "Run Date,Action,Symbol,Description,Type,Quantity,Price ($),Commission ($),Fees ($),Amount ($),Settlement Date\n"
    (tmp_path / "h.csv").write_text(header + "01/27/2020,DIRECT DEBIT\x1b[31m (Cash),,,Cash,,,,,-10,\n")
    done = call("import", "fidelity", tmp_path / "h.csv", "--book", book, "--as-of", "2020-03-23")
    assert done.status == 2
    assert "the files hold no position, lot, trade or cash of any account" in done.messages("error")[0]
    assert "\x1b" not in done.text


def test_accounts_that_differ_in_letters_alone_are_two(call: Call, book: Path, tmp_path: Path) -> None:
    header = "Account Number,Account Name,Symbol,Description,Quantity,Last Price,Current Value,Cost Basis Total,Type\n"
    file = tmp_path / "Portfolio_Positions_Mar-23-2020.csv"
    file.write_text(header + "X11111234,Individual,SPAXX**,X,,,5.00,,\nZ11111234,ROTH IRA,SPAXX**,X,,,7.00,,\n")
    done = call("import", "fidelity", file, "--book", book, "--model", "RIVERA_CORE")
    assert done.status == 2
    assert "two accounts of the files would both be fidelity-1234" in done.messages("error")[0]


def test_an_account_of_cash_alone_is_a_book_that_can_be_planned(schwab, book: Path) -> None:
    done = schwab("", None)
    assert done.status == 0
    assert done.report["can_be_planned"], done.report["unready"]
    assert rows(book, "lots") == []
