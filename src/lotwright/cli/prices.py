"""``lotwright prices``: fetch prices and histories from a source into a book, so that plans need no network."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from lotwright.errors import ProgramError

if TYPE_CHECKING:
    from lotwright.book.failure import Failure
    from lotwright.files.wanted import Wanted
    from lotwright.market.answers import Quote, Series
    from lotwright.market.source import PriceSource

_SPELT_OUT = 20
_CURRENCY = {"us": "USD", "uk": "GBP", "canada": "CAD"}


class Source(StrEnum):
    """Where prices come from."""

    FILES = "files"
    YFINANCE = "yfinance"
    ALPACA = "alpaca"


class PriceKind(StrEnum):
    """Which of Alpaca's prices."""

    TRADE = "trade"
    QUOTE = "quote"
    BAR = "bar"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Which source, and how it is to be asked."""

    source: Source
    file: Path | None = None
    feed: str | None = None
    kind: PriceKind | None = None
    url: str | None = None
    calendar: str = "XNYS"
    fresh: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What the source said of a book's symbols for one trading day."""

    day: date
    source: str
    prices: Mapping[str, Quote]
    failures: Mapping[str, Failure]
    histories: Mapping[str, Series]
    short: Mapping[str, Failure]
    """Symbols with a price and without a history."""


def prices_command(
    book: Annotated[Path, typer.Argument(help="Folder of the book's tables.", metavar="BOOK")],
    source: Annotated[Source, typer.Option("--source", help="Where prices come from.")],
    file: Annotated[
        Path | None,
        typer.Option(
            "--file", help="With files: CSV or Parquet with symbol, date, close, adj_close. [the book's history]"
        ),
    ] = None,
    as_of: Annotated[
        datetime | None,
        typer.Option("--as-of", formats=["%Y-%m-%d"], help="Prices of this day, or the trading day before. [now]"),
    ] = None,
    years: Annotated[float, typer.Option("--years", min=0.0, help="Years of history to fetch; 0 for none.")] = 3.0,
    feed: Annotated[str | None, typer.Option("--feed", help="With alpaca: iex, sip, delayed_sip, otc, ...")] = None,
    kind: Annotated[
        PriceKind | None, typer.Option("--kind", help="With alpaca: price of the last trade, quote or daily bar.")
    ] = None,
    calendar: Annotated[str, typer.Option("--calendar", help="Exchange whose trading days count.")] = "XNYS",
    url: Annotated[str | None, typer.Option("--url", help="A stand-in on this machine in place of the source.")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Ask again for what is kept from earlier answers.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be written, and write nothing.")] = False,
    json_path: Annotated[
        str | None, typer.Option("--json", help="Write what was answered as JSON to this file; - for standard output.")
    ] = None,
) -> None:
    """Fetch the prices and histories of everything a book holds or wants into its tables.

    A security whose price is missing, stale, adjusted or in another currency gets no row: households that need it have no
    plan, the others do. Each row says who answered and when. Nothing is written when nothing was answered.
    """
    asking = Asking(source=source, file=file, feed=feed, kind=kind, url=url, calendar=calendar, fresh=fresh)
    from lotwright.files.wanted import wanted_prices

    now = datetime.now(UTC)
    day = _trading_day(as_of.date() if as_of else None, now, calendar)
    wanted = wanted_prices(book, day=day)
    fetched = fetch(book, wanted, asking, day=day, years=years, now=now)
    if json_path is not None:
        from lotwright.cli.writing import write_json

        write_json(json_path, _as_json(fetched))
    if fetched.prices and not dry_run:
        write(book, fetched)
    if json_path != "-":
        _print(fetched)
    _say(fetched, wanted, written=bool(fetched.prices) and not dry_run)
    raise typer.Exit(1 if fetched.failures else 0)


def fetch(book: Path, wanted: Wanted, asking: Asking, *, day: date, years: float, now: datetime) -> Fetched:
    """Ask the source for everything wanted."""
    from lotwright.book.failure import Failure

    source = source_of(book, asking, day=day, now=now)
    symbols = wanted.symbols
    histories: dict[str, Series | Failure] = {}
    if years > 0:
        histories = dict(source.histories(symbols, start=day - timedelta(days=round(365.25 * years)), end=day))
    prices: dict[str, Quote] = {}
    failures: dict[str, Failure] = {}
    allowed = {_CURRENCY[regime.value] for regime in wanted.regimes}
    for symbol, answer in source.prices(symbols, day=day).items():
        if not isinstance(answer, Failure) and answer.currency not in allowed:
            answer = _other_currency(answer, allowed)  # noqa: PLW2901
        if isinstance(answer, Failure):
            failures[symbol] = answer
        else:
            prices[symbol] = answer
    return Fetched(
        day=day,
        source=source.name,
        prices=prices,
        failures=failures,
        histories={one: found for one, found in histories.items() if one in prices and not isinstance(found, Failure)},
        short={one: found for one, found in histories.items() if one in prices and isinstance(found, Failure)},
    )


def source_of(book: Path, asking: Asking, *, day: date, now: datetime) -> PriceSource:
    """The source that was asked for, wired to the clock, the keys and the folder of what is kept.

    Raises
    ------
    LotwrightError
        An option does not go with the source, keys are missing, or a file cannot be read.
    """
    _check(asking)
    from lotwright.market.source import Closes

    if asking.source is Source.FILES:
        from lotwright.files.wanted import table_file
        from lotwright.market.tables import TableSource

        file = asking.file or table_file(book, "history")
        if file is None:
            raise ProgramError(f"{book} has no history to take prices from. Name a file with --file.")
        return Closes(TableSource(file, asked=now))
    if asking.source is Source.YFINANCE:
        from lotwright.market.kept import KeptSource
        from lotwright.market.yahoo import YahooSource

        folder = _cache()
        yahoo = YahooSource(now=_now, url=asking.url, folder=folder)
        return Closes(yahoo if folder is None or asking.fresh else KeptSource(yahoo, folder))
    from lotwright.execution.keys import keys_from
    from lotwright.market.alpaca import AlpacaSource, Kind

    kind = asking.kind or (
        PriceKind.TRADE if day == now.astimezone(ZoneInfo("America/New_York")).date() else PriceKind.BAR
    )
    return AlpacaSource(keys_from(os.environ), now=_now, feed=asking.feed, kind=Kind(kind.value), url=asking.url)


def write(book: Path, fetched: Fetched) -> None:
    """Into the tables prices and history, prices first."""
    from lotwright.files.price_writing import Closes, write_history, write_prices

    write_prices(book, price_rows(fetched))
    if fetched.histories:
        closes = {
            symbol: Closes(dates=one.dates, close=one.close, adj_close=one.adj_close, volume=one.volume)
            for symbol, one in fetched.histories.items()
        }
        write_history(book, closes, last=fetched.day)


def price_rows(fetched: Fetched) -> dict[str, dict[str, object]]:
    """Rows of the table prices: what was answered, and what the history says of volume and volatility."""
    from lotwright.market.judging import typical_dollars, yearly_volatility

    rows: dict[str, dict[str, object]] = {}
    for symbol, quote in fetched.prices.items():
        row: dict[str, object] = {"price": quote.price, "as_of": quote.day, "source": quote.source}
        row |= {"at": quote.at.isoformat(), "asked": quote.asked.isoformat(timespec="seconds")}
        if quote.half_spread is not None:
            row["half_spread"] = quote.half_spread
        series = fetched.histories.get(symbol)
        figures = (
            {} if series is None else {"adv_dollars": typical_dollars(series), "volatility": yearly_volatility(series)}
        )
        rows[symbol] = row | {name: figure for name, figure in figures.items() if figure is not None}
    return rows


def prices_file(book: Path, source: str, *, folder: Path) -> Path:
    """Prices fetched for one plan: a file in ``folder`` that takes the place of the book's table.

    Raises
    ------
    LotwrightError
        Nothing at all was answered.
    """
    from lotwright.files.price_writing import write_prices
    from lotwright.files.wanted import wanted_prices

    now = datetime.now(UTC)
    day = _trading_day(None, now, "XNYS")
    wanted = wanted_prices(book, day=day)
    fetched = fetch(book, wanted, Asking(source=Source(source)), day=day, years=0, now=now)
    _say(fetched, wanted, written=False, is_plan=True)
    if not fetched.prices:
        raise ProgramError(
            f"{fetched.source} answered no price at all, so there is nothing to plan with. Ask again later."
        )
    return write_prices(book, price_rows(fetched), into=folder / "prices.csv")


def _check(asking: Asking) -> None:
    """Options that go with one source alone."""
    given = {"--file": (asking.file, {Source.FILES}), "--feed": (asking.feed, {Source.ALPACA})}
    given |= {"--kind": (asking.kind, {Source.ALPACA}), "--url": (asking.url, {Source.YFINANCE, Source.ALPACA})}
    for option, (value, sources) in given.items():
        if value is not None and asking.source not in sources:
            goes = " or ".join(sorted(sources))
            raise ProgramError(f"{option} goes with --source {goes}, not with {asking.source}. Leave it away.")


def _trading_day(asked: date | None, now: datetime, calendar: str) -> date:
    from lotwright.market.sessions import last_session, session_begun

    if asked is None:
        return session_begun(now, calendar=calendar)
    if asked > now.date() + timedelta(days=1):
        raise ProgramError(f"--as-of {asked} lies in the future, and its prices are not known. Name a day up to today.")
    return last_session(asked, calendar=calendar)


def _cache() -> Path | None:
    if os.environ.get("LOTWRIGHT_CACHE", "").lower() == "off":
        return None
    root = os.environ.get("XDG_CACHE_HOME") or ""
    folder = Path(root) if Path(root).is_absolute() else Path.home() / ".cache"
    return folder / "lotwright" / "prices"


def _now() -> datetime:
    return datetime.now(UTC)


def _other_currency(quote: Quote, allowed: set[str]) -> Failure:
    from lotwright.market.answers import Reason, failed

    return failed(
        Reason.CURRENCY, quote.symbol, source=quote.source,
        what=f"gives its price in {quote.currency}, and the book's accounts are in {' and '.join(sorted(allowed))}",
        cure="Name the listing in the accounts' currency.", currency=quote.currency,
    )  # fmt: skip


def _as_json(fetched: Fetched) -> dict[str, Any]:
    rows = price_rows(fetched)
    return {
        "schema": "lotwright.prices/1",
        "source": fetched.source,
        "as_of": fetched.day.isoformat(),
        "prices": [{"symbol": one, **{key: _plain(cell) for key, cell in rows[one].items()}} for one in sorted(rows)],
        "failures": [
            {"symbol": one, "reason": found.reason, "message": found.message, "evidence": dict(found.evidence)}
            for one, found in sorted(fetched.failures.items())
        ],
        "without_history": {one: found.message for one, found in sorted(fetched.short.items())},
    }


def _plain(cell: object) -> object:
    from decimal import Decimal

    return float(cell) if isinstance(cell, Decimal) else str(cell)


def _print(fetched: Fetched) -> None:
    from rich import box
    from rich.table import Table

    from lotwright.cli.report import plain_when_piped

    table = Table(box=box.SIMPLE_HEAD)
    for heading in ("Symbol", "Price", "Half-spread", "Days of history", "Made at"):
        table.add_column(heading, justify="left" if heading in {"Symbol", "Made at"} else "right")
    for symbol, quote in sorted(fetched.prices.items()):
        series = fetched.histories.get(symbol)
        half = "" if quote.half_spread is None else f"{quote.half_spread * 10_000:.1f} bp"
        made = (
            quote.at.isoformat(sep=" ", timespec="seconds")
            if quote.at.time() != datetime.min.time()
            else str(quote.day)
        )
        table.add_row(symbol, f"{quote.price:,f}", half, "" if series is None else f"{len(series):,}", made)
    with plain_when_piped() as console:
        console.print(f"Prices of {fetched.day} from {fetched.source}")
        console.print(table)


def _say(fetched: Fetched, wanted: Wanted, *, written: bool, is_plan: bool = False) -> None:
    """Messages: what has no price and why, splits the book may not know of, what was done."""
    spoken = [found.message for found in fetched.failures.values()]
    spoken += [f"{found.message} It has a price and no history." for found in fetched.short.values()]
    for line in spoken[:_SPELT_OUT]:
        typer.echo(line, err=True)
    if len(spoken) > _SPELT_OUT:
        typer.echo(f"And {len(spoken) - _SPELT_OUT} more.", err=True)
    for symbol, series in sorted(fetched.histories.items()):
        for day, ratio in series.splits:
            if wanted.as_of is not None and wanted.as_of < day <= fetched.day:
                typer.echo(
                    f"{symbol} split {ratio:g} for 1 on {day}, after the book's last prices ({wanted.as_of}). Check that its"
                    " lots count the new shares.",
                    err=True,
                )
    done, total = len(fetched.prices), len(wanted.symbols)
    tail = "" if is_plan else " Written." if written else " Nothing was written."
    typer.echo(f"{done} of {total} securities have a price of {fetched.day}.{tail}", err=True)
