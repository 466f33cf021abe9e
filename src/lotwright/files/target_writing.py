"""Computed weights into a book's table of targets, and accounts pointed at the variant that is theirs."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

from lotwright.files.price_writing import frame_of, read_frame, replace_table
from lotwright.files.wanted import table_file


def write_targets(book: Path, model: str, variants: Mapping[str, Mapping[str, Decimal]]) -> Path:
    """Replace a model and its variants in the table of targets; other models keep their rows.

    Parameters
    ----------
    book : Path
    model : str
    variants : mapping from name (the model's own, or one of :func:`variant_name`) to weights by symbol

    Raises
    ------
    BookError
        The old table cannot be read.
    """
    old = table_file(book, "targets")
    path = old or book / "targets.csv"
    rows: dict[str, list[str | None]] = {"model": [], "symbol": [], "weight": []}
    if old is not None:
        frame = read_frame(old, as_text=True)
        kept = frame[~frame["model"].map(lambda name: of_model(str(name), model))]
        cells_of = kept.astype(object).where(kept.notna(), None)
        rows = {str(name): [None if cell is None else str(cell) for cell in cells_of[name]] for name in kept}
    for name in sorted(variants):
        for symbol, weight in variants[name].items():
            for column, cells in rows.items():
                cells.append({"model": name, "symbol": symbol, "weight": f"{weight:f}"}.get(column))
    replace_table(path, frame_of(rows))
    return path


def point_accounts(book: Path, model_of: Mapping[str, str]) -> Path | None:
    """Set the model of some accounts; None where nothing changes.

    Raises
    ------
    BookError
        The table of accounts cannot be read.
    """
    path = table_file(book, "accounts")
    if path is None:
        return None
    frame = read_frame(path, as_text=True, key="account")
    now = frame["model"].astype(object)
    then = now.where(~frame["account"].isin(list(model_of)), frame["account"].map(model_of))
    if (now == then).all():
        return None
    frame["model"] = then
    replace_table(path, frame)
    return path


def variant_name(model: str, preferences: str) -> str:
    """The name of a model under a client's preferences: ``min_vol [without XOM]``."""
    return f"{model} [{preferences}]" if preferences else model


def of_model(name: str, model: str) -> bool:
    """True if the name is the model's, or one of its variants'."""
    return name == model or (name.startswith(f"{model} [") and name.endswith("]"))
