"""Trades that another plan has in hand count for the window until the tables show them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from builders import account, day, dec, household, lot, market, trade

from lotwright.book.holdings import Account, Pending
from lotwright.book.kinds import Side
from lotwright.tax.window import WashWindow, pending_in_force, wash_window

AS_OF = "2026-06-30"


def hand(side: str, when: str = "2026-06-25", quantity: object = 100, **more: Any) -> Pending:
    said = {"account": "T", "symbol": "X", "side": Side(side), "date": day(when), "quantity": dec(quantity)}
    return Pending(**{**said, "because": f"Plan p {side}s X.", **more})


def window(*pending: Pending, accounts: tuple[Account, ...] = (), **options: Any) -> WashWindow:
    return wash_window(replace(household(*(accounts or (account(),))), pending=pending), market(AS_OF, **options))


def in_force(*pending: Pending, accounts: tuple[Account, ...]) -> int:
    return len(pending_in_force(replace(household(*accounts), pending=pending), market(AS_OF)))


def test_a_pending_sale_locks_its_group_for_thirty_days_from_its_date() -> None:
    (lock,) = window(hand("sell", loss=dec(40)), identical={"X": "g", "Y": "g"}).locks
    assert (lock.group, lock.symbols, lock.no_buy_until, lock.loss) == ("g", ("X", "Y"), day("2026-07-25"), 40)
    assert lock.because.startswith("Plan p sells X. A purchase of it")


def test_a_pending_purchase_is_one_that_nothing_clears() -> None:
    (found,) = window(hand("buy")).purchases
    assert (found.group, found.bought, found.left, found.lots) == ("X", 100, 0, ())


@pytest.mark.parametrize(
    ("when", "counts"), [("2026-05-31", 1), ("2026-05-30", 0), ("2026-07-30", 1), ("2026-07-31", 0)]
)
@pytest.mark.parametrize("side", ["buy", "sell"])
def test_thirty_days_either_way_count(side: str, when: str, counts: int) -> None:
    found = window(hand(side, when))
    assert len(found.locks) + len(found.purchases) == counts


@pytest.mark.parametrize(
    ("shown", "counts"),
    [
        ((), 1),
        ((trade("sell", "2026-06-25", 100),), 0),
        ((trade("sell", "2026-06-26", 60), trade("sell", "2026-06-27", 40)), 0),
        ((trade("sell", "2026-06-26", 60),), 1),
        ((trade("sell", "2026-06-24", 100),), 1),
        ((trade("buy", "2026-06-25", 100),), 1),
    ],
)
def test_a_sale_counts_until_sales_from_its_day_on_add_up_to_it(shown: tuple[Any, ...], counts: int) -> None:
    assert in_force(hand("sell"), accounts=(account(transactions=shown),)) == counts


@pytest.mark.parametrize(
    ("lots", "counts"),
    [((), 1), ((lot("a", "2026-06-25"),), 0), ((lot("a", "2026-06-24"),), 1), ((lot("a", "2026-06-26", 99),), 1)],
)
def test_a_purchase_counts_until_lots_of_its_day_or_later_show_it(lots: tuple[Any, ...], counts: int) -> None:
    assert in_force(hand("buy"), accounts=(account(lots=lots),)) == counts


def test_a_sale_in_an_ira_locks_nothing_and_one_in_an_unknown_account_does() -> None:
    assert in_force(hand("sell"), accounts=(account("T", "ira"),)) == 0
    assert in_force(hand("sell", account="CLOSED"), accounts=(account(),)) == 1
    assert in_force(hand("buy"), accounts=(account("T", "ira"),)) == 1


def test_the_book_and_what_is_pending_make_one_lock_that_ends_last() -> None:
    sale = trade("sell", "2026-06-20", 10, realised_gain=-5)
    (lock,) = window(hand("sell", loss=dec(40)), accounts=(account(transactions=(sale,)),)).locks
    assert (lock.no_buy_until, lock.loss) == (day("2026-07-25"), 45)
    (lock,) = window(
        hand("sell", "2026-06-10"), accounts=(account(transactions=(replace(sale, quantity=dec(99)),)),)
    ).locks
    assert lock.no_buy_until == day("2026-07-20")
    assert lock.because.startswith("T sold X at a loss")


def test_no_order_of_what_is_pending_changes_anything() -> None:
    some = [hand("sell"), hand("buy"), hand("sell", "2026-06-10"), hand("buy", symbol="Y"), hand("sell")]
    assert window(*some) == window(*some[::-1])
