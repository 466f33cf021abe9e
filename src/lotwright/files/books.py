"""A book from its folder of tables: everything is judged before anything is used."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from lotwright.book.book import Book
from lotwright.book.market import Market, Price
from lotwright.declared import Shelf, declared_names
from lotwright.errors import BookError, ProgramError
from lotwright.files import account_rows, market_tables
from lotwright.files.arrow import Bools
from lotwright.files.checks import check_table
from lotwright.files.dynamic import dynamic_portfolio, read_dynamic
from lotwright.files.factor_table import factor_data, read_factors
from lotwright.files.faults import Fault, Faults, did_you_mean
from lotwright.files.forms import FORMS
from lotwright.files.households import Households, Rows, RowsByWord, account_names, group_by
from lotwright.files.models import Models, check_targets, priced_models, tabled_models
from lotwright.files.portfolios import Portfolio, portfolio_of
from lotwright.files.price_history import history_of
from lotwright.files.report import account_report, shared_report
from lotwright.files.tables import Table, find_tables, read_table
from lotwright.files.values import Texts


def read_book(
    path: str | Path,
    *,
    households: Collection[str] | None = None,
    prices: Path | None = None,
    dated_to: date | None = None,
) -> Book:
    """Read a book: a folder of CSV or Parquet tables as FORMATS defines them.

    Every table is checked whole before anything is used. A fault in a row of an account makes its household a
    ``Failure`` with ``reason="input"`` and the faults as evidence; the other households are untouched.

    Parameters
    ----------
    path : str or Path
        The folder.
    households : collection of str, optional
        Names of the households to hand out; all by default. Everything is read and checked all the same.
    prices : Path, optional
        A CSV or Parquet file that takes the place of the book's table of prices, its ``as_of`` included.
    dated_to : date, optional
        Rows may be dated up to this day though the prices are older: for reconciling a book, which needs no prices.
        Without it, a row dated after the prices is a fault.

    Returns
    -------
    Book
        Its households are built when asked for. ``content_hash`` is the SHA-256 of the files' bytes, tables in the
        order of their names: it names these very files, so that rows in another order are another hash (and the same
        plans).

    Raises
    ------
    BookError
        The part that all households share is at fault: a table or a required column is missing or unreadable, prices,
        targets or another shared table is wrong, a row belongs to no known account, ``households`` names one that is
        not there. The message lists every such fault, up to 20.
    """
    reading = _read(Path(path), prices=prices, dated_to=dated_to)
    names = _chosen(households, reading.rows.accounts.words, reading.tables["accounts"].file)
    return Book(
        market=reading.shared.market,
        households=households_of(reading.rows, reading.faults, reading.shared, names=names),
        history=history_of(reading.tables.get("history")),
        factors=read_factors(Path(path)),
        content_hash=reading.content_hash,
    )


def households_of(rows: Rows, faults: Faults, shared: SharedPart, *, names: Collection[str]) -> Households:
    """Return households to build on demand from judged rows; those whose rows are at fault are failures."""
    return Households(
        rows,
        failures=faults.failures(),
        names=names,
        symbols=frozenset(shared.market.prices),
        sectors=shared.sectors,
        model_notes=shared.models.notes,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SharedPart:
    """What all households of a book share, sound: the market, its models with their faults, and names for messages.

    ``as_of`` is the day of the prices; ``prices_file`` and ``places`` name where prices and models come from.
    """

    market: Market
    models: Models
    as_of: np.datetime64
    sectors: frozenset[str]
    prices_file: str
    places: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Reading:
    """A book whose shared part is sound."""

    tables: Mapping[str, Table]
    shared: SharedPart
    rows: Rows
    faults: Faults
    content_hash: str


def _read(book: Path, *, prices: Path | None, dated_to: date | None = None) -> _Reading:
    """Read and judge every table; raise what is wrong with the shared part."""
    faults = Faults()
    data = {name: (file, file.read_bytes()) for name, file in find_tables(book, prices=prices, faults=faults).items()}
    tables: dict[str, Table] = {}
    for form in FORMS:
        if form.name in data:
            file, content = data[form.name]
            table = read_table(form, file=file.name, data=content, faults=faults)
            if table is not None:
                tables[form.name] = table
    as_of = day_of(tables, faults)
    accounts = tables.get("accounts")
    household_of = {} if accounts is None else account_names(accounts)
    latest = as_of if dated_to is None or as_of is None else max(as_of, np.datetime64(dated_to))
    check_each(tables, faults, as_of=latest, household_of=household_of)
    if accounts is not None:
        market_tables.check_not_empty(accounts, faults)
    declared, declared_data = declared_models(book, tables, faults, wanted=_words(accounts, "model"))
    faults.stop_if_shared(str(book))
    shared = shared_part(tables, declared, as_of=as_of)
    check_accounts(tables, faults, household_of=household_of, shared=shared)
    contents = {name + file.suffix: content for name, (file, content) in data.items()} | declared_data
    contents |= factor_data(book)
    return _Reading(
        tables=tables, shared=shared, rows=account_table_rows(tables), faults=faults, content_hash=_hash(contents)
    )


def day_of(tables: Mapping[str, Table], faults: Faults) -> np.datetime64 | None:
    """Return the day of the prices, None where there is none to be read."""
    return market_tables.day_of_prices(shared_report(tables["prices"], faults)) if "prices" in tables else None


def shared_part(
    tables: Mapping[str, Table], declared: Mapping[str, Portfolio], *, as_of: np.datetime64 | None
) -> SharedPart:
    """Return the part that all households share, from its tables, which are sound by now."""
    assert as_of is not None  # the prices have rows, or reading had stopped
    priced = market_tables.prices_of(tables["prices"])
    file = tables["prices"].file
    models = priced_models({**declared, **tabled_models(tables.get("targets"))}, priced=priced, prices=file)
    return SharedPart(
        market=Market(
            as_of=market_tables.as_date(as_of),
            prices=priced,
            models=models.portfolios,
            identical=market_tables.identical_of(tables.get("identical")),
            substitutes=market_tables.substitutes_of(tables.get("substitutes")),
        ),
        models=models,
        as_of=as_of,
        sectors=frozenset(_sectors(priced.values())),
        prices_file=file,
        places=f"{tables['targets'].file} or models/portfolios" if "targets" in tables else "models/portfolios",
    )


def account_table_rows(tables: Mapping[str, Table], *, at_once: bool = False, telling: Bools | None = None) -> Rows:
    """Return the rows of the tables of accounts, grouped.

    Parameters
    ----------
    tables : mapping of name to table
    at_once : bool
        Every household will be built.
    telling : bools, optional
        Rows of transactions that households are to have; all by default.
    """
    basis = tables["lots"].values.get("basis")
    is_known = basis is not None and not basis.is_missing.any()  # then nobody needs the basis a share
    return Rows(
        accounts=RowsByWord(tables["accounts"], "household", at_once=at_once),
        lots=RowsByWord(tables["lots"], "account", at_once=at_once, without=("basis_per_share",) if is_known else ()),
        transactions=group_by(tables.get("transactions"), "account", at_once=at_once, counts=telling),
        restrictions=group_by(tables.get("restrictions"), "account", at_once=at_once),
        cashflows=group_by(tables.get("cashflows"), "account", at_once=at_once),
    )


def check_each(
    tables: Mapping[str, Table],
    faults: Faults,
    *,
    as_of: np.datetime64 | None,
    household_of: Mapping[str, str],
    known: Collection[str] | None = None,
) -> None:
    """Judge every table on its own; ``known`` names the accounts there are, by default those of the table accounts."""
    accounts = tables.get("accounts")
    priced = _words(tables.get("prices"), "symbol")
    for name, table in tables.items():
        is_shared = table.form.is_shared
        report = shared_report(table, faults) if is_shared else account_report(table, faults, household_of=household_of)
        check_table(report, as_of=as_of)
        if not is_shared and name != "accounts" and accounts is not None:
            there = _words(accounts, "account") if known is None else known
            account_rows.check_known_accounts(report, accounts, known=there)
        if name == "targets":
            check_targets(report)
        elif name == "substitutes":
            market_tables.check_substitutes(report)
        elif name == "identical":
            market_tables.check_identical(report, priced=priced)


def check_accounts(
    tables: Mapping[str, Table], faults: Faults, *, household_of: Mapping[str, str], shared: SharedPart
) -> None:
    """Judge the rows of accounts beside the shared part, which is sound by now."""
    reports = {
        name: account_report(table, faults, household_of=household_of)
        for name, table in tables.items()
        if not table.form.is_shared
    }
    models, prices, file = shared.models, shared.market.prices, shared.prices_file
    account_rows.check_accounts(reports["accounts"], models=models.portfolios.keys(), places=shared.places)
    account_rows.check_unpriced_targets(tables["accounts"], faults, household_of=household_of, unpriced=models.unpriced)
    account_rows.check_lots(reports["lots"], priced=prices.keys(), prices=file)
    if "transactions" in reports:
        account_rows.check_transactions(reports["transactions"], priced=prices.keys(), prices=file, as_of=shared.as_of)
    if "restrictions" in reports:
        account_rows.check_restrictions(reports["restrictions"], sectors=shared.sectors, prices=file)


def declared_models(
    book: Path, tables: Mapping[str, Table], faults: Faults, *, wanted: Collection[str]
) -> tuple[dict[str, Portfolio], dict[str, bytes]]:
    """Return the wanted models that targets lacks, from files, and the bytes of those files."""
    wanted = set(wanted) - _words(tables.get("targets"), "model")
    shelf = declared_names(Shelf.PORTFOLIOS, beside=book) if wanted else {}
    portfolios: dict[str, Portfolio] = {}
    data: dict[str, bytes] = {}
    for name in sorted(wanted & shelf.keys()):
        file = f"models/portfolios/{shelf[name].name}"
        try:
            dynamic = read_dynamic(shelf[name], name=name)
        except ProgramError as error:
            faults.add(Fault(file=file, wrong=str(error).removeprefix(f"{file}: "), cure="Correct the declaration."))
            continue
        if dynamic is not None:
            data |= dynamic.data
            if not faults.shared.count:
                portfolios[name] = dynamic_portfolio(dynamic, tables)
            continue
        data[file] = shelf[name].read_bytes()
        portfolio = portfolio_of(name, file=file, data=data[file], faults=faults)
        if portfolio is not None:
            portfolios[name] = portfolio
    return portfolios, data


def _words(table: Table | None, column: str) -> set[str]:
    texts = None if table is None else table.values.get(column)
    return set(texts.word) if isinstance(texts, Texts) else set()


def _sectors(prices: Collection[Price]) -> set[str]:
    return {price.sector for price in prices if price.sector}


def _hash(contents: Mapping[str, bytes]) -> str:
    """SHA-256 over names, lengths and bytes of the files, in the order of their names."""
    digest = hashlib.sha256()
    for name in sorted(contents):
        digest.update(f"{name}\0{len(contents[name])}\0".encode())
        digest.update(contents[name])
    return digest.hexdigest()


def _chosen(wanted: Collection[str] | None, known: Collection[str], file: str) -> Collection[str]:
    """Return the names to hand out, or raise naming the ones that the book does not have."""
    if wanted is None:
        return known
    wanted = {wanted} if isinstance(wanted, str) else set(wanted)
    unknown = sorted(wanted - set(known))
    if unknown:
        listed = ", ".join(unknown)
        near = "".join(did_you_mean(name, known) for name in unknown[:5])
        raise BookError(
            f"{file} has no household {listed}. {near}Households there are: {', '.join(sorted(known)[:10])}"
            f"{', ...' if len(known) > 10 else ''}."
        )
    return wanted
