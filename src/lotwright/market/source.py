"""The seam: anything that can be asked for prices and daily histories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Protocol

from lotwright.book.failure import Failure
from lotwright.market.answers import Quote, Reason, Series, failed
from lotwright.market.judging import close_on


class PriceSource(Protocol):
    """Prices as traded and daily histories of securities.

    Every symbol asked is a key of the answer, with what was found or the :class:`Failure` it deserves; a source that
    cannot be reached at all is a failure of every symbol. Nothing is filled in.
    """

    @property
    def name(self) -> str:
        """What answers call it."""

    def histories(self, symbols: Sequence[str], *, start: date, end: date) -> Mapping[str, Series | Failure]:
        """Daily closes from ``start`` to ``end``, both included, as known when asked."""

    def prices(self, symbols: Sequence[str], *, day: date) -> Mapping[str, Quote | Failure]:
        """Prices as traded on the trading day ``day``; one of another day is a failure."""


class DailySource(Protocol):
    """A source that knows daily closes and nothing else."""

    @property
    def name(self) -> str:
        """What answers call it."""

    def histories(self, symbols: Sequence[str], *, start: date, end: date) -> Mapping[str, Series | Failure]:
        """As in :class:`PriceSource`."""


class Closes:
    """A source of daily closes as a :class:`PriceSource`: the price of a day is that day's close as traded.

    What was answered last is remembered, so that asking for histories and then for prices asks the source once.
    """

    def __init__(self, daily: DailySource) -> None:
        self._daily = daily
        self._known: dict[str, Series | Failure] = {}
        self._span: tuple[date, date] | None = None

    @property
    def name(self) -> str:
        """The name of the source behind it."""
        return self._daily.name

    def histories(self, symbols: Sequence[str], *, start: date, end: date) -> Mapping[str, Series | Failure]:
        """Ask the source and remember."""
        found = dict(self._daily.histories(symbols, start=start, end=end))
        self._known, self._span = found, (start, end)
        return found

    def prices(self, symbols: Sequence[str], *, day: date) -> Mapping[str, Quote | Failure]:
        """The close of ``day`` of each symbol, out of what is remembered where that reaches so far."""
        has_day = self._span is not None and self._span[0] <= day <= self._span[1]
        missing = [symbol for symbol in symbols if not has_day or symbol not in self._known]
        asked = dict(self._daily.histories(missing, start=day, end=day)) if missing else {}
        answers: dict[str, Quote | Failure] = {}
        for symbol in symbols:
            found = asked.get(symbol, self._known.get(symbol))
            if found is None:
                found = failed(
                    Reason.NO_ANSWER,
                    symbol,
                    source=self.name,
                    what="gave no answer",
                    cure="Ask again, or another source.",
                )
            answers[symbol] = close_on(found, day) if isinstance(found, Series) else found
        return answers
