"""Where the wash-sale law is unsettled: the readings, by name, in one place; the default stands first in each.

One run keeps to one reading of each question and its report names them. A planner stays clean under all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from lotwright.errors import ProgramError


class SoldBefore(StrEnum):
    """Do shares bought in the window but sold before the loss replace the shares sold at the loss?

    IRC section 1091(a) asks only for an acquisition (``strict``); brokers ask for shares held after the sale.
    """

    HELD_AFTER_SALE = "held_after_sale"
    STRICT = "strict"


class SameDay(StrEnum):
    """Do shares sold on the day of the loss replace the shares sold at the loss?

    Shares sold in the same sale never do. Those of another sale of the day do under ``same_sale``, when they count as
    held after it (same-day sales run in the order of acquisition, Treas. Reg. 1.1091-1(b)), and do not under
    ``whole_day``.
    """

    SAME_SALE = "same_sale"
    WHOLE_DAY = "whole_day"


class Piece(StrEnum):
    """Which shares of a lot leave first when only some carry a disallowed loss: the matched ones, or the others."""

    FIRST = "first"
    LAST = "last"


class Ancestor(StrEnum):
    """May a loss wash into free shares of a lot other shares of which carry an earlier disallowed loss?

    Treas. Reg. 1.1091-1(a), (e) bar a share's second loss, not its lot's: ``allowed``.
    """

    ALLOWED = "allowed"
    BARRED = "barred"


_QUESTIONS: dict[str, type[StrEnum]] = {
    "sold_before": SoldBefore,
    "same_day": SameDay,
    "piece": Piece,
    "ancestor": Ancestor,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """One answer to each unsettled question."""

    sold_before: SoldBefore = SoldBefore.HELD_AFTER_SALE
    same_day: SameDay = SameDay.SAME_SALE
    piece: Piece = Piece.FIRST
    ancestor: Ancestor = Ancestor.ALLOWED

    def __post_init__(self) -> None:
        """Take each answer as a word, too; ``ProgramError`` for a word that is no answer."""
        for question, answers in _QUESTIONS.items():
            given = getattr(self, question)
            try:
                object.__setattr__(self, question, answers(given))
            except ValueError:
                known = ", ".join(answers)
                raise ProgramError(f"Reading {question} is {given!r}; use one of {known}.") from None

    def __str__(self) -> str:
        """Name every reading, for reports."""
        return f"sold_before={self.sold_before}, same_day={self.same_day}, piece={self.piece}, ancestor={self.ancestor}"


DEFAULT_READINGS = Readings()
"""What brokers do, where the law leaves a choice."""
