"""``lotwright targets``: what a model portfolio comes to on a day, for everyone or for one account, and into the book."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lotwright.errors import ProgramError

if TYPE_CHECKING:
    from lotwright.book.book import Book
    from lotwright.book.holdings import Account
    from lotwright.files.dynamic import DynamicFile
    from lotwright.targets.compute import Weights


@dataclass(frozen=True, slots=True, kw_only=True)
class _Preferences:
    """What an account's restrictions say of targets."""

    exclude: frozenset[str] = frozenset()
    exclude_sectors: frozenset[str] = frozenset()
    maximum: tuple[tuple[str, float], ...] = ()

    @property
    def words(self) -> str:
        """For the name of a variant; empty where there are none."""
        out = sorted({*self.exclude, *self.exclude_sectors})
        said = [f"without {', '.join(out)}"] if out else []
        said += [f"{symbol} at most {Decimal(repr(cap)):%}" for symbol, cap in self.maximum]
        return "; ".join(said)


def targets_command(
    model: Annotated[str, typer.Argument(help="Name of a model portfolio, or its TOML file.", metavar="MODEL")],
    book: Annotated[Path, typer.Option("--book", help="Folder of the book: its history and prices.", metavar="BOOK")],
    as_of: Annotated[
        datetime | None, typer.Option("--as-of", formats=["%Y-%m-%d"], help="As known on this day. [the book's day]")
    ] = None,
    account: Annotated[
        str | None, typer.Option("--account", help="With the exclusions and caps of this account on top.")
    ] = None,
    json_path: Annotated[
        str | None, typer.Option("--json", help="Write the weights as JSON to this file; - for standard output.")
    ] = None,
    csv_path: Annotated[
        str | None, typer.Option("--csv", help="Write the weights as CSV to this file; - for standard output.")
    ] = None,
    write: Annotated[
        bool,
        typer.Option(
            "--write",
            help="Write them into the book's targets; accounts of this model with exclusions or caps get a variant.",
        ),
    ] = False,
) -> None:
    """Show the weights of a model portfolio: declared ones, or computed from the book's history by its source.

    Nothing after the day is looked at. With --write the book owns the result: plans read it like any other target.
    """
    from lotwright.cli.writing import Outputs, write_json, write_text
    from lotwright.files.books import read_book

    outputs = Outputs.of(json=json_path, csv=csv_path, html=None)
    found = read_book(book)
    day = as_of.date() if as_of else found.market.as_of
    if day > found.market.as_of:
        raise ProgramError(f"--as-of {day} lies after the book's day, {found.market.as_of}. Fetch newer prices first.")
    name, dynamic, static = _model(model, book, found)
    if dynamic is None and (account or write or as_of):
        raise ProgramError(f"{name} is a static model: the same for every account and day. Leave those options away.")
    preferences = _Preferences() if account is None else _preferences(_account(found, account))
    weights = _computed(dynamic, found, preferences, day) if dynamic else _static(name, static or {}, day)
    if outputs.json is not None:
        write_json(outputs.json, _as_json(weights, preferences))
    if outputs.csv is not None:
        write_text(outputs.csv, _as_csv(weights))
    if not outputs.take_standard_output:
        _print(weights, found)
    for note in weights.notes:
        typer.echo(note, err=True)
    if write and dynamic:
        _write(book, found, dynamic, day)


def _model(model: str, book: Path, found: Book) -> tuple[str, DynamicFile | None, Mapping[str, Decimal] | None]:
    """The model's name, and its declaration or its fixed weights."""
    from lotwright.declared import find_portfolio
    from lotwright.files.dynamic import read_dynamic
    from lotwright.files.faults import Faults
    from lotwright.files.portfolios import portfolio_of

    is_path = model.endswith(".toml") or set(model) & set("/\\")
    if (
        not is_path
        and model in found.market.models
        and found.market.models[model].targets
        and not _is_declared(model, book)
    ):
        return model, None, {target.symbol: target.weight for target in found.market.models[model].targets}
    path = Path(model) if is_path else find_portfolio(model, beside=book)
    if not path.is_file():
        raise ProgramError(f"There is no file {path}. Check the path, or name a model portfolio.")
    dynamic = read_dynamic(path)
    if dynamic is not None:
        return path.stem, dynamic, None
    faults = Faults()
    portfolio = portfolio_of(path.stem, file=str(path), data=path.read_bytes(), faults=faults)
    faults.stop_if_shared(str(path))
    assert portfolio is not None
    return path.stem, None, {target.symbol: target.weight for target in portfolio.model.targets}


def _is_declared(model: str, book: Path) -> bool:
    from lotwright.declared import Shelf, declared_names

    return model in declared_names(Shelf.PORTFOLIOS, beside=book)


def _static(name: str, weights: Mapping[str, Decimal], day: date) -> Weights:
    from lotwright.targets.compute import Weights

    held = sorted(((symbol, weight) for symbol, weight in weights.items() if weight), key=lambda one: (-one[1], one[0]))
    return Weights(model=name, as_of=day, weight=dict(held))


def _computed(dynamic: DynamicFile, found: Book, preferences: _Preferences, day: date) -> Weights:
    from lotwright.targets.compute import Securities, weights_of
    from lotwright.targets.declaration import declaration_of

    declared = declaration_of(dynamic.name, dynamic.document)
    if found.history is None:
        raise ProgramError(f"{dynamic.name}: the book has no history. Fetch one with lotwright prices.")
    prices = found.market.prices
    securities = Securities(
        sector={symbol: price.sector for symbol, price in prices.items()},
        kind={symbol: price.kind for symbol, price in prices.items()},
    )
    bounds = declared.bounds.narrowed(
        exclude=preferences.exclude, exclude_sectors=preferences.exclude_sectors, maximum=dict(preferences.maximum)
    )
    return weights_of(declared, found.history, securities, as_of=day, bounds=bounds)


def _account(found: Book, name: str) -> Account:
    from difflib import get_close_matches

    from lotwright.book.failure import Failure

    names: list[str] = []
    for household in found.households.values():
        for account in () if isinstance(household, Failure) else household.accounts:
            if account.account == name:
                return account
            names.append(account.account)
    near = get_close_matches(name, names, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    raise ProgramError(f"The book has no account {name}, or its household's input is wrong.{hint}")


def _preferences(account: Account) -> _Preferences:
    """Restrictions that concern what should be owned; those on trading are the planner's."""
    from lotwright.book.kinds import Rule

    own = account.restrictions
    caps: dict[str, float] = {}
    for one in own:
        if one.rule is Rule.MAXIMUM_WEIGHT and one.symbol and one.weight is not None:
            caps[one.symbol] = min(caps.get(one.symbol, 1.0), float(one.weight))
    return _Preferences(
        exclude=frozenset(one.symbol for one in own if one.rule is Rule.EXCLUDE and one.symbol),
        exclude_sectors=frozenset(one.sector for one in own if one.rule is Rule.EXCLUDE_SECTOR and one.sector),
        maximum=tuple(sorted(caps.items())),
    )


def _write(book: Path, found: Book, dynamic: DynamicFile, day: date) -> None:
    """The model and every variant its accounts need into the table of targets, then the accounts pointed at theirs."""
    from lotwright.book.failure import Failure
    from lotwright.files.target_writing import of_model, point_accounts, variant_name, write_targets

    wanted: dict[str, _Preferences] = {dynamic.name: _Preferences()}
    model_of: dict[str, str] = {}
    failed = []
    for name, household in found.households.items():
        if isinstance(household, Failure):
            failed.append(name)
            continue
        for account in household.accounts:
            if of_model(account.model, dynamic.name):
                preferences = _preferences(account)
                model_of[account.account] = variant_name(dynamic.name, preferences.words)
                wanted[model_of[account.account]] = preferences
    variants: dict[str, Mapping[str, Decimal]] = {}
    without: dict[str, str] = {}
    for name, preferences in wanted.items():
        try:
            variants[name] = _computed(dynamic, found, preferences, day).weight
        except ProgramError as error:
            if name == dynamic.name:
                raise
            without[name] = str(error)
    path = write_targets(book, dynamic.name, variants)
    point_accounts(book, model_of)
    for name, said in without.items():
        users = ", ".join(sorted(account for account, own in model_of.items() if own == name))
        typer.echo(f"{users}: no weights under its restrictions. {said}", err=True)
    typer.echo(f"Wrote {', '.join(sorted(variants))} of {day} to {path.name}.", err=True)
    if failed:
        typer.echo(f"Not looked at, their input being wrong: {', '.join(failed[:10])}.", err=True)
    if without:
        raise typer.Exit(1)


def _as_json(weights: Weights, preferences: _Preferences) -> dict[str, object]:
    return {
        "schema": "lotwright.targets/1",
        "model": weights.model,
        "as_of": weights.as_of.isoformat(),
        "preferences": preferences.words,
        "weights": [{"symbol": symbol, "weight": float(weight)} for symbol, weight in weights.weight.items()],
        "notes": list(weights.notes),
    }


def _as_csv(weights: Weights) -> str:
    import csv

    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(["model", "symbol", "weight"])
    table.writerows([weights.model, symbol, f"{weight:f}"] for symbol, weight in weights.weight.items())
    return out.getvalue()


def _print(weights: Weights, found: Book) -> None:
    from rich import box
    from rich.table import Table

    from lotwright.cli.report import plain_when_piped

    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("Symbol")
    table.add_column("Weight", justify="right")
    table.add_column("Sector")
    for symbol, weight in weights.weight.items():
        price = found.market.prices.get(symbol)
        table.add_row(symbol, f"{weight:.2%}", (price.sector or "") if price else "")
    with plain_when_piped() as console:
        console.print(f"{weights.model} on {weights.as_of}: {len(weights.weight)} securities")
        console.print(table)
