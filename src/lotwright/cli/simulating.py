"""A broker of our own for one account, kept in the state folder: to try everything without an account anywhere."""

from __future__ import annotations

from datetime import datetime, time
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from lotwright.book.holdings import Account
from lotwright.cli.call import Call
from lotwright.errors import PlanError, StateError
from lotwright.execution.booking import position_of
from lotwright.execution.broker import Broker
from lotwright.execution.sheet import OrderSheet, file_name
from lotwright.execution.simulated import SimulatedBroker

NEW_YORK = ZoneInfo("America/New_York")
FOLDER = "simulated"
OPENS = time(10, 0)


def simulated_broker(sheet: OrderSheet, state: Path, account: Account | None, *, keeps: bool) -> Broker:
    """The simulated account of a sheet: opened with what the plan was made from, on the plan's day, at its prices.

    A later plan of the same account finds it as the earlier one left it. A dry run keeps nothing.

    Raises
    ------
    StateError
        Neither the plan nor the book says what the account holds.
    """
    positions = position_of(account) if sheet.positions is None and account is not None else sheet.positions
    cash = account.cash if account is not None else sheet.cash_before
    if positions is None or cash is None:
        raise StateError(
            f"The plan does not say what {sheet.account} holds, so no account can be simulated. Name the book: --book BOOK."
        )
    path = _path(state, sheet.account)
    prices = {trade.symbol: trade.price for trade in sheet.trades}
    return SimulatedBroker.open(
        path if keeps or path.exists() else None,
        number=f"SIM-{sheet.account}",
        positions=positions,
        cash=cash,
        prices={symbol: prices.get(symbol, Decimal(1)) for symbol in {*positions, *prices}},
        now=datetime.combine(sheet.as_of, OPENS, NEW_YORK),
        speed=1.0,
    )


def check_simulated(call: Call, account: str) -> None:
    """Refuse to compare with a simulated account that no execution has opened: it would be what it is compared with.

    Raises
    ------
    PlanError
        There is none of that name.
    """
    if call.broker == "simulated" and call.url is None and not _path(call.state, account).exists():
        raise PlanError(
            f"No simulated account {account} is in {call.state}: nothing was carried out for it there. Execute first, and "
            "name --blocks here where it was named there."
        )


def _path(state: Path, account: str) -> Path:
    return state / FOLDER / f"{file_name(account)}.jsonl"
