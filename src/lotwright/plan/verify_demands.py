"""Does the plan keep the program's further limits? Each recomputed in ``Decimal`` from the book and the replay.

A rule here is a function of one :class:`~lotwright.plan.terms.Demand` that yields, for everything the demand is broken by,
an amount (dollars, or the rule's own unit) and a sentence. As a limit, what exceeds a cent is a fault; as a cost, the
amounts are charged at the demand's price.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from decimal import Decimal

from lotwright.book.holdings import ZERO
from lotwright.book.kinds import Character, Relief
from lotwright.plan.result import Check
from lotwright.plan.terms import Demand
from lotwright.plan.verify_bands import band_breaks
from lotwright.plan.verify_evidence import Break, Evidence, named
from lotwright.plan.verify_text import dollars, finding, noun, plain, shares
from lotwright.plan.verify_ticket import CENT, Slice
from lotwright.plan.verify_tracking import tracking
from lotwright.plan.verify_weights import employer_breaks, exclusion_breaks, group_breaks, position_breaks
from lotwright.tax.holding import long_term_from

VOLATILITY = Decimal("0.00000001")
"""Annual volatility by which floats may miss a ceiling."""


def demand_checks(evidence: Evidence) -> tuple[Check, ...]:
    """One check for each demand that is a limit."""
    return tuple(
        finding(demand.label, [text for _, text in _broken(demand, evidence)], holds=_HOLDS[demand.kind])
        for demand in evidence.terms.demands
        if demand.price is None
    )


def demand_costs(evidence: Evidence) -> Mapping[str, Decimal]:
    """Dollars of each demand that is a cost, by name."""
    return {
        f"soft_{demand.label}": demand.price
        * sum((amount for amount, _ in _SOFT.get(demand.kind, _RULES[demand.kind])(demand, evidence)), ZERO)
        for demand in evidence.terms.demands
        if demand.price is not None
    }


def _broken(demand: Demand, evidence: Evidence) -> list[Break]:
    allowed = VOLATILITY if demand.kind == "tracking_error" else CENT
    return [found for found in _RULES[demand.kind](demand, evidence) if found[0] > allowed]


def _gain_budget(demand: Demand, evidence: Evidence) -> Iterator[Break]:
    """What the year has realised counts; a budget used up allows no further gain but asks for no loss."""
    gain = {Character.SHORT: ZERO, Character.LONG: ZERO}
    for piece in evidence.replay.taxed_slices:
        gain[piece.character] += piece.gain
    short, long = gain[Character.SHORT], gain[Character.LONG]
    taxed = [account.account for account in evidence.replay.accounts if account.account.kind.is_taxable]
    so_far = {"short": sum((account.realised_short for account in taxed), ZERO)}
    so_far["net"] = so_far["short"] + sum((account.realised_long for account in taxed), ZERO)
    for name, planned in (("net", short + long), ("short", short)):
        budget = demand.figures.get(name)
        if budget is not None:
            over = planned - max(budget - so_far[name], ZERO)
            said = "net" if name == "net" else "net short-term"
            text = f"The year's {said} gain is {dollars(so_far[name] + planned)}, {dollars(over)} beyond the budget."
            yield max(over, ZERO), text
    budget = demand.figures.get("tax")
    if budget is not None:
        added = evidence.tax.outcome(short=short, long=long).tax - evidence.tax.outcome(short=ZERO, long=ZERO).tax
        text = f"The plan adds {dollars(added)} to the year's tax, {dollars(added - budget)} beyond the budget."
        yield max(added - budget, ZERO), text


def _short_gains(evidence: Evidence) -> Iterator[tuple[Slice, str]]:
    for account in evidence.replay.accounts:
        for ticket in account.tickets:
            for piece in ticket.slices:
                if piece.is_taxed and piece.character is Character.SHORT and piece.gain > 0:
                    yield piece, account.account.account


def _no_short_term_gains(demand: Demand, evidence: Evidence) -> Iterator[Break]:  # noqa: ARG001
    for piece, account in _short_gains(evidence):
        what = f"{account} sells {shares(piece.quantity)} of {piece.lot.symbol} lot {piece.lot.lot}"
        yield piece.proceeds, f"{what} at a short-term gain of {dollars(piece.gain)}. Keep the lot."


def _hold_back(demand: Demand, evidence: Evidence) -> Iterator[Break]:
    last = evidence.market.as_of + timedelta(days=int(demand.figures["days"] or 0))
    for piece, account in _short_gains(evidence):
        turns = long_term_from(piece.lot.holding_start)
        if turns <= last:
            what = f"{account} sells {shares(piece.quantity)} of {piece.lot.symbol} lot {piece.lot.lot}"
            yield piece.proceeds, f"{what}, which turns long-term on {turns}. Wait for it."


def _is_named(piece_symbol: str, lot: str, lots: tuple[str, ...]) -> bool:
    return lot in lots or f"{piece_symbol}/{lot}" in lots


def _keep_lots(demand: Demand, evidence: Evidence) -> Iterator[Break]:
    for account in evidence.replay.accounts:
        for ticket in account.tickets:
            for piece in ticket.slices:
                if _is_named(piece.lot.symbol, piece.lot.lot, demand.names["lots"]):
                    text = f"{account.account.account} sells from {piece.lot.symbol} lot {piece.lot.lot}, to be kept."
                    yield piece.proceeds, text


def _sell_first(demand: Demand, evidence: Evidence) -> Iterator[Break]:
    """Named lots in the order they are named, then the highest basis a share; standing orders of the broker prevail.

    Dollars are those by which a lot gives more than it would in its turn.
    """
    names = demand.names["lots"]
    for account in evidence.replay.accounts:
        if account.account.relief is not Relief.SPECIFIC:
            continue
        for ticket in (t for t in account.tickets if not t.is_buy):
            own = [lot for lot in account.account.lots if lot.symbol == ticket.trade.symbol]
            place = {
                lot.lot: next((i for i, name in enumerate(names) if _is_named(lot.symbol, lot.lot, (name,))), None)
                for lot in own
            }
            if all(found is None for found in place.values()):
                continue
            own.sort(key=lambda lot: _turn(place[lot.lot], lot.basis / lot.quantity, lot.lot))
            sold = {piece.lot.lot: piece.quantity for piece in ticket.slices}
            left = ticket.trade.quantity
            for lot in own:
                in_turn = min(lot.quantity, left)
                out = sold.get(lot.lot, ZERO) - in_turn
                if out > 0:
                    text = f"{account.account.account} sells {lot.symbol} lot {lot.lot} before lots that leave first."
                    yield out * evidence.market.prices[lot.symbol].price, text
                left -= in_turn


def _turn(place: int | None, basis: Decimal, lot: str) -> tuple[bool, Decimal, str]:
    return (True, -basis, lot) if place is None else (False, Decimal(place), lot)


def _turnover(demand: Demand, evidence: Evidence) -> Iterator[Break]:
    turned = sum((ticket.value for ticket in evidence.replay.tickets), ZERO) / 2
    over = turned - (demand.figures["most"] or ZERO) * max(evidence.replay.value, ZERO)
    yield max(over, ZERO), f"{dollars(turned)} turns over, {dollars(over)} more than is allowed. Trade less."


def _tracking_error(demand: Demand, evidence: Evidence) -> Iterator[Break]:
    after = Decimal(repr(tracking(evidence.weights).after))
    over = after - (demand.figures["most"] or ZERO)
    yield max(over, ZERO), f"Tracking error is {after:.4%} after the plan, {over:.4%} above its ceiling."


def _variance(demand: Demand, evidence: Evidence) -> Iterator[Break]:
    """What a soft ceiling charges: value times variance beyond it."""
    after = Decimal(repr(tracking(evidence.weights).after))
    value = sum((max(account.value, ZERO) for account in evidence.replay.accounts), ZERO)
    over = value * (after**2 - (demand.figures["most"] or ZERO) ** 2)
    yield max(over, ZERO), f"Tracking error is {after:.4%} after the plan."


def _number_of_tickets(demand: Demand, evidence: Evidence) -> Iterator[Break]:
    count, most = len(evidence.replay.tickets), int(demand.figures["most"] or 0)
    yield Decimal(max(count - most, 0)), f"The plan has {count} orders, more than {most}. Drop some."


def _minimum_ticket(demand: Demand, evidence: Evidence) -> Iterator[Break]:
    """Closing a position is never too small; a sale is short of whichever of the two takes less."""
    minimum = demand.figures["dollars"] or ZERO
    for account in evidence.replay.accounts:
        for ticket in account.tickets:
            symbol = ticket.trade.symbol
            whole = account.held_before.get(symbol, ZERO) * evidence.market.prices[symbol].price
            least = minimum if ticket.is_buy else min(minimum, whole)
            if ticket.value < least:
                what = f"The {noun(ticket.trade.side)} of {symbol} in {account.account.account}"
                yield least - ticket.value, f"{what} is worth {dollars(ticket.value)}, less than {dollars(minimum)}."


def _minimum_position(demand: Demand, evidence: Evidence) -> Iterator[Break]:
    least = demand.figures["dollars"] or ZERO
    for account in evidence.replay.accounts:
        for ticket in account.tickets:
            symbol = ticket.trade.symbol
            worth = account.held[symbol] * evidence.market.prices[symbol].price
            if account.held[symbol] > 0 and worth < least:
                text = f"{account.account.account} keeps {symbol} worth {dollars(worth)}, less than {dollars(least)}."
                yield least - worth, f"{text} Close the position or make it larger."


def _side(demand: Demand, evidence: Evidence, *, is_buy: bool) -> Iterator[Break]:
    for account in evidence.replay.accounts:
        for ticket in account.tickets:
            if ticket.is_buy is is_buy and named(demand, ticket.trade.symbol, evidence.market):
                what = f"The {noun(ticket.trade.side)} of {ticket.trade.symbol} in {account.account.account}"
                yield ticket.value, f"{what} is on a side that is closed. Drop it."


def _no_buys(demand: Demand, evidence: Evidence) -> Iterator[Break]:
    yield from _side(demand, evidence, is_buy=True)


def _no_sells(demand: Demand, evidence: Evidence) -> Iterator[Break]:
    yield from _side(demand, evidence, is_buy=False)


def _participation(demand: Demand, evidence: Evidence) -> Iterator[Break]:
    most = demand.figures["most"] or ZERO
    for ticket in evidence.replay.tickets:
        volume = evidence.market.prices[ticket.trade.symbol].adv_dollars
        if volume is not None and ticket.value > most * volume:
            over = ticket.value - most * volume
            text = f"The order in {ticket.trade.symbol} for {dollars(ticket.value)} is {dollars(over)} more than"
            yield over, f"{text} {plain(most * 100)} % of a day's volume. Make it smaller."


_RULES: Mapping[str, Callable[[Demand, Evidence], Iterator[Break]]] = {
    "gain_budget": _gain_budget,
    "no_short_term_gains": _no_short_term_gains,
    "hold_back": _hold_back,
    "keep_lots": _keep_lots,
    "sell_first": _sell_first,
    "turnover": _turnover,
    "tracking_error": _tracking_error,
    "number_of_tickets": _number_of_tickets,
    "minimum_ticket": _minimum_ticket,
    "minimum_position": _minimum_position,
    "no_buys": _no_buys,
    "no_sells": _no_sells,
    "participation": _participation,
    "exclude": exclusion_breaks,
    "position_bounds": position_breaks,
    "group_bounds": group_breaks,
    "employer_stock": employer_breaks,
    "bands": band_breaks,
}

_SOFT: Mapping[str, Callable[[Demand, Evidence], Iterator[Break]]] = {"tracking_error": _variance}
"""Rules that measure their excess otherwise where it has a price."""

_HOLDS: Mapping[str, str] = {
    "gain_budget": "The year's gains and what the plan adds to its tax stay within the budget.",
    "no_short_term_gains": "No lot is sold at a short-term gain.",
    "hold_back": "No lot is sold at a gain that would soon be long-term.",
    "keep_lots": "No lot that is to be kept is sold.",
    "sell_first": "Lots that are to leave first do.",
    "turnover": "No more is traded than the turnover allowed.",
    "tracking_error": "Tracking error is within its ceiling.",
    "number_of_tickets": "There are no more orders than allowed.",
    "minimum_ticket": "No order is too small.",
    "minimum_position": "No position is left too small.",
    "no_buys": "Nothing is bought that may not be.",
    "no_sells": "Nothing is sold that may not be.",
    "participation": "No order is too large for its market.",
    "exclude": "Nothing excluded is held that could be sold.",
    "position_bounds": "Every position is within its bounds.",
    "group_bounds": "The group's weight is within its bounds.",
    "employer_stock": "The employer's stock is within its ceiling.",
    "bands": "What was outside its band is back inside, and nothing has left one.",
}
