"""The folder of a run before anything heavy is imported: may a run begin here, go on here, and what if it never did.

Workers take seconds to start, and start while the book is read; whether they are wanted at all is asked here.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from lotwright.errors import ProgramError

MANIFEST, WORK, LOCK, PENDING = "manifest.json", ".work", ".lock", "pending.json"


def check_place(path: Path, *, resume: bool) -> None:
    """Look whether a run may begin in a folder, or go on.

    Raises
    ------
    ProgramError
        It holds something else, or a run and ``resume`` is not set.
    """
    if (path / MANIFEST).is_file():
        if not resume:
            raise ProgramError(
                f"{path} holds a run already. Give --resume to go on with it, or another folder with --out."
            )
        return
    others = sorted(each.name for each in path.iterdir() if each.name not in (WORK, LOCK, PENDING))
    if others:
        raise ProgramError(
            f"{path} is no run and not empty (it holds {', '.join(others[:3])}). Give an empty folder with --out."
        )


def has_ended(path: Path) -> bool:
    """True where a run has nothing left to do: it was put together, and cleaned up."""
    return (path / MANIFEST).is_file() and (path / "summary.json").is_file() and not (path / WORK).exists()


def engine_folder(path: Path) -> Path:
    """Return an empty folder in the run's, for its engine."""
    folder = path / WORK / "engine"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def clear_away(path: Path, *, was_there: bool) -> None:
    """Remove what a run left that never began; the folder too, unless it ``was_there`` before."""
    if (path / MANIFEST).is_file():
        return
    shutil.rmtree(path / WORK, ignore_errors=True)
    for name in (PENDING, LOCK):
        (path / name).unlink(missing_ok=True)
    if not was_there and not any(path.iterdir()):
        path.rmdir()
