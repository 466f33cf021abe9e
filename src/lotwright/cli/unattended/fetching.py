"""Prices of the day, from where the settings say."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from lotwright.cli.unattended.settings import Settings
from lotwright.errors import BookError, ProgramError

_COMMAND = "lotwright.cli.prices"
"""The command that asks price sources; a Lotwright without the room ``market`` lacks it."""


def fetched_prices(settings: Settings, folder: Path) -> Path | None:
    """The file that takes the place of the book's prices, None where the book's own are used.

    Parameters
    ----------
    settings : Settings
    folder : Path
        Where prices that are fetched are written.

    Raises
    ------
    BookError
        A file that was named is not there.
    LotwrightError
        The source is not installed, or answers nothing.
    """
    source = settings.prices.source
    if source == "book":
        return None
    if source == "file":
        file = settings.prices.file
        if file is None or not file.is_file():
            raise BookError(
                f'The file of prices {file} is not there. Name one, or take the book\'s: prices.source = "book".'
            )
        return file
    if find_spec(_COMMAND) is None:
        raise ProgramError(f'Prices cannot be fetched from {source} here. Use prices.source = "file" or "book".')
    found: Path = import_module(_COMMAND).prices_file(settings.book, source, folder=folder)
    return found
