"""What fills make of the book: events, the next household, gains realised, and where the broker's lots are not the plan's.

Problem: a plan names the lots to sell; many brokers let others leave (Alpaca: first in, first out), and the tax follows
what left. Where a country's law pools shares, there are no lots to choose: a sale takes its part of the pool, and what is
bought joins it.
Therefore: fills are booked on the household as its law sees it, under the relief the broker really uses, through the
ledger, and what differs from the plan, lot by lot and in tax, is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from lotwright.book.disposal import LotDisposal
from lotwright.book.events import Buy, Event, Sell
from lotwright.book.failure import Failure
from lotwright.book.holdings import Account, Household
from lotwright.book.kinds import Character, Relief, Side
from lotwright.book.ledger import apply
from lotwright.book.market import Market
from lotwright.book.relief import relief_order
from lotwright.book.trades import Trade
from lotwright.errors import BookError
from lotwright.execution.executed import Executed
from lotwright.execution.report import Difference, differences
from lotwright.plan.words import money
from lotwright.tax.holding import character
from lotwright.tax.regimes.laws import law_of

ZERO = Decimal(0)
Parts = tuple[tuple[str, Decimal], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Realised:
    """Gains of taxable accounts and the change in this year's tax they make, in the household's currency."""

    short: Decimal
    long: Decimal
    tax: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ReliefDifference:
    """One sale of which the broker took other lots than the plan named; lots pair a name with shares."""

    account: str
    symbol: str
    planned: Parts
    relieved: Parts
    planned_gain: Decimal
    gain: Decimal

    def __str__(self) -> str:
        return (
            f"{self.account} {self.symbol}: the plan sells {_parts_words(self.planned)} (gain {money(self.planned_gain)}); "
            f"the broker relieves {_parts_words(self.relieved)} (gain {money(self.gain)})"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """The household after fills, the events that made it, and how they compare with the plan."""

    household: Household
    events: tuple[Event, ...]
    disposals: tuple[LotDisposal, ...]
    realised: Realised
    planned: Realised
    relief: tuple[ReliefDifference, ...]


def book_fills(
    household: Household, executed: Sequence[Executed], trades: Sequence[Trade], *, relieves: Relief, market: Market
) -> Booked:
    """Book executions of a plan's trades on the household the plan was made from.

    Parameters
    ----------
    household : Household
        As it was before them.
    executed : sequence of Executed
        In the order they happened.
    trades : sequence of Trade
        The plan's.
    relieves : Relief
        Which lots the broker lets leave: ``specific`` takes those the plan names. Of no matter where the law pools.
    market : Market
        Of the book: the day of its prices, and which securities are one to the law.

    Raises
    ------
    BookError
        More is sold than is held, or by an account the household does not have; or no law holds on that day.
    """
    named = {(trade.account, trade.symbol): [(lot.lot, lot.quantity) for lot in trade.lots] for trade in trades}
    before = _as_law_sees(household, market)
    after, events, disposals = before, list[Event](), list[LotDisposal]()
    for number, done in enumerate(executed):
        event = _event(after, done, number, named=named, relieves=relieves)
        step = apply(after, event)
        after = step.household
        events.append(event)
        disposals.extend(step.disposals)
    return Booked(
        household=_as_law_sees(after, market),
        events=tuple(events),
        disposals=tuple(disposals),
        realised=_realised(
            before, [(d.account, d.gain, character(d.holding_start, d.date)) for d in disposals], market
        ),
        planned=_realised(before, [(t.account, lot.gain, lot.character) for t in trades for lot in t.lots], market),
        relief=_relief_differences(trades, disposals),
    )


def position_of(account: Account) -> dict[str, Decimal]:
    """Shares an account holds, by symbol."""
    held: dict[str, Decimal] = {}
    for lot in account.lots:
        held[lot.symbol] = held.get(lot.symbol, ZERO) + lot.quantity
    return dict(sorted(held.items()))


def _event(
    household: Household,
    done: Executed,
    number: int,
    *,
    named: Mapping[tuple[str, str], list[tuple[str, Decimal]]],
    relieves: Relief,
) -> Buy | Sell:
    if done.side is Side.BUY:
        return Buy(
            account=done.account,
            date=done.day,
            symbol=done.symbol,
            lot=f"{done.symbol}-{done.day.isoformat()}-{done.order[-8:]}-{number}",
            quantity=done.quantity,
            price=done.price,
            fees=done.fee,
            purchase=done.order,
        )
    return Sell(
        account=done.account,
        date=done.day,
        symbol=done.symbol,
        quantity=done.quantity,
        price=done.price,
        fees=done.fee,
        lots=_leaving(household, done, named.get((done.account, done.symbol), []), relieves),
        key=done.fill,
    )


def _leaving(household: Household, done: Executed, named: list[tuple[str, Decimal]], relieves: Relief) -> Parts:
    """Which lots this fill takes; of the lots a plan names, what earlier fills took is gone already."""
    lots = [lot for lot in _account(household, done.account).lots if lot.symbol == done.symbol]
    if relieves is not Relief.SPECIFIC:
        return _taken([(lot.lot, lot.quantity) for lot in relief_order(lots, relieves)], done)
    parts = _taken(named, done)
    for _, quantity in parts:
        name, there = named.pop(0)
        if there > quantity:
            named.insert(0, (name, there - quantity))
    return parts


def _taken(lots: Iterable[tuple[str, Decimal]], done: Executed) -> Parts:
    left, parts = done.quantity, []
    for name, quantity in lots:
        if left <= 0:
            break
        parts.append((name, min(left, quantity)))
        left -= parts[-1][1]
    if left > 0:
        raise BookError(
            f"{done.account} sold {done.quantity} shares of {done.symbol} on {done.day.isoformat()}, {left} more than the "
            "lots that could leave. Reconcile the account: lotwright reconcile."
        )
    return tuple(parts)


def _as_law_sees(household: Household, market: Market) -> Household:
    """The household with pools where its law pools."""
    found = law_of(household).held(household, market)
    if isinstance(found, Failure):
        raise BookError(found.message)
    return found


def _realised(household: Household, gains: Iterable[tuple[str, Decimal, Character]], market: Market) -> Realised:
    taxable = {account.account for account in household.accounts if account.kind.is_taxable}
    counted = [(gain, kind) for account, gain, kind in gains if account in taxable]
    short = sum((gain for gain, kind in counted if kind is Character.SHORT), ZERO)
    long = sum((gain for gain, kind in counted if kind is Character.LONG), ZERO)
    year = law_of(household).year(household, as_of=market.as_of)
    with_it, without = year.outcome(short=short, long=long), year.outcome(short=ZERO, long=ZERO)
    return Realised(short=short, long=long, tax=with_it.tax - without.tax)


def _relief_differences(trades: Sequence[Trade], disposals: Sequence[LotDisposal]) -> tuple[ReliefDifference, ...]:
    """Sales that took other lots than named; a sale that is short is held against the lots the plan names first."""
    found = []
    for trade in trades:
        mine = [d for d in disposals if (d.account, d.symbol) == (trade.account, trade.symbol)]
        if trade.side is not Side.SELL or not mine:
            continue
        relieved: dict[str, Decimal] = {}
        for disposal in mine:
            relieved[disposal.lot] = relieved.get(disposal.lot, ZERO) + disposal.quantity
        planned = {lot.lot: lot.quantity for lot in trade.lots}
        is_whole = sum(relieved.values()) == trade.quantity
        fits = relieved == planned if is_whole else all(q <= planned.get(lot, ZERO) for lot, q in relieved.items())
        if not fits:
            found.append(
                ReliefDifference(
                    account=trade.account,
                    symbol=trade.symbol,
                    planned=tuple(planned.items()),
                    relieved=tuple(relieved.items()),
                    planned_gain=sum((lot.gain for lot in trade.lots), ZERO),
                    gain=sum((d.gain for d in mine), ZERO),
                )
            )
    return tuple(found)


def reconcile_account(
    account: Account, *, positions: Mapping[str, Decimal], cash: Decimal | None
) -> tuple[Difference, ...]:
    """Every position, and cash, in which a book's account differs from the broker's; ``expected`` is the book's."""
    found = differences(position_of(account), positions, of="shares of {}")
    if cash is None or round(cash, 2) == round(account.cash, 2):
        return found
    return (*found, Difference(what="cash, dollars", expected=round(account.cash, 2), found=round(cash, 2)))


def lot_differences(account: Account, held: Mapping[str, Sequence[tuple[date, Decimal]]]) -> tuple[Difference, ...]:
    """Every day's shares in which the book's lots differ from those the broker's own fills leave."""
    mine: dict[str, Decimal] = {}
    theirs: dict[str, Decimal] = {}
    for lot in account.lots:
        if lot.symbol in held:
            key = f"{lot.symbol} acquired {lot.acquired.isoformat()}"
            mine[key] = mine.get(key, ZERO) + lot.quantity
    for symbol, lots in held.items():
        for day, quantity in lots:
            key = f"{symbol} acquired {day.isoformat()}"
            theirs[key] = theirs.get(key, ZERO) + quantity
    return differences(mine, theirs, of="shares of {}")


def _account(household: Household, name: str) -> Account:
    found = next((account for account in household.accounts if account.account == name), None)
    if found is None:
        raise BookError(f"Household {household.household} has no account {name}. Name the book the plan was made from.")
    return found


def _parts_words(parts: Parts) -> str:
    return ", ".join(f"{quantity:f} of {lot}" for lot, quantity in parts)
