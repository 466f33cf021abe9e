"""The wash-sale window looking back: purchases from lots and trades, locks from losses."""

from __future__ import annotations

from typing import Any

import pytest
from builders import account, day, dec, household, lot, market, trade

from lotwright.tax.window import RecentPurchase, wash_window

AS_OF = "2026-06-30"


def purchases(*accounts: object, **options: object) -> list[tuple[object, ...]]:
    found = wash_window(household(*accounts), market(AS_OF, **options)).purchases  # type: ignore[arg-type]
    return [(p.account, p.symbol, p.date.isoformat(), p.bought, p.left, p.lots) for p in found]


@pytest.mark.parametrize(("acquired", "counts"), [("2026-05-31", True), ("2026-05-30", False), (AS_OF, True)])
def test_thirty_days_back_count(acquired: str, counts: bool) -> None:
    assert bool(purchases(account(lots=(lot("a", acquired),)))) == counts
    assert bool(purchases(account(transactions=(trade("buy", acquired),)))) == counts


def test_iras_and_reinvestments_count() -> None:
    found = purchases(account("I", "ira", transactions=(trade("reinvest", "2026-06-20", 2, account="I"),)))
    assert found == [("I", "X", "2026-06-20", 2, 0, ())]


def test_a_tacked_lot_counts_from_its_purchase() -> None:
    assert purchases(account(lots=(lot("a", "2026-06-20", start="2025-06-20"),)))
    assert not purchases(account(lots=(lot("a", "2026-01-20", start="2025-06-20"),)))


class TestMatching:
    def test_fragments_of_one_order_are_one_purchase(self) -> None:
        lots = (lot("a", "2026-06-20", 60, purchase="o1"), lot("b", "2026-06-20", 40, purchase="o1"))
        trades = (trade("buy", "2026-06-20", 100, purchase="o1"),)
        assert purchases(account(lots=lots, transactions=trades)) == [("T", "X", "2026-06-20", 100, 100, ("a", "b"))]

    def test_fills_of_one_order_are_one_purchase(self) -> None:
        trades = (trade("buy", "2026-06-20", 70, purchase="o1"), trade("buy", "2026-06-20", 30, purchase="o1"))
        lots = (lot("a", "2026-06-20", 80, purchase="o1"),)
        assert purchases(account(lots=lots, transactions=trades)) == [("T", "X", "2026-06-20", 100, 80, ("a",))]

    def test_unnamed_lots_stand_alone_without_trades(self) -> None:
        lots = (lot("a", "2026-06-20", 60), lot("b", "2026-06-20", 40))
        assert [p[3:] for p in purchases(account(lots=lots))] == [(60, 60, ("a",)), (40, 40, ("b",))]

    def test_one_trade_explains_all_unnamed_lots_of_its_day(self) -> None:
        lots = (lot("a", "2026-06-20", 60), lot("b", "2026-06-20", 30))
        found = purchases(account(lots=lots, transactions=(trade("buy", "2026-06-20", 100),)))
        assert [p[3:] for p in found] == [(100, 90, ("a", "b"))]

    def test_one_trade_smaller_than_the_lots_explains_none(self) -> None:
        lots = (lot("a", "2026-06-20", 60), lot("b", "2026-06-20", 30))
        found = purchases(account(lots=lots, transactions=(trade("buy", "2026-06-20", 50),)))
        assert [p[3:] for p in found] == [(60, 60, ("a",)), (30, 30, ("b",))]

    def test_trades_and_lots_of_a_day_pair_by_quantity(self) -> None:
        lots = (lot("a", "2026-06-20", 60), lot("b", "2026-06-20", 40))
        trades = (trade("buy", "2026-06-20", 40), trade("buy", "2026-06-20", "60.000001"))
        found = purchases(account(lots=lots, transactions=trades))
        assert [p[3:] for p in found] == [(dec("60.000001"), 60, ("a",)), (40, 40, ("b",))]

    def test_shares_nobody_can_place_are_a_purchase_sold_since(self) -> None:
        lots = (lot("a", "2026-06-20", 20), lot("b", "2026-06-20", 30))
        trades = (trade("buy", "2026-06-20", 100), trade("buy", "2026-06-20", 50))
        found = purchases(account(lots=lots, transactions=trades))
        assert sorted(p[3:] for p in found) == [(20, 20, ("a",)), (30, 30, ("b",)), (100, 0, ())]

    def test_two_names_are_two_purchases_whatever_their_size(self) -> None:
        lots = (lot("a", "2026-06-20", 100, purchase="x"),)
        trades = (trade("buy", "2026-06-20", 100, purchase="y"),)
        found = purchases(account(lots=lots, transactions=trades))
        assert sorted(p[3:] for p in found) == [(100, 0, ()), (100, 100, ("a",))]

    @pytest.mark.parametrize(
        ("orders", "lots", "lacking"),
        [  # (shares, name) each
            ([(50, "y"), (70, None)], [(20, "x"), (30, None)], 20 + 50),
            ([(10, "y"), (70, None)], [(20, "x"), (30, None)], 30),
            ([(10, "y"), (25, None)], [(20, "x"), (30, None)], 0),
        ],
    )
    def test_shares_without_lots_by_name(self, orders: list[Any], lots: list[Any], lacking: int) -> None:
        held = tuple(lot(f"l{n}", "2026-06-20", q, purchase=p) for n, (q, p) in enumerate(lots))
        trades = tuple(trade("buy", "2026-06-20", q, purchase=p) for q, p in orders)
        found = purchases(account(lots=held, transactions=trades))
        assert sum(p[3] for p in found if not p[5]) == lacking

    def test_a_purchase_wholly_sold_still_appears(self) -> None:
        trades = (trade("buy", "2026-06-10", 100), trade("sell", "2026-06-20", 100, realised_gain=5))
        assert [p[3:] for p in purchases(account(transactions=trades))] == [(100, 0, ())]

    def test_another_day_or_account_does_not_match(self) -> None:
        one = account("A", lots=(lot("a", "2026-06-20", 100, account="A"),))
        two = account("B", transactions=(trade("buy", "2026-06-20", 100, account="B"),))
        assert [p[0] for p in purchases(one, two)] == ["A", "B"]

    def test_row_order_changes_nothing(self) -> None:
        lots = tuple(lot(n, "2026-06-20", q, purchase=p) for n, q, p in (("a", 1, "x"), ("b", 2, None), ("c", 3, None)))
        trades = tuple(trade("buy", "2026-06-20", q, purchase=p) for q, p in ((4, "x"), (2, None), (9, None)))
        forward = wash_window(household(account(lots=lots, transactions=trades)), market(AS_OF))
        backward = wash_window(household(account(lots=lots[::-1], transactions=trades[::-1])), market(AS_OF))
        assert forward == backward
        assert [(p.bought, p.left) for p in forward.purchases] == [(2, 2), (9, 3), (4, 1)]


def test_keys_are_unique_and_groups_declared() -> None:
    lots = (lot("a", "2026-06-20"), lot("b", "2026-06-20"), lot("a", "2026-06-20", symbol="Y"))
    found = wash_window(household(account(lots=lots)), market(AS_OF, identical={"X": "g", "Y": "g"})).purchases
    assert len({p.key for p in found}) == 3
    assert {p.group for p in found} == {"g"}
    assert isinstance(found[0], RecentPurchase)


class TestLocks:
    @staticmethod
    def locks(
        *trades: object, kind: str = "taxable", identical: dict[str, str] | None = None
    ) -> list[tuple[object, ...]]:
        owner = account("T", kind, transactions=trades)
        found = wash_window(household(owner), market(AS_OF, identical=identical)).locks
        return [(k.group, k.symbols, k.no_buy_until.isoformat(), k.loss) for k in found]

    def test_a_loss_locks_for_thirty_days_inclusive(self) -> None:
        assert self.locks(trade("sell", "2026-06-15", realised_gain=-50)) == [("X", ("X",), "2026-07-15", 50)]

    @pytest.mark.parametrize(("when", "holds"), [("2026-05-31", True), ("2026-05-30", False)])
    def test_the_31st_day_is_free(self, when: str, holds: bool) -> None:
        assert bool(self.locks(trade("sell", when, realised_gain=-50))) == holds

    def test_gains_wholly_disallowed_losses_and_iras_lock_nothing(self) -> None:
        assert not self.locks(trade("sell", "2026-06-15", realised_gain=50))
        assert not self.locks(trade("sell", "2026-06-15", realised_gain=0))
        assert not self.locks(trade("sell", "2026-06-15", realised_gain=-50, disallowed_loss=50))
        assert not self.locks(trade("sell", "2026-06-15", realised_gain=-50), kind="ira")

    def test_a_partly_disallowed_loss_locks_for_the_rest(self) -> None:
        assert self.locks(trade("sell", "2026-06-15", realised_gain=-50, disallowed_loss=20))[0][3] == 30

    def test_an_unknown_gain_may_be_a_loss_and_says_so(self) -> None:
        owner = account(transactions=(trade("sell", "2026-06-15"),))
        (lock,) = wash_window(household(owner), market(AS_OF)).locks
        assert lock.loss == 0
        assert "the book does not give" in lock.because

    def test_the_last_loss_of_a_group_counts(self) -> None:
        found = self.locks(
            trade("sell", "2026-06-15", realised_gain=-50),
            trade("sell", "2026-06-20", realised_gain=-5, symbol="Y"),
            identical={"X": "g", "Y": "g", "Z": "g"},
        )
        assert found == [("g", ("X", "Y", "Z"), "2026-07-20", 55)]

    def test_the_reason_names_the_trade(self) -> None:
        owner = account(transactions=(trade("sell", "2026-06-15", realised_gain=-50),))
        (lock,) = wash_window(household(owner), market(AS_OF)).locks
        assert lock.because.startswith("T sold X at a loss on 2026-06-15")
        assert day("2026-07-15") == lock.no_buy_until
