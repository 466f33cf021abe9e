"""What a person reads in a terminal: one household in full, several as a table; plain text when piped."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from lotwright.book.kinds import Side
from lotwright.book.trades import Trade
from lotwright.cli.several import print_several
from lotwright.cli.words import (
    counted,
    drift_lines,
    gap_sentence,
    lock_lines,
    locked_for,
    lot_line,
    not_done_heading,
    tax_rows,
    tax_sentence,
    tax_year_of,
    total_sentence,
)
from lotwright.plan.currency import in_currency
from lotwright.plan.result import HouseholdPlan, TaxFigures
from lotwright.plan.words import day, money, percent, plain, weights
from lotwright.risk.model import RiskModel

PIPED_WIDTH = 110
NARROW = 76
"""Columns under which a trade's sentence goes below its figures instead of beside them."""
ROWS_OF_DRIFT = 12


def print_plans(plans: Sequence[HouseholdPlan]) -> None:
    """Print one plan in full, or a line for each of several."""
    with plain_when_piped() as console:
        if len(plans) > 1:
            print_several(console, plans)
        elif plans and plans[0].failure is None:
            with in_currency(plans[0].regime):
                print_plan(console, plans[0])


@contextmanager
def plain_when_piped() -> Iterator[Console]:
    """Standard output; where it is no terminal, a width that suits a file, and no blanks at the ends of lines."""
    console = Console(highlight=False, markup=False, emoji=False)
    if console.is_terminal:
        yield console
        return
    if "COLUMNS" not in os.environ:
        console.width = PIPED_WIDTH
    with console.capture() as captured:
        yield console
    sys.stdout.write("".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()))


def print_plan(console: Console, plan: HouseholdPlan) -> None:
    """Everything about one household's plan, the trades first."""
    accounts = counted(len(plan.cash), "account")
    console.print(Text(f"{plan.household}, {money(plan.value)} in {accounts}", style="bold"))
    console.print(f"As of {day(plan.as_of)}, program {plan.program}.")
    _trades(console, plan)
    _cash(console, plan)
    if plan.tax is not None:
        _tax(console, plan, plan.tax)
    _tracking(console, plan)
    _costs(console, plan)
    _wash_sales(console, plan)
    _explanation(console, plan)
    _checks(console, plan)


def print_risk(model: RiskModel) -> None:
    """What kind of model it is, and each symbol's volatility."""
    with plain_when_piped() as console:
        _risk(console, model)


def _risk(console: Console, model: RiskModel) -> None:
    count, factors = model.exposure.shape
    console.print(
        f"Risk model {model.kind}: {counted(count, 'symbol')}, {counted(factors, 'common factor')}; annual figures."
    )
    common = (model.exposure**2).sum(axis=1)
    table = _table("symbol", "volatility", "common", "its own", right=(1, 2, 3))
    for row, symbol in enumerate(model.symbols):
        parts = (common[row] + model.specific[row], common[row], model.specific[row])
        table.add_row(symbol, *(percent(float(part) ** 0.5) for part in parts))
    console.print(table)
    for note in model.notes.values():
        console.print(note)


def _heading(console: Console, text: str) -> None:
    console.print()
    console.print(Text(text, style="bold"))


def _table(*names: str, right: Sequence[int] = ()) -> Table:
    """A table without lines, its numbers on the right."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for place, name in enumerate(names):
        table.add_column(name, justify="right" if place in right else "left", overflow="fold")
    return table


def _indented(console: Console, table: Table) -> None:
    console.print(Padding(table, (0, 0, 0, 2)))


# Trades


def _trades(console: Console, plan: HouseholdPlan) -> None:
    if not plan.trades:
        _heading(console, "Nothing to do: no trade is worth what it costs.")
        return
    sales = sum(trade.side is Side.SELL for trade in plan.trades)
    parts = f"{counted(sales, 'sale')}, {counted(len(plan.trades) - sales, 'buy')}"
    _heading(console, f"{counted(len(plan.trades), 'trade')}: {parts}")
    for account in sorted({trade.account for trade in plan.trades}):
        console.print(Text(account, style="bold dim"))
        own = [trade for trade in plan.trades if trade.account == account]
        narrow = console.width < NARROW
        table = Table.grid(padding=(0, 2, 0, 0))
        for justify in ("left", "right", "left", "right"):
            table.add_column(justify=justify, no_wrap=True)
        if not narrow:
            table.add_column(overflow="fold")
        for trade in own:
            head = (_side(trade), plain(trade.quantity), Text(trade.symbol, style="bold"), money(trade.value))
            if narrow:
                alone = Table.grid(padding=(0, 2, 0, 0))
                alone.add_row(*head)
                _indented(console, alone)
                console.print(Padding(_story(trade), (0, 0, 0, 4)))
            else:
                table.add_row(*head, _story(trade))
        if not narrow:
            _indented(console, table)


def _side(trade: Trade) -> Text:
    return Text("Sell", style="red") if trade.side is Side.SELL else Text("Buy", style="green")


def _story(trade: Trade) -> Text:
    """The sentence, and a line for each lot that leaves."""
    text = Text(trade.reason)
    for sale in trade.lots:
        text.append("\n" + lot_line(sale), style="dim")
    return text


# Figures


def _cash(console: Console, plan: HouseholdPlan) -> None:
    _heading(console, "Cash, pending deposits and withdrawals included")
    table = _table("account", "before", "after", right=(1, 2))
    for name, cash in sorted(plan.cash.items()):
        table.add_row(name, money(cash.before), money(cash.after))
    _indented(console, table)


def _tax(console: Console, plan: HouseholdPlan, tax: TaxFigures) -> None:
    _heading(console, tax_year_of(plan))
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(overflow="fold")
    table.add_column(justify="right", no_wrap=True)
    for words, amount in tax_rows(plan, tax):
        table.add_row(words, money(amount))
    _indented(console, table)
    console.print(Padding(tax_sentence(tax), (0, 0, 0, 2)))


def _tracking(console: Console, plan: HouseholdPlan) -> None:
    if plan.tracking is None:
        return
    _heading(console, "Away from the model portfolio")
    error = plan.tracking
    idle = ""
    if abs(error.do_nothing - error.before) >= 0.00005:
        idle = f" ({percent(error.do_nothing, 2)} with the cash flows alone)"
    said = f"Tracking error {percent(error.before, 2)} a year before{idle}, {percent(error.after, 2)} after."
    console.print(Padding(said, (0, 0, 0, 2)))
    rows, left = drift_lines(plan, ROWS_OF_DRIFT)
    table = _table("account", "symbol", "target", "before", "after", right=(2, 3, 4))
    for row in rows:
        table.add_row(row.account, row.symbol, *weights(row.target, row.before, row.after))
    _indented(console, table)
    if left:
        console.print(Padding(f"and {left} more that were closer to their targets.", (0, 0, 0, 2)))


def _costs(console: Console, plan: HouseholdPlan) -> None:
    if plan.objective is None:
        return
    _heading(console, "What this plan costs, a dollar of risk, trading and tax alike")
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(overflow="fold")
    for line in plan.costs:
        table.add_row(line.name.replace("_", " "), money(line.dollars), Text(line.text, style="dim"))
    table.add_row(Text("in all", style="bold"), Text(money(plan.objective.posed), style="bold"), total_sentence(plan))
    _indented(console, table)
    console.print()
    console.print(Text(gap_sentence(plan.objective), style="bold"))


def _wash_sales(console: Console, plan: HouseholdPlan) -> None:
    if plan.wash_sales.locks:
        _heading(console, f"Locked: {locked_for(plan)} may buy")
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(overflow="fold", max_width=max(console.width // 3, 12))
        table.add_column(overflow="fold")
        for symbols, because in lock_lines(plan.wash_sales.locks):
            table.add_row(Text(symbols, style="bold"), because)
        _indented(console, table)
    if plan.wash_sales.kept:
        _heading(console, "Kept by a rule")
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(no_wrap=True)
        table.add_column(overflow="fold")
        for kept in plan.wash_sales.kept:
            table.add_row(Text(kept.symbol, style="bold"), kept.because)
        _indented(console, table)


def _explanation(console: Console, plan: HouseholdPlan) -> None:
    """Why not, and what the limits cost, where it was asked for."""
    if plan.explanation is None:
        return
    if plan.explanation.not_done:
        _heading(console, "Not done, and why")
        for one in plan.explanation.not_done:
            console.print(Padding(Text(not_done_heading(one), style="bold"), (0, 0, 0, 2)))
            console.print(Padding(one.because, (0, 0, 0, 4)))
    if plan.explanation.limit_prices:
        _heading(console, "What the limits cost")
        for price in plan.explanation.limit_prices:
            console.print(Padding(price.text, (0, 0, 0, 4), expand=False))


def _checks(console: Console, plan: HouseholdPlan) -> None:
    _heading(console, "Verified")
    failed = [check for check in plan.checks if not check.ok]
    for check in failed:
        console.print(Padding(Text(f"{check.name}: {check.text}", style="red"), (0, 0, 0, 2)))
    if not failed:
        said = f"All {len(plan.checks)} checks passed: the trades were carried out on the book again, lot by lot."
        console.print(Padding(said, (0, 0, 0, 2)))
    for note in plan.notes:
        console.print(Padding(f"Note: {note}", (0, 0, 0, 2)))
