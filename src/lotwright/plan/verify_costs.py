"""What a trade list costs, addend by addend, from exact products: read from terms, not from cost classes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

from lotwright.book.holdings import ZERO
from lotwright.book.kinds import Character
from lotwright.book.market import Market
from lotwright.plan.replay import AccountReplay
from lotwright.plan.result import TaxFigures
from lotwright.plan.terms import Terms
from lotwright.plan.verify_demands import demand_costs
from lotwright.plan.verify_evidence import Evidence
from lotwright.plan.verify_household import household_costs
from lotwright.plan.verify_ticket import Slice, Ticket, cents
from lotwright.plan.verify_tracking import tracking_cost
from lotwright.tax.regimes.plannable import YearSoFar
from lotwright.tax.year import YearTax


def cost_amounts(evidence: Evidence) -> Mapping[str, Decimal]:
    """Dollars of each cost the program has, in the order plans list them; their sum is what was posed."""
    replay, market, terms, tax = evidence.replay, evidence.market, evidence.terms, evidence.tax
    costs: dict[str, Decimal] = {}
    if terms.risk_price is not None:
        costs["tracking"] = tracking_cost(evidence.weights, risk_price=terms.risk_price)
    if terms.half_spread is not None:
        costs["half_spread"] = sum((ticket.half_spread for ticket in replay.tickets), ZERO)
    if terms.commission_per_ticket is not None or terms.commission_per_share is not None:
        costs["commission"] = sum((ticket.commission for ticket in replay.tickets), ZERO)
    if terms.ticket is not None:
        costs["ticket"] = terms.ticket * len(replay.tickets)
    if terms.substitution is not None:
        costs["substitution"] = sum((_substituted(account, terms) for account in replay.accounts), ZERO)
    if terms.carried_loss_value is not None:
        costs["tax"] = tax_cost(replay.taxed_slices, tax, carried_loss_value=terms.carried_loss_value)
    if terms.idle_cash is not None or terms.shortfall is not None:
        costs["idle_cash"] = sum((_cash_cost(account, terms) for account in replay.accounts), ZERO)
    if terms.market_impact is not None:
        costs["market_impact"] = sum((_impact(ticket, market, terms) for ticket in replay.tickets), ZERO)
    if terms.still_invested is not None:
        held = ((symbol, quantity) for account in replay.accounts for symbol, quantity in account.held.items())
        costs["still_invested"] = terms.still_invested * sum(
            (quantity * market.prices[symbol].price for symbol, quantity in held), ZERO
        )
    return {**costs, **household_costs(evidence), **demand_costs(evidence)}


TRADING_DAYS = 252


def _impact(ticket: Ticket, market: Market, terms: Terms) -> Decimal:
    """Coefficient times daily volatility times dollars times the root of their part of a day's volume."""
    price = market.prices[ticket.trade.symbol]
    if not price.adv_dollars:
        return ZERO
    annual = (terms.impact_volatility or ZERO) if price.volatility is None else price.volatility
    part = (ticket.value / (TRADING_DAYS * price.adv_dollars)).sqrt()
    return (terms.market_impact or ZERO) * annual * ticket.value * part


def _substituted(account: AccountReplay, terms: Terms) -> Decimal:
    """What buying declared stand-ins is charged: the price of standing in, and more for each rank below the first."""
    price, more = terms.substitution or ZERO, terms.substitution_per_rank
    return sum(
        (
            ticket.value * (price + more * (account.stand_ins[ticket.trade.symbol] - 1))
            for ticket in account.tickets
            if ticket.is_buy and account.is_stand_in(ticket.trade.symbol)
        ),
        ZERO,
    )


def _cash_cost(account: AccountReplay, terms: Terms) -> Decimal:
    above = account.exact_cash - account.cash_target
    if above >= 0:
        return above * (terms.idle_cash or ZERO)
    return -above * (terms.shortfall or ZERO)


def tax_cost(slices: Iterable[Slice], tax: YearSoFar, *, carried_loss_value: Decimal) -> Decimal:
    """The year's tax with the plan less without, each less what the losses it carries out are worth.

    A carried loss is worth a fraction of the rate on gains, and never more than deducting it this year would be.
    """
    worth = tax.loss_worth(carried_loss_value)

    def burden(year: YearTax) -> Decimal:
        return year.tax - worth * (year.carryforward_short + year.carryforward_long)

    short, long = _gains(slices, lambda piece: piece.gain)
    return burden(tax.outcome(short=short, long=long)) - burden(tax.outcome(short=ZERO, long=ZERO))


def tax_figures(slices: Iterable[Slice], tax: YearSoFar) -> TaxFigures:
    """This year's gains and tax as they will be reported: sums of the slices' cents."""
    short, long = _gains(slices, lambda piece: piece.cents_gain)
    year = tax.outcome(short=short, long=long)
    return TaxFigures(
        short_term_gain=short,
        long_term_gain=long,
        tax=cents(year.tax),
        tax_without_plan=cents(tax.outcome(short=ZERO, long=ZERO).tax),
        carryforward_short=cents(year.carryforward_short),
        carryforward_long=cents(year.carryforward_long),
    )


def _gains(slices: Iterable[Slice], gain: Callable[[Slice], Decimal]) -> tuple[Decimal, Decimal]:
    short = long = cents(ZERO)
    for piece in slices:
        if piece.character is Character.SHORT:
            short += gain(piece)
        else:
            long += gain(piece)
    return short, long
