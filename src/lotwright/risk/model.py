"""One small type for how securities move together: covariance = F Fᵀ + diag(D)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lotwright.errors import ProgramError

Floats = NDArray[np.float64]

SCHEMA = "lotwright.risk/1"


@lru_cache(maxsize=4)
def _rows(symbols: tuple[str, ...]) -> dict[str, int]:
    """The row of each symbol: asked for by every household of a book."""
    return {symbol: row for row, symbol in enumerate(symbols)}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RiskModel:
    """How ``n`` securities move: annual covariance = ``exposure @ exposure.T + diag(specific)``.

    The annual variance of an active weight vector x is then ``|exposureᵀ x|² + Σ specific·x²``, and its square root the
    tracking error.

    Parameters
    ----------
    symbols : tuple of str, length n, sorted, without repeats
    exposure : float64 array, shape (n, K), annual volatility per unit factor (F)
        Factors are uncorrelated and have variance one.
    specific : float64 array, shape (n,), annual variance of each security's own (D), positive
    kind : str
        How it was made, e.g. ``"ledoit_wolf"`` or ``"drift"``.
    notes : mapping from symbol to one sentence
        What had to be assumed about a symbol, for the symbols where something was.

    Raises
    ------
    ProgramError
        If shapes disagree, a number is not finite, a specific variance is not positive, or symbols are not sorted.
    """

    symbols: tuple[str, ...]
    exposure: Floats
    specific: Floats
    kind: str
    notes: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        n = len(self.symbols)
        if any(a >= b for a, b in zip(self.symbols, self.symbols[1:], strict=False)):
            raise ProgramError(
                "The symbols of a risk model must be sorted and without repeats. Sort the rows by symbol."
            )
        if self.exposure.ndim != 2 or self.exposure.shape[0] != n or self.specific.shape != (n,):
            raise ProgramError(
                f"A risk model of {n} symbols needs exposures of shape ({n}, K) and specific variances of shape "
                f"({n},); found {self.exposure.shape} and {self.specific.shape}."
            )
        finite = np.isfinite(self.exposure).all(axis=1) & np.isfinite(self.specific)
        _first_fault(self, ~finite, "is not finite. Check its price history")
        _first_fault(
            self, ~(self.specific > 0), "has no positive specific variance. Give every symbol a variance of its own"
        )
        unknown = sorted(set(self.notes) - set(self.symbols))
        if unknown:
            raise ProgramError(f"The risk model has a note about {unknown[0]}, which is not one of its symbols.")
        for array in (self.exposure, self.specific):
            array.flags.writeable = False

    def select(self, symbols: Sequence[str]) -> tuple[Floats, Floats]:
        """Exposures and specific variances of some symbols, in the order asked, with as few factors as they need.

        A factor that none of them knows is dropped; one that a single row knows is no common factor any more, and its
        variance is counted as that row's own. The covariance is the same.

        Parameters
        ----------
        symbols : sequence of str, length m, repeats allowed

        Returns
        -------
        exposure : float64 array, shape (m, K'), every column non-zero in two rows or more
        specific : float64 array, shape (m,)

        Raises
        ------
        ProgramError
            If a symbol is not in the model.
        """
        row_of = _rows(self.symbols)
        missing = [symbol for symbol in symbols if symbol not in row_of]
        if missing:
            raise ProgramError(
                f"The risk model knows nothing of {', '.join(missing[:5])} ({len(missing)} of {len(symbols)} symbols "
                "asked). Add each to the table prices."
            )
        rows = np.array([row_of[symbol] for symbol in symbols], dtype=np.int64)
        exposure = self.exposure[rows]
        is_common = np.count_nonzero(exposure, axis=0) > 1
        own = (exposure[:, ~is_common] ** 2).sum(axis=1)
        return exposure[:, is_common], self.specific[rows] + own

    def covariance(self, symbols: Sequence[str]) -> Floats:
        """Annual covariance of distinct symbols, shape (m, m), in the order asked.

        Raises
        ------
        ProgramError
            If a symbol is not in the model.
        """
        exposure, specific = self.select(symbols)
        return np.asarray(exposure @ exposure.T + np.diag(specific))

    def to_json(self) -> dict[str, Any]:
        """The model as JSON-ready values, every float exact: a third party recomputes tracking error from it."""
        return {
            "schema": SCHEMA,
            "kind": self.kind,
            "says": "annual covariance = F F' + diag(D); rows follow symbols",
            "symbols": list(self.symbols),
            "F": self.exposure.tolist(),
            "D": self.specific.tolist(),
            "notes": dict(sorted(self.notes.items())),
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> RiskModel:
        """The model that :meth:`to_json` wrote.

        Raises
        ------
        ProgramError
            If the document has another schema, lacks a key or holds something that is not a number.
        """
        if document.get("schema") != SCHEMA:
            raise ProgramError(f"This is not a risk model: schema is {document.get('schema')!r}, expected {SCHEMA!r}.")
        try:
            symbols = tuple(str(symbol) for symbol in document["symbols"])
            exposure = np.array(document["F"], dtype=np.float64).reshape(len(symbols), -1 if symbols else 0)
            specific = np.array(document["D"], dtype=np.float64)
            notes = {str(symbol): str(note) for symbol, note in document.get("notes", {}).items()}
            kind = str(document["kind"])
        except (KeyError, TypeError, ValueError, AttributeError) as fault:
            raise ProgramError(
                f"The risk model cannot be read: {fault!r}. Write it again with `lotwright risk`."
            ) from fault
        return cls(symbols=symbols, exposure=exposure, specific=specific, kind=kind, notes=notes)


def _first_fault(model: RiskModel, faulty: NDArray[np.bool_], what: str) -> None:
    """Raise about the first faulty row, if there is one."""
    if faulty.any():
        raise ProgramError(f"In the risk model the row of {model.symbols[int(np.argmax(faulty))]} {what}.")
