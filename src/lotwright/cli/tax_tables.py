"""The tables of ``lotwright tax`` in a terminal of 80 columns: what a person needs of each row; CSV and JSON have the rest.

Sentences stand under a table, not in its cells, each said once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from lotwright.cli.report import plain_when_piped
from lotwright.plan.words import day, plain
from lotwright.tax.form_8949 import Form8949Row
from lotwright.tax.lot_report import LotLine, TradeLock
from lotwright.tax.schedule_d import FormLine
from lotwright.tax.year_report import Difference, TaxYear

CENT = Decimal("0.01")


def show_year(report: TaxYear) -> None:
    """Form 8949 by account and part, Schedule D line by line, and where the broker's figures differ."""
    with plain_when_piped() as console:
        pages = sorted({(row.part, row.account, row.box) for row in report.rows})
        for part, account, box in pages:
            own = [row for row in report.rows if (row.part, row.account, row.box) == (part, account, box)]
            words = "short-term" if part == "I" else "long-term"
            _heading(
                console, f"{report.household}: Form 8949 part {part}, box {box} ({words}), {report.year}, {account}"
            )
            _print(console, FORM_8949, [_form_row(row) for row in own])
        _heading(console, f"{report.household}: Schedule D, {report.year}")
        _print(console, SCHEDULE_D, [_schedule_row(line) for line in report.schedule.lines])
        if report.schedule.carryforward_short or report.schedule.carryforward_long:
            _heading(console, f"{report.household}: Capital Loss Carryover Worksheet, {report.year}")
            steps = [(line.line, line.words, _money(line.amount)) for line in report.schedule.worksheet]
            _print(console, ("line", "", "#dollars"), steps)
        _heading(console, f"{report.household}: tax on these gains, {report.year}")
        _print(console, ("", "#dollars"), _taxes(report))
        if report.reconciliation:
            _heading(console, "Where what the book recorded differs: gain before any disallowance, loss disallowed")
            rows = [
                (f"{plain(d.quantity)} {d.symbol}", str(d.sold), *_recorded_and_found(d)) for d in report.reconciliation
            ]
            _print(console, ("what", "sold", "#gain recorded", "#found", "#disallowed recorded", "#found"), rows)


def _recorded_and_found(d: Difference) -> tuple[str, ...]:
    gain = "" if d.recorded_gain is None else _money(d.recorded_gain)
    return gain, _money(d.found_gain), _money(d.recorded), _money(d.found)


def _taxes(report: TaxYear) -> list[tuple[str, str]]:
    """What the gains cost, each way that could be computed; negative: what a deducted loss saves."""
    ways = (
        ("at the accounts' marginal rates", report.tax),
        ("federal, by brackets", report.tax_by_brackets),
        ("the state's, by brackets", report.state_tax_by_brackets),
        ("losses gone for good (replaced in an IRA)", report.permanent or None),
    )
    return [(words, _money(amount)) for words, amount in ways if amount is not None]


SCHEDULE_D = ("line", "", "#proceeds", "#basis", "#adjusted", "#gain")


def _schedule_row(line: FormLine) -> tuple[str, ...]:
    columns = (line.proceeds, line.basis, line.adjustment)
    return (line.line, line.words, *("" if c is None else _money(c) for c in columns), _money(line.amount))


FORM_8949 = ("what", "acquired", "sold", "#proceeds", "#basis", "code", "#adjusted", "#gain")


def _form_row(row: Form8949Row) -> tuple[str, ...]:
    acquired = "VARIOUS" if row.acquired is None else str(row.acquired)
    adjusted = _money(row.adjustment) if row.adjustment else ""
    what = f"{plain(row.quantity)} {row.symbol}"
    return (
        what,
        acquired,
        str(row.sold),
        _money(row.proceeds),
        _money(row.basis),
        row.code,
        adjusted,
        _money(row.gain),
    )


def show_lots(household: str, lines: Sequence[LotLine]) -> None:
    """One table an account; why losses cannot be harvested stands below it."""
    with plain_when_piped() as console:
        for account in sorted({line.account for line in lines}):
            own = [line for line in lines if line.account == account]
            _heading(console, f"{household}: lots of {account}")
            _print(
                console,
                ("symbol", "acquired", "#quantity", "#basis", "#unrealised", "term", "#days", "harvest"),
                [_lot_row(line) for line in own],
            )
            reasons = dict.fromkeys(f"{line.symbol}: {line.why_not}." for line in own if _is_barred(line))
            for reason in reasons:
                console.print(Padding(Text(reason), (0, 0, 0, 4)))
        if lines:
            console.print()
            console.print("days: until a gain would be long-term. harvest: when a sale makes the loss count.")


def _is_barred(line: LotLine) -> bool:
    return bool(line.why_not) and line.why_not != "no loss"


def _lot_row(line: LotLine) -> tuple[str, ...]:
    harvest = "now" if line.is_harvestable else (str(line.clean_from) if line.clean_from else "")
    unrealised = "" if line.unrealised is None else _money(line.unrealised)
    if not harvest and _is_barred(line):
        harvest = "no"
    days = str(line.days_to_long_term) if line.days_to_long_term else ""
    return (
        line.symbol,
        str(line.acquired),
        plain(line.quantity),
        _money(line.basis),
        unrealised,
        str(line.character),
        days,
        harvest,
    )


def show_locks(household: str, locks: Sequence[TradeLock]) -> None:
    """What may not be done until when, one paragraph a lock."""
    words = {"buy": "buy {}", "sell_at_loss": "sell {} at a loss", "sell": "sell {}"}
    with plain_when_piped() as console:
        if not locks:
            console.print(f"{household}: nothing is locked.")
        for lock in locks:
            what = words[lock.bars].format(", ".join(lock.symbols))
            _heading(console, f"{household}: do not {what} until {day(lock.until)} is over")
            console.print(Padding(Text(f"In {', '.join(lock.accounts)}. {lock.because}"), (0, 0, 0, 4)))


def show_wash(losses: Sequence[Mapping[str, Any]], lots: Sequence[Mapping[str, Any]]) -> None:
    """Every loss and what became of it in a line each, then the lots held in the end."""
    with plain_when_piped() as console:
        if losses:
            _heading(console, "Losses")
            names = ("account", "sold", "what", "#loss", "#allowed", "#disallowed", "outcome")
            _print(console, names, [_loss_row(row) for row in losses])
            for row in losses:
                if row["replacement"] is not None:
                    console.print(Padding(Text(_replaced(row)), (0, 0, 0, 4)))
        if lots:
            _heading(console, "Lots held in the end")
            held = ("account", "what", "acquired", "held since", "#basis", "#deferred")
            _print(
                console,
                held,
                [
                    (
                        str(lot["account"]),
                        f"{plain(lot['quantity'])} {lot['symbol']}",
                        str(lot["acquired"]),
                        str(lot["holding_start"]),
                        _money(lot["basis"]),
                        _money(lot["deferred"]) if lot["deferred"] else "",
                    )
                    for lot in lots
                ],
            )


def _loss_row(row: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        str(row["account"]),
        str(row["sold"]),
        f"{plain(row['quantity'])} {row['symbol']}",
        _money(-row["gain"]),
        _money(row["allowed"]),
        _money(row["disallowed"]),
        str(row["outcome"]),
    )


def _replaced(row: Mapping[str, Any]) -> str:
    """What a disallowed loss went into."""
    into = row["replacement"]
    head = f"{plain(row['quantity'])} {row['symbol']} sold {row['sold']}: replaced by lot {into['lot']} of {into['account']}"
    if row["outcome"] == "permanent":
        return f"{head}; the loss of {_money(row['disallowed'])} is gone."
    return f"{head}, basis now {_money(into['basis'])}, held since {into['holding_start']}."


def _heading(console: Console, text: str) -> None:
    console.print()
    console.print(Text(text, style="bold"))


def _print(console: Console, columns: Iterable[str], rows: Sequence[Sequence[str]]) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for name in columns:
        is_number = name.startswith("#")
        table.add_column(name.removeprefix("#"), justify="right" if is_number else "left", no_wrap=is_number)
    for row in rows:
        table.add_row(*row)
    console.print(Padding(table, (0, 0, 0, 2)))


def _money(amount: Decimal) -> str:
    return f"{amount.quantize(CENT, rounding=ROUND_HALF_UP):,.2f}"
