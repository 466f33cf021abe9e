"""What a run of the wash-sale matching found: every disposal, and what is held in the end."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from lotwright.book.kinds import Character
from lotwright.tax.holding import character
from lotwright.tax.readings import Readings
from lotwright.tax.slices import Slice

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """The shares a disallowed loss moved into: as many as were sold.

    ``basis`` and ``holding_start`` are theirs after the move; in an IRA neither changed.
    """

    account: str
    symbol: str
    lot: str
    acquired: date
    basis: Decimal
    holding_start: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Disposal:
    """Shares of one lot sold in one sale, all with one fate; dollars not rounded.

    ``gain`` is before the disallowance; ``recognised`` what Schedule D gets; ``is_permanent`` when the replacement sits
    in an IRA or the like and the loss is gone.
    """

    account: str
    symbol: str
    lot: str
    sale: str
    quantity: Decimal
    acquired: date
    holding_start: date
    sold: date
    proceeds: Decimal
    basis: Decimal
    disallowed: Decimal
    is_taxed: bool
    is_permanent: bool
    replacement: Replacement | None
    order: int

    @property
    def gain(self) -> Decimal:
        """Form 8949: column (d) less column (e)."""
        return self.proceeds - self.basis

    @property
    def recognised(self) -> Decimal:
        """Form 8949: column (h) = (d) - (e) + (g)."""
        return self.gain + self.disallowed

    @property
    def character(self) -> Character:
        """Short-term or long-term, with tacked holding periods (section 1223(3))."""
        return character(self.holding_start, self.sold)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenLot:
    """Shares of one lot held in the end, with what the matching did to them."""

    account: str
    symbol: str
    lot: str
    quantity: Decimal
    basis: Decimal
    acquired: date
    holding_start: date
    deferred: Decimal
    """Dollars of the basis that are disallowed losses of this run."""
    has_washed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WashReport:
    """Disposals in the order they were looked at, open lots by account, symbol and lot, and the readings kept to."""

    disposals: tuple[Disposal, ...]
    open_lots: tuple[OpenLot, ...]
    readings: Readings

    @property
    def disallowed(self) -> Decimal:
        """Dollars of loss disallowed in all."""
        return sum((d.disallowed for d in self.disposals), ZERO)


def report(slices: Iterable[Slice], readings: Readings) -> WashReport:
    """Immutable findings from the slices a run ended with; slices of one lot with one fate become one row."""
    sold: dict[Hashable, list[Slice]] = {}
    held: dict[Hashable, list[Slice]] = {}
    for s in slices:
        into = _fate(s.went_to) if s.went_to else None
        key = (*_fate(s), *((a.order, a.lot) for a in s.ancestors()))
        if s.sold is None:
            held.setdefault(key, []).append(s)
        else:
            sold.setdefault((s.order, key, into), []).append(s)
    disposals = [_disposal(parts) for parts in sold.values()]
    open_lots = [_open_lot(parts) for parts in held.values()]
    return WashReport(
        disposals=tuple(sorted(disposals, key=lambda d: (d.order, d.holding_start, _replacement_order(d)))),
        open_lots=tuple(
            sorted(open_lots, key=lambda p: (p.account, p.symbol, p.lot, not p.has_washed, p.holding_start, p.basis))
        ),
        readings=readings,
    )


def _fate(s: Slice) -> tuple[Hashable, ...]:
    return s.account, s.symbol, s.lot, s.start, s.has_washed, s.order


def _replacement_order(d: Disposal) -> tuple[object, ...]:
    r = d.replacement
    return (1,) if r is None else (0, r.acquired, r.account, r.symbol, r.lot, r.holding_start)


def _disposal(parts: list[Slice]) -> Disposal:
    first = parts[0]
    assert first.sold is not None
    into = first.went_to
    return Disposal(
        account=first.account,
        symbol=first.symbol,
        lot=first.lot,
        sale=first.sale[-1],
        quantity=_total(s.quantity for s in parts),
        acquired=first.acquired,
        holding_start=first.start,
        sold=first.sold,
        proceeds=_total(s.proceeds for s in parts),
        basis=_total(s.basis for s in parts),
        disallowed=_total(s.passed for s in parts),
        is_taxed=first.is_taxed,
        is_permanent=into is not None and not into.is_taxed,
        replacement=None
        if into is None
        else Replacement(
            account=into.account,
            symbol=into.symbol,
            lot=into.lot,
            acquired=into.acquired,
            basis=_total(s.went_to.basis for s in parts if s.went_to),
            holding_start=into.start,
        ),
        order=first.order,
    )


def _open_lot(parts: list[Slice]) -> OpenLot:
    first = parts[0]
    return OpenLot(
        account=first.account,
        symbol=first.symbol,
        lot=first.lot,
        quantity=_total(s.quantity for s in parts),
        basis=_total(s.basis for s in parts),
        acquired=first.acquired,
        holding_start=first.start,
        deferred=_total(s.absorbed for s in parts),
        has_washed=first.has_washed,
    )


def _total(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, ZERO)
