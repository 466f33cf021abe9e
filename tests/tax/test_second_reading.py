"""A second reading of section 1091: tricky cases worked by hand from the words of the Code and the regulation.

Each docstring quotes or paraphrases the words that decide it and does the arithmetic; no number comes from running the
engine. Cited: IRC sections 1091, 1223(3), 1222; Treas. Reg. 1.1091-1(b) order of losses, (c) and (d) order of
replacements, (e) one bite, (f) what "acquired" means; Reg. 1.1091-2(a) basis.
"""

from __future__ import annotations

import pytest
from builders import buy, day, dec, fates, held, sell, wash

from lotwright.book.events import Split
from lotwright.book.kinds import Character
from lotwright.book.ledger import in_latest_units
from lotwright.tax.readings import Piece, Readings, SameDay
from lotwright.tax.wash import OpenShares


def test_a_purchase_too_large_for_one_loss_washes_the_next_with_its_other_shares() -> None:
    """(b): losses in order of disposal. (e) disregards the *shares* that washed a loss, not their purchase.

    100 bought at 10. 60 of a (cost 20) sold at 10 take 60 of them: 600 disallowed. 60 of b (cost 15) find 40 left:
    40 * 5 = 200 disallowed, 20 * 5 = 100 allowed. Basis: 60 at 10 + 10 = 1,200; 40 at 10 + 5 = 600.
    """
    found = wash(
        buy("2023-06-01", "a", 60, 20),
        buy("2023-07-03", "b", 60, 15),
        sell("2024-03-01", 60, 10, ("a", 60)),
        sell("2024-03-04", 60, 10, ("b", 60)),
        buy("2024-03-11", "new", 100, 10),
    )
    assert fates(found) == [("a", 60, -600, 600, "new"), ("b", 40, -200, 200, "new"), ("b", 20, -100, 0, None)]
    assert [(q, basis) for _, q, basis, _ in held(found)] == [(60, 1_200), (40, 600)]


def test_the_replacement_acquired_before_the_sale_comes_before_the_one_acquired_after() -> None:
    """(c): "matched in accordance with the order of their acquisition", over the whole 61 days, before and after alike.

    100 (cost 50) sold at 40 on 1 March; 30 bought 10 days before at 45, 30 ten days after at 38. All 60 match:
    600 disallowed, 400 allowed. 30 * 45 + 300 = 1,650; 30 * 38 + 300 = 1,440.
    """
    found = wash(
        buy("2022-01-03", "old", 100, 50),
        buy("2024-02-20", "before", 30, 45),
        sell("2024-03-01", 100, 40, ("old", 100)),
        buy("2024-03-11", "after", 30, 38),
    )
    assert fates(found) == [
        ("old", 30, -300, 300, "before"),
        ("old", 30, -300, 300, "after"),
        ("old", 40, -400, 0, None),
    ]
    assert {lot: basis for lot, _, basis, _ in held(found)} == {"before": 1_650, "after": 1_440}


def test_a_sale_above_cost_is_a_loss_on_the_adjusted_basis_and_washes_again() -> None:
    """Section 1091(d) is basis for every purpose of the next sale, section 1091(a) included.

    old 10 at 20 sold at 15: 50 into b, basis 150 + 50 = 200. b sold at 18, above its price of 15, is a loss of 20,
    bought back within 30 days at 19: 20 disallowed, basis of c 190 + 20 = 210. In the end nothing was recognised:
    paid 200 + 150 + 190, received 150 + 180, so 10 shares have cost 210 net.
    """
    found = wash(
        buy("2023-01-02", "old", 10, 20),
        sell("2024-03-01", 10, 15),
        buy("2024-03-08", "b", 10, 15),
        sell("2024-03-28", 10, 18),
        buy("2024-04-02", "c", 10, 19),
    )
    assert fates(found) == [("old", 10, -50, 50, "b"), ("b", 10, -20, 20, "c")]
    assert [basis for _, _, basis, _ in held(found)] == [210]


def test_a_loss_held_for_years_makes_its_replacement_long_term_at_once() -> None:
    """Section 1223(3): the holding period of what replaced includes that of what was sold; section 1222: over a year.

    old held 2020-01-02 to 2024-03-01; new bought 5 March at 8, basis 80 + 20 = 100, sold 15 days later at 11: a
    long-term gain of 10.
    """
    found = wash(
        buy("2020-01-02", "old", 10, 10),
        sell("2024-03-01", 10, 8),
        buy("2024-03-05", "new", 10, 8),
        sell("2024-03-20", 10, 11),
    )
    last = found.disposals[-1]
    assert (last.gain, last.character, last.acquired) == (10, Character.LONG, day("2024-03-05"))


@pytest.mark.parametrize("piece", list(Piece))
def test_one_sale_of_a_partly_matched_lot_has_two_characters(piece: Piece) -> None:
    """(c) and Reg. -2(a): only matched shares carry the loss and the time.

    old 4, held 334 days, sold at a loss of 5 a share; new 10 at 15 on 8 March: 4 at basis 80 held since 334 days
    before, 6 at 90 held since 8 March. All 10 sold 40 days later at 25: 4 long-term (374 days), gain 100 - 80 = 20; 6
    short-term, gain 150 - 90 = 60. All leave, so the reading of ``piece`` changes nothing.
    """
    found = wash(
        buy("2023-04-04", "old", 4, 20),
        sell("2024-03-03", 4, 15),
        buy("2024-03-08", "new", 10, 15),
        sell("2024-04-17", 10, 25),
        readings=Readings(piece=piece),
    )
    assert (day("2024-03-03") - day("2023-04-04")).days == 334
    last = sorted((d.quantity, d.gain, d.character) for d in found.disposals[1:])
    assert last == [(4, 20, Character.LONG), (6, 60, Character.SHORT)]


def test_a_replacement_sold_soon_after_has_still_had_its_bite_and_frees_what_comes_later() -> None:
    """(e): "disregarded in determining the deductibility of any other loss", whatever became of the share since.

    a (loss 50) is replaced on the 6th; the replacement is sold at a gain on the 12th. What is bought on the 15th is not
    needed for a, so it is free, and takes the loss of b (30) sold on the 18th.
    """
    found = wash(
        buy("2023-01-02", "a", 10, 20),
        buy("2023-01-03", "b", 10, 18),
        sell("2024-03-01", 10, 15, ("a", 10)),
        buy("2024-03-06", "r", 10, 14),
        sell("2024-03-12", 10, 21, ("r", 10)),
        buy("2024-03-15", "s", 10, 16),
        sell("2024-03-18", 10, 15, ("b", 10)),
    )
    # r: 140 + 50 = 190, sold for 210: gain 20
    assert fates(found) == [("a", 10, -50, 50, "r"), ("r", 10, 20, 0, None), ("b", 10, -30, 30, "s")]


def test_losses_of_one_day_in_unknown_order_go_by_original_acquisition_not_by_tacked_time() -> None:
    """(b): "in the order in which they were originally acquired". A tacked holding period does not change when that was.

    t was acquired 2024-01-10 though it counts as held since 2022; u was acquired 2023-12-01, so u's loss (10 * 2) comes
    first and takes the 10 shares of 20 March; t's loss (10 * 4) is allowed.
    """
    tacked = OpenShares(
        account="T", symbol="X", lot="t", quantity=dec(10), basis=dec(140), acquired=day("2024-01-10"),
        holding_start=day("2022-05-02"), has_washed=True,
    )  # fmt: skip
    found = wash(
        buy("2023-12-01", "u", 10, 12),
        sell("2024-03-15", 10, 10, ("t", 10), key="1"),
        sell("2024-03-15", 10, 10, ("u", 10), key="2"),
        buy("2024-03-20", "new", 10, 10),
        opening=[tacked],
        readings=Readings(same_day=SameDay.WHOLE_DAY),
    )
    assert fates(found) == [("u", 10, -20, 20, "new"), ("t", 10, -40, 0, None)]


def test_what_is_deferred_and_what_is_gone_is_decided_by_the_order_of_acquisition() -> None:
    """(c) with Rev. Rul. 2008-5: the order of acquisition runs through taxable accounts and IRAs alike.

    75 (cost 12) sold at 8: 300 lost. 50 bought on the 4th in the taxable account take 200, deferred: 400 + 200 = 600.
    50 bought on the 5th in the IRA take the other 25: 100, gone; the IRA's basis stays 400.
    """
    found = wash(
        buy("2022-01-03", "old", 75, 12),
        sell("2024-03-01", 75, 8),
        buy("2024-03-04", "mine", 50, 8),
        buy("2024-03-05", "ira", 50, 8, account="IRA"),
    )
    assert [(d.quantity, d.disallowed, d.is_permanent) for d in found.disposals] == [(50, 200, False), (25, 100, True)]
    assert sum(p.basis for p in found.open_lots if p.lot == "ira") == 400
    assert [p.basis for p in found.open_lots if p.lot == "mine"] == [600]


@pytest.mark.parametrize(
    ("sold", "bought", "washes"),
    [
        ("2024-01-31", "2024-03-01", True),  # 29 days of February and one
        ("2024-01-31", "2024-03-02", False),
        ("2023-01-31", "2023-03-02", True),  # 28 days of February and two
        ("2023-01-31", "2023-03-03", False),
        ("2024-03-30", "2024-02-29", True),
        ("2024-03-31", "2024-02-29", False),
        ("2023-12-31", "2024-01-30", True),  # a Sunday and another tax year change nothing
        ("2023-12-31", "2024-01-31", False),
    ],
)
def test_thirty_days_are_calendar_days_through_leap_years_and_new_years(sold: str, bought: str, washes: bool) -> None:
    """Section 1091(a): "a period beginning 30 days before the date of such sale and ending 30 days after such date"."""
    found = wash(buy("2021-01-04", "old", 1, 10), sell(sold, 1, 8, ("old", 1)), buy(bought, "new", 1, 8))
    assert found.disallowed == (2 if washes else 0)


def test_one_order_filled_in_two_accounts_is_two_acquisitions_and_one_split_in_lots_is_one() -> None:
    """Rev. Rul. 56-602: shares of the purchase sold from do not replace; any *other* purchase of the same day does.

    30 bought at 10 in T as lots a, b of one order; 10 in U. a (10) sold at 7: lost 30. b does not replace, U's 10 do.
    """
    found = wash(
        buy("2024-03-01", "a", 10, 10, purchase="order"),
        buy("2024-03-01", "b", 20, 10, purchase="order"),
        buy("2024-03-01", "u", 10, 10, account="U"),
        sell("2024-03-11", 10, 7, ("a", 10)),
    )
    assert fates(found) == [("a", 10, -30, 30, "u")]
    assert {p.lot: p.basis for p in found.open_lots} == {"b": 200, "u": 130}


def test_share_for_share_across_a_split_means_the_shares_the_same_money_would_buy() -> None:
    """(c): "an equal number of the shares"; after two-for-one an equal number of what was sold is twice as many.

    10 (cost 100) sold at 80 before the split: 200 lost. 12 new shares bought at 41 after it stand for 6 old ones:
    6 * 20 = 120 disallowed, 80 allowed; basis 492 + 120 = 612.
    """
    events = in_latest_units(
        [
            buy("2023-01-03", "old", 10, 100),
            sell("2024-03-01", 10, 80),
            Split(date=day("2024-03-06"), symbol="X", ratio=dec(2)),
            buy("2024-03-08", "new", 12, 41),
        ]
    )
    found = wash(*events)
    assert fates(found) == [("old", 12, -120, 120, "new"), ("old", 8, -80, 0, None)]
    assert [p.basis for p in found.open_lots] == [612]


def test_a_loss_deferred_over_two_new_years_counts_once_and_in_the_last() -> None:
    """Section 1091(d) defers, it does not multiply: each year's disallowed loss contains the one before.

    10 at 30 sold 2024-12-20 at 25 (50 into b at 26: 310); b sold 2025-12-22 at 20 (110 into c at 19: 300);
    c sold 2026-03-31 at 22 and not bought back: 80 lost in 2026, all there ever was: 300 + 260 + 190 - 250 - 200 - 220.
    """
    found = wash(
        buy("2023-05-01", "a", 10, 30),
        sell("2024-12-20", 10, 25),
        buy("2025-01-10", "b", 10, 26),
        sell("2025-12-22", 10, 20),
        buy("2026-01-05", "c", 10, 19),
        sell("2026-03-31", 10, 22),
    )
    by_year = {d.sold.year: (d.disallowed, d.recognised, d.character) for d in found.disposals}
    assert by_year == {
        2024: (50, 0, Character.LONG),
        2025: (110, 0, Character.LONG),  # 346 days of b and 599 of a
        2026: (0, -80, Character.LONG),
    }


def test_a_loss_washes_into_the_free_shares_of_a_lot_that_already_carries_another() -> None:
    """(e) bars "any share", not any lot: 6 of 10 carry the first loss, the other 4 may take the second.

    a: 6 lose 5 each: 30. b: 6 lose 3 each, 4 match: 12 disallowed, 6 allowed. 6 * 10 + 30 = 90; 4 * 10 + 12 = 52.
    """
    found = wash(
        buy("2023-01-02", "a", 6, 15),
        buy("2023-01-03", "b", 6, 13),
        buy("2024-02-20", "new", 10, 10),
        sell("2024-03-01", 6, 10, ("a", 6)),
        sell("2024-03-05", 6, 10, ("b", 6)),
    )
    assert fates(found) == [("a", 6, -30, 30, "new"), ("b", 4, -12, 12, "new"), ("b", 2, -6, 0, None)]
    assert sorted((q, basis) for _, q, basis, _ in held(found)) == [(4, 52), (6, 90)]
