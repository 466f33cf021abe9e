"""What a run needs before its first household: the book cut into parts, and the part of it that all households share.

The shared part, the risk model and the programs are computed once, here, and handed to each worker once. What is wrong
with the book as a whole is found and raised here, in the words of ``read_book``; what is wrong with an account is
found by the worker that reads it, in the same words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from lotwright.book.book import Book
from lotwright.files import market_tables
from lotwright.files.arrow import positions
from lotwright.files.books import SharedPart, check_each, day_of, declared_models, shared_part
from lotwright.files.columns import Form
from lotwright.files.factor_table import factor_data, read_factors
from lotwright.files.faults import Faults
from lotwright.files.forms import FORMS
from lotwright.files.parse import Parsed
from lotwright.files.price_history import history_of
from lotwright.files.risk_store import risk_model
from lotwright.files.run.blocks import blocks, content_hash, plain_array
from lotwright.files.run.parts import Cutter, Parts
from lotwright.files.run.units import Units, texts_of, units_of
from lotwright.files.tables import Table, find_tables, read_table, typed_table
from lotwright.plan.plans import Programs
from lotwright.plan.separable.tree import Effort
from lotwright.risk.choice import RiskChoice
from lotwright.risk.model import RiskModel

ORPHANS = 100_000
"""Rows of no known account after which a table is not read further: the book cannot be planned anyway."""
KNOWN = 20_000
"""Accounts up to which a message about an unknown one looks for the name that was meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the caller wants: the book and how to plan it; ``effort`` of a household of ordinary size."""

    book: Path
    program: str | None = None
    prices: Path | None = None
    effort: Effort = field(default_factory=Effort)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Setup:
    """What a worker must know to plan any household: handed to it once."""

    shared: SharedPart
    risk: RiskModel
    programs: Programs
    effort: Effort
    book_hash: str
    files: Mapping[str, str]
    """File name of each table of accounts, for messages."""
    risks: Mapping[RiskChoice, RiskModel] = field(default_factory=dict)
    """The models that programs ask for by name."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prepared:
    """A book ready to be planned part by part."""

    setup: Setup
    parts: Parts
    households: int


@dataclass(slots=True, eq=False)
class _Found:
    """What streaming the tables of accounts brings to light."""

    heads: dict[str, Parsed] = field(default_factory=dict)
    orphans: dict[str, list[Parsed]] = field(default_factory=dict)
    models: set[str] = field(default_factory=set)
    programs: set[str] = field(default_factory=set)


def book_files(asked: Asked) -> dict[str, Path]:
    """Return the file of each table of the book.

    Raises
    ------
    BookError
        A table is missing or there twice.
    """
    faults = Faults()
    files = find_tables(asked.book, prices=asked.prices, faults=faults)
    faults.stop_if_shared(str(asked.book))
    return files


def prepare(asked: Asked, folder: Path, *, cut: Parts | None = None) -> Prepared:
    """Cut a book into parts and make what its households share.

    Parameters
    ----------
    asked : Asked
    folder : Path
        An empty folder for the parts.
    cut : Parts, optional
        Parts of this very book that are there already; then its tables of accounts are read for their names alone.

    Raises
    ------
    BookError
        As by ``read_book``: the part that all households share is at fault, or rows belong to no account.
    ProgramError
        There is no such program.
    """
    faults = Faults()
    files = book_files(asked)
    shared = {
        form.name: table
        for form in FORMS
        if form.is_shared and form.name in files
        for table in [read_table(form, file=files[form.name].name, data=files[form.name].read_bytes(), faults=faults)]
        if table is not None
    }
    forms = [form for form in FORMS if not form.is_shared and form.name in files]
    found = _Found()
    units = _index(files["accounts"], forms[0], found, faults)
    if cut is None:
        cutter = Cutter(folder)
        for form in forms:
            _cut(form, files[form.name], units, cutter=cutter, found=found, faults=faults)
    tables = _orphaned(forms, files, found, shared, faults)
    as_of = day_of(shared, faults)
    known = _names(files["accounts"], forms[0]) if units.households <= KNOWN and any(map(len, tables.values())) else ()
    check_each(tables, faults, as_of=as_of, household_of={}, known=known)
    if not units.count and not len(tables["accounts"]):
        market_tables.check_not_empty(tables["accounts"], faults)
    declared, declared_data = declared_models(asked.book, shared, faults, wanted=found.models)
    faults.stop_if_shared(str(asked.book))

    part = shared_part(shared, declared, as_of=as_of)
    history = history_of(shared.get("history"))
    book = Book(market=part.market, households={}, history=history, factors=read_factors(asked.book))
    programs = Programs(asked.program, asked.book)
    programs.know(found.programs)
    contents = {name + path.suffix: path for name, path in files.items()}
    setup = Setup(
        shared=part,
        risk=risk_model(book),
        risks={choice: risk_model(book, choice) for choice in programs.risks},
        programs=programs,
        effort=asked.effort,
        book_hash=content_hash(contents, declared_data | factor_data(asked.book)),
        files={form.name: files[form.name].name for form in forms},
    )
    return Prepared(
        setup=setup,
        parts=cutter.finish(units=units.count) if cut is None else cut,
        households=units.households,
    )


def _index(path: Path, form: Form, found: _Found, faults: Faults) -> Units:
    """Number the households, and note the models and programs that accounts name."""

    def columns() -> Iterator[Any]:
        for parsed in blocks(form, path, Faults()):  # the faults are told when the table is cut
            found.models |= set(texts_of(parsed, "model").word)
            found.programs |= set(texts_of(parsed, "program").word)
            yield texts_of(parsed, "account"), texts_of(parsed, "household")

    units = units_of(columns())
    if not units.count:
        list(blocks(form, path, faults))
    return units


def _cut(form: Form, path: Path, units: Units, *, cutter: Cutter, found: _Found, faults: Faults) -> None:
    """Stream one table into the parts; rows of no unit are kept aside."""
    column, lookup = ("household", units.of_household) if form.name == "accounts" else ("account", units.of_account)
    apart = 0
    for parsed in blocks(form, path, faults):
        unit = lookup.units(texts_of(parsed, column))
        found.heads.setdefault(form.name, parsed)
        cutter.add(form.name, parsed, unit)
        lost = np.flatnonzero(unit < 0)
        if len(lost):
            found.orphans.setdefault(form.name, []).append(_taken(parsed, lost))
            apart += len(lost)
        if apart > ORPHANS:
            return


def _taken(parsed: Parsed, rows: Any) -> Parsed:
    at = positions(rows.astype(np.int64))
    columns = {name: plain_array(column).take(at) for name, column in parsed.columns.items()}
    return Parsed(names=parsed.names, columns=columns, row=parsed.row[rows])


def _orphaned(
    forms: list[Form], files: Mapping[str, Path], found: _Found, shared: Mapping[str, Table], faults: Faults
) -> dict[str, Table]:
    """All tables in the order of FORMATS, those of accounts with the rows alone that belong to nobody."""
    tables = dict(shared)
    for form in forms:
        head = found.heads.get(form.name)
        if head is None:
            continue
        lost = [_taken(head, np.zeros(0, dtype=np.int64)), *found.orphans.get(form.name, [])]
        columns = {name: pa.concat_arrays([part.columns[name] for part in lost]) for name in lost[0].columns}
        parsed = Parsed(names=head.names, columns=columns, row=np.concatenate([part.row for part in lost]))
        tables[form.name] = typed_table(form, file=files[form.name].name, parsed=parsed, faults=faults)
    return {form.name: tables[form.name] for form in FORMS if form.name in tables}


def _names(path: Path, form: Form) -> set[str]:
    return {word for parsed in blocks(form, path, Faults()) for word in texts_of(parsed, "account").word}
