"""One order a security and side for many accounts held together, and its fills given back to them.

The block's own sheet is carried out like any account's: the same ids, journal and checks, with the sum of what the accounts
hold for its positions. What filled is then allocated by :mod:`lotwright.execution.allocation`, exactly and fairly.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from hashlib import sha256

from lotwright.book.kinds import Side
from lotwright.book.trades import Trade
from lotwright.errors import PlanError, StateError
from lotwright.execution.allocation import BlockFill, allocate, divided
from lotwright.execution.blocks import Block, Wanted, blocks
from lotwright.execution.executed import Executed
from lotwright.execution.journal import Journal
from lotwright.execution.orders import Phase
from lotwright.execution.report import OrderLine, RunReport
from lotwright.execution.sheet import OrderSheet, moved, summed
from lotwright.execution.stops import Reason, Stop

NAME = "omnibus"
"""What the account that holds all the others goes by in connections and reports."""
ZERO = Decimal(0)
Booked = Mapping[str, Mapping[str, Decimal]]
"""Shares by block and account."""


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


def share(report: RunReport, made: InBlocks, journal: Journal) -> tuple[RunReport, ...]:
    """:func:`shared_out`, beside what earlier runs gave, and written down for the next."""
    key = made.sheet.key
    earlier = [record.says["given"] for record in journal.of(key) if record.kind == "allocated"]
    booked = {
        block: {account: Decimal(quantity) for account, quantity in given.items()}
        for block, given in (earlier[-1] if earlier else {}).items()
    }
    parts = shared_out(report, made, booked=booked)
    given = {
        block: {account: f"{quantity:f}" for account, quantity in sorted(shares.items())}
        for block, shares in sorted(given_out(parts, made).items())
    }
    if not given or (earlier and given == earlier[-1]):
        return parts
    try:
        journal.append("allocated", {"plan": key[0], "account": key[1], "given": given})
    except StateError as error:
        return tuple(replace(part, notes=(*part.notes, str(error))) for part in parts)
    return parts


def shared_out(report: RunReport, made: InBlocks, *, booked: Booked | None = None) -> tuple[RunReport, ...]:
    """What came of the blocks, account by account: its part of each day's fills at the block's average price of that day.

    Where only a part filled, an account is done when its own part is whole; a stop of the block is the stop of every
    account that is short. ``booked`` are shares of each block that earlier runs gave to accounts: nobody gets fewer.
    Where the report does not tell the fills of what filled, nothing is shared out, and that is said.
    """
    filled = {(line.symbol, line.side): line.filled for line in report.lines}
    told = summed_by_key(report.fills)
    if any(told.get(key, ZERO) != quantity for key, quantity in filled.items()):
        note = "Nothing is shared out, because the broker has not told the fills of all that filled. Run again."
        stop = replace(report, lines=(), differences=(), fills=(), positions=None, cash=None, notes=(note,))
        return tuple(
            replace(stop, household=sheet.household, account=sheet.account, plan=sheet.plan) for sheet in made.sheets
        )
    parts: dict[str, list[Executed]] = {}
    for block in made.blocks:
        mine = [done for done in report.fills if (done.symbol, done.side) == (block.symbol, block.side)]
        for part in _parts(block, mine, dict((booked or {}).get(block.block, {}))):
            parts.setdefault(part.account, []).append(part)
    return tuple(_account(sheet, parts.get(sheet.account, []), report) for sheet in made.sheets)


def given_out(parts: Sequence[RunReport], made: InBlocks) -> Booked:
    """Shares of each block that these reports give to accounts: what the next run must not take back."""
    found: dict[str, dict[str, Decimal]] = {}
    names = {(block.symbol, block.side): block.block for block in made.blocks}
    for report in parts:
        for done in report.fills:
            given = found.setdefault(names[done.symbol, done.side], {})
            given[done.account] = given.get(done.account, ZERO) + done.quantity
    return found


def summed_by_key(fills: Iterable[Executed]) -> dict[tuple[str, Side], Decimal]:
    """Shares by security and side."""
    found: dict[tuple[str, Side], Decimal] = {}
    for done in fills:
        found[done.symbol, done.side] = found.get((done.symbol, done.side), ZERO) + done.quantity
    return found


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


def _parts(block: Block, fills: Sequence[Executed], booked: dict[str, Decimal]) -> Iterator[Executed]:
    """Each account's part of a block, one execution a trade date; its price is exact, so that the dollars are those given."""
    before: dict[str, Decimal] = {}
    so_far: list[BlockFill] = []
    for day in sorted({done.day for done in fills}):
        today = [done for done in fills if done.day == day]
        so_far += [BlockFill(fill=done.fill, quantity=done.quantity, price=done.price, fee=done.fee) for done in today]
        least = {a: max(before.get(a, ZERO), booked.get(a, ZERO)) for a in {*before, *booked}}
        bears = sum(least.values(), ZERO) <= sum((fill.quantity for fill in so_far), ZERO)
        given = {each.account: each.quantity for each in allocate(block, so_far, booked=least if bears else before)}
        fresh = {account: quantity - before.get(account, ZERO) for account, quantity in given.items()}
        before = given
        values = divided(block, sum((done.quantity * done.price for done in today), ZERO), fresh)
        fees = divided(block, sum((done.fee for done in today), ZERO), fresh)
        for account, quantity in sorted(fresh.items()):
            if quantity:
                yield replace(
                    today[-1],
                    fill=f"{block.block[:16]}-{account}-{day.isoformat()}",
                    order=f"{today[-1].order}-{account}-part",
                    account=account,
                    quantity=quantity,
                    price=values[account] / quantity,
                    fee=fees[account],
                )


def _account(sheet: OrderSheet, fills: Sequence[Executed], report: RunReport) -> RunReport:
    lines = tuple(_line(trade, fills) for trade in (*sheet.sells, *sheet.buys))
    is_whole = all(not line.remaining for line in lines)
    return replace(
        report,
        household=sheet.household,
        account=sheet.account,
        plan=sheet.plan,
        stop=Stop(reason=Reason.DONE) if is_whole and report.stop.reason is not Reason.RECONCILIATION else report.stop,
        lines=lines,
        differences=(),
        fills=tuple(sorted(fills, key=lambda done: (done.day, done.side is Side.BUY, done.symbol))),
        positions=None,
        cash=None,
        notes=(),
    )


def _line(trade: Trade, fills: Sequence[Executed]) -> OrderLine:
    mine = [done for done in fills if (done.symbol, done.side) == (trade.symbol, trade.side)]
    filled = sum((done.quantity for done in mine), ZERO)
    return OrderLine(
        symbol=trade.symbol,
        side=trade.side,
        planned=trade.quantity,
        filled=filled,
        price=trade.price,
        paid=sum((round(done.quantity * done.price, 2) for done in mine), ZERO),
        phase=Phase.DONE if filled == trade.quantity else Phase.SHORT,
        why="" if filled == trade.quantity else "the block is short",
    )
