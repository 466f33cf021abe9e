"""Which risk model is asked for, by name, as a program declares it in its table ``[risk]``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from lotwright.errors import ProgramError
from lotwright.risk.shrinkage import ESTIMATORS, check_estimator

MODELS = ESTIMATORS
_MOST_FACTORS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskChoice:
    """A risk model by name.

    Parameters
    ----------
    model : str
        One of :data:`MODELS`.
    factors : int
        Largest number of common factors; with ``principal_components`` exactly so many. ``fama_french`` has those of the
        book's table factors instead.

    Raises
    ------
    ProgramError
        There is no such model, or ``factors`` is not between 1 and 100.
    """

    model: str = "ledoit_wolf"
    factors: int = 10

    def __post_init__(self) -> None:
        check_estimator(self.model)
        given: Any = self.factors
        if isinstance(given, bool) or not isinstance(given, int) or not 1 <= given <= _MOST_FACTORS:
            raise ProgramError(f"factors is {given!r}; a risk model has a whole number from 1 to {_MOST_FACTORS}.")

    @classmethod
    def from_table(cls, table: object) -> RiskChoice:
        """The choice a table ``[risk]`` declares.

        Raises
        ------
        ProgramError
            It is no table, has an unknown key, or names what is not there.
        """
        if not isinstance(table, Mapping):
            raise ProgramError('risk must be a table. Write [risk] and, below it, model = "adaptive", say.')
        for key in table:
            if key not in cls.__slots__:
                near = get_close_matches(key, cls.__slots__, n=1)
                hint = f" Did you mean {near[0]}?" if near else ""
                raise ProgramError(f"[risk] has no key {key!r}.{hint} There are: {', '.join(cls.__slots__)}.")
        model = table.get("model", cls().model)
        if not isinstance(model, str):
            raise ProgramError(f"[risk] model is {model!r}; it must be one of {', '.join(MODELS)}.")
        return cls(model=model, factors=table.get("factors", cls().factors))

    def to_table(self) -> dict[str, Any]:
        """The choice as JSON-ready values."""
        return {"model": self.model, "factors": self.factors}


def risk_schema() -> dict[str, Any]:
    """JSON Schema of a program's table ``[risk]``."""
    return {
        "type": "object",
        "description": "The risk model, by name.",
        "additionalProperties": False,
        "properties": {
            "model": {"enum": list(MODELS), "description": "How covariance is estimated."},
            "factors": {
                "type": "integer",
                "minimum": 1,
                "maximum": _MOST_FACTORS,
                "description": "Most common factors.",
            },
        },
    }
