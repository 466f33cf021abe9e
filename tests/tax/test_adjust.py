"""The ledger and the matching agree on what is held."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal
from random import Random

from builders import account, buy, household, sell, wash
from histories import GROUP, KINDS, draw_history
from hypothesis import given
from hypothesis import strategies as st

from lotwright.book.ledger import fold
from lotwright.tax.adjust import wash_adjustments
from lotwright.tax.wash import wash_sales

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
