"""Every worked wash-sale example of TAX_RULES; expected values are those of the source named, never ours."""

from __future__ import annotations

from decimal import Decimal

import pytest
from builders import buy, dec, fates, held, sell, wash

from lotwright.book.kinds import Character
from lotwright.tax.readings import Readings, SoldBefore


def test_v1_publication_550_example_1() -> None:
    found = wash(buy("2014-05-01", "old", 100, 10), sell("2014-07-01", 100, "7.50"), buy("2014-07-05", "new", 100, 8))
    assert fates(found) == [("old", 100, -250, 250, "new")]
    assert found.disposals[0].recognised == 0
    assert held(found) == [("new", 100, 1_050, "2014-05-05")]  # tacked: 61 days before 5 July


@pytest.mark.parametrize(("price", "basis"), [(90, 110), (70, 90)])
def test_v2_v3_regulation_1_1091_2_examples_1_and_2(price: int, basis: int) -> None:
    found = wash(buy("1954-06-01", "old", 1, 100), sell("1955-01-15", 1, 80), buy("1955-02-01", "new", 1, price))
    assert found.disposals[0].recognised == 0
    assert [p.basis for p in found.open_lots] == [basis]


def test_regulation_1_1091_1_h_example_1() -> None:
    """100 for 10,000, 100 more for 9,000; the first sold for 9,000: no loss from the sale is allowable."""
    found = wash(
        buy("1954-12-01", "a", 100, 100), buy("1954-12-15", "b", 100, 90), sell("1955-01-03", 100, 90, ("a", 100))
    )
    assert fates(found) == [("a", 100, -1_000, 1_000, "b")]
    assert [p.basis for p in found.open_lots] == [10_000]


def test_regulation_1_1091_1_h_example_2() -> None:
    found = wash(
        buy("1954-09-21", "a", 100, 50),
        buy("1954-12-21", "b", 50, 55),
        buy("1954-12-27", "c", 25, 45),
        sell("1955-01-03", 100, 40, ("a", 100)),
    )
    assert fates(found) == [("a", 50, -500, 500, "b"), ("a", 25, -250, 250, "c"), ("a", 25, -250, 0, None)]
    assert [p.basis for p in found.open_lots] == [3_250, 1_375]


def test_regulation_1_1091_1_h_example_3() -> None:
    later = [buy(f"1956-02-{d}", f"feb{d}", 50, 40) for d in (15, 16, 17, 18)]
    found = wash(buy("1954-09-15", "a", 100, 50), sell("1956-02-01", 100, 40), *later)
    assert fates(found) == [("a", 50, -500, 500, "feb15"), ("a", 50, -500, 500, "feb16")]


def test_v4_publication_550_fewer_bought_than_sold() -> None:
    found = wash(
        buy("2014-09-26", "a", 100, 50),
        buy("2014-12-19", "b", 50, 55),
        buy("2014-12-26", "c", 25, 45),
        sell("2015-01-09", 100, 40, ("a", 100)),
    )
    assert fates(found) == [("a", 50, -500, 500, "b"), ("a", 25, -250, 250, "c"), ("a", 25, -250, 0, None)]
    assert held(found) == [("b", 50, 3_250, "2014-09-05"), ("c", 25, 1_375, "2014-09-12")]


def test_v5_publication_550_more_bought_than_sold() -> None:
    later = [buy(f"2015-02-{d}", f"feb{d}", 50, 40) for d in (10, 11, 12, 13)]
    found = wash(buy("2014-09-26", "a", 100, 50), sell("2015-02-06", 100, 40), *later)
    assert fates(found) == [("a", 50, -500, 500, "feb10"), ("a", 50, -500, 500, "feb11")]
    assert [(p.lot, p.deferred) for p in found.open_lots] == [
        ("feb10", 500),
        ("feb11", 500),
        ("feb12", 0),
        ("feb13", 0),
    ]


def test_v6_publication_550_three_blocks_sold_on_one_day() -> None:
    blocks = [buy(f"2009-0{n}-05", f"b{n}", 100, price) for n, price in enumerate((158, 100, 95), start=1)]
    found = wash(*blocks, sell("2014-12-26", 300, 125), buy("2015-01-09", "new", 250, 100))
    assert fates(found) == [("b1", 100, -3_300, 3_300, "new"), ("b2", 100, 2_500, 0, None), ("b3", 100, 3_000, 0, None)]
    assert [(p.quantity, p.basis / p.quantity) for p in found.open_lots] == [(100, 133), (150, 100)]


@pytest.mark.parametrize("split", [False, True])
def test_v7_fairmark_own_purchase_is_no_replacement(split: bool) -> None:
    order = (
        [buy("2014-06-01", n, 100, 50, purchase="order 1") for n in ("a", "b")]
        if split
        else [buy("2014-06-01", "a", 200, 50)]
    )
    found = wash(*order, sell("2014-06-12", 100, 40))
    assert fates(found) == [("a", 100, -1_000, 0, None)]


@pytest.mark.parametrize("kind", ["IRA", "ROTH"])
def test_v8_revenue_ruling_2008_5_replacement_in_an_ira(kind: str) -> None:
    found = wash(
        buy("2006-12-01", "old", 100, 10), sell("2007-12-20", 100, 6), buy("2007-12-21", "r", 100, 6, account=kind)
    )
    assert fates(found) == [("old", 100, -400, 400, "r")]
    assert found.disposals[0].is_permanent
    assert held(found) == [("r", 100, 600, "2007-12-21")]


@pytest.mark.parametrize(
    ("when", "washes"), [("2012-05-01", False), ("2012-05-02", True), ("2012-07-01", True), ("2012-07-02", False)]
)
def test_v9_the_window_is_30_days_either_way(when: str, washes: bool) -> None:
    found = wash(buy("2011-01-03", "old", 10, 10), sell("2012-06-01", 10, 8, ("old", 10)), buy(when, "new", 10, 8))
    assert found.disallowed == (20 if washes else 0)


def test_v10_smaller_replacement_sold_later_at_a_gain() -> None:
    found = wash(
        buy("2012-01-02", "old", 10, "0.20"),
        sell("2012-06-01", 10, "0.10"),
        buy("2012-06-10", "new", 4, "0.75"),
        sell("2012-09-01", 4, "1.25"),
    )
    assert fates(found) == [
        ("old", 4, dec("-0.40"), dec("0.40"), "new"),
        ("old", 6, dec("-0.60"), 0, None),
        ("new", 4, dec("1.60"), 0, None),
    ]
    assert found.disposals[-1].basis == dec("3.40")


def test_v11_larger_replacement_splits() -> None:
    found = wash(
        buy("2012-01-02", "old", 10, "0.20"),
        sell("2012-06-01", 10, "0.10"),
        buy("2012-06-10", "new", 18, dec(3) / 18),
    )
    assert [(p.quantity, round(p.basis, 2)) for p in found.open_lots] == [(10, dec("2.67")), (8, dec("1.33"))]


def test_v17_the_rest_of_the_lot_is_no_replacement() -> None:
    found = wash(
        buy("2025-01-15", "lot1", 100, 10), buy("2025-01-16", "lot2", 20, 12), sell("2025-02-01", 50, 8, ("lot1", 50))
    )
    assert fates(found) == [("lot1", 20, -40, 40, "lot2"), ("lot1", 30, -60, 0, None)]
    assert [(p.lot, p.basis / p.quantity) for p in found.open_lots] == [("lot1", 10), ("lot2", 14)]


def test_v23_tacking_counts_days_held() -> None:
    first = [buy("2013-01-01", "old", 1, 10), sell("2013-06-01", 1, 8), buy("2013-06-15", "new", 1, 8)]
    assert held(wash(*first)) == [("new", 1, 10, "2013-01-15")]
    characters = [wash(*first, sell(when, 1, 12)).disposals[-1].character for when in ("2014-01-15", "2014-01-16")]
    assert characters == [Character.SHORT, Character.LONG]


def test_v25_costbasis_com() -> None:
    found = wash(buy("2004-03-01", "old", 100, 60), sell("2007-07-07", 100, 50), buy("2007-08-05", "new", 100, 70))
    assert found.disallowed == 1_000
    assert [p.basis for p in found.open_lots] == [8_000]


def test_one_bite_a_share_is_remembered() -> None:
    """Reg. 1.1091-1(e): the shares of 5 January have washed the first loss and are disregarded for the second."""
    found = wash(
        buy("2023-06-01", "a", 10, 20),
        buy("2023-06-02", "b", 10, 20),
        buy("2024-01-05", "new", 10, 10),
        sell("2024-01-08", 10, 10, ("a", 10)),
        sell("2024-01-20", 10, 10, ("b", 10)),
    )
    assert fates(found) == [("a", 10, -100, 100, "new"), ("b", 10, -100, 0, None)]


def test_earlier_loss_owns_the_later_purchase() -> None:
    """Reg. 1.1091-1(b): losses in the order of disposal, whatever their size."""
    found = wash(
        buy("2023-06-01", "a", 10, 11),
        buy("2023-06-02", "b", 10, 90),
        sell("2024-01-08", 10, 10, ("a", 10)),
        sell("2024-01-09", 10, 10, ("b", 10)),
        buy("2024-01-20", "new", 10, 10),
    )
    assert fates(found) == [("a", 10, -10, 10, "new"), ("b", 10, -800, 0, None)]


def test_a_chain_carries_the_whole_loss_on() -> None:
    found = wash(
        buy("2024-01-02", "a", 10, 20),
        sell("2024-01-10", 10, 15),
        buy("2024-01-12", "b", 10, 15),
        sell("2024-01-20", 10, 12),
        buy("2024-01-25", "c", 10, 12),
    )
    assert fates(found) == [("a", 10, -50, 50, "b"), ("b", 10, -80, 80, "c")]
    assert held(found) == [("c", 10, 200, "2024-01-09")]  # 8 days held of a, 8 of b: 16 days before 25 January


def test_identical_group_and_other_account_count_and_other_groups_do_not() -> None:
    old, sale = buy("2023-01-02", "old", 10, 20), sell("2024-03-01", 10, 15)
    other = buy("2024-03-05", "new", 10, 15, symbol="Y", account="U")
    assert wash(old, sale, other).disallowed == 0
    assert wash(old, sale, other, group_of=lambda _: "g").disallowed == 50


def test_losses_in_an_ira_are_no_losses() -> None:
    found = wash(
        buy("2023-01-02", "old", 10, 20, account="IRA"),
        sell("2024-03-01", 10, 15, account="IRA"),
        buy("2024-03-05", "new", 10, 15),
    )
    assert found.disallowed == 0
    assert [p.basis for p in found.open_lots] == [150]


def test_reinvested_dividends_wash_their_fraction() -> None:
    """TAX_RULES B1.13."""
    found = wash(
        buy("2023-01-02", "old", 10, 20),
        sell("2024-03-01", 10, 15),
        buy("2024-03-15", "drip", "0.25", 15, is_reinvested=True),
    )
    assert fates(found) == [
        ("old", dec("0.25"), dec("-1.25"), dec("1.25"), "drip"),
        ("old", dec("9.75"), dec("-48.75"), 0, None),
    ]


def test_cross_year_december_loss_january_purchase() -> None:
    found = wash(buy("2024-01-02", "old", 10, 20), sell("2026-12-31", 10, 15), buy("2027-01-30", "new", 10, 15))
    assert found.disallowed == 50
    found = wash(buy("2024-01-02", "old", 10, 20), sell("2026-12-31", 10, 15), buy("2027-01-31", "new", 10, 15))
    assert found.disallowed == 0  # TAX_RULES B1.18: D+31 is Sunday 31 January, the first trading day 1 February


class TestSoldBefore:
    """TAX_RULES B1.10: shares bought in the window but sold before the loss."""

    EVENTS = (
        buy("2023-01-02", "old", 10, 20),
        buy("2024-03-01", "quick", 10, 15),
        sell("2024-03-05", 10, 16, ("quick", 10)),
        sell("2024-03-10", 10, 14, ("old", 10)),
    )

    def test_held_after_sale_does_not_send_a_loss_back_in_time(self) -> None:
        assert wash(*self.EVENTS).disallowed == 0

    def test_strict_washes_and_reprices_the_earlier_sale(self) -> None:
        found = wash(*self.EVENTS, readings=Readings(sold_before=SoldBefore.STRICT))
        assert fates(found) == [("quick", 10, -50, 0, None), ("old", 10, -60, 60, "quick")]

    def test_strict_sends_what_became_a_loss_on(self) -> None:
        later = buy("2024-04-01", "later", 10, 14)  # within 30 days of 5 March and of 10 March: the old loss is first
        found = wash(*self.EVENTS, later, readings=Readings(sold_before=SoldBefore.STRICT))
        # quick takes the loss of 10 March and thereby becomes a loss of 5 March, within 30 days of 1 April
        assert fates(found) == [("quick", 10, -50, 50, "later"), ("old", 10, -60, 60, "quick")]
        assert [p.basis for p in found.open_lots] == [Decimal(190)]


class TestSameDay:
    """TAX_RULES B1.11, B1.8."""

    def test_shares_of_one_sale_do_not_replace_each_other(self) -> None:
        lots = [buy("2024-03-01", "a", 10, 20), buy("2024-03-02", "b", 10, 20)]
        assert wash(*lots, sell("2024-03-10", 20, 15)).disallowed == 0

    def test_a_loss_is_not_set_against_the_gain_of_another_block(self) -> None:
        found = wash(
            buy("2023-03-01", "a", 10, 20),
            buy("2023-03-02", "b", 10, 10),
            sell("2024-03-10", 20, 15),
            buy("2024-03-11", "c", 10, 15),
        )
        assert sum(d.recognised for d in found.disposals) == 50
        assert found.disallowed == 50

    def test_intraday_round_trip_is_allowed(self) -> None:
        assert wash(buy("2024-03-01", "a", 10, 20), sell("2024-03-01", 10, 15)).disallowed == 0
