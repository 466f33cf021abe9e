"""Lots from trades: purchases open lots, sales close the oldest first, splits multiply, transfers bring lots of no basis.

First in, first out is what the law presumes (Treas. Reg. 1.1012-1(c)) and what Alpaca does. In the United Kingdom a
sale takes from the whole pool (TCGA 1992 section 104). The result is checked against positions by the caller: what was
sold by another order, or bought before the history begins, shows there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal

from lotwright.book.kinds import Action, Character
from lotwright.files.imports.numbers import shares
from lotwright.files.imports.rows import Change, ChangeKind, LotRow, Trade
from lotwright.tax.holding import character

CENT = Decimal("0.01")
SHARE = Decimal("0.000000001")
MOST_DENOMINATOR = 100


@dataclass(slots=True)
class Open:
    """A lot while trades run over it; ``acquired`` and ``basis`` are None where nothing tells them."""

    quantity: Decimal
    basis: Decimal | None
    acquired: date | None
    purchase: str | None
    file: str
    row: int | None

    def take(self, quantity: Decimal) -> Decimal | None:
        """Remove shares and return their basis."""
        basis = self.basis
        if basis is not None:
            part = basis if quantity == self.quantity else (basis * quantity / self.quantity).quantize(CENT)
            self.basis, basis = basis - part, part
        self.quantity -= quantity
        return basis


@dataclass(slots=True, kw_only=True)
class Rebuilt:
    """What is left of one security, its sales with their gains, and what went wrong (empty: nothing)."""

    lots: list[Open] = field(default_factory=list)
    sales: list[Trade] = field(default_factory=list)
    wrong: str = ""
    notes: list[str] = field(default_factory=list)

    @property
    def quantity(self) -> Decimal:
        """Shares left."""
        return sum((lot.quantity for lot in self.lots), Decimal(0))


def in_order(events: Iterable[Trade | Change]) -> list[Trade | Change]:
    """Return events by day, then by time, else as their file lists them, whichever end it begins at."""
    listed = list(events)
    rows: dict[str, list[tuple[int, date]]] = {}
    for event in listed:
        if not event.at:
            rows.setdefault(event.file, []).append((event.row or 0, event.day))
    direction = {}
    for file, places in rows.items():
        days = [day for _, day in sorted(places)]
        direction[file] = 1 if len(days) == 1 or (days == sorted(days) and days[0] != days[-1]) else -1
    return sorted(listed, key=lambda e: (e.day, e.at, (e.row or 0) * direction.get(e.file, 1)))


def shares_of(event: Trade | Change, *, has_opening: bool) -> Decimal:
    """Return by how many shares an event changes the position; ``has_opening``: declared lots stand for what came in."""
    if isinstance(event, Trade):
        return -event.quantity if event.action is Action.SELL else event.quantity
    return Decimal(0) if event.kind is ChangeKind.RECEIVE and has_opening else event.quantity


def rebuild(
    events: Sequence[Trade | Change],
    *,
    opening: Sequence[LotRow] = (),
    ignores_receipts: bool = False,
    is_pooled: bool = False,
) -> Rebuilt:
    """Return the lots of one security after all its trades and changes, in their order.

    Parameters
    ----------
    events : sequence of Trade or Change
        Of one security in one account, in the order of :func:`in_order`.
    opening : sequence of LotRow
        Lots that were held before the first event, or that a transfer brought.
    ignores_receipts : bool
        The opening lots stand for what came in by transfer.
    is_pooled : bool
        Sales take from every lot alike.
    """
    out = Rebuilt(
        lots=[Open(lot.quantity, lot.basis, lot.acquired, lot.purchase, lot.file, lot.row) for lot in opening]
    )
    for event in events:
        if isinstance(event, Trade):
            if event.action is Action.SELL:
                _sell(out, event, is_pooled=is_pooled)
            else:
                out.lots.append(Open(event.quantity, event.money, event.day, event.purchase, event.file, event.row))
        elif event.kind is ChangeKind.SPLIT:
            _split(out, event)
        elif event.kind is ChangeKind.RECEIVE:
            if not (ignores_receipts and opening):
                out.lots.append(Open(event.quantity, None, None, None, event.file, event.row))
        elif event.kind is ChangeKind.DELIVER:
            _remove(out, event, -event.quantity)
        if out.wrong:
            break
    out.lots = [lot for lot in out.lots if lot.quantity > 0]
    if is_pooled and _is_matched_first(events):
        out.notes.append(
            "shares were bought on the day of a sale or within 30 days after one: those are matched first "
            "(TCGA 1992 sections 105 and 106A), and the pool's cost here does not know it"
        )
    return out


def _is_matched_first(events: Sequence[Trade | Change]) -> bool:
    """Whether any purchase falls on the day of a sale or within the 30 days after it."""
    trades = [event for event in events if isinstance(event, Trade)]
    sold = [trade.day for trade in trades if trade.action is Action.SELL]
    bought = [trade.day for trade in trades if trade.action is not Action.SELL]
    return any(timedelta() <= buy - sale <= timedelta(days=30) for sale in sold for buy in bought)


def _by_age(lots: list[Open]) -> list[Open]:
    return sorted(lots, key=lambda lot: lot.acquired or date.min)


def _remove(out: Rebuilt, event: Trade | Change, quantity: Decimal) -> list[tuple[Open, Decimal, Decimal | None]]:
    """Take shares, oldest first; what was taken, and its basis."""
    if quantity > out.quantity:
        out.wrong = f"on {event.day} {quantity} shares left, and {out.quantity} had come before"
        return []
    taken = []
    for lot in _by_age(out.lots):
        part = min(quantity, lot.quantity)
        if part > 0:
            before = replace(lot)
            taken.append((before, part, lot.take(part)))
            quantity -= part
    return taken


def _sell(out: Rebuilt, sale: Trade, *, is_pooled: bool) -> None:
    if is_pooled:
        _sell_from_pool(out, sale)
        return
    taken = _remove(out, sale, sale.quantity)
    left = sale.money
    for place, (lot, quantity, basis) in enumerate(taken):
        money = left if place == len(taken) - 1 else (sale.money * quantity / sale.quantity).quantize(CENT)
        left -= money
        known = basis is not None and lot.acquired is not None
        gain = (
            sale.realised_gain
            if sale.realised_gain is not None and len(taken) == 1
            else money - basis
            if basis is not None
            else None
        )
        how: Character | None = character(lot.acquired, sale.day) if known and lot.acquired else None
        out.sales.append(replace(sale, quantity=quantity, money=money, realised_gain=gain, character=how))


def _sell_from_pool(out: Rebuilt, sale: Trade) -> None:
    held = out.quantity
    if sale.quantity > held:
        out.wrong = f"on {sale.day} {sale.quantity} shares were sold, and {held} had been bought before"
        return
    cost, left, known = Decimal(0), sale.quantity, True
    for place, lot in enumerate(out.lots):
        part = left if place == len(out.lots) - 1 else min(left, (sale.quantity * lot.quantity / held).quantize(SHARE))
        basis = lot.take(part)
        left -= part
        known &= basis is not None
        cost += basis or Decimal(0)
    out.sales.append(replace(sale, realised_gain=sale.money - cost if known else None))


def _split(out: Rebuilt, split: Change) -> None:
    held = out.quantity
    if not held:
        out.wrong = f"a split on {split.day} finds no shares"
        return
    after = held + split.quantity
    if after <= 0:
        out.wrong = f"a split on {split.day} takes {-split.quantity} shares, and {held} are held"
        return
    whole = after
    if split.money and split.money > 0 and held == held.to_integral_value():
        whole = _before_cash(held, after)
        if whole != after:
            out.notes.append(
                f"the split of {split.day} is taken for {_ratio(held, whole)}: {held} shares became {shares(whole)}, "
                f"and {shares(whole - after)} of one was paid out"
            )
    left = whole
    for place, lot in enumerate(out.lots):
        lot.quantity = left if place == len(out.lots) - 1 else (lot.quantity * whole / held).quantize(SHARE)
        left -= lot.quantity
    if whole != after:
        day, money = split.day, split.money or Decimal(0)
        part = whole - after
        sale = Trade(
            split.ref,
            day,
            split.symbol,
            Action.SELL,
            part,
            (money / part).quantize(CENT),
            money,
            split.file,
            split.row,
            at=split.at,
        )
        _sell(out, sale, is_pooled=False)


def _before_cash(held: Decimal, after: Decimal) -> Decimal:
    """Shares after the split before a fraction of one was paid out: the simplest ratio that leaves ``after`` and a part."""
    for below in range(1, MOST_DENOMINATOR + 1):
        first = int(after * below / held)
        for above in (first, first + 1):
            whole = held * above / below
            if after <= whole < after + 1:
                return whole
    return after


def _ratio(held: Decimal, whole: Decimal) -> str:
    for below in range(1, MOST_DENOMINATOR + 1):
        above = whole * below / held
        if above == above.to_integral_value():
            return f"{shares(above)} for {below}"
    return f"{shares(whole / held)} for 1"
