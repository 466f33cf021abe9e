"""Where the declared things are: programs, model portfolios and triggers, as TOML files under ``models``.

Problem: ``--program balanced`` must mean the same file in a wheel, in a checkout and in an editable installation, and a
user's own ``balanced`` must win over ours.
Therefore: a name is looked for in ``models/programs`` (or ``models/portfolios``) of the user's folder first, usually
the book's, and in the shipped ``models`` after it; a path is taken as it stands. Nothing here reads what a file says.
"""

from __future__ import annotations

from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path

from lotwright.errors import ProgramError

_PACKAGE = Path(__file__).resolve().parent


class Shelf(StrEnum):
    """The kinds of declared thing; each value is the name of a folder under ``models``."""

    PROGRAMS = "programs"
    PORTFOLIOS = "portfolios"
    TRIGGERS = "triggers"


def models_folder() -> Path:
    """Return the ``models`` folder that came with this copy of Lotwright.

    Returns
    -------
    Path
        ``lotwright/models`` of an installed wheel, else ``models`` at the root of the checkout.

    Raises
    ------
    ProgramError
        Neither is there: the installation is incomplete.
    """
    for folder in (_PACKAGE / "models", _PACKAGE.parents[1] / "models"):
        if (folder / Shelf.PROGRAMS).is_dir():
            return folder
    raise ProgramError(
        f"The folder of shipped programs, {_PACKAGE / 'models'}, is missing. Install Lotwright again, or give the path "
        "of a program's file."
    )


def find_program(name_or_path: str | Path, *, beside: Path | None = None) -> Path:
    """Return the file of a program given by name (``balanced``) or by path (``mine.toml``, ``house/mine.toml``).

    Parameters
    ----------
    name_or_path : str or Path
        A ``Path``, or text that ends in ``.toml`` or holds a path separator, is a path; anything else is a name.
    beside : Path, optional
        A folder, usually the book's, whose ``models/programs`` wins over the shipped ones.

    Raises
    ------
    ProgramError
        There is no such file or no program of that name; the message lists what there is.
    """
    return _find_or_path(name_or_path, Shelf.PROGRAMS, beside)


def find_trigger(name_or_path: str | Path, *, beside: Path | None = None) -> Path:
    """Return the file of a trigger given by name (``quarterly``) or by path; as :func:`find_program`, in ``models/triggers``.

    Raises
    ------
    ProgramError
        There is no such file or no trigger of that name; the message lists what there is.
    """
    return _find_or_path(name_or_path, Shelf.TRIGGERS, beside)


def find_portfolio(name: str, *, beside: Path | None = None) -> Path:
    """Return the file of a model portfolio given by name; ``beside`` as in :func:`find_program`.

    A portfolio's name comes out of a table, so it is only ever a name: it cannot point outside ``models/portfolios``.

    Raises
    ------
    ProgramError
        There is no model portfolio of that name; the message lists what there is.
    """
    return _find(name, Shelf.PORTFOLIOS, beside)


def declared_names(shelf: Shelf, *, beside: Path | None = None) -> dict[str, Path]:
    """Return every name on a shelf and the file it stands for, sorted by name, a user's own files first.

    Examples
    --------
    >>> declared_names(Shelf.PROGRAMS)["balanced"].name
    'balanced.toml'
    """
    folders = [models_folder()] if beside is None else [models_folder(), beside / "models"]
    found = {file.stem: file for folder in folders for file in (folder / shelf).glob("*.toml")}
    return dict(sorted(found.items()))


def _find_or_path(name_or_path: str | Path, shelf: Shelf, beside: Path | None) -> Path:
    if isinstance(name_or_path, Path) or name_or_path.endswith(".toml") or set(name_or_path) & set("/\\"):
        path = Path(name_or_path)
        if path.is_file():
            return path
        kind = _KIND[shelf]
        raise ProgramError(
            f"There is no {kind} file {path}. Check the path, or name a {kind}: {_listing(shelf, beside)}."
        )
    return _find(name_or_path, shelf, beside)


def _find(name: str, shelf: Shelf, beside: Path | None) -> Path:
    declared = declared_names(shelf, beside=beside)
    if name in declared:
        return declared[name]
    near = get_close_matches(name, declared, n=1)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    raise ProgramError(f"There is no {_KIND[shelf]} named '{name}'.{hint} There are: {_listing(shelf, beside)}.")


def _listing(shelf: Shelf, beside: Path | None) -> str:
    return ", ".join(declared_names(shelf, beside=beside)) or "none"


_KIND = {Shelf.PROGRAMS: "program", Shelf.PORTFOLIOS: "model portfolio", Shelf.TRIGGERS: "trigger"}
"""What people call a thing of each shelf."""
