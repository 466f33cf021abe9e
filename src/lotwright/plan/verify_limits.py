"""Does the plan keep the program's limits: whole shares, minimum ticket, cash, holdings, the client's restrictions?"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from lotwright.book.holdings import ZERO, Restriction
from lotwright.book.kinds import Rule
from lotwright.book.market import Market
from lotwright.plan.replay import AccountReplay, Replay
from lotwright.plan.terms import Terms
from lotwright.plan.verify_evidence import is_never_sold
from lotwright.plan.verify_law import BuyBackRule
from lotwright.plan.verify_text import dollars, noun, plain, shares
from lotwright.plan.verify_ticket import CENT, Ticket

BARS_BUYS = frozenset({Rule.NO_BUY, Rule.NO_TRADE, Rule.EXCLUDE, Rule.EXCLUDE_SECTOR})
BARS_SALES = frozenset({Rule.NO_SELL, Rule.NO_TRADE})
SETS_CEILING = frozenset({Rule.EXCLUDE, Rule.EXCLUDE_SECTOR, Rule.MAXIMUM_WEIGHT})


def increment(account: AccountReplay, terms: Terms) -> Decimal:
    """Smallest step of an order in this account, in shares."""
    return terms.fractional_increment if account.account.fractional else Decimal(1)


def closes_position(account: AccountReplay, ticket: Ticket) -> bool:
    """True for a sale of everything the account holds of the security, odd remainder included."""
    return not ticket.is_buy and ticket.trade.quantity == account.held_before.get(ticket.trade.symbol, ZERO)


def share_faults(replay: Replay, terms: Terms) -> list[str]:
    """Orders that are no multiple of what the account can trade, unless they close a position."""
    return [
        f"The {noun(ticket.trade.side)} of {shares(ticket.trade.quantity)} of {ticket.trade.symbol} in"
        f" {account.account.account} is no multiple of {plain(increment(account, terms))}, the account's smallest step."
        " Round the order or close the position."
        for account in replay.accounts
        for ticket in account.tickets
        if ticket.trade.quantity % increment(account, terms) and not closes_position(account, ticket)
    ] + [
        f"The {noun(ticket.trade.side)} of {ticket.trade.symbol} in {account.account.account} is worth"
        f" {dollars(ticket.value)}, less than the {dollars(least)} the broker takes in accounts that trade fractions."
        " Drop it or make it larger."
        for account in replay.accounts
        for ticket in account.tickets
        if account.account.fractional
        and ticket.value < (least := terms.minimum_notional or ZERO)
        and not closes_position(account, ticket)
    ]


def ticket_faults(replay: Replay, minimum: Decimal) -> list[str]:
    """Orders smaller than the minimum ticket, unless they close a position."""
    return [
        f"The {noun(ticket.trade.side)} of {ticket.trade.symbol} in {account.account.account} is worth"
        f" {dollars(ticket.value)}, less than the minimum ticket of {dollars(minimum)}. Drop it or make it larger."
        for account in replay.accounts
        for ticket in account.tickets
        if ticket.value < minimum and not closes_position(account, ticket)
    ]


def cash_faults(replay: Replay) -> list[str]:
    """Accounts whose cash ends below what must remain; cash is never negative whatever the book says."""
    return [
        f"{account.account.account} ends with {dollars(account.cash.after)} in cash, below the {dollars(floor)} that"
        f" must remain. Raise {dollars(floor - account.cash.after)} more or buy less."
        for account in replay.accounts
        if account.cash.after < (floor := max(account.account.minimum_cash, ZERO))
    ]


def holding_faults(replay: Replay) -> list[str]:
    """Positions sold below nothing, and buys of what the account neither holds nor targets nor may stand in."""
    strange = [
        f"{account.account.account} buys {ticket.trade.symbol}, which it neither holds nor targets and which is no"
        " declared substitute of a target. Drop the buy."
        for account in replay.accounts
        for ticket in account.tickets
        if ticket.is_buy
        and ticket.trade.symbol not in account.held_before
        and ticket.trade.symbol not in account.target
        and ticket.trade.symbol not in account.stand_ins
    ]
    return strange + [
        f"{account.account.account} sells {shares(account.held_before.get(symbol, ZERO) - quantity)} of {symbol}"
        f" but holds {plain(account.held_before.get(symbol, ZERO))}. Reduce the sale."
        for account in replay.accounts
        for symbol, quantity in sorted(account.held.items())
        if quantity < 0
    ]


def restriction_faults(replay: Replay, *, market: Market, buying_back: BuyBackRule | None, terms: Terms) -> list[str]:
    """Restrictions of clients that the plan breaks.

    A ceiling (exclusion, maximum weight) asks for the sale down to it, unless that sale is itself barred: by
    ``no_sell``, ``no_trade``, or by the rule on ``buying_back`` (``None`` where the program has no wash-sale limit). Buys
    are never excused.
    """
    return [
        fault
        for account in replay.accounts
        for restriction in account.account.restrictions
        for symbol in _restricted(restriction, account, market)
        for fault in _broken(restriction, account, symbol=symbol, market=market, buying_back=buying_back, terms=terms)
    ]


def _restricted(restriction: Restriction, account: AccountReplay, market: Market) -> tuple[str, ...]:
    """The securities of the account that a restriction is about."""
    if restriction.rule is Rule.EXCLUDE_SECTOR:
        return tuple(symbol for symbol in account.symbols if market.prices[symbol].sector == restriction.sector)
    return tuple(symbol for symbol in account.symbols if symbol == restriction.symbol)


def _broken(
    restriction: Restriction,
    account: AccountReplay,
    *,
    symbol: str,
    market: Market,
    buying_back: BuyBackRule | None,
    terms: Terms,
) -> list[str]:
    rule, name = _named(restriction), account.account.account
    traded = [ticket for ticket in account.tickets if ticket.trade.symbol == symbol]
    buys = any(ticket.is_buy for ticket in traded)
    sells = any(not ticket.is_buy for ticket in traded)
    if restriction.rule in BARS_BUYS and buys:
        return [f"{symbol} is bought in {name} against {rule}. Drop the buy."]
    if restriction.rule in BARS_SALES and sells:
        return [f"{symbol} is sold in {name} against {rule}. Drop the sale."]
    if restriction.rule not in SETS_CEILING:
        return []
    price = market.prices[symbol].price
    held, ceiling = account.held.get(symbol, ZERO), _ceiling(restriction, account)
    kept = ceiling + (CENT if restriction.rule is Rule.MAXIMUM_WEIGHT else ZERO)
    if held * price <= kept:
        return []
    due = account.held_before.get(symbol, ZERO) - kept / price
    if not buys and not may_sell(account, symbol, quantity=due, market=market, buying_back=buying_back, terms=terms):
        return []
    worth = dollars(held * price)
    return [
        f"{name} still holds {shares(held)} of {symbol} worth {worth} against {rule}. Sell down to {dollars(ceiling)}."
    ]


def _named(restriction: Restriction) -> str:
    """The restriction as a person wrote it: ``maximum_weight AAPL:0.10``."""
    what = restriction.sector if restriction.rule is Rule.EXCLUDE_SECTOR else restriction.symbol
    weight = "" if restriction.weight is None else f":{plain(restriction.weight)}"
    return f"the restriction {restriction.rule} {what}{weight}"


def _ceiling(restriction: Restriction, account: AccountReplay) -> Decimal:
    """Dollars that may remain: none of what is excluded."""
    return ZERO if restriction.weight is None else max(restriction.weight * account.value, ZERO)


def may_sell(
    account: AccountReplay,
    symbol: str,
    *,
    quantity: Decimal,
    market: Market,
    buying_back: BuyBackRule | None,
    terms: Terms,
) -> bool:
    """Whether the account could have sold ``quantity`` shares of ``symbol`` within every rule that bars sales."""
    if any(rule.rule in BARS_SALES and rule.symbol == symbol for rule in account.account.restrictions):
        return False
    if is_never_sold(symbol, terms=terms, market=market):
        return False
    held = account.held_before.get(symbol, ZERO)
    free = held if buying_back is None else buying_back.sellable(account, symbol)
    if free == held:
        return True
    step = increment(account, terms) if terms.whole_shares else ZERO
    if step:
        quantity = step * (quantity / step).to_integral_value(rounding=ROUND_CEILING)
        free = step * (free / step).to_integral_value(rounding=ROUND_FLOOR)
    return free >= quantity and free * market.prices[symbol].price >= (terms.minimum_ticket or ZERO)
