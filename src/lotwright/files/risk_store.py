"""The risk model of a book, remembered on disk.

Problem: estimating takes seconds, most of them spent importing pypfopt, and every plan of a book uses the same model.
Therefore: the estimated model is kept in the user's cache folder under a name made of everything it depends on. A file
that cannot be read is estimated again; ``LOTWRIGHT_CACHE=off`` neither reads nor writes.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lotwright.book.book import Book
from lotwright.book.history import FactorHistory, PriceHistory
from lotwright.errors import ProgramError
from lotwright.risk.choice import RiskChoice
from lotwright.risk.drift import drift_model
from lotwright.risk.estimate import DEFAULT_ESTIMATOR, DEFAULT_FACTORS, estimate
from lotwright.risk.model import RiskModel
from lotwright.version import __version__

_METHOD = 2
"""Raise it whenever the estimate of the same history changes within a version."""


def risk_models(book: Book) -> Callable[[RiskChoice | None], RiskModel]:
    """The risk models of a book by what a program asks for; None is the default one. Each is estimated once."""
    known: dict[RiskChoice | None, RiskModel] = {}

    def of(choice: RiskChoice | None) -> RiskModel:
        if choice not in known:
            known[choice] = risk_model(book, choice)
        return known[choice]

    return of


def risk_model(
    book: Book,
    choice: RiskChoice | None = None,
    *,
    estimator: str = DEFAULT_ESTIMATOR,
    factors: int = DEFAULT_FACTORS,
    exposures: NDArray[np.float64] | None = None,
) -> RiskModel:
    """The risk model a plan of this book uses: all symbols of the table prices, drift where there is no history.

    Parameters
    ----------
    book : Book
    choice : RiskChoice, optional
        By name, as a program declares it; in place of ``estimator`` and ``factors``.
    estimator, factors
        See :func:`lotwright.risk.estimate.estimate`.
    exposures : float64 array, shape (n, K), optional
        Rows for the symbols of the table prices in sorted order.

    Raises
    ------
    ProgramError
        If an option does not fit.
    BookError
        If an adjusted close of the history is not positive.
    """
    if choice is not None:
        estimator, factors = choice.model, choice.factors
    prices = book.market.prices
    symbols = tuple(sorted(prices))
    if book.history is None:
        return drift_model(symbols, {symbol: _number(prices[symbol].volatility) for symbol in symbols})
    sector = {symbol: prices[symbol].sector for symbol in symbols}
    kind = {symbol: prices[symbol].kind for symbol in symbols}
    about = [__version__, _METHOD, symbols, list(sector.values()), list(kind.values()), estimator, factors]
    if estimator == "fama_french" and book.factors is not None:
        about.append(_factor_hash(book.factors))
    path = _cache_path(book.history, about, exposures)
    model = _read(path, symbols) if path is not None else None
    if model is None:
        model = estimate(
            book.history,
            symbols=symbols,
            sector=sector,
            kind=kind,
            estimator=estimator,
            factors=factors,
            exposures=exposures,
            factor_history=book.factors,
        )
        if path is not None:
            _write(path, model)
    return model


def _factor_hash(factors: FactorHistory) -> str:
    digest = hashlib.sha256(json.dumps(factors.names).encode())
    digest.update(
        factors.dates.astype("datetime64[D]").astype(np.int64).tobytes() + np.ascontiguousarray(factors.value).tobytes()
    )
    return digest.hexdigest()


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _cache_path(history: PriceHistory, about: Sequence[Any], exposures: NDArray[np.float64] | None) -> Path | None:
    """Where the model of exactly this input is kept; None when the cache is switched off."""
    if os.environ.get("LOTWRIGHT_CACHE", "").lower() == "off":
        return None
    digest = hashlib.sha256(json.dumps([*about, list(history.symbols)]).encode())
    for array in (history.dates.astype("datetime64[D]").astype(np.int64), history.adj_close, exposures):
        digest.update(b"none" if array is None else repr(array.shape).encode() + np.ascontiguousarray(array).tobytes())
    root = os.environ.get("XDG_CACHE_HOME") or ""
    folder = Path(root) if Path(root).is_absolute() else Path.home() / ".cache"
    return folder / "lotwright" / f"risk-{digest.hexdigest()[:40]}.npz"


def _read(path: Path, symbols: tuple[str, ...]) -> RiskModel | None:
    """The model in a cache file, or None when there is none that can be used."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
            head = json.loads(str(kept["head"]))
            model = RiskModel(
                symbols=tuple(head["symbols"]),
                exposure=kept["exposure"],
                specific=kept["specific"],
                kind=head["kind"],
                notes=head["notes"],
            )
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, ProgramError):
        return None
    return model if model.symbols == symbols else None


def _write(path: Path, model: RiskModel) -> None:
    """Keep the model under its name, whole or not at all; a cache folder that cannot be written to is no error."""
    head = json.dumps({"symbols": list(model.symbols), "kind": model.kind, "notes": dict(model.notes)})
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".risk-", delete=False) as file:
            try:
                np.savez(file, head=np.array(head), exposure=model.exposure, specific=model.specific)
                file.close()
                Path(file.name).replace(path)
            except OSError:
                Path(file.name).unlink(missing_ok=True)
                raise
    except OSError:
        return
