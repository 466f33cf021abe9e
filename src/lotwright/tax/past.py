"""A household's past as the wash-sale matching needs it, rebuilt from what a book holds.

Problem: a book has the lots of today and the trades of some weeks or years; not every sale says which lot it took.
Observations: a purchase whose trade is known can be told anew at what was paid; what happened before the first trade is
known only through the lots and the gains recorded. A sale's gain and price tell what its shares had cost.
Therefore: purchases with a trade become buys at cost; older lots are held from the start as the book has them; a sale
takes the lot it names, else the purchase whose cost its gain betrays, else shares of unknown date with the gain the
book gives.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TypeAlias

from lotwright.book.events import Buy, Sell
from lotwright.book.holdings import Account, Household, Lot, Transaction
from lotwright.book.kinds import Character
from lotwright.tax.holding import character
from lotwright.tax.purchases import ROUNDING, match_purchases
from lotwright.tax.wash import OpenShares
from lotwright.tax.window import is_in_window

ZERO = Decimal(0)
SAME_COST = Decimal("0.0005")
"""Fraction by which the cost a sale's gain implies may differ from a purchase's price and still be its."""
SaleKey: TypeAlias = tuple[str, str, str]
UNKNOWN = "?"
"""Starts the name of a lot that no table names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What :func:`lotwright.tax.wash.wash_sales` takes, and what the book recorded of each sale.

    ``recorded`` maps account, symbol and sale key to the rows the book has of that sale (rows of one day and price are
    one sale, reported lot by lot); ``notes`` say what had to be assumed.
    """

    events: tuple[Buy | Sell, ...]
    opening: tuple[OpenShares, ...]
    recorded: Mapping[SaleKey, tuple[Transaction, ...]]
    notes: tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class _Source:
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
class _Seen:
    """What a household's trades show of losses: from when on, and of which security when."""

    begins: date | None
    losses: Mapping[str, tuple[date, ...]]

    @classmethod
    def of(cls, household: Household) -> _Seen:
        """Look through the trades of every account."""
        trades = [t for account in household.accounts for t in account.transactions]
        losses: dict[str, tuple[date, ...]] = defaultdict(tuple)
        for t in trades:
            if not t.action.is_purchase and (t.realised_gain is None or t.realised_gain < 0):
                losses[t.symbol] = (*losses[t.symbol], t.date)
        return cls(begins=min((t.date for t in trades), default=None), losses=losses)

    def shows_loss_behind(self, lot: Lot) -> bool:
        """Whether the loss a lot's tacked holding period speaks of is, or would have to be, among the trades."""
        whole_window = (
            self.begins is not None and self.begins <= lot.acquired and not is_in_window(self.begins, lot.acquired)
        )
        return whole_window or any(is_in_window(day, lot.acquired) for day in self.losses.get(lot.symbol, ()))


@dataclass(slots=True, kw_only=True)
class _Rebuilt:
    seen: _Seen
    events: list[Buy | Sell] = field(default_factory=list)
    opening: list[OpenShares] = field(default_factory=list)
    recorded: dict[SaleKey, list[Transaction]] = field(default_factory=lambda: defaultdict(list))
    unknown: int = 0
    gainless: int = 0


def rebuild_past(household: Household) -> Past:
    """Trades and starting lots of every account of a household, in the form the wash-sale matching takes."""
    out = _Rebuilt(seen=_Seen.of(household))
    for account in household.accounts:
        symbols = {lot.symbol for lot in account.lots} | {t.symbol for t in account.transactions}
        for symbol in sorted(symbols):
            _rebuild(account, symbol, out)
    notes = []
    if out.unknown:
        notes.append(
            f"{out.unknown} sales took shares whose purchase the book does not show: their gain and term are those "
            "recorded, their date of purchase is VARIOUS."
        )
    if out.gainless:
        notes.append(
            f"{out.gainless} sales have neither a lot nor a gain in the book; they are counted with gain zero."
        )
    return Past(
        events=tuple(out.events),
        opening=tuple(out.opening),
        recorded={k: tuple(v) for k, v in out.recorded.items()},
        notes=tuple(notes),
    )


def _rebuild(account: Account, symbol: str, out: _Rebuilt) -> None:
    """One security in one account."""
    trades = [t for t in account.transactions if t.symbol == symbol]
    sources = _sources([lot for lot in account.lots if lot.symbol == symbol], trades, seen=out.seen)
    sales = sorted(
        (t for t in trades if not t.action.is_purchase),
        key=lambda t: (t.date, t.price, t.lot or "", t.quantity, t.realised_gain or ZERO),
    )
    for sale in sales:
        _take(account, sale, f"{sale.date.isoformat()} {sale.price.normalize()}", sources=sources, out=out)
    for source in sources:
        _emit(account.account, symbol, source, out)


def _sources(lots: list[Lot], trades: list[Transaction], *, seen: _Seen) -> list[_Source]:
    """Every lot and purchase the book shows, oldest first."""
    buys = [t for t in trades if t.action.is_purchase]
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
            name = name or f"{found.date.isoformat()} {found.name}"
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
    seen: _Seen,
    day: date,
    purchase: str,
) -> _Source:
    """A purchase at what was paid; at the book's basis where no trade shows or the basis holds nothing but the cost."""
    is_tacked = lot is not None and lot.holding_start < lot.acquired
    tells_anew = trade is not None and not (lot is not None and is_tacked and not seen.shows_loss_behind(lot))
    if lot is not None and not (tells_anew and is_tacked):
        cost = lot.basis / lot.quantity
    else:
        cost = trade.price if trade else ZERO
    return _Source(
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


def _take(account: Account, sale: Transaction, key: str, *, sources: list[_Source], out: _Rebuilt) -> None:
    """Find the shares one sale took, and record the sale."""
    left, lots = sale.quantity, []
    for source in _candidates(sale, sources):
        if left <= ROUNDING:
            break
        shares = left if sale.lot == source.name else min(left, source.missing)
        source.sold += shares
        source.missing = max(source.missing - shares, ZERO)
        left -= shares
        lots.append((source.name, shares))
    if left > ROUNDING or not lots:
        lots.append((_unknown_lot(account, sale, left, out), left))
    else:
        lots[-1] = (lots[-1][0], lots[-1][1] + left)
        next(s for s in sources if s.name == lots[-1][0]).sold += left
    out.recorded[account.account, sale.symbol, key].append(sale)
    out.events.append(
        Sell(
            account=account.account,
            date=sale.date,
            symbol=sale.symbol,
            quantity=sale.quantity,
            price=sale.price,
            lots=tuple(lots),
            key=key,
        )
    )


def _candidates(sale: Transaction, sources: list[_Source]) -> list[_Source]:
    """Where the shares of a sale may have come from, most likely first."""
    named = [s for s in sources if s.name == sale.lot and s.acquired <= sale.date]
    if named:
        return named
    open_ = [s for s in sources if s.missing > ROUNDING and s.acquired <= sale.date]
    if sale.realised_gain is None:
        return open_
    cost = sale.price - sale.realised_gain / sale.quantity
    return [
        s
        for s in sorted(open_, key=lambda s: (abs(s.cost - cost), s.acquired, s.name))
        if abs(s.cost - cost) <= SAME_COST * sale.price and sale.character in {None, character(s.start, sale.date)}
    ]


def _unknown_lot(account: Account, sale: Transaction, shares: Decimal, out: _Rebuilt) -> str:
    """Shares bought before anything the book shows, or untraceable: the recorded gain is all there is."""
    gain = sale.realised_gain
    if gain is None:
        gain = ZERO
        out.gainless += 1
    out.unknown += 1
    name = f"{UNKNOWN}{out.unknown}"
    days = 731 if sale.character is Character.LONG else 31
    acquired = sale.date - timedelta(days=days)
    out.opening.append(
        OpenShares(
            account=account.account,
            symbol=sale.symbol,
            lot=name,
            quantity=shares,
            basis=(sale.price - gain / sale.quantity) * shares,
            acquired=acquired,
            holding_start=acquired,
            is_purchase=False,
        )
    )
    return name


def _emit(account: str, symbol: str, source: _Source, out: _Rebuilt) -> None:
    """A source as a buy, or as shares held from the start."""
    quantity = source.left + source.sold + source.missing
    if quantity <= 0:
        return
    if source.is_known_trade:
        out.events.append(
            Buy(
                account=account,
                date=source.acquired,
                symbol=symbol,
                lot=source.name,
                quantity=quantity,
                price=source.cost,
                purchase=source.purchase,
            )
        )
        return
    held = OpenShares(
        account=account,
        symbol=symbol,
        lot=source.name,
        quantity=quantity,
        basis=source.cost * quantity,
        acquired=source.acquired,
        holding_start=source.start,
        purchase=source.purchase,
    )
    out.opening.append(replace(held, has_washed=source.has_washed))
