"""Every trade's sentence says the fact that weighs most, with the figures it rests on."""

from __future__ import annotations

from typing import Any

import pytest

from lotwright.book.kinds import AccountKind
from lotwright.plan.program import load_program
from lotwright.plan.reasons import with_reasons
from lotwright.plan.snapshot import Snapshot
from lotwright.plan.trade_list import trade_list

from .factory import account, deposit, lot, make_snapshot, rule, sale, trades, verified

PRICES = {"AAA": 100, "BBB": 100, "CCC": 100}
HALVES = {"AAA": 0.5, "BBB": 0.5}


def reason(
    *, sell: dict[str, float] | None = None, buy: dict[str, float] | None = None, of: str, **options: Any
) -> str:
    """The sentence of the trade in one security; the other trades only pay for it."""
    market = {name: options.pop(name) for name in ("substitutes", "sectors", "weights", "factors") if name in options}
    snapshot = make_snapshot([account(**options)], prices=PRICES, **{"weights": HALVES, **market})
    chosen = trades(snapshot, sell=sell, buy=buy)
    true = verified(snapshot, chosen, terms=load_program("balanced").terms())
    found = with_reasons(trade_list(chosen, snapshot), snapshot, true)
    return next(trade.reason for trade in found if trade.symbol == of)


GAIN = lot("AAA", 60, cost=90, name="gain")
LOSS = lot("AAA", 60, cost=130, days=200, name="loss")
EVEN = lot("AAA", 60, cost=100, name="even")
B = lot("BBB", 40, cost=100, name="b")


def test_an_overweight_is_trimmed() -> None:
    """60 of 100 shares worth the same; 10 sold leave 50 %, the target. No gain, so no word on tax."""
    said = reason(sell={"even": 10}, of="AAA", lots=[EVEN, B])
    assert said == "Trims AAA from 60.0 % to 50.0 % of the account, towards its target of 50.0 %."


def test_a_gain_says_what_it_costs() -> None:
    """10 shares at a gain of 10 each, held for years: $100 at 20 % is $20."""
    said = reason(sell={"gain": 10}, of="AAA", lots=[GAIN, B])
    assert said.endswith("; its long-term gain of $100.00 costs about $20.00 of tax.")


def test_a_gain_that_losses_absorb_says_so() -> None:
    said = reason(sell={"gain": 10}, of="AAA", lots=[GAIN, B], carryforward_long=9000.0)
    assert said.endswith("; its long-term gain of $100.00 is absorbed by losses and costs no tax this year.")


def test_a_loss_says_what_it_saves() -> None:
    """10 shares at a loss of 30: $300 of short-term loss against a short-term gain of $400 at 40 % saves $120."""
    said = reason(sell={"loss": 10}, of="AAA", lots=[LOSS, B], realised_short=400.0)
    assert said.endswith("; its loss of $300.00 lowers this year's tax by about $120.00.")


def test_a_loss_nobody_can_use_yet_is_carried_forward() -> None:
    """The $3,000 deduction is used up by what was carried in."""
    said = reason(sell={"loss": 10}, of="AAA", lots=[LOSS, B], carryforward_long=9000.0)
    assert said.endswith("; its loss of $300.00 is carried forward and offsets gains of later years.")


def test_a_sale_below_target_is_there_for_its_loss() -> None:
    said = reason(sell={"loss": 40}, of="AAA", lots=[LOSS, B], realised_short=4000.0)
    assert said == (
        "Sells AAA at a loss of $1,200.00, which lowers this year's tax by about $480.00: from 60.0 % to 20.0 % of the"
        " account, below its target of 50.0 %."
    )


def test_what_the_model_does_not_hold_is_sold() -> None:
    said = reason(sell={"c": 10}, of="CCC", lots=[lot("CCC", 10, cost=100, name="c"), B])
    assert said == "Sells all of CCC, which the model portfolio does not hold."


@pytest.mark.parametrize(
    ("restriction", "said"),
    [
        (rule("exclude", "AAA"), "Leaves AAA, which the client excludes."),
        (rule("exclude_sector", sector="Tech"), "Leaves AAA, because the client excludes the sector Tech."),
        (
            rule("maximum_weight", "AAA", weight=0.55),
            "Brings AAA from 60.0 % to 0.0 % of the account: the client allows at most 55.0 %.",
        ),
    ],
)
def test_a_restriction_that_asks_for_the_sale_is_named(restriction: Any, said: str) -> None:
    found = reason(sell={"even": 60}, of="AAA", lots=[EVEN, B], restrictions=(restriction,), sectors={"AAA": "Tech"})
    assert found == said


def test_a_sale_for_a_withdrawal_names_it() -> None:
    said = reason(sell={"even": 10}, of="AAA", lots=[EVEN, B], cashflows=(deposit(-1000),))
    assert said.startswith("Raises cash for the withdrawal of $1,000.00 by taking AAA from 60.0 % to ")


def test_an_untaxed_account_has_no_word_on_tax() -> None:
    said = reason(sell={"loss": 10}, of="AAA", lots=[LOSS, B], kind=AccountKind.ROTH)
    assert said == "Trims AAA from 60.0 % to 50.0 % of the account, towards its target of 50.0 %."


def test_a_buy_goes_towards_its_target() -> None:
    """Paid for by the sale: 40 shares of 100 become 50."""
    said = reason(sell={"even": 10}, buy={"BBB": 10}, of="BBB", lots=[EVEN, B])
    assert said == "Brings BBB from 40.0 % to 50.0 % of the account, towards its target of 50.0 %."


@pytest.mark.parametrize(
    ("options", "start"),
    [
        ({"cash": 1000.0}, "Invests idle cash: brings BBB"),
        ({"cashflows": (deposit(1000),)}, "Invests the deposit: brings BBB"),
    ],
)
def test_a_buy_with_idle_money_says_where_it_came_from(options: dict[str, Any], start: str) -> None:
    assert reason(buy={"BBB": 9}, of="BBB", lots=[EVEN, B], **options).startswith(start)


def test_a_buy_that_sales_pay_for_invests_no_idle_cash() -> None:
    """$200 of cash is no source of $1,200 that are bought."""
    said = reason(sell={"even": 10}, buy={"BBB": 12}, of="BBB", lots=[EVEN, B], cash=200.0)
    assert said.startswith("Takes BBB from ")


def test_a_buy_above_its_target_names_the_one_position_that_lacks() -> None:
    """AAA alone ends below its target: it is not "many small positions"."""
    said = reason(sell={"even": 20}, buy={"BBB": 20}, of="BBB", lots=[EVEN, B], factors=0)
    assert said.endswith("over its target of 50.0 %, in place of AAA (40.0 % against a target of 50.0 %).")


def test_a_first_buy_starts_a_position() -> None:
    said = reason(sell={"even": 30}, buy={"BBB": 30}, of="BBB", lots=[EVEN])
    assert said == "Starts BBB at 50.0 % of the account, towards its target of 50.0 %."


def test_a_stand_in_for_what_is_locked_says_until_when() -> None:
    """A loss on BBB five days before 30 November 2020: locked through 25 December."""
    said = reason(
        sell={"even": 10},
        buy={"CCC": 10},
        of="CCC",
        lots=[EVEN, B],
        substitutes={"BBB": ["CCC"]},
        transactions=(sale("BBB", days=5, gain=-100),),
    )
    assert said == "CCC stands in for BBB, which nobody in the household may buy until 25 December 2020 is over."


def test_a_stand_in_for_what_the_client_forbids_says_so() -> None:
    said = reason(
        sell={"even": 10},
        buy={"CCC": 10},
        of="CCC",
        lots=[EVEN, B],
        substitutes={"BBB": ["CCC"]},
        restrictions=(rule("no_buy", "BBB"),),
    )
    assert said == "CCC stands in for BBB, which the client does not want bought."


def test_every_sentence_is_one_sentence() -> None:
    snapshot: Snapshot = make_snapshot([account(lots=[LOSS, GAIN, B], cash=3000)], prices=PRICES, weights=HALVES)
    chosen = trades(snapshot, sell={"loss": 30, "gain": 5}, buy={"BBB": 20})
    found = with_reasons(
        trade_list(chosen, snapshot), snapshot, verified(snapshot, chosen, terms=load_program("balanced").terms())
    )
    assert len(found) == 2
    assert all(trade.reason[0].isupper() and trade.reason.count(". ") == 0 for trade in found)
