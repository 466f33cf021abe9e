"""Several tables exchanged as one: a book is never seen half updated.

Problem: a rename exchanges one file at a time, and a machine may stop between two. Observations: what is written aside
and forced to disk can be exchanged again any number of times. Therefore: all new tables are written to ``.import``
inside the book, a file ``ready`` is put beside them once they are complete, and only then are they renamed into place; a
call that finds ``ready`` finishes that first, one that finds no ``ready`` throws the rest away. While ``ready`` stands,
``read_book`` refuses the book, so that nobody plans on half an update. A lock keeps two imports apart.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from lotwright.errors import BookError
from lotwright.files.imports.tables import Stored, write

ASIDE, READY, LOCK = ".import", "ready", ".import.lock"
PATIENCE = 10.0


@contextmanager
def updating(book: Path) -> Iterator[None]:
    """Hold the book for one import, an interrupted one before it finished first.

    Raises
    ------
    BookError
        Another import holds it.
    """
    is_new = not book.exists()
    book.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(book / LOCK, timeout=PATIENCE):
            recover(book)
            yield
    except Timeout as error:
        raise BookError(f"Another import is updating {book}. Wait until it is done, and import again.") from error
    finally:
        if is_new and {path.name for path in book.iterdir()} <= {LOCK}:
            shutil.rmtree(book)  # nothing was imported: leave no empty book behind


def is_interrupted(book: Path) -> bool:
    """Return whether tables are being exchanged, or were when an import stopped."""
    return (book / ASIDE / READY).exists()


def recover(book: Path) -> None:
    """Finish an exchange that was interrupted, or throw away what was not complete."""
    aside = book / ASIDE
    if not aside.is_dir():
        return
    ready = aside / READY
    if ready.exists():
        _exchange(book, json.loads(ready.read_text(encoding="utf-8")))
    shutil.rmtree(aside)


def stage(book: Path, tables: Sequence[Stored]) -> Path:
    """Write the new tables aside, forced to disk; nothing of the book is changed yet."""
    aside = book / ASIDE
    aside.mkdir()
    for table in tables:
        path = aside / table.file
        write(table, path)
        _sync(path)
    return aside


def commit(book: Path, tables: Sequence[Stored]) -> None:
    """Exchange what was staged, all of it or nothing."""
    aside = book / ASIDE
    names = [table.file for table in tables]
    unready = aside / f"{READY}.tmp"
    unready.write_text(json.dumps(names), encoding="utf-8")
    _sync(unready)
    unready.replace(aside / READY)
    _sync(aside)
    _exchange(book, names)
    shutil.rmtree(aside)


def discard(book: Path) -> None:
    """Throw away what was staged."""
    shutil.rmtree(book / ASIDE, ignore_errors=True)


def _exchange(book: Path, names: Sequence[str]) -> None:
    for name in names:
        path = book / ASIDE / name
        if path.exists():  # else it was exchanged before the machine stopped
            path.replace(book / name)
    _sync(book)


def _sync(path: Path) -> None:
    if path.is_dir() and os.name == "nt":
        return  # Windows opens no folders
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
