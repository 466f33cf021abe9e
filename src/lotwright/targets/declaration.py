"""A dynamic model portfolio as its file declares it: where weights come from, out of what, within which bounds.

says = "Least volatility of the twenty, at most a tenth each."
[source]
kind = "minimum_volatility"
universe = "stocks"            # or "funds", "all", or a list of symbols
lookback_days = 504
risk = "ledoit_wolf"           # every other key is a parameter of the kind
[limits]
maximum_weight = 0.10
exclude_sectors = ["Energy"]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields, is_dataclass
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from lotwright.errors import ProgramError
from lotwright.targets.source import TargetSource, find_source
from lotwright.targets.study import FEWEST_DAYS, Bounds

UNIVERSES = ("all", "stocks", "funds")
_OURS = ("kind", "universe", "lookback_days")
_LIMITS = ("minimum_weight", "maximum_weight", "maximum", "exclude", "exclude_sectors", "sectors")
_TWO_YEARS = 504


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """What a file with a ``[source]`` declares.

    Parameters
    ----------
    name, says : str
    kind : str
    source : TargetSource
    universe : str or tuple of str
        ``"all"`` securities with a price, ``"stocks"``, ``"funds"``, or the symbols themselves.
    lookback_days : int, trading days
    bounds : Bounds
    """

    name: str
    says: str
    kind: str
    source: TargetSource
    universe: str | tuple[str, ...]
    lookback_days: int
    bounds: Bounds


def declaration_of(name: str, document: Mapping[str, Any]) -> Declaration:
    """The declaration in a parsed file.

    Raises
    ------
    ProgramError
        A key is unknown, is missing or does not fit; the message says which and what would do.
    """
    _only(name, "a dynamic model portfolio", document, ("says", "source", "limits"))
    table = document.get("source")
    if not isinstance(table, Mapping) or not isinstance(table.get("kind"), str):
        raise ProgramError(f'{name}: [source] needs a kind. Write kind = "minimum_volatility", say.')
    kind = table["kind"]
    made = find_source(kind)
    source: TargetSource = _built(
        f"{name}: source {kind}", made, {key: one for key, one in table.items() if key not in _OURS}
    )
    bounds = _bounds(name, document.get("limits", {}))
    if bounds.sectors and not getattr(source, "keeps_groups", False):
        raise ProgramError(
            f"{name}: {kind} cannot keep bounds on sectors. Exclude sectors, or choose minimum_volatility, say."
        )
    days = table.get("lookback_days", _TWO_YEARS)
    if not isinstance(days, int) or isinstance(days, bool) or days < FEWEST_DAYS:
        raise ProgramError(f"{name}: lookback_days is {days!r}; it must be a whole number from {FEWEST_DAYS} on.")
    return Declaration(
        name=name,
        says=str(document.get("says", "")),
        kind=kind,
        source=source,
        universe=_universe(name, table.get("universe", _default_universe(source))),
        lookback_days=days,
        bounds=bounds,
    )


def _default_universe(source: TargetSource) -> str | Sequence[str]:
    index = getattr(source, "weights_of", None)
    return sorted(index) if index else "all"


def _universe(name: str, given: Any) -> str | tuple[str, ...]:
    if isinstance(given, str) and given in UNIVERSES:
        return given
    if (
        isinstance(given, Sequence)
        and not isinstance(given, str)
        and given
        and all(isinstance(one, str) for one in given)
    ):
        return tuple(one.strip() for one in given)
    raise ProgramError(
        f"{name}: universe is {given!r}; it must be one of {', '.join(UNIVERSES)}, or a list of symbols."
    )


def _built(where: str, made: Any, given: Mapping[str, Any]) -> Any:
    """A source from its table: known keys, of the types its fields have."""
    known = {one.name: one for one in fields(made)} if is_dataclass(made) else {}
    renamed = {
        "weights_of" if key == "weights" and "weights_of" in known else key: value for key, value in given.items()
    }
    _only(where, "it", renamed, tuple(known))
    lacking = [
        one.name for one in known.values()
        if one.default is MISSING and one.default_factory is MISSING and one.name not in renamed
    ]  # fmt: skip
    if lacking:
        raise ProgramError(f"{where} needs {' and '.join(lacking)}. Write {lacking[0]} = ... under [source].")
    fitting = {key: _fitting(f"{where}: {key}", known[key].type, value) for key, value in renamed.items()}
    try:
        return made(**fitting)
    except ProgramError as error:
        raise ProgramError(f"{where}: {error}") from None


def _fitting(where: str, type_: Any, value: Any) -> Any:
    """The value if it is of the kind the field's annotation names."""
    said = (
        type_.__name__
        if isinstance(type_, type)
        else str(type_).removeprefix("collections.abc.").removeprefix("typing.")
    )
    is_number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    if said.startswith("float") and is_number:
        return float(value)
    if said.startswith("int") and isinstance(value, int) and not isinstance(value, bool):
        return value
    if said.startswith("str") and isinstance(value, str):
        return value
    if said.startswith("bool") and isinstance(value, bool):
        return value
    if said.startswith("Mapping[str, float]") and isinstance(value, Mapping):
        return {str(key): _fitting(f"{where}.{key}", "float", one) for key, one in value.items()}
    if said.startswith("tuple") and isinstance(value, Sequence) and not isinstance(value, str):
        return tuple(value)
    words = {
        "float": "a number",
        "int": "a whole number",
        "str": "a text",
        "bool": "true or false",
        "Mapping": "a table",
    }
    word = next((one for start, one in words.items() if said.startswith(start)), "a list")
    raise ProgramError(f"{where} is {value!r}; it must be {word}.")


def _bounds(name: str, table: Any) -> Bounds:
    if not isinstance(table, Mapping):
        raise ProgramError(f"{name}: limits must be a table. Begin it with a line [limits].")
    _only(name, "[limits]", table, _LIMITS)
    sectors: dict[str, tuple[float, float]] = {}
    for sector, pair in dict(table.get("sectors", {})).items():
        both = pair if isinstance(pair, Sequence) and not isinstance(pair, str) else (0.0, pair)
        if len(both) != 2:
            raise ProgramError(
                f"{name}: limits of sector {sector} are {pair!r}. Write {sector!r} = 0.3, or [0.1, 0.3]."
            )
        low, high = (_fraction(f"{name}: sectors.{sector}", one) for one in both)
        if low > high:
            raise ProgramError(f"{name}: sector {sector} must weigh at least {low:g} and at most {high:g}. Swap them.")
        sectors[str(sector)] = (low, high)
    return Bounds(
        minimum_weight=_fraction(f"{name}: minimum_weight", table.get("minimum_weight", 0.0)),
        maximum_weight=_fraction(f"{name}: maximum_weight", table.get("maximum_weight", 1.0)),
        maximum={str(s): _fraction(f"{name}: maximum.{s}", w) for s, w in dict(table.get("maximum", {})).items()},
        exclude=_words(f"{name}: exclude", table.get("exclude", [])),
        exclude_sectors=_words(f"{name}: exclude_sectors", table.get("exclude_sectors", [])),
        sectors=sectors,
    )


def _fraction(where: str, value: Any) -> float:
    number = _fitting(where, "float", value)
    if not 0 <= number <= 1:
        raise ProgramError(f"{where} is {number:g}; it must lie between 0 and 1. Write 0.25 for 25 %.")
    return float(number)


def _words(where: str, value: Any) -> frozenset[str]:
    if not isinstance(value, Sequence) or isinstance(value, str) or not all(isinstance(one, str) for one in value):
        raise ProgramError(f"{where} is {value!r}; it must be a list of texts.")
    return frozenset(value)


def _only(where: str, what: str, table: Mapping[str, Any], known: Sequence[str]) -> None:
    for key in table:
        if key not in known:
            near = get_close_matches(key, known, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise ProgramError(f"{where}: {what} has no key {key!r}.{hint} There are: {', '.join(known) or 'none'}.")
