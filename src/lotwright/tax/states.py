"""What a state takes of a gain: its schedule, flat or graduated, as dated data.

Problem: a state's tax on gains is a flat rate, a schedule of its own, or something else again (an excise, an exclusion).
Observations: where gains are ordinary income one schedule of brackets says it all, a flat rate being one bracket.
Therefore: every state the data know has :class:`~lotwright.tax.law.Brackets`; the others are named, not guessed.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from lotwright.book.kinds import FilingStatus
from lotwright.tax.law import Brackets, read_law

ZERO = Decimal(0)
NO_TAX = Brackets(tops=(), rates=(ZERO,), source="no state")


@dataclass(frozen=True, slots=True, kw_only=True)
class StateSchedule:
    """A state's brackets and the tax year they are of: the nearest in the data to the one asked for."""

    state: str
    year: int
    brackets: Brackets

    def rate_above(self, income: Decimal) -> Decimal:
        """Rate on the next dollar of a gain, as a fraction."""
        return rate_above(self.brackets, income)


def state_schedule(state: str | None, status: FilingStatus, *, year: int) -> StateSchedule | None:
    """The state's income tax on gains, by the law its data cite; no tax without a state, None for one not in the data.

    Parameters
    ----------
    state : str, optional
        Postal code.
    status : FilingStatus
    year : int
        Tax year; the nearest year in the data stands in for one that is not there, and the answer says which.

    Examples
    --------
    >>> found = state_schedule("CA", FilingStatus.SINGLE, year=2024)
    >>> found.rate_above(Decimal(100_000))
    Decimal('0.093')
    """
    if state is None:
        return StateSchedule(state="", year=year, brackets=NO_TAX)
    state = state.upper()
    flat = read_law("state_income")
    if state in flat["flat"]:
        entry = flat["flat"][state]
        brackets = Brackets(tops=(), rates=(Decimal(entry["rate"]),), source=entry["source"])
        return StateSchedule(state=state, year=year if not entry["rate"] else flat["year"], brackets=brackets)
    found = [
        (abs(known - year), known, entry)
        for entry in read_law("state_brackets")["schedule"]
        if entry["state"] == state
        for known in entry["years"]
    ]
    if not found:
        return None
    _, known, entry = min(found, key=lambda each: each[:2])
    return StateSchedule(state=state, year=known, brackets=_graduated(entry, status))


def rate_above(brackets: Brackets, income: Decimal) -> Decimal:
    """Rate on the first dollar above ``income``."""
    return brackets.rates[bisect_right(brackets.tops, income)]


def _graduated(entry: Mapping[str, Any], status: FilingStatus) -> Brackets:
    """One schedule, a surcharge on income above an amount (California: R&TC section 17043) counted in its rates."""
    tops = [Decimal(top) for top in entry[status]]
    rates = [Decimal(rate) for rate in entry.get(f"{status}_rates", entry["rates"])]
    extra = entry.get("surcharge")
    if extra is not None:
        above = Decimal(extra["above"])
        place = bisect_right(tops, above)
        if above not in tops:
            tops.insert(place, above)
            rates.insert(place, rates[place])
            place += 1
        rates[place:] = [rate + Decimal(extra["rate"]) for rate in rates[place:]]
    return Brackets(tops=tuple(tops), rates=tuple(rates), source=entry["source"])
