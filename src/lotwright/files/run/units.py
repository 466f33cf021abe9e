"""Which households must be read together, and the number of each: the index by which a book is cut.

Problem: lots name their account, accounts their household, and a book of a million accounts must be cut by household
without holding it. Observations: an account's number fits in 12 bytes, its name and an object for it in 150.
Therefore: names are looked up by their 64-bit hash. Two names of one hash, and an account that two households claim
(an input error whose message names rows of both), make one *unit*: households that are read together. Every other
unit is one household, so that a collision costs nothing but company.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lotwright.files.arrow import Ints
from lotwright.files.columns import Type
from lotwright.files.parse import Parsed
from lotwright.files.values import Texts, read_values

UNKNOWN = -1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lookup:
    """Units by hash of a name: ``hashed`` sorted, ``unit`` beside it."""

    hashed: Ints
    unit: NDArray[np.int32]

    def units(self, texts: Texts) -> NDArray[np.int32]:
        """Return the unit of each cell's word, ``UNKNOWN`` where the word is not known or the cell is empty."""
        if not len(self.hashed):
            return np.full(len(texts.code), UNKNOWN, dtype=np.int32)
        wanted = hashes(texts.word)
        place = np.minimum(np.searchsorted(self.hashed, wanted), len(self.hashed) - 1)
        found = np.where(self.hashed[place] == wanted, self.unit[place], UNKNOWN).astype(np.int32)
        return np.append(found, np.int32(UNKNOWN))[texts.code]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Units:
    """Units in the order in which their households first stand in the table of accounts."""

    count: int
    households: int
    of_household: Lookup
    of_account: Lookup


def hashes(words: Sequence[str]) -> Ints:
    """Return the hash of each word, the same within this process."""
    return np.fromiter(map(hash, words), dtype=np.int64, count=len(words))


def texts_of(parsed: Parsed, column: str) -> Texts:
    """Return a column of words of a block; without the column, or of another type, every cell is empty."""
    read = read_values(Type.TEXT, parsed.columns[column]) if column in parsed.columns else None
    if read is None or not isinstance(read[0], Texts):
        return Texts(np.full(len(parsed.row), -1, dtype=np.int64), ())
    return read[0]


def units_of(blocks: Iterable[tuple[Texts, Texts]]) -> Units:
    """Number the households of the table of accounts.

    Parameters
    ----------
    blocks : iterable of (account, household)
        The two columns, block by block.
    """
    accounts: list[Ints] = []
    households: list[Ints] = []
    for account, household in blocks:
        named = np.flatnonzero(~household.is_missing)
        accounts.append(_accounts(account, household, named))
        households.append(np.append(hashes(household.word), 0)[household.code[named]])
    hashed_account, hashed_household = _joined(accounts), _joined(households)
    known, first, inverse = np.unique(hashed_household, return_index=True, return_inverse=True)
    place = np.empty(len(known), dtype=np.int64)
    place[np.argsort(first, kind="stable")] = np.arange(len(known))
    unit = place[inverse] if len(known) else np.zeros(0, dtype=np.int64)
    merged = _linked(hashed_account, unit, len(known))
    account_hash, account_at = np.unique(hashed_account, return_index=True)
    return Units(
        count=int(merged.max(initial=-1)) + 1,
        households=len(known),
        of_household=Lookup(hashed=known, unit=merged[place].astype(np.int32)),
        of_account=Lookup(hashed=account_hash, unit=merged[unit[account_at]].astype(np.int32)),
    )


def _accounts(account: Texts, household: Texts, rows: Ints) -> Ints:
    """Hashes of the accounts of rows; a row without one, an input error, gets a hash of its household's own."""
    own = hashes([f"\0{word}" for word in household.word])[household.code[rows]]
    known = np.append(hashes(account.word), 0)[account.code[rows]]
    return np.where(account.is_missing[rows], own, known)


def _joined(parts: list[Ints]) -> Ints:
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)


def _linked(account: Ints, unit: Ints, count: int) -> Ints:
    """Return the number of each unit after those that share an account became one, in the order of their first."""
    order = np.argsort(account, kind="stable")
    same = account[order][1:] == account[order][:-1]
    one, other = unit[order][:-1][same], unit[order][1:][same]
    apart = one != other
    if not apart.any():
        return np.arange(count, dtype=np.int64)
    from scipy.sparse import coo_array  # noqa: PLC0415  a quarter of what a worker imports, for an error in the input
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415

    edges = coo_array((np.ones(int(apart.sum())), (one[apart], other[apart])), shape=(count, count))
    label = connected_components(edges, directed=False)[1]
    _, first, inverse = np.unique(label, return_index=True, return_inverse=True)
    place = np.empty(len(first), dtype=np.int64)
    place[np.argsort(first, kind="stable")] = np.arange(len(first))
    out: Ints = place[inverse]
    return out
