"""Small households made of words: the one place where tests of the program build their snapshots.

make_snapshot([account(cash=1_000, lots=[lot("AAA", 10, cost=90)])], prices={"AAA": 100})
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import numpy as np
from hypothesis import strategies as st

from lotwright.book.holdings import Account, Cashflow, Household, Lot, Restriction, Transaction
from lotwright.book.kinds import AccountKind, Action, Relief, Rule, Side
from lotwright.book.market import Market, ModelPortfolio, Price, Target
from lotwright.book.trades import LotSale, Trade
from lotwright.plan.protocols import Trades
from lotwright.plan.snapshot import Snapshot
from lotwright.plan.take_snapshot import take_snapshot
from lotwright.plan.terms import RiskNumbers, Terms
from lotwright.plan.verify import Verification, verify
from lotwright.risk.model import RiskModel
from lotwright.tax.holding import character

TODAY = date(2020, 11, 30)


def money(amount: float | str | Decimal) -> Decimal:
    """Decimal as a person writes it."""
    return Decimal(str(amount))


def days_ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def lot(
    symbol: str,
    quantity: float | str,
    *,
    cost: float | str,
    days: int = 1000,
    name: str = "",
    purchase: str | None = None,
) -> Lot:
    """Shares bought ``days`` ago at ``cost`` a share; the account fills in its own name."""
    bought = days_ago(days)
    return Lot(
        account="",
        symbol=symbol,
        lot=name or f"{symbol}-{days}-{cost}",
        quantity=money(quantity),
        acquired=bought,
        basis=money(quantity) * money(cost),
        holding_start=bought,
        purchase=purchase,
    )


def account(name: str = "A1", *, lots: Sequence[Lot] = (), **fields: Any) -> Account:
    """A taxable account at 40 % and 20 % unless told otherwise; numbers become Decimal."""
    numbers = {key: money(n) for key, n in fields.items() if isinstance(n, int | float) and not isinstance(n, bool)}
    given = {"kind": AccountKind.TAXABLE, "model": "model", "cash": money(0), **fields, **numbers}
    if given["kind"] is AccountKind.TAXABLE:
        given = {"short_term_rate": money(0.4), "long_term_rate": money(0.2), **given}
    given.setdefault("relief", Relief.SPECIFIC)
    named = tuple(replace(item, account=name) for item in lots)
    return Account(account=name, household="H", lots=named, **given)


def sale(symbol: str, *, days: int, gain: float, quantity: float = 10, name: str = "A1") -> Transaction:
    """A sale ``days`` ago that realised ``gain``."""
    return Transaction(
        account=name,
        date=days_ago(days),
        symbol=symbol,
        action=Action.SELL,
        quantity=money(quantity),
        price=money(100),
        realised_gain=money(gain),
    )


def purchase(symbol: str, *, days: int, quantity: float = 10, name: str = "A1") -> Transaction:
    """A purchase ``days`` ago."""
    return Transaction(
        account=name,
        date=days_ago(days),
        symbol=symbol,
        action=Action.BUY,
        quantity=money(quantity),
        price=money(100),
    )


def rule(
    kind: Rule | str, symbol: str | None = None, *, weight: float | None = None, sector: str | None = None
) -> Restriction:
    return Restriction(
        account="A1", rule=Rule(kind), symbol=symbol, sector=sector, weight=None if weight is None else money(weight)
    )


def deposit(amount: float) -> Cashflow:
    return Cashflow(account="A1", amount=money(amount))


def make_snapshot(
    accounts: Sequence[Account],
    *,
    prices: Mapping[str, float | str],
    weights: Mapping[str, float] | None = None,
    spreads: Mapping[str, float] | None = None,
    sectors: Mapping[str, str] | None = None,
    identical: Mapping[str, str] | None = None,
    substitutes: Mapping[str, Sequence[str]] | None = None,
    factors: int = 1,
) -> Snapshot:
    """One household as arrays, through the crossing every plan takes; ``weights`` is the model of every account."""
    symbols = sorted(prices)
    weights = weights or dict.fromkeys(symbols, 1 / len(symbols))
    market = Market(
        as_of=TODAY,
        prices={
            s: Price(
                symbol=s,
                price=money(prices[s]),
                as_of=TODAY,
                half_spread=money(spreads[s]) if spreads and s in spreads else None,
                sector=(sectors or {}).get(s),
            )
            for s in symbols
        },
        models={
            "model": ModelPortfolio(
                name="model", targets=tuple(Target(symbol=s, weight=money(w)) for s, w in sorted(weights.items()))
            )
        },
        identical=dict(identical or {}),
        substitutes={s: tuple(others) for s, others in (substitutes or {}).items()},
    )
    household = Household(household="H", accounts=tuple(sorted(accounts, key=lambda item: item.account)))
    found = take_snapshot(household, market, risk_model(symbols, factors=factors))
    assert isinstance(found, Snapshot), found
    return found


def risk_model(symbols: Sequence[str], *, factors: int = 1) -> RiskModel:
    """Volatilities of 15 to 30 % a year, moving together; the same for the same symbols."""
    n = len(symbols)
    spread = np.linspace(0.0, 1.0, n)
    columns = [0.15 + 0.1 * np.cos(3.0 * k + 2.0 * np.pi * spread * (k + 1)) for k in range(factors)]
    exposure = np.array(columns).reshape(factors, n).T
    return RiskModel(
        symbols=tuple(symbols), exposure=exposure / np.sqrt(max(factors, 1)), specific=0.02 + 0.03 * spread, kind="test"
    )


def trades(
    snapshot: Snapshot, *, sell: Mapping[str, float] | None = None, buy: Mapping[str, float] | None = None
) -> Trades:
    """Trades by name: ``sell`` by lot name, ``buy`` by symbol (first account) or ``ACCOUNT/SYMBOL``; shares."""
    names = [item.lot for item in snapshot.lot]
    holdings = [f"{snapshot.account[a]}/{s}" for a, s in zip(snapshot.account_of, snapshot.symbol, strict=True)]
    sold, bought = np.zeros(len(names)), np.zeros(len(holdings))
    for name, quantity in (sell or {}).items():
        sold[names.index(name)] = quantity
    for name, quantity in (buy or {}).items():
        bought[holdings.index(name if "/" in name else f"{snapshot.account[0]}/{name}")] = quantity
    return Trades(sell=sold, buy=bought)


def trade_list(snapshot: Snapshot, chosen: Trades) -> list[Trade]:
    """The same trades as a book's trade list in ``Decimal``, lot by lot, for the independent verifier."""
    found = []
    for j, symbol in enumerate(snapshot.symbol):
        price = snapshot.market.prices[symbol].price
        slices = [
            _slice(snapshot, k, chosen.sell[k], price)
            for k in range(snapshot.offset[j], snapshot.offset[j + 1])
            if chosen.sell[k] > 0
        ]
        for side, quantity in (
            (Side.BUY, money(chosen.buy[j])),
            (Side.SELL, sum((piece.quantity for piece in slices), Decimal(0))),
        ):
            if quantity > 0:
                found.append(
                    Trade(
                        account=snapshot.account[snapshot.account_of[j]],
                        symbol=symbol,
                        side=side,
                        quantity=quantity,
                        price=price,
                        value=cents(quantity * price),
                        lots=tuple(slices) if side is Side.SELL else (),
                    )
                )
    return found


def _slice(snapshot: Snapshot, index: int, quantity: float, price: Decimal) -> LotSale:
    sold, item = money(quantity), snapshot.lot[index]
    proceeds, basis = cents(sold * price), cents(item.basis * sold / item.quantity)
    return LotSale(
        lot=item.lot,
        acquired=item.acquired,
        quantity=sold,
        basis=basis,
        proceeds=proceeds,
        gain=proceeds - basis,
        character=character(item.holding_start, TODAY),
    )


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def verified(snapshot: Snapshot, chosen: Trades, *, terms: Terms) -> Verification:
    """What the independent verifier says of the trades of a drawn household."""
    symbols = sorted(snapshot.market.prices)
    model = risk_model(symbols, factors=FACTORS)
    return verify(
        trade_list(snapshot, chosen),
        snapshot.household,
        snapshot.market,
        terms=terms,
        risk=RiskNumbers(symbols=model.symbols, exposure=model.exposure, specific=model.specific),
    )


SYMBOLS = ("AAA", "BBB", "CCC")
FACTORS = 2
"""Of the risk model behind every drawn household."""


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    """Small households: one or two accounts, up to three securities, lots old and new, at gains and losses."""
    prices = {s: draw(st.sampled_from([7.5, 20, 33.25, 100])) for s in SYMBOLS}
    number = draw(st.integers(1, 2))
    accounts = [draw(_accounts(f"A{k + 1}", prices)) for k in range(number)]
    return make_snapshot(
        accounts,
        prices=prices,
        weights={"AAA": 0.5, "BBB": 0.5},
        spreads={"AAA": 0.001},
        sectors={"CCC": "Tech"},
        identical=draw(st.sampled_from([{}, {"AAA": "g", "CCC": "g"}])),
        substitutes=draw(st.sampled_from([{}, {"BBB": ["CCC"]}])),
        factors=FACTORS,
    )


@st.composite
def _accounts(draw: st.DrawFn, name: str, prices: Mapping[str, float]) -> Account:
    lots = [
        lot(s, draw(st.integers(1, 40)), cost=round(prices[s] * factor, 2), days=days, name=f"{s}{k}")
        for k, (s, factor, days) in enumerate(
            draw(
                st.lists(
                    st.tuples(
                        st.sampled_from(SYMBOLS), st.sampled_from([0.5, 0.9, 1.2]), st.sampled_from([10, 100, 900])
                    ),
                    max_size=5,
                )
            )
        )
    ]
    history = [sale("AAA", days=5, gain=-100)] if draw(st.booleans()) and draw(st.booleans()) else []
    return account(
        name,
        lots=lots,
        kind=draw(st.sampled_from([AccountKind.TAXABLE, AccountKind.TAXABLE, AccountKind.ROTH])),
        cash=draw(st.sampled_from([500.0, 2000.0])),
        cash_target=draw(st.sampled_from([0.0, 0.05])),
        relief=draw(st.sampled_from([Relief.SPECIFIC, Relief.FIFO])),
        carryforward_long=draw(st.sampled_from([0.0, 300.0])),
        realised_short=draw(st.sampled_from([0.0, 150.0])),
        restrictions=tuple(
            draw(
                st.lists(
                    st.sampled_from(
                        [rule("no_buy", "AAA"), rule("no_sell", "BBB"), rule("maximum_weight", "AAA", weight=0.3)]
                    ),
                    max_size=2,
                    unique_by=lambda r: r.rule,
                )
            )
        ),
        transactions=tuple(history),
    )


@st.composite
def whole_trades(draw: st.DrawFn, snapshot: Snapshot) -> Trades:
    """Whole-share trades, allowed or not: each holding bought (for what its account is worth at most), sold or left."""
    sell, buy = np.zeros(len(snapshot.lot)), np.zeros(len(snapshot.symbol))
    for j in range(len(snapshot.symbol)):
        worth = snapshot.value[snapshot.account_of[j]] / snapshot.price[j]
        wanted = draw(st.integers(-int(snapshot.quantity[j]), min(15, int(worth))))
        buy[j] = max(wanted, 0)
        left = max(-wanted, 0)
        for k in range(snapshot.offset[j], snapshot.offset[j + 1]):
            sell[k] = min(left, snapshot.lot_quantity[k])
            left -= sell[k]
    return Trades(sell=sell, buy=buy)
