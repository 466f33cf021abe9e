"""Is each trade what it says it is: an account, a security, a price, lots that exist and leave in the right order?"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal

from lotwright.book.holdings import ZERO, Account, Household, Lot
from lotwright.book.kinds import Relief, Side
from lotwright.book.market import Market
from lotwright.book.relief import relief_order
from lotwright.book.trades import Trade
from lotwright.plan.replay import MOST_SHARES, AccountReplay, Lots, Replay, why_unusable
from lotwright.plan.verify_text import dollars, noun, plain, shares
from lotwright.plan.verify_ticket import Slice, Ticket, cents

PRESCRIBED = {
    Relief.FIFO: "first in, first out",
    Relief.LIFO: "last in, first out",
    Relief.HIFO: "highest basis per share first",
}
MOST_DOLLARS = Decimal(10) ** 12
"""A share that costs more is a mistake, and would overflow the arithmetic."""


def trade_faults(
    trades: Sequence[Trade], household: Household, *, market: Market, may_buy_back: bool = False
) -> list[str]:
    """Trades that cannot be carried out, misstate their value, repeat themselves or go both ways.

    Where a program may step up basis (``may_buy_back``), a security sold in one order at gains only may be bought in
    another.
    """
    unusable = (why_unusable(trade, household, market=market) for trade in trades)
    both = _both_ways([trade for trade in trades if not (may_buy_back and _is_at_gains(trade))])
    return [fault for fault in unusable if fault] + _value_faults(trades) + _repeated(trades) + both


def _is_at_gains(trade: Trade) -> bool:
    """True for a sale none of whose lots is sold at a loss."""
    return trade.side is Side.SELL and all(sale.gain >= 0 for sale in trade.lots)


def _value_faults(trades: Sequence[Trade]) -> list[str]:
    return [
        f"The {noun(trade.side)} of {shares(trade.quantity)} of {trade.symbol} in {trade.account} at"
        f" {plain(trade.price)} states a value of {dollars(trade.value)};"
        f" it is {dollars(cents(trade.quantity * trade.price))}. Correct the value."
        for trade in trades
        if _is_sane(trade) and trade.value != cents(trade.quantity * trade.price)
    ]


def _is_sane(trade: Trade) -> bool:
    """True when quantity and price are numbers that can be multiplied and rounded; others are reported elsewhere."""
    quantity, price = trade.quantity, trade.price
    return quantity.is_finite() and price.is_finite() and abs(quantity) < MOST_SHARES and abs(price) < MOST_DOLLARS


def _repeated(trades: Iterable[Trade]) -> list[str]:
    count = Counter((trade.account, trade.symbol, trade.side) for trade in trades)
    return [
        f"{symbol} in {account} has {times} {side} orders. Make it one order."
        for (account, symbol, side), times in sorted(count.items())
        if times > 1
    ]


def _both_ways(trades: Sequence[Trade]) -> list[str]:
    bought = {(trade.account, trade.symbol) for trade in trades if trade.side is Side.BUY}
    sold = {(trade.account, trade.symbol) for trade in trades if trade.side is Side.SELL}
    return [
        f"{symbol} in {account} is both bought and sold. Trade the difference."
        for account, symbol in sorted(bought & sold)
    ]


def price_faults(replay: Replay, market: Market) -> list[str]:
    """Trades at another price than the book's."""
    return [
        f"The {noun(ticket.trade.side)} of {ticket.trade.symbol} in {ticket.trade.account} is priced at"
        f" {ticket.trade.price}, but the book's price is {plain(market.prices[ticket.trade.symbol].price)}"
        f" as of {market.as_of}. Plan again with the book's prices."
        for ticket in replay.tickets
        if ticket.trade.price != market.prices[ticket.trade.symbol].price
    ]


def lot_faults(replay: Replay) -> list[str]:
    """Sales that name lots which do not exist or hold too little, or whose lots do not add up; buys that name lots."""
    faults: list[str] = []
    for account in replay.accounts:
        for ticket in account.tickets:
            faults += _lot_faults(ticket.trade, lots=account.lots)
        faults += _oversold(account)
    return faults


def _lot_faults(trade: Trade, *, lots: Lots) -> list[str]:
    where = f"of {trade.symbol} in {trade.account}"
    if trade.side is Side.BUY:
        return [f"The buy {where} names lots. Only sales take lots: name none."] if trade.lots else []
    faults = [
        f"The sale {where} names lot {sale.lot}, which the account does not hold. Name a lot it holds."
        for sale in trade.lots
        if (trade.symbol, sale.lot) not in lots
    ]
    faults += [
        f"The sale {where} takes {sale.quantity} shares of lot {sale.lot}. Take a positive quantity."
        for sale in trade.lots
        if not (sale.quantity.is_finite() and sale.quantity > 0)
    ]
    named = sum([sale.quantity for sale in trade.lots], ZERO)
    if named != trade.quantity:
        faults.append(
            f"The sale {where} is of {shares(trade.quantity)}, but its lots add up to {plain(named)}. Make them equal."
        )
    return faults


def _oversold(account: AccountReplay) -> list[str]:
    sold: dict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)
    pieces = [piece for ticket in account.tickets for piece in ticket.slices]
    for piece in pieces:
        sold[(piece.lot.symbol, piece.lot.lot)] += piece.quantity
    return [
        f"{lot.symbol} lot {lot.lot} sells {shares(sold[(lot.symbol, lot.lot)])} but holds {plain(lot.quantity)}."
        " Reduce the sale or name another lot."
        for lot in account.lots_sold
        if sold.get((lot.symbol, lot.lot), ZERO) > lot.quantity
    ]


def relief_faults(replay: Replay) -> list[str]:
    """Sales in accounts with a standing relief order whose lots leave in another order."""
    faults: list[str] = []
    for account in replay.accounts:
        if account.account.relief is Relief.SPECIFIC:
            continue
        lots: dict[str, list[Lot]] = defaultdict(list)
        for lot in account.lots_sold:
            lots[lot.symbol].append(lot)
        for ticket in account.tickets:
            if not ticket.is_buy:
                faults += _relief_faults(ticket, account.account, lots=lots[ticket.trade.symbol])
    return faults


def _relief_faults(ticket: Ticket, account: Account, *, lots: Iterable[Lot]) -> list[str]:
    named: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for piece in ticket.slices:
        named[piece.lot.lot] += piece.quantity
    remaining = ticket.trade.quantity
    faults: list[str] = []
    for lot in relief_order(lots, account.relief):
        due = min(remaining, lot.quantity)
        remaining -= due
        if named[lot.lot] != due:
            faults.append(
                f"{account.account} sells {PRESCRIBED[account.relief]}, so {plain(due)} of the {shares(lot.quantity)}"
                f" in {lot.symbol} lot {lot.lot} leave; the trade takes {plain(named[lot.lot])}. Follow the order."
            )
    return faults


def gain_faults(replay: Replay) -> list[str]:
    """Lot lines whose date, basis, proceeds or gain is not what the book and the price give, to the cent."""
    return [fault for ticket in replay.tickets for piece in ticket.slices for fault in _gain_faults(piece)]


def character_faults(replay: Replay) -> list[str]:
    """Lot lines that call a gain short-term or long-term against the holding period on the day of sale."""
    return [
        f"{piece.lot.symbol} lot {piece.lot.lot}, held since {piece.lot.holding_start}, is {piece.character} when sold"
        f" on {piece.sold}; the trade says {piece.stated.character}. Correct the character."
        for ticket in replay.tickets
        for piece in ticket.slices
        if piece.stated.character is not piece.character
    ]


def _is_as_stated(piece: Slice) -> bool:
    """True where nothing about a lot line is wrong, as is usual."""
    sale = piece.stated
    return (
        sale.acquired == piece.lot.acquired
        and sale.basis == piece.cents_basis
        and sale.proceeds == piece.cents_proceeds
        and sale.gain == piece.cents_gain
    )


def _gain_faults(piece: Slice) -> list[str]:
    lot, sale = piece.lot, piece.stated
    if _is_as_stated(piece):
        return []
    faults = []
    if sale.acquired != lot.acquired:
        faults.append(
            f"{lot.symbol} lot {lot.lot} was acquired on {lot.acquired}; the trade says {sale.acquired}. Correct it."
        )
    figures = (
        ("basis", sale.basis, piece.cents_basis),
        ("proceeds", sale.proceeds, piece.cents_proceeds),
        ("gain", sale.gain, piece.cents_gain),
    )
    return faults + [
        f"{shares(piece.quantity)} of {lot.symbol} lot {lot.lot} have a {name} of {dollars(true)}; the trade says"
        f" {dollars(said)}. Correct the {name}."
        for name, said, true in figures
        if said != true
    ]
