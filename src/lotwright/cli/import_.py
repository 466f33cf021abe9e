"""``lotwright import``: holdings from where they are into a book."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lotwright.book.kinds import AccountKind
from lotwright.errors import BookError

if TYPE_CHECKING:
    from lotwright.files.imports.report import ImportReport
    from lotwright.files.imports.run import Request

FORMATS = ("schwab", "fidelity", "ibkr", "vanguard", "morgan-stanley", "ofx", "csv", "alpaca")
SHOWN = 20


def import_command(
    format_: Annotated[str, typer.Argument(metavar="FORMAT", help=f"One of {', '.join(FORMATS)}.")],
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="FILE...", help="Files as downloaded; none for alpaca.")
    ] = None,
    book: Annotated[Path | None, typer.Option("--book", help="Folder of the book to make or update.")] = None,
    account: Annotated[
        list[str] | None,
        typer.Option(
            "--account", help="Name of the account in the book; END=NAME for the one whose number ends so. Repeatable."
        ),
    ] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="Day of the holdings, where the files do not tell it.")
    ] = None,
    household: Annotated[
        str | None, typer.Option("--household", help="Household of accounts that are new to the book.")
    ] = None,
    kind: Annotated[
        AccountKind | None, typer.Option("--kind", help="Kind of accounts that are new to the book.")
    ] = None,
    model: Annotated[
        str | None, typer.Option("--model", help="Model portfolio of accounts that are new to the book.")
    ] = None,
    cash: Annotated[str | None, typer.Option("--cash", help="Cash of a new account, where no file tells it.")] = None,
    symbol: Annotated[
        list[str] | None,
        typer.Option("--symbol", help="NAME=TICKER for a name, CUSIP or plan that the files write. Repeatable."),
    ] = None,
    mapping: Annotated[
        Path | None, typer.Option("--mapping", help="TOML file that says which column is which; for csv.")
    ] = None,
    missing_basis: Annotated[
        str, typer.Option("--missing-basis", help="Where nobody knows what a lot cost: refuse, zero, price, position.")
    ] = "refuse",
    missing_acquired: Annotated[
        str | None, typer.Option("--missing-acquired", help="Day that stands for every purchase day nobody knows.")
    ] = None,
    differences: Annotated[
        str,
        typer.Option("--differences", help="Where lots and positions disagree: refuse, or lots (believe the lots)."),
    ] = "refuse",
    whole_history: Annotated[
        bool,
        typer.Option("--whole-history", help="The trades are all there ever were: rebuild lots without positions."),
    ] = False,
    lots: Annotated[
        Path | None,
        typer.Option(
            "--lots", help="CSV of lots (symbol, quantity, acquired, basis) that trades do not tell: transfers in."
        ),
    ] = None,
    url: Annotated[
        str | None, typer.Option("--url", help="Address of a stand-in broker on this machine; for alpaca.")
    ] = None,
    live: Annotated[bool, typer.Option("--live", help="The live account, not paper; for alpaca.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")] = False,
    json_path: Annotated[
        str | None, typer.Option("--json", help="Write the report as JSON to this file; - for standard output.")
    ] = None,
) -> None:
    """Make or update a book from a custodian's files or a broker, and report row by row what was not understood.

    Exit status 0: everything is in the book; 1: some rows or accounts are not; 2: nothing could be imported.
    """
    from lotwright.files.imports.accounts import AccountNames
    from lotwright.files.imports.merge import NewAccounts
    from lotwright.files.imports.policy import Differences, MissingBasis, Policy
    from lotwright.files.imports.run import Request

    if format_ not in FORMATS:
        raise typer.BadParameter(f"There is no format {format_!r}. {_near(format_)}Formats: {', '.join(FORMATS)}.")
    if book is None:
        raise typer.BadParameter("Say which book to make or update: --book FOLDER.")
    request = Request(
        book=book,
        policy=Policy(
            as_of=_day("--as-of", as_of),
            missing_basis=_word(MissingBasis, "--missing-basis", missing_basis),
            missing_acquired=_day("--missing-acquired", missing_acquired),
            differences=_word(Differences, "--differences", differences),
            whole_history=whole_history,
            opening=_opening(lots),
        ),
        names=AccountNames.of(account or ()),
        given=NewAccounts(household=household, kind=kind, model=model, cash=_money(cash)),
        symbols=_symbols(symbol or []),
        is_dry_run=dry_run,
    )
    report = (
        _alpaca(request, files, url=url, live=live) if format_ == "alpaca" else _files(format_, files, mapping, request)
    )
    if json_path is not None:
        from lotwright.cli.writing import write_json

        write_json(json_path, report.to_json())
    if json_path != "-":
        from lotwright.cli.import_report import print_import

        print_import(report)
    raise typer.Exit(2 if report.is_all_refused else 0 if report.is_complete else 1)


def _files(format_: str, files: list[Path] | None, mapping: Path | None, request: Request) -> ImportReport:
    from lotwright.files.imports.formats import FORMATS as KNOWN
    from lotwright.files.imports.mapped import Mapped
    from lotwright.files.imports.mapping import read_mapping
    from lotwright.files.imports.run import import_files

    if not files:
        raise typer.BadParameter(f"Name the files of {format_}, as downloaded.")
    if (format_ == "csv") != (mapping is not None):
        raise typer.BadParameter(
            "The format csv, and no other, needs --mapping FILE.toml. See lotwright schema mapping."
        )
    made = KNOWN[format_] if mapping is None else Mapped(mapping=read_mapping(mapping))
    return import_files(made, files, request)


def _alpaca(request: Request, files: list[Path] | None, *, url: str | None, live: bool) -> ImportReport:
    """Ask the broker; the only place where its words and an import's meet."""
    import os

    from lotwright.cli.import_broker import asked
    from lotwright.execution.alpaca import connect
    from lotwright.files.imports.broker import statement_of
    from lotwright.files.imports.findings import Findings
    from lotwright.files.imports.run import import_statement

    if files:
        raise typer.BadParameter("alpaca is asked itself and takes no files.")
    findings = Findings()
    said = asked(connect(environ=os.environ, is_live=live, url=url))
    return import_statement("alpaca", statement_of(said, findings), request, findings)


def _opening(path: Path | None) -> dict[str, Any]:
    """Lots in the form of a book's table, of one account (or with a column account)."""
    if path is None:
        return {}
    from lotwright.files.imports.findings import Findings, Level
    from lotwright.files.imports.mapped import Mapped
    from lotwright.files.imports.mapping import Mapping
    from lotwright.files.imports.masking import masked_name
    from lotwright.files.imports.rows import Source, Wishes

    data = path.read_bytes()
    header = {name.strip() for name in data.split(b"\n", 1)[0].decode("utf-8-sig", "replace").split(",")}
    columns = {
        name: name
        for name in ("account", "symbol", "quantity", "acquired", "basis", "basis_per_share")
        if name in header
    }
    if not {"symbol", "quantity", "acquired"} <= columns.keys():
        raise BookError(
            f"--lots {path} lacks the columns symbol, quantity, acquired and basis. Write them as a book's table of lots has them."
        )
    mapping = Mapping.model_validate(
        {"schema": "lotwright.mapping/1", "table": [{"kind": "lots", "columns": columns, "accounts": "as_written"}]}
    )
    findings = Findings()
    statement = Mapped(mapping=mapping).read([Source(path, masked_name(path.name), data)], Wishes(), findings)
    wrong = [finding.fault.message for finding in findings.all if finding.level is not Level.NOTE]
    if wrong:
        raise BookError("\n".join([f"--lots {path} cannot be used:", *(f"  {each}" for each in wrong[:SHOWN])]))
    out: dict[str, list[Any]] = {}
    for lot in statement.lots:
        out.setdefault(lot.ref.tail, []).append(lot)
    return out


def _day(option: str, text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{option} {text!r} is no day. Write it as YYYY-MM-DD, such as 2020-03-23.") from error


def _money(text: str | None) -> Decimal | None:
    from lotwright.files.imports.cells import number

    if text is None:
        return None
    found = number(text)
    if found is None:
        raise typer.BadParameter(f"--cash {text!r} is no number. Write dollars, such as 1250.00.")
    return found


def _symbols(given: list[str]) -> dict[str, str]:
    from lotwright.files.imports.symbols import is_name

    out = {}
    for text in given:
        name, _, ticker = text.rpartition("=")
        if not name.strip() or not is_name(ticker):
            raise typer.BadParameter(
                f"--symbol {text!r} is not NAME=TICKER. Write for example --symbol 'GSU Class C=GOOG'."
            )
        out[name.strip()] = ticker
    return out


def _word(words: Any, option: str, text: str) -> Any:
    try:
        return words(text)
    except ValueError as error:
        raise typer.BadParameter(f"{option} {text!r} is none of {', '.join(words)}.") from error


def _near(text: str) -> str:
    from lotwright.files.faults import did_you_mean

    return did_you_mean(text, FORMATS)
