"""Lotwright plans trades lot by lot: the cheapest allowed list, with a proof of how good it is.

``import lotwright`` costs milliseconds: each name below is imported from its room when it is first used (PEP 562).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from lotwright.version import __version__

if TYPE_CHECKING:
    from lotwright.book.book import Book
    from lotwright.book.failure import Failure
    from lotwright.book.holdings import Account, Household, Lot
    from lotwright.book.trades import Trade
    from lotwright.errors import BookError, LotwrightError, PlanError, ProgramError
    from lotwright.files.books import read_book
    from lotwright.plan.program import Program
    from lotwright.plan.result import HouseholdPlan, Status

__all__ = [
    "Account",
    "Book",
    "BookError",
    "Failure",
    "Household",
    "HouseholdPlan",
    "Lot",
    "LotwrightError",
    "PlanError",
    "Program",
    "ProgramError",
    "Status",
    "Trade",
    "__version__",
    "read_book",
]

_ROOM = {
    "Account": "lotwright.book.holdings",
    "Book": "lotwright.book.book",
    "BookError": "lotwright.errors",
    "Failure": "lotwright.book.failure",
    "Household": "lotwright.book.holdings",
    "HouseholdPlan": "lotwright.plan.result",
    "Lot": "lotwright.book.holdings",
    "LotwrightError": "lotwright.errors",
    "PlanError": "lotwright.errors",
    "Program": "lotwright.plan.program",
    "ProgramError": "lotwright.errors",
    "Status": "lotwright.plan.result",
    "Trade": "lotwright.book.trades",
    "read_book": "lotwright.files.books",
}
"""Where each public name lives: add a line here, one in ``__all__`` and one for type checkers; a test compares them."""


def __getattr__(name: str) -> object:
    if name not in _ROOM:
        raise AttributeError(f"module 'lotwright' has no attribute '{name}'. Public names: {', '.join(__all__)}.")
    value = getattr(import_module(_ROOM[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
