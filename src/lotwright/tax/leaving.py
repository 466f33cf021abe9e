"""Which shares leave first: standing relief between lots, the reading of ``piece`` within one."""

from __future__ import annotations

from collections.abc import Callable

from lotwright.book.kinds import Relief
from lotwright.tax.readings import Piece
from lotwright.tax.slices import Slice


def relief_key(relief: Relief, piece: Piece) -> Callable[[Slice], tuple[object, ...]]:
    """Sort key of the order in which slices leave under a standing relief (Treas. Reg. 1.1012-1(c))."""
    within = piece_key(piece)
    if relief is Relief.HIFO:
        return lambda s: (-s.basis / s.quantity, s.acquired, s.lot, *within(s))
    if relief is Relief.LIFO:
        return lambda s: (-s.acquired.toordinal(), _Reversed(s.lot), *within(s))
    return lambda s: (s.acquired, s.lot, *within(s))


def piece_key(piece: Piece) -> Callable[[Slice], tuple[object, ...]]:
    """Sort key of slices of one lot: those that carry a disallowed loss first or last, earlier losses first."""
    is_last = piece is Piece.LAST
    return lambda s: (s.has_washed == is_last, s.came_from.order if s.came_from else 0)


class _Reversed(str):
    """A string that sorts the other way round."""

    __slots__ = ()

    def __lt__(self, other: str) -> bool:
        return str.__gt__(self, other)
