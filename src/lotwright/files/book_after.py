"""A book's folder as it is after fills: the accounts that traded are written anew, everything else is copied."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq

from lotwright.book.holdings import Account, Household, Lot, Transaction
from lotwright.book.kinds import Character
from lotwright.errors import BookError

_WRITTEN = ("accounts", "lots", "transactions")


def write_book_after(
    source: Path,
    target: Path,
    households: Iterable[Household],
    *,
    before: Mapping[str, Account],
    realised: Mapping[str, Mapping[Character, Decimal]],
) -> None:
    """Write the folder ``target``: the book of ``source`` with these households' lots, cash, gains and transactions.

    Tables that change are written as CSV, whatever they were; the others are copied as they are. Prices, restrictions
    and cash flows stay: a deposit that has arrived is the custodian's to book.

    Parameters
    ----------
    source, target : Path
        ``target`` must not exist, or be empty.
    households : iterable of Household
        As they are after the fills.
    before : mapping
        Their accounts before, by name.
    realised : mapping
        Gains to add to what each account realised this year, by account and character.

    Raises
    ------
    BookError
        ``target`` holds something.
    """
    if target.exists() and any(target.iterdir()):
        raise BookError(f"{target} is not empty. Name a new folder for the book after the fills.")
    target.mkdir(parents=True, exist_ok=True)
    accounts = {account.account: account for household in households for account in household.accounts}
    for path in sorted(source.iterdir()):
        if path.is_file() and not (path.suffix in {".csv", ".parquet"} and path.stem in _WRITTEN):
            shutil.copyfile(path, target / path.name)
    _write(target / "accounts.csv", [_account(row, accounts, realised) for row in _rows(source, "accounts")])
    others = [row for row in _rows(source, "lots") if row.get("account") not in accounts]
    _write(target / "lots.csv", [*others, *(_lot(lot) for account in accounts.values() for lot in account.lots)])
    new = [
        _transaction(done)
        for account in accounts.values()
        for done in account.transactions[len(before[account.account].transactions) :]
    ]
    _write(target / "transactions.csv", [*_rows(source, "transactions"), *new])


def _rows(source: Path, table: str) -> list[dict[str, str]]:
    """A table's rows as text, in their order; none where the book has no such table."""
    path = source / f"{table}.csv"
    if path.exists():
        with path.open(encoding="utf-8-sig", newline="") as stream:
            return [dict(row) for row in csv.DictReader(stream)]
    path = source / f"{table}.parquet"
    if not path.exists():
        return []
    return [
        {name: _text(value) for name, value in row.items() if value is not None}
        for row in pq.read_table(path).to_pylist()
    ]


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{Decimal(repr(value)):f}" if isinstance(value, float) else str(value)


def _account(
    row: dict[str, str], accounts: Mapping[str, Account], realised: Mapping[str, Mapping[Character, Decimal]]
) -> dict[str, str]:
    account = accounts.get(row.get("account", ""))
    if account is None:
        return row
    gains = realised.get(account.account, {})
    short = account.realised_short + gains.get(Character.SHORT, Decimal(0))
    long = account.realised_long + gains.get(Character.LONG, Decimal(0))
    return {**row, "cash": f"{account.cash:.2f}", "realised_short": f"{short:.2f}", "realised_long": f"{long:.2f}"}


def _lot(lot: Lot) -> dict[str, str]:
    return {
        "account": lot.account,
        "symbol": lot.symbol,
        "lot": lot.lot,
        "quantity": _plain(lot.quantity),
        "acquired": lot.acquired.isoformat(),
        "basis": _plain(round(lot.basis, 8)),
        "holding_start": lot.holding_start.isoformat(),
        "purchase": lot.purchase or "",
        "source": lot.source or "",
    }


def _transaction(done: Transaction) -> dict[str, str]:
    return {
        "account": done.account,
        "date": done.date.isoformat(),
        "symbol": done.symbol,
        "action": str(done.action),
        "quantity": _plain(done.quantity),
        "price": _plain(done.price),
        "realised_gain": "" if done.realised_gain is None else f"{done.realised_gain:.2f}",
        "lot": done.lot or "",
        "purchase": done.purchase or "",
        "reason": "lotwright",
    }


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _write(path: Path, rows: list[dict[str, str]]) -> None:
    if not rows:
        return
    columns = list(dict.fromkeys(name for row in rows for name in row))
    if path.stem == "lots" and "basis" in columns and "basis_per_share" in columns:
        for row in rows:
            if not row.get("basis") and row.get("basis_per_share"):
                row["basis"] = _plain(Decimal(row["basis_per_share"]) * Decimal(row["quantity"]))
        columns.remove("basis_per_share")
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, restval="", extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
