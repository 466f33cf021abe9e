"""``lotwright tax year|wash|lots|locks``: what the law makes of a book or a list of trades."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, fields, is_dataclass, replace
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lotwright.cli.writing import write_text
from lotwright.errors import BookError
from lotwright.tax.readings import Ancestor, Piece, Readings, SameDay, SoldBefore

if TYPE_CHECKING:
    from lotwright.book.book import Book
    from lotwright.book.failure import Failure
    from lotwright.book.holdings import Household
    from lotwright.book.market import Market
    from lotwright.tax.year_report import TaxYear

app = typer.Typer(no_args_is_help=True, help="What the tax law makes of a book or of a list of trades.")

BookPath = Annotated[Path, typer.Argument(help="Folder of the book's tables.", metavar="BOOK")]
OneHousehold = Annotated[str | None, typer.Option("--household", help="Only this household.")]
JsonPath = Annotated[str | None, typer.Option("--json", help="Write JSON to this file; - for standard output.")]
CsvPath = Annotated[str | None, typer.Option("--csv", help="Write CSV to this file; - for standard output.")]
ScheduleCsvPath = Annotated[
    str | None, typer.Option("--schedule-csv", help="Write Schedule D and the carryover worksheet as CSV to this file.")
]
CarriedShort = Annotated[float | None, typer.Option(min=0, help="Short-term loss carried into the year, dollars.")]
CarriedLong = Annotated[float | None, typer.Option(min=0, help="Long-term loss carried into the year, dollars.")]
SoldBeforeReading = Annotated[SoldBefore, typer.Option(help="Do shares sold before the loss replace it?")]
SameDayReading = Annotated[SameDay, typer.Option(help="Do shares sold on the day of the loss replace it?")]
PieceReading = Annotated[Piece, typer.Option(help="Do matched shares of a lot leave first or last?")]
AncestorReading = Annotated[Ancestor, typer.Option(help="May a lot that carries a loss take another?")]

EXACT = {"quantity", "price"}
"""Columns written exactly; every other number is money, to the cent."""
CENT = Decimal("0.01")


@app.command()
def year(
    book: BookPath,
    year: Annotated[int, typer.Option("--year", help="Tax year, by trade date.")],
    household: OneHousehold = None,
    json_path: JsonPath = None,
    csv_path: CsvPath = None,
    schedule_csv: ScheduleCsvPath = None,
    carried_short: CarriedShort = None,
    carried_long: CarriedLong = None,
    sold_before: SoldBeforeReading = SoldBefore.HELD_AFTER_SALE,
    same_day: SameDayReading = SameDay.SAME_SALE,
    piece: PieceReading = Piece.FIRST,
    ancestor: AncestorReading = Ancestor.ALLOWED,
) -> None:
    """Form 8949 rows, Schedule D line by line and the carryforward of one year."""
    from lotwright.tax.year_report import tax_year

    _refuse_two(json_path, csv_path, schedule_csv)
    readings = Readings(sold_before=sold_before, same_day=same_day, piece=piece, ancestor=ancestor)
    source = _read(book, household)
    if year > source.market.as_of.year:
        raise BookError(
            f"{book} ends on {source.market.as_of.isoformat()} and knows nothing of {year}. Name an earlier year."
        )
    carried = _carried(carried_short, carried_long, households=len(source.households))
    reports, failed = _each(
        source, lambda h, m: _no_form(h) or tax_year(h, m, year=year, readings=readings, carried=carried)
    )
    rows = [{"household": r.household, **_flat(row)} for r in reports for row in r.rows]
    _write_csv(csv_path, rows)
    _write_csv(schedule_csv, [row for r in reports for row in _schedule_rows(r)])
    _write_json(json_path, [{**_flat(r), "readings": str(r.readings)} for r in reports])
    if "-" not in {json_path, csv_path, schedule_csv}:
        from lotwright.cli.tax_tables import show_year

        for r in reports:
            show_year(r)
    for r in reports:
        for note in r.notes:
            typer.echo(f"{r.household}: {note}", err=True)
    typer.echo(f"Readings: {readings}.", err=True)
    _finish(failed)


@app.command()
def wash(
    transactions: Annotated[Path, typer.Argument(help="CSV of one household's trades.", metavar="TRANSACTIONS.csv")],
    identical: Annotated[
        Path | None,
        typer.Option(help="CSV of group, symbol (and shares a contract is for): substantially identical."),
    ] = None,
    json_path: JsonPath = None,
    csv_path: CsvPath = None,
    sold_before: SoldBeforeReading = SoldBefore.HELD_AFTER_SALE,
    same_day: SameDayReading = SameDay.SAME_SALE,
    piece: PieceReading = Piece.FIRST,
    ancestor: AncestorReading = Ancestor.ALLOWED,
) -> None:
    """Every loss of a list of trades: disallowed or not, matched with what, deferred or gone."""
    from lotwright.tax.trades_table import read_trades
    from lotwright.tax.units import held_in_shares, in_shares
    from lotwright.tax.wash import wash_sales
    from lotwright.tax.wash_rows import open_rows, wash_rows

    _refuse_two(json_path, csv_path)
    trades = read_trades(_csv_rows(transactions), source=transactions.name)
    group, shares = _groups(identical) if identical else ({}, {})

    def shares_of(symbol: str) -> Decimal:
        return shares.get(symbol, Decimal(1))

    found = wash_sales(
        in_shares(trades.events, shares_of),
        kinds=trades.kinds,
        opening=held_in_shares(trades.opening, shares_of),
        group_of=lambda symbol: group.get(symbol, symbol),
        readings=Readings(sold_before=sold_before, same_day=same_day, piece=piece, ancestor=ancestor),
    )
    losses, lots = wash_rows(found, shares_of=shares_of), open_rows(found, shares_of=shares_of)
    flat = [_short_row({**row, **_prefixed(row.pop("replacement"))}) for row in (dict(r) for r in losses)]
    _write_csv(csv_path, flat)
    out = {"readings": str(found.readings), "losses": losses, "lots": lots, "disallowed": found.disallowed}
    _write_json(json_path, out)
    if "-" not in {json_path, csv_path}:
        from lotwright.cli.tax_tables import show_wash

        show_wash(losses, lots)
    for note in trades.notes:
        typer.echo(note, err=True)
    typer.echo(f"Readings: {found.readings}.", err=True)


@app.command()
def lots(book: BookPath, household: OneHousehold = None, json_path: JsonPath = None, csv_path: CsvPath = None) -> None:
    """Unrealised gain, term, days to long-term, and whether a loss can be harvested now."""
    from lotwright.tax.lot_report import lot_lines

    found, failed = _each(_read(book, household), lambda h, m: (h.household, lot_lines(h, m)))
    if _report([_flat(line) for _, lines in found for line in lines], json_path, csv_path):
        from lotwright.cli.tax_tables import show_lots

        for name, lines in found:
            show_lots(name, lines)
    _finish(failed)


@app.command()
def locks(
    book: BookPath,
    as_of: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Day; the book's if not given.")] = None,
    household: OneHousehold = None,
    json_path: JsonPath = None,
    csv_path: CsvPath = None,
) -> None:
    """What may not be bought, or sold at a loss, by whom, until when, because of which trade."""
    from lotwright.tax.lot_report import trade_locks

    day = as_of.date() if as_of else None
    found, failed = _each(_read(book, household), lambda h, m: (h.household, trade_locks(*_on(h, m, day))))
    rows = [{"household": name, **_flat(lock)} for name, own in found for lock in own]
    if _report(rows, json_path, csv_path):
        from lotwright.cli.tax_tables import show_locks

        for name, own in found:
            show_locks(name, own)
    _finish(failed)


# Reading


def _read(path: Path, household: str | None) -> Book:
    from lotwright.files.books import read_book

    book = read_book(path)
    if household is not None and household not in book.households:
        known = ", ".join(list(book.households)[:5])
        raise BookError(
            f"{path} has no household {household}. It has {known}{' …' if len(book.households) > 5 else ''}."
        )
    return replace(book, households={household: book.households[household]}) if household else book


def _each(book: Book, work: Callable[[Household, Market], Any]) -> tuple[list[Any], list[str]]:
    """The work done for each household, and a line for each household whose input does not allow it."""
    from lotwright.book.failure import Failure
    from lotwright.tax.regimes.laws import unlawful

    done, failed = [], []
    for name in sorted(book.households):
        entry = book.households[name]
        found = entry if isinstance(entry, Failure) else unlawful(entry) or work(entry, book.market)
        if isinstance(found, Failure):
            failed.append(f"{name}: {found.message}")
        else:
            done.append(found)
    return done, failed


def _carried(short: float | None, long: float | None, *, households: int) -> tuple[Decimal, Decimal] | None:
    """Losses carried in as the call states them; one household's, so there must be one."""
    if short is None and long is None:
        return None
    if households != 1:
        raise typer.BadParameter("Carried losses are one household's. Name it with --household.")
    carried = Decimal(str(short or 0)), Decimal(str(long or 0))
    if not all(amount.is_finite() for amount in carried):
        raise typer.BadParameter("Carried losses are dollars. Write them like 1200.50.")
    return carried


def _no_form(household: Household) -> Failure | None:
    """Why a household has no Form 8949."""
    from lotwright.book.failure import Failure
    from lotwright.book.kinds import Regime

    if household.regime is Regime.US:
        return None
    return Failure(
        reason="no_form",
        message=f"Form 8949 and Schedule D are forms of the United States; this household is under the regime"
        f" {household.regime}. 'lotwright plan' states its year, 'lotwright tax lots' its pools.",
    )


def _on(household: Household, market: Market, day: date | None) -> tuple[Household, Market]:
    """Household and market as another day sees them: what had not happened by then is left out."""
    if day is None:
        return household, market
    accounts = tuple(
        replace(
            account,
            lots=tuple(lot for lot in account.lots if lot.acquired <= day),
            transactions=tuple(t for t in account.transactions if t.date <= day),
        )
        for account in household.accounts
    )
    return replace(household, accounts=accounts), replace(market, as_of=day)


def _csv_rows(path: Path) -> list[dict[str, str | None]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            if not rows.fieldnames:
                raise BookError(f"{path} is empty. Its first row must name the columns.")
            return list(rows)
    except OSError as error:
        raise BookError(f"{path} cannot be read: {error.strerror}. Name a CSV file.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise BookError(f"{path} is no CSV table in UTF-8 ({error}). Save it as one.") from error


def _groups(path: Path) -> tuple[dict[str, str], dict[str, Decimal]]:
    """Symbol to group, and to the shares one contract is for, from a table of substantially identical securities."""
    groups: dict[str, str] = {}
    shares: dict[str, Decimal] = {}
    for number, row in enumerate(_csv_rows(path), start=2):
        group, symbol = (row.get("group") or "").strip(), (row.get("symbol") or "").strip()
        if not group or not symbol:
            raise BookError(f"{path.name} row {number} needs both a group and a symbol. Fill them in.")
        if groups.setdefault(symbol, group) != group:
            raise BookError(
                f"{path.name} row {number}: {symbol} is in group {groups[symbol]} already. Join the groups."
            )
        told = (row.get("shares") or "").strip()
        if told:
            shares[symbol] = _above_zero(told, f"{path.name} row {number}, column shares")
    return groups, shares


def _above_zero(told: str, where: str) -> Decimal:
    try:
        value = Decimal(told)
    except InvalidOperation:
        value = Decimal(0)
    if not value.is_finite() or value <= 0:
        raise BookError(f"{where}: found {told!r}, which is not a number above zero. Write it like 100.")
    return value


# Writing


def _report(rows: Sequence[Mapping[str, Any]], json_path: str | None, csv_path: str | None) -> bool:
    """Write what was asked for; True when the terminal is free for people."""
    _refuse_two(json_path, csv_path)
    _write_csv(csv_path, rows)
    _write_json(json_path, rows)
    return "-" not in {json_path, csv_path}


def _refuse_two(*paths: str | None) -> None:
    if paths.count("-") > 1:
        raise typer.BadParameter("Only one result can go to standard output.")


def _schedule_rows(report: TaxYear) -> list[dict[str, Any]]:
    """Schedule D and the worksheet as rows of one table."""
    return [
        {"household": report.household, "year": report.year, "form": form, **_flat(line)}
        for form, lines in (
            ("Schedule D", report.schedule.lines),
            ("Capital Loss Carryover Worksheet", report.schedule.worksheet),
        )
        for line in lines
    ]


def _flat(value: Any) -> dict[str, Any]:
    """A dataclass as a mapping, in the order of its fields."""
    whole = asdict(value)
    return {f.name: whole[f.name] for f in fields(value)}


def _prefixed(replacement: Mapping[str, Any] | None) -> dict[str, Any]:
    names = ("account", "symbol", "lot", "acquired", "quantity", "basis", "holding_start")
    return {f"replacement_{name}": (replacement or {}).get(name) for name in names}


def _short_row(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: "VARIOUS" if name == "acquired" and value is None else value for name, value in row.items()}


def _plain(value: Any, name: str = "") -> Any:
    """JSON-ready: numbers as numbers, money to the cent, dates as ISO."""
    if isinstance(value, Mapping):
        return {key: _plain(item, key) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, name) for item in value]
    if isinstance(value, Decimal):
        exact = name.removeprefix("replacement_") in EXACT
        number = value if exact else value.quantize(CENT, rounding=ROUND_HALF_UP)
        return int(number) if number == number.to_integral_value() and exact else float(number)
    if isinstance(value, date):
        return value.isoformat()
    return _plain(asdict(value)) if is_dataclass(value) and not isinstance(value, type) else value


def _text(value: Any, name: str) -> str:
    """A cell for people and spreadsheets."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        exact = name.removeprefix("replacement_") in EXACT
        return f"{value.normalize():f}" if exact else f"{value.quantize(CENT, rounding=ROUND_HALF_UP)}"
    return " ".join(value) if isinstance(value, tuple) else str(value)


def _write_json(path: str | None, value: Any) -> None:
    if path is None:
        return
    write_text(path, json.dumps(_plain(value), indent=2, ensure_ascii=False) + "\n")


def _write_csv(path: str | None, rows: Iterable[Mapping[str, Any]]) -> None:
    if path is None:
        return
    rows = list(rows)
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(rows[0] if rows else [])
    writer.writerows([_text(value, name) for name, value in row.items()] for row in rows)
    write_text(path, out.getvalue())


def _finish(failed: Sequence[str]) -> None:
    for line in failed:
        typer.echo(line, err=True)
    if failed:
        raise typer.Exit(1)
