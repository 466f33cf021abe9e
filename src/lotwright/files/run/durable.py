"""Files that are there whole or not at all, also after the power went out."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any


def write_durably(path: Path, write: Callable[[Any], None]) -> None:
    """Write a file so that its name stands for all of it: to a temporary name, to the disk, renamed, the folder too.

    Parameters
    ----------
    path : Path
        Replaced if it is there; its folder must exist.
    write : callable
        Gets the open binary file.
    """
    temporary = path.with_name(f".{path.name}.part")
    with temporary.open("wb") as file:
        write(file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    sync_folder(path.parent)


def write_bytes_durably(path: Path, content: bytes) -> None:
    """Write bytes as :func:`write_durably` does."""
    write_durably(path, lambda file: file.write(content))


def sync_file(path: Path) -> None:
    """Bring a file that others wrote to the disk; its name is its folder's matter."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def remove_all(paths: Iterable[Path]) -> None:
    """Remove files, those that are gone already too."""
    for path in paths:
        path.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk; systems that cannot open a folder do so on their own."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except (PermissionError, IsADirectoryError):  # Windows
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
