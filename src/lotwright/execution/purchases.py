"""Purchases within the cash that is there: never on margin, never with money that is still on its way."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from lotwright.book.kinds import Side
from lotwright.execution.broker import OrderRequest
from lotwright.execution.desk import Desk
from lotwright.execution.facts import Quote
from lotwright.execution.orders import OrderState, Phase, Withheld
from lotwright.execution.rules import limit_price, to_tick

ZERO = Decimal(0)


def cash_for_purchases(desk: Desk) -> Decimal:
    """Dollars that purchases may commit now: what is spendable, less what open purchases may still take."""
    facts = desk.read(desk.broker.account)
    committed = ZERO
    for state in desk.states.values():
        if state.trade.side is Side.BUY and state.phase in {Phase.OPEN, Phase.CANCELLING, Phase.DOUBT}:
            rest = state.rest if state.order is None or state.order.rest is None else state.order.rest
            committed += rest * _bound(desk, state)
    return min(facts.cash - committed, facts.spendable) - desk.around.rules.reserve


def _bound(desk: Desk, state: OrderState) -> Decimal:
    """The most a share of an order on its way may cost."""
    sent = desk.requests.get(desk.id_of(state))
    limit = (state.order.limit if state.order is not None else None) or (sent.limit if sent is not None else None)
    return limit if limit is not None else state.trade.price * (1 + desk.around.rules.collar)


def within_cash(desk: Desk, request: OrderRequest, quote: Quote, budget: Decimal) -> OrderRequest | None:
    """The request as cash allows it: as it is, with a lower limit that still reaches the ask, or not (yet)."""
    limit = request.limit or limit_price(Side.BUY, quote, desk.around.rules)
    if request.quantity * limit <= budget:
        return request
    if any(
        state.trade.side is Side.BUY and state.phase in {Phase.OPEN, Phase.CANCELLING, Phase.DOUBT}
        for state in desk.states.values()
    ):
        return None  # what is on its way may cost less than its limit: wait for it
    most = to_tick(max(budget, ZERO) / request.quantity, is_up=False)
    if request.limit is not None and quote.ask is not None and most >= quote.ask and request.quantity * most <= budget:
        return replace(request, limit=most)
    if _was_sent_elsewhere(desk):
        return None
    cost = request.quantity * limit
    why = f"{request.quantity:f} shares at up to {limit} cost ${cost:,.2f}; cash is ${budget:,.2f}"
    desk.tell(f"{request.side} {request.symbol}", Withheld(why=why))
    return None


def _was_sent_elsewhere(desk: Desk) -> bool:
    """True when another machine has sent one of these purchases since it was looked up: its money is on its way."""
    waiting = [key for key, s in desk.states.items() if s.trade.side is Side.BUY and s.phase is Phase.READY]
    for key in waiting:
        order = desk.look(key)
        if order is not None:
            desk.show(key, order)
    return any(desk.states[key].phase is not Phase.READY for key in waiting)
