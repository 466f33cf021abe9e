"""No loss that any reading of the law would wash, in every direction a replacement can come from; and what is locked.

Dates: the plan is of 2020-06-15, so the window looks back to 2020-05-16 (30 days) and a lock made now ends 2020-07-15.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from lotwright.book.holdings import Account, Lot
from lotwright.book.kinds import Action, Character, Relief
from lotwright.book.trades import Trade
from lotwright.plan.result import Lock
from lotwright.plan.verify_wash import latest, running
from lotwright.tax.window import BuyLock, WashWindow
from tests.plan.test_verify_vocabulary import (
    APPLES,
    FREE,
    LOSERS,
    MARKET,
    account,
    buy,
    check_of,
    day,
    ira,
    lot,
    number,
    only_failure,
    piece,
    sell,
    sell_apples,
    sell_losers,
    transaction,
)

TAX = account("tax", LOSERS)
FRESH = lot("MSFT", "M2", 5, 300, acquired="2020-06-01")
"""Five shares bought two weeks ago at $60: at a loss, too."""
SELL_FRESH = piece("M2", 5, basis="300.00", proceeds="250.00", acquired="2020-06-01", character=Character.SHORT)
SELL_OLD = piece("M1", 5, basis="300.00", proceeds="250.00")


def washed(trades: list[Trade], *accounts: Account) -> str | None:
    """What the wash-sale check says when it fails, provided nothing else does; ``None`` when all is well."""
    found = check_of(trades, *accounts)
    if found.ok:
        return None
    assert only_failure(found).name == "wash_sale"
    return only_failure(found).text


def test_a_loss_alone_is_fine() -> None:
    assert washed([sell_losers()], TAX) is None


@pytest.mark.parametrize(
    ("when", "washes"), [("2020-05-15", False), ("2020-05-16", True), ("2020-06-14", True), ("2020-06-15", True)]
)
def test_a_recent_buy_washes_for_thirty_days(when: str, washes: bool) -> None:
    fresh = lot("MSFT", "M2", 5, 300, acquired=when)
    assert (washed([sell_losers()], account("tax", LOSERS, fresh)) is not None) is washes


def test_a_recent_buy_in_words() -> None:
    assert washed([sell_losers()], account("tax", LOSERS, FRESH)) == (
        "MSFT lot M1 in tax is sold at a loss of $50.00, but 5 shares of MSFT bought in tax on 2020-06-01"
        " (5 of them still there) could replace it. Keep the lot until 2020-07-02."
    )


def test_a_buy_in_an_ira() -> None:
    assert washed([sell_losers()], TAX, ira(FRESH)) is not None


def test_a_buy_in_the_other_taxable_account() -> None:
    assert washed([sell_losers()], TAX, account("tax2", FRESH)) is not None


def test_a_reinvested_dividend() -> None:
    drip = transaction("MSFT", Action.REINVEST, "0.125", "2020-06-10", account="ira")
    text = washed([sell_losers()], TAX, ira(transactions=(drip,)))
    assert text is not None
    assert "0.125 shares of MSFT bought in ira on 2020-06-10" in text


def test_a_buy_sold_again_before_the_plan() -> None:
    # the strict reading counts it, though nothing of it is left
    bought = transaction("MSFT", Action.BUY, 5, "2020-06-01")
    sold = transaction("MSFT", Action.SELL, 5, "2020-06-03", gain="10")
    text = washed([sell_losers()], replace(TAX, transactions=(bought, sold)))
    assert text is not None
    assert "(0 of them still there)" in text


VOO = lot("VOO", "V1", 10, 4000)
SELL_VOO = sell("VOO", piece("V1", 2, basis="800.00", proceeds="600.00"))
IVV = lot("IVV", "I1", 3, 900, acquired="2020-06-01")


def test_a_buy_of_an_identical_security() -> None:
    text = washed([SELL_VOO], account("tax", VOO), ira(IVV))
    assert text is not None
    assert "3 shares of IVV bought in ira on 2020-06-01" in text


def test_a_buy_of_another_security_does_not_wash() -> None:
    assert washed([sell_losers()], account("tax", LOSERS, lot("AAPL", "A2", 5, 600, acquired="2020-06-01"))) is None


# --------------------------------------------------------------------------------------------------- what is not a loss


def test_a_gain_may_be_sold_beside_a_recent_buy() -> None:
    fresh = lot("AAPL", "A2", 5, 600, acquired="2020-06-01")
    assert washed([sell_apples()], account("tax", APPLES, fresh)) is None


def test_a_loss_in_an_ira_is_none() -> None:
    sale = replace(sell_losers(), account="ira")
    assert washed([sale], ira(LOSERS), account("tax", FRESH)) is None


def test_a_lot_at_its_basis_is_none() -> None:
    even = lot("MSFT", "M1", 20, 1000)
    sale = sell("MSFT", piece("M1", 5, basis="250.00", proceeds="250.00"))
    assert washed([sale], account("tax", even, FRESH)) is None


@pytest.mark.parametrize(("basis", "washes"), [("1000.000001", False), ("1000.0000010001", True), ("1000.01", True)])
def test_dust_of_binary_tables_is_no_loss(basis: str, washes: bool) -> None:
    even = lot("MSFT", "M1", 20, basis)
    sale = sell("MSFT", piece("M1", 5, basis="250.00", proceeds="250.00"))
    assert (washed([sale], account("tax", even, FRESH)) is not None) is washes


# ------------------------------------------------------------------------------------------------------ own and cleared


def test_own_purchase_is_no_replacement() -> None:
    assert washed([sell("MSFT", SELL_FRESH)], account("tax", FRESH)) is None


def test_own_purchase_in_two_lots() -> None:
    # one order, split by the broker: selling half of it washes nothing (Rev. Rul. 56-602)
    first = lot("MSFT", "M2", 5, 300, acquired="2020-06-01", purchase="P7")
    second = lot("MSFT", "M3", 5, 300, acquired="2020-06-01", purchase="P7")
    assert washed([sell("MSFT", SELL_FRESH)], account("tax", first, second)) is None


def test_a_second_purchase_of_the_same_day_is_a_replacement() -> None:
    first = lot("MSFT", "M2", 5, 300, acquired="2020-06-01", purchase="P7")
    second = lot("MSFT", "M3", 5, 300, acquired="2020-06-01", purchase="P8")
    assert washed([sell("MSFT", SELL_FRESH)], account("tax", first, second)) is not None


def test_part_of_its_own_purchase_sold_before() -> None:
    bought = transaction("MSFT", Action.BUY, 8, "2020-06-01")
    sold = transaction("MSFT", Action.SELL, 3, "2020-06-03", gain="5")
    assert washed([sell("MSFT", SELL_FRESH)], account("tax", FRESH, transactions=(bought, sold))) is None


def test_own_purchase_means_same_account() -> None:
    # a lot of the same name in the IRA is another purchase
    assert washed([sell("MSFT", SELL_FRESH)], account("tax", FRESH), ira(FRESH)) is not None


def test_own_purchase_means_same_security() -> None:
    voo = lot("VOO", "X", 5, 2000, acquired="2020-06-01")
    ivv = lot("IVV", "X", 5, 1505, acquired="2020-06-01")
    taken = piece("X", 5, basis="2000.00", proceeds="1500.00", acquired="2020-06-01", character=Character.SHORT)
    assert washed([sell("VOO", taken)], account("tax", voo, ivv)) is not None


def test_a_purchase_sold_whole_in_the_same_order_is_cleared() -> None:
    assert washed([sell("MSFT", SELL_OLD, SELL_FRESH)], account("tax", LOSERS, FRESH)) is None


def test_a_purchase_sold_in_part_is_not_cleared() -> None:
    most = piece("M2", 4, basis="240.00", proceeds="200.00", acquired="2020-06-01", character=Character.SHORT)
    text = washed([sell("MSFT", SELL_OLD, most)], account("tax", LOSERS, FRESH))
    assert text is not None
    assert "lot M1" in text
    assert "lot M2" not in text


def test_every_lot_of_a_purchase_must_go() -> None:
    first = lot("MSFT", "M2", 5, 300, acquired="2020-06-01", purchase="P7")
    second = lot("MSFT", "M3", 5, 300, acquired="2020-06-01", purchase="P7")
    holder = account("tax", LOSERS, first, second)
    also = replace(SELL_FRESH, lot="M3")
    assert washed([sell("MSFT", SELL_OLD, SELL_FRESH)], holder) is not None
    assert washed([sell("MSFT", SELL_OLD, SELL_FRESH, also)], holder) is None


def test_a_purchase_of_which_some_was_sold_before_is_never_cleared() -> None:
    bought = transaction("MSFT", Action.BUY, 8, "2020-06-01")
    sold = transaction("MSFT", Action.SELL, 3, "2020-06-03", gain="5")
    holder = account("tax", LOSERS, FRESH, transactions=(bought, sold))
    text = washed([sell("MSFT", SELL_OLD, SELL_FRESH)], holder)
    assert text is not None
    assert "lot M1" in text
    assert "lot M2" not in text, "the eight shares are M2's own purchase"


def test_two_purchases_clear_each_other() -> None:
    second = lot("MSFT", "M3", 5, 300, acquired="2020-06-02")
    also = replace(SELL_FRESH, lot="M3", acquired=day("2020-06-02"))
    holder = account("tax", FRESH, second)
    assert washed([sell("MSFT", SELL_FRESH, also)], holder) is None
    assert washed([sell("MSFT", SELL_FRESH)], holder) is not None


def test_sold_whole_in_another_account_is_not_cleared() -> None:
    elsewhere = sell("MSFT", SELL_FRESH, account="tax2")
    text = washed([sell_losers(), elsewhere], TAX, account("tax2", FRESH))
    assert text is not None
    assert "lot M1 in tax " in text
    in_ira = sell("MSFT", SELL_FRESH, account="ira")
    assert washed([sell_losers(), in_ira], TAX, ira(FRESH)) is not None


def test_an_identical_security_sold_whole_is_not_cleared() -> None:
    # two orders, two moments: between them the one replaces the other
    gone = piece("I1", 3, basis="900.00", proceeds="903.00", acquired="2020-06-01", character=Character.SHORT)
    assert washed([SELL_VOO, sell("IVV", gone)], account("tax", VOO, IVV)) is not None


def test_first_in_first_out_may_clear_by_closing_the_position() -> None:
    everything = piece("M1", 20, basis="1200.00", proceeds="1000.00")
    holder = account("tax", LOSERS, FRESH, relief=Relief.FIFO)
    assert washed([sell("MSFT", everything, SELL_FRESH)], holder) is None
    assert washed([sell("MSFT", SELL_OLD)], holder) is not None


# ------------------------------------------------------------------------------------------------------ inside the plan


def test_a_buy_in_the_same_plan() -> None:
    assert washed([sell_losers(), buy("MSFT", 2, account="ira")], TAX, ira()) == (
        "MSFT lot M1 in tax is sold at a loss of $50.00, but the plan buys 2 shares of MSFT in ira."
        " Keep the lot or drop the buy."
    )


def test_a_buy_of_an_identical_security_in_the_same_plan() -> None:
    older = account("tax", VOO, replace(IVV, acquired=day("2019-01-02"), holding_start=day("2019-01-02")))
    text = washed([SELL_VOO, buy("IVV", 1)], older)
    assert text is not None
    assert "the plan buys 1 share of IVV in tax" in text


def test_a_buy_beside_a_gain_in_the_same_plan() -> None:
    assert washed([sell_apples(), buy("AAPL", 1, account="ira")], account("tax", APPLES), ira()) is None


def test_a_buy_of_another_security_in_the_same_plan() -> None:
    assert washed([sell_losers(), buy("AAPL", 1)], TAX) is None


# --------------------------------------------------------------------------------------------------------------- locks

LOSS_SALE = transaction("MSFT", Action.SELL, 5, "2020-05-20", gain="-40")


@pytest.mark.parametrize("buyer", ["tax", "ira"])
def test_a_buy_under_a_running_lock(buyer: str) -> None:
    text = washed([buy("MSFT", 2, account=buyer)], account("tax", transactions=(LOSS_SALE,)), ira())
    assert text is not None
    assert text.startswith(
        f"2 shares of MSFT are bought in {buyer}, but MSFT may not be bought until after 2020-06-19: "
    )
    assert text.endswith("Wait or buy a substitute.")


def test_a_buy_of_an_identical_security_under_a_lock() -> None:
    loss = replace(LOSS_SALE, symbol="VOO")
    held = replace(IVV, acquired=day("2019-01-02"), holding_start=day("2019-01-02"))
    assert washed([buy("IVV", 1)], account("tax", held, transactions=(loss,))) is not None


def test_a_buy_of_another_security_under_a_lock() -> None:
    assert washed([buy("AAPL", 2)], account("tax", transactions=(LOSS_SALE,))) is None


@pytest.mark.parametrize(("when", "locked"), [("2020-05-15", False), ("2020-05-16", True), ("2020-06-15", True)])
def test_a_lock_holds_through_the_thirtieth_day(when: str, locked: bool) -> None:
    loss = replace(LOSS_SALE, date=day(when))
    assert (washed([buy("MSFT", 2)], account("tax", transactions=(loss,))) is not None) is locked


def test_a_loss_in_an_ira_locks_nothing() -> None:
    assert washed([buy("MSFT", 2)], account("tax"), ira(transactions=(replace(LOSS_SALE, account="ira"),))) is None


def test_the_plans_own_losses_lock_their_groups() -> None:
    found = check_of([sell_losers(), SELL_VOO, sell_apples()], account("tax", LOSERS, VOO, APPLES))
    until = day("2020-07-15")
    assert found.new_locks == (
        Lock(
            group="MSFT",
            symbols=("MSFT",),
            no_buy_until=until,
            because="This plan sells MSFT at a loss of $50.00 on 2020-06-15.",
        ),
        Lock(
            group="SP500",
            symbols=("IVV", "VOO"),
            no_buy_until=until,
            because="This plan sells VOO at a loss of $200.00 on 2020-06-15.",
        ),
    )
    assert found.running_locks == ()
    assert found.locks == found.new_locks


def test_a_lock_counts_every_lot_sold_at_a_loss() -> None:
    found = check_of([sell("MSFT", SELL_OLD, SELL_FRESH)], account("tax", LOSERS, FRESH))
    assert [lock.because for lock in found.new_locks] == ["This plan sells MSFT at a loss of $100.00 on 2020-06-15."]


def test_locks_still_running() -> None:
    older = replace(LOSS_SALE, symbol="XOM", date=day("2020-05-18"))
    found = check_of([], account("tax", transactions=(LOSS_SALE, older)))
    assert [(lock.group, lock.symbols, lock.no_buy_until) for lock in found.running_locks] == [
        ("MSFT", ("MSFT",), day("2020-06-19")),
        ("XOM", ("XOM",), day("2020-06-17")),
    ]
    assert all("2020-05" in lock.because for lock in found.running_locks)
    assert found.locks == found.running_locks


def test_a_lock_that_has_ended_bars_nothing() -> None:
    ended = BuyLock(group="MSFT", symbols=("MSFT",), no_buy_until=day("2020-06-14"), because="", loss=number(1))
    holds = replace(ended, group="XOM", no_buy_until=day("2020-06-15"))
    assert running(WashWindow(purchases=(), locks=(ended, holds)), MARKET) == (holds,)


def test_the_latest_lock_of_each_group_in_order() -> None:
    first = Lock(group="B", symbols=("B",), no_buy_until=day("2020-06-19"), because="first")
    later = replace(first, no_buy_until=day("2020-06-20"), because="later")
    other = replace(first, group="A", because="other")
    assert latest([first, later, other]) == (other, later)
    assert latest([later, first, other]) == (other, later)
    assert latest([first, replace(first, because="again")]) == (first,)


def test_order_of_the_trade_list_changes_no_words() -> None:
    ivv = lot("IVV", "I1", 3, 1500)
    sell_ivv = sell("IVV", piece("I1", 3, basis="1500.00", proceeds="903.00"))
    trades = [sell_losers(), SELL_VOO, sell_ivv]
    holders = (account("tax", LOSERS, VOO, ivv, FRESH), ira(IVV))
    forwards, backwards = check_of(trades, *holders), check_of(trades[::-1], *holders)
    assert forwards.new_locks == backwards.new_locks
    assert forwards.new_locks[1].because == "This plan sells IVV, VOO at a loss of $797.00 on 2020-06-15."
    assert [text.split(" lot ")[0] for text in only_failure(backwards).text.split("Keep")[:1]] == ["MSFT"]


def test_the_lock_that_ends_last_is_shown() -> None:
    holder = account("tax", LOSERS, transactions=(LOSS_SALE,))
    found = check_of([sell_losers()], holder)
    assert [lock.no_buy_until for lock in found.running_locks] == [day("2020-06-19")]
    assert found.locks == found.new_locks
    earlier = replace(LOSS_SALE, symbol="XOM")
    both = check_of([sell_losers()], replace(holder, transactions=(LOSS_SALE, earlier)))
    assert [lock.group for lock in both.locks] == ["MSFT", "XOM"]


def test_a_program_without_the_limit_still_tells_the_locks() -> None:
    found = check_of([sell_losers()], account("tax", LOSERS, FRESH), terms=replace(FREE, wash_sale=False))
    assert found.ok
    assert [lock.group for lock in found.locks] == ["MSFT"]


def test_many_lots_tell_the_same_story() -> None:
    """Splitting the loss lot into fragments of one purchase changes no verdict."""
    halves: list[Lot] = [lot("MSFT", f"M1{part}", 10, 600, purchase="P1") for part in "ab"]
    taken = [replace(SELL_OLD, lot=half.lot, quantity=Decimal(5)) for half in halves]
    assert washed([sell("MSFT", *taken)], account("tax", *halves)) is None
    assert washed([sell("MSFT", *taken)], account("tax", *halves, FRESH)) is not None
