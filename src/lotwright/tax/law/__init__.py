"""Numbers of the law: dated data with unit, title and source, read from the TOML files beside this one.

Rules are code and cite their section; numbers are data and name their source. Each file holds one kind of number; its
``[[year]]`` tables say from which tax year on they apply, with one value (or list) per filing status.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

from lotwright.book.kinds import FilingStatus
from lotwright.errors import ProgramError


@dataclass(frozen=True, slots=True, kw_only=True)
class Brackets:
    """A tax schedule: ``rates[i]`` applies up to ``tops[i]`` dollars, the last rate above the last top."""

    tops: tuple[Decimal, ...]
    rates: tuple[Decimal, ...]
    source: str


@cache
def read_law(name: str) -> dict[str, Any]:
    """Everything one file says, numbers as ``Decimal`` or ``int``."""
    text = (files(__package__) / f"{name}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text, parse_float=Decimal)


def known_years() -> range:
    """Tax years whose brackets are in the data, first to last."""
    years = [entry["year"] for entry in read_law("ordinary_income")["year"]]
    return range(min(years), max(years) + 1)


def ordinary_brackets(year: int, status: FilingStatus) -> Brackets:
    """Schedule of the tax on ordinary income (IRC section 1(j)); ``ProgramError`` when the year is not in the data."""
    return _brackets("ordinary_income", year, status)


def capital_gain_brackets(year: int, status: FilingStatus) -> Brackets:
    """Schedule of the tax on net capital gain and qualified dividends (IRC section 1(h)); same error."""
    return _brackets("capital_gains", year, status)


def deduction_cap(status: FilingStatus | None) -> Decimal:
    """Dollars of net capital loss deductible in a year (IRC section 1211(b)); an unknown status counts as single."""
    return Decimal(read_law("capital_loss")["year"][-1][status or FilingStatus.SINGLE])


def investment_income_threshold(status: FilingStatus) -> Decimal:
    """Dollars of modified adjusted gross income above which net investment income is taxed (IRC section 1411(b))."""
    return Decimal(read_law("net_investment_income")["year"][-1][status])


def investment_income_rate() -> Decimal:
    """Rate of the net investment income tax (IRC section 1411(a)(1))."""
    return Decimal(read_law("net_investment_income")["rate"])


@cache
def wash_days() -> int:
    """Days on either side of a loss sale in which a purchase washes it (IRC section 1091(a))."""
    return int(read_law("wash_sale")["days"])


def _brackets(name: str, year: int, status: FilingStatus) -> Brackets:
    law = read_law(name)
    found = [entry for entry in law["year"] if entry["year"] == year]
    if not found:
        raise ProgramError(
            f"Tax year {year} is not in the data of the law ({known_years().start} to {known_years().stop - 1}). "
            "State short_term_rate and long_term_rate instead, or choose a year in the data."
        )
    return Brackets(
        tops=tuple(Decimal(top) for top in found[0][status]),
        rates=tuple(Decimal(rate) for rate in law["rates"]),
        source=found[0]["source"],
    )
