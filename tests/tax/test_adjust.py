"""The ledger and the matching agree on what is held."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date
from decimal import Decimal
from random import Random

from builders import account, buy, household, sell, wash
from histories import GROUP, KINDS, draw_history
from hypothesis import given, settings
from hypothesis import strategies as st

from lotwright.book.events import Buy, Sell
from lotwright.book.ledger import fold
from lotwright.tax.adjust import wash_adjustments
from lotwright.tax.past import rebuild_past
from lotwright.tax.sources import stem_of
from lotwright.tax.wash import wash_sales
from lotwright.tax.wash_report import WashReport

END = date(2030, 1, 1)


def test_matched_shares_become_a_lot_of_their_own() -> None:
    found = wash(buy("2023-01-02", "old", 4, 20), sell("2024-03-01", 4, 15), buy("2024-03-05", "new", 10, 15))
    (event,) = wash_adjustments(found, day=END)
    assert (event.lot, event.new_lot, event.quantity, event.amount) == ("new", "new~1", 4, 20)
    assert event.holding_start == date(2023, 1, 6)


@given(st.randoms(use_true_random=False), st.integers(2, 30))
def test_events_and_adjustments_folded_give_the_lots_of_the_matching(random: Random, length: int) -> None:
    events = draw_history(random, length=length).events()
    found = wash_sales(events, kinds=KINDS, group_of=lambda s: GROUP.get(s, s))
    start = household(*(account(name, kind.value) for name, kind in KINDS.items()))
    after = fold(start, [*events, *wash_adjustments(found, day=END)]).household
    ledger: Counter[tuple[object, ...]] = Counter()
    matching: Counter[tuple[object, ...]] = Counter()
    for owner in after.accounts:
        for lot in owner.lots:
            ledger[lot.account, lot.symbol, lot.lot.split("~")[0], lot.holding_start] += int(lot.quantity)
    for p in found.open_lots:
        matching[p.account, p.symbol, p.lot, p.holding_start] += int(p.quantity)
    assert ledger == matching
    deferred = sum((p.deferred for p in found.open_lots), Decimal(0))
    before = fold(start, events).household
    assert abs(_basis(after) - _basis(before) - deferred) < Decimal("1e-12")


def _basis(found: object) -> Decimal:
    return sum((lot.basis for owner in found.accounts for lot in owner.lots), Decimal(0))  # type: ignore[attr-defined]


def _again(events: list[Buy | Sell], *, times: int = 2) -> list[WashReport]:
    """What a report finds in the events, in the book it adjusts, in the book adjusted from that, and so on."""
    found = wash_sales(events, kinds=KINDS, group_of=group_of)
    out = [found]
    for _ in range(times):
        start = household(*(account(name, kind.value) for name, kind in KINDS.items()))
        book = fold(start, [*events, *wash_adjustments(found, day=END)]).household
        past = rebuild_past(book, group_of=group_of)
        found = wash_sales(past.events, kinds=KINDS, opening=past.opening, group_of=group_of)
        out.append(found)
    return out


def group_of(symbol: str) -> str:
    return GROUP.get(symbol, symbol)


def _told(found: WashReport) -> Counter[tuple[object, ...]]:
    out: Counter[tuple[object, ...]] = Counter()
    for d in found.disposals:
        out["sold", d.account, d.symbol, d.lot, d.sold, d.holding_start, "quantity"] += d.quantity
        out["sold", d.account, d.symbol, d.lot, d.sold, d.holding_start, "disallowed"] += round(d.disallowed, 9)
        out["sold", d.account, d.symbol, d.lot, d.sold, d.holding_start, "basis"] += round(d.basis, 9)
    for p in found.open_lots:
        out["held", p.account, p.symbol, stem_of(p.lot), p.holding_start, "quantity"] += p.quantity
        out["held", p.account, p.symbol, stem_of(p.lot), p.holding_start, "basis"] += round(p.basis, 9)
    return out


@settings(max_examples=60)
@given(st.randoms(use_true_random=False), st.integers(2, 25))
def test_a_book_with_its_own_adjustments_is_reported_as_before(random: Random, length: int) -> None:
    """Idempotent on its own output: the lots carry what a report found, and the next report finds the same, not more."""
    events = [
        replace(e, key=f"{e.price.normalize():f}") if isinstance(e, Sell) else e  # a table knows no other key
        for e in draw_history(random, length=length).events()
    ]
    first, *later = [_told(found) for found in _again(events)]
    assert all(found == first for found in later)


def test_a_loss_on_an_identical_security_is_not_washed_again_into_the_lot_that_carries_it() -> None:
    events = [
        buy("2024-01-02", "old", 1, 66, account="A", symbol="XB"),
        sell("2024-01-16", 1, 65, ("old", 1), account="A", symbol="XB", key="65"),
        buy("2024-01-19", "new", 1, 61, account="A", symbol="XA"),
        buy("2024-01-19", "other", 4, 54, account="B", symbol="XB"),
    ]
    for found in _again(events):
        assert found.disallowed == 1
        assert sorted(p.basis for p in found.open_lots) == [62, 216]
