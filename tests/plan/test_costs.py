"""Every cost: what cvxpy sees is what the trades cost, and that is what a person works out by hand."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lotwright.book.kinds import AccountKind
from lotwright.errors import ProgramError
from lotwright.plan.costs import COSTS, Commission, HalfSpread, IdleCash, Substitution, Tax, Ticket, Tracking
from lotwright.plan.costs.amounts import cash_after
from lotwright.plan.costs.tax_lines import tax_pieces
from lotwright.plan.decision import decide
from lotwright.plan.program import Program
from lotwright.plan.separable.form import blank
from lotwright.plan.snapshot import Snapshot
from lotwright.tax.year import TaxRates, year_tax

from .factory import account, lot, make_snapshot, snapshots, trades, verified, whole_trades

SPREAD, COMMISSION = HalfSpread(default=0.0004), Commission(per_ticket=4.95, per_share=0.01)
EVERY = (
    Tracking(risk_price=25.0),
    SPREAD,
    COMMISSION,
    Ticket(price=0.5),
    Substitution(price=0.002),
    Tax(carried_loss_value=0.5),
    IdleCash(price=0.02, shortfall=0.05, paid_in_cash=(SPREAD, COMMISSION)),
)


@settings(max_examples=60)
@given(data=st.data())
def test_expression_agrees_with_value(data: st.DataObject) -> None:
    """Law: at whole-share trades the expression, least over the tax pieces, is the value."""
    snapshot = data.draw(snapshots())
    chosen = data.draw(whole_trades(snapshot))
    after = cash_after(snapshot, chosen, (SPREAD, COMMISSION))
    found: dict[str, float] = {}
    for piece in range(3):
        decision = decide(snapshot, tax_piece=piece)
        decision.assign(snapshot, chosen, after)
        for cost in EVERY:
            seen = float(cost.expression(snapshot, decision).value)
            found[cost.kind] = min(found.get(cost.kind, np.inf), seen)
    for cost in EVERY:
        assert found[cost.kind] == pytest.approx(cost.value(snapshot, chosen), rel=1e-9, abs=1e-7), cost.kind


@settings(max_examples=30)
@given(data=st.data())
def test_definitions_hold_at_trades(data: st.DataObject) -> None:
    """Law: what ``assign`` sets satisfies the definitions of active weights, factors and gains."""
    snapshot = data.draw(snapshots())
    chosen = data.draw(whole_trades(snapshot))
    decision = decide(snapshot)
    decision.assign(snapshot, chosen, cash_after(snapshot, chosen, ()))
    for name, link in decision.links.items():
        assert np.max(link.violation(), initial=0.0) < 1e-12, name


@settings(max_examples=60)
@given(data=st.data())
def test_value_agrees_with_the_independent_verifier(data: st.DataObject) -> None:
    """Law: every cost is what separate ``Decimal`` code finds when the trades are carried out on the book."""
    snapshot = data.draw(snapshots())
    chosen = data.draw(whole_trades(snapshot))
    program = Program(name="every", says="", costs=EVERY, limits=())
    found = verified(snapshot, chosen, terms=program.terms())
    for cost in program.costs:
        assert float(found.costs[cost.kind]) == pytest.approx(cost.value(snapshot, chosen), rel=1e-9, abs=1e-7), (
            cost.kind
        )


def two_lots() -> Snapshot:
    """$5,250: 40 AAA at 100 (30 bought at 90 long ago, 10 at 120 this year), 5 BBB at 50, $1,000."""
    lots = [
        lot("AAA", 30, cost=90, name="old"),
        lot("AAA", 10, cost=120, days=100, name="new"),
        lot("BBB", 5, cost=30, days=10, name="b"),
    ]
    return make_snapshot([account(cash=1000, lots=lots)], prices={"AAA": 100, "BBB": 50, "CCC": 20}, factors=0)


def test_tracking_by_hand() -> None:
    """Without factors: 25 * V * sum of variance * weight²; targets are $1,750 each of $5,250."""
    weight = np.array([4000 - 1750, 250 - 1750, 0 - 1750]) / 5250
    expected = 25 * 5250 * (np.array([0.02, 0.035, 0.05]) @ weight**2)
    assert Tracking().value(two_lots(), trades(two_lots())) == pytest.approx(expected)


def test_spread_commission_and_ticket_by_hand() -> None:
    """Selling 10 AAA ($1,000) and buying 40 CCC ($800): two orders, 50 shares, $1,800."""
    snapshot = two_lots()
    chosen = trades(snapshot, sell={"new": 10}, buy={"CCC": 40})
    assert SPREAD.value(snapshot, chosen) == pytest.approx(1800 * 0.0004)
    assert COMMISSION.value(snapshot, chosen) == pytest.approx(2 * 4.95 + 50 * 0.01)
    assert Ticket(price=0.5).value(snapshot, chosen) == pytest.approx(1.0)


def test_spread_of_the_book_wins_over_the_default() -> None:
    lots = [lot("AAA", 10, cost=90, name="old")]
    snapshot = make_snapshot([account(lots=lots)], prices={"AAA": 100}, spreads={"AAA": 0.002})
    assert HalfSpread(default=0.5).value(snapshot, trades(snapshot, sell={"old": 10})) == pytest.approx(2.0)


def test_idle_cash_counts_what_is_paid() -> None:
    """$1,000 + $1,000 - $800 - $0.72 - $10.40 remain; none is the target."""
    snapshot = two_lots()
    chosen = trades(snapshot, sell={"new": 10}, buy={"CCC": 40})
    cost = IdleCash(price=0.02, shortfall=0.05, paid_in_cash=(SPREAD, COMMISSION))
    assert cost.value(snapshot, chosen) == pytest.approx(0.02 * (1200 - 0.72 - 10.40))


def test_missing_cash_is_dearer() -> None:
    """Target 10 % of $2,000 is $200; buying leaves $100."""
    lots = [lot("AAA", 10, cost=90)]
    snapshot = make_snapshot([account(cash=1000, cash_target=0.1, lots=lots)], prices={"AAA": 100})
    assert IdleCash().value(snapshot, trades(snapshot, buy={"AAA": 9})) == pytest.approx(0.05 * 100)


def test_substitution_charges_stand_ins_alone() -> None:
    snapshot = make_snapshot(
        [account(cash=1000)], prices={"AAA": 100, "SUB": 10}, weights={"AAA": 1.0}, substitutes={"AAA": ["SUB"]}
    )
    assert Substitution(price=0.002).value(snapshot, trades(snapshot, buy={"AAA": 3, "SUB": 20})) == pytest.approx(0.4)


def test_tax_of_a_loss_by_hand() -> None:
    """$200 short loss and nothing else this year: deducted at 40 %."""
    snapshot = two_lots()
    assert Tax().value(snapshot, trades(snapshot, sell={"new": 10})) == pytest.approx(-80.0)


def test_a_loss_against_a_long_gain_is_worth_the_long_rate() -> None:
    """$300 long gain (20 %) absorbs the $200 short loss: 20 % of $100 instead of nothing."""
    snapshot = two_lots()
    assert Tax().value(snapshot, trades(snapshot, sell={"new": 10, "old": 30})) == pytest.approx(20.0)


def test_a_carried_loss_counts_at_half_the_long_rate() -> None:
    """$5,000 lost: $3,000 deducted at 40 %, $2,000 carried at half of 20 %."""
    snapshot = make_snapshot([account(lots=[lot("AAA", 10, cost=600, days=50, name="x")])], prices={"AAA": 100})
    assert Tax().value(snapshot, trades(snapshot, sell={"x": 10})) == pytest.approx(-(1200 + 200))


def test_an_ira_pays_no_tax() -> None:
    lots = [lot("AAA", 10, cost=600, days=50, name="x")]
    snapshot = make_snapshot([account(kind=AccountKind.ROTH, lots=lots)], prices={"AAA": 100})
    assert Tax().pieces(snapshot) == ()
    assert Tax().value(snapshot, trades(snapshot, sell={"x": 10})) == 0.0


@pytest.mark.parametrize(
    ("short", "long", "deduct", "cap"),
    [
        (".408", ".238", ".408", 3000),
        (".408", ".238", ".37", 3000),
        (".40", ".20", ".10", 1500),  # deduction worth less than a long gain costs
        (".24", ".15", ".30", 3000),  # and more than a short one: three pieces
        (".10", ".15", ".10", 3000),  # long dearer than short
        (".22", "0", ".22", 3000),
        (".3", ".3", ".3", 0),
    ],
)
def test_tax_pieces_are_the_law(short: str, long: str, deduct: str, cap: int) -> None:
    """Identity: the least of the convex pieces is netting by Schedule D, on 200,000 random years in all."""
    rates = TaxRates(
        short=Decimal(short), long=Decimal(long), deduction_rate=Decimal(deduct), deduction_cap=Decimal(cap)
    )
    worth = min(Decimal("0.5") * rates.long, rates.deduction_rate)
    random = np.random.default_rng(1)
    size = 28_572
    gains = random.integers(-10_000, 10_000, (size, 2)) * random.choice([0, 0.1, 1, 10], (size, 1))
    pieces = tax_pieces(rates, carried_loss_value=0.5)
    fast = np.min([np.max(gains @ lines[:, :2].T + lines[:, 2], axis=1) for lines in pieces], axis=0)
    for (s, g), found in zip(gains, fast, strict=True):
        year = year_tax(rates, short=Decimal(float(s)), long=Decimal(float(g)))
        law = year.tax - worth * (year.carryforward_short + year.carryforward_long)
        assert abs(float(law) - found) < 1e-7, (s, g)


def test_contribute_adds_up_to_the_form() -> None:
    """The separable form carries each price where its cost is paid."""
    snapshot = two_lots()
    form = blank(snapshot)
    for cost in EVERY:
        cost.contribute(snapshot, form)
    assert form.risk_weight == pytest.approx([25 / 5250])
    assert form.buy_cash == pytest.approx([0.0004] * 3)
    assert form.sell_cash == pytest.approx([0.0004] * 3)
    assert (form.ticket_cash[0], form.share_cash[0], form.ticket_cost[0]) == pytest.approx((4.95, 0.01, 0.5))
    assert (form.idle[0], form.shortfall[0]) == pytest.approx((0.02, 0.05))
    assert len(form.pieces) == 2
    assert form.tax_without_plan == 0.0


def test_year_so_far_moves_the_start_of_the_tax() -> None:
    snapshot = make_snapshot([account(cash=100, realised_short=500, carryforward_long=800)], prices={"AAA": 100})
    form = blank(snapshot)
    Tax().contribute(snapshot, form)
    assert (form.start_short, form.start_long) == (500.0, -800.0)
    assert form.tax_without_plan == pytest.approx(-0.4 * 300)


@pytest.mark.parametrize("kind", sorted(COSTS))
def test_explain_is_a_sentence(kind: str) -> None:
    snapshot = two_lots()
    text = COSTS[kind]().explain(snapshot, trades(snapshot, sell={"new": 10}, buy={"CCC": 40}))
    assert text[0].isalnum() or text[0] == "$"
    assert text.endswith(".")


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda: Tracking(risk_price=-1.0), "risk_price"),
        (lambda: HalfSpread(default=1.5), "default"),
        (lambda: Commission(per_share=float("nan")), "per_share"),
        (lambda: Tax(carried_loss_value=1.1), "carried_loss_value"),
        (lambda: Ticket(price="much"), "price"),  # type: ignore[arg-type]
    ],
)
def test_a_bad_parameter_is_named(make: object, named: str) -> None:
    with pytest.raises(ProgramError, match=named):
        make()  # type: ignore[operator]
