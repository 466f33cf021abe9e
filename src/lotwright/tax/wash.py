"""Wash sales, both directions, share by share, over a whole household (IRC section 1091; Treas. Reg. 1.1091-1, -2).

Problem: which losses are disallowed, and where do they go, when losses and replacements interleave over years?
Observations: losses are taken in the order of disposal and replacements in the order of acquisition (Reg.
1.1091-1(b)-(d)). Running through the days in order does exactly this: a loss looks back at what was bought, a purchase
looks back at losses that still wait, and the basis of everything sold later already holds what moved into it. Only
shares *sold before* the loss (the strict reading) change the past; what became a loss that way is looked at again in a
second pass. Therefore: one pass over the days, purchases of a day before its sales, and a second pass over re-priced
sales.

Ties the law leaves open are settled by name, never by row: on one day lots run by date acquired, account, symbol, lot.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TypeAlias

from lotwright.book.events import Buy, Sell
from lotwright.book.kinds import AccountKind, Relief
from lotwright.errors import BookError
from lotwright.tax.law import wash_days
from lotwright.tax.leaving import piece_key, relief_key
from lotwright.tax.readings import Ancestor, Readings, SameDay, SoldBefore
from lotwright.tax.slices import Slice, move_loss, pass_on
from lotwright.tax.wash_report import WashReport, report

ZERO = Decimal(0)
_LotKey: TypeAlias = tuple[str, str, str]


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
        of one day (:func:`lotwright.book.ledger.in_units_of` restates for splits).
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
    run = _Run(kinds=kinds, group_of=group_of, relief=relief or {}, readings=readings or Readings())
    for shares in sorted(opening, key=lambda s: (s.acquired, s.account, s.symbol, s.lot, s.holding_start)):
        run.hold(shares)
    days: dict[date, list[Buy | Sell]] = defaultdict(list)
    for event in events:
        days[event.date].append(event)
    for day in sorted(days):
        run.buy(day, sorted((e for e in days[day] if isinstance(e, Buy)), key=_lot_order))
        run.sell(day, sorted((e for e in days[day] if isinstance(e, Sell)), key=_sale_order))
    run.second_pass()
    return report(run.slices, run.readings)


def _lot_order(event: Buy) -> tuple[str, ...]:
    return event.account, event.symbol, event.lot


def _sale_order(event: Sell) -> tuple[object, ...]:
    return event.account, event.symbol, event.key, event.lots, event.quantity, event.price


@dataclass(slots=True, kw_only=True)
class _Run:
    """One pass through a household's days."""

    kinds: Mapping[str, AccountKind]
    group_of: Callable[[str], str]
    relief: Mapping[str, Relief]
    readings: Readings
    slices: list[Slice] = field(default_factory=list)
    held: dict[tuple[str, str], list[Slice]] = field(default_factory=lambda: defaultdict(list))
    recent: dict[str, list[Slice]] = field(default_factory=lambda: defaultdict(list))
    """By group: slices acquired by purchase, the older ones dropped as the days go by (nothing dropped in strict)."""
    waiting: dict[str, list[Slice]] = field(default_factory=lambda: defaultdict(list))
    """By group: losses not matched yet, in the order of disposal."""
    today: list[Slice] = field(default_factory=list)
    """Slices sold today whose turn has not come."""
    carried: dict[_LotKey, tuple[object, ...]] = field(default_factory=dict)
    """Lots that carry a disallowed loss, and which: lot sold and sale."""
    disposals: int = 0

    # --- what comes in ---------------------------------------------------------------------------------------------

    def hold(self, shares: OpenShares) -> None:
        """Take a lot held before the first event."""
        self._add(
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
            self.carried[shares.account, shares.symbol, shares.lot] = ()

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
            self._add(bought)
            self._take_waiting(bought, day)

    def _take_waiting(self, bought: Slice, day: date) -> None:
        """Match one new purchase with waiting losses (Reg. 1.1091-1(b), (c))."""
        group = bought.group
        self.waiting[group] = [loss for loss in self.waiting[group] if (day - _sold(loss)).days <= wash_days()]
        free: Slice | None = bought
        for loss in list(self.waiting[group]):
            if free is None:
                return
            if loss.origin != free.origin and self._lot_takes(free, loss):
                free = self._match(loss, free)[1]

    def _add(self, shares: Slice) -> None:
        self.slices.append(shares)
        self.held[shares.account, shares.symbol].append(shares)
        if shares.is_purchase:
            self.recent[shares.group].append(shares)

    def _is_taxed(self, account: str) -> bool:
        if account not in self.kinds:
            raise BookError(f"Account {account} trades but its kind is not given. Add it to the accounts table.")
        return self.kinds[account].is_taxable

    # --- what goes out ---------------------------------------------------------------------------------------------

    def sell(self, day: date, sales: Sequence[Sell]) -> None:
        """Sales of one day: choose the shares that leave, then take the losses in the order of acquisition."""
        self.today = [part for sale in sales for part in self._leave(sale)]
        self.today.sort(key=lambda s: (s.acquired, s.account, s.symbol, s.lot))
        for part in self.today:
            self.disposals += 1
            part.order = self.disposals
        for group in {part.group for part in self.today}:
            self.recent[group] = [s for s in self.recent[group] if (day - s.acquired).days <= wash_days()]
        while self.today:
            part = self.today.pop(0)
            part.late = ZERO  # what reached it from an earlier loss of the day is in its basis, in time
            if part.is_loss:
                self._wash(part, self.recent[part.group])

    def _leave(self, sale: Sell) -> list[Slice]:
        """Slices a sale takes: from the lots it names, or in the order of the account's relief."""
        held = self.held[sale.account, sale.symbol]
        if not sale.lots:
            order = relief_key(self.relief.get(sale.account, Relief.FIFO), self.readings.piece)
            return self._take(sorted(held, key=order), sale.quantity, sale=sale, what=sale.symbol)
        piece = piece_key(self.readings.piece)
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
                self._cut(part, left)
            left -= part.quantity
            self.held[part.account, part.symbol].remove(part)
            part.sold = sale.date
            part.sale = (sale.account, sale.symbol, sale.date.isoformat(), sale.key)
            part.proceeds = sale.proceeds * part.quantity / sale.quantity
            taken.append(part)
        if left > 0:
            raise BookError(
                f"{sale.account} sells {quantity} shares of {what} on {sale.date.isoformat()} but holds "
                f"{quantity - left}. Add the missing purchase or correct the sale."
            )
        return taken

    # --- matching --------------------------------------------------------------------------------------------------

    def _wash(self, loss: Slice, pool: Iterable[Slice]) -> None:
        """Match one loss with what was acquired in its window; what finds no replacement yet waits for one."""
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
        rest = self._cut(loss, quantity)
        free = self._cut(replacement, quantity)
        if loss in self.waiting[loss.group]:
            self.waiting[loss.group].remove(loss)
        move_loss(loss, replacement)
        self.carried[_lot_key(replacement)] = _loss_key(loss)
        return rest, free

    def _cut(self, shares: Slice, quantity: Decimal) -> Slice | None:
        """Cut a slice and its chain to ``quantity`` shares; the rests stand wherever what they were cut from stood."""
        if quantity == shares.quantity:
            return None
        pairs = shares.cut(quantity)
        for whole, rest in pairs:
            held, recent = self.held[whole.account, whole.symbol], self.recent[whole.group]
            for line in (self.slices, held, recent, self.waiting[whole.group], self.today):
                if whole in line:
                    line.insert(line.index(whole) + 1, rest)
        return next(rest for whole, rest in pairs if whole is shares)

    # --- shares sold before the loss (strict) ----------------------------------------------------------------------

    def second_pass(self) -> None:
        """Look again, in the order of disposal, at sales whose basis rose after the fact; as often as it takes."""
        while repriced := [s for s in self.slices if s.late]:
            self.today = sorted(repriced, key=lambda s: s.order)
            while self.today:
                part = self.today.pop(0)
                late, part.late = part.late, ZERO
                if part.is_loss and part.went_to is None:
                    self._wash(part, [s for s in self.slices if s.is_purchase and s.group == part.group])
                elif part.is_loss:
                    pass_on(part, min(late, -part.gain))


def _acquisition_order(s: Slice) -> tuple[object, ...]:
    """Earliest acquired first; of one lot, shares still held before shares sold."""
    return s.acquired, s.account, s.symbol, s.lot, s.sold is not None, s.order


def _lot_key(s: Slice) -> _LotKey:
    return s.account, s.symbol, s.lot


def _loss_key(s: Slice) -> tuple[object, ...]:
    return s.account, s.symbol, s.lot, s.sale


def _origin(account: str, symbol: str, purchase: str | None, lot: str) -> str:
    """Name of the purchase shares came from: lots of one order in one account share it."""
    return f"{account}/{symbol}/purchase {purchase}" if purchase is not None else f"{account}/{symbol}/lot {lot}"


def _sold(s: Slice) -> date:
    assert s.sold is not None
    return s.sold
