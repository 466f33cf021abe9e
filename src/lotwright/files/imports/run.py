"""The whole way from files to a book: read, resolve accounts, settle, merge, check, exchange."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from lotwright.book.failure import Failure
from lotwright.book.kinds import Regime
from lotwright.errors import BookError
from lotwright.files.books import read_book
from lotwright.files.forms import FORMS
from lotwright.files.imports import writing
from lotwright.files.imports.accounts import AccountNames, origin_of, resolve
from lotwright.files.imports.findings import Finding, Findings, Level
from lotwright.files.imports.masking import masked_name
from lotwright.files.imports.merge import (
    ORIGIN,
    NewAccounts,
    merged_accounts,
    merged_lots,
    merged_prices,
    merged_transactions,
)
from lotwright.files.imports.numbers import cents
from lotwright.files.imports.policy import Policy
from lotwright.files.imports.report import IMPORTED, REFUSED, UNCHANGED, AccountReport, ImportReport, TableReport
from lotwright.files.imports.rows import Format, Source, Statement, Wishes
from lotwright.files.imports.settle import Settled, settle
from lotwright.files.imports.tables import Stored, same, stored
from lotwright.files.tables import ENDINGS

TABLES = ("accounts", "lots", "transactions", "prices")
MOST_BYTES = 2 * 1024**3


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What an import is asked to do.

    Parameters
    ----------
    book : Path
        Folder of the book, made where it is not there.
    policy : Policy
    names : AccountNames
    given : NewAccounts
    symbols : mapping
        Tickers by the names, CUSIPs or plans that files write in their place.
    is_dry_run : bool
        Change nothing.
    """

    book: Path
    policy: Policy = field(default_factory=Policy)
    names: AccountNames = field(default_factory=AccountNames)
    given: NewAccounts = field(default_factory=NewAccounts)
    symbols: Mapping[str, str] = field(default_factory=dict)
    is_dry_run: bool = False


def import_files(format_: Format, paths: Sequence[Path], request: Request) -> ImportReport:
    """Make or update a book from a custodian's files.

    Parameters
    ----------
    format_ : Format
    paths : sequence of Path
        All files of one import together: what one tells, another may check.
    request : Request

    Raises
    ------
    BookError
        A file cannot be opened, the book cannot be updated, or the day of the holdings is told by nobody.
    """
    findings = Findings()
    sources = _sources(paths, findings)
    statement = format_.read(sources, Wishes(symbols=request.symbols), findings)
    del sources  # the bytes of a file of a million rows need not stay
    return import_statement(format_.name, statement, request, findings)


def import_statement(name: str, statement: Statement, request: Request, findings: Findings) -> ImportReport:
    """Make or update a book from what was read; ``name`` is the format's.

    Raises
    ------
    BookError
        The book cannot be updated, or the day of the holdings is told by nobody.
    """
    as_of = request.policy.as_of or _day(statement)
    if request.is_dry_run and writing.is_interrupted(request.book):
        raise BookError(
            f"An import into {request.book} was interrupted. Import again without --dry-run: that finishes it first."
        )
    with nullcontext() if request.is_dry_run else writing.updating(request.book):
        return _Import(name, statement, request, findings, as_of).run()


def _sources(paths: Sequence[Path], findings: Findings) -> list[Source]:
    out: list[Source] = []
    seen: dict[bytes, str] = {}
    for path in paths:
        if path.is_dir():
            raise BookError(f"{path} is a folder. Name the files in it.")
        if path.stat().st_size > MOST_BYTES:
            raise BookError(f"{path} has more than 2 GiB. Split it by account, and import the parts.")
        source = Source(path, masked_name(path.name), path.read_bytes())
        if source.content and source.content in seen:
            findings.add(
                Level.NOTE,
                source.name,
                None,
                None,
                None,
                f"it is the same file as {seen[source.content]} and counts once",
                "Leave one of them out.",
            )
            continue
        seen[source.content] = source.name
        out.append(source)
    return out


def _day(statement: Statement) -> date:
    holding = {row.file for rows in (statement.positions, statement.lots, statement.cash) for row in rows}
    days = [day for file, day in statement.days.items() if file in holding] or list(statement.days.values())
    if not days:
        raise BookError("The files do not tell the day they are of. Say it: --as-of YYYY-MM-DD.")
    return max(days)


class _Import:
    """One import, step by step."""

    def __init__(self, name: str, statement: Statement, request: Request, findings: Findings, as_of: date) -> None:
        self.name, self.statement, self.request, self.findings = name, statement, request, findings
        self.as_of = as_of

    def run(self) -> ImportReport:
        self._note_days()
        old = {name: stored(self.request.book, name) for name in TABLES}
        accounts = old["accounts"]
        known = {
            origin: name
            for origin, name in zip(accounts.texts(ORIGIN), accounts.texts("account"), strict=True)
            if origin
        }
        of = resolve(self.statement, names=self.request.names, known=known, prefix=self.name, findings=self.findings)
        self._name_findings({ref.tail: name for ref, name in of.items() if ref.tail}, set(of.values()))
        settled = settle(self.statement, of, self.request.policy, self.findings, as_of=self.as_of)
        origin = {one.account: origin_of(one.ref, self.name) for one in settled}
        self._check(old["accounts"], settled, origin)
        sound = [one for one in settled if not self._is_barred(one.account)]
        new = self._merged(old, sound, origin)
        if any(self._is_barred(one.account) for one in sound):  # a new account lacks what only the caller can say
            sound = [one for one in sound if not self._is_barred(one.account)]
            new = self._merged(old, sound, origin)
        changed = [new[name] for name in TABLES if sound and not same(old[name], new[name])]
        for one in settled:
            one.forget_lots()
        self.statement.lots.clear()
        unready = self._write(changed)
        return self._report(old, new, settled, sound, changed, origin, unready)

    def _note_days(self) -> None:
        others = {file: day for file, day in self.statement.days.items() if day != self.as_of}
        for file, day in sorted(others.items()):
            self.findings.add(
                Level.NOTE, file, None, None, str(day), f"the file is of another day than the import, {self.as_of}",
                "Download all files on one day: what changed between them shows as a difference.",
            )  # fmt: skip

    def _check(self, accounts: Stored, settled: Sequence[Settled], origin: Mapping[str, str]) -> None:
        """Refuse to write one account's holdings over another's, and say where there are none at all."""
        before = dict(zip(accounts.texts("account"), accounts.texts(ORIGIN), strict=True))
        for one in settled:
            old, new = before.get(one.account, ""), origin[one.account]
            if old and old != new and not old.startswith(f"{new}-"):
                self.findings.add(
                    Level.ERROR,
                    accounts.file,
                    None,
                    ORIGIN,
                    old,
                    f"{one.account} was imported from there, and these files are {new}",
                    f"Name another account, or clear {ORIGIN} of {one.account} where it really moved.",
                    account=one.account,
                )
        if not settled and not self.findings.of(Level.ERROR):
            self.findings.add(
                Level.ERROR, "", None, None, None, "the files hold no position, lot, trade or cash of any account",
                "Give the file of positions, or a history with trades.",
            )  # fmt: skip

    def _name_findings(self, names: Mapping[str, str], accounts: set[str]) -> None:
        """Readers know the end of a number; the report speaks of the book's accounts."""
        self.findings.all[:] = [
            f
            if f.account in accounts
            else replace(f, account=names.get(f.account, next(iter(accounts)) if len(accounts) == 1 else ""))
            for f in self.findings.all
        ]

    def _is_barred(self, account: str) -> bool:
        """An error bars its account; one that nobody can place bars all."""
        return any(f.level is Level.ERROR and f.account in {account, ""} for f in self.findings.all)

    def _merged(
        self, old: Mapping[str, Stored], sound: Sequence[Settled], origin: Mapping[str, str]
    ) -> dict[str, Stored]:
        models = sorted({text for text in stored(self.request.book, "targets").texts("model") if text})
        regime = str(self.statement.regime) if self.statement.regime is not Regime.US else "us"
        accounts = merged_accounts(
            old["accounts"], sound, origin=origin, given=self.request.given, model=models[0] if len(models) == 1 else None,
            regime=regime, findings=self.findings,
        )  # fmt: skip
        if any(self._is_barred(one.account) for one in sound):
            return dict(old)
        return {
            "accounts": accounts,
            "lots": merged_lots(old["lots"], sound, source=self.name),
            "transactions": merged_transactions(old["transactions"], sound, self.findings),
            "prices": merged_prices(old["prices"], self.statement, self.as_of, self.findings)
            if sound
            else old["prices"],
        }

    def _write(self, changed: Sequence[Stored]) -> tuple[str, ...]:
        """Stage the tables, see whether the book could be read with them, exchange them; a dry run stops before that."""
        book = self.request.book
        with tempfile.TemporaryDirectory() as folder:
            if self.request.is_dry_run:
                aside = writing.stage(Path(folder), changed)
            else:
                aside = writing.stage(book, changed) if changed else book
            trial = Path(folder) / "trial"
            _copy_tables(book, aside, trial)
            unready = _unready(
                trial, book, {one for table in changed if table.name == "accounts" for one in table.texts("household")}
            )
        if changed and not self.request.is_dry_run:
            writing.commit(book, changed)
        return unready

    def _report(  # noqa: PLR0917  the steps of an import
        self, old: Mapping[str, Stored], new: Mapping[str, Stored], settled: Sequence[Settled], sound: Sequence[Settled],
        changed: Sequence[Stored], origin: Mapping[str, str], unready: tuple[str, ...],
    ) -> ImportReport:  # fmt: skip
        good = {one.account for one in sound}
        status = IMPORTED if changed else UNCHANGED
        return ImportReport(
            format=self.name,
            book=self.request.book,
            as_of=self.as_of,
            is_dry_run=self.request.is_dry_run,
            accounts=tuple(
                AccountReport(
                    account=one.account,
                    origin=origin[one.account],
                    status=status if one.account in good else REFUSED,
                    cash=None if one.cash is None else cents(one.cash),
                    positions=one.positions,
                    lots=one.lot_count,
                    trades=len(one.trades),
                )
                for one in settled
            ),
            tables=tuple(
                TableReport(
                    file=new[name].file,
                    before=len(old[name].table),
                    after=len(new[name].table),
                    is_changed=new[name] in changed,
                )
                for name in TABLES
                if not (old[name].is_new and not len(new[name].table) and name != "lots")
            ),
            findings=tuple(_once(self.findings.all)),
            left_out=tuple((file, what, rows) for (file, what), rows in sorted(self.findings.left_out.items())),
            unready=unready,
        )


def _once(findings: Sequence[Finding]) -> list[Finding]:
    return list(dict.fromkeys(findings))


def _copy_tables(book: Path, aside: Path, trial: Path) -> None:
    """The book as it would be: new tables where there are any, the others linked."""
    trial.mkdir()
    for form in FORMS:
        for ending in ENDINGS:
            name = f"{form.name}{ending}"
            source = next((path for path in (aside / name, book / name) if path.is_file()), None)
            if source is None:
                continue
            try:
                os.link(source, trial / name)
            except OSError:
                shutil.copyfile(source, trial / name)


def _unready(trial: Path, book: Path, households: set[str]) -> tuple[str, ...]:
    """Why the book cannot be planned yet, in the words of whoever reads it."""
    try:
        found = read_book(trial)
    except BookError as error:
        return (str(error).replace(str(trial), str(book)),)
    wrong = []
    for name in sorted(set(found.households) & households) or sorted(found.households):
        household = found.households[name]
        if isinstance(household, Failure):
            wrong.append(household.message)
    return tuple(wrong[:20])
