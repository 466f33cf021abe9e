"""A book whose households know what earlier plans have in hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from lotwright.book.book import Book
from lotwright.book.failure import Failure
from lotwright.book.holdings import Household, Pending


def with_pending(book: Book, pending: Mapping[str, tuple[Pending, ...]]) -> Book:
    """The same book, its households planned as if these trades had happened, as far as the wash-sale window goes.

    Parameters
    ----------
    book : Book
        Its households stay unread until they are asked for.
    pending : mapping of household to tuple of Pending
        Of trades that tables do not show yet; households it does not name are as they were.
    """
    return replace(book, households=_Households(of=book.households, pending=pending)) if pending else book


@dataclass(frozen=True, slots=True)
class _Households(Mapping[str, Household | Failure]):
    of: Mapping[str, Household | Failure]
    pending: Mapping[str, tuple[Pending, ...]]

    def __getitem__(self, name: str) -> Household | Failure:
        found = self.of[name]
        if isinstance(found, Failure) or name not in self.pending:
            return found
        return replace(found, pending=(*found.pending, *self.pending[name]))

    def __iter__(self) -> Iterator[str]:
        return iter(self.of)

    def __len__(self) -> int:
        return len(self.of)
