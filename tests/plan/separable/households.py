"""Tiny households with everything the separable solver must decide together, drawn from a seed.

Two to four securities, lots old and new at gains and losses, purchases of the last 30 days (whole, in part or wholly
sold since), running locks, identical pairs, an IRA beside the taxable account, odd remainders, half-share accounts,
standing relief orders, tickets, minimum tickets, restrictions, withdrawals. A drawn case also says, in its own words,
what the wash-sale window holds, so that a judge need not ask the code under test.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lotwright.book.holdings import Account, Cashflow, Lot, Restriction, Transaction
from lotwright.book.kinds import AccountKind, FilingStatus, Relief, Rule
from lotwright.plan.program import Program
from lotwright.plan.snapshot import Snapshot
from tests.plan.factory import account, lot, make_snapshot, money, purchase, rule, sale

SYMBOLS = ("AAA", "BBB", "CCC", "DDD")
FACTORS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Recent:
    """A purchase of the last 30 days: the lots that hold what is left, and whether some of it was sold since."""

    account: str
    symbol: str
    lots: frozenset[str]
    is_whole: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Case:
    """One household, its program, and the window as it was drawn."""

    snapshot: Snapshot
    program: Program
    figures: Mapping[str, float]
    """Prices and floors of the program, by name."""
    recent: tuple[Recent, ...]
    locked: frozenset[str]
    """Symbols sold at a loss in the last 30 days."""
    unit: float
    """Shares: every lot is a multiple of it, and so is every order."""


def draw(seed: int) -> Case:
    """The household of a seed, always the same."""
    rng = random.Random(seed)
    symbols = SYMBOLS[: rng.choice([2, 2, 3, 3, 4])]
    prices = {s: rng.choice([18.37, 25.5, 40, 61.13, 97.25]) for s in symbols}
    many = len(symbols) < 3 and rng.random() < 0.5
    fractional = not many and len(symbols) < 3 and rng.random() < 0.3
    recent: list[Recent] = []
    locked: set[str] = set()
    names = ["A1", "A2"] if many else ["A1"]
    accounts = [
        _account(rng, name, prices, fractional=fractional, recent=recent, locked=locked, few=many or len(symbols) > 3)
        for name in names
    ]
    figures = _figures(rng)
    identical = {symbols[0]: "g", symbols[-1]: "g"} if rng.random() < 0.35 else {}
    snapshot = make_snapshot(
        accounts,
        prices=prices,
        weights=_weights(rng, symbols),
        spreads={symbols[0]: 0.001},
        identical=identical,
        substitutes={symbols[0]: [symbols[1]]} if not identical and rng.random() < 0.3 else {},
        factors=FACTORS,
    )
    odd = fractional or any(lot.quantity % 1 for holder in accounts for lot in holder.lots)
    return Case(
        snapshot=snapshot,
        program=balanced(figures),
        figures=figures,
        recent=tuple(recent),
        locked=frozenset(locked),
        unit=0.5 if odd else 1.0,
    )


def balanced(figures: Mapping[str, float], *more: str) -> Program:
    """The balanced program at other figures; ``more`` are further tables of its file."""
    tables = [
        ("cost", "tracking", {"risk_price": "risk_price"}),
        ("cost", "half_spread", {"default": "half_spread"}),
        ("cost", "commission", {"per_ticket": "per_ticket", "per_share": "per_share"}),
        ("cost", "ticket", {"price": "ticket"}),
        ("cost", "substitution", {"price": "substitution"}),
        ("cost", "tax", {"carried_loss_value": "carried_loss_value"}),
        ("cost", "idle_cash", {"price": "idle_cash", "shortfall": "shortfall"}),
        ("limit", "cash", {}),
        ("limit", "holdings", {}),
        ("limit", "whole_shares", {"fractional_increment": "fractional_increment"}),
        ("limit", "wash_sale", {}),
        ("limit", "restrictions", {}),
        ("limit", "minimum_ticket", {"dollars": "minimum_ticket"}),
    ]
    text = [
        "\n".join(
            [f"[[{table}]]", f'kind = "{kind}"', *(f"{key} = {float(figures[of])!r}" for key, of in keys.items())]
        )
        for table, kind, keys in tables
    ]
    return Program.from_toml("\n".join([*text, *more]))


def _figures(rng: random.Random) -> dict[str, float]:
    return {
        "risk_price": rng.choice([5.0, 25.0, 25.0, 100.0]),
        "half_spread": rng.choice([0.0003, 0.002]),
        "per_ticket": rng.choice([0.0, 0.0, 0.355]),
        "per_share": rng.choice([0.0, 0.005]),
        "ticket": rng.choice([0.0, 0.1, 0.5, 2.0]),
        "substitution": 0.002,
        "carried_loss_value": rng.choice([0.5, 0.5, 0.0, 1.0]),
        "idle_cash": rng.choice([0.02, 0.02, 0.0]),
        "shortfall": rng.choice([0.05, 0.0]),
        "fractional_increment": 0.5,
        "minimum_ticket": rng.choice([0.0, 45.0, 100.0]),
    }


def _weights(rng: random.Random, symbols: tuple[str, ...]) -> dict[str, float]:
    """Tenths that sum to one; the last security is sometimes no target at all."""
    parts = [rng.randint(1, 5) for _ in symbols]
    if len(symbols) > 2 and rng.random() < 0.4:
        parts[-1] = 0
    total = sum(parts)
    return {s: part / total for s, part in zip(symbols, parts, strict=True) if part}


def _account(
    rng: random.Random,
    name: str,
    prices: Mapping[str, float],
    *,
    fractional: bool,
    recent: list[Recent],
    locked: set[str],
    few: bool,
) -> Account:
    is_ira = name == "A2" and rng.random() < 0.6
    relief = rng.choice([Relief.SPECIFIC, Relief.SPECIFIC, Relief.FIFO, Relief.LIFO, Relief.HIFO])
    lots: list[Lot] = []
    history: list[Transaction] = []
    restrictions: list[Restriction] = []
    for symbol, price in prices.items():
        own = _lots(rng, symbol, price, most=2 if few else 3, fractional=fractional)
        bought: list[Transaction] = []
        lots += own
        for item in own:
            if "recent" in item.lot:
                whole = rng.random() < 0.75
                if not whole:
                    extra = float(item.quantity) + 2
                    bought.append(purchase(symbol, days=_days(item), quantity=extra, name=name))
                recent.append(Recent(account=name, symbol=symbol, lots=frozenset([item.lot]), is_whole=whole))
        if not any("recent" in item.lot for item in own) and rng.random() < 0.12:
            bought.append(purchase(symbol, days=17, quantity=3, name=name))
            recent.append(Recent(account=name, symbol=symbol, lots=frozenset(), is_whole=False))
        if not is_ira and rng.random() < 0.12:
            bought.append(sale(symbol, days=9, gain=-50, quantity=2, name=name))
            locked.add(symbol)
        history += bought
        if rng.random() < 0.12:
            restrictions.append(rule(rng.choice([Rule.NO_BUY, Rule.NO_SELL, Rule.NO_TRADE]), symbol))
    worth = sum(float(item.quantity) * prices[item.symbol] for item in lots)
    flows = (Cashflow(account=name, amount=money(-rng.choice([50, 120, round(worth / 3, 2)]))),)
    return account(
        name,
        lots=lots,
        kind=AccountKind.ROTH if is_ira else AccountKind.TAXABLE,
        cash=rng.choice([3.0, 60.0, 180.0, 180.0] if worth else [180.0, 300.0]),
        cash_target=rng.choice([0.0, 0.0, 0.05]),
        minimum_cash=rng.choice([0.0, 0.0, 25.0]),
        relief=relief,
        fractional=fractional,
        transactions=tuple(history),
        restrictions=tuple(restrictions),
        cashflows=flows if worth and rng.random() < 0.15 else (),
        **({} if is_ira else _year(rng)),
    )


def _days(item: Lot) -> int:
    return int(item.lot.split("-")[1])


def _lots(rng: random.Random, symbol: str, price: float, *, most: int, fractional: bool) -> list[Lot]:
    """Lots on different days at different costs, so that no order of relief has a tie."""
    count = rng.choice([0, 1, 2, most])
    days = rng.sample([5, 20, 30, 31, 100, 365, 366, 900], count)
    factors = rng.sample([0.55, 0.8, 0.97, 1.04, 1.2, 1.5], count)
    lots = []
    for age, factor in zip(days, factors, strict=True):
        quantity = rng.randint(1, 4) + (0.5 if rng.random() < (0.5 if fractional else 0.12) else 0.0)
        name = f"{'recent' if age <= 30 else 'old'}-{age}"
        lots.append(lot(symbol, quantity, cost=round(price * factor, 2), days=age, name=name))
    return lots


def _year(rng: random.Random) -> dict[str, Any]:
    """Rates and a year that stands near one of the kinks of the tax."""
    short, long = rng.choice([(0.4, 0.2), (0.408, 0.238), (0.25, 0.25), (0.32, 0.15), (0.1, 0.0)])
    kinks: list[dict[str, Any]] = [
        {},
        {"realised_short": 40.0},
        {"realised_long": 60.0},
        {"realised_short": 80.0, "realised_long": -50.0},
        {"realised_short": -50.0, "realised_long": 80.0},
        {"carryforward_short": 2980.0},
        {"carryforward_long": 1480.0, "filing_status": FilingStatus.MARRIED_SEPARATE},
        {"carryforward_long": 4000.0},
    ]
    return {"short_term_rate": short, "long_term_rate": long, **rng.choice(kinks)}
