"""The superficial loss, verified: no loss of the plan or of the last weeks is denied (ITA section 54; 40(2)(g)(i)).

A loss is superficial where someone of the household, registered plans included, acquired the property from 30 days
before to 30 days after and still holds it. Settlement counts, so trades a few days further apart are looked at too. What
passes here is denied to nobody: the plan buys nothing it loses on or lost on, and where something was bought before, the
household ends with none of what it sells at a loss.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from lotwright.book.holdings import ZERO, Household, Transaction
from lotwright.book.market import Market
from lotwright.plan.replay import AccountReplay, Replay
from lotwright.plan.result import Lock
from lotwright.plan.verify_pool import pooled_household
from lotwright.plan.verify_text import dollars, shares
from lotwright.plan.verify_ticket import Slice, is_loss

PERIOD = timedelta(days=34)
"""30 days by settlement: trade dates may lie four days further apart (T+2 across Christmas)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SuperficialLoss:
    """The rule for a person and the affiliates in the household."""

    household: Household
    market: Market
    holds: str = "No loss of this plan is superficial, and no buy makes an earlier one so."

    def held(self) -> Household:
        """Identical properties at their average cost."""
        return pooled_household(self.household, self.market)

    def faults(self, replay: Replay) -> list[str]:
        """Losses that something bought makes superficial."""
        losses = self._losses(replay)
        faults = []
        for group, pieces in sorted(losses.items()):
            bought = self._bought(group)
            kept = self._kept(replay, group)
            if bought is not None and kept > 0:
                faults += [
                    f"{self._what(piece)}, but some of it was bought on {bought} and {shares(kept)} are still held."
                    f" Sell all of it, or keep it until {bought + PERIOD} is over."
                    for piece in pieces
                ]
        for ticket in (ticket for ticket in replay.tickets if ticket.is_buy):
            trade, group = ticket.trade, self.market.group_of(ticket.trade.symbol)
            said = f"{shares(trade.quantity)} of {trade.symbol} are bought in {trade.account}"
            faults += [f"{self._what(piece)}, but {said}. Keep it or drop the buy." for piece in losses.get(group, ())]
            day = self._lost(group)
            if day is not None:
                faults.append(
                    f"{said}, but {group} was sold at a loss on {day} and may not be bought until {day + PERIOD} is over."
                    " Wait or buy a substitute."
                )
        return faults

    def sellable(self, account: AccountReplay, symbol: str) -> Decimal:
        """Everything, unless it is a loss, was bought lately, and the household holds it elsewhere too."""
        group, price = self.market.group_of(symbol), self.market.prices[symbol].price
        held = account.held_before.get(symbol, ZERO)
        loses = account.account.kind.is_taxable and any(
            is_loss(lot, price) for lot in account.account.lots if lot.symbol == symbol
        )
        places = {
            (lot.account, lot.symbol)
            for other in self.household.accounts
            for lot in other.lots
            if self.market.group_of(lot.symbol) == group
        }
        if not loses or self._bought(group) is None:
            return held
        elsewhere = len(places) > 1 or any(
            name != account.account.account or traded != symbol for name, traded in self._buyers(group)
        )
        return ZERO if elsewhere else held

    def new_locks(self, replay: Replay) -> tuple[Lock, ...]:
        """Losses of the plan."""
        return tuple(
            Lock(
                group=group,
                symbols=self._symbols(group),
                no_buy_until=self.market.as_of + PERIOD,
                because=f"This plan sells {', '.join(sorted({piece.lot.symbol for piece in pieces}))} at a loss of"
                f" {dollars(-sum((piece.gain for piece in pieces), ZERO))} on {self.market.as_of}.",
            )
            for group, pieces in sorted(self._losses(replay).items())
        )

    def running_locks(self) -> tuple[Lock, ...]:
        """Losses of the last weeks."""
        groups = {self.market.group_of(t.symbol) for a in self.household.accounts for t in a.transactions}
        found = [(group, day) for group in sorted(groups) if (day := self._lost(group)) is not None]
        return tuple(
            Lock(
                group=group,
                symbols=self._symbols(group),
                no_buy_until=day + PERIOD,
                because=f"{group} was sold at a loss on {day}; a purchase by anyone affiliated through {day + PERIOD} could"
                " make the loss superficial (ITA section 54).",
            )
            for group, day in found
        )

    def _what(self, piece: Slice) -> str:
        return f"{piece.lot.symbol} in {piece.lot.account} is sold at a loss of {dollars(-piece.gain)}"

    def _symbols(self, group: str) -> tuple[str, ...]:
        return tuple(sorted(symbol for symbol, name in self.market.identical.items() if name == group)) or (group,)

    def _losses(self, replay: Replay) -> dict[str, list[Slice]]:
        losses: dict[str, list[Slice]] = defaultdict(list)
        for piece in replay.taxed_losses:
            losses[self.market.group_of(piece.lot.symbol)].append(piece)
        return losses

    def _kept(self, replay: Replay, group: str) -> Decimal:
        """Shares of the group the household ends with."""
        return sum(
            (held for a in replay.accounts for symbol, held in a.held.items() if self.market.group_of(symbol) == group),
            ZERO,
        )

    def _recent(self, group: str) -> list[tuple[str, Transaction]]:
        return [
            (account.account, trade)
            for account in self.household.accounts
            for trade in account.transactions
            if self.market.group_of(trade.symbol) == group and trade.date <= self.market.as_of <= trade.date + PERIOD
        ]

    def _lots(self, group: str) -> list[tuple[str, str, date]]:
        return [
            (lot.account, lot.symbol, lot.acquired)
            for account in self.household.accounts
            for lot in account.lots
            if self.market.group_of(lot.symbol) == group and lot.acquired <= self.market.as_of <= lot.acquired + PERIOD
        ]

    def _buyers(self, group: str) -> set[tuple[str, str]]:
        """Accounts and symbols of recent acquisitions."""
        traded = {(name, trade.symbol) for name, trade in self._recent(group) if trade.action.is_purchase}
        return traded | {(name, symbol) for name, symbol, _ in self._lots(group)}

    def _bought(self, group: str) -> date | None:
        """Day of the last recent acquisition in any account, or None."""
        days = [trade.date for _, trade in self._recent(group) if trade.action.is_purchase]
        return max([*days, *(day for _, _, day in self._lots(group))], default=None)

    def _lost(self, group: str) -> date | None:
        """Day of the last recent sale at a loss in a taxable account, or None."""
        taxed = {account.account for account in self.household.accounts if account.kind.is_taxable}
        days = [
            trade.date
            for name, trade in self._recent(group)
            if name in taxed
            and not trade.action.is_purchase
            and (trade.realised_gain is None or -trade.realised_gain > trade.disallowed_loss)
        ]
        return max(days, default=None)
