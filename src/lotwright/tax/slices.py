"""Shares that the wash-sale rule treats alike: slices of lots, linked where a loss moved from one to another.

A loss that washes moves, share for share, from sold shares into replacement shares, and with a later loss sale of those
on into further ones. Links therefore form chains of equal quantity: a share's loss goes to at most one share (it is
disallowed once) and at most one loss comes to a share (Treas. Reg. 1.1091-1(e)). Splitting one slice splits its chain.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

ZERO = Decimal(0)
DUST = Decimal("1e-9")
"""Dollars below which a loss is what dividing lots left behind."""


@dataclass(slots=True, kw_only=True, eq=False)
class Slice:
    """Some shares of one lot with one history. Mutable, and private to a run of the matching."""

    account: str
    symbol: str
    group: str
    lot: str
    origin: str
    """Names the purchase the shares came from, whatever lot they are in now."""
    quantity: Decimal
    basis: Decimal
    acquired: date
    start: date
    is_purchase: bool = True
    is_taxed: bool = True
    has_washed: bool = False
    """These shares replace others sold at a loss, in this run or before it."""
    absorbed: Decimal = ZERO
    """Dollars of disallowed loss in the basis, moved there in this run."""
    came_from: Slice | None = None
    went_to: Slice | None = None
    passed: Decimal = ZERO
    """Dollars of this slice's loss that were disallowed."""
    sold: date | None = None
    sale: tuple[str, ...] = ()
    proceeds: Decimal = ZERO
    order: int = 0
    """Position in the order of disposal, 1 for the first; 0 while held."""
    late: Decimal = ZERO
    """Dollars added to the basis after the sale, not yet passed on (strict reading)."""
    behind: Slice | None = None
    """Next slice of the run: what is cut off stands right behind what it was cut from."""

    @property
    def gain(self) -> Decimal:
        """Dollars realised on the adjusted basis, before any disallowance."""
        return self.proceeds - self.basis

    @property
    def is_loss(self) -> bool:
        """True for shares sold at a loss in a taxable account: nowhere else are there losses to disallow."""
        return self.is_taxed and self.gain < -DUST

    @property
    def days_held(self) -> timedelta:
        """From the start of the holding period to the sale."""
        assert self.sold is not None
        return self.sold - self.start

    def chain(self) -> Iterator[Slice]:
        """Every slice linked with this one, from the first loss on."""
        node: Slice | None = self
        while node is not None and node.came_from is not None:
            node = node.came_from
        while node is not None:
            yield node
            node = node.went_to

    def ancestors(self) -> Iterator[Slice]:
        """Slices whose loss is part of this one's basis, nearest first."""
        node = self.came_from
        while node is not None:
            yield node
            node = node.came_from

    def cut(self, quantity: Decimal) -> list[tuple[Slice, Slice]]:
        """Keep ``quantity`` shares here and along the chain; returns pairs of what was cut and the rest cut off it."""
        pairs = [(node, _cut_off(node, quantity)) for node in list(self.chain())]
        for (_, first), (_, second) in pairwise(pairs):
            first.went_to, second.came_from = second, first
        return pairs


def _cut_off(node: Slice, quantity: Decimal) -> Slice:
    """Reduce a slice to ``quantity`` shares and return the rest, unlinked."""
    total = node.quantity
    rest = replace(node, quantity=node.quantity - quantity, came_from=None, went_to=None)
    node.quantity = quantity
    for name in ("basis", "absorbed", "passed", "proceeds", "late"):
        whole = getattr(node, name)
        part = whole * quantity / total
        setattr(node, name, part)
        setattr(rest, name, whole - part)
    return rest


def move_loss(loss: Slice, replacement: Slice) -> None:
    """Disallow the loss of ``loss`` and move it into ``replacement``, a slice of as many shares.

    IRC section 1091(a) and (d): the basis of the replacement rises by the loss; section 1223(3): its holding period
    includes that of the shares sold. In an IRA the basis does not rise and the loss is gone for good (Rev. Rul.
    2008-5).
    """
    amount = -loss.gain - loss.late
    loss.passed = amount
    loss.went_to, replacement.came_from = replacement, loss
    replacement.has_washed = True
    if replacement.is_taxed:
        replacement.basis += amount
        replacement.absorbed += amount
        replacement.start = replacement.acquired - loss.days_held
        if replacement.sold is not None:
            replacement.late += amount


def pass_on(loss: Slice, extra: Decimal) -> None:
    """Move a further ``extra`` dollars along a link (section 1091(d)): a loss that grew after its sale (strict reading)."""
    replacement = loss.went_to
    assert replacement is not None
    loss.passed += extra
    if replacement.is_taxed:
        replacement.basis += extra
        replacement.absorbed += extra
        replacement.start = replacement.acquired - loss.days_held
        if replacement.sold is not None:
            replacement.late += extra
