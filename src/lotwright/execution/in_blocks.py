"""One order a security and side for many accounts held together, and its fills given back to them.

The block's own sheet is carried out like any account's: the same ids, journal and checks, with the sum of what the accounts
hold for its positions. What filled is then allocated by :mod:`lotwright.execution.blocks`, exactly and fairly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from hashlib import sha256

from lotwright.book.kinds import Side
from lotwright.book.trades import Trade
from lotwright.errors import PlanError
from lotwright.execution.blocks import Allocation, Block, BlockFill, Wanted, allocate, blocks
from lotwright.execution.executed import Executed
from lotwright.execution.orders import Phase
from lotwright.execution.report import OrderLine, RunReport
from lotwright.execution.sheet import OrderSheet, moved, summed
from lotwright.execution.stops import Reason, Stop

NAME = "omnibus"
"""What the account that holds all the others goes by in connections and reports."""
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class InBlocks:
    """The sheet of the account that holds all, the blocks its orders are, and the sheets they came from."""

    sheet: OrderSheet
    blocks: tuple[Block, ...]
    sheets: tuple[OrderSheet, ...]


def in_blocks(sheets: Sequence[OrderSheet]) -> InBlocks:
    """Put the sheets of several accounts together into one.

    Raises
    ------
    PlanError
        There is no sheet, an account trades a fraction of a share, prices or days of the plans differ, or one of them does
        not say its positions: such accounts are carried out each for itself.
    """
    if not sheets:
        raise PlanError("No account has trades, so there are no blocks to make. Leave --blocks away.")
    name = sha256(",".join(sorted(f"{sheet.plan}:{sheet.account}" for sheet in sheets)).encode()).hexdigest()
    trades = [trade for sheet in sheets for trade in sheet.trades]
    _check(sheets, trades)
    wanted = (Wanted(account=t.account, symbol=t.symbol, side=t.side, quantity=t.quantity) for t in trades)
    made = blocks(wanted, name=name)
    prices = {trade.symbol: trade.price for trade in trades}
    held = [sheet.positions or {} for sheet in sheets]
    cash = [sheet.cash_before for sheet in sheets if sheet.cash_before is not None]
    sheet = OrderSheet(
        plan=name,
        account=NAME,
        household=f"{len(sheets)} accounts",
        as_of=sheets[0].as_of,
        trades=tuple(_trade(block, prices[block.symbol]) for block in made),
        positions=moved(summed(item for each in held for item in each.items()), {}),
        cash_before=sum(cash, ZERO) if len(cash) == len(sheets) else None,
        is_block=True,
    )
    return InBlocks(sheet=sheet, blocks=made, sheets=tuple(sheets))


def shared_out(report: RunReport, made: InBlocks) -> tuple[RunReport, ...]:
    """What came of the blocks, account by account: its part of the fills at the block's average price.

    Where only a part filled, an account is done when its own part is whole; a stop of the block is the stop of every
    account that is short.
    """
    parts: dict[str, list[tuple[Block, Allocation]]] = {}
    for block in made.blocks:
        fills = [
            BlockFill(fill=done.fill, quantity=done.quantity, price=done.price, fee=done.fee)
            for done in report.fills
            if (done.symbol, done.side) == (block.symbol, block.side)
        ]
        for allocation in allocate(block, fills):
            parts.setdefault(allocation.account, []).append((block, allocation))
    return tuple(_account(sheet, parts.get(sheet.account, []), report) for sheet in made.sheets)


def _check(sheets: Sequence[OrderSheet], trades: Sequence[Trade]) -> None:
    if len({sheet.as_of for sheet in sheets}) > 1:
        raise PlanError("The plans are of different days, so their trades make no blocks. Carry out one run at a time.")
    silent = [sheet.account for sheet in sheets if sheet.positions is None]
    if silent:
        raise PlanError(f"The plan of {silent[0]} does not say its positions, so no block can be checked. Plan again.")
    for trade in trades:
        if trade.quantity != trade.quantity.to_integral_value():
            raise PlanError(
                f"{trade.account} trades {trade.quantity} {trade.symbol}, and blocks are of whole shares. Carry this account "
                "out for itself, with --account."
            )
    prices: dict[str, Decimal] = {}
    for trade in trades:
        if prices.setdefault(trade.symbol, trade.price) != trade.price:
            raise PlanError(f"The plans price {trade.symbol} differently. Carry out plans of one run together.")


def _trade(block: Block, price: Decimal) -> Trade:
    return Trade(
        account=NAME,
        symbol=block.symbol,
        side=block.side,
        quantity=block.quantity,
        price=price,
        value=round(block.quantity * price, 2),
    )


def _account(sheet: OrderSheet, parts: Sequence[tuple[Block, Allocation]], report: RunReport) -> RunReport:
    given = {(block.symbol, block.side): (block, allocation) for block, allocation in parts}
    lines = tuple(_line(trade, given[trade.symbol, trade.side][1]) for trade in (*sheet.sells, *sheet.buys))
    is_whole = all(not line.remaining for line in lines)
    orders = {(done.symbol, done.side): done for done in report.fills}
    fills = tuple(
        _executed(sheet.account, block, allocation, orders[key])
        for key, (block, allocation) in sorted(given.items())
        if allocation.quantity
    )
    return replace(
        report,
        household=sheet.household,
        account=sheet.account,
        plan=sheet.plan,
        stop=Stop(reason=Reason.DONE) if is_whole and report.stop.reason is not Reason.RECONCILIATION else report.stop,
        lines=lines,
        differences=(),
        fills=fills,
        positions=None,
        cash=None,
        notes=(),
    )


def _line(trade: Trade, allocation: Allocation) -> OrderLine:
    return OrderLine(
        symbol=trade.symbol,
        side=trade.side,
        planned=trade.quantity,
        filled=allocation.quantity,
        price=trade.price,
        paid=allocation.value,
        phase=Phase.DONE if allocation.quantity == trade.quantity else Phase.SHORT,
        why="" if allocation.quantity == trade.quantity else "the block is short",
    )


def _executed(account: str, block: Block, allocation: Allocation, like: Executed) -> Executed:
    """An account's part as one execution; its price is exact, so that the dollars are those allocated."""
    return replace(
        like,
        fill=f"{block.block[:16]}-{account}",
        order=f"{like.order}-{account}-part",
        account=account,
        side=Side(block.side),
        quantity=allocation.quantity,
        price=allocation.value / allocation.quantity,
        fee=allocation.fee,
    )
