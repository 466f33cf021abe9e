"""Wash sales, both directions, share by share, over a whole household (IRC section 1091; Treas. Reg. 1.1091-1, -2).

Problem: which losses are disallowed, and where do they go, when losses and replacements interleave over years?
Observations: losses are taken in the order of disposal and replacements in the order of acquisition (Reg.
1.1091-1(b)-(d)). Running through the days in order does exactly this: a loss looks back at what was bought, a purchase
looks back at losses that still wait, and the basis of everything sold later already holds what moved into it. Only
shares *sold before* the loss (the strict reading) change the past; what became a loss that way is looked at again in a
second pass. Therefore: one pass over the days, purchases of a day before its sales, and a second pass over re-priced
sales.

Ties the law leaves open are settled by name, never by row: losses of a day run by date acquired, account, symbol, lot,
replacements acquired on one day by account, symbol, purchase, shares still held before shares sold.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from lotwright.book.events import Buy, Sell
from lotwright.book.kinds import AccountKind, Relief
from lotwright.errors import BookError
from lotwright.tax.leaving import piece_key, relief_key
from lotwright.tax.matching import Matching
from lotwright.tax.readings import DEFAULT_READINGS, Readings
from lotwright.tax.slices import Slice
from lotwright.tax.wash_report import WashReport, report

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenShares:
    """Shares held before the first event; ``has_washed``: they already carry a disallowed loss and take no other."""

    account: str
    symbol: str
    lot: str
    quantity: Decimal
    basis: Decimal
    acquired: date
    holding_start: date
    purchase: str | None = None
    is_purchase: bool = True
    has_washed: bool = False


def wash_sales(
    events: Iterable[Buy | Sell],
    *,
    kinds: Mapping[str, AccountKind],
    opening: Iterable[OpenShares] = (),
    group_of: Callable[[str], str] = str,
    relief: Mapping[str, Relief] | None = None,
    readings: Readings | None = None,
) -> WashReport:
    """Match every loss of a household's history with its replacements.

    Parameters
    ----------
    events : iterable of Buy and Sell
        All purchases (reinvestments included) and sales of every account of the household, in any order, in share units
        of one day (:func:`lotwright.book.ledger.in_latest_units` restates for splits).
    kinds : mapping of account to AccountKind
        Losses count in taxable accounts only; a replacement elsewhere makes the loss permanent.
    opening : iterable of OpenShares
        Lots held before the first event.
    group_of : callable
        Symbol to the name of its group of substantially identical securities.
    relief : mapping of account to Relief, optional
        Order in which lots leave when a sale names none; first in first out where not given (Reg. 1.1012-1(c)(1)(i)).
    readings : Readings, optional
        Answers to the unsettled questions.

    Raises
    ------
    BookError
        A sale of more shares than are held, or of a lot that is not there; an account without a kind.
    """
    matching = Matching(readings=readings or DEFAULT_READINGS)
    run = _Run(kinds=kinds, group_of=group_of, relief=relief or {}, matching=matching)
    for shares in sorted(opening, key=lambda s: (s.acquired, s.account, s.symbol, s.lot, s.holding_start)):
        run.hold(shares)
    days: dict[date, list[Buy | Sell]] = defaultdict(list)
    for event in events:
        days[event.date].append(event)
    for day in sorted(days):
        run.buy(day, sorted((e for e in days[day] if isinstance(e, Buy)), key=_purchase_order))
        run.sell(day, sorted((e for e in days[day] if isinstance(e, Sell)), key=_sale_order))
    matching.second_pass()
    return report(matching.slices, matching.readings)


def _purchase_order(event: Buy) -> tuple[str, ...]:
    return event.account, event.symbol, _origin(event.account, event.symbol, event.purchase, event.lot), event.lot


def _sale_order(event: Sell) -> tuple[object, ...]:
    return event.account, event.symbol, event.key, event.lots, event.quantity, event.price


@dataclass(slots=True, kw_only=True)
class _Run:
    """One pass through a household's days."""

    kinds: Mapping[str, AccountKind]
    group_of: Callable[[str], str]
    relief: Mapping[str, Relief]
    matching: Matching
    disposals: int = 0

    def hold(self, shares: OpenShares) -> None:
        """Take a lot held before the first event."""
        self.matching.add(
            Slice(
                account=shares.account,
                symbol=shares.symbol,
                group=self.group_of(shares.symbol),
                lot=shares.lot,
                origin=_origin(shares.account, shares.symbol, shares.purchase, shares.lot),
                quantity=shares.quantity,
                basis=shares.basis,
                acquired=shares.acquired,
                start=shares.holding_start,
                is_purchase=shares.is_purchase,
                is_taxed=self._is_taxed(shares.account),
                has_washed=shares.has_washed,
            )
        )
        if shares.has_washed:
            self.matching.carried[shares.account, shares.symbol, shares.lot] = ()

    def buy(self, day: date, buys: Sequence[Buy]) -> None:
        """Purchases of one day: each takes the losses that still wait, earliest first."""
        for event in buys:
            bought = Slice(
                account=event.account,
                symbol=event.symbol,
                group=self.group_of(event.symbol),
                lot=event.lot,
                origin=_origin(event.account, event.symbol, event.purchase, event.lot),
                quantity=event.quantity,
                basis=event.cost,
                acquired=day,
                start=day,
                is_taxed=self._is_taxed(event.account),
            )
            self.matching.add(bought)
            self.matching.take_waiting(bought, day)

    def sell(self, day: date, sales: Sequence[Sell]) -> None:
        """Sales of one day: choose the shares that leave, then take the losses in the order of acquisition."""
        parts = [part for sale in sales for part in self._leave(sale)]
        parts.sort(key=lambda s: (s.acquired, s.account, s.symbol, s.lot))
        for part in parts:
            self.disposals += 1
            part.order = self.disposals
        self.matching.take_turns(day, parts)

    def _leave(self, sale: Sell) -> list[Slice]:
        """Slices a sale takes: from the lots it names, or in the order of the account's relief."""
        held = self.matching.held[sale.account, sale.symbol]
        if not sale.lots:
            order = relief_key(self.relief.get(sale.account, Relief.FIFO), self.matching.readings.piece)
            return self._take(sorted(held, key=order), sale.quantity, sale=sale, what=sale.symbol)
        piece = piece_key(self.matching.readings.piece)
        return [
            part
            for name, quantity in sale.lots
            for part in self._take(
                sorted((s for s in held if s.lot == name), key=piece),
                quantity,
                sale=sale,
                what=f"{sale.symbol} lot {name}",
            )
        ]

    def _take(self, pool: Sequence[Slice], quantity: Decimal, *, sale: Sell, what: str) -> list[Slice]:
        left, taken = quantity, []
        for part in pool:
            if left <= 0:
                break
            if part.quantity > left:
                self.matching.cut(part, left)
            left -= part.quantity
            self.matching.held[part.account, part.symbol].remove(part)
            part.sold = sale.date
            part.sale = (sale.account, sale.symbol, sale.date.isoformat(), sale.key)
            part.proceeds = sale.proceeds * part.quantity / sale.quantity
            taken.append(part)
        if left > 0:
            raise BookError(
                f"{sale.account} sells {quantity} shares of {what} on {sale.date.isoformat()} but holds "
                f"{quantity - left}. Add the missing purchase or correct the sale; short sales are not covered."
            )
        return taken

    def _is_taxed(self, account: str) -> bool:
        if account not in self.kinds:
            raise BookError(f"Account {account} trades but its kind is not given. Add it to the accounts table.")
        return self.kinds[account].is_taxable


def _origin(account: str, symbol: str, purchase: str | None, lot: str) -> str:
    """Name of the purchase shares came from: lots of one order in one account share it."""
    return f"{account}/{symbol}/purchase {purchase}" if purchase is not None else f"{account}/{symbol}/lot {lot}"
