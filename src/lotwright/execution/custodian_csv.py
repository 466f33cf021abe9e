"""Orders for custodians that take files: one row a lot of a sale, one a purchase; and the fills read back.

No two custodians agree on a form; this one says everything theirs ask for, and the same plan always gives the same bytes.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from io import StringIO

from lotwright.book.kinds import Side
from lotwright.book.trades import Trade
from lotwright.errors import FillError
from lotwright.execution.executed import Executed
from lotwright.execution.facts import OrderKind
from lotwright.execution.rules import Rules, to_tick
from lotwright.execution.sheet import OrderSheet, client_id
from lotwright.tax.regimes.pool import POOL

COLUMNS = (
    "account",
    "symbol",
    "action",
    "quantity",
    "order_type",
    "limit_price",
    "tif",
    "lot_id",
    "lot_date",
    "lot_method",
    "order_id",
    "plan",
)
NEEDED = ("account", "symbol", "action", "quantity", "price", "date")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def orders_csv(sheet: OrderSheet, side: Side, rules: Rules) -> str:
    """The orders of one side: sales lot by lot under one ``order_id`` each, which the custodian is to carry out as one.

    Limits stand off the plan's price by the collar. Dot decimals, no thousands separators, lines end in LF; a text that a
    spreadsheet would take for a formula is written behind an apostrophe. Where the law pools, no lot is named and the method
    is ``AVERAGE``.
    """
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for trade in sheet.sells if side is Side.SELL else sheet.buys:
        writer.writerows(_rows(sheet, trade, rules))
    return out.getvalue()


def read_fills(text: str, *, place: str, sheet: OrderSheet) -> tuple[Executed, ...]:
    """The fills of one account in a custodian's file, each once: columns account, symbol, action, quantity, price, date.

    ``fee`` and ``fill_id`` are welcome. Without ``fill_id``, rows that say the same are told apart by their order, so the
    same file read twice is the same fills. Rows of other accounts are passed over.

    Raises
    ------
    FillError
        A column is missing, a cell does not read, or more is filled than the plan ordered.
    """
    rows = csv.DictReader(StringIO(text.removeprefix("\ufeff")))
    header = [name.strip().lower() for name in rows.fieldnames or ()]
    missing = [name for name in NEEDED if name not in header]
    if missing:
        raise FillError(f"{place} has no column {', '.join(missing)}. Fills have {', '.join(NEEDED)}.")
    rows.fieldnames = header
    found: dict[str, Executed] = {}
    seen: dict[tuple[str, ...], int] = {}
    for number, row in enumerate(rows, start=2):
        cells = {name: (cell or "").strip() for name, cell in row.items() if isinstance(name, str)}
        if cells["account"].removeprefix("'") != sheet.account:
            continue
        same = tuple(cells[name] for name in NEEDED)
        seen[same] = seen.get(same, 0) + 1
        done = _fill(cells, seen[same], sheet=sheet, where=f"{place} row {number}")
        found[done.fill] = done
    _check_whole(found.values(), sheet, place)
    return tuple(sorted(found.values(), key=lambda done: (done.day, done.side is Side.BUY, done.symbol, done.fill)))


def _rows(sheet: OrderSheet, trade: Trade, rules: Rules) -> Iterator[list[str]]:
    limit = ""
    if rules.kind is OrderKind.LIMIT:
        is_buy = trade.side is Side.BUY
        limit = _plain(to_tick(trade.price * (1 + (rules.collar if is_buy else -rules.collar)), is_up=is_buy))
    head = [_safe(trade.account), _safe(trade.symbol), str(trade.side).upper()]
    order = [str(rules.kind).upper(), limit, str(rules.duration).upper()]
    tail = [client_id(sheet, trade, 0), sheet.plan]
    is_pooled = any(lot.lot == POOL for lot in trade.lots)
    if not trade.lots or is_pooled:
        yield [*head, _plain(trade.quantity), *order, "", "", "AVERAGE" if is_pooled else "", *tail]
        return
    for lot in trade.lots:
        yield [*head, _plain(lot.quantity), *order, _safe(lot.lot), lot.acquired.isoformat(), "SPECIFIC", *tail]


def _fill(cells: Mapping[str, str], turn: int, *, sheet: OrderSheet, where: str) -> Executed:
    symbol, action = cells["symbol"].removeprefix("'"), cells["action"].lower()
    trade = next((t for t in sheet.trades if (t.symbol, str(t.side)) == (symbol, action)), None)
    if trade is None:
        raise FillError(
            f"{where}: {action or 'nothing'} {symbol} of {sheet.account} is not in the plan. Correct the row."
        )
    try:
        numbers = {name: Decimal(cells.get(name) or "0") for name in ("quantity", "price", "fee")}
        day = date.fromisoformat(cells["date"])
    except (InvalidOperation, ValueError) as error:
        raise FillError(
            f"{where}: quantity, price and fee are decimal numbers and date a day such as 2020-03-23; found "
            f"{cells['quantity']!r}, {cells['price']!r}, {cells.get('fee', '')!r}, {cells['date']!r}. Correct the row."
        ) from error
    if not all(number.is_finite() for number in numbers.values()) or numbers["quantity"] <= 0 or numbers["price"] <= 0:
        raise FillError(f"{where}: quantity {cells['quantity']} at {cells['price']} is no fill. Correct the row.")
    words = "\x1f".join((sheet.plan, *(cells[name] for name in NEEDED), str(turn)))
    return Executed(
        fill=cells.get("fill_id") or f"csv-{sha256(words.encode()).hexdigest()[:20]}",
        order=client_id(sheet, trade, 0),
        account=sheet.account,
        symbol=symbol,
        side=trade.side,
        quantity=numbers["quantity"],
        price=numbers["price"],
        day=day,
        fee=numbers["fee"],
    )


def _check_whole(found: Iterable[Executed], sheet: OrderSheet, place: str) -> None:
    filled: dict[str, Decimal] = {}
    for done in found:
        filled[done.symbol] = filled.get(done.symbol, Decimal(0)) + done.quantity
    for trade in sheet.trades:
        if filled.get(trade.symbol, Decimal(0)) > trade.quantity:
            raise FillError(
                f"{place}: {filled[trade.symbol]:f} shares of {trade.symbol} are filled in {sheet.account}, and "
                f"{trade.quantity:f} were ordered. Correct the file, or ask the custodian."
            )


def _plain(number: Decimal) -> str:
    """A decimal without exponent and without trailing zeros."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _safe(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text
