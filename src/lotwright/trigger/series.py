"""A dated series of numbers, as it was known on a day: nothing later is ever looked at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from lotwright.errors import ProgramError

MAX_AGE = 5
"""Trading days after which the last value of a series says nothing of today, where the series does not say."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Series:
    """Numbers by day, e.g. closes of an index or a yield in per cent.

    Parameters
    ----------
    name : str
    dates : datetime64[D] array, shape (T,), ascending, without repeats
    values : float64 array, shape (T,), finite
    max_age : int
        Trading days for which the last value counts.

    Raises
    ------
    ProgramError
        The days do not ascend, or a value is not finite.
    """

    name: str
    dates: NDArray[np.datetime64]
    values: NDArray[np.float64]
    max_age: int = MAX_AGE

    def __post_init__(self) -> None:
        if self.dates.shape != self.values.shape or self.dates.ndim != 1:
            raise ProgramError(f"Series {self.name} has {self.dates.size} days and {self.values.size} values.")
        if self.dates.size and not (self.dates[1:] > self.dates[:-1]).all():
            raise ProgramError(f"The days of series {self.name} do not ascend, or one is there twice. Sort them.")
        if not np.isfinite(self.values).all():
            raise ProgramError(f"A value of series {self.name} is not a finite number. Leave that day out.")

    def until(self, day: date) -> Series:
        """The series as it was known on a day."""
        known = int(np.searchsorted(self.dates, np.datetime64(day), side="right"))
        return Series(name=self.name, dates=self.dates[:known], values=self.values[:known], max_age=self.max_age)

    @property
    def last_day(self) -> date | None:
        """Day of the last value, None where there is none."""
        return None if not self.dates.size else self.dates[-1].astype("datetime64[D]").item()
