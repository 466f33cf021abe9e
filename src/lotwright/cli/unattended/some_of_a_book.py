"""Some households of a book as a book of their own, frozen: a run plans from it, whatever happens to the book meanwhile."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable, Collection
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

ENDINGS = (".csv", ".parquet")


def freeze(book: Path, out: Path, households: Collection[str], *, prices: Path | None = None) -> None:
    """Write a book of some households of a book that reads without fault in its shared part.

    Rows of their accounts are taken; tables that all households share are copied whole, models beside the book as well.
    Written under another name first, so that ``out`` is there whole or not at all.
    """
    draft = out.with_name(f".{out.name}.part")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    tables = {path.stem: path for path in sorted(book.iterdir()) if path.suffix in ENDINGS}
    if prices is not None:
        tables["prices"] = prices
    wanted = set(households)
    accounts: set[str] = set()
    _copy(tables["accounts"], draft, "accounts", lambda row: row.get("household", "").strip() in wanted, accounts)
    for name, path in tables.items():
        if name == "accounts":
            continue
        if name in _OF_ACCOUNTS:
            _copy(path, draft, name, lambda row: row.get("account", "").strip() in accounts)
        else:
            shutil.copyfile(path, draft / f"{name}{path.suffix}")
    if (book / "models").is_dir():
        shutil.copytree(book / "models", draft / "models")
    shutil.rmtree(out, ignore_errors=True)
    draft.rename(out)


_OF_ACCOUNTS = {"lots", "transactions", "restrictions", "cashflows"}
_Keep = Callable[[dict[str, str]], bool]


def _copy(path: Path, out: Path, name: str, keep: _Keep, accounts: set[str] | None = None) -> None:
    target = out / f"{name}{path.suffix}"
    if path.suffix == ".csv":
        _copy_csv(path, target, keep, accounts)
    else:
        _copy_parquet(path, target, keep, accounts)


def _copy_csv(path: Path, target: Path, keep: _Keep, accounts: set[str] | None) -> None:
    with path.open(encoding="utf-8-sig", newline="") as source, target.open("w", encoding="utf-8", newline="") as out:
        reader = csv.reader(source)
        writer = csv.writer(out, lineterminator="\n")
        header = next(reader, [])
        writer.writerow(header)
        names = [name.strip() for name in header]
        for cells in reader:
            row = dict(zip(names, cells, strict=False))
            if keep(row):
                writer.writerow(cells)
                if accounts is not None:
                    accounts.add(row.get("account", "").strip())


def _copy_parquet(path: Path, target: Path, keep: _Keep, accounts: set[str] | None) -> None:
    source = pq.ParquetFile(path)
    column = "household" if accounts is not None else "account"
    with pq.ParquetWriter(target, source.schema_arrow) as writer:
        for batch in source.iter_batches():
            words = batch.column(column).to_pylist()
            mask = pa.array([keep({column: str(word)}) for word in words])
            kept = pa.Table.from_batches([batch]).filter(mask)
            writer.write_table(kept)
            if accounts is not None:
                accounts.update(str(name).strip() for name in pc.unique(kept.column("account")).to_pylist())
