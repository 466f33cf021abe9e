"""Every allowed whole-share trade list of a tiny household and what it costs, in plain arithmetic of its own.

Problem: a solver is only as right as its judge is independent. Therefore: this reads the book's facts (lots, prices,
restrictions) and the case's own account of the window, never the separable form or a kernel. Each holding's trades are
listed lot by lot; their product over holdings is scored at once, axis by axis.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
from numpy.typing import NDArray

from lotwright.book.holdings import Account, Lot
from lotwright.book.kinds import FilingStatus, Relief, Rule
from lotwright.book.trades import Trade
from tests.plan.factory import TODAY, risk_model
from tests.plan.separable.households import FACTORS, Case

Floats = NDArray[np.float64]
Charge = Callable[[Account, list[Lot], tuple[Decimal, ...]], float]
"""Dollars that a sale is charged for what it takes of each lot of a security."""
MOST = 3_000_000
"""Trade lists a judge is willing to score."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One trade of one holding: net shares, gains, cash spent (exact, and to the cent), cost outside cash, dollars."""

    shares: float
    short: float
    long: float
    spent: float
    spent_cents: float
    cost: float
    has_loss: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judged:
    """The cheapest trade list, how many there are, the most cash each account can have (cents), and options by holding."""

    optimum: float
    optimum_to_the_cent: float
    count: int
    most_cash: dict[str, float]


def holdings(case: Case) -> list[tuple[Account, str]]:
    """Every security of every account, account by account."""
    snapshot = case.snapshot
    return [(snapshot.household.accounts[a], s) for a, s in zip(snapshot.account_of, snapshot.symbol, strict=True)]


def judge(case: Case) -> Judged | None:
    """Score every allowed trade list; ``None`` when there are too many."""
    listing = holdings(case)
    options = [list(trades_of(case, account, symbol)) for account, symbol in listing]
    if any(not found for found in options):
        return Judged(optimum=np.inf, optimum_to_the_cent=np.inf, count=0, most_cash={})
    if np.prod([float(len(found)) for found in options]) > MOST:
        return None
    cost, cash, cents = score(case, options)
    allowed = washless(case, options)
    floors = {holder.account: max(float(holder.minimum_cash), 0.0) for holder in case.snapshot.household.accounts}
    most = {name: float(np.where(allowed, left, -np.inf).max()) for name, left in cents.items()}
    exact, cent = allowed.copy(), allowed.copy()
    for name, floor in floors.items():
        exact &= cash[name] >= floor - 1e-9
        cent &= cents[name] >= floor - 1e-9
    return Judged(
        optimum=float(np.where(exact, cost, np.inf).min()),
        optimum_to_the_cent=float(np.where(cent, cost, np.inf).min()),
        count=int(exact.sum()),
        most_cash=most,
    )


def trades_of(
    case: Case, account: Account, symbol: str, *, kept: frozenset[str] = frozenset(), charge: Charge | None = None
) -> Iterator[Option]:
    """Every trade of one holding that rules about that holding alone allow; nothing is taken of ``kept`` lots."""
    price = case.snapshot.market.prices[symbol].price
    lots = [lot for lot in account.lots if lot.symbol == symbol]
    held = sum((lot.quantity for lot in lots), Decimal(0))
    step = Decimal(str(case.figures["fractional_increment"])) if account.fractional else Decimal(1)
    barred = {rule.rule for rule in account.restrictions if rule.symbol == symbol}
    minimum = Decimal(str(case.figures["minimum_ticket"]))
    yield Option(shares=0.0, short=0.0, long=0.0, spent=0.0, spent_cents=0.0, cost=0.0, has_loss=False)
    if not barred & {Rule.NO_BUY, Rule.NO_TRADE} and not is_locked(case, symbol):
        budget = (
            account.cash
            + account.net_cashflow
            + sum((lot.quantity * case.snapshot.market.prices[lot.symbol].price for lot in account.lots), Decimal(0))
        )
        for steps in range(1, int(max(budget, 0) / (price * step)) + 1):
            if steps * step * price >= minimum:
                yield _option(case, account, symbol, shares=steps * step)
    if barred & {Rule.NO_SELL, Rule.NO_TRADE}:
        return
    seen = set()
    for taken in takes(case, account, lots):
        quantity = sum(taken, Decimal(0))
        if not quantity or (quantity != held and (quantity % step or quantity * price < minimum)):
            continue
        if not is_clean(case, account, symbol, lots, taken):
            continue
        if any(part and lot.lot in kept for lot, part in zip(lots, taken, strict=True)):
            continue
        option = _option(case, account, symbol, shares=-quantity, lots=lots, taken=taken)
        if charge is not None:
            option = replace(option, cost=option.cost + charge(account, lots, taken))
        key = (option.shares, round(option.short, 9), round(option.long, 9), round(option.cost, 9), option.has_loss)
        if key not in seen:
            seen.add(key)
            yield option


def takes(case: Case, account: Account, lots: list[Lot]) -> Iterator[tuple[Decimal, ...]]:
    """What may be taken from each lot: any multiples of the unit, or, under a standing order, first lots first."""
    unit = Decimal(str(case.unit))
    if account.relief is Relief.SPECIFIC:
        grids = [[unit * k for k in range(int(lot.quantity / unit) + 1)] for lot in lots]
        yield from itertools.product(*grids)
        return
    if account.relief is Relief.HIFO:
        order = sorted(range(len(lots)), key=lambda k: -lots[k].basis / lots[k].quantity)
    else:
        order = sorted(range(len(lots)), key=lambda k: lots[k].acquired, reverse=account.relief is Relief.LIFO)
    total = sum((lot.quantity for lot in lots), Decimal(0))
    for steps in range(int(total / unit) + 1):
        left, taken = steps * unit, [Decimal(0)] * len(lots)
        for k in order:
            taken[k] = min(left, lots[k].quantity)
            left -= taken[k]
        yield tuple(taken)


def is_loss(case: Case, account: Account, lot: Lot) -> bool:
    return account.kind.is_taxable and lot.basis > lot.quantity * case.snapshot.market.prices[lot.symbol].price


def is_locked(case: Case, symbol: str) -> bool:
    group = case.snapshot.market.group_of
    return group(symbol) in {group(other) for other in case.locked}


def is_clean(case: Case, account: Account, symbol: str, lots: list[Lot], taken: tuple[Decimal, ...]) -> bool:
    """No recent purchase, in any reading, replaces what this sale realises at a loss (TAX_RULES B1, rules 9, 19, 20)."""
    group = case.snapshot.market.group_of
    gone = {lot.lot for lot, part in zip(lots, taken, strict=True) if part == lot.quantity}
    for lot, part in zip(lots, taken, strict=True):
        if not part or not is_loss(case, account, lot):
            continue
        for bought in case.recent:
            here = (bought.account, bought.symbol) == (account.account, symbol)
            if group(bought.symbol) != group(symbol) or (here and lot.lot in bought.lots):
                continue
            if not (here and bought.is_whole and bought.lots <= gone):
                return False
    return True


def is_long(lot: Lot) -> bool:
    """Held for more than a year, from the day after the purchase (Rev. Rul. 66-7)."""
    start = lot.holding_start
    return start.replace(year=start.year + 1) < TODAY


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def _option(
    case: Case,
    account: Account,
    symbol: str,
    *,
    shares: Decimal,
    lots: list[Lot] | None = None,
    taken: tuple[Decimal, ...] = (),
) -> Option:
    """What one trade does to cash, gains and costs."""
    said = case.snapshot.market.prices[symbol]
    spread = Decimal(str(case.figures["half_spread"])) if said.half_spread is None else said.half_spread
    value = abs(shares) * said.price
    commission = Decimal(str(case.figures["per_ticket"])) + abs(shares) * Decimal(str(case.figures["per_share"]))
    paid = value * spread + commission
    sign = 1 if shares > 0 else -1
    short = long = Decimal(0)
    has_loss = False
    for lot, part in zip(lots or [], taken, strict=True):
        gain = part * said.price - lot.basis * part / lot.quantity
        if not account.kind.is_taxable or not part:
            continue
        has_loss = has_loss or gain < 0
        if is_long(lot):
            long += gain
        else:
            short += gain
    cost = paid + Decimal(str(case.figures["ticket"]))
    if shares > 0 and is_stand_in(case, account, symbol):
        cost += value * Decimal(str(case.figures["substitution"]))
    return Option(
        shares=float(shares),
        short=float(short),
        long=float(long),
        spent=float(sign * value + paid),
        spent_cents=float(sign * cents(value) + cents(value * spread) + cents(commission)),
        cost=float(cost),
        has_loss=has_loss,
    )


def is_stand_in(case: Case, account: Account, symbol: str) -> bool:
    market = case.snapshot.market
    weights = {target.symbol: target.weight for target in market.models[account.model].targets}
    return not weights.get(symbol) and any(
        symbol in others for target, others in market.substitutes.items() if weights.get(target)
    )


def score(case: Case, options: list[list[Option]]) -> tuple[Floats, dict[str, Floats], dict[str, Floats]]:
    """Cost of every combination, cash left (exact) and cash left (to the cent), one axis a holding."""
    count = len(options)
    shape = tuple(len(found) for found in options)

    def along(axis: int, values: list[float]) -> Floats:
        return np.array(values).reshape([-1 if k == axis else 1 for k in range(count)])

    listing = holdings(case)
    total = np.zeros(shape)
    short, long = np.zeros(shape), np.zeros(shape)
    for k, found in enumerate(options):
        total = total + along(k, [option.cost for option in found])
        short = short + along(k, [option.short for option in found])
        long = long + along(k, [option.long for option in found])
    cash, to_the_cent = {}, {}
    for account in case.snapshot.household.accounts:
        own = [k for k, (holder, _) in enumerate(listing) if holder.account == account.account]
        before = float(account.cash + account.net_cashflow)
        left, cent = np.full(shape, before), np.full(shape, before)
        for k in own:
            left = left - along(k, [option.spent for option in options[k]])
            cent = cent - along(k, [option.spent_cents for option in options[k]])
        cash[account.account], to_the_cent[account.account] = left, cent
        total = total + _account_cost(case, account, [(k, listing[k][1], options[k]) for k in own], left, along)
    return total + tax_cost(case, short, long), cash, to_the_cent


def _account_cost(case, account, own, left, along):  # type: ignore[no-untyped-def]
    """Tracking cost and idle cash of one account."""
    market = case.snapshot.market
    weights = {target.symbol: float(target.weight) for target in market.models[account.model].targets}
    held = {symbol: sum(float(lot.quantity) for lot in account.lots if lot.symbol == symbol) for _, symbol, _ in own}
    price = {symbol: float(market.prices[symbol].price) for _, symbol, _ in own}
    value = float(account.cash + account.net_cashflow) + sum(held[s] * price[s] for s in held)
    aim = float(account.cash_target) * max(value, 0.0)
    active = [
        along(
            k,
            [(held[s] + option.shares) * price[s] - weights.get(s, 0.0) * (max(value, 0.0) - aim) for option in found],
        )
        for k, s, found in own
    ]
    model = risk_model(sorted(market.prices), factors=FACTORS)
    rows = [model.symbols.index(symbol) for _, symbol, _ in own]
    covariance = (model.exposure @ model.exposure.T + np.diag(model.specific))[np.ix_(rows, rows)]
    cost = np.where(left > aim, case.figures["idle_cash"] * (left - aim), case.figures["shortfall"] * (aim - left))
    if value > 0:
        for i, j in itertools.product(range(len(own)), repeat=2):
            cost = cost + case.figures["risk_price"] / value * covariance[i, j] * active[i] * active[j]
    return cost


def tax_cost(case: Case, short: Floats, long: Floats) -> Floats:
    """The year's tax with the plan less without, by Schedule D's lines; carried losses at their stated worth."""
    taxed = [account for account in case.snapshot.household.accounts if account.kind.is_taxable]
    if not taxed:
        return np.zeros_like(short)
    rates = [(float(a.short_term_rate or 0), float(a.long_term_rate or 0)) for a in taxed]
    rate_short, rate_long = max(r[0] for r in rates), max(r[1] for r in rates)
    separate = any(a.filing_status is FilingStatus.MARRIED_SEPARATE for a in taxed)
    cap = 1500.0 if separate else 3000.0
    worth = min(case.figures["carried_loss_value"] * rate_long, rate_short)
    start_short = float(sum(a.realised_short - a.carryforward_short for a in taxed))
    start_long = float(sum(a.realised_long - a.carryforward_long for a in taxed))

    def burden(s: Floats, n: Floats) -> Floats:
        net = s + n
        gain = np.where(
            (s >= 0) & (n >= 0),
            rate_short * s + rate_long * n,
            np.where(s > 0, rate_short * net, rate_long * net),
        )
        loss = -net
        relief = rate_short * np.minimum(loss, cap) + worth * np.maximum(loss - cap, 0.0)
        return np.where(net >= 0, gain, -relief)

    return burden(start_short + short, start_long + long) - burden(np.array(start_short), np.array(start_long))


def washless(case: Case, options: list[list[Option]]) -> NDArray[np.bool_]:
    """Combinations that never buy in a group they lose in."""
    listing = holdings(case)
    group = case.snapshot.market.group_of
    allowed = np.ones(tuple(len(found) for found in options), dtype=bool)
    for (i, (_, one)), (j, (_, other)) in itertools.permutations(enumerate(listing), 2):
        if group(one) == group(other):
            loses = np.array([option.has_loss for option in options[i]])
            buys = np.array([option.shares > 0 for option in options[j]])
            shape_i = [-1 if k == i else 1 for k in range(len(options))]
            shape_j = [-1 if k == j else 1 for k in range(len(options))]
            allowed &= ~(loses.reshape(shape_i) & buys.reshape(shape_j))
    return allowed


def option_of(case: Case, account: Account, symbol: str, trade: Trade | None) -> Option:
    """A planned trade in this judge's own figures."""
    if trade is None:
        return Option(shares=0.0, short=0.0, long=0.0, spent=0.0, spent_cents=0.0, cost=0.0, has_loss=False)
    if not trade.lots:
        return _option(case, account, symbol, shares=trade.quantity)
    lots = [lot for lot in account.lots if lot.symbol == symbol]
    sold = {piece.lot: piece.quantity for piece in trade.lots}
    taken = tuple(sold.get(lot.lot, Decimal(0)) for lot in lots)
    return _option(case, account, symbol, shares=-trade.quantity, lots=lots, taken=taken)
