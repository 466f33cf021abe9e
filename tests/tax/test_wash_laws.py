"""Laws of the wash-sale matching (TAX_RULES, property tests worth having)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from builders import KINDS, buy, dec, fates, held, sell, wash
from histories import ALL_READINGS, GROUP, History, draw_history
from histories import KINDS as HISTORY_KINDS
from hypothesis import given, settings
from hypothesis import strategies as st

from lotwright.book.events import Buy, Sell
from lotwright.book.kinds import Relief
from lotwright.errors import BookError, ProgramError
from lotwright.tax.readings import Readings, SameDay, SoldBefore
from lotwright.tax.wash import OpenShares, wash_sales
from lotwright.tax.wash_report import WashReport

histories = st.builds(
    lambda random, length: draw_history(random, length=length), st.randoms(use_true_random=False), st.integers(2, 30)
)
readings_of_any_kind = st.sampled_from(ALL_READINGS)
DUST = Decimal("1e-12")


def run(events: list[Buy | Sell], readings: Readings = ALL_READINGS[0], **options: Any) -> WashReport:
    return wash_sales(events, kinds=HISTORY_KINDS, group_of=lambda s: GROUP.get(s, s), readings=readings, **options)


@given(histories, readings_of_any_kind)
def test_recognised_plus_deferred_plus_permanent_is_what_was_made(history: History, readings: Readings) -> None:
    """In taxable accounts: proceeds - cost of all bought + cost of what is left = recognised - deferred - permanent."""
    events = history.events()
    found = run(events, readings)
    paid = sum((e.cost for e in events if isinstance(e, Buy) and e.account != "R"), Decimal(0))
    received = sum((e.proceeds for e in events if isinstance(e, Sell) and e.account != "R"), Decimal(0))
    left = [p for p in found.open_lots if p.account != "R"]
    deferred = sum((p.deferred for p in left), Decimal(0))
    cost_left = sum((p.basis for p in left), Decimal(0)) - deferred
    sold = [d for d in found.disposals if d.is_taxed]
    recognised = sum((d.recognised for d in sold), Decimal(0))
    permanent = sum((d.disallowed for d in sold if d.is_permanent), Decimal(0))
    assert abs((received - paid + cost_left) - (recognised - deferred - permanent)) < DUST


@given(histories, readings_of_any_kind)
def test_shares_are_conserved_and_a_loss_is_never_disallowed_beyond_itself(
    history: History, readings: Readings
) -> None:
    events = history.events()
    found = run(events, readings)
    bought = sum((e.quantity for e in events if isinstance(e, Buy)), Decimal(0))
    assert bought == sum((d.quantity for d in found.disposals), Decimal(0)) + sum(
        (p.quantity for p in found.open_lots), Decimal(0)
    )
    for d in found.disposals:
        assert Decimal(0) <= d.disallowed <= max(-d.gain, Decimal(0)) + DUST
        assert (d.replacement is None) == (d.disallowed == 0)
        assert d.holding_start <= d.acquired
        if d.replacement:
            assert abs((d.replacement.acquired - d.sold).days) <= 30
            assert not d.is_permanent or d.replacement.account == "R"


@given(histories, readings_of_any_kind)
def test_no_share_absorbs_two_losses(history: History, readings: Readings) -> None:
    """Of every lot, no more shares replace than it has (Reg. 1.1091-1(e))."""
    events = history.events()
    size = {(e.account, e.symbol, e.lot): e.quantity for e in events if isinstance(e, Buy)}
    taken: dict[tuple[str, str, str], Decimal] = {}
    for d in run(events, readings).disposals:
        if d.replacement:
            key = (d.replacement.account, d.replacement.symbol, d.replacement.lot)
            taken[key] = taken.get(key, Decimal(0)) + d.quantity
    assert all(quantity <= size[key] for key, quantity in taken.items())


@given(histories, readings_of_any_kind, st.randoms(use_true_random=False))
def test_row_order_changes_nothing(history: History, readings: Readings, random: Random) -> None:
    events = history.events()
    shuffled = list(events)
    random.shuffle(shuffled)
    assert run(shuffled, readings) == run(events, readings)


@settings(max_examples=50)
@given(histories)
def test_splitting_a_lot_into_fragments_of_one_purchase_changes_no_total(history: History) -> None:
    """A standing order by date, fragments sharing a purchase: the same recognised gain day by day."""
    events = [replace(e, lots=()) if isinstance(e, Sell) else e for e in history.events()]
    events = [replace(e, purchase=e.purchase or e.lot) if isinstance(e, Buy) else e for e in events]
    fragments: list[Buy | Sell] = []
    for e in events:
        if isinstance(e, Buy) and e.quantity > 1:
            fragments += [replace(e, lot=f"{e.lot}.1", quantity=Decimal(1))]
            fragments += [replace(e, lot=f"{e.lot}.2", quantity=e.quantity - 1)]
        else:
            fragments.append(e)
    assert _by_day(run(fragments)) == _by_day(run(events))


def _by_day(found: WashReport) -> dict[object, Decimal]:
    out: dict[object, Decimal] = {}
    for d in found.disposals:
        key = (d.sold, d.account, d.symbol, d.sale)
        out[key] = out.get(key, Decimal(0)) + d.recognised
    return {key: round(value, 8) for key, value in out.items()}


@given(histories)
def test_running_again_on_the_past_and_its_outcome_agrees(history: History) -> None:
    """Idempotent: what one run leaves open, taken as the start of another without events, stays as it is."""
    found = run(history.events())
    opening = [
        OpenShares(
            account=p.account,
            symbol=p.symbol,
            lot=f"{p.lot} {number}",
            quantity=p.quantity,
            basis=p.basis,
            acquired=p.acquired,
            holding_start=p.holding_start,
            has_washed=p.has_washed,
        )
        for number, p in enumerate(found.open_lots)
    ]
    again = run([], opening=opening)
    assert again.disposals == ()
    assert sorted((p.basis, p.quantity, p.holding_start, p.has_washed) for p in again.open_lots) == sorted(
        (p.basis, p.quantity, p.holding_start, p.has_washed) for p in found.open_lots
    )


@given(histories, readings_of_any_kind)
def test_gains_are_never_affected(history: History, readings: Readings) -> None:
    assert all(d.disallowed == 0 for d in run(history.events(), readings).disposals if d.gain > DUST)


@given(histories)
def test_scaling_the_currency_scales_every_amount(history: History) -> None:
    events = history.events()
    scaled = [replace(e, price=e.price * 4) for e in events]
    small, large = run(events), run(scaled)
    assert [(d.lot, d.quantity, d.disallowed * 4) for d in small.disposals] == [
        (d.lot, d.quantity, d.disallowed) for d in large.disposals
    ]


@pytest.mark.parametrize("readings", ALL_READINGS, ids=str)
def test_a_loss_without_purchases_in_its_window_is_allowed_under_every_reading(readings: Readings) -> None:
    found = wash(
        buy("2024-01-02", "a", 10, 20),
        buy("2024-03-01", "b", 10, 20),
        sell("2024-04-01", 20, 15),  # b was bought 31 days before
        buy("2024-05-02", "c", 10, 15),  # 31 days after
        readings=readings,
    )
    assert found.disallowed == 0


def test_lots_closed_together_give_up_their_capacity_before_matching() -> None:
    """Property 5: a HIFO sale that closes two lots at once leaves neither as a replacement of the other."""
    found = wash(
        buy("2024-03-01", "a", 10, 30),
        buy("2024-03-05", "b", 10, 20),
        buy("2024-03-06", "c", 5, 10),
        sell("2024-03-20", 20, 12),
        relief={"T": Relief.HIFO},
    )
    assert fates(found) == [("a", 5, -90, 90, "c"), ("a", 5, -90, 0, None), ("b", 10, -80, 0, None)]


class TestSales:
    """Two sales of one day, or one."""

    LOTS = (buy("2014-09-25", "lot1", 4, "587.99"), buy("2014-09-25", "lot2", 2, "587.99"))

    def sales(self, *keys: str) -> list[Sell]:
        first, second = keys
        return [
            sell("2014-10-24", 4, "537.16", ("lot1", 4), key=first),
            sell("2014-10-24", 2, "537.16", ("lot2", 2), key=second),
        ]

    def test_one_sale_is_no_phantom_wash(self) -> None:
        """TAX_RULES B1.11 (bbreslauer issue 7)."""
        assert wash(*self.LOTS, *self.sales("one", "one")).disallowed == 0

    def test_whole_day_reading_lets_nothing_sold_that_day_replace(self) -> None:
        found = wash(*self.LOTS, *self.sales("1", "2"), readings=Readings(same_day=SameDay.WHOLE_DAY))
        assert found.disallowed == 0

    def test_two_sales_wash_the_earlier_into_the_later(self) -> None:
        assert wash(*self.LOTS, *self.sales("1", "2")).disallowed == dec("101.66")


class TestPieces:
    """TAX_RULES B1.20: a later part sale of a lot of which only some shares were matched."""

    EVENTS = (
        buy("2023-01-02", "old", 4, 20),
        sell("2024-03-01", 4, 15),
        buy("2024-03-05", "new", 10, 15),
        sell("2024-06-03", 4, 18),
    )

    @pytest.mark.parametrize(("piece", "gain"), [("first", -8), ("last", 12)])
    def test_matched_shares_leave_first_or_last(self, piece: str, gain: int) -> None:
        found = wash(*self.EVENTS, readings=Readings(piece=piece))  # type: ignore[arg-type]
        assert found.disposals[-1].gain == gain

    def test_pieces_stay_apart_in_the_end(self) -> None:
        assert held(wash(*self.EVENTS[:3])) == [("new", 4, 80, "2023-01-06"), ("new", 6, 90, "2024-03-05")]


def test_shares_that_washed_before_take_no_other_loss() -> None:
    washed = OpenShares(
        account="T", symbol="X", lot="w", quantity=dec(10), basis=dec(200), acquired=buy("2024-03-01", "x", 1, 1).date,
        holding_start=buy("2023-03-01", "x", 1, 1).date, has_washed=True,
    )  # fmt: skip
    events = (buy("2022-01-03", "old", 10, 20), sell("2024-03-10", 10, 15, ("old", 10)))
    assert wash(*events, opening=[washed]).disallowed == 0
    assert wash(*events, opening=[replace(washed, has_washed=False)]).disallowed == 50
    assert wash(*events, opening=[replace(washed, has_washed=False, is_purchase=False)]).disallowed == 0


@pytest.mark.parametrize(
    ("events", "words"),
    [
        ((buy("2024-01-02", "a", 5, 1), sell("2024-01-03", 6, 1)), "T sells 6 shares of X on 2024-01-03 but holds 5"),
        (
            (buy("2024-01-02", "a", 5, 1), sell("2024-01-03", 1, 1, ("b", 1))),
            "shares of X lot b on 2024-01-03 but holds 0",
        ),
        ((buy("2024-01-02", "a", 5, 1, account="Z"),), "Account Z trades but its kind is not given"),
    ],
)
def test_what_cannot_be_says_why(events: tuple[Buy | Sell, ...], words: str) -> None:
    with pytest.raises(BookError, match=words):
        wash_sales(events, kinds=KINDS)


def test_a_reading_that_is_no_answer_is_refused() -> None:
    with pytest.raises(ProgramError, match="Reading piece is 'middle'; use one of first, last"):
        Readings(piece="middle")  # type: ignore[arg-type]


def test_the_report_names_its_readings() -> None:
    found = wash(readings=Readings(sold_before=SoldBefore.STRICT))
    assert str(found.readings) == "sold_before=strict, same_day=same_sale, piece=first, ancestor=allowed"
