"""Is every sale below a target made for a loss that is worth harvesting? Recomputed from the book, in ``Decimal``."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

from lotwright.book.holdings import ZERO, Lot
from lotwright.book.kinds import Rule
from lotwright.plan.replay import AccountReplay, Replay
from lotwright.plan.terms import Terms
from lotwright.plan.verify_limits import increment
from lotwright.plan.verify_text import dollars, plain, shares
from lotwright.plan.verify_ticket import NOISE, Ticket, is_loss

DEMANDS_SALES = frozenset({Rule.EXCLUDE, Rule.EXCLUDE_SECTOR, Rule.MAXIMUM_WEIGHT})


def harvest_faults(replay: Replay, terms: Terms) -> list[str]:
    """Sales that take a position with losses below its target by more shares than lots with a loss worth it hold."""
    return [
        fault
        for account in replay.accounts
        if account.account.kind.is_taxable
        for ticket in account.tickets
        if not ticket.is_buy and ticket.trade.symbol in account.held_before
        for fault in _fault(account, ticket, terms)
    ]


def _fault(account: AccountReplay, ticket: Ticket, terms: Terms) -> list[str]:
    symbol, price = ticket.trade.symbol, ticket.trade.price
    lots = [lot for lot in account.account.lots if lot.symbol == symbol]
    is_demanded = any(rule.rule in DEMANDS_SALES for rule in account.account.restrictions)
    if not any(is_loss(lot, price) for lot in lots) or (is_demanded and _is_restricted(account, symbol)):
        return []
    step = increment(account, terms)
    above = max(account.held_before[symbol] - _kept(account, symbol) / price, ZERO)
    whole = (above / step).to_integral_value(rounding=ROUND_CEILING) * step if terms.whole_shares else above
    worth = sum((lot.quantity for lot in lots if _is_worth(lot, price, account, terms)), ZERO)
    if ticket.trade.quantity <= whole + worth:
        return []
    said = (
        f"{account.account.account} sells {shares(ticket.trade.quantity)} of {symbol}, but only {plain(whole)} stand"
        f" above its target and only {plain(worth)} are in lots whose loss is worth harvesting (at least"
        f" {dollars(terms.harvest_dollars or ZERO)}). Sell no more than {plain(whole + worth)}."
    )
    return [said]


def _is_restricted(account: AccountReplay, symbol: str) -> bool:
    """True where a restriction that demands sales may be about the security; its own check judges how much."""
    return any(rule.rule in DEMANDS_SALES and rule.symbol in (symbol, None) for rule in account.account.restrictions)


def _is_worth(lot: Lot, price: Decimal, account: AccountReplay, terms: Terms) -> bool:
    own = account.account
    if own.harvest is False or not is_loss(lot, price):
        return False
    least = (terms.harvest_fraction or ZERO) if own.harvest_threshold is None else own.harvest_threshold
    loss = lot.basis - price * lot.quantity + NOISE
    return loss >= (terms.harvest_dollars or ZERO) and loss >= least * lot.basis


def _kept(account: AccountReplay, symbol: str) -> Decimal:
    """Dollars of the target that what must stay in cash leaves room for."""
    asked = sum(account.target.values(), ZERO)
    if asked <= 0 or account.value <= 0:
        return ZERO
    room = max(1 - max(account.account.minimum_cash, ZERO) / account.value, ZERO)
    return account.target.get(symbol, ZERO) * account.value * min(room / asked, Decimal(1))
