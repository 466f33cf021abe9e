"""Settled accounts into the tables of a book: lots replaced, trades added once, accounts and prices brought up to date.

Trades. Files overlap, and two equal trades may both be real; a file of gains tells a sale lot by lot that a file of
transactions tells whole. So trades are compared by groups of one account, security, day and direction: what stands there
already stays; the same shares told with their gains take the place of those without; else each distinct trade stands as
often as the source that tells it most often.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from lotwright.book.kinds import AccountKind, Action
from lotwright.files.imports.findings import Findings, Level
from lotwright.files.imports.numbers import cents, money, shares
from lotwright.files.imports.rows import LotRow, Statement, Trade
from lotwright.files.imports.settle import Settled
from lotwright.files.imports.tables import Stored, with_rows

ORIGIN = "imported_from"
LOT_COLUMNS = ("account", "symbol", "lot", "quantity", "acquired", "basis", "holding_start", "purchase", "source")
TRADE_COLUMNS = (
    "account",
    "date",
    "symbol",
    "action",
    "quantity",
    "price",
    "realised_gain",
    "character",
    "disallowed_loss",
    "lot",
    "purchase",
)
Cells = dict[str, str]
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccounts:
    """What an account that the book does not have yet is given; None: it must be found, or it is an error."""

    household: str | None = None
    kind: AccountKind | None = None
    model: str | None = None
    cash: Decimal | None = None


def merged_accounts(
    old: Stored,
    settled: Sequence[Settled],
    *,
    origin: Mapping[str, str],
    given: NewAccounts,
    model: str | None,
    regime: str,
    findings: Findings,
) -> Stored:
    """Return the table of accounts: cash and this year's gains brought up to date, new accounts added.

    ``model`` is the only model portfolio that the book knows, where it knows one.
    """
    names = old.texts("account")
    present = (
        {name: {column: old.texts(column)[at] for column in old.table.column_names} for at, name in enumerate(names)}
        if names
        else {}
    )
    news = [one.account for one in settled if one.account not in present]
    household = given.household or (news[0] if news else "")
    rows: list[Cells] = []
    for one in settled:
        cells = dict(present.get(one.account, {"account": one.account}))
        if one.account in present:
            _say_other_kind(one, cells, findings)
        else:
            _open(one, cells, household=household, given=given, model=model, regime=regime, findings=findings)
        if one.cash is not None:
            cells["cash"] = cents(one.cash)
        if one.realised_short is not None and one.realised_long is not None and cells.get("kind") == "taxable":
            cells |= {"realised_short": cents(one.realised_short), "realised_long": cents(one.realised_long)}
        cells[ORIGIN] = origin[one.account]
        rows.append(cells)
    if given.household is None and len(news) > 1:
        findings.add(
            Level.NOTE, "", None, None, None, f"{', '.join(news)} are new and were put into one household, {household}",
            "Accounts of one tax return belong together; name the household with --household, or correct accounts.csv.",
        )  # fmt: skip
    columns = list(dict.fromkeys([*old.table.column_names, *(column for cells in rows for column in cells)]))
    return with_rows(
        old,
        {c: [cells.get(c, "") for cells in rows] for c in columns},
        key="account",
        of={one.account for one in settled},
    )


def _open(
    one: Settled,
    cells: Cells,
    *,
    household: str,
    given: NewAccounts,
    model: str | None,
    regime: str,
    findings: Findings,
) -> None:
    kind = given.kind or one.kind
    chosen = given.model or model
    cash = given.cash if one.cash is None else one.cash
    for what, found, cure in (
        ("kind", kind, "Say --kind taxable, ira, roth, ..."),
        ("model portfolio", chosen, "Say --model NAME: a model of the book's targets, or of models/portfolios."),
        ("cash", cash, "Give the file of positions too, which tells the cash, or declare it: --cash 0."),
    ):
        if found is None:
            findings.add(
                Level.ERROR,
                "",
                None,
                None,
                None,
                f"{one.account} is new to the book, and its {what} is not told",
                cure,
                account=one.account,
            )
    if kind is None or chosen is None or cash is None:
        return
    cells |= {"household": household, "kind": str(kind), "model": chosen, "cash": cents(cash)}
    if regime != "us":
        cells["regime"] = regime


def _say_other_kind(one: Settled, cells: Cells, findings: Findings) -> None:
    if one.kind is not None and cells.get("kind") not in {None, "", str(one.kind)}:
        findings.add(
            Level.NOTE, "", None, "kind", str(one.kind), f"the book has {one.account} as {cells['kind']}, which stays",
            "Correct accounts.csv if the custodian is right.", account=one.account,
        )  # fmt: skip


def merged_lots(old: Stored, settled: Sequence[Settled], *, source: str) -> Stored:
    """Return the table of lots: those of the imported accounts (or of their told securities) replaced, the others kept."""
    out: dict[str, list[str]] = {column: [] for column in LOT_COLUMNS}
    of = {one.account for one in settled if one.lots is not None}
    partly = {one.account: one.symbols for one in settled if one.symbols is not None}
    extra = [column for column in old.table.column_names if column not in {*LOT_COLUMNS, "basis_per_share"}]
    kept = _kept_rows(old, partly)
    carried = _carried(old, of, extra) if extra else {}
    out |= {column: [] for column in extra}
    for one in settled:
        if one.lots is not None:
            _add_lots(out, one, one.lots, source=source, kept=kept.get(one.account, []), carried=carried)
    return with_rows(old, out, key="account", of=of)


def _add_lots(
    out: dict[str, list[str]],
    one: Settled,
    lots: Sequence[tuple[str, LotRow]],
    *,
    source: str,
    kept: Sequence[Cells],
    carried: Mapping[tuple[str, str, str], Cells],
) -> None:
    """Add one account's rows to the columns: what is kept of it, then its lots; column by column, for there may be many."""
    for column, cells in out.items():
        cells += [row.get(column, "") for row in kept]
    out["account"] += [one.account] * len(lots)
    out["symbol"] += [lot.symbol for _, lot in lots]
    out["lot"] += [name for name, _ in lots]
    out["quantity"] += [shares(lot.quantity) for _, lot in lots]
    out["acquired"] += [_text_of(lot.acquired) for _, lot in lots]
    out["basis"] += [money(lot.basis or ZERO) for _, lot in lots]
    out["holding_start"] += ["" if lot.holding_start is None else _text_of(lot.holding_start) for _, lot in lots]
    out["purchase"] += [lot.purchase or "" for _, lot in lots]
    out["source"] += [source] * len(lots)
    for column in out.keys() - set(LOT_COLUMNS):
        out[column] += [carried.get((one.account, lot.symbol, name), {}).get(column, "") for name, lot in lots]


@lru_cache(maxsize=65_536)
def _text_of(day: date | None) -> str:
    return "" if day is None else day.isoformat()


def _kept_rows(old: Stored, partly: Mapping[str, frozenset[str] | None]) -> dict[str, list[Cells]]:
    """Rows of securities that a file of lots does not speak of."""
    out: dict[str, list[Cells]] = defaultdict(list)
    if not partly:
        return out
    columns = {column: old.texts(column) for column in old.table.column_names}
    for at, account in enumerate(old.texts("account")):
        symbols = partly.get(account)
        if symbols is not None and columns["symbol"][at] not in symbols:
            out[account].append({column: cells[at] for column, cells in columns.items()})
    return out


def _carried(old: Stored, of: set[str], extra: Sequence[str]) -> dict[tuple[str, str, str], Cells]:
    """Cells of the user's own columns, by lot."""
    keys = zip(old.texts("account"), old.texts("symbol"), old.texts("lot"), strict=True)
    columns = {column: old.texts(column) for column in extra}
    return {key: {column: columns[column][at] for column in extra} for at, key in enumerate(keys) if key[0] in of}


def merged_transactions(old: Stored, settled: Sequence[Settled], findings: Findings) -> Stored:
    """Return the table of transactions with what the files add to it."""
    of = {one.account for one in settled if one.trades}
    columns = list(dict.fromkeys([*old.table.column_names, *TRADE_COLUMNS]))
    before: dict[str, list[Cells]] = defaultdict(list)
    texts = {column: old.texts(column) for column in old.table.column_names}
    for at, account in enumerate(texts.get("account", [])):
        if account in of:
            before[account].append({column: cells[at] for column, cells in texts.items()})
    rows = [
        cells
        for one in settled
        if one.trades
        for cells in _joined(before[one.account], [_cells(one.account, t) for t in one.trades], findings)
    ]
    return with_rows(old, {c: [cells.get(c, "") for cells in rows] for c in columns}, key="account", of=of)


def _cells(account: str, trade: Trade) -> Cells:
    is_sale = trade.action is Action.SELL
    return {
        "account": account,
        "date": trade.day.isoformat(),
        "symbol": trade.symbol,
        "action": str(trade.action),
        "quantity": shares(trade.quantity),
        "price": money(trade.price),
        "realised_gain": "" if trade.realised_gain is None or not is_sale else money(trade.realised_gain),
        "character": str(trade.character or "") if is_sale else "",
        "disallowed_loss": "" if trade.disallowed is None else money(trade.disallowed),
        "lot": trade.lot or "",
        "purchase": trade.purchase or "",
    }


def _joined(old: list[Cells], new: list[Cells], findings: Findings) -> list[Cells]:
    """Rows of one account: the old in their order, each group replaced or extended at its place, new groups behind."""
    groups: dict[tuple[str, str, bool], list[Cells]] = defaultdict(list)
    for cells in new:
        groups[_group(cells)].append(cells)
    standing: dict[tuple[str, str, bool], list[Cells]] = defaultdict(list)
    for cells in old:
        standing[_group(cells)].append(cells)
    out, done = [], set()
    for cells in old:
        key = _group(cells)
        if key not in done:
            done.add(key)
            out += _of_group(standing[key], groups.get(key, []), findings)
    return out + [cells for key, rows in groups.items() if key not in done for cells in rows]


def _group(cells: Cells) -> tuple[str, str, bool]:
    return cells["symbol"], cells["date"], cells["action"] == "sell"


def _of_group(old: list[Cells], new: list[Cells], findings: Findings) -> list[Cells]:
    if not new or not Counter(map(_identity, new)) - Counter(map(_identity, old)):
        return old if not _is_richer(new, old) else new
    if not Counter(map(_bare, old)) - Counter(map(_bare, new)):
        return new if _gains(new) >= _gains(old) else old + _more(old, new)
    if _total(old) == _total(new):
        return new if _is_richer(new, old) or not _is_richer(old, new) else old
    findings.add(
        Level.NOTE, "transactions", None, "quantity", f"{_total(old)} and {_total(new)}",
        f"{old[0]['symbol']}, {old[0]['date']}: the book and the files tell different trades of this day; both were kept once each",
        "Look at this day's rows of the table.", account=old[0]["account"],
    )  # fmt: skip
    return old + _more(old, new)


def _more(old: list[Cells], new: list[Cells]) -> list[Cells]:
    """New rows that the old ones do not have as often."""
    have = Counter(map(_bare, old))
    out = []
    for cells in new:
        if have[_bare(cells)]:
            have[_bare(cells)] -= 1
        else:
            out.append(cells)
    return out


def _bare(cells: Cells) -> tuple[Decimal, Decimal, str]:
    return _number(cells["quantity"]), _number(cells["price"]), cells["action"]


def _identity(cells: Cells) -> tuple[object, ...]:
    return (*_bare(cells), cells.get("realised_gain", ""), cells.get("character", ""), cells.get("disallowed_loss", ""))


def _gains(rows: list[Cells]) -> int:
    return sum(bool(cells.get("realised_gain")) for cells in rows)


def _is_richer(one: list[Cells], other: list[Cells]) -> bool:
    return (
        bool(one)
        and all(cells.get("realised_gain") for cells in one)
        and not all(cells.get("realised_gain") for cells in other)
    )


def _total(rows: list[Cells]) -> Decimal:
    return sum((_number(cells["quantity"]) for cells in rows), Decimal(0))


def _number(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal(0)


def merged_prices(old: Stored, statement: Statement, as_of: date, findings: Findings) -> Stored:
    """Return the table of prices, one day for all: a newer day takes the place of an older one only where no price is lost."""
    told: dict[str, Decimal] = {}
    for each in statement.prices:
        if told.setdefault(each.symbol, each.price) != each.price:
            findings.add(
                Level.NOTE,
                each.file,
                each.row,
                "price",
                str(each.price),
                f"{each.symbol} has the price {told[each.symbol]} in another row, which counts",
                "Give files of one moment.",
            )
    symbols = old.texts("symbol")
    days = {text for text in old.texts("as_of") if text}
    if not told:
        return old
    if old.is_new or days == {as_of.isoformat()}:
        missing = {symbol: price for symbol, price in told.items() if symbol not in symbols}
        return _priced(old, missing, as_of, keep=True)
    lost = sorted(set(symbols) - set(told))
    if lost or max(days, default="") > as_of.isoformat():
        day = ", ".join(sorted(days))
        why = (
            f"{', '.join(lost[:5])}{', ...' if len(lost) > 5 else ''} would have no price of {as_of}"
            if lost
            else "they are newer"
        )
        findings.add(
            Level.NOTE, old.file, None, "as_of", day, f"these prices stay, since {why}",
            f"Give prices of {as_of} for every security: lotwright plan BOOK --prices FILE.",
        )  # fmt: skip
        return old
    return _priced(old, told, as_of, keep=False)


def _priced(old: Stored, told: Mapping[str, Decimal], as_of: date, *, keep: bool) -> Stored:
    """The table with these prices; a security's other columns (sector, spread) stay its own."""
    texts = {column: old.texts(column) for column in old.table.column_names}
    present = {
        symbol: {column: cells[at] for column, cells in texts.items()}
        for at, symbol in enumerate(texts.get("symbol", []))
    }
    rows = [
        {**({} if keep else present.get(symbol, {})), "symbol": symbol, "price": shares(price), "as_of": as_of.isoformat()}
        for symbol, price in sorted(told.items())
    ]  # fmt: skip
    if not rows:
        return old
    columns = list(dict.fromkeys([*old.table.column_names, "symbol", "price", "as_of"]))
    return with_rows(old, {c: [cells.get(c, "") for cells in rows] for c in columns}, key="symbol", of=set(told))
