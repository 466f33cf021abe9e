"""Each thing a trade can misstate about itself fails its check, with the evidence a person needs."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal, localcontext

import pytest

from lotwright.book.kinds import Character, Relief
from lotwright.errors import BookError
from tests.plan.test_verify_vocabulary import (
    APPLES,
    FREE,
    MARKET,
    account,
    buy,
    check_of,
    day,
    lot,
    number,
    only_failure,
    piece,
    sell,
    sell_apples,
)

TAX = account("tax", APPLES)


def test_unknown_account() -> None:
    found = check_of([buy("AAPL", 1, account="joint")], TAX)
    assert only_failure(found).name == "trades"
    assert "The buy of AAPL names account joint, which household home does not have." in only_failure(found).text
    assert found.cash["tax"].after == number(1000)


def test_security_without_a_price() -> None:
    found = check_of([replace(buy("AAPL", 1), symbol="TSLA")], TAX)
    assert only_failure(found).name == "trades"
    assert "The buy of TSLA in tax has no price in the book." in only_failure(found).text


@pytest.mark.parametrize("quantity", ["0", "-1", "NaN", "Infinity", "1E+12"])
def test_quantity_that_is_none(quantity: str) -> None:
    found = check_of([replace(buy("AAPL", 1), quantity=Decimal(quantity))], TAX)
    assert "trades" in {check.name for check in found.failed}
    text = next(check.text for check in found.checks if check.name == "trades")
    assert f"The buy of AAPL in tax is for {Decimal(quantity)} shares. Give a positive quantity." in text
    assert found.cash["tax"].after == number(1000)


def test_largest_quantity_that_is_one() -> None:
    found = check_of([replace(buy("AAPL", 1), quantity=Decimal(10) ** 12 - 1)], TAX)
    assert "positive quantity" not in found.checks[0].text


def test_value_that_is_not_quantity_times_price() -> None:
    found = check_of([replace(buy("AAPL", 3), value=number("299.99"))], TAX)
    assert only_failure(found).name == "trades"
    assert (
        "The buy of 3 shares of AAPL in tax at 100 states a value of $299.99; it is $300.00."
        in only_failure(found).text
    )


def test_value_is_rounded_half_up() -> None:
    dear = {**MARKET.prices, "AAPL": replace(MARKET.prices["AAPL"], price=number("100.005"))}
    market = replace(MARKET, prices=dear)
    trade = replace(buy("AAPL", 1), price=number("100.005"), value=number("100.01"))
    assert check_of([trade], TAX, market=market).ok


def test_a_value_half_a_cent_off_is_shown_rounded() -> None:
    dear = {**MARKET.prices, "AAPL": replace(MARKET.prices["AAPL"], price=number("100.005"))}
    trade = replace(buy("AAPL", 1), price=number("100.005"), value=number("100.00"))
    text = only_failure(check_of([trade], TAX, market=replace(MARKET, prices=dear))).text
    assert "states a value of $100.00; it is $100.01." in text


@pytest.mark.parametrize("dollars", ["NaN", "Infinity", "1E+60", "-1E+60"])
def test_price_that_is_not_a_number_is_reported_as_a_price(dollars: str) -> None:
    found = check_of([replace(buy("AAPL", 1), price=Decimal(dollars))], TAX)
    assert only_failure(found).name == "prices"


def test_price_that_is_not_the_books() -> None:
    found = check_of([buy("AAPL", 3, at="99.50")], TAX)
    failure = only_failure(found)
    assert failure.name == "prices"
    assert "The buy of AAPL in tax is priced at 99.50, but the book's price is 100 as of 2020-06-15." in failure.text
    assert found.cash["tax"].after == number(700), "the book's price is what the replay uses"


def test_two_orders_in_one_security_and_direction() -> None:
    found = check_of([buy("AAPL", 1), buy("AAPL", 2)], TAX)
    assert only_failure(found).name == "trades"
    assert "AAPL in tax has 2 buy orders. Make it one order." in only_failure(found).text
    assert found.cash["tax"].after == number(700)


def test_bought_and_sold_at_once() -> None:
    found = check_of([buy("AAPL", 1), sell_apples()], TAX)
    assert only_failure(found).name == "trades"
    assert "AAPL in tax is both bought and sold. Trade the difference." in only_failure(found).text


def test_the_same_security_may_go_both_ways_in_different_accounts() -> None:
    assert check_of([buy("AAPL", 1, account="tax2"), sell_apples()], TAX, account("tax2")).ok


def test_faults_stand_in_order_whatever_the_order_of_trades() -> None:
    holder = account("tax", APPLES, lot("MSFT", "M1", 20, 900), cash=number(5000))
    microsoft = sell("MSFT", piece("M1", 2, basis="90.00", proceeds="100.00"))
    trades = [microsoft, buy("MSFT", 1), buy("MSFT", 1), sell_apples(), buy("AAPL", 1), buy("AAPL", 1)]
    text = only_failure(check_of(trades, holder)).text
    assert text == only_failure(check_of(trades[::-1], holder)).text
    assert text.index("AAPL in tax has 2 buy") < text.index("MSFT in tax has 2 buy")
    assert text.index("AAPL in tax is both") < text.index("MSFT in tax is both")


def test_only_the_first_faults_are_spelt_out() -> None:
    trades = [buy(symbol, 1, account="nobody") for symbol in ("AAPL", "MSFT", "XOM", "BND", "VOO", "IVV", "GOLD")]
    text = only_failure(check_of(trades, TAX)).text
    assert text.count("nobody") == 5
    assert text.endswith("And 2 more of this kind.")


def test_one_fault_too_many_is_counted() -> None:
    trades = [buy(symbol, 1, account="nobody") for symbol in ("AAPL", "MSFT", "XOM", "BND", "VOO", "IVV")]
    assert only_failure(check_of(trades, TAX)).text.endswith("And 1 more of this kind.")


def test_five_faults_are_all_spelt_out() -> None:
    trades = [buy(symbol, 1, account="nobody") for symbol in ("AAPL", "MSFT", "XOM", "BND", "VOO")]
    text = only_failure(check_of(trades, TAX)).text
    assert text.count("nobody") == 5
    assert "more of this kind" not in text


# ---------------------------------------------------------------------------------------------------------------- lots


def test_lot_that_does_not_exist() -> None:
    found = check_of([sell("AAPL", piece("A9", 4, basis="320.00", proceeds="400.00"))], TAX)
    assert only_failure(found).name == "lots"
    assert "The sale of AAPL in tax names lot A9, which the account does not hold." in only_failure(found).text


def test_lot_of_another_security_does_not_count() -> None:
    msft = lot("MSFT", "M1", 10, 400)
    found = check_of([sell("AAPL", piece("M1", 4, basis="160.00", proceeds="400.00"))], account("tax", APPLES, msft))
    assert only_failure(found).name == "lots"


def test_more_shares_than_the_lot_holds() -> None:
    other = lot("AAPL", "A2", 10, 800)
    trade = sell("AAPL", piece("A1", 12, basis="960.00", proceeds="1200.00"))
    found = check_of([trade], account("tax", APPLES, other))
    assert only_failure(found).name == "lots"
    assert "AAPL lot A1 sells 12 shares but holds 10. Reduce the sale or name another lot." in only_failure(found).text


def test_a_lot_named_twice_counts_twice() -> None:
    other = lot("AAPL", "A2", 10, 800)
    half = piece("A1", 6, basis="480.00", proceeds="600.00")
    found = check_of([sell("AAPL", half, half)], account("tax", APPLES, other))
    assert only_failure(found).name == "lots"
    assert "sells 12 shares but holds 10" in only_failure(found).text


def test_a_whole_lot_may_leave() -> None:
    assert check_of([sell_apples(10)], TAX).ok


def test_lots_that_do_not_add_up() -> None:
    trade = replace(sell_apples(4), quantity=number(5), value=number("500.00"))
    found = check_of([trade], TAX)
    assert only_failure(found).name == "lots"
    assert (
        "The sale of AAPL in tax is of 5 shares, but its lots add up to 4. Make them equal." in only_failure(found).text
    )


def test_slice_of_nothing() -> None:
    trade = sell("AAPL", *sell_apples().lots, piece("A1", 0, basis="0.00", proceeds="0.00"))
    found = check_of([trade], TAX)
    assert only_failure(found).name == "lots"
    assert "The sale of AAPL in tax takes 0 shares of lot A1. Take a positive quantity." in only_failure(found).text


@pytest.mark.parametrize("quantity", ["NaN", "Infinity"])
def test_slice_that_is_no_number(quantity: str) -> None:
    slice_ = replace(sell_apples().lots[0], quantity=Decimal(quantity))
    found = check_of([replace(sell_apples(), lots=(slice_,))], TAX)
    assert only_failure(found).name == "lots"
    assert f"takes {quantity} shares of lot A1" in only_failure(found).text


def test_negative_slice_realises_nothing() -> None:
    back = piece("A1", -4, basis="-320.00", proceeds="-400.00")
    found = check_of([sell("AAPL", piece("A1", 8, basis="640.00", proceeds="800.00"), back)], TAX)
    assert only_failure(found).name == "lots"
    assert found.tax.long_term_gain == number("160.00")


def test_buy_that_names_lots() -> None:
    found = check_of([replace(buy("AAPL", 4), lots=sell_apples().lots)], TAX)
    assert only_failure(found).name == "lots"
    assert "The buy of AAPL in tax names lots. Only sales take lots: name none." in only_failure(found).text
    assert found.tax.long_term_gain == 0


# -------------------------------------------------------------------------------------------------------------- relief

OLD = lot("AAPL", "A1", 10, 800, acquired="2017-03-01")
MID = lot("AAPL", "A2", 10, 950, acquired="2018-03-01")
NEW = lot("AAPL", "A3", 10, 900, acquired="2019-03-01")
TAKE_OLD = piece("A1", 10, basis="800.00", proceeds="1000.00", acquired="2017-03-01")
TAKE_MID = piece("A2", 10, basis="950.00", proceeds="1000.00", acquired="2018-03-01")
TAKE_NEW = piece("A3", 10, basis="900.00", proceeds="1000.00", acquired="2019-03-01")
SOME_MID = piece("A2", 3, basis="285.00", proceeds="300.00", acquired="2018-03-01")
SOME_NEW = piece("A3", 3, basis="270.00", proceeds="300.00", acquired="2019-03-01")


@pytest.mark.parametrize(
    ("relief", "allowed"),
    [
        (Relief.SPECIFIC, {"old", "mid", "new", "old, some mid", "some mid, old", "new, some mid", "mid, some new"}),
        (Relief.FIFO, {"old", "old, some mid", "some mid, old"}),  # what leaves counts, not the order of the lines
        (Relief.LIFO, {"new", "new, some mid"}),
        (Relief.HIFO, {"mid", "mid, some new"}),  # $95, $90, $80 a share
    ],
)
def test_lots_leave_in_the_prescribed_order(relief: Relief, allowed: set[str]) -> None:
    holder = account("tax", OLD, MID, NEW, relief=relief)
    sales = {
        "old": [TAKE_OLD],
        "mid": [TAKE_MID],
        "new": [TAKE_NEW],
        "old, some mid": [TAKE_OLD, SOME_MID],
        "some mid, old": [SOME_MID, TAKE_OLD],
        "new, some mid": [TAKE_NEW, SOME_MID],
        "mid, some new": [TAKE_MID, SOME_NEW],
    }
    passed = {name for name, pieces in sales.items() if check_of([sell("AAPL", *pieces)], holder).ok}
    assert passed == allowed


def test_wrong_order_is_shown_lot_by_lot() -> None:
    found = check_of([sell("AAPL", TAKE_MID)], account("tax", OLD, MID, NEW, relief=Relief.FIFO))
    assert only_failure(found).name == "relief"
    assert only_failure(found).text == (
        "tax sells first in, first out, so 10 of the 10 shares in AAPL lot A1 leave; the trade takes 0."
        " Follow the order. tax sells first in, first out, so 0 of the 10 shares in AAPL lot A2 leave;"
        " the trade takes 10. Follow the order."
    )


def test_buys_have_no_order_to_follow() -> None:
    assert check_of([buy("AAPL", 5)], account("tax", OLD, relief=Relief.FIFO)).ok


def test_order_is_per_security() -> None:
    older = lot("MSFT", "M0", 5, 100, acquired="2010-01-04")
    assert check_of([sell("AAPL", TAKE_OLD)], account("tax", older, OLD, MID, relief=Relief.FIFO)).ok


# ------------------------------------------------------------------------------------------------- gains and character


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"basis": number("319.99")}, "4 shares of AAPL lot A1 have a basis of $320.00; the trade says $319.99."),
        ({"proceeds": number("400.01")}, "4 shares of AAPL lot A1 have a proceeds of $400.00; the trade says $400.01."),
        ({"gain": number("-80.00")}, "4 shares of AAPL lot A1 have a gain of $80.00; the trade says -$80.00."),
        ({"acquired": day("2018-01-03")}, "AAPL lot A1 was acquired on 2018-01-02; the trade says 2018-01-03."),
    ],
)
def test_misstated_figure(changed: dict[str, object], sentence: str) -> None:
    slice_ = replace(sell_apples().lots[0], **changed)  # type: ignore[arg-type]
    found = check_of([replace(sell_apples(), lots=(slice_,))], TAX)
    assert only_failure(found).name == "gains"
    assert sentence in only_failure(found).text


def test_gain_is_the_difference_of_rounded_cents() -> None:
    # 3 of 7 shares that cost $100: basis 42.857 -> 42.86; proceeds 3 x 33.335 = 100.005 -> 100.01; gain 57.15
    third = lot("AAPL", "A1", 7, 100)
    market = replace(MARKET, prices={**MARKET.prices, "AAPL": replace(MARKET.prices["AAPL"], price=number("33.335"))})
    right = sell("AAPL", piece("A1", 3, basis="42.86", proceeds="100.01"), price="33.335")
    right = replace(right, value=number("100.01"))
    found = check_of([right], account("tax", third), market=market)
    assert found.ok
    assert found.tax.long_term_gain == number("57.15")


@pytest.mark.parametrize(
    ("acquired", "held_since", "true"),
    [
        ("2019-06-14", None, Character.LONG),  # the anniversary was yesterday
        ("2019-06-15", None, Character.SHORT),  # today is the anniversary: one year, not more
        ("2020-02-03", "2019-02-03", Character.LONG),  # tacked holding period (IRC section 1223(3))
    ],
)
def test_character_follows_the_holding_period(acquired: str, held_since: str | None, true: Character) -> None:
    holder = account("tax", lot("AAPL", "A1", 10, 800, acquired=acquired, held_since=held_since))

    def found(stated: Character) -> list[str]:
        sale = piece("A1", 4, basis="320.00", proceeds="400.00", acquired=acquired, character=stated)
        return [check.text for check in check_of([sell("AAPL", sale)], holder).failed if check.name == "character"]

    other = Character.SHORT if true is Character.LONG else Character.LONG
    assert found(true) == []
    (text,) = found(other)
    assert text == (
        f"AAPL lot A1, held since {held_since or acquired}, is {true} when sold on 2020-06-15;"
        f" the trade says {other}. Correct the character."
    )


# ------------------------------------------------------------------------------------------------ what is not a trade's


def test_a_held_security_without_a_price_is_the_books_fault() -> None:
    with pytest.raises(BookError, match=r"Account tax holds or targets TSLA without a price"):
        check_of([], account("tax", lot("TSLA", "T1", 1, 1)))


def test_a_targeted_security_without_a_price_is_the_books_fault() -> None:
    market = replace(MARKET, prices={symbol: row for symbol, row in MARKET.prices.items() if symbol != "XOM"})
    with pytest.raises(BookError, match=r"Account tax holds or targets XOM without a price"):
        check_of([], account(), market=market)


def test_an_unknown_model_is_the_books_fault() -> None:
    with pytest.raises(BookError, match=r"names model 'nothing', which the book does not have"):
        check_of([], account(model="nothing"))


def test_precision_of_the_caller_changes_nothing() -> None:
    trades = [sell_apples(), buy("XOM", 10)]
    usual = check_of(trades, TAX, terms=replace(FREE, half_spread=number("0.000333")))
    with localcontext() as context:
        context.prec = 3
        coarse = check_of(trades, TAX, terms=replace(FREE, half_spread=number("0.000333")))
    assert coarse.cash == usual.cash
    assert coarse.costs == usual.costs
