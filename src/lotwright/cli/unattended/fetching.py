"""Prices of the day, from where the settings say."""

from __future__ import annotations

from pathlib import Path

from lotwright.cli.unattended.settings import Settings
from lotwright.errors import BookError


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
        The source answers nothing, or its keys are missing.
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
    from lotwright.cli.prices import prices_file

    return prices_file(settings.book, source, folder=folder)
