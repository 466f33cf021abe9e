"""Asking again: reads are repeated a few times, each time after a longer pause, and then the silence is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from lotwright.market.answers import Reason

T = TypeVar("T")


class NoAnswer(Exception):  # noqa: N818  no error: it becomes a Failure of the symbols asked
    """No answer, or none that is one; never leaves this package."""

    def __init__(self, reason: Reason, what: str, *, is_final: bool = False) -> None:
        super().__init__(what)
        self.reason = reason
        self.what = what
        self.is_final = is_final


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to wait and how often to ask.

    Parameters
    ----------
    connect, silence, whole : float
        Seconds to connect, between two pieces of an answer, and for the whole of it.
    attempts : int
    pause : float
        Seconds before the second attempt; each further pause is twice as long.
    """

    connect: float = 3.05
    silence: float = 20.0
    whole: float = 60.0
    attempts: int = 3
    pause: float = 1.0


def asked(call: Callable[[], T], *, patience: Patience, sleep: Callable[[float], None]) -> T:
    """The answer of ``call``, asked up to ``patience.attempts`` times while it raises a :class:`NoAnswer` not final.

    Raises
    ------
    NoAnswer
        The last one.
    """
    from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential  # noqa: PLC0415

    return Retrying(
        stop=stop_after_attempt(patience.attempts),
        wait=wait_exponential(multiplier=patience.pause, min=0),
        retry=retry_if_exception(lambda error: isinstance(error, NoAnswer) and not error.is_final),
        sleep=sleep,
        reraise=True,
    )(call)
