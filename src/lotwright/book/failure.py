"""A fact that keeps a household from having a plan, as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a household has no plan: a short reason to count by, a message for people, the evidence behind it.

    Parameters
    ----------
    reason : str
        One word or two in snake case, e.g. ``"input"``, ``"infeasible"``, ``"check_failed"``, ``"no_price"``.
    message : str
        What, where, found, cure: one or two sentences.
    evidence : mapping
        JSON-ready facts: rows at fault, clashing limits and by how much.
    """

    reason: str
    message: str
    evidence: Mapping[str, Any] = field(default_factory=dict)
