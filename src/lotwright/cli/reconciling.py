"""``lotwright reconcile``: what a broker holds against a book or a plan, every difference by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import typer

from lotwright.book.holdings import Account
from lotwright.cli.after_fills import accounts_of
from lotwright.cli.call import Call
from lotwright.cli.carried_report import print_reports
from lotwright.cli.reaching import Connect, connector
from lotwright.cli.sheets import read_documents, sheets_of
from lotwright.cli.simulating import check_simulated
from lotwright.cli.under_lock import execute, rules_in
from lotwright.cli.writing import write_json
from lotwright.errors import BookError, LotwrightError, PlanError
from lotwright.execution.booking import lot_differences, position_of, reconcile_account
from lotwright.execution.broker import Broker
from lotwright.execution.broker_lots import broker_lots
from lotwright.execution.carry_out import look
from lotwright.execution.desk import Surroundings
from lotwright.execution.in_blocks import NAME, in_blocks
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


def reconcile(call: Call) -> int:
    """Compare, print, and return 0 when nothing differs, else 1.

    Raises
    ------
    LotwrightError
        The call is wrong, or what is named does not read.
    """
    if call.broker == "csv":
        raise PlanError(
            "A custodian that takes files is not asked: execute with --fills says what its fills leave open."
        )
    if any((call.plan / f"accounts.{ending}").exists() for ending in ("csv", "parquet")):
        return _with_book(call)
    return _with_plan(call)


def _with_plan(call: Call) -> int:
    documents = read_documents(call.plan, households=call.households or None)
    sheets = [s for d in documents for s in sheets_of(d) if not call.accounts or s.account in call.accounts]
    wanted = [in_blocks(sheets).sheet] if call.is_in_blocks else sheets
    connect = connector(call, {})

    def run(sheet: OrderSheet, around: Surroundings, is_only: bool) -> RunReport:
        check_simulated(call, sheet.account)
        broker, numbers = connect(sheet, is_only)
        return look(sheet, broker, around, numbers=numbers)

    reports = execute(wanted, call, run, rules=rules_in(call.state, call.rules))
    if call.json_path is not None:
        write_json(call.json_path, [report_to_json(report) for report in reports])
    if call.json_path != "-":
        print_reports(reports)
    return 0 if all(report.is_done for report in reports) else 1


def _with_book(call: Call) -> int:
    from lotwright.files.books import read_book

    book = read_book(call.plan, households=call.households or None, dated_to=date.max)  # prices are of no matter
    chosen = {name: a for name, a in accounts_of(book).items() if not call.accounts or name in call.accounts}
    unknown = call.accounts - chosen.keys()
    if unknown or not chosen:
        raise BookError(f"{call.plan} has no sound account {', '.join(sorted(unknown)) or 'at all'}. Name one it has.")
    wanted = [_all_in_one(list(chosen.values()))] if call.is_in_blocks else list(chosen.values())
    connect = connector(call, chosen)
    found = [_account(account, book.market.as_of, call, connect, is_only=len(wanted) == 1) for account in wanted]
    if call.json_path is not None:
        write_json(call.json_path, [_json(each) for each in found])
    if call.json_path != "-":
        _print(found)
    return 0 if all(each.ok for each in found) else 1


def _all_in_one(accounts: Sequence[Account]) -> Account:
    """The account that holds all the others: their cash and lots together."""
    lots = tuple(lot for account in accounts for lot in account.lots)
    return replace(accounts[0], account=NAME, cash=sum((each.cash for each in accounts), Decimal(0)), lots=lots)


def _account(account: Account, as_of: date, call: Call, connect: Connect, *, is_only: bool) -> Reconciled:
    sheet = OrderSheet(
        plan="0" * 64,
        account=account.account,
        household=account.household,
        as_of=as_of,
        trades=(),
        positions=position_of(account),
        cash_before=account.cash,
    )
    name = ""
    try:
        check_simulated(call, account.account)
        broker, numbers = connect(sheet, is_only)
        name, facts = broker.name, broker.account()
        if numbers is not None and facts.number not in numbers:
            raise PlanError(
                f"The broker's account is {facts.number}; those that may be used: {', '.join(sorted(numbers))}."
            )
        positions = {symbol: position.quantity for symbol, position in broker.positions().items()}
        lots, notes = _lots(account, broker, positions)
        return Reconciled(
            account=account.account,
            broker=name,
            differences=(
                *reconcile_account(account, positions=positions, cash=facts.cash),
                *lot_differences(account, lots),
            ),
            notes=notes,
        )
    except LotwrightError as error:
        return Reconciled(account=account.account, broker=name, trouble=str(error))


def _lots(
    account: Account, broker: Broker, positions: Mapping[str, Decimal]
) -> tuple[Mapping[str, Sequence[tuple[date, Decimal]]], tuple[str, ...]]:
    """The broker's own lots, where they can be held against the book's."""
    if account.account == NAME:
        return {}, ("Lots not compared: those of one account that holds many are not the accounts' own.",)
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
