"""Three tax laws behind one Protocol, each against published examples."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from random import Random

import pytest
from builders import KINDS, buy, day, dec, sell
from histories import KINDS as HISTORY_KINDS
from histories import draw_history
from hypothesis import given
from hypothesis import strategies as st

from lotwright.errors import BookError
from lotwright.tax.regimes.canada import Canada, same_day
from lotwright.tax.regimes.regime import Realisation, Regime
from lotwright.tax.regimes.settlement import is_business_day, settlement_date, settlement_days
from lotwright.tax.regimes.united_kingdom import UnitedKingdom, exempt_amount, rates_on
from lotwright.tax.regimes.united_states import UnitedStates

REGIMES: list[Regime] = [UnitedStates(), UnitedKingdom(), Canada()]


def gains(found: Realisation) -> list[Decimal]:
    return [d.recognised for d in found.disposals]


class TestUnitedKingdom:
    def test_hs284_example_3_section_104_holding(self) -> None:
        """HMRC helpsheet HS284, example 3 (Lobster plc): gains 329 and 300, cost left 1,675, in whole pounds."""
        found = UnitedKingdom().realise(
            [
                buy("2015-04-01", "a", 1_000, 4, fees=dec(150)),
                buy("2018-09-01", "b", 500, "4.10", fees=dec(80)),
                sell("2023-05-01", 700, "4.80", fees=dec(100)),
                sell("2024-02-01", 400, "5.20", fees=dec(105)),
            ],
            kinds=KINDS,
        )
        assert [int(gain) for gain in gains(found)] == [329, 300]
        assert [round(d.cost) for d in found.disposals] == [2_931, 1_675]
        assert [(h.quantity, round(h.cost)) for h in found.holdings] == [(400, 1_675)]

    def test_hs284_example_2_bed_and_breakfast(self) -> None:
        """HS284, example 2 (Mesopotamia plc): 4,000 of 9,500 sold for 6,000; 500 bought back within 30 days for 850."""
        found = UnitedKingdom().realise(
            [
                buy("2020-03-01", "a", 9_500, "1.50"),
                sell("2020-08-30", 4_000, "1.50"),
                buy("2020-09-11", "b", 500, "1.70"),
            ],
            kinds=KINDS,
        )
        (disposal,) = found.disposals
        assert [(m.rule, m.quantity, m.cost) for m in disposal.matches] == [
            ("thirty_days", 500, 850),
            ("pool", 3_500, 5_250),
        ]
        assert 500 * dec("1.50") - 850 == -100  # the loss on the 500 shares the helpsheet works out
        assert [(h.quantity, h.cost) for h in found.holdings] == [(6_000, 9_000)]

    def test_beeco_of_osborne_books(self) -> None:
        """AAT discussion forum 441905 (Osborne Books, Beeco Ltd): gains 980 and 2,360 (rounded pool cost 2.52)."""
        found = UnitedKingdom().realise(
            [
                buy("2005-04-15", "a", 5_600, "2.60"),
                sell("2015-01-12", 1_400, "2.90"),
                buy("2015-02-01", "b", 2_800, "2.20"),
                sell("2015-03-31", 7_000, dec(20_000) / 7_000),
            ],
            kinds=KINDS,
        )
        assert [round(gain) for gain in gains(found)] == [980, 2_360]
        assert found.holdings == ()

    @pytest.mark.parametrize(("back", "rule"), [("2024-05-31", "thirty_days"), ("2024-06-01", "pool")])
    def test_day_30_is_inside_and_day_31_is_not(self, back: str, rule: str) -> None:
        """HMRC CG51560."""
        trades = [buy("2024-01-02", "a", 10, 5), sell("2024-05-01", 10, 4), buy(back, "b", 10, 3)]
        found = UnitedKingdom().realise(trades, kinds=KINDS)
        assert [m.rule for m in found.disposals[0].matches] == [rule]

    def test_the_same_day_comes_before_the_thirty_days_of_an_earlier_sale(self) -> None:
        """TCGA section 105 has priority over section 106A (CG51560): 10 April's purchase belongs to 10 April's sale."""
        found = UnitedKingdom().realise(
            [
                buy("2024-01-02", "a", 20, 5),
                sell("2024-04-01", 10, 4),
                buy("2024-04-10", "b", 10, 3),
                sell("2024-04-10", 10, 4),
            ],
            kinds=KINDS,
        )
        assert [[m.rule for m in d.matches] for d in found.disposals] == [["pool"], ["same_day"]]

    def test_purchases_in_an_isa_are_not_matched(self) -> None:
        trades = [
            buy("2024-01-02", "a", 10, 5),
            sell("2024-05-01", 10, 4),
            buy("2024-05-02", "b", 10, 3, account="IRA"),
        ]
        found = UnitedKingdom().realise(trades, kinds=KINDS)
        assert gains(found) == [-10]
        assert found.holdings == ()

    def test_short_sales_are_refused(self) -> None:
        with pytest.raises(BookError, match="5 of them were never bought"):
            UnitedKingdom().realise([buy("2024-01-02", "a", 5, 5), sell("2024-05-01", 10, 4)], kinds=KINDS)

    @pytest.mark.parametrize(
        ("when", "year"), [("2024-04-05", 2023), ("2024-04-06", 2024), ("2024-12-31", 2024), ("2025-01-01", 2024)]
    )
    def test_the_year_begins_on_6_april(self, when: str, year: int) -> None:
        assert UnitedKingdom().year_of(day(when)) == year

    def test_exempt_amounts_and_rates(self) -> None:
        """TAX_RULES B7 and gov.uk: 3,000 from 2024-25; 18/24 % from 30 October 2024."""
        assert [exempt_amount(y) for y in (2020, 2022, 2023, 2024, 2025, 2026)] == [
            12_300,
            12_300,
            6_000,
            3_000,
            3_000,
            3_000,
        ]
        assert rates_on(day("2024-10-29")) == (dec("0.1"), dec("0.2"))
        assert rates_on(day("2024-10-30")) == (dec("0.18"), dec("0.24"))
        with pytest.raises(BookError, match="data begin after"):
            exempt_amount(2010)

    def test_tax_of_a_year(self) -> None:
        law = UnitedKingdom(basic_band_left=Decimal(1_000))
        found = law.realise([buy("2024-05-01", "a", 100, 100), sell("2025-01-10", 100, 200)], kinds=KINDS)
        taxed = law.tax(found, year=2024, carried=Decimal(2_000))
        # 10,000 - 2,000 carried - 3,000 exempt = 5,000: 1,000 at 18 %, 4,000 at 24 %
        assert (taxed.taxable, taxed.tax, taxed.carryforward) == (5_000, 1_140, 0)

    def test_carried_losses_stop_at_the_exempt_amount(self) -> None:
        law = UnitedKingdom()
        found = law.realise([buy("2024-05-01", "a", 100, 100), sell("2025-01-10", 100, 140)], kinds=KINDS)
        taxed = law.tax(found, year=2024, carried=Decimal(9_000))
        assert (taxed.tax, taxed.carryforward) == (0, 8_000)

    def test_a_net_loss_is_carried_on_top_of_older_ones(self) -> None:
        law = UnitedKingdom()
        found = law.realise([buy("2024-05-01", "a", 100, 100), sell("2025-01-10", 100, 60)], kinds=KINDS)
        taxed = law.tax(found, year=2024, carried=Decimal(500))
        assert (taxed.net, taxed.taxable, taxed.tax, taxed.carryforward) == (-4_000, 0, 0, 4_500)

    def test_the_exempt_amount_goes_where_it_saves_most(self) -> None:
        """2024-25: 4,000 before and 4,000 after 30 October: 3,000 exempt against the 24 % gain."""
        law = UnitedKingdom()
        trades = [buy("2024-05-01", "a", 200, 100), sell("2024-09-10", 100, 140), sell("2025-01-10", 100, 140)]
        assert law.tax(law.realise(trades, kinds=KINDS), year=2024).tax == 800 + 240


class TestCanada:
    def test_average_cost(self) -> None:
        """adjustedcostbase.ca, "How to calculate adjusted cost base": gains 3,485 and -16, commissions 10 each."""
        found = Canada().realise(
            [
                buy("2014-03-03", "a", 100, 50, fees=dec(10)),
                sell("2014-05-01", 50, 120, fees=dec(10)),
                buy("2014-07-18", "b", 50, 130, fees=dec(10)),
                sell("2014-10-25", 40, 90, fees=dec(10)),
            ],
            kinds=KINDS,
        )
        assert gains(found) == [3_485, -16]
        assert [(h.quantity, h.cost) for h in found.holdings] == [(60, 5_409)]

    def test_superficial_loss_bought_back_after(self) -> None:
        """adjustedcostbase.ca, "What is the superficial loss rule", first example: denied 2,000, later gain 3,000."""
        found = Canada().realise(
            [
                buy("2014-01-06", "a", 100, 50),
                sell("2014-11-03", 100, 30),
                buy("2014-11-04", "b", 100, 30),
                sell("2015-12-02", 100, 80),
            ],
            kinds=KINDS,
        )
        assert [(d.recognised, d.denied) for d in found.disposals] == [(0, 2_000), (3_000, 0)]

    def test_superficial_loss_bought_before(self) -> None:
        """Same page, second example: bought the day before; loss of 1,000 denied, later gain 3,000."""
        found = Canada().realise(
            [
                buy("2014-01-06", "a", 100, 50),
                buy("2014-11-03", "b", 100, 30),
                sell("2014-11-04", 100, 30),
                sell("2015-12-02", 100, 80),
            ],
            kinds=KINDS,
        )
        assert [(d.recognised, d.denied) for d in found.disposals] == [(0, 1_000), (3_000, 0)]

    def test_partly_bought_back(self) -> None:
        """adjustedcostbase.ca, "Applying the superficial loss rule for a partial disposition": loss 75, cost 80."""
        found = Canada().realise(
            [buy("2015-01-02", "a", 100, 3), sell("2015-04-09", 100, 2), buy("2015-04-10", "b", 25, "2.2")], kinds=KINDS
        )
        assert [(d.recognised, d.denied) for d in found.disposals] == [(-75, 25)]
        assert [h.cost for h in found.holdings] == [80]

    def test_bought_and_partly_sold(self) -> None:
        """Same page, second case: 80 of 100 sold the next day, 20 left: loss 60, cost 80. No rule of own purchase."""
        found = Canada().realise([buy("2015-04-09", "a", 100, 3), sell("2015-04-10", 80, 2)], kinds=KINDS)
        assert [(d.recognised, d.denied) for d in found.disposals] == [(-60, 20)]
        assert [h.cost for h in found.holdings] == [80]

    def test_it_456r_paragraph_12(self) -> None:
        """50 on hand, 20 sold at a loss, 15 reacquired: superficial on 15."""
        found = Canada().realise(
            [buy("2020-01-02", "a", 50, 10), sell("2024-03-01", 20, 8), buy("2024-03-15", "b", 15, 8)], kinds=KINDS
        )
        assert [(d.denied, d.recognised) for d in found.disposals] == [(30, -10)]

    def test_nothing_left_after_thirty_days_nothing_denied(self) -> None:
        """Section 54: the property must be owned at the end of the period."""
        found = Canada().realise(
            [buy("2024-03-01", "a", 100, 10), sell("2024-03-04", 60, 8), sell("2024-03-20", 40, 8)], kinds=KINDS
        )
        assert [d.denied for d in found.disposals] == [0, 0]

    def test_a_registered_plan_forfeits(self) -> None:
        """CRA 2022-0940941C6: all 2,000 sold, more bought by affiliates than sold: denied in full."""
        found = Canada().realise(
            [
                buy("2020-01-02", "a", 2_000, 10),
                buy("2022-03-10", "r", 1_000, 5, account="IRA"),
                sell("2022-03-15", 2_000, 5),
                buy("2022-03-16", "s", 2_000, 5, account="U"),
            ],
            kinds=KINDS,
        )
        (disposal,) = found.disposals
        assert disposal.denied == 10_000
        assert round(disposal.forfeited, 2) == dec("3333.33")  # a third of the shares were bought in the plan
        assert round(found.holdings[0].cost, 2) == dec("16666.67")

    def test_a_plan_s_purchase_forfeits_though_old_shares_are_kept(self) -> None:
        trades = [buy("2020-01-02", "a", 1_000, 10), sell("2024-03-15", 100, 8)]
        trades.append(buy("2024-03-20", "r", 100, 8, account="IRA"))
        found = Canada().realise(trades, kinds=KINDS)
        assert [(d.denied, d.forfeited) for d in found.disposals] == [(200, 200)]
        assert [h.cost for h in found.holdings] == [9_000]

    @pytest.mark.parametrize(
        ("when", "denied"), [("2024-02-13", 0), ("2024-02-14", 20), ("2024-04-14", 20), ("2024-04-15", 0)]
    )
    def test_the_period_is_30_days_either_way(self, when: str, denied: int) -> None:
        trades = [buy("2020-01-02", "a", 100, 10), sell("2024-03-15", 10, 8), buy(when, "b", 10, 10)]
        assert Canada(settles=same_day).realise(trades, kinds=KINDS).disposals[0].denied == denied

    @pytest.mark.parametrize(
        ("sold", "bought", "denied"),
        [
            # sold 14 March 2024, settled 18 March (T+2, a weekend); 30 days later is Wednesday 17 April
            ("2024-03-14", "2024-04-15", 20), ("2024-03-14", "2024-04-16", 0),
            # by trade dates both are more than 30 days apart, or less: 32 and 33; settlement decides
            # sold 24 May 2024 (T+2: 28 May), bought 26 June (T+1: 27 June, 30 days) and 27 June (28 June, 31 days)
            ("2024-05-24", "2024-06-26", 20), ("2024-05-24", "2024-06-27", 0),
        ],
    )  # fmt: skip
    def test_settlement_dates_count(self, sold: str, bought: str, denied: int) -> None:
        """CRA 2012-0468931C6: disposed of and acquired on settlement."""
        trades = [buy("2020-01-02", "a", 10, 10), sell(sold, 10, 8), buy(bought, "b", 10, 8)]
        assert Canada().realise(trades, kinds=KINDS).disposals[0].denied == denied

    def test_the_year_is_that_of_settlement(self) -> None:
        """Desjardins, End-of-year transactions (2014): 24 December settles 31 December and counts; the next session not."""
        assert settlement_date(day("2014-12-24")) == day("2014-12-31")
        assert [Canada().year_of(day(d)) for d in ("2014-12-24", "2014-12-29")] == [2014, 2015]
        assert [Canada().year_of(day(d)) for d in ("2025-12-30", "2025-12-31")] == [2025, 2026]

    @pytest.mark.filterwarnings("ignore")  # of the library's own
    def test_business_days_are_the_toronto_exchange_s(self) -> None:
        library = pytest.importorskip("exchange_calendars", reason="needs exchange_calendars, the second opinion")
        sessions = {s.date() for s in library.get_calendar("XTSE", start="2010-01-01", end="2027-09-01").sessions}
        when = date(2010, 1, 2)
        while when < date(2027, 8, 1):
            assert is_business_day(when) == (when in sessions), when
            when += timedelta(days=1)

    @pytest.mark.parametrize(
        ("traded", "days"), [("2017-09-01", 3), ("2017-09-05", 2), ("2024-05-24", 2), ("2024-05-27", 1)]
    )
    def test_the_settlement_cycle_by_date(self, traded: str, days: int) -> None:
        assert settlement_days(day(traded)) == days

    def test_half_the_gain_is_income_and_losses_wait_for_gains(self) -> None:
        law = Canada(marginal_rate=dec("0.5"))
        found = law.realise([buy("2020-01-02", "a", 10, 10), sell("2024-03-01", 10, 110)], kinds=KINDS)
        taxed = law.tax(found, year=2024, carried=Decimal(400))
        assert (taxed.net, taxed.taxable, taxed.tax, taxed.carryforward) == (1_000, 300, 150, 0)
        loss = law.realise([buy("2020-01-02", "a", 10, 10), sell("2024-03-01", 10, 4)], kinds=KINDS)
        assert law.tax(loss, year=2024, carried=Decimal(400)).carryforward == 460

    def test_short_sales_are_refused(self) -> None:
        with pytest.raises(
            BookError, match=r"10 shares are sold on 2024-05-01 but 5 are held.*short sales are not covered"
        ):
            Canada().realise([buy("2024-01-02", "a", 5, 5), sell("2024-05-01", 10, 4)], kinds=KINDS)


class TestUnitedStates:
    def test_the_wash_sale_of_publication_550_through_the_protocol(self) -> None:
        trades = [buy("2014-05-01", "old", 100, 10), sell("2014-07-01", 100, "7.50"), buy("2014-07-05", "new", 100, 8)]
        law = UnitedStates()
        found = law.realise(trades, kinds=KINDS)
        assert [(d.recognised, d.denied, d.forfeited) for d in found.disposals] == [(0, 250, 0)]
        assert [(h.quantity, h.cost) for h in found.holdings] == [(100, 1_050)]
        assert law.tax(found, year=2014).tax == 0

    def test_long_and_short_are_told_apart(self) -> None:
        law = UnitedStates()
        trades = [buy("2024-01-02", "a", 10, 10), sell("2025-01-02", 5, 110), sell("2025-01-03", 5, 110)]
        found = law.realise(trades, kinds=KINDS)
        assert [d.is_long for d in found.disposals] == [False, True]
        assert law.tax(found, year=2025).tax == 500 * dec("0.408") + 500 * dec("0.238")


@pytest.mark.parametrize("law", REGIMES, ids=lambda law: law.name)
@given(st.randoms(use_true_random=False), st.integers(2, 30))
def test_cost_and_denied_losses_are_conserved(law: Regime, random: Random, length: int) -> None:
    """Bought = cost of what was sold - what was denied and not forfeited + cost of what is held, or waits to be."""
    events = [e for e in draw_history(random, length=length).events() if e.account != "R"]
    found = law.realise(events, kinds=HISTORY_KINDS)
    paid = sum((e.cost for e in events if hasattr(e, "cost")), Decimal(0))
    sold = sum((d.cost - d.denied + d.forfeited for d in found.disposals), Decimal(0))
    kept = sum((h.cost for h in found.holdings), Decimal(0))
    assert abs(paid - sold - kept) < Decimal("1e-12")
    assert all(d.denied >= 0 and d.forfeited <= d.denied for d in found.disposals)
    assert sum((e.quantity if hasattr(e, "cost") else -e.quantity for e in events), Decimal(0)) == sum(
        (h.quantity for h in found.holdings), Decimal(0)
    )


@pytest.mark.parametrize(
    ("law", "disturbing"),
    [(REGIMES[0], range(-30, 31)), (REGIMES[1], range(31)), (Canada(settles=same_day), range(-30, 31))],
    ids=lambda x: getattr(x, "name", ""),
)
def test_what_a_planner_must_not_buy_around_a_loss(law: Regime, disturbing: range) -> None:
    sold = date(2025, 6, 15)
    days = [n for n in range(-40, 41) if law.disturbs_loss(sold, sold + timedelta(days=n))]
    assert days == list(disturbing)
