"""Bands in ``Decimal``: what was outside its band is back where it was to land, what was inside has not left.

A rule is not held against what it could not do: nothing is demanded of buys that a restriction or a lock bars, nor of
sales that restrictions or the wash-sale window bar; and what a restriction demands to be sold may be. Nor are purchases
demanded that all the sales the bands allow would not pay for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from lotwright.book.holdings import ZERO
from lotwright.book.kinds import Rule
from lotwright.book.market import ModelPortfolio
from lotwright.plan.replay import AccountReplay
from lotwright.plan.terms import Demand
from lotwright.plan.verify_evidence import Break, Evidence
from lotwright.plan.verify_limits import SETS_CEILING, increment, may_sell
from lotwright.plan.verify_text import dollars
from lotwright.plan.verify_ticket import CENT
from lotwright.plan.verify_weights import BARS_SALES, worth

BARS_BUYS = frozenset({Rule.NO_BUY, Rule.NO_TRADE, Rule.EXCLUDE, Rule.EXCLUDE_SECTOR})
OUTSIDE = CENT / 2
"""Dollars by which an edge may be missed before something counts as outside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Band:
    """One security or sleeve: its members, and (weight, width below, width above, landing)."""

    name: str
    members: tuple[str, ...]
    weight: Decimal
    below: Decimal
    above: Decimal
    land: Decimal


def band_breaks(demand: Demand, evidence: Evidence) -> Iterator[Break]:
    """Everything that ends outside where it should, account by account."""
    for account in evidence.replay.accounts:
        yield from _account_breaks(demand, account, evidence)


def _account_breaks(demand: Demand, account: AccountReplay, evidence: Evidence) -> Iterator[Break]:
    name, value = account.account.account, account.value
    invested = value - max(account.account.minimum_cash, account.account.cash_target * value, ZERO)
    model = evidence.market.models[account.account.model]
    bands = _bands(demand, model, account, evidence) if invested > 0 else []
    cash = account.account.cash + account.account.net_cashflow
    is_short = cash < max(account.account.minimum_cash, ZERO) - OUTSIDE
    is_due = any(_due(account, symbol, evidence) > 0 for symbol in account.symbols)
    if not is_short and not is_due and not any(_is_outside(band, account, evidence, invested) for band in bands):
        for ticket in account.tickets:
            yield ticket.value, f"{name} trades {ticket.trade.symbol} although nothing is outside its band. Drop it."
        return
    for band, low, high in _payable(demand, account, evidence, bands=bands, invested=invested):
        after = sum((worth(account, symbol, evidence.market) for symbol in band.members), ZERO)
        yield max(after - high, ZERO), f"{band.name} in {name} ends at {dollars(after)}, above {dollars(high)}."
        yield max(low - after, ZERO), f"{band.name} in {name} ends at {dollars(after)}, below {dollars(low)}."


def _now(band: _Band, account: AccountReplay, evidence: Evidence) -> Decimal:
    prices = evidence.market.prices
    return sum((account.held_before.get(symbol, ZERO) * prices[symbol].price for symbol in band.members), ZERO)


def _is_outside(band: _Band, account: AccountReplay, evidence: Evidence, invested: Decimal) -> bool:
    now = _now(band, account, evidence)
    target = band.weight * invested
    return now < target - band.below * invested - OUTSIDE or now > target + band.above * invested + OUTSIDE


def _interval(
    band: _Band, demand: Demand, account: AccountReplay, evidence: Evidence, invested: Decimal
) -> tuple[Decimal, Decimal]:
    """Dollars the band may end at."""
    now, target = _now(band, account, evidence), band.weight * invested
    kept = 1 - (demand.figures["inside"] or ZERO)
    outside = _is_outside(band, account, evidence, invested)
    part = min(band.land, kept) if outside else kept
    low, high = target - part * band.below * invested, target + part * band.above * invested
    if not outside:
        low, high = min(low, now), max(high, now)
    grain = ZERO if account.account.fractional else max(evidence.market.prices[s].price for s in band.members)
    if high - low < grain:
        low, high = (low + high - grain) / 2, (low + high + grain) / 2
    room = [_room(account, symbol, evidence) for symbol in band.members]
    if None not in room:
        low = min(low, now + sum((most for most in room if most is not None), ZERO))
    going = sum((_may_sell(account, symbol, evidence) for symbol in band.members), ZERO)
    return low, max(high, now - going, low)


def _payable(
    demand: Demand, account: AccountReplay, evidence: Evidence, *, bands: list[_Band], invested: Decimal
) -> list[tuple[_Band, Decimal, Decimal]]:
    """Every band and the dollars it may end at, without demands that the account's cash and sales do not pay for."""
    found = [(band, *_interval(band, demand, account, evidence, invested)) for band in bands]
    now = {band.name: _now(band, account, evidence) for band in bands}
    going = {b.name: sum((_may_sell(account, s, evidence) for s in b.members), ZERO) for b in bands}
    banded = {symbol for band in bands for symbol in band.members}
    cash = account.account.cash + account.account.net_cashflow - max(account.account.minimum_cash, ZERO)
    cash += sum((_may_sell(account, s, evidence) for s in account.symbols if s not in banded), ZERO)
    cash += sum((min(max(now[b.name] - low, ZERO), going[b.name]) for b, low, _ in found), ZERO)
    if cash < -OUTSIDE:
        return [(b, min(low, now[b.name] - going[b.name]), high) for b, low, high in found]
    if sum((max(low - now[b.name], ZERO) for b, low, _ in found), ZERO) > cash + OUTSIDE:
        return [(b, min(low, now[b.name]), max(high, min(low, now[b.name]))) for b, low, high in found]
    return found


def _room(account: AccountReplay, symbol: str, evidence: Evidence) -> Decimal | None:
    """Dollars of a security that may be bought, below zero where a restriction demands a sale; ``None``: no limit."""
    due = _due(account, symbol, evidence)
    return -due if due > 0 else _may_buy(account, symbol, evidence)


def _due(account: AccountReplay, symbol: str, evidence: Evidence) -> Decimal:
    """Dollars of a security that restrictions demand to be sold today, in whole orders."""
    price, held = evidence.market.prices[symbol], account.held_before.get(symbol, ZERO)
    step = increment(account, evidence.terms)
    most = ZERO
    for rule in account.account.restrictions:
        about = rule.sector == price.sector if rule.rule is Rule.EXCLUDE_SECTOR else rule.symbol == symbol
        if not (about and rule.rule in SETS_CEILING):
            continue
        ceiling = ZERO if rule.weight is None else rule.weight * max(account.value, ZERO)
        over = held - ceiling / price.price
        if over <= 0 or not may_sell(
            account, symbol, quantity=over, market=evidence.market, buying_back=evidence.rule, terms=evidence.terms
        ):
            continue
        whole = (over / step).to_integral_value(rounding=ROUND_CEILING) * step
        most = max(most, min(whole, held) * price.price)
    return most


def _may_buy(account: AccountReplay, symbol: str, evidence: Evidence) -> Decimal | None:
    """Dollars of a security that may be bought today, ``None`` where nothing limits them."""
    price, most = evidence.market.prices[symbol], None
    for rule in account.account.restrictions:
        about = rule.sector == price.sector if rule.rule is Rule.EXCLUDE_SECTOR else rule.symbol == symbol
        if about and rule.rule in BARS_BUYS:
            return ZERO
        if about and rule.rule is Rule.MAXIMUM_WEIGHT and rule.weight is not None:
            room = rule.weight * max(account.value, ZERO) - account.held_before.get(symbol, ZERO) * price.price
            most = max(room, ZERO) if most is None else min(most, max(room, ZERO))
    return ZERO if evidence.is_locked(symbol) else most


def _may_sell(account: AccountReplay, symbol: str, evidence: Evidence) -> Decimal:
    """Dollars of a security that could be sold today."""
    if any(rule.rule in BARS_SALES and rule.symbol == symbol for rule in account.account.restrictions):
        return ZERO
    return evidence.may_sell(account, symbol) * evidence.market.prices[symbol].price


def _bands(demand: Demand, model: ModelPortfolio, account: AccountReplay, evidence: Evidence) -> list[_Band]:
    """Every security or sleeve that has a band, by the model's edges or the program's widths."""
    by_sleeve = demand.words["of"] == "sleeve"
    members: dict[str, set[str]] = {}
    for line in model.targets:
        own = members.setdefault(line.sleeve if by_sleeve and line.sleeve else line.symbol, set())
        own.add(line.symbol)
        if by_sleeve:
            own |= set(evidence.market.substitutes.get(line.symbol, ())) & account.stand_ins.keys()
    declared = {sleeve.name: sleeve for sleeve in model.sleeves}
    bands = []
    for name, symbols in members.items():
        lines = [line for line in model.targets if (line.sleeve if by_sleeve and line.sleeve else line.symbol) == name]
        weight = sum((line.weight for line in lines), ZERO)
        edged = [line for line in lines if line.lower is not None and line.upper is not None]
        usual = demand.figures["land"] or ZERO
        if name in declared:
            low, high, landing = declared[name].lower, declared[name].upper, [declared[name].land]
        elif edged:
            low = sum((line.lower for line in edged if line.lower is not None), ZERO)
            high = sum((line.upper for line in edged if line.upper is not None), ZERO)
            landing = [line.land for line in edged]
        else:
            width = _width(demand, weight)
            if width is None:
                continue
            low, high, landing = weight - width, weight + width, [None]
        reach = min(usual if land is None else land.reach for land in landing)
        priced = tuple(sorted(symbol for symbol in symbols if symbol in evidence.market.prices))
        below, above = max(weight - low, ZERO), max(high - weight, ZERO)
        bands.append(_Band(name=name, members=priced, weight=weight, below=below, above=above, land=reach))
    return bands


def _width(demand: Demand, weight: Decimal) -> Decimal | None:
    absolute, relative = demand.figures.get("absolute"), demand.figures.get("relative")
    widths = [] if absolute is None else [absolute]
    if relative is not None and weight > 0:
        widths.append(relative * weight)
    return min(widths) if widths else None
