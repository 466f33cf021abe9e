"""Sentences about a household's input that a plan must repeat: nothing is wrong, and a person should know."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from lotwright.book.holdings import Account, Restriction
from lotwright.book.kinds import Rule
from lotwright.files.faults import did_you_mean

_RATES = {"short_term_rate": "short-term rate", "long_term_rate": "long-term rate"}
_RETURN = {"filing_status": "filing status", "taxable_income": "taxable income", "state": "state"}


def notes_of(accounts: Sequence[Account], *, symbols: Collection[str], sectors: Collection[str]) -> tuple[str, ...]:
    """Return what is odd about a household's accounts: facts of one tax return that differ, restrictions on nothing.

    Parameters
    ----------
    accounts : sequence of Account
        Of one household, sorted.
    symbols, sectors : collections of str
        What the table of prices knows.
    """
    taxable = [account for account in accounts if account.kind.is_taxable]
    differing = [_differing(taxable, field, words) for field, words in _RATES.items()]
    differing += [_differing(accounts, field, words) for field, words in _RETURN.items()]
    listed = "; ".join(words for words in differing if words)
    notes = [f"The accounts of this household, which files one tax return, differ in {listed}."] if listed else []
    restrictions = (restriction for account in accounts for restriction in account.restrictions)
    notes += [note for restriction in restrictions if (note := _on_nothing(restriction, symbols, sectors))]
    return tuple(notes)


def _differing(accounts: Sequence[Account], field: str, words: str) -> str:
    given = {account.account: getattr(account, field) for account in accounts}
    given = {name: value for name, value in given.items() if value is not None}
    if len(set(given.values())) < 2:
        return ""
    return f"{words} ({', '.join(f'{name} {value}' for name, value in given.items())})"


def _on_nothing(restriction: Restriction, symbols: Collection[str], sectors: Collection[str]) -> str | None:
    subject = restriction.symbol or restriction.sector
    known = sectors if restriction.rule is Rule.EXCLUDE_SECTOR else symbols
    if subject is None or subject in known:
        return None
    near = did_you_mean(subject, known).strip()
    what = "no security of prices is in that sector" if restriction.sector else "prices has no such security"
    return f"{restriction.account} has the rule {restriction.rule} {subject}, but {what}. {near}".strip()
