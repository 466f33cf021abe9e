"""Tiny British and Canadian households and their judge: pools, years and rules on buying back in plain arithmetic.

The listing and scoring of trades is :mod:`.brute`'s; what the law says is written here again, from the law, and put in
its place (``judged_by_its_law``). Nothing here reads the planner's pools, lines or windows.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

import numpy as np
import pytest

from lotwright.book.holdings import Account, Household, Lot, Transaction
from lotwright.book.kinds import AccountKind, Regime, Rule
from tests.plan.factory import account, lot, make_snapshot, purchase, rule, sale
from tests.plan.separable import brute
from tests.plan.separable.households import FACTORS, SYMBOLS, Case, _figures, _weights, balanced

EXEMPT = {2020: 12_300.0}
"""Annual exempt amount of 2020/21 (TCGA 1992 section 1K), the year of the drawn day."""
UNTAXED = {Regime.UK: [AccountKind.ISA, AccountKind.SIPP], Regime.CANADA: [AccountKind.TFSA, AccountKind.RRSP]}
DAYS = {Regime.UK: 30, Regime.CANADA: 34}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LawCase(Case):
    """A household as its book has it, and what its past bars, as it was drawn."""

    book: Household
    regime: Regime
    bought_lately: frozenset[tuple[str, str]]
    """Account and symbol of what was bought today (UK, taxable) or in the window (Canada, anywhere)."""


def draw(seed: int, regime: Regime) -> LawCase:
    rng = random.Random(f"{regime}{seed}")
    symbols = SYMBOLS[: rng.choice([2, 2, 3])]
    prices = {s: rng.choice([18.37, 25.5, 40, 61.13, 97.25]) for s in symbols}
    names = ["A1", "A2"] if len(symbols) == 2 and rng.random() < 0.6 else ["A1"]
    identical = {symbols[0]: "g", symbols[-1]: "g"} if rng.random() < 0.25 else {}
    found = [_account(rng, name, prices, regime, few=len(names) > 1) for name in names]
    figures = _figures(rng)
    snapshot = make_snapshot(
        [holder for holder, _ in found],
        prices=prices,
        weights=_weights(rng, symbols),
        spreads={symbols[0]: 0.001},
        identical=identical,
        factors=FACTORS,
    )
    group = snapshot.market.group_of
    lately = frozenset((holder.account, s) for holder, _ in found for s in symbols if _bought_lately(holder, s, regime))
    holders = [holder for holder, _ in found]
    locked = {s for _, days in found for s in days if _is_locked(holders, group(s), group, regime)}
    accounts = _pooled([holder for holder, _ in found], group)
    return LawCase(
        snapshot=replace(snapshot, household=replace(snapshot.household, accounts=tuple(accounts))),
        book=Household(household="H", accounts=tuple(sorted(holders, key=lambda holder: holder.account))),
        regime=regime,
        program=balanced(figures),
        figures=figures,
        recent=(),
        locked=frozenset(locked),
        unit=0.5 if any(item.quantity % 1 for holder, _ in found for item in holder.lots) else 1.0,
        bought_lately=lately,
    )


def _account(
    rng: random.Random, name: str, prices: dict[str, float], regime: Regime, *, few: bool
) -> tuple[Account, set[str]]:
    is_untaxed = name == "A2" and rng.random() < 0.6
    lots: list[Lot] = []
    history: list[Transaction] = []
    sold = set()
    for symbol, price in prices.items():
        ages = rng.sample([0, 20, 34, 35, 100, 900], rng.choice([0, 1, 1, 2 if few else 3]))
        if rng.random() < 0.6:
            ages = [age + 200 for age in ages]
        for age in ages:
            quantity = rng.randint(1, 5) + (0.5 if rng.random() < 0.12 else 0.0)
            cost = round(price * rng.choice([0.55, 0.8, 0.97, 1.04, 1.2, 1.5]), 2)
            lots.append(lot(symbol, quantity, cost=cost, days=age, name=f"{symbol}-{age}"))
        if rng.random() < 0.3:
            age = rng.choice([3, 12, 30, 31, 34, 35])
            history.append(sale(symbol, days=age, gain=rng.choice([-50, 40]), quantity=3, name=name))
            sold.add(symbol)
            if rng.random() < 0.4:
                history.append(purchase(symbol, days=rng.randint(1, age - 1), quantity=rng.choice([2, 3]), name=name))
        if rng.random() < 0.1:
            history.append(purchase(symbol, days=rng.choice([0, 17]), quantity=1, name=name))
    rules = [rule(rng.choice([Rule.NO_BUY, Rule.NO_SELL]), symbol) for symbol in prices if rng.random() < 0.1]
    return account(
        name,
        lots=lots,
        regime=regime,
        kind=rng.choice(UNTAXED[regime]) if is_untaxed else AccountKind.TAXABLE,
        cash=rng.choice([3.0, 60.0, 180.0] if lots else [180.0, 300.0]),
        cash_target=rng.choice([0.0, 0.05]),
        transactions=tuple(history),
        restrictions=tuple(rules),
        **({} if is_untaxed else _year(rng, regime)),
    ), sold


def _year(rng: random.Random, regime: Regime) -> dict[str, float | None]:
    """A year near a kink of the tax; rates stated, or (UK) left to taxable income."""
    edge = 12_300.0 if regime is Regime.UK else 0.0
    kinks = [0.0, 0.0, edge - 30.0, edge + 40.0, -60.0, edge + 3_000.0]
    year: dict[str, float | None] = {
        "realised_short": 0.0,
        "realised_long": rng.choice(kinks),
        "carryforward_long": rng.choice([0.0, 0.0, 25.0, 3_000.0]),
        "short_term_rate": None,
        "long_term_rate": rng.choice([0.2, 0.26, 0.1]),
    }
    if regime is Regime.UK and rng.random() < 0.5:
        year |= {"long_term_rate": None, "taxable_income": rng.choice([20_000.0, 37_460.0, 90_000.0])}
    return year


def _bought(holder: Account, symbol: str) -> list[date]:
    traded = [t.date for t in holder.transactions if t.symbol == symbol and t.action.is_purchase]
    return [*traded, *(item.acquired for item in holder.lots if item.symbol == symbol)]


def _bought_lately(holder: Account, symbol: str, regime: Regime) -> bool:
    """Canada: bought or received in the window. UK: bought today, in a taxable account."""
    if regime is Regime.CANADA:
        return any((brute.TODAY - day).days <= DAYS[regime] for day in _bought(holder, symbol))
    return holder.kind.is_taxable and brute.TODAY in _bought(holder, symbol)


def _is_locked(holders: list[Account], group: str, group_of, regime: Regime) -> bool:  # type: ignore[no-untyped-def]
    """True where a purchase today would be matched with an earlier sale (UK) or make its loss superficial (Canada)."""
    taxed = [holder for holder in holders if holder.kind.is_taxable]
    sales = [t for h in taxed for t in h.transactions if group_of(t.symbol) == group and not t.action.is_purchase]
    if regime is Regime.CANADA:
        return any(t.realised_gain < 0 and (brute.TODAY - t.date).days <= DAYS[regime] for t in sales)
    sold = [t.date for t in sales for _ in range(int(t.quantity * 2))]  # half-share by half-share
    bought = []
    for holder in taxed:
        own = [t for t in holder.transactions if group_of(t.symbol) == group and t.action.is_purchase]
        bought += [t.date for t in own for _ in range(int(t.quantity * 2))]
        for symbol in {item.symbol for item in holder.lots if group_of(item.symbol) == group}:
            today = sum(i.quantity for i in holder.lots if i.symbol == symbol and i.acquired == brute.TODAY)
            told = sum(t.quantity for t in own if t.symbol == symbol and t.date == brute.TODAY)
            bought += [brute.TODAY] * int(2 * max(today - told, Decimal(0)))
    left = []
    for day in sorted(sold):
        same = [b for b in bought if b == day] or sorted(b for b in bought if 0 < (b - day).days <= 30)
        if same:
            bought.remove(same[0])
        else:
            left.append(day)
    return any((brute.TODAY - day).days <= 30 for day in left)


def _pooled(holders: list[Account], group_of) -> list[Account]:  # type: ignore[no-untyped-def]
    """Every taxable account with one lot a security, at the cost of the average share of its group in all of them."""
    taxed = [item for holder in holders if holder.kind.is_taxable for item in holder.lots]
    out = []
    for holder in sorted(holders, key=lambda h: h.account):
        if not holder.kind.is_taxable:
            out.append(holder)
            continue
        lots = []
        for symbol in sorted({item.symbol for item in holder.lots}):
            alike = [item for item in taxed if group_of(item.symbol) == group_of(symbol)]
            unit = sum(item.basis for item in alike) / sum(item.quantity for item in alike)
            quantity = sum((item.quantity for item in holder.lots if item.symbol == symbol), Decimal(0))
            pool = lot(symbol, float(quantity), cost=0, days=4000, name="pool")
            lots.append(replace(pool, account=holder.account, basis=unit * quantity))
        out.append(replace(holder, lots=tuple(lots)))
    return out


# The judge


@contextmanager
def judged_by_its_law() -> Iterator[None]:
    """Let :mod:`.brute` ask this module what the law says."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("is_clean", "tax_cost", "trades_of", "washless"):
            patch.setattr(brute, name, globals()[name])
        yield


def is_clean(case: LawCase, holder: Account, symbol: str, lots: list[Lot], taken: tuple[Decimal, ...]) -> bool:
    """A sale from the pool (UK) or without a superficial loss (Canada)."""
    group = case.snapshot.market.group_of
    lately = {(name, s) for name, s in case.bought_lately if group(s) == group(symbol)}
    if not holder.kind.is_taxable or not lately:
        return True
    if case.regime is Regime.UK:
        return not _bought_more_today(case, group(symbol))
    if not any(part and brute.is_loss(case, holder, item) for item, part in zip(lots, taken, strict=True)):
        return True
    places = {
        (other.account, item.symbol)
        for other in case.snapshot.household.accounts
        for item in other.lots
        if group(item.symbol) == group(symbol)
    }
    is_all = all(part == item.quantity for item, part in zip(lots, taken, strict=True))
    return is_all and places == {(holder.account, symbol)} and lately == places


def _bought_more_today(case: LawCase, group: str) -> bool:
    """No sale is ever drawn today, so any purchase of today is more."""
    return any(case.snapshot.market.group_of(s) == group for _, s in case.bought_lately)


def tax_cost(case: LawCase, short, long):  # type: ignore[no-untyped-def]
    """The year with the plan less without, losses carried out at their worth; all gain counts alike."""
    taxed = [holder for holder in case.snapshot.household.accounts if holder.kind.is_taxable]
    if not taxed:
        return np.zeros_like(short)
    stated = [float(h.long_term_rate) for h in taxed if h.long_term_rate is not None]
    incomes = [float(h.taxable_income) for h in taxed if h.taxable_income is not None]
    realised = float(sum(h.realised_long for h in taxed))
    carried = float(sum(h.carryforward_long for h in taxed))
    fraction = case.figures["carried_loss_value"]

    def canada(gain):  # type: ignore[no-untyped-def]
        left = gain - carried
        return max(stated) * np.where(left > 0, left, fraction * left)

    def uk(gain):  # type: ignore[no-untyped-def]
        band = 0.0 if stated else max(37_500.0 - max(incomes), 0.0)
        basic, higher = (max(stated), max(stated)) if stated else (0.1, 0.2)
        used = np.clip(gain - EXEMPT[2020], 0.0, carried)
        taxable = np.maximum(gain - EXEMPT[2020] - used, 0.0)
        tax = basic * np.minimum(taxable, band) + higher * np.maximum(taxable - band, 0.0)
        worth = fraction * (basic if band else higher)
        return tax - worth * (carried - used + np.maximum(-gain, 0.0))

    burden = uk if case.regime is Regime.UK else canada
    return burden(realised + short + long) - burden(np.array(realised))


def washless(case: LawCase, options):  # type: ignore[no-untyped-def]
    """Combinations that never buy what they sell: UK any taxed sale and taxed buy, Canada a loss and any buy."""
    listing = brute.holdings(case)
    group = case.snapshot.market.group_of
    allowed = np.ones(tuple(len(found) for found in options), dtype=bool)
    for (i, (seller, one)), (j, (buyer, other)) in itertools.permutations(enumerate(listing), 2):
        if group(one) != group(other) or not seller.kind.is_taxable:
            continue
        if case.regime is Regime.UK:
            if not buyer.kind.is_taxable:
                continue
            guarded = np.array([option.shares < 0 for option in options[i]])
        else:
            guarded = np.array([option.has_loss for option in options[i]])
        buys = np.array([option.shares > 0 for option in options[j]])
        shape_i = [-1 if k == i else 1 for k in range(len(options))]
        shape_j = [-1 if k == j else 1 for k in range(len(options))]
        allowed &= ~(guarded.reshape(shape_i) & buys.reshape(shape_j))
    return allowed


def trades_of(case: LawCase, holder: Account, symbol: str):  # type: ignore[no-untyped-def]
    """As in :mod:`.brute`, but a British account outside the tax may buy what is locked."""
    free = case.regime is Regime.UK and not holder.kind.is_taxable
    yield from _TRADES_OF(replace(case, locked=frozenset()) if free else case, holder, symbol)


_TRADES_OF = brute.trades_of
