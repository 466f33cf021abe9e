"""From a declaration and a history to weights that are what they claim: whole, inside the bounds, exact to the sixth place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np

from lotwright.book.history import PriceHistory
from lotwright.errors import LotwrightError, ProgramError
from lotwright.targets.capping import within
from lotwright.targets.declaration import Declaration
from lotwright.targets.study import Bounds, Floats, Study, study_of

_PLACES = Decimal("0.000001")
_SMALLEST = 0.000001
_OFF = 1e-3
"""By how much a source may miss the sum of one or a bound: solvers do by 1e-6; more is a mistake."""

FUND_KINDS = frozenset({"etf", "fund"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """What a declaration comes to on a day: weights by symbol that sum to one exactly, largest first, and notes."""

    model: str
    as_of: date
    weight: Mapping[str, Decimal]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Securities:
    """What is known of the securities a model may choose from: sector and kind by symbol."""

    sector: Mapping[str, str | None]
    kind: Mapping[str, str | None]


def weights_of(
    declared: Declaration,
    history: PriceHistory,
    securities: Securities,
    *,
    as_of: date,
    bounds: Bounds | None = None,
) -> Weights:
    """The weights a declaration comes to, from what was known on ``as_of``.

    Parameters
    ----------
    declared : Declaration
    history : PriceHistory
        Days after ``as_of`` change nothing.
    securities : Securities
        The symbols that have a price; the universe is taken out of them.
    as_of : date
    bounds : Bounds, optional
        In place of the declaration's own: with a client's exclusions and caps on top.

    Raises
    ------
    ProgramError
        The universe, the history, the bounds or the source do not give weights; the message says why.
    """
    held = declared.bounds if bounds is None else bounds
    try:
        study = study_of(
            history,
            symbols=_universe(declared, securities),
            as_of=as_of,
            lookback_days=declared.lookback_days,
            bounds=held,
            sector=securities.sector,
        )
        found = _checked(declared, study)
    except ProgramError as error:
        said = str(error)
        raise ProgramError(said if said.startswith(declared.name) else f"{declared.name}: {said}") from error
    return Weights(model=declared.name, as_of=as_of, weight=exact(study.symbols, found, study.upper), notes=study.notes)


def _universe(declared: Declaration, securities: Securities) -> list[str]:
    if not isinstance(declared.universe, str):
        unknown = sorted(set(declared.universe) - set(securities.sector))
        if unknown and declared.kind != "index":
            raise ProgramError(
                f"{', '.join(unknown[:5])} of the universe has no price in this book. Correct it, or add a row."
            )
        return [symbol for symbol in declared.universe if symbol in securities.sector]
    is_fund = {symbol: (securities.kind.get(symbol) or "").lower() in FUND_KINDS for symbol in securities.sector}
    wanted = {"all": (True, False), "stocks": (False,), "funds": (True,)}[declared.universe]
    return [symbol for symbol in securities.sector if is_fund[symbol] in wanted]


def _checked(declared: Declaration, study: Study) -> Floats:
    """The source's weights, shape (n,), once they are what they must be; rounding of solvers is mended, mistakes are not."""
    try:
        answer = dict(declared.source.weights(study))
    except LotwrightError:
        raise
    except Exception as error:  # a stranger's code, or a library that gives up: the model has no weights
        raise ProgramError(f"{declared.kind} broke down ({type(error).__name__}: {str(error)[:200]}).") from error
    strange = sorted(set(answer) - set(study.symbols))
    if strange:
        raise ProgramError(f"{declared.kind} gives a weight to {strange[0]}, which it was not offered.")
    weight = np.array([float(answer.get(symbol, 0.0)) for symbol in study.symbols])
    if not np.isfinite(weight).all():
        raise ProgramError(
            f"{declared.kind} gives {study.symbols[int(np.argmin(np.isfinite(weight)))]} no number as weight."
        )
    outside = np.maximum(weight - study.upper, -weight)
    if outside.max() > _OFF or abs(weight.sum() - 1) > _OFF:
        worst = study.symbols[int(outside.argmax())]
        what = (
            f"{worst} gets {weight[outside.argmax()]:.4f}"
            if outside.max() > _OFF
            else f"they sum to {weight.sum():.4f}"
        )
        raise ProgramError(f"{declared.kind} gives weights outside their bounds: {what}.")
    weight = np.where(weight < _SMALLEST, 0.0, weight)
    return within(weight, np.zeros(len(weight)), study.upper)


def exact(symbols: tuple[str, ...], weight: Floats, upper: Floats) -> dict[str, Decimal]:
    """Weights rounded to the sixth place that sum to one exactly, largest first, zeros left out.

    What rounding leaves goes to the largest weights with room under their caps, a millionth each.
    """
    rounded = {symbol: Decimal(repr(float(w))).quantize(_PLACES) for symbol, w in zip(symbols, weight, strict=True)}
    cap = {symbol: Decimal(repr(float(u))) for symbol, u in zip(symbols, upper, strict=True)}
    order = sorted(rounded, key=lambda symbol: (-rounded[symbol], symbol))
    left = 1 - sum(rounded.values(), Decimal(0))
    step = _PLACES.copy_sign(left)
    while left:
        before = left
        for symbol in order:
            if left and rounded[symbol] and 0 < rounded[symbol] + step <= max(cap[symbol], rounded[symbol]):
                rounded[symbol] += step
                left -= step
        if left == before:
            rounded[order[0]] += left
            left = Decimal(0)
    return {symbol: rounded[symbol] for symbol in sorted(rounded, key=lambda s: (-rounded[s], s)) if rounded[symbol]}
