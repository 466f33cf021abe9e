"""The household a year after a plan was carried out: what a staged transition plans next.

Prices are held: what is shown is what the plan does, not what markets might. Lots are a year older, so that what was
short-term is long-term; the year's gains start at zero; losses that the plan carried out come in; every window is over.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from lotwright.book.events import Buy, Event, Sell
from lotwright.book.holdings import ZERO, Account, Household
from lotwright.book.kinds import Side
from lotwright.book.ledger import fold
from lotwright.book.market import Market
from lotwright.book.trades import Trade
from lotwright.plan.result import HouseholdPlan


def year_later(household: Household, market: Market, plan: HouseholdPlan) -> tuple[Household, Market]:
    """The household and the market a year after ``plan`` was carried out at its prices.

    Parameters
    ----------
    household, market : what ``plan`` was made from
    plan : HouseholdPlan
        One that is no failure.
    """
    events: list[Event] = [_event(trade, market.as_of) for trade in plan.trades]
    done = fold(household, events).household
    day = _a_year_after(market.as_of)
    moved = replace(
        market, as_of=day, prices={symbol: replace(row, as_of=day) for symbol, row in market.prices.items()}
    )
    taxed = next((account.account for account in done.accounts if account.kind.is_taxable), None)
    accounts = tuple(_into_next_year(account, plan, carries=account.account == taxed) for account in done.accounts)
    return replace(done, accounts=accounts), moved


def _event(trade: Trade, when: date) -> Event:
    if trade.side is Side.SELL:
        lots = tuple((sale.lot, sale.quantity) for sale in trade.lots)
        return Sell(
            account=trade.account,
            date=when,
            symbol=trade.symbol,
            quantity=trade.quantity,
            price=trade.price,
            lots=lots,
            key=f"plan-{when.isoformat()}",
        )
    name = f"{trade.symbol}-plan-{when.isoformat()}"
    return Buy(
        account=trade.account,
        date=when,
        symbol=trade.symbol,
        lot=name,
        quantity=trade.quantity,
        price=trade.price,
        purchase=name,
    )


def _into_next_year(account: Account, plan: HouseholdPlan, *, carries: bool) -> Account:
    """One account with the plan's cash, no flows waiting, no gains yet; the losses carried in stand in one account."""
    tax = plan.tax
    return replace(
        account,
        cash=plan.cash[account.account].after,
        cashflows=(),
        realised_short=ZERO,
        realised_long=ZERO,
        carryforward_short=tax.carryforward_short if carries and tax is not None else Decimal(0),
        carryforward_long=tax.carryforward_long if carries and tax is not None else Decimal(0),
    )


def _a_year_after(day: date) -> date:
    """The same day of the next year; 28 February after a leap day."""
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return day.replace(year=day.year + 1, day=28)
