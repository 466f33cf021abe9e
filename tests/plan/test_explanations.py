"""Every figure in a sentence is true: parsed back out of the words and held against the verifier, or a second plan."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lotwright.book.holdings import Account, Household
from lotwright.book.kinds import Rule, Side
from lotwright.book.trades import Trade
from lotwright.files.plan_json import plan_from_json, plan_to_json
from lotwright.plan.household import plan_household
from lotwright.plan.not_done import not_done
from lotwright.plan.paths import solve
from lotwright.plan.program import load_program
from lotwright.plan.protocols import Trades
from lotwright.plan.reasons import with_reasons
from lotwright.plan.result import Explanation, HouseholdPlan, LimitPrice, NotDone
from lotwright.plan.separable.tree import Effort
from lotwright.plan.snapshot import Snapshot
from lotwright.plan.terms import RiskNumbers
from lotwright.plan.trade_list import as_arrays, trade_list
from lotwright.plan.verify import Verification, verify
from lotwright.plan.words import weights

from .factory import account, lot, make_snapshot, risk_model, rule, sale, snapshots, verified, whole_trades
from .factory import trade_list as listed

BALANCED = load_program("balanced")
CENT = Decimal("0.01")
MONEY = r"-?\$([\d,]+\.\d{2})"
HEDGE = re.compile(r"(\w+) \(([\d.]+ %) against a target of ([\d.]+ %), correlation (-?[\d.]+)\)")


@pytest.fixture(autouse=True)
def plain_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    """These households are too small to wait for a compiler."""
    monkeypatch.setenv("LOTWRIGHT_KERNELS", "plain")


def dollars(text: str) -> Decimal:
    return Decimal(text.replace(",", ""))


# Why it is done


@settings(max_examples=25)
@given(st.data())
def test_every_dollar_in_a_reason_is_the_verifiers(data: st.DataObject) -> None:
    """Gains from the lots, tax from carrying the list out again without the trade, cash from the book."""
    snapshot = data.draw(snapshots())
    chosen = data.draw(whole_trades(snapshot))
    terms = BALANCED.terms()
    said = with_reasons(trade_list(chosen, snapshot), snapshot, verified(snapshot, chosen, terms=terms))
    for trade in said:
        rest = [other for other in said if other is not trade]
        saved = carried_out(snapshot, said).tax.tax - carried_out(snapshot, rest).tax.tax
        own = next(item for item in snapshot.household.accounts if item.account == trade.account)
        a = snapshot.account.index(trade.account)
        truths = {
            abs(sum((one.gain for one in trade.lots), Decimal(0))),
            abs(saved),
            abs(own.net_cashflow),
            abs(Decimal(str(round(max(snapshot.cash_floor[a], 0.0) - snapshot.cash[a], 2)))),
            Decimal(str(round(snapshot.cash_target[a], 2))),
            sum((one.value for one in said if one.account == trade.account and one.side is Side.BUY), Decimal(0)),
        }
        for figure in re.findall(MONEY, trade.reason):
            assert any(abs(dollars(figure) - truth) <= CENT for truth in truths), (trade.reason, truths)
        if "costs about" in trade.reason:
            assert saved > 0
        if "lowers this year's tax" in trade.reason:
            assert saved < 0


@settings(max_examples=25)
@given(st.data())
def test_what_a_trade_offsets_is_off_target_the_way_the_words_say(data: st.DataObject) -> None:
    """A sale offsets what covaries with it and stays over its target (or against it and under); a purchase the reverse."""
    snapshot = data.draw(snapshots())
    chosen = data.draw(whole_trades(snapshot))
    true = verified(snapshot, chosen, terms=BALANCED.terms())
    rows = {(row.account, row.symbol): row for row in true.drift}
    model = risk_model(sorted(snapshot.market.prices), factors=2)
    for trade in with_reasons(trade_list(chosen, snapshot), snapshot, true):
        for symbol, after, target, correlation in HEDGE.findall(trade.reason):
            row = rows[trade.account, symbol]
            assert [after, target] == weights(row.after, row.target)
            i, k = model.symbols.index(trade.symbol), model.symbols.index(symbol)
            covariance = model.exposure @ model.exposure.T + np.diag(model.specific)
            expected = covariance[i, k] / np.sqrt(covariance[i, i] * covariance[k, k])
            assert abs(float(correlation) - expected) < 0.0051
            pays = covariance[i, k] * (row.after - row.target)
            assert pays > 0 if trade.side is Side.SELL else pays < 0


def carried_out(snapshot: Snapshot, trades: Sequence[Trade]) -> Verification:
    model = risk_model(sorted(snapshot.market.prices), factors=2)
    numbers = RiskNumbers(symbols=model.symbols, exposure=model.exposure, specific=model.specific)
    return verify(trades, snapshot.household, snapshot.market, terms=BALANCED.terms(), risk=numbers)


def test_a_sale_below_target_names_what_it_offsets() -> None:
    """AAA may not be sold and stays over its target; CCC moves with it and is sold below its own."""
    lots = [lot("AAA", 60, cost=100), lot("BBB", 20, cost=100), lot("CCC", 20, cost=100, name="c")]
    snapshot = make_snapshot(
        [account(lots=lots, restrictions=(rule("no_sell", "AAA"),))],
        prices={"AAA": 100, "BBB": 100, "CCC": 100},
        weights={"AAA": 0.3, "BBB": 0.4, "CCC": 0.3},
    )
    chosen = Trades(sell=np.array([0.0, 0.0, 10.0]), buy=np.array([0.0, 10.0, 0.0]))
    said = with_reasons(trade_list(chosen, snapshot), snapshot, verified(snapshot, chosen, terms=BALANCED.terms()))
    sold = next(trade.reason for trade in said if trade.symbol == "CCC")
    assert sold.startswith(
        "Takes CCC from 20.0 % to 10.0 % of the account, below its target of 30.0 %, to offset AAA (60.0 %"
    )


# Why it is not done


def explained(
    *accounts: Account, change: Callable[[Household], Household] = lambda found: found, **market: Any
) -> tuple[Snapshot, HouseholdPlan]:
    """The snapshot and the explained plan of a household, one lot a holding so that what a sale takes is known."""
    snapshot = make_snapshot(list(accounts), **{"prices": PRICES, "weights": WEIGHTS, **market})
    household = change(snapshot.household)
    plan = plan_household(
        household,
        name="H",
        market=snapshot.market,
        risk=risk_model(sorted(snapshot.market.prices)),
        program=BALANCED,
        effort=Effort(gap_bp=0.5, nodes=20, seconds=None),
        explain=True,
    )
    assert plan.failure is None, plan.failure
    return replace(snapshot, household=household), plan


PRICES = {"AAA": 100, "BBB": 50, "CCC": 20}
WEIGHTS = {"AAA": 0.4, "BBB": 0.3, "CCC": 0.3}
DEAR = lot("AAA", 90, cost=10, days=200, name="gain")
BARRED = lot("BBB", 60, cost=80, name="loss")
HOUSEHOLDS: dict[str, list[Account]] = {
    "a gain too dear to realise": [account(lots=[DEAR, lot("BBB", 40, cost=50), lot("CCC", 20, cost=20)], cash=100)],
    "a restriction": [
        account(lots=[DEAR, lot("BBB", 40, cost=50)], cash=500, restrictions=(rule("no_sell", "AAA"),)),
    ],
    "a running lock": [account(lots=[DEAR], cash=4000, transactions=(sale("BBB", days=5, gain=-100),))],
    "no money": [account(lots=[lot("AAA", 95, cost=5, days=100, name="g")], cash=10, minimum_cash=10)],
    "a loss worth less than its risk": [
        account(lots=[lot("AAA", 40, cost=105, name="l"), lot("BBB", 60, cost=50), lot("CCC", 150, cost=20)], cash=60),
    ],
}


@cache
def told(name: str) -> tuple[Snapshot, HouseholdPlan]:
    """One of the households above, explained once for every test that asks."""
    return explained(*HOUSEHOLDS[name])


SAID = re.compile(
    r"^(?P<verb>Selling|Buying) (?P<quantity>[\d,.]+) (?:more )?(?P<symbol>\w+)"
    r"(?: at a loss instead of buying (?P<instead>[\d,.]+))?"
    r"(?:, paid for by selling (?P<sold>[\d,.]+) (?P<sold_symbol>\w+),| to buy (?P<bought>[\d,.]+) (?P<bought_symbol>\w+))?"
    r" would (?P<rest>.*)\.$"
)
WORDS = {"of tax": "tax", "of risk a year": "tracking", "of spread": "half_spread", "for the ticket": "ticket",
         "for cash off its target": "idle_cash", "of commission": "commission", "for a substitute": "substitution"}  # fmt: skip


@pytest.mark.parametrize("name", HOUSEHOLDS)
def test_every_dollar_of_a_trade_not_made_is_the_verifiers(name: str) -> None:
    """The trade in the sentence is added to the plan and carried out: each cost changes by the dollars that are said."""
    snapshot, plan = told(name)
    assert plan.explanation is not None
    assert plan.explanation.not_done
    for one in plan.explanation.not_done:
        if one.change is None:
            assert one.rule != "cost"
            continue
        words = SAID.match(one.because)
        assert words, one.because
        after = costs(snapshot, changed(snapshot, plan, one, words.groupdict()))
        before = costs(snapshot, list(plan.trades))
        true = {kind: float(after[kind] - before[kind]) for kind in before}
        assert one.change == pytest.approx(true, abs=2e-6)
        assert sum(true.values()) >= -plan.objective.gap - 1e-6
        for figure, kind in re.findall(
            MONEY + r" (of tax|of risk a year|of spread|for the ticket|for cash off its target)", words["rest"]
        ):
            assert abs(float(dollars(figure)) - abs(true[WORDS[kind]])) <= 0.0051, one.because


def changed(snapshot: Snapshot, plan: HouseholdPlan, one: NotDone, words: dict[str, str | None]) -> list[Trade]:
    """The plan's trades and those of the sentence, as orders with lots."""
    trades = as_arrays(plan.trades, snapshot)
    sell, buy = trades.sell.copy(), trades.buy.copy()
    net = {words["symbol"]: float(dollars(words["quantity"] or "0")) * (1 if words["verb"] == "Buying" else -1)}
    if words["instead"]:
        buy[snapshot.symbol.index(one.symbol)] = 0.0
    if words["sold"]:
        net[words["sold_symbol"]] = -float(dollars(words["sold"]))
    if words["bought"]:
        net[words["bought_symbol"]] = float(dollars(words["bought"]))
    for symbol, shares in net.items():
        j = snapshot.symbol.index(str(symbol))
        buy[j] += max(shares, 0.0)
        if shares < 0:
            (k,) = range(int(snapshot.offset[j]), int(snapshot.offset[j + 1]))
            sell[k] -= shares
    return listed(snapshot, Trades(sell=sell, buy=buy))


def costs(snapshot: Snapshot, trades: list[Trade]) -> dict[str, Decimal]:
    model = risk_model(sorted(snapshot.market.prices))
    numbers = RiskNumbers(symbols=model.symbols, exposure=model.exposure, specific=model.specific)
    return dict(verify(trades, snapshot.household, snapshot.market, terms=BALANCED.terms(), risk=numbers).costs)


@pytest.mark.parametrize(
    ("name", "symbol", "rule_name"),
    [
        ("a restriction", "AAA", "no_sell"),
        ("a running lock", "BBB", "wash_sale"),
        ("a gain too dear to realise", "AAA", "cost"),
    ],
)
def test_the_worst_blocker_is_named(name: str, symbol: str, rule_name: str) -> None:
    _, plan = told(name)
    assert plan.explanation is not None
    found = {one.symbol: one for one in plan.explanation.not_done}
    assert found[symbol].rule == rule_name


def test_an_order_under_the_minimum_ticket_says_so() -> None:
    """Four shares of CCC are missing, $80 of $5,000; the smallest order is $100."""
    lots = [lot("AAA", 20, cost=100), lot("BBB", 30, cost=50), lot("CCC", 71, cost=20)]
    snapshot = make_snapshot([account(lots=lots, cash=80)], prices=PRICES, weights=WEIGHTS)
    still = Trades(sell=np.zeros(3), buy=np.zeros(3))
    reasons = {one.symbol: one for one in not_done(BALANCED, snapshot, still, kept=())}
    assert reasons["CCC"].rule == "minimum_ticket"
    assert reasons["CCC"].because == "An order of $80.00 is under the minimum ticket of $100.00."


# What the limits cost


def price_of(plan: HouseholdPlan, limit: str, subject: str) -> LimitPrice:
    assert plan.explanation is not None
    return next(one for one in plan.explanation.limit_prices if (one.limit, one.subject) == (limit, subject))


def without_transactions(household: Household) -> Household:
    return replace(household, accounts=tuple(replace(one, transactions=()) for one in household.accounts))


def without_restrictions(household: Household) -> Household:
    return replace(household, accounts=tuple(replace(one, restrictions=()) for one in household.accounts))


@pytest.mark.parametrize(
    ("name", "lifted", "limit", "subject"),
    [
        ("a running lock", without_transactions, "wash_sale", "BBB"),
        ("a restriction", without_restrictions, "restrictions", "AAA"),
    ],
)
def test_being_rid_of_a_limit_is_worth_what_the_book_without_it_saves(
    name: str, lifted: Callable[[Household], Household], limit: str, subject: str
) -> None:
    """The second opinion: the same book without the sale (or rule) that is the cause, planned on its own."""
    _, bound = told(name)
    _, free = explained(*HOUSEHOLDS[name], change=lifted)
    assert bound.objective is not None
    assert free.objective is not None
    price = price_of(bound, limit, subject)
    saved = bound.objective.posed - free.objective.posed
    assert price.low - 1e-6 <= price.dollars <= price.high + 1e-6
    assert price.low - free.objective.gap - 1e-6 <= saved <= price.high + free.objective.gap + 1e-6
    assert price.dollars == pytest.approx(saved, abs=bound.objective.gap + free.objective.gap + 1e-6)
    assert saved > 1.0, "a limit that costs nothing proves nothing"
    assert f"${price.dollars:,.2f}" in price.text


def test_a_dollar_to_spend_is_worth_what_fifty_more_save() -> None:
    """Fractions of shares, so that the optimum is smooth; targets stay, cash rises."""
    lots = [lot("AAA", 60, cost=40, days=200), lot("BBB", 10, cost=50), lot("CCC", 10, cost=20)]
    snapshot, plan = explained(account(lots=lots, cash=20, fractional=True))
    price = price_of(plan, "cash", "A1")
    effort, at = Effort(gap_bp=0.01, nodes=20, seconds=None), []
    for cash in (0.0, 50.0):
        found = solve(BALANCED, replace(snapshot, cash=snapshot.cash + cash), effort, clock=lambda: 0.0)
        at.append(found.posed)
    assert price.dollars > 0.02, "a price of zero proves nothing"
    assert price.dollars == pytest.approx((at[0] - at[1]) / 50.0, rel=0.15)


# What is written


def test_an_explanation_survives_json_and_the_schema() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    from lotwright.files.plan_schema import plan_schema

    _, plan = told("a restriction")
    written = plan_to_json(plan)
    jsonschema.validate(written, plan_schema())
    again = plan_from_json(written).explanation
    assert again is not None
    assert again == Explanation(not_done=plan.explanation.not_done, limit_prices=plan.explanation.limit_prices)


def test_nothing_is_explained_unasked() -> None:
    snapshot = make_snapshot(HOUSEHOLDS["a restriction"], prices=PRICES, weights=WEIGHTS)
    plan = plan_household(
        snapshot.household, name="H", market=snapshot.market, risk=risk_model(sorted(PRICES)), program=BALANCED,
        effort=Effort(nodes=50, seconds=None),
    )  # fmt: skip
    assert plan.explanation is None
    assert "explanation" not in plan_to_json(plan)
    assert Rule.NO_SELL in {one.rule for one in snapshot.household.accounts[0].restrictions}


def test_many_small_positions_are_told_as_their_sector() -> None:
    """Thirty energy names are held at 0.95 % against 2 % each: none makes up a tenth of what buying ZZZ stands for."""
    small = [f"E{k:02d}" for k in range(30)]
    lots = [lot(name, 4, cost=10) for name in small] + [lot("ZZZ", 200, cost=10)]
    snapshot = make_snapshot(
        [account(lots=lots, cash=1000)],
        prices=dict.fromkeys([*small, "ZZZ"], 10),
        weights={**dict.fromkeys(small, 0.02), "ZZZ": 0.4},
        sectors={**dict.fromkeys(small, "Energy"), "ZZZ": "Health"},
    )
    buy = np.array([30.0 if symbol == "ZZZ" else 0.0 for symbol in snapshot.symbol])
    chosen = Trades(sell=np.zeros(len(snapshot.lot)), buy=buy)
    model = risk_model(sorted(snapshot.market.prices))
    numbers = RiskNumbers(symbols=model.symbols, exposure=model.exposure, specific=model.specific)
    orders = trade_list(chosen, snapshot)
    true = verify(orders, snapshot.household, snapshot.market, terms=BALANCED.terms(), risk=numbers)
    (bought,) = with_reasons(orders, snapshot, true)
    assert pytest.approx(0.286, abs=5e-4) == 30 * 4 * 10 / 4200
    assert bought.reason.endswith("in place of the sector Energy (28.6 % of the account against a target of 60.0 %).")


@pytest.mark.parametrize(
    ("bought", "words"),
    [(3.0, "towards its target of 2.0 %"), (4.0, "over its target of 2.0 %")],
)
def test_towards_is_not_said_of_what_ends_well_past_a_small_target(bought: float, words: str) -> None:
    """A target of 2 % of $5,000 is five shares of $20: two are held; five is towards, six is over (by 0.4 % of the account)."""
    lots = [lot("AAA", 40, cost=100), lot("CCC", 2, cost=20)]
    snapshot = make_snapshot(
        [account(lots=lots, cash=960)], prices=PRICES, weights={"AAA": 0.8, "BBB": 0.18, "CCC": 0.02}
    )
    chosen = Trades(sell=np.zeros(2), buy=np.array([0.0, 0.0, bought]))
    (told_,) = with_reasons(trade_list(chosen, snapshot), snapshot, verified(snapshot, chosen, terms=BALANCED.terms()))
    assert words in told_.reason
