"""From arrays back to exact decimals: the trade list, the only crossing in this direction.

Observations: a solver's 12.000000001 shares are 12, its 2.9999999 of a lot of 3 are all of it, and ``int()`` loses one.
Therefore: an order is first made a whole number of steps (or the whole position), then its lots are filled so that they
sum to it exactly: lots taken whole leave with the quantity the book states, what floats lost or added goes to the last
lot taken in part, and lots under a standing relief order leave in that order whatever the floats say.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext

import numpy as np

from lotwright.book.holdings import ZERO, Lot
from lotwright.book.kinds import Side
from lotwright.book.trades import LotSale, Trade
from lotwright.plan.protocols import Trades
from lotwright.plan.snapshot import Floats, Snapshot
from lotwright.plan.terms import Terms
from lotwright.tax.holding import character

CENT = Decimal("0.01")
FINEST = Decimal("0.000001")
"""Shares: the step of orders where a program knows no whole shares, and of parts of lots (a hundredth of an order's
step where that is finer). What is nearer to a lot's quantity than half of it is the lot."""
DIGITS = 50
"""Enough that every product of a price and a quantity is exact, whatever precision the caller has set."""


def trade_list(trades: Trades, snapshot: Snapshot, *, terms: Terms | None = None) -> tuple[Trade, ...]:
    """The orders of a solution with their lots, in exact decimals; sorted by account, sales first, then symbol.

    Parameters
    ----------
    trades : Trades
        Shares as floats: sold of each lot, shape (L,), bought of each holding, shape (n,).
    snapshot : Snapshot
    terms : Terms, optional
        Of the program: how fine its orders may be. If not given: whole shares, ten-thousandths where fractions trade.

    Returns
    -------
    tuple of Trade
        Without reasons (:mod:`lotwright.plan.reasons` finds them). Every quantity is a multiple of its step or the
        whole position; the lots of a sale sum to it exactly.
    """
    terms = Terms() if terms is None else terms
    with localcontext(Context(prec=DIGITS)):
        orders = [
            order
            for j in _traded(trades, snapshot)
            for order in (_sale(trades.sell, snapshot, j, terms), _buy(trades.buy, snapshot, j, terms))
            if order is not None
        ]
    return tuple(sorted(orders, key=lambda order: (order.account, order.side is Side.BUY, order.symbol)))


def _traded(trades: Trades, snapshot: Snapshot) -> list[int]:
    """Holdings of which anything is sold or bought, in their order."""
    sold = snapshot.lot_holding[np.flatnonzero(trades.sell)].tolist()
    return sorted({*sold, *np.flatnonzero(trades.buy).tolist()})


def as_arrays(trades: Iterable[Trade], snapshot: Snapshot) -> Trades:
    """The trade list as the arrays that a program's own costs read."""
    names = zip(snapshot.account_of, snapshot.symbol, strict=True)
    holdings = {(snapshot.account[a], symbol): j for j, (a, symbol) in enumerate(names)}
    lots = {(lot.account, lot.symbol, lot.lot): k for k, lot in enumerate(snapshot.lot)}
    sell, buy = np.zeros(len(snapshot.lot)), np.zeros(len(snapshot.symbol))
    for trade in trades:
        if trade.side is Side.BUY and (trade.account, trade.symbol) in holdings:
            buy[holdings[trade.account, trade.symbol]] += float(trade.quantity)
        for sale in trade.lots:
            if (trade.account, trade.symbol, sale.lot) in lots:
                sell[lots[trade.account, trade.symbol, sale.lot]] += float(sale.quantity)
    return Trades(sell=sell, buy=buy)


def step(snapshot: Snapshot, holding: int, terms: Terms) -> Decimal:
    """Smallest step of an order in a holding, in shares."""
    if not terms.whole_shares:
        return FINEST
    account = snapshot.household.accounts[int(snapshot.account_of[holding])]
    return terms.fractional_increment if account.fractional else Decimal(1)


def cents(amount: Decimal) -> Decimal:
    """Dollars and cents, half a cent away from zero."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def _buy(buy: Floats, snapshot: Snapshot, holding: int, terms: Terms) -> Trade | None:
    if not buy[holding]:
        return None
    quantity = _steps(float(buy[holding]), step(snapshot, holding, terms))
    return _order(snapshot, holding, Side.BUY, quantity=quantity, lots=()) if quantity > 0 else None


def _sale(sell: Floats, snapshot: Snapshot, holding: int, terms: Terms) -> Trade | None:
    first, end = int(snapshot.offset[holding]), int(snapshot.offset[holding + 1])
    wanted: list[float] = sell[first:end].tolist()
    if not any(wanted):
        return None
    lots = snapshot.lot[first:end]
    order = step(snapshot, holding, terms)
    quantity = _sold(sum(wanted), sum([lot.quantity for lot in lots], ZERO), order)
    if quantity <= 0:
        return None
    if snapshot.is_ordered[holding]:
        taken = _in_order(quantity, lots)
    else:
        taken = _as_chosen(quantity, lots, wanted, finest=min(FINEST, order / 100))
    price, as_of = snapshot.market.prices[snapshot.symbol[holding]].price, snapshot.market.as_of
    sales = tuple([_lot_sale(lot, part, price, as_of) for lot, part in zip(lots, taken, strict=True) if part])
    return _order(snapshot, holding, Side.SELL, quantity=quantity, lots=sales)


def _steps(shares: float, step: Decimal) -> Decimal:
    """The multiple of ``step`` next to ``shares``."""
    return Decimal(round(shares)) if step == 1 else round(Decimal(shares) / step) * step


def _sold(shares: float, position: Decimal, step: Decimal) -> Decimal:
    """The multiple of ``step`` next to ``shares``, or the whole position where that is as near."""
    steps, exact = _steps(shares, step), Decimal(shares)
    return position if steps >= position or abs(exact - position) <= abs(exact - steps) else steps


def _in_order(quantity: Decimal, lots: Sequence[Lot]) -> list[Decimal]:
    """Parts of lots that leave in their listed order."""
    taken = []
    for lot in lots:
        taken.append(min(quantity, lot.quantity))
        quantity -= taken[-1]
    return taken


def _as_chosen(quantity: Decimal, lots: Sequence[Lot], wanted: Sequence[float], *, finest: Decimal) -> list[Decimal]:
    """Parts of lots next to ``wanted`` that sum to ``quantity``: whole lots first, then parts, the rest to the last.

    Where the lots wanted cannot hold what rounding the order up added, the lots listed after them give it.
    """
    half = finest / 2
    asked = {k: exact for k, share in enumerate(wanted) if share and (exact := Decimal(share)) > half}
    whole = [k for k, exact in asked.items() if lots[k].quantity - exact <= half]
    part = [k for k in asked if k not in whole]
    taken = [ZERO] * len(lots)
    left = quantity
    for k in whole:
        taken[k] = min(lots[k].quantity, left)
        left -= taken[k]
    for k in part:
        share = left if k == part[-1] else _steps(wanted[k], finest)
        taken[k] = min(share, lots[k].quantity, left)
        left -= taken[k]
    for k in (*reversed(part), *(k for k in range(len(lots)) if k not in part)):
        if not left:
            break
        more = min(left, lots[k].quantity - taken[k])
        taken[k] += more
        left -= more
    return taken


def _lot_sale(lot: Lot, quantity: Decimal, price: Decimal, as_of: date) -> LotSale:
    """What a statement would say of the part sold: proceeds and basis to the cent, gain their difference."""
    proceeds = cents(quantity * price)
    basis = cents(lot.basis * quantity / lot.quantity)
    return LotSale(
        lot=lot.lot,
        acquired=lot.acquired,
        quantity=quantity,
        basis=basis,
        proceeds=proceeds,
        gain=proceeds - basis,
        character=character(lot.holding_start, as_of),
    )


def _order(snapshot: Snapshot, holding: int, side: Side, *, quantity: Decimal, lots: tuple[LotSale, ...]) -> Trade:
    symbol = snapshot.symbol[holding]
    price = snapshot.market.prices[symbol].price
    return Trade(
        account=snapshot.account[int(snapshot.account_of[holding])],
        symbol=symbol,
        side=side,
        quantity=quantity,
        price=price,
        value=cents(quantity * price),
        lots=lots,
    )
