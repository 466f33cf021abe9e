"""Every limit: what cvxpy sees agrees with plain numbers, and plain numbers with a table made by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lotwright.book.kinds import AccountKind, Relief
from lotwright.errors import ProgramError
from lotwright.plan.costs import HalfSpread
from lotwright.plan.costs.amounts import cash_after
from lotwright.plan.decision import decide
from lotwright.plan.limits import Cash, Holdings, MinimumTicket, Restrictions, Soft, WashSale, WholeShares
from lotwright.plan.limits.restrictions import bounds, reasons
from lotwright.plan.program import Program
from lotwright.plan.protocols import Trades
from lotwright.plan.separable.form import blank
from lotwright.plan.snapshot import Snapshot

from .factory import (
    account,
    deposit,
    lot,
    make_snapshot,
    purchase,
    rule,
    sale,
    snapshots,
    trades,
    verified,
    whole_trades,
)

TINY = 1e-9


def worst(limit: Any, snapshot: Snapshot, chosen: Trades, *, cost: Sequence[HalfSpread] = ()) -> float:
    """Largest excess at trades, as a fraction of household value."""
    decision = decide(snapshot)
    decision.assign(snapshot, chosen, cash_after(snapshot, chosen, cost))
    return max((float(np.max(row.value, initial=0.0)) for row in limit.excess(snapshot, decision)), default=0.0)


@settings(max_examples=60)
@given(data=st.data())
@pytest.mark.parametrize("kind", [Cash, Holdings, Restrictions, MinimumTicket])
def test_excess_agrees_with_violation(data: st.DataObject, kind: type) -> None:
    """Law: at whole-share trades a limit's excess is positive exactly when plain numbers find it broken."""
    snapshot = data.draw(snapshots())
    chosen = data.draw(whole_trades(snapshot))
    if kind is MinimumTicket and snapshot.lot:  # the relaxation may not see that a position just below is not closed
        sold = np.bincount(snapshot.lot_holding, weights=chosen.sell, minlength=len(snapshot.symbol))
        small = (snapshot.quantity * snapshot.price < 100) & (sold > 0) & (sold < snapshot.quantity)
        if small.any():
            assert kind().violation(snapshot, chosen) > 0
            return
    limit = kind()
    assert (worst(limit, snapshot, chosen) > TINY) == (limit.violation(snapshot, chosen) > TINY)


@settings(max_examples=60)
@given(data=st.data())
def test_wash_sale_excess_is_an_outer_description(data: st.DataObject) -> None:
    """Law: clean trades have no excess; broken ones have some wherever no purchase could be cleared."""
    snapshot = data.draw(snapshots())
    chosen = data.draw(whole_trades(snapshot))
    broken = WashSale().violation(snapshot, chosen) > 0
    if not broken:
        assert worst(WashSale(), snapshot, chosen) <= TINY
    elif not (snapshot.lot_purchase >= 0).any():
        assert worst(WashSale(), snapshot, chosen) > TINY


@settings(max_examples=100)
@given(data=st.data())
def test_violation_agrees_with_the_independent_verifier(data: st.DataObject) -> None:
    """Law: each limit is broken exactly when separate ``Decimal`` code says so (cash: to the cents of rounding)."""
    snapshot = data.draw(snapshots())
    chosen = data.draw(whole_trades(snapshot))
    limits = (Cash(), WholeShares(), WashSale(), Restrictions(), MinimumTicket(dollars=100))
    program = Program(name="every", says="", costs=(HalfSpread(default=0.0004),), limits=limits)
    checks = {check.name: check.ok for check in verified(snapshot, chosen, terms=program.terms()).checks}
    for limit in program.limits:
        broken = limit.violation(snapshot, chosen)
        if limit.kind != "cash" or broken == 0 or broken > 0.1:
            assert checks[limit.kind] == (broken <= TINY), limit.kind


def washed(lots: list[Any], *, sell: dict[str, float], buy: dict[str, float] | None = None, **more: Any) -> float:
    """Shares washed when one taxable account trades AAA at 100."""
    history = more.pop("history", ())
    others = more.pop("others", [])
    snapshot = make_snapshot(
        [account(cash=5000, lots=lots, transactions=tuple(history)), *others],
        prices={"AAA": 100, "CCC": 20},
        weights={"AAA": 0.5, "CCC": 0.5},
        **more,
    )
    return WashSale().violation(snapshot, trades(snapshot, sell=sell, buy=buy))


def test_wash_sale_table() -> None:
    """By hand from TAX_RULES B1: 1 and 19, 9 (own purchase), 10 and 20 (cleared), 12 (IRA), 13 (reinvested)."""
    old = lot("AAA", 10, cost=120, days=500, name="old")
    gain = lot("AAA", 10, cost=80, days=500, name="gain")
    new = lot("AAA", 4, cost=110, days=30, name="new")
    clean = lot("AAA", 4, cost=110, days=31, name="clean")
    ira = account("B1", kind=AccountKind.ROTH, lots=[lot("AAA", 1, cost=90, days=3, name="ira")])
    same = {"AAA": "g", "CCC": "g"}
    assert washed([old], sell={"old": 10}) == 0, "a loss alone is clean"
    assert washed([old, clean], sell={"old": 10}) == 0, "31 days ago is outside the window"
    assert washed([old, new], sell={"old": 10}) == 10, "30 days ago is inside it"
    assert washed([gain, new], sell={"gain": 10}) == 0, "gains are never affected"
    assert washed([new], sell={"new": 2}) == 0, "shares of one purchase do not replace each other"
    assert washed([old, new], sell={"old": 10, "new": 4}) == 0, "the purchase leaves wholly with the loss"
    assert washed([old, new], sell={"old": 10, "new": 3}) == 10, "one share of it stays"
    assert washed([old], sell={"old": 10}, others=[ira]) == 10, "an IRA's purchase replaces"
    assert washed([old], sell={"old": 10, "ira": 1}, others=[ira]) == 10, "it is not cleared from another account"
    assert washed([old], sell={"old": 10}, buy={"A1/CCC": 1}, identical=same) == 1, "an identical security is bought"
    assert washed([old], sell={"old": 10}, buy={"A1/CCC": 1}) == 0, "another security is not"
    assert washed([gain], sell={"gain": 10}, buy={"A1/CCC": 1}, identical=same) == 0, "after a gain one may buy"
    assert washed([], sell={}, buy={"A1/AAA": 2}, history=[sale("AAA", days=30, gain=-5)]) == 2, "locked"
    assert washed([], sell={}, buy={"A1/AAA": 2}, history=[sale("AAA", days=31, gain=-5)]) == 0, "day 31 is free"
    assert washed([], sell={}, buy={"A1/AAA": 2}, history=[sale("AAA", days=5, gain=5)]) == 0, "a gain locks nothing"
    gone = purchase("AAA", days=9)
    assert washed([old], sell={"old": 10}, history=[gone]) == 10, "bought and sold since still counts, read strictly"


def test_two_recent_purchases_clear_each_other_only_together() -> None:
    """Two lots bought 5 and 9 days ago, both at a loss: either alone is washed by the other, both together are not."""
    lots = [lot("AAA", 3, cost=110, days=9, name="first"), lot("AAA", 2, cost=120, days=5, name="second")]
    assert washed(lots, sell={"first": 3}) == 3
    assert washed(lots, sell={"second": 2}) == 2
    assert washed(lots, sell={"first": 3, "second": 2}) == 0


def one(*rules: Any, **more: Any) -> Snapshot:
    """$3,000: 10 AAA at 100, 50 CCC at 20, $1,000; half of each is wanted."""
    lots = more.pop("lots", [lot("AAA", 10, cost=80, name="a"), lot("CCC", 50, cost=15, name="c")])
    return make_snapshot(
        [account(cash=1000, lots=lots, restrictions=tuple(rules), **more)],
        prices={"AAA": 100, "CCC": 20},
        sectors={"CCC": "Tech"},
    )


@pytest.mark.parametrize(
    ("rules", "lower", "upper"),
    [
        ((), (-10, -50), (np.inf, np.inf)),
        ((rule("no_buy", "AAA"),), (-10, -50), (0, np.inf)),
        ((rule("no_sell", "AAA"),), (0, -50), (np.inf, np.inf)),
        ((rule("no_trade", "CCC"),), (-10, 0), (np.inf, 0)),
        ((rule("exclude", "AAA"),), (-10, -50), (-10, np.inf)),
        ((rule("exclude", "AAA"), rule("no_sell", "AAA")), (0, -50), (0, np.inf)),
        ((rule("exclude_sector", sector="Tech"),), (-10, -50), (np.inf, -50)),
        ((rule("exclude_sector", sector="Energy"),), (-10, -50), (np.inf, np.inf)),
        ((rule("maximum_weight", "AAA", weight=0.2),), (-10, -50), (-4, np.inf)),  # $600 of $3,000: 6 shares
        ((rule("maximum_weight", "AAA", weight=0.5),), (-10, -50), (5, np.inf)),
        ((rule("maximum_weight", "AAA", weight=0.2), rule("no_trade", "AAA")), (0, -50), (0, np.inf)),
        ((rule("no_buy", "ZZZ"),), (-10, -50), (np.inf, np.inf)),
    ],
)
def test_bounds_table(rules: tuple[Any, ...], lower: tuple[float, ...], upper: tuple[float, ...]) -> None:
    low, high = bounds(one(*rules))
    assert low == pytest.approx(lower)
    assert high == pytest.approx(upper)


def test_exclusion_gives_way_to_the_wash_sale_window() -> None:
    """A loss lot beside an IRA's recent purchase may not be sold today, so it is only not bought, and that is said."""
    ira = account("B1", kind=AccountKind.ROTH, lots=[lot("AAA", 1, cost=90, days=3)])
    lots = [lot("AAA", 10, cost=130, name="a"), lot("AAA", 5, cost=50, name="gain")]
    for restriction, forced in (
        (rule("exclude", "AAA"), False),
        (rule("maximum_weight", "AAA", weight=0.5), True),  # 12.5 shares may stay: the 5 at a gain suffice
        (rule("maximum_weight", "AAA", weight=0.3), False),  # 7.5 may stay: they do not
    ):
        snapshot = make_snapshot([account(cash=1000, lots=lots, restrictions=(restriction,)), ira], prices={"AAA": 100})
        assert (bounds(snapshot)[1][0] < 0) == forced, restriction
        assert ("may not be sold today" in reasons(snapshot)[0].text) != forced


def test_under_fifo_only_what_stands_before_a_barred_lot_can_be_forced() -> None:
    """The same two lots, the loss bought first: under fifo the gain cannot leave before it."""
    ira = account("B1", kind=AccountKind.ROTH, lots=[lot("AAA", 1, cost=90, days=3)])
    lots = [lot("AAA", 10, cost=130, days=900), lot("AAA", 5, cost=50, days=800)]
    cap = rule("maximum_weight", "AAA", weight=0.5)
    for relief, forced in ((Relief.SPECIFIC, True), (Relief.FIFO, False)):
        snapshot = make_snapshot(
            [account(cash=1000, lots=lots, restrictions=(cap,), relief=relief), ira], prices={"AAA": 100}
        )
        assert (bounds(snapshot)[1][0] < 0) == forced


def test_cash_floor_counts_deposits_and_what_is_paid() -> None:
    """$1,000 + $500 deposit, $200 must stay: 13 AAA at 100 and their half-spread of $1.30 leave $198.70."""
    snapshot = make_snapshot([account(cash=1000, minimum_cash=200, cashflows=(deposit(500),))], prices={"AAA": 100})
    spread = HalfSpread(default=0.001)
    assert Cash().violation(snapshot, trades(snapshot, buy={"AAA": 13})) == 0
    found = Cash(paid_in_cash=(spread,)).violation(snapshot, trades(snapshot, buy={"AAA": 13}))
    assert found == pytest.approx(1.30)


def test_cash_is_never_overdrawn_whatever_the_book_says() -> None:
    snapshot = make_snapshot([account(cash=100, minimum_cash=-500)], prices={"AAA": 60})
    assert Cash().violation(snapshot, trades(snapshot, buy={"AAA": 2})) == pytest.approx(20)


def test_holdings_by_hand() -> None:
    snapshot = one()
    assert Holdings().violation(snapshot, trades(snapshot, sell={"a": 11})) == pytest.approx(1)
    assert Holdings().violation(snapshot, trades(snapshot, sell={"a": 2}, buy={"AAA": 5})) == pytest.approx(2)
    assert Holdings().violation(snapshot, trades(snapshot, sell={"a": 2}, buy={"CCC": 5})) == 0


@pytest.mark.parametrize(
    ("fractional", "sold", "bought", "off"),
    [
        (False, 3, 0, 0),
        (False, 3.5, 0, 0.5),
        (False, 10.25, 0, 0),  # closes the position with its odd quarter
        (False, 0, 2.25, 0.25),
        (True, 3.5, 0, 0),
        (True, 0, 2.00004, 0.00004),
    ],
)
def test_whole_shares_by_hand(*, fractional: bool, sold: float, bought: float, off: float) -> None:
    lots = [lot("AAA", 10.25, cost=80, name="a")]
    snapshot = make_snapshot([account(cash=1000, lots=lots, fractional=fractional)], prices={"AAA": 100})
    chosen = trades(snapshot, sell={"a": sold} if sold else {}, buy={"AAA": bought} if bought else {})
    assert WholeShares().violation(snapshot, chosen) == pytest.approx(off, abs=1e-12)


def test_whole_share_rows_are_kept_by_whole_shares() -> None:
    """The exact rows: 3 steps sold hold; closing an odd position takes all of its steps and the remainder."""
    lots = [lot("AAA", 10.25, cost=80, name="a")]
    snapshot = make_snapshot([account(cash=1000, lots=lots)], prices={"AAA": 100})
    for sold, units, close, holds in ((3.0, 3, 0, True), (10.25, 10, 1, True), (3.25, 3, 1, False), (3.5, 3, 0, False)):
        decision = decide(snapshot, exact=True)
        decision.assign(snapshot, trades(snapshot, sell={"a": sold}), snapshot.cash)
        assert decision.units is not None
        decision.units.buy.value, decision.units.sell.value = np.zeros(1), np.array([units])
        decision.units.close.value = np.array([close])
        rows = WholeShares().excess(snapshot, decision)
        assert (max(float(np.max(row.value)) for row in rows) <= TINY) == holds, (sold, close)


@pytest.mark.parametrize(("sold", "bought", "missing"), [(1, 0, 0), (0, 4, 20), (0, 5, 0), (3, 0, 0), (2, 0, 0)])
def test_minimum_ticket_by_hand(sold: float, bought: float, missing: float) -> None:
    """At least $100: 4 CCC at 20 miss $20; selling AAA at 100 never misses."""
    snapshot = one()
    chosen = trades(snapshot, sell={"a": sold} if sold else {}, buy={"CCC": bought} if bought else {})
    assert MinimumTicket(dollars=100).violation(snapshot, chosen) == pytest.approx(missing)


def test_a_small_position_may_be_closed_but_not_trimmed() -> None:
    snapshot = one(lots=[lot("CCC", 3, cost=15, name="c")])
    assert MinimumTicket(dollars=100).violation(snapshot, trades(snapshot, sell={"c": 3})) == 0
    assert MinimumTicket(dollars=100).violation(snapshot, trades(snapshot, sell={"c": 2})) == pytest.approx(60)


@settings(max_examples=30)
@given(data=st.data())
def test_soft_is_a_cost_whose_expression_agrees_with_its_value(data: st.DataObject) -> None:
    """Law: the same as for every cost."""
    snapshot = data.draw(snapshots())
    chosen = data.draw(whole_trades(snapshot))
    decision = decide(snapshot)
    decision.assign(snapshot, chosen, cash_after(snapshot, chosen, ()))
    for soft in (Soft(limit=Cash(), price=3.0), Soft(limit=Restrictions(), price=0.5)):
        seen = float(soft.expression(snapshot, decision).value)
        assert seen == pytest.approx(soft.value(snapshot, chosen), rel=1e-9, abs=1e-7)


@pytest.mark.parametrize("limit", [WashSale(), WholeShares(), Holdings()])
def test_what_cannot_be_half_kept_cannot_be_softened(limit: Any) -> None:
    with pytest.raises(ProgramError, match=limit.kind):
        Soft(limit=limit, price=1.0)


def test_contribute_narrows_the_form() -> None:
    snapshot = one(rule("no_sell", "AAA"), transactions=(sale("CCC", days=3, gain=-10),), minimum_cash=50)
    form = blank(snapshot)
    for limit in (Cash(), Holdings(), WholeShares(), WashSale(), Restrictions(), MinimumTicket(dollars=100)):
        limit.contribute(snapshot, form)
    assert form.wash
    assert form.cash_floor == pytest.approx([50])
    assert form.lower == pytest.approx([0, -50])
    assert form.upper == pytest.approx([np.inf, 0])
    assert form.increment == pytest.approx([1, 1])
    assert form.minimum == pytest.approx([1, 5])


def test_explanations_are_sentences() -> None:
    snapshot = one(rule("no_sell", "AAA"))
    for limit in (Cash(), Holdings(), WholeShares(), WashSale(), Restrictions(), MinimumTicket()):
        text = limit.explain(snapshot, trades(snapshot, sell={"c": 10}))
        assert text.endswith("."), text
