"""What a book shows of where the shares of one security in one account came from: lots, trades, or both."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from lotwright.book.holdings import Household, Lot, Transaction
from lotwright.tax.purchases import ROUNDING, match_purchases
from lotwright.tax.window import is_in_window

ZERO = Decimal(0)
PIECE = "~"
"""Stands between a lot's name and the number of a piece cut from it."""


@dataclass(slots=True, kw_only=True)
class Source:
    """A lot or purchase that sales can have taken shares from. Mutable, private to a rebuilding."""

    name: str
    acquired: date
    start: date
    left: Decimal
    cost: Decimal
    """Dollars per share."""
    missing: Decimal
    """Shares bought and no longer held, as far as the book tells, not yet found in a sale."""
    purchase: str | None = None
    is_known_trade: bool = False
    has_washed: bool = False
    sold: Decimal = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a household's trades show of losses: from when on, and of which group of identical securities when."""

    begins: date | None
    losses: Mapping[str, tuple[date, ...]]
    group_of: Callable[[str], str]

    @classmethod
    def of(cls, household: Household, group_of: Callable[[str], str]) -> Seen:
        """Look through the trades of every account."""
        trades = [t for account in household.accounts for t in account.transactions]
        losses: dict[str, tuple[date, ...]] = defaultdict(tuple)
        for t in trades:
            if not t.action.is_purchase and (t.realised_gain is None or t.realised_gain < 0):
                group = group_of(t.symbol)
                losses[group] = (*losses[group], t.date)
        return cls(begins=min((t.date for t in trades), default=None), losses=losses, group_of=group_of)

    def shows_loss_behind(self, lot: Lot) -> bool:
        """Whether the loss a lot's tacked holding period speaks of is, or would have to be, among the trades."""
        whole_window = (
            self.begins is not None and self.begins <= lot.acquired and not is_in_window(self.begins, lot.acquired)
        )
        return whole_window or any(
            is_in_window(day, lot.acquired) for day in self.losses.get(self.group_of(lot.symbol), ())
        )


def sources_of(lots: list[Lot], trades: list[Transaction], *, seen: Seen) -> list[Source]:
    """Every lot and purchase the book shows, oldest first.

    A purchase that names its lot is the one of that lot and of the pieces cut from it; the others are matched by
    quantity (:func:`lotwright.tax.purchases.match_purchases`).
    """
    buys = [t for t in trades if t.action.is_purchase]
    named, lots, buys = _by_lot(lots, buys, seen=seen)
    return sorted([*named, *_by_quantity(lots, buys, seen=seen)], key=lambda s: (s.acquired, s.name))


def stem_of(name: str) -> str:
    """Name of the lot that one called ``NAME~1`` was cut from (:func:`lotwright.tax.adjust.wash_adjustments`)."""
    return name.partition(PIECE)[0]


def _by_lot(
    lots: list[Lot], buys: list[Transaction], *, seen: Seen
) -> tuple[list[Source], list[Lot], list[Transaction]]:
    """Sources of purchases that name their lot, and the lots and purchases that are left."""
    out = []
    for buy in list(buys):
        same = [other for other in buys if other.lot == buy.lot]
        parts = [lot for lot in lots if lot.acquired == buy.date and buy.lot in {lot.lot, stem_of(lot.lot)}]
        left = sum((lot.quantity for lot in parts), ZERO)
        if buy.lot is None or len(same) > 1 or left > buy.quantity + ROUNDING:
            continue
        out.extend(_of_one_buy(buy, parts, seen=seen))
        buys.remove(buy)
        lots = [lot for lot in lots if lot not in parts]
    return out, lots, buys


def _of_one_buy(buy: Transaction, parts: list[Lot], *, seen: Seen) -> list[Source]:
    """The purchase at what was paid; beside it pieces whose disallowed loss is older than the book's trades."""
    orders = {lot.purchase for lot in parts} - {None, buy.lot}
    order = buy.purchase or next(iter(sorted(filter(None, orders))), None)
    old = [lot for lot in parts if lot.holding_start < lot.acquired and not seen.shows_loss_behind(lot)]
    kept = [
        _source(lot, buy, name=lot.lot, left=lot.quantity, seen=seen, day=buy.date, purchase=order or str(buy.lot))
        for lot in old
    ]
    left = sum((lot.quantity for lot in parts if lot not in old), ZERO)
    anew = Source(
        name=str(buy.lot),
        acquired=buy.date,
        start=buy.date,
        left=left,
        cost=buy.price,
        missing=buy.quantity - left - sum((lot.quantity for lot in old), ZERO),
        purchase=order or (str(buy.lot) if old else None),
        is_known_trade=True,
    )
    return [*kept, anew]


def _by_quantity(lots: list[Lot], buys: list[Transaction], *, seen: Seen) -> list[Source]:
    """Sources of lots and purchases matched by day and quantity."""
    paid: dict[date, list[Transaction]] = defaultdict(list)
    for buy in buys:
        paid[buy.date].append(buy)
    named = {buy.lot for buy in buys if buy.lot}
    by_name = {lot.lot: lot for lot in lots}
    out = []
    for found in match_purchases(lots, buys):
        trade = _trade_of(found.bought, found.name, paid[found.date])
        parts: list[Lot | None] = [by_name[name] for name in found.lots]
        for part in parts or [None]:
            left = part.quantity if part else ZERO
            name = part.lot if part else (trade.lot if trade and trade.lot in named else None)
            name = name or f"bought {found.date.isoformat()} ({found.name})"
            out.append(_source(part, trade, name=name, left=left, seen=seen, day=found.date, purchase=found.name))
        out[-1].missing = found.bought - found.left
    return out


def _trade_of(bought: Decimal, name: str, buys: list[Transaction]) -> Transaction | None:
    """The buy transaction behind a purchase: same name, else same number of shares, else the only one of the day."""
    for buy in buys:
        if buy.purchase == name or abs(buy.quantity - bought) <= ROUNDING:
            return buy
    return buys[0] if len(buys) == 1 else None


def _source(
    lot: Lot | None,
    trade: Transaction | None,
    *,
    name: str,
    left: Decimal,
    seen: Seen,
    day: date,
    purchase: str,
) -> Source:
    """A purchase at what was paid; at the book's basis where no trade shows or the basis holds nothing but the cost."""
    is_tacked = lot is not None and lot.holding_start < lot.acquired
    tells_anew = trade is not None and not (lot is not None and is_tacked and not seen.shows_loss_behind(lot))
    cost = (
        lot.basis / lot.quantity
        if lot is not None and not (tells_anew and is_tacked)
        else trade.price
        if trade
        else ZERO
    )
    return Source(
        name=name,
        acquired=day,
        start=day if tells_anew or lot is None else lot.holding_start,
        left=left,
        cost=cost,
        missing=ZERO,
        purchase=(lot.purchase if lot else None) or (purchase if trade and trade.purchase else None),
        is_known_trade=tells_anew,
        has_washed=is_tacked and not tells_anew,
    )
