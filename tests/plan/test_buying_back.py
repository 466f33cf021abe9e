"""Buying back under British and Canadian law: what the verifier forbids, what a plan never does, what locks say.

Cases by hand from TCGA 1992 sections 104 to 106A and ITA sections 47 and 54; the day is 30 November 2020.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Context, Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lotwright.book.failure import Failure
from lotwright.book.holdings import Account, Household, Transaction
from lotwright.book.kinds import AccountKind, Action, Regime, Side
from lotwright.book.trades import LotSale, Trade
from lotwright.files.plan_json import plan_from_json, plan_schema, plan_to_json
from lotwright.plan.household import plan_household
from lotwright.plan.replay import replay
from lotwright.plan.result import HouseholdPlan, Status
from lotwright.plan.separable.tree import Effort
from lotwright.plan.snapshot import Snapshot
from lotwright.plan.take_snapshot import take_snapshot
from lotwright.plan.terms import RiskNumbers, Terms
from lotwright.plan.verify import Verification, verify
from lotwright.plan.verify_pool import pooled_household
from lotwright.plan.verify_uk import BedAndBreakfast
from lotwright.tax.regimes.laws import law_of
from lotwright.tax.regimes.pool import pooled
from tests.plan.factory import (
    TODAY,
    account,
    days_ago,
    lot,
    make_snapshot,
    money,
    purchase,
    risk_model,
    sale,
    trade_list,
    trades,
)
from tests.plan.separable.households import balanced
from tests.plan.separable.other_laws import draw

UK, CANADA = Regime.UK, Regime.CANADA
PRICES = {"AAA": 100, "BBB": 50}


def household(*accounts: Account) -> Household:
    return Household(household="H", accounts=accounts)


def judged(
    accounts: list[Account], *, sell: dict[str, float] | None = None, buy: dict[str, float] | None = None
) -> Verification:
    """What the verifier says of a trade list, named by account/symbol, that sells from pools."""
    snapshot = make_snapshot(accounts, prices=PRICES)
    index = {f"{lot.account}/{lot.symbol}": k for k, lot in enumerate(snapshot.lot)}
    chosen = trades(snapshot, buy=buy)
    for name, quantity in (sell or {}).items():
        chosen.sell[index[name]] = quantity
    return checked(trade_list(snapshot, chosen), accounts, snapshot)


def checked(listed: list[Trade], accounts: list[Account], snapshot: Snapshot) -> Verification:
    model = risk_model(sorted(PRICES))
    risk = RiskNumbers(symbols=model.symbols, exposure=model.exposure, specific=model.specific)
    return verify(listed, household(*accounts), snapshot.market, terms=Terms(), risk=risk)


def broken(found: Verification) -> set[str]:
    return {check.name for check in found.failed} - {"cash", "whole_shares"}


def gia(**more: object) -> Account:
    lots = [lot("AAA", 10, cost=60, days=900), lot("AAA", 30, cost=100, days=400), lot("BBB", 20, cost=70, days=400)]
    return account("G", regime=UK, cash=9000.0, **{"lots": lots, **more})


def test_a_sale_takes_the_average_of_the_pool() -> None:
    """10 at 60 and 30 at 100 are 40 at 90: 8 sold at 100 gain 80, whichever lot a broker names (section 104(3))."""
    found = judged([gia()], sell={"G/AAA": 8})
    assert not broken(found)
    assert found.tax.long_term_gain == 80
    assert found.tax.short_term_gain == 0


def test_both_accounts_of_a_person_are_one_pool_and_an_isa_is_not_in_it() -> None:
    other = account("G2", regime=UK, lots=[lot("AAA", 40, cost=110, days=300)])
    isa = account("I", regime=UK, kind=AccountKind.ISA, lots=[lot("AAA", 40, cost=1, days=300)])
    found = judged([gia(), other, isa], sell={"G/AAA": 10, "I/AAA": 5})
    assert not broken(found)
    assert found.tax.long_term_gain == 0  # (600 + 3000 + 4400) / 80 = 100 a share


def test_a_claimed_lot_cost_is_found_out() -> None:
    accounts = [gia()]
    claim = LotSale(lot="AAA-900-60", acquired=days_ago(900), quantity=money(5), basis=money(300), proceeds=money(500), gain=money(200), character="LT")  # type: ignore[arg-type]  # fmt: skip
    trade = Trade(
        account="G", symbol="AAA", side=Side.SELL, quantity=money(5), price=money(100), value=money(500), lots=(claim,)
    )
    assert "lots" in broken(checked([trade], accounts, make_snapshot(accounts, prices=PRICES)))
    pool = replace(claim, lot="pool")
    assert "gains" in broken(checked([replace(trade, lots=(pool,))], accounts, make_snapshot(accounts, prices=PRICES)))


@pytest.mark.parametrize("symbol", ["AAA", "BBB"])  # at a gain, at a loss
def test_nothing_is_sold_and_bought_in_taxable_accounts_on_one_day(symbol: str) -> None:
    other = account("G2", regime=UK, cash=9000.0)
    isa = account("I", regime=UK, kind=AccountKind.ISA, cash=9000.0)
    assert "wash_sale" in broken(judged([gia(), other], sell={f"G/{symbol}": 3}, buy={f"G2/{symbol}": 1}))
    assert not broken(judged([gia(), isa], sell={f"G/{symbol}": 3}, buy={f"I/{symbol}": 3}))  # bed and ISA


@pytest.mark.parametrize(("days", "is_barred"), [(0, True), (1, True), (30, True), (31, False)])
@pytest.mark.parametrize("gain", [-50, 80])
def test_a_sale_of_the_last_thirty_days_bars_a_buy(days: int, is_barred: bool, gain: float) -> None:
    accounts = [gia(transactions=(sale("AAA", days=days, gain=gain, quantity=5, name="G"),))]
    found = judged(accounts, buy={"G/AAA": 2})
    assert ("wash_sale" in broken(found)) == is_barred
    until = [lock.no_buy_until for lock in found.running_locks]
    assert until == ([TODAY - timedelta(days=days - 30)] if is_barred else [])
    assert make_snapshot(accounts, prices=PRICES).is_locked.any() == is_barred


def test_a_sale_that_was_matched_bars_nothing() -> None:
    past = (sale("AAA", days=20, gain=-50, quantity=5, name="G"), purchase("AAA", days=8, quantity=5, name="G"))
    assert not broken(judged([gia(transactions=past)], buy={"G/AAA": 2}))
    half = (past[0], purchase("AAA", days=8, quantity=2, name="G"))
    assert "wash_sale" in broken(judged([gia(transactions=half)], buy={"G/AAA": 2}))


def test_what_was_bought_today_is_not_sold_today() -> None:
    lots = [lot("AAA", 10, cost=60, days=900), lot("AAA", 2, cost=99, days=0)]
    accounts = [gia(lots=lots)]
    assert "wash_sale" in broken(judged(accounts, sell={"G/AAA": 3}))
    assert not make_snapshot(accounts, prices=PRICES).is_locked.any()


def margin(**more: object) -> Account:
    lots = [lot("AAA", 10, cost=140, days=900), lot("BBB", 20, cost=30, days=400)]
    return account("M", regime=CANADA, cash=9000.0, **{"lots": lots, **more})


@pytest.mark.parametrize(("days", "is_barred"), [(0, True), (30, True), (34, True), (35, False)])
@pytest.mark.parametrize("kind", [AccountKind.TFSA, AccountKind.RRSP])
def test_a_registered_purchase_bars_a_loss(days: int, is_barred: bool, kind: AccountKind) -> None:
    plan = account("R", regime=CANADA, kind=kind, lots=[lot("AAA", 4, cost=90, days=days)])
    accounts = [margin(), plan]
    assert ("wash_sale" in broken(judged(accounts, sell={"M/AAA": 3}))) == is_barred
    assert not broken(judged(accounts, sell={"M/BBB": 3}))  # a gain is free
    assert not broken(judged(accounts, sell={"M/AAA": 10, "R/AAA": 4}))  # nobody holds any at the end


def test_a_loss_and_a_purchase_exclude_each_other_in_the_whole_household() -> None:
    tfsa = account("T", regime=CANADA, kind=AccountKind.TFSA, cash=9000.0)
    assert "wash_sale" in broken(judged([margin(), tfsa], sell={"M/AAA": 3}, buy={"T/AAA": 1}))
    assert not broken(judged([margin(), tfsa], sell={"M/BBB": 3}, buy={"T/BBB": 1}))
    past = margin(transactions=(sale("BBB", days=12, gain=-50, name="M"),))
    assert "wash_sale" in broken(judged([past, tfsa], buy={"T/BBB": 1}))
    assert not broken(judged([margin(transactions=(sale("BBB", days=12, gain=50, name="M"),)), tfsa], buy={"T/BBB": 1}))


def test_shares_of_the_last_purchase_are_no_excuse_in_canada() -> None:
    recent = margin(lots=[lot("AAA", 10, cost=140, days=12)])
    assert "wash_sale" in broken(judged([recent], sell={"M/AAA": 3}))
    assert not broken(judged([recent], sell={"M/AAA": 10}))


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 70), st.integers(1, 6)), max_size=12))
def test_planner_and_verifier_agree_on_what_is_open(history: list[tuple[bool, int, int]]) -> None:
    past = tuple(
        Transaction(account="G", date=days_ago(days), symbol="AAA", action=Action.BUY if buys else Action.SELL,
                    quantity=Decimal(quantity), price=Decimal(100), realised_gain=Decimal(0))
        for buys, days, quantity in history
    )  # fmt: skip
    book, market = household(gia(transactions=past)), make_snapshot([gia()], prices=PRICES).market
    window = law_of(book).window(book, market)
    rule = BedAndBreakfast(household=book, market=market)
    assert [lock.no_buy_until for lock in window.locks] == [lock.no_buy_until for lock in rule.running_locks()]
    done = replay((), rule.held(), market=market, terms=Terms())
    barred = rule.sellable(done.accounts[0], "AAA") == 0
    assert barred == bool(window.purchases)


@pytest.mark.parametrize("regime", [UK, CANADA])
def test_pooling_again_changes_nothing_and_both_pools_agree(regime: Regime) -> None:
    for seed in range(30):
        case = draw(seed, regime)
        once = pooled(case.book, case.snapshot.market)
        assert pooled(once, case.snapshot.market).accounts == once.accounts
        with localcontext(Context(prec=50)):  # as verify() computes
            assert pooled_household(case.book, case.snapshot.market).accounts == once.accounts
        assert sum(item.basis for a in once.accounts for item in a.lots) == pytest.approx(
            sum(item.basis for a in case.book.accounts for item in a.lots)
        )


FIGURES = {
    "risk_price": 25.0, "half_spread": 0.0003, "per_ticket": 0.0, "per_share": 0.0, "ticket": 0.5, "substitution": 0.002,
    "carried_loss_value": 0.5, "idle_cash": 0.02, "shortfall": 0.05, "fractional_increment": 0.5, "minimum_ticket": 0.0,
}  # fmt: skip


def planned(book: Household, snapshot: Snapshot) -> HouseholdPlan:
    return plan_household(
        book, name="H", market=snapshot.market, risk=risk_model(sorted(PRICES)), program=balanced(FIGURES),
        effort=Effort(gap_bp=0.01, nodes=2000, seconds=None),
    )  # fmt: skip


@pytest.mark.parametrize("first", [gia(), margin()], ids=["uk", "canada"])
def test_planning_again_on_the_result_trades_nothing(first: Account) -> None:
    snapshot = make_snapshot([first], prices=PRICES)
    plan = planned(household(first), snapshot)
    assert plan.status is Status.PLANNED
    after = planned(household(carried_out(first, plan, snapshot)), snapshot)
    assert after.status is Status.NOTHING_TO_DO, [(t.side, t.symbol, t.quantity) for t in after.trades]


def carried_out(holder: Account, plan: HouseholdPlan, snapshot: Snapshot) -> Account:
    """The pools after the trades, and the trades as history."""
    (held,) = pooled(household(holder), snapshot.market).accounts
    sold = {t.symbol: t.quantity for t in plan.trades if t.side is Side.SELL}
    lots = [
        replace(item, quantity=item.quantity - sold.get(item.symbol, 0),
                basis=item.basis * (item.quantity - sold.get(item.symbol, 0)) / item.quantity)
        for item in held.lots
    ]  # fmt: skip
    bought = [
        replace(lot(t.symbol, float(t.quantity), cost=float(t.price), days=0, name="new"), account=holder.account)
        for t in plan.trades if t.side is Side.BUY
    ]  # fmt: skip
    history = tuple(
        Transaction(account=holder.account, date=TODAY, symbol=t.symbol, action=Action.SELL if t.lots else Action.BUY,
                    quantity=t.quantity, price=t.price, realised_gain=sum((s.gain for s in t.lots), Decimal(0)) if t.lots else None)
        for t in plan.trades
    )  # fmt: skip
    gain = plan.tax.long_term_gain if plan.tax else Decimal(0)
    return replace(
        holder,
        lots=tuple(item for item in (*lots, *bought) if item.quantity),
        transactions=history,
        cash=plan.cash[holder.account].after,
        realised_long=holder.realised_long + gain,
    )


def test_a_plan_says_its_regime_and_writes_its_currency() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    snapshot = make_snapshot([gia()], prices=PRICES)
    plan = planned(household(gia()), snapshot)
    said = plan_to_json(plan)
    jsonschema.validate(said, plan_schema())
    assert said["regime"] == "uk"
    assert plan_from_json(said).regime is UK
    texts = [
        *(t.reason for t in plan.trades),
        *(c.text for c in plan.costs),
        *(c.text for c in plan.checks),
        *plan.notes,
    ]
    assert any("£" in text for text in texts)
    assert not any("$" in text for text in texts)


@pytest.mark.parametrize(
    ("accounts", "words"),
    [
        ([account("A1"), account("A2", regime=UK)], "different tax laws"),
        ([account("A1", kind=AccountKind.ISA)], "kind isa, which the regime us does not know"),
        ([account("A1", kind=AccountKind.ROTH, regime=CANADA)], "Set its regime to us"),
    ],
)
def test_a_household_under_no_one_law_is_a_failure(accounts: list[Account], words: str) -> None:
    market = make_snapshot([account()], prices=PRICES).market
    found = take_snapshot(household(*accounts), market, risk_model(sorted(PRICES)))
    assert isinstance(found, Failure)
    assert words in found.message


def test_a_year_before_the_data_of_the_law_is_a_failure() -> None:
    market = replace(make_snapshot([account()], prices=PRICES).market, as_of=date(2019, 6, 3))
    found = take_snapshot(household(gia()), market, risk_model(sorted(PRICES)))
    assert isinstance(found, Failure)
    assert "begin with the tax year 2020/21" in found.message
