"""Prices of the day, from where the settings say."""

from __future__ import annotations

from pathlib import Path

from lotwright.cli.unattended.settings import Settings
from lotwright.errors import BookError, ProgramError


def fetched_prices(settings: Settings) -> Path | None:
    """The file that takes the place of the book's prices, None where the book's own are used.

    Raises
    ------
    BookError
        A file that was named is not there.
    ProgramError
        The source is not installed.
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
    raise ProgramError(f'Prices cannot be fetched from {source} here. Use prices.source = "file" or "book".')
