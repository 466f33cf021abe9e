"""Losses and replacements of a household while its days run by: who takes whose loss."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TypeAlias

from lotwright.tax.law import wash_days
from lotwright.tax.readings import Ancestor, Readings, SameDay, SoldBefore
from lotwright.tax.slices import Slice, move_loss, pass_on

ZERO = Decimal(0)
_LotKey: TypeAlias = tuple[str, str, str]


@dataclass(slots=True, kw_only=True)
class Matching:
    """All slices of a run, and where they stand. Mutable, and private to :mod:`lotwright.tax.wash`."""

    readings: Readings
    first: Slice | None = None
    last: Slice | None = None
    held: dict[tuple[str, str], list[Slice]] = field(default_factory=lambda: defaultdict(list))
    recent: dict[str, list[Slice]] = field(default_factory=lambda: defaultdict(list))
    """By group: slices acquired by purchase, the older ones dropped as the days go by."""
    waiting: dict[str, list[Slice]] = field(default_factory=lambda: defaultdict(list))
    """By group: losses not matched yet, in the order of disposal."""
    today: list[Slice] = field(default_factory=list)
    """Slices sold today whose turn has not come."""
    carried: dict[_LotKey, tuple[object, ...]] = field(default_factory=dict)
    """Lots that carry a disallowed loss, and which: lot sold and sale."""

    def add(self, shares: Slice) -> None:
        """Put new shares where matching and selling will find them."""
        if self.last is None:
            self.first = shares
        else:
            self.last.behind = shares
        self.last = shares
        self.held[shares.account, shares.symbol].append(shares)
        if shares.is_purchase:
            self.recent[shares.group].append(shares)

    def take_waiting(self, bought: Slice, day: date) -> None:
        """Match one new purchase with waiting losses (Reg. 1.1091-1(b), (c))."""
        group = bought.group
        self.waiting[group] = [loss for loss in self.waiting[group] if (day - _sold(loss)).days <= wash_days()]
        free: Slice | None = bought
        for loss in list(self.waiting[group]):
            if free is None:
                return
            if loss.origin != free.origin and self._lot_takes(free, loss):
                free = self._match(loss, free)[1]

    def take_turns(self, day: date, parts: list[Slice]) -> None:
        """Look at the losses among shares sold on one day, in the order given (Reg. 1.1091-1(b): of acquisition)."""
        for group in {part.group for part in parts}:
            self.recent[group] = [s for s in self.recent[group] if (day - s.acquired).days <= wash_days()]
        self.today = parts
        while self.today:
            part = self.today.pop(0)
            part.late = ZERO  # what reached it from an earlier loss of the day is in its basis, in time
            if part.is_loss:
                self.wash(part, self.recent[part.group])

    def wash(self, loss: Slice, pool: Iterable[Slice]) -> None:
        """Match one loss with what was acquired in its window (section 1091(a)); what finds no replacement yet waits for one."""
        rest: Slice | None = loss
        for replacement in self._replacements(loss, pool):
            rest, _ = self._match(rest, replacement)
            if rest is None:
                return
        assert rest is not None
        self.waiting[loss.group].append(rest)

    def _replacements(self, loss: Slice, pool: Iterable[Slice]) -> list[Slice]:
        """Shares that replace those of ``loss``, in the order of acquisition (Reg. 1.1091-1(c), (d))."""
        ancestors = {_loss_key(s) for s in loss.ancestors()} if self._is_strict else set()
        found = [
            s
            for s in pool
            if not s.has_washed
            and s.origin != loss.origin
            and abs((s.acquired - _sold(loss)).days) <= wash_days()
            and self._lot_takes(s, loss)
            and self._counts_as_held(s, loss)
            and _loss_key(s) not in ancestors
        ]
        return sorted(found, key=_acquisition_order)

    def _counts_as_held(self, shares: Slice, loss: Slice) -> bool:
        """Whether shares acquired in the window count although they may have been sold (TAX_RULES B1.10, B1.11)."""
        if shares.sold is None or shares.acquired > _sold(loss):
            return True
        if shares.sold == loss.sold and (shares.sale == loss.sale or self.readings.same_day is SameDay.WHOLE_DAY):
            return False
        return self._is_strict or (shares.sold, shares.order) > (_sold(loss), loss.order)

    @property
    def _is_strict(self) -> bool:
        return self.readings.sold_before is SoldBefore.STRICT

    def _lot_takes(self, shares: Slice, loss: Slice) -> bool:
        """Whether the lot of ``shares`` may take this loss although it may carry another."""
        if self.readings.ancestor is Ancestor.ALLOWED:
            return True
        return self.carried.get(_lot_key(shares), _loss_key(loss)) == _loss_key(loss)

    def _match(self, loss: Slice | None, replacement: Slice) -> tuple[Slice | None, Slice | None]:
        """Move as much of a loss as fits into a replacement; returns what is left of either."""
        assert loss is not None
        quantity = min(loss.quantity, replacement.quantity)
        rest = self.cut(loss, quantity)
        free = self.cut(replacement, quantity)
        if loss in self.waiting[loss.group]:
            self.waiting[loss.group].remove(loss)
        move_loss(loss, replacement)
        self.carried[_lot_key(replacement)] = _loss_key(loss)
        return rest, free

    def cut(self, shares: Slice, quantity: Decimal) -> Slice | None:
        """Cut a slice and its chain to ``quantity`` shares; the rests stand wherever what they were cut from stood."""
        if quantity == shares.quantity:
            return None
        pairs = shares.cut(quantity)
        for whole, rest in pairs:
            whole.behind, rest.behind = rest, whole.behind
            if self.last is whole:
                self.last = rest
            for line in self._lines(whole):
                if whole in line:
                    line.insert(line.index(whole) + 1, rest)
        return next(rest for whole, rest in pairs if whole is shares)

    def _lines(self, shares: Slice) -> tuple[list[Slice], ...]:
        """Lists a slice can stand in."""
        if shares.sold is None:
            return self.held[shares.account, shares.symbol], self.recent[shares.group]
        return self.recent[shares.group], self.waiting[shares.group], self.today

    @property
    def slices(self) -> Iterator[Slice]:
        """All slices of the run."""
        node = self.first
        while node is not None:
            yield node
            node = node.behind

    def second_pass(self) -> None:
        """Look again, in the order of disposal, at sales whose basis rose after the fact (section 1091(d)); as often as needed."""
        while repriced := [s for s in self.slices if s.late]:
            self.today = sorted(repriced, key=lambda s: s.order)
            while self.today:
                part = self.today.pop(0)
                late, part.late = part.late, ZERO
                if part.is_loss and part.went_to is None:
                    self.wash(part, [s for s in self.slices if s.is_purchase and s.group == part.group])
                elif part.is_loss:
                    pass_on(part, min(late, -part.gain))


def _acquisition_order(s: Slice) -> tuple[object, ...]:
    """Earliest acquired first; of one purchase, shares still held before shares sold, whatever lots they are in."""
    return s.acquired, s.account, s.symbol, s.origin, s.sold is not None, s.order, s.lot


def _lot_key(s: Slice) -> _LotKey:
    return s.account, s.symbol, s.lot


def _loss_key(s: Slice) -> tuple[object, ...]:
    return s.account, s.symbol, s.lot, s.sale


def _sold(s: Slice) -> date:
    assert s.sold is not None
    return s.sold
