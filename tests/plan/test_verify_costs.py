"""Costs, taxes and tracking worked out by hand from the prices in the vocabulary."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import numpy as np
import pytest

from lotwright.book.holdings import Account, Cashflow
from lotwright.book.kinds import Character, FilingStatus
from lotwright.book.trades import Trade
from lotwright.errors import ProgramError
from lotwright.plan.result import Drift, TaxFigures
from lotwright.plan.terms import RiskNumbers, Terms
from lotwright.plan.verify import Verification
from lotwright.plan.verify_costs import tax_cost
from lotwright.plan.verify_ticket import Slice
from lotwright.tax.household import HouseholdTax
from lotwright.tax.year import TaxRates
from tests.plan.test_verify_vocabulary import (
    APPLES,
    FREE,
    LOSERS,
    MARKET,
    RISK,
    account,
    buy,
    check_of,
    ira,
    lot,
    model,
    number,
    piece,
    sell,
    sell_apples,
    sell_losers,
)

TAX = account("tax", APPLES, LOSERS)
TRADES = [sell_apples(4), buy("XOM", 3)]
"""$400 sold, $120 bought."""


def cost(terms: Terms, trades: list[Trade] | None = None, *accounts: Account) -> Verification:
    return check_of(TRADES if trades is None else trades, *(accounts or (TAX,)), terms=terms)


# ----------------------------------------------------------------------------------------------------- simple addends


def test_a_program_without_costs_costs_nothing() -> None:
    found = cost(FREE)
    assert dict(found.costs) == {}
    assert found.posed == 0


def test_half_spread_on_all_that_is_traded() -> None:
    assert cost(replace(FREE, half_spread=number("0.0005"))).costs == {"half_spread": number("0.26")}


def test_half_spread_of_the_price_row_comes_first() -> None:
    prices = {**MARKET.prices, "XOM": replace(MARKET.prices["XOM"], half_spread=number("0.001"))}
    market = replace(MARKET, prices=prices)
    found = check_of(TRADES, TAX, terms=replace(FREE, half_spread=number("0.0005")), market=market)
    assert found.costs["half_spread"] == number("0.32")  # 400 x .0005 + 120 x .001
    assert check_of(TRADES, TAX, market=market).cash["tax"].after == 1280, "not a cost of this program: not paid"


def test_a_price_row_may_say_that_trading_is_free() -> None:
    prices = {**MARKET.prices, "XOM": replace(MARKET.prices["XOM"], half_spread=number(0))}
    found = check_of(
        TRADES, TAX, terms=replace(FREE, half_spread=number("0.0005")), market=replace(MARKET, prices=prices)
    )
    assert found.costs["half_spread"] == number("0.20")


@pytest.mark.parametrize(
    ("charged", "dollars"),
    [
        ({"commission_per_ticket": number("4.95")}, "9.90"),
        ({"commission_per_share": number("0.005")}, "0.035"),  # seven shares; exact, not rounded
        ({"commission_per_ticket": number("4.95"), "commission_per_share": number("0.005")}, "9.935"),
    ],
)
def test_commission(charged: dict[str, Decimal], dollars: str) -> None:
    assert cost(replace(FREE, **charged)).costs == {"commission": number(dollars)}  # type: ignore[arg-type]


def test_ticket_is_charged_but_not_paid() -> None:
    found = cost(replace(FREE, ticket=number("0.50")))
    assert found.costs == {"ticket": number("1.00")}
    assert found.cash["tax"].after == 1280


def test_substitution_on_what_is_bought_of_stand_ins() -> None:
    terms = replace(FREE, substitution=number("0.002"))
    found = cost(terms, [buy("GOLD", 4), buy("XOM", 1)])
    assert found.costs == {"substitution": number("0.200")}  # 4 x 25 x .002
    assert found.cash["tax"].after == 860, "not paid in cash"


def test_a_stand_in_sold_costs_no_substitution() -> None:
    holder = account("tax", lot("GOLD", "G1", 4, 80))
    gold = sell("GOLD", piece("G1", 4, basis="80.00", proceeds="100.00"))
    assert cost(replace(FREE, substitution=number("0.002")), [gold], holder).costs == {"substitution": 0}


def test_a_stand_in_with_a_weight_of_its_own_is_a_target() -> None:
    market = replace(MARKET, models={"core": model("core", XOM="0.5", GOLD="0.5")})
    found = check_of([buy("GOLD", 4)], TAX, market=market, terms=replace(FREE, substitution=number("0.002")))
    assert found.costs == {"substitution": 0}


def test_the_lower_rank_of_a_sleeve_is_a_stand_in() -> None:
    market = replace(MARKET, models={"core": model("core", XOM="1", BND="0")})
    found = check_of([buy("BND", 1)], TAX, market=market, terms=replace(FREE, substitution=number("0.01")))
    assert found.costs == {"substitution": number("0.80")}
    assert found.ok


def test_a_substitute_of_what_has_no_weight_is_none() -> None:
    market = replace(MARKET, models={"core": model("core", AAPL="1", XOM="0")})
    found = check_of([buy("GOLD", 1)], TAX, market=market, terms=replace(FREE, substitution=number("0.01")))
    assert found.costs == {"substitution": 0}
    assert [check.name for check in found.failed] == ["holdings"]


@pytest.mark.parametrize(
    ("target", "bought", "dollars"),
    [
        ("0.10", 0, "14.00"),  # value 3,000, target 300, cash 1,000: 700 idle at .02
        ("0.10", 20, "5.00"),  # cash 200: 100 missing at .05
        ("0.20", 10, "0"),  # cash 600 is the target
        ("0.19980", 10, "0.0120"),  # 599.40: sixty cents idle
        ("0.20020", 10, "0.0300"),  # 600.60: sixty cents missing
    ],
)
def test_idle_cash_and_shortfall(target: str, bought: int, dollars: str) -> None:
    holder = replace(TAX, cash_target=number(target))
    terms = replace(FREE, idle_cash=number("0.02"), shortfall=number("0.05"))
    trades = [buy("XOM", bought)] if bought else []
    assert cost(terms, trades, holder).costs == {"idle_cash": number(dollars)}


def test_idle_cash_alone_and_shortfall_alone() -> None:
    holder = replace(TAX, cash_target=number("0.10"))
    missing = [buy("XOM", 20)]
    assert cost(replace(FREE, idle_cash=number("0.02")), missing, holder).costs == {"idle_cash": 0}
    assert cost(replace(FREE, shortfall=number("0.05")), missing, holder).costs == {"idle_cash": number("5.00")}
    assert cost(replace(FREE, shortfall=number("0.05")), [], holder).costs == {"idle_cash": 0}


def test_idle_cash_is_exact_and_after_what_is_paid() -> None:
    # 1,000 + 50 - 40 - 40 x .0003 = 1,009.988, not 1,009.99; flows count in value (3,050 x 0) and in cash
    terms = replace(FREE, idle_cash=number("0.02"), half_spread=number("0.0003"))
    holder = replace(TAX, cashflows=(Cashflow(account="tax", amount=number(50)),))
    assert cost(terms, [buy("XOM", 1)], holder).costs["idle_cash"] == number("20.19976")


def test_idle_cash_after_a_sale_and_its_commission() -> None:
    # 1,000 + 400 - .12 - 1.004 = 1,398.876
    charged = {"half_spread": number("0.0003"), "commission_per_ticket": number(1)}
    terms = replace(FREE, idle_cash=number(1), commission_per_share=number("0.001"), **charged)  # type: ignore[arg-type]
    assert cost(terms, [sell_apples(4)]).costs["idle_cash"] == number("1398.876")


def test_idle_cash_of_each_account_on_its_own() -> None:
    terms = replace(FREE, idle_cash=number("0.02"), shortfall=number("0.05"))
    short, long = account("tax", APPLES, cash=number(0), cash_target=number("0.10")), ira(cash=number(100))
    assert cost(terms, [], long, short).costs == {"idle_cash": number("7.00")}  # 100 x .02 + 100 x .05


def test_costs_stand_in_their_order_and_add_up() -> None:
    every = Terms(
        risk_price=number(25),
        half_spread=number("0.0005"),
        commission_per_ticket=number(1),
        ticket=number("0.50"),
        substitution=number("0.002"),
        carried_loss_value=number("0.5"),
        idle_cash=number("0.02"),
        shortfall=number("0.05"),
    )
    found = cost(every)
    assert list(found.costs) == [
        "tracking", "half_spread", "commission", "ticket", "substitution", "tax", "idle_cash",
    ]  # fmt: skip
    assert found.posed == sum(found.costs.values())


# ----------------------------------------------------------------------------------------------------------------- tax
# Sales realise $20 a share of AAPL (long-term gain) and -$10 a share of MSFT (long-term loss, or short-term below).

TAXED = replace(FREE, carried_loss_value=number("0.5"))
RECENT_LOSERS = lot("MSFT", "M1", 20, 1200, acquired="2020-02-03")
"""The same loss, short-term."""


def sell_recent(quantity: int) -> Trade:
    basis, proceeds = f"{60 * quantity}.00", f"{50 * quantity}.00"
    short = Character.SHORT
    return sell("MSFT", piece("M1", quantity, basis=basis, proceeds=proceeds, acquired="2020-02-03", character=short))


def taxes(trades: list[Trade], **facts: object) -> tuple[TaxFigures, Decimal]:
    """Reported figures, and the tax addend of the cost."""
    found = check_of(trades, account("tax", APPLES, RECENT_LOSERS, **facts), terms=TAXED)
    return found.tax, found.costs["tax"]


def figures(short: str, long: str, tax: str, without: str, *, carried: tuple[str, str] = ("0", "0")) -> TaxFigures:
    return TaxFigures(
        short_term_gain=number(short),
        long_term_gain=number(long),
        tax=number(tax),
        tax_without_plan=number(without),
        carryforward_short=number(carried[0]),
        carryforward_long=number(carried[1]),
    )


def test_a_long_term_gain_at_the_long_rate() -> None:
    assert taxes([sell_apples(4)]) == (figures("0", "80", "16", "0"), 16)


def test_a_short_term_loss_is_deducted() -> None:
    assert taxes([sell_recent(5)]) == (figures("-50", "0", "-20", "0"), -20)


def test_a_short_term_loss_absorbs_a_short_term_gain() -> None:
    assert taxes([sell_recent(5)], realised_short=number(100)) == (figures("-50", "0", "20", "40"), -20)


def test_a_short_term_loss_absorbs_a_long_term_gain_at_the_long_rate() -> None:
    assert taxes([sell_recent(5)], realised_long=number(100)) == (figures("-50", "0", "10", "20"), -10)


def test_a_long_term_gain_meets_a_loss_carried_in() -> None:
    # carried in 1,000 long: deducted at .4 either way; the gain uses 80 of it
    wanted = (figures("0", "80", "-368", "-400"), Decimal(32))
    assert taxes([sell_apples(4)], carryforward_long=number(1000)) == wanted


def test_a_long_term_gain_meets_a_short_loss_carried_in() -> None:
    # 100 short carried in: deducted at .4 without the plan; it absorbs the gain of 80 with it, 20 are deducted
    assert taxes([sell_apples(4)], carryforward_short=number(100)) == (figures("0", "80", "-8", "-40"), 32)


def test_beyond_the_deduction_a_loss_is_carried_at_its_worth() -> None:
    # 3,000 are used up by what is carried in; 50 more of loss are worth half the long rate, .1 a dollar
    assert taxes([sell_recent(5)], carryforward_short=number(3000)) == (
        figures("-50", "0", "-1200", "-1200", carried=("50", "0")),
        -5,
    )


def test_losses_of_both_characters_are_carried_at_the_same_worth() -> None:
    # carried in 100 short and 4,000 long; -50 short: short first (150), then 2,850 long of the cap: 1,150 long remain.
    # without the plan 1,100 remain; 50 more at .1
    tax, dollars = taxes([sell_recent(5)], carryforward_short=number(100), carryforward_long=number(4000))
    assert tax == figures("-50", "0", "-1200", "-1200", carried=("0", "1150"))
    assert dollars == -5


def test_a_loss_across_the_cap() -> None:
    # carried in 2,980: of 50 more, 20 are deducted at .4 and 30 carried at .1
    tax, dollars = taxes([sell_recent(5)], carryforward_short=number(2980))
    assert tax == figures("-50", "0", "-1200", "-1192", carried=("30", "0"))
    assert dollars == -11


def test_married_filing_separately_deducts_half() -> None:
    separate = FilingStatus.MARRIED_SEPARATE
    tax, _ = taxes([sell_recent(5)], carryforward_short=number(1500), filing_status=separate)
    assert tax.tax_without_plan == -600
    assert tax.carryforward_short == 50


def test_a_carried_loss_is_never_worth_more_than_the_deduction() -> None:
    # 3,000 carried in use up the cap; 50 more at the whole long rate of .2 would beat the .05 that deducting saves
    rates = TaxRates(short=number("0.4"), long=number("0.2"), deduction_rate=number("0.05"))
    start = HouseholdTax(
        rates=rates,
        realised_short=number(0),
        realised_long=number(0),
        carryforward_short=number(3000),
        carryforward_long=number(0),
        notes=(),
    )
    sale = sell_recent(5).lots[0]
    sold = Slice.taken(sale, RECENT_LOSERS, price=number(50), sold=MARKET.as_of, is_taxed=True)
    assert tax_cost([sold], start, carried_loss_value=number(1)) == number("-2.50")
    assert tax_cost([sold], start, carried_loss_value=number("0.1")) == number("-1.00")


def test_assumed_rates_stand_in_for_rates_the_book_lacks() -> None:
    rates = TaxRates(short=number("0.3"), long=number("0.1"))
    holder = account("tax", APPLES, short_term_rate=None, long_term_rate=None)
    found = check_of([sell_apples(4)], holder, terms=replace(TAXED, assumed_rates=rates))
    assert found.costs["tax"] == number("8.0")
    without = check_of([sell_apples(4)], holder, terms=TAXED)
    assert without.costs["tax"] == number("19.04"), "23.8 % of 80 by default"


def test_rates_follow_from_income_in_the_year_of_the_plan() -> None:
    # single, $430,000: the 15 % long-term bracket ends at $441,450 in 2020 and at $545,500 in 2026; $490,000 is 20 %
    # in 2020 (+ 3.8 % net investment income tax), 15 % + 3.8 % in 2026. Rev. Proc. 2019-44 and 2025-32.
    holder = account(
        "tax",
        APPLES,
        short_term_rate=None,
        long_term_rate=None,
        taxable_income=number(490_000),
        filing_status=FilingStatus.SINGLE,
    )
    assert check_of([sell_apples(4)], holder, terms=TAXED).costs["tax"] == number("19.04")  # 80 x .238


def test_gains_in_an_ira_are_not_taxed() -> None:
    found = check_of([replace(sell_apples(4), account="ira")], account("tax"), ira(APPLES), terms=TAXED)
    assert found.costs["tax"] == 0
    assert found.tax == figures("0", "0", "0", "0")


def test_a_household_of_iras_pays_nothing() -> None:
    found = check_of([replace(sell_apples(4), account="ira")], ira(APPLES), terms=TAXED)
    assert found.costs["tax"] == 0


def test_taxable_accounts_share_one_year() -> None:
    second = account("tax2", LOSERS)
    found = check_of(
        [sell_apples(4), replace(sell_losers(5), account="tax2")], account("tax", APPLES), second, terms=TAXED
    )
    assert found.tax == figures("0", "30", "6", "0")


def test_reported_gains_are_sums_of_cents_and_costs_are_exact() -> None:
    # 1 of 3 shares that cost $100: basis 33.333...; gain 66.67 reported, 66.666... at 20 % in the cost; three such lots
    thirds = [lot("AAPL", f"A{n}", 3, 100) for n in range(3)]
    pieces = [piece(each.lot, 1, basis="33.33", proceeds="100.00") for each in thirds]
    found = check_of([sell("AAPL", *pieces)], account("tax", *thirds), terms=TAXED)
    assert found.ok
    assert found.tax == figures("0", "200.01", "40.00", "0")
    assert abs(found.costs["tax"] - 40) < Decimal("1e-40")


def test_carryforwards_are_reported_in_cents() -> None:
    # 3,050.996 short: 3,000 deducted, 50.996 carried; 100.996 long carried
    tax, _ = taxes([sell_recent(5)], carryforward_short=number("3000.996"), carryforward_long=number("100.996"))
    assert (str(tax.carryforward_short), str(tax.carryforward_long)) == ("51.00", "101.00")


def test_tax_is_rounded_half_up_to_the_cent() -> None:
    # gain 80 less 79.975 carried in: .025 at .2 = .005 -> .01
    tax, _ = taxes([sell_apples(4)], carryforward_long=number("79.975"))
    assert str(tax.tax) == "0.01"
    assert str(tax.tax_without_plan) == "-31.99", "79.975 x .4"


# ------------------------------------------------------------------------------------------------------------ tracking

# AAPL, MSFT, XOM: one factor with exposures .2, .1, .3; specific variances .01, .04, .09.
ONE_FACTOR = RiskNumbers(
    symbols=("XOM", "AAPL", "MSFT"),
    exposure=np.array([[0.3], [0.2], [0.1]]),
    specific=np.array([0.09, 0.01, 0.04]),
)


def test_tracking_error_by_hand() -> None:
    # value 3,000: AAPL 1/3, MSFT 1/3, XOM 0; targets .5, .3, .2
    # active -1/6, 1/30, -1/5; factor -.2/6 + .1/30 - .06 = -.09; variance .0081 + .01/36 + .04/900 + .09/25
    variance = 0.0081 + 0.01 / 36 + 0.04 / 900 + 0.09 / 25
    found = check_of([], TAX, risk=ONE_FACTOR, terms=replace(FREE, risk_price=number(25)))
    assert found.tracking.before == pytest.approx(variance**0.5, rel=1e-12)
    assert found.tracking.after == pytest.approx(variance**0.5, rel=1e-12)
    assert float(found.costs["tracking"]) == pytest.approx(25 * 3000 * variance, rel=1e-12)


def test_tracking_after_the_plan() -> None:
    # buy 15 XOM ($600) and 5 AAPL ($500), sell 2 MSFT: AAPL 1,500, MSFT 900, XOM 600 of 3,000: on target
    holder = account("tax", APPLES, lot("MSFT", "M1", 20, 900))
    trades = [buy("XOM", 15), buy("AAPL", 5), sell("MSFT", piece("M1", 2, basis="90.00", proceeds="100.00"))]
    found = check_of(trades, holder, risk=ONE_FACTOR, terms=replace(FREE, risk_price=number(25)))
    assert found.ok
    assert found.tracking.after == pytest.approx(0, abs=1e-12)
    assert float(found.costs["tracking"]) == pytest.approx(0, abs=1e-9)
    assert found.tracking.before == found.tracking.do_nothing > 0.1


def test_pending_cash_flows_are_not_there_before() -> None:
    # before: AAPL 1,000 of 1,000; then $1,000 arrive. Only AAPL moves: exposures 0, specific .04
    holder = account("tax", APPLES, cash=number(0), cashflows=(Cashflow(account="tax", amount=number(1000)),))
    market = replace(MARKET, models={"core": model("core", AAPL="1")})
    found = check_of([buy("AAPL", 5)], holder, market=market, terms=replace(FREE, risk_price=number(10)))
    assert found.tracking.before == pytest.approx(0, abs=1e-12)
    assert found.tracking.do_nothing == pytest.approx(0.5 * 0.2, rel=1e-12)
    assert found.tracking.after == pytest.approx(0.25 * 0.2, rel=1e-12)
    assert float(found.costs["tracking"]) == pytest.approx(10 * 2000 * 0.0625 * 0.04, rel=1e-12)
    assert found.value == 2000
    assert found.drift == (Drift(account="tax", symbol="AAPL", target=1.0, before=1.0, after=0.75),)


def test_cash_target_is_kept_out_of_the_targets() -> None:
    market = replace(MARKET, models={"core": model("core", AAPL="1")})
    found = check_of([], account("tax", APPLES, cash_target=number("0.5")), market=market)
    assert found.tracking.before == pytest.approx(0, abs=1e-12)  # 1,000 of 2,000 in AAPL, half in cash
    assert found.drift == (Drift(account="tax", symbol="AAPL", target=0.5, before=0.5, after=0.5),)


def test_household_tracking_weighs_accounts_by_value() -> None:
    # tax: $1,000 of AAPL and $1,000 of cash for a target of AAPL: active -.5; ira: $6,000 of cash: active -1
    market = replace(MARKET, models={"core": model("core", AAPL="1")})
    found = check_of(
        [], ira(cash=number(6000)), account("tax", APPLES), market=market, terms=replace(FREE, risk_price=number(1))
    )
    variance = (2000 * 0.25 * 0.04 + 6000 * 0.04) / 8000
    assert found.tracking.after == pytest.approx(variance**0.5, rel=1e-12)
    assert float(found.costs["tracking"]) == pytest.approx(8000 * variance, rel=1e-12)


@pytest.mark.parametrize("cash", ["0", "-5"])
def test_an_account_worth_nothing_tracks_nothing(cash: str) -> None:
    found = check_of([], account("tax", cash=number(cash)), terms=replace(FREE, risk_price=number(25), cash=False))
    assert found.tracking.after == found.tracking.before == found.tracking.do_nothing == 0
    assert found.costs["tracking"] == 0
    assert {row.after for row in found.drift} == {0.0}


def test_an_account_worth_less_than_nothing_takes_nothing_from_the_others() -> None:
    found = check_of([], ira(cash=number(-1500)), TAX, risk=ONE_FACTOR)
    alone = check_of([], TAX, risk=ONE_FACTOR)
    assert found.tracking == alone.tracking


def test_a_very_small_account_counts_all_the_same() -> None:
    cents_only = account("tax", lot("AAPL", "A1", "0.005", "0.40"), cash=number("0.50"))
    found = check_of([], cents_only)
    assert [row.after for row in found.drift] == [0.5, 0.0, 0.0]
    assert found.tracking.after == pytest.approx(0.2 * (0.09 + 0.04) ** 0.5, rel=1e-12)


def test_an_account_without_targets_or_holdings_tracks_nothing() -> None:
    found = check_of([], account("tax", model="none"), market=replace(MARKET, models={"none": model("none")}))
    assert found.tracking.after == 0
    assert found.drift == ()


def test_drift_lists_what_is_held_targeted_or_traded() -> None:
    holder = account("tax", lot("BND", "B1", 10, 700), cash=number(200))
    found = check_of([buy("GOLD", 4)], holder)
    assert [(row.symbol, row.target, row.before, row.after) for row in found.drift] == [
        ("AAPL", 0.5, 0.0, 0.0),
        ("BND", 0.0, 0.8, 0.8),
        ("GOLD", 0.0, 0.0, 0.1),
        ("MSFT", 0.3, 0.0, 0.0),
        ("XOM", 0.2, 0.0, 0.0),
    ]


def test_risk_numbers_must_know_every_security() -> None:
    few = RiskNumbers(symbols=("AAPL", "MSFT"), exposure=np.zeros((2, 0)), specific=np.ones(2))
    with pytest.raises(ProgramError, match=r"The risk numbers lack XOM of account tax"):
        check_of([], TAX, risk=few)


def test_household_value_in_cents() -> None:
    found = check_of([sell_apples(1)], replace(TAX, cash=number("0.005")), ira(cash=number("1.00")))
    assert str(found.value) == "2001.01"


# ---------------------------------------------------------------------------------------------------- terms and numbers


@pytest.mark.parametrize("field", ["risk_price", "half_spread", "ticket", "idle_cash", "fractional_increment"])
@pytest.mark.parametrize("figure", ["-0.01", "NaN", "Infinity"])
def test_a_figure_that_makes_no_sense(field: str, figure: str) -> None:
    with pytest.raises(ProgramError, match=f"{field} is {figure}. Give a number that is zero or more"):
        Terms(**{field: Decimal(figure)})


def test_an_increment_of_nothing() -> None:
    with pytest.raises(ProgramError, match="fractional_increment is 0"):
        Terms(fractional_increment=Decimal(0))


@pytest.mark.parametrize("worth", ["0", "1"])
def test_a_carried_loss_is_worth_a_fraction(worth: str) -> None:
    assert Terms(carried_loss_value=Decimal(worth)).carried_loss_value == Decimal(worth)
    with pytest.raises(ProgramError, match="give 0 to 1"):
        Terms(carried_loss_value=Decimal("1.01"))


@pytest.mark.parametrize(
    ("exposure", "specific"),
    [(np.zeros((2, 1)), np.ones(3)), (np.zeros((3, 1)), np.ones(2)), (np.zeros(3), np.ones(3))],
)
def test_risk_numbers_of_the_wrong_shape(exposure: np.ndarray, specific: np.ndarray) -> None:
    with pytest.raises(ProgramError, match=r"need exposure of shape \(3, K\)"):
        RiskNumbers(symbols=("A", "B", "C"), exposure=exposure, specific=specific)


def test_risk_numbers_twice_the_same() -> None:
    with pytest.raises(ProgramError, match="name a symbol twice"):
        RiskNumbers(symbols=("A", "A"), exposure=np.zeros((2, 1)), specific=np.ones(2))


@pytest.mark.parametrize("hole", ["exposure", "specific"])
def test_risk_numbers_with_a_hole(hole: str) -> None:
    arrays = {"exposure": np.zeros((2, 1)), "specific": np.ones(2)}
    arrays[hole].flat[0] = np.nan
    with pytest.raises(ProgramError, match="not finite"):
        RiskNumbers(symbols=("A", "B"), **arrays)


def test_the_vocabulary_covers_every_symbol() -> None:
    assert set(RISK.symbols) == set(MARKET.prices)
    assert MARKET.as_of == date(2020, 6, 15)
