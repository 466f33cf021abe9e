"""Whole shares, minimum ticket, cash to the cent, holdings and restrictions: each can fail, and says why."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lotwright.book.holdings import Account, Cashflow, Restriction
from lotwright.book.kinds import Action, Relief, Rule
from lotwright.book.trades import Trade
from lotwright.plan.result import CashMovement
from lotwright.plan.terms import Terms
from tests.plan.test_verify_vocabulary import (
    APPLES,
    FREE,
    LOSERS,
    MARKET,
    account,
    buy,
    check_of,
    ira,
    lot,
    names,
    number,
    only_failure,
    piece,
    sell,
    sell_apples,
    sell_losers,
    transaction,
)

TAX = account("tax", APPLES, LOSERS)


def flow(amount: str) -> Cashflow:
    return Cashflow(account="tax", amount=number(amount))


# -------------------------------------------------------------------------------------------------------- whole shares


def test_part_of_a_share_in_a_whole_share_account() -> None:
    failure = only_failure(check_of([buy("AAPL", "1.5")], TAX))
    assert failure.name == "whole_shares"
    assert "The buy of 1.5 shares of AAPL in tax is no multiple of 1, the account's smallest step." in failure.text


@pytest.mark.parametrize(("quantity", "allowed"), [("1.5", True), ("1.0003", True), ("1.00003", False)])
def test_fractions_in_steps_of_the_increment(quantity: str, allowed: bool) -> None:
    holder = replace(TAX, fractional=True)
    terms = replace(FREE, fractional_increment=number("0.0001"))
    assert check_of([buy("AAPL", quantity)], holder, terms=terms).ok is allowed


ODD = lot("AAPL", "A1", "10.25", 820)


def test_a_whole_position_may_be_closed_with_its_odd_remainder() -> None:
    close = sell("AAPL", piece("A1", "10.25", basis="820.00", proceeds="1025.00"))
    assert check_of([close], account("tax", ODD)).ok


def test_part_of_a_position_may_not_leave_an_order_of_fractions() -> None:
    part = sell("AAPL", piece("A1", "9.25", basis="740.00", proceeds="925.00"))
    assert only_failure(check_of([part], account("tax", ODD))).name == "whole_shares"


def test_a_buy_of_as_much_as_is_held_closes_nothing() -> None:
    holder = account("tax", ODD, cash=number(5000))
    assert only_failure(check_of([buy("AAPL", "10.25")], holder)).name == "whole_shares"


# ------------------------------------------------------------------------------------------------------ minimum ticket


def test_order_below_the_minimum_ticket() -> None:
    failure = only_failure(check_of([buy("XOM", 2)], TAX, terms=replace(FREE, minimum_ticket=number("80.01"))))
    assert failure.name == "minimum_ticket"
    assert "The buy of XOM in tax is worth $80.00, less than the minimum ticket of $80.01." in failure.text


def test_order_at_the_minimum_ticket() -> None:
    assert check_of([buy("XOM", 2)], TAX, terms=replace(FREE, minimum_ticket=number(80))).ok


def test_closing_a_small_position_is_no_small_ticket() -> None:
    crumb = account("tax", lot("AAPL", "A1", 1, 80))
    close = sell("AAPL", piece("A1", 1, basis="80.00", proceeds="100.00"))
    assert check_of([close], crumb, terms=replace(FREE, minimum_ticket=number(500))).ok


# ---------------------------------------------------------------------------------------------------------------- cash


def test_cash_to_the_cent() -> None:
    # sale 4 x 100 = 400.00: half-spread .000333 x 400 = .1332 -> .13, commission 1 + 4 x .0049 = 1.0196 -> 1.02
    # buy  3 x 40 = 120.00: the price row's half-spread .001 x 120 = .12, commission 1 + 3 x .0049 = 1.0147 -> 1.01
    # 1000 + 250.50 - 100.25 + 400 - .13 - 1.02 - 120 - .12 - 1.01 = 1427.97
    spread = replace(MARKET.prices["XOM"], half_spread=number("0.001"))
    terms = replace(
        FREE,
        half_spread=number("0.000333"),
        commission_per_ticket=number(1),
        commission_per_share=number("0.0049"),
        ticket=number(5),
    )
    found = check_of(
        [sell_apples(4), buy("XOM", 3)],
        replace(TAX, cashflows=(flow("250.50"), flow("-100.25"))),
        market=replace(MARKET, prices={**MARKET.prices, "XOM": spread}),
        terms=terms,
    )
    assert found.cash == {"tax": CashMovement(before=number("1000.00"), after=number("1427.97"))}


def test_every_ticket_is_rounded_on_its_own() -> None:
    # Two buys of one share at $10.005 cost $10.01 each: $979.98 remains, not $979.99.
    half_cent = {symbol: replace(MARKET.prices[symbol], price=number("10.005")) for symbol in ("AAPL", "MSFT")}
    market = replace(MARKET, prices={**MARKET.prices, **half_cent})
    trades = [replace(buy(s, 1, at="10.005"), value=number("10.01")) for s in ("AAPL", "MSFT")]
    assert check_of(trades, account(), market=market).cash["tax"].after == number("979.98")


def test_cash_and_flows_are_rounded_to_cents_first() -> None:
    holder = account(cash=number("999.995"), cashflows=(flow("0.004"), flow("0.004")))
    assert check_of([], holder).cash["tax"] == CashMovement(before=number("1000.00"), after=number("1000.00"))


def test_each_account_has_its_own_cash() -> None:
    found = check_of([sell_apples(1), buy("XOM", 1, account="ira")], TAX, ira())
    assert {name: cash.after for name, cash in found.cash.items()} == {"ira": number(960), "tax": number(1100)}


def test_cash_below_what_must_remain() -> None:
    failure = only_failure(check_of([buy("AAPL", 5)], replace(TAX, minimum_cash=number("500.01"))))
    assert failure.name == "cash"
    assert failure.text == (
        "tax ends with $500.00 in cash, below the $500.01 that must remain. Raise $0.01 more or buy less."
    )


def test_cash_at_what_must_remain() -> None:
    assert check_of([buy("AAPL", 5)], replace(TAX, minimum_cash=number(500))).ok


def test_cash_is_never_negative() -> None:
    failure = only_failure(check_of([], account(cash=number(100), cashflows=(flow("-100.01"),))))
    assert failure.name == "cash"
    assert "tax ends with -$0.01 in cash, below the $0.00 that must remain." in failure.text


# ------------------------------------------------------------------------------------------------------------ holdings


def test_more_sold_than_held() -> None:
    found = check_of([sell_apples(12)], TAX)
    assert names(found.failed) == ["lots", "holdings"]
    assert "tax sells 12 shares of AAPL but holds 10. Reduce the sale." in found.failed[1].text


def test_positions_oversold_are_named_in_order() -> None:
    holder = account("tax", LOSERS, APPLES)
    text = check_of([sell_losers(25), sell_apples(12)], holder).failed[-1].text
    assert text == (
        "tax sells 12 shares of AAPL but holds 10. Reduce the sale. tax sells 25 shares of MSFT but holds 20."
        " Reduce the sale."
    )


def test_a_sale_is_not_called_a_buy() -> None:
    found = check_of([replace(buy("BND", 1), side=sell_apples().side)], TAX)
    assert found.failed[1].text == "tax sells 1 share of BND but holds 0. Reduce the sale."


def test_sale_of_what_was_never_held() -> None:
    found = check_of([replace(buy("XOM", 1), side=sell_apples().side)], TAX)
    assert names(found.failed) == ["lots", "holdings"]
    assert "tax sells 1 share of XOM but holds 0." in found.failed[1].text


def test_buy_of_what_nobody_wants() -> None:
    failure = only_failure(check_of([buy("BND", 1)], TAX))
    assert failure.name == "holdings"
    assert "tax buys BND, which it neither holds nor targets and which is no declared substitute" in failure.text


def test_buys_of_what_is_held_targeted_or_a_substitute() -> None:
    holder = account("tax", lot("BND", "B1", 1, 80))
    assert check_of([buy("BND", 1), buy("AAPL", 1), buy("GOLD", 1)], holder).ok


def test_a_substitute_identical_to_its_target_is_none() -> None:
    holder = account("tax", model="index")
    assert only_failure(check_of([buy("IVV", 1)], holder)).name == "holdings"


# -------------------------------------------------------------------------------------------------------- restrictions


def ruled(rule: Rule, holder: Account = TAX, **what: str) -> Account:
    """The account with one more restriction."""
    weight = what.pop("weight", None)
    limit = None if weight is None else number(weight)
    restriction = Restriction(account=holder.account, rule=rule, weight=limit, **what)
    return replace(holder, restrictions=(*holder.restrictions, restriction))


@pytest.mark.parametrize("rule", [Rule.NO_BUY, Rule.NO_TRADE, Rule.EXCLUDE])
def test_barred_buy(rule: Rule) -> None:
    failure = only_failure(check_of([buy("XOM", 1)], ruled(rule, symbol="XOM")))
    assert failure.name == "restrictions"
    assert failure.text == f"XOM is bought in tax against the restriction {rule} XOM. Drop the buy."


def test_buy_in_a_barred_sector() -> None:
    failure = only_failure(check_of([buy("XOM", 1)], ruled(Rule.EXCLUDE_SECTOR, sector="Energy")))
    assert failure.text == "XOM is bought in tax against the restriction exclude_sector Energy. Drop the buy."


@pytest.mark.parametrize("rule", [Rule.NO_SELL, Rule.NO_TRADE])
def test_barred_sale(rule: Rule) -> None:
    failure = only_failure(check_of([sell_apples()], ruled(rule, symbol="AAPL")))
    assert failure.name == "restrictions"
    assert failure.text == f"AAPL is sold in tax against the restriction {rule} AAPL. Drop the sale."


@pytest.mark.parametrize(
    ("rule", "trade"), [(Rule.NO_BUY, sell_apples()), (Rule.NO_SELL, buy("AAPL", 1)), (Rule.EXCLUDE, sell_apples(10))]
)
def test_the_other_direction_is_free(rule: Rule, trade: Trade) -> None:
    assert check_of([trade], ruled(rule, symbol="AAPL")).ok


def test_a_restriction_is_about_its_own_account_and_security() -> None:
    other = account("tax2")
    assert check_of([buy("AAPL", 1, account="tax2"), buy("XOM", 1)], ruled(Rule.NO_BUY, symbol="AAPL"), other).ok


def test_a_program_without_restrictions_checks_none() -> None:
    assert check_of([buy("XOM", 1)], ruled(Rule.NO_BUY, symbol="XOM"), terms=Terms(restrictions=False)).ok


def test_an_excluded_security_that_stays() -> None:
    failure = only_failure(check_of([sell_apples(9)], ruled(Rule.EXCLUDE, symbol="AAPL")))
    assert failure.text == (
        "tax still holds 1 share of AAPL worth $100.00 against the restriction exclude AAPL. Sell down to $0.00."
    )


def test_an_excluded_crumb_that_stays() -> None:
    crumb = replace(MARKET.prices["AAPL"], price=number("0.005"))
    found = check_of(
        [],
        ruled(Rule.EXCLUDE, account("tax", lot("AAPL", "A1", 1, 80)), symbol="AAPL"),
        market=replace(MARKET, prices={**MARKET.prices, "AAPL": crumb}),
    )
    assert only_failure(found).name == "restrictions"


def test_an_excluded_odd_remainder_that_stays() -> None:
    assert not check_of([], ruled(Rule.EXCLUDE, account("tax", ODD), symbol="AAPL")).ok


def test_an_excluded_sector_that_stays() -> None:
    text = only_failure(check_of([sell_apples(10)], ruled(Rule.EXCLUDE_SECTOR, sector="Technology"))).text
    assert "tax still holds 20 shares of MSFT worth $1,000.00 against the restriction exclude_sector Technology" in text
    assert "AAPL" not in text


@pytest.mark.parametrize("rule", [Rule.NO_SELL, Rule.NO_TRADE])
def test_what_may_not_be_sold_may_stay(rule: Rule) -> None:
    assert check_of([], ruled(rule, ruled(Rule.EXCLUDE, symbol="AAPL"), symbol="AAPL")).ok


def test_another_securitys_bar_excuses_nothing() -> None:
    holder = ruled(Rule.NO_SELL, ruled(Rule.EXCLUDE, symbol="AAPL"), symbol="MSFT")
    assert not check_of([], holder).ok


# The account is worth 10 x 100 + 20 x 50 + 1000 = $3,000; a quarter of it is $750.


@pytest.mark.parametrize(("quantity", "allowed"), [(2, False), (3, True), (10, True)])
def test_maximum_weight_asks_for_the_sale_down_to_it(quantity: int, allowed: bool) -> None:
    assert check_of([sell_apples(quantity)], ruled(Rule.MAXIMUM_WEIGHT, symbol="AAPL", weight="0.25")).ok is allowed


def test_maximum_weight_in_words() -> None:
    failure = only_failure(check_of([], ruled(Rule.MAXIMUM_WEIGHT, symbol="AAPL", weight="0.25")))
    assert failure.text == (
        "tax still holds 10 shares of AAPL worth $1,000.00 against the restriction maximum_weight AAPL:0.25."
        " Sell down to $750.00."
    )


@pytest.mark.parametrize(("weight", "allowed"), [("0.333333", True), ("0.33333", True), ("0.33332", False)])
def test_maximum_weight_is_kept_to_the_cent(weight: str, allowed: bool) -> None:
    # $1,000 of AAPL against 999.999, 999.99 and 999.96 dollars
    assert check_of([], ruled(Rule.MAXIMUM_WEIGHT, symbol="AAPL", weight=weight)).ok is allowed


def test_maximum_weight_counts_pending_flows() -> None:
    capped = ruled(Rule.MAXIMUM_WEIGHT, symbol="AAPL", weight="0.25")
    assert check_of([], replace(capped, cashflows=(flow("1000"),))).ok


def test_a_buy_beyond_the_maximum_weight_has_no_excuse() -> None:
    capped = ruled(Rule.NO_SELL, ruled(Rule.MAXIMUM_WEIGHT, symbol="AAPL", weight="0.40"), symbol="AAPL")
    assert check_of([buy("AAPL", 2)], capped).ok
    assert not check_of([buy("AAPL", 3)], capped).ok


# What the wash-sale window bars from sale excuses an exclusion or ceiling; MSFT stands at a loss.

RECENT_IN_IRA = transaction("MSFT", Action.REINVEST, "0.5", "2020-06-01", account="ira")


def watched(*lots: object, **facts: object) -> tuple[Account, Account]:
    """A taxable account that must not hold MSFT, beside an IRA that just reinvested in it."""
    holder = account("tax", *(lots or (LOSERS,)), **facts)  # type: ignore[arg-type]
    return ruled(Rule.EXCLUDE, holder, symbol="MSFT"), ira(transactions=(RECENT_IN_IRA,))


def test_a_loss_the_window_bars_may_stay() -> None:
    assert check_of([], *watched()).ok


def test_without_the_wash_sale_limit_it_may_not() -> None:
    assert not check_of([], *watched(), terms=replace(FREE, wash_sale=False)).ok


def test_a_gain_is_never_barred() -> None:
    gains = lot("MSFT", "M1", 20, 900)
    assert only_failure(check_of([], *watched(gains))).name == "restrictions"


def test_a_loss_in_an_ira_is_never_barred() -> None:
    holder = ruled(Rule.EXCLUDE, ira(LOSERS, transactions=(RECENT_IN_IRA,)), symbol="MSFT")
    assert only_failure(check_of([], holder)).name == "restrictions"


def test_lots_of_another_security_set_nothing_free() -> None:
    # a free AAPL lot is no MSFT that could be sold: 20 barred MSFT in $3,000, of which a cap of .30 asks two to go
    cheap = lot("AAPL", "A1", 10, 100)
    holder = ruled(Rule.MAXIMUM_WEIGHT, account("tax", LOSERS, cheap), symbol="MSFT", weight="0.30")
    assert check_of([], holder, ira(transactions=(RECENT_IN_IRA,))).ok


def test_a_purchase_of_another_group_bars_nothing() -> None:
    holder = ruled(Rule.EXCLUDE, symbol="MSFT")
    other = replace(RECENT_IN_IRA, symbol="AAPL")
    assert only_failure(check_of([], holder, ira(transactions=(other,)))).name == "restrictions"


def test_the_cap_asks_for_what_can_be_sold_beside_the_barred_lot() -> None:
    # 20 barred shares and 10 free ones, worth $1,500 in $2,500; a cap of 40 % asks for 10 sold, 30 % for 15
    gains = lot("MSFT", "M2", 10, 450)
    barred = account("tax", LOSERS, gains)
    beside = ira(transactions=(RECENT_IN_IRA,))
    reachable = ruled(Rule.MAXIMUM_WEIGHT, barred, symbol="MSFT", weight="0.40")
    out_of_reach = ruled(Rule.MAXIMUM_WEIGHT, barred, symbol="MSFT", weight="0.30")
    sale = sell("MSFT", piece("M2", 10, basis="450.00", proceeds="500.00"))
    assert not check_of([], reachable, beside).ok
    assert check_of([sale], reachable, beside).ok
    assert check_of([], out_of_reach, beside).ok


@pytest.mark.parametrize(("relief", "excused"), [(Relief.SPECIFIC, False), (Relief.FIFO, True), (Relief.LIFO, False)])
def test_a_barred_lot_holds_back_those_that_leave_after_it(relief: Relief, excused: bool) -> None:
    gains = lot("MSFT", "M2", 10, 450, acquired="2019-01-02")
    holder = account("tax", LOSERS, gains, relief=relief)
    capped = ruled(Rule.MAXIMUM_WEIGHT, holder, symbol="MSFT", weight="0.40")
    assert check_of([], capped, ira(transactions=(RECENT_IN_IRA,))).ok is excused


@pytest.mark.parametrize(("free", "excused"), [("10", False), ("9.5", True)])
def test_the_free_part_counts_in_whole_shares(free: str, excused: bool) -> None:
    # $500 of $2,500 must go: ten shares; of 9.5 free ones nine can be ordered
    gains = lot("MSFT", "M2", free, "45")
    barred = lot("MSFT", "M1", str(30 - number(free)), 3000)
    capped = ruled(Rule.MAXIMUM_WEIGHT, account("tax", barred, gains), symbol="MSFT", weight="0.40")
    assert check_of([], capped, ira(transactions=(RECENT_IN_IRA,))).ok is excused


@pytest.mark.parametrize(("weight", "excused"), [("0.41", False), ("0.379", True)])
def test_what_is_due_counts_in_whole_shares_too(weight: str, excused: bool) -> None:
    # 30 shares in $2,500: a cap of .41 asks for 9.5, that is ten; .379 for 11.05, that is twelve: only 11 are free
    gains = lot("MSFT", "M2", 11, 45)
    barred = lot("MSFT", "M1", 19, 3000)
    capped = ruled(Rule.MAXIMUM_WEIGHT, account("tax", barred, gains), symbol="MSFT", weight=weight)
    assert check_of([], capped, ira(transactions=(RECENT_IN_IRA,))).ok is excused


@pytest.mark.parametrize(("free", "excused"), [("11.4", False), ("11.2", True)])
def test_fractional_accounts_count_in_their_own_steps(free: str, excused: bool) -> None:
    # .3791 asks for 11.045 shares; in steps of 5.7 that is 11.4, and of 11.2 free shares only 5.7 can be ordered
    gains = lot("MSFT", "M2", free, 45)
    barred = lot("MSFT", "M1", str(30 - number(free)), 3000)
    holder = replace(account("tax", barred, gains), fractional=True)
    capped = ruled(Rule.MAXIMUM_WEIGHT, holder, symbol="MSFT", weight="0.3791")
    beside = ira(transactions=(RECENT_IN_IRA,))
    assert check_of([], capped, beside, terms=replace(FREE, fractional_increment=number("5.7"))).ok is excused


def test_without_whole_shares_any_part_can_be_sold() -> None:
    # .3791 asks for 11.045 of 11.2 free shares: fine as fractions, twelve in whole shares
    gains, barred = lot("MSFT", "M2", "11.2", 45), lot("MSFT", "M1", "18.8", 3000)
    capped = ruled(Rule.MAXIMUM_WEIGHT, account("tax", barred, gains), symbol="MSFT", weight="0.3791")
    beside = ira(transactions=(RECENT_IN_IRA,))
    assert check_of([], capped, beside).ok
    assert not check_of([], capped, beside, terms=replace(FREE, whole_shares=False)).ok


@pytest.mark.parametrize(("minimum", "excused"), [("500", False), ("500.01", True)])
def test_a_free_part_below_the_minimum_ticket_may_stay(minimum: str, excused: bool) -> None:
    gains, barred = lot("MSFT", "M2", 10, 450), LOSERS
    capped = ruled(Rule.MAXIMUM_WEIGHT, account("tax", barred, gains), symbol="MSFT", weight="0.45")
    found = check_of(
        [], capped, ira(transactions=(RECENT_IN_IRA,)), terms=replace(FREE, minimum_ticket=number(minimum))
    )
    assert found.ok is excused


def test_a_loss_cleared_by_selling_everything_is_not_barred() -> None:
    fresh = lot("MSFT", "M2", 5, 300, acquired="2020-06-01")
    holder = ruled(Rule.EXCLUDE, account("tax", LOSERS, fresh), symbol="MSFT")
    assert only_failure(check_of([], holder)).name == "restrictions"


def test_a_loss_whose_only_recent_purchase_is_its_own_is_not_barred() -> None:
    fresh = lot("MSFT", "M2", 5, 300, acquired="2020-06-01")
    bought = transaction("MSFT", Action.BUY, 8, "2020-06-01")  # three of the eight were sold since
    holder = account("tax", fresh, transactions=(bought,))
    assert only_failure(check_of([], ruled(Rule.EXCLUDE, holder, symbol="MSFT"))).name == "restrictions"
    gain_today = lot("MSFT", "M3", 5, 200, acquired="2020-06-02")
    beside = account("tax", fresh, gain_today, transactions=(bought,))
    text = only_failure(check_of([], ruled(Rule.EXCLUDE, beside, symbol="MSFT"))).text
    assert "still holds 10 shares" in text, "selling both clears the second purchase; the first is the loss lot's own"
    elsewhere = ira(transactions=(RECENT_IN_IRA,))
    assert check_of([], elsewhere, ruled(Rule.EXCLUDE, account("tax", fresh), symbol="MSFT")).ok
    older = account("tax", LOSERS, fresh, transactions=(bought,))
    assert check_of([], ruled(Rule.EXCLUDE, older, symbol="MSFT")).ok


def test_a_loss_beside_its_own_purchase_is_free_where_an_older_one_is_barred() -> None:
    # 25 shares in $2,250; a cap of .45 asks for 4.75, five of the recent purchase; six would take an old one
    fresh = lot("MSFT", "M2", 5, 300, acquired="2020-06-01")
    bought = transaction("MSFT", Action.BUY, 8, "2020-06-01")
    holder = account("tax", LOSERS, fresh, transactions=(bought,))
    assert not check_of([], ruled(Rule.MAXIMUM_WEIGHT, holder, symbol="MSFT", weight="0.45")).ok
    assert check_of([], ruled(Rule.MAXIMUM_WEIGHT, holder, symbol="MSFT", weight="0.44")).ok
