"""Bed and breakfasting, verified: no sale of the plan is matched with anything but the pool (TCGA 1992 sections 105, 106A).

Read from the book's trades day by day: a day's purchases meet its sales first; what they leave over meets earlier sales
of the last 30 days, the oldest first; sales that nothing met are open until their thirtieth day is over. A plan must
not buy, in a taxable account, what it sells there or what is open, nor sell what more was bought of today than sold.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from lotwright.book.holdings import ZERO, Account, Household
from lotwright.book.market import Market
from lotwright.plan.replay import AccountReplay, Replay
from lotwright.plan.result import Lock
from lotwright.plan.verify_pool import pooled_household
from lotwright.plan.verify_text import plain, shares
from lotwright.plan.verify_ticket import Ticket

PERIOD = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class BedAndBreakfast:
    """The rule for one person's taxable accounts; ISAs and SIPPs trade as they like."""

    household: Household
    market: Market
    holds: str = "Every sale is from the pool: nothing is bought back that a sale of 30 days would be matched with."

    def held(self) -> Household:
        """Section 104 holdings."""
        return pooled_household(self.household, self.market)

    def faults(self, replay: Replay) -> list[str]:
        """Buys and sales that would be matched with each other or with earlier trades."""
        sales = {group for group, ticket in self._taxed(replay) if not ticket.is_buy}
        faults = []
        for group, ticket in self._taxed(replay):
            trade = ticket.trade
            what = f"{shares(trade.quantity)} of {trade.symbol}"
            opened, today = self._state(group)
            if ticket.is_buy and group in sales:
                faults.append(
                    f"{what} are bought in {trade.account} on the day {group} is sold: the sale would be matched with them"
                    " and not with the pool. Drop the buy or the sale."
                )
            if ticket.is_buy and opened:
                day, left = max(opened.items())
                faults.append(
                    f"{what} are bought in {trade.account}, but {plain(left)} of {group} sold on {day} would be matched with"
                    f" them until {day + PERIOD} is over. Wait or buy a substitute."
                )
            if not ticket.is_buy and today > 0:
                faults.append(
                    f"{what} are sold in {trade.account}, but {plain(today)} of {group} were bought today and would be"
                    " matched with the sale. Sell from tomorrow."
                )
        return faults

    def sellable(self, account: AccountReplay, symbol: str) -> Decimal:
        """Everything, or nothing of what was bought today."""
        _, today = self._state(self.market.group_of(symbol))
        barred = account.account.kind.is_taxable and today > 0
        return ZERO if barred else account.held_before.get(symbol, ZERO)

    def new_locks(self, replay: Replay) -> tuple[Lock, ...]:
        """Everything this plan sells in a taxable account, at a gain or a loss."""
        until = self.market.as_of + PERIOD
        sold: dict[str, set[str]] = defaultdict(set)
        for group, ticket in self._taxed(replay):
            if not ticket.is_buy:
                sold[group].add(ticket.trade.symbol)
        return tuple(
            Lock(
                group=group,
                symbols=self._symbols(group),
                no_buy_until=until,
                because=f"This plan sells {', '.join(sorted(symbols))} on {self.market.as_of}; shares bought back in a taxable"
                " account within 30 days would be matched with the sale.",
            )
            for group, symbols in sorted(sold.items())
        )

    def running_locks(self) -> tuple[Lock, ...]:
        """Sales of the last 30 days that no purchase has met."""
        groups = {self.market.group_of(t.symbol) for a in self._accounts() for t in a.transactions}
        locks = []
        for group in sorted(groups):
            opened, _ = self._state(group)
            if opened:
                day, left = max(opened.items())
                locks.append(
                    Lock(
                        group=group,
                        symbols=self._symbols(group),
                        no_buy_until=day + PERIOD,
                        because=f"{shares(left)} of {group} sold on {day} are not matched yet; shares bought in a taxable"
                        f" account through {day + PERIOD} would be identified with them (TCGA 1992 section 106A).",
                    )
                )
        return tuple(locks)

    def _accounts(self) -> Iterator[Account]:
        return (account for account in self.household.accounts if account.kind.is_taxable)

    def _taxed(self, replay: Replay) -> Iterator[tuple[str, Ticket]]:
        for account in replay.accounts:
            if account.account.kind.is_taxable:
                for ticket in account.tickets:
                    yield self.market.group_of(ticket.trade.symbol), ticket

    def _symbols(self, group: str) -> tuple[str, ...]:
        return tuple(sorted(symbol for symbol, name in self.market.identical.items() if name == group)) or (group,)

    def _state(self, group: str) -> tuple[dict[date, Decimal], Decimal]:
        """Open shares by day of sale, and shares bought today beyond what was sold today."""
        net: dict[date, Decimal] = defaultdict(lambda: ZERO)
        told = ZERO
        for trade in (t for a in self._accounts() for t in a.transactions if self.market.group_of(t.symbol) == group):
            if trade.date <= self.market.as_of:
                net[trade.date] += trade.quantity if trade.action.is_purchase else -trade.quantity
                told += trade.quantity if trade.action.is_purchase and trade.date == self.market.as_of else ZERO
        untold = self._lots_of_today(group) - told
        net[self.market.as_of] += max(untold, ZERO)
        opened: dict[date, Decimal] = {}
        for day in sorted(net):
            opened = {sold: left for sold, left in opened.items() if sold + PERIOD >= day}
            bought = net[day]
            for sold in sorted(opened):
                met = min(max(bought, ZERO), opened[sold])
                bought -= met
                opened[sold] -= met
            if bought < 0:
                opened[day] = -bought
        return {day: left for day, left in opened.items() if left > 0}, max(net[self.market.as_of], ZERO)

    def _lots_of_today(self, group: str) -> Decimal:
        lots = (lot for account in self._accounts() for lot in account.lots if lot.acquired == self.market.as_of)
        return sum((lot.quantity for lot in lots if self.market.group_of(lot.symbol) == group), ZERO)
