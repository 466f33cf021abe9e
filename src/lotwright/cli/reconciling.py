"""``lotwright reconcile``: what a broker holds against a book or a plan, every difference by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import typer

from lotwright.book.holdings import Account
from lotwright.cli.after_fills import accounts_of
from lotwright.cli.carried_report import print_reports
from lotwright.cli.executing import Call, connector, execute, rules_in
from lotwright.cli.sheets import read_documents, sheets_of
from lotwright.cli.writing import write_json
from lotwright.errors import BookError, LotwrightError, PlanError
from lotwright.execution.booking import lot_differences, reconcile_account
from lotwright.execution.broker import Broker
from lotwright.execution.broker_lots import broker_lots
from lotwright.execution.carry_out import look
from lotwright.execution.desk import Surroundings
from lotwright.execution.report import Difference, RunReport, report_to_json
from lotwright.execution.sheet import OrderSheet
from lotwright.tax.regimes.laws import LAWS

EVER = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """One account of a book against its broker. ``trouble`` says why it could not be compared."""

    account: str
    broker: str
    differences: tuple[Difference, ...] = ()
    notes: tuple[str, ...] = ()
    trouble: str = ""

    @property
    def ok(self) -> bool:
        """True when the book and the broker agree."""
        return not self.differences and not self.trouble


def reconcile(
    what: Path,
    *,
    state: Path,
    broker: str,
    url: str | None,
    is_live: bool,
    households: tuple[str, ...],
    accounts: frozenset[str],
    json_path: str | None,
) -> int:
    """Compare, print, and return 0 when nothing differs, else 1.

    Raises
    ------
    LotwrightError
        The call is wrong, or what is named does not read.
    """
    if broker == "csv":
        raise PlanError(
            "A custodian that takes files is not asked: execute with --fills says what its fills leave open."
        )
    call = Call(
        plan=what,
        state=state,
        broker=broker,
        url=url,
        is_live=is_live,
        households=households,
        accounts=accounts,
        json_path=json_path,
    )
    if any((what / f"accounts.{ending}").exists() for ending in ("csv", "parquet")):
        return _with_book(call)
    return _with_plan(call)


def _with_plan(call: Call) -> int:
    documents = read_documents(call.plan, households=call.households or None)
    sheets = [s for d in documents for s in sheets_of(d) if not call.accounts or s.account in call.accounts]
    connect = connector(call, {})

    def run(sheet: OrderSheet, around: Surroundings, is_only: bool) -> RunReport:
        return look(sheet, connect(sheet, is_only)[0], around)

    reports = execute(sheets, call, run, rules=rules_in(call.state, None))
    if call.json_path is not None:
        write_json(call.json_path, [report_to_json(report) for report in reports])
    if call.json_path != "-":
        print_reports(reports)
    return 0 if all(report.is_done for report in reports) else 1


def _with_book(call: Call) -> int:
    from lotwright.files.books import read_book

    book = read_book(call.plan, households=call.households or None)
    chosen = {name: a for name, a in accounts_of(book).items() if not call.accounts or name in call.accounts}
    unknown = call.accounts - chosen.keys()
    if unknown or not chosen:
        raise BookError(f"{call.plan} has no sound account {', '.join(sorted(unknown)) or 'at all'}. Name one it has.")
    connect = connector(call, chosen)
    found = [_account(account, book.market.as_of, connect, is_only=len(chosen) == 1) for account in chosen.values()]
    if call.json_path is not None:
        write_json(call.json_path, [_json(each) for each in found])
    if call.json_path != "-":
        _print(found)
    return 0 if all(each.ok for each in found) else 1


def _account(account: Account, as_of: Any, connect: Any, *, is_only: bool) -> Reconciled:
    held: dict[str, Any] = {}
    for lot in account.lots:
        held[lot.symbol] = held.get(lot.symbol, 0) + lot.quantity
    name = ""
    try:
        sheet = OrderSheet(
            plan="0" * 64,
            account=account.account,
            household=account.household,
            as_of=as_of,
            trades=(),
            positions=held,
            cash_before=account.cash,
        )
        broker: Broker = connect(sheet, is_only)[0]
        name = broker.name
        positions = {symbol: position.quantity for symbol, position in broker.positions().items()}
        lots, notes = _lots(account, broker, positions)
        return Reconciled(
            account=account.account,
            broker=name,
            differences=(
                *reconcile_account(account, positions=positions, cash=broker.account().cash),
                *lot_differences(account, lots),
            ),
            notes=notes,
        )
    except LotwrightError as error:
        return Reconciled(account=account.account, broker=name, trouble=str(error))


def _lots(
    account: Account, broker: Broker, positions: Mapping[str, Decimal]
) -> tuple[Mapping[str, Sequence[tuple[date, Decimal]]], tuple[str, ...]]:
    """The broker's own lots, where the law follows lots at all."""
    if account.kind.is_taxable and not LAWS[account.regime].has_terms:
        return {}, ("Lots not compared, because the law pools the shares of a security.",)
    return broker_lots(broker.fills(EVER), positions)


def _print(found: Sequence[Reconciled]) -> None:
    for each in found:
        typer.echo(f"{each.account} at {each.broker or 'no broker'}: {'agrees' if each.ok else 'DIFFERS'}")
        for difference in each.differences:
            typer.echo(f"  {difference}")
        for note in each.notes:
            typer.echo(f"  Note: {note}")
        if each.trouble:
            typer.echo(f"  Not compared: {each.trouble}")


def _json(each: Reconciled) -> dict[str, Any]:
    return {
        "account": each.account,
        "broker": each.broker,
        "ok": each.ok,
        "differences": [
            {"what": d.what, "expected": f"{d.expected:f}", "found": f"{d.found:f}"} for d in each.differences
        ],
        "notes": list(each.notes),
        "trouble": each.trouble,
    }
