"""What a rule kept from being traded is told with the rule and the fact; what nobody expected is not told."""

from __future__ import annotations

from typing import Any

from lotwright.book.holdings import Account
from lotwright.book.kinds import AccountKind
from lotwright.plan.kept import kept
from lotwright.plan.program import load_program
from lotwright.plan.result import Kept
from lotwright.plan.trade_list import trade_list

from .factory import account, lot, make_snapshot, purchase, rule, sale, trades, verified

PRICES = {"AAA": 100, "BBB": 100}
LOSS = lot("AAA", 50, cost=130, days=200, name="loss")


def found(*accounts: Account, sell: dict[str, float] | None = None, **market: Any) -> tuple[Kept, ...]:
    snapshot = make_snapshot(list(accounts), prices=PRICES, **market)
    chosen = trades(snapshot, sell=sell)
    true = verified(snapshot, chosen, terms=load_program("balanced").terms())
    return kept(trade_list(chosen, snapshot), snapshot, true)


def test_nothing_is_kept_from_an_account_on_target() -> None:
    assert found(account(lots=[lot("AAA", 50, cost=90), lot("BBB", 50, cost=90)])) == ()


def test_a_lock_keeps_what_stays_short_from_being_bought() -> None:
    """BBB sold at a loss five days before 30 November 2020."""
    holder = account(lots=[lot("AAA", 60, cost=90)], cash=4000, transactions=(sale("BBB", days=5, gain=-100),))
    (one,) = found(holder)
    assert (one.symbol, one.rule) == ("BBB", "wash_sale")
    assert one.because.startswith("It may not be bought until 25 December 2020 is over")
    assert "A1 sold BBB at a loss on 2020-11-25" in one.because


def test_a_purchase_in_an_ira_bars_a_loss_and_says_until_when() -> None:
    """Bought on 16 November 2020: the 30th day after is 16 December. 50 shares lose 30 each."""
    holder = account(lots=[LOSS, lot("BBB", 50, cost=100)])
    ira = account(
        "IRA",
        kind=AccountKind.IRA,
        lots=[lot("AAA", 10, cost=100, days=14)],
        transactions=(purchase("AAA", days=14, name="IRA"),),
    )
    held = [one for one in found(holder, ira) if one.symbol == "AAA"]
    said = "10 shares were bought in IRA on 16 November 2020: the loss of $1,500.00 on AAA in A1 is barred until"
    assert [one.because for one in held] == [f"{said} 16 December 2020 is over."]


def test_a_restriction_outlasts_a_lock() -> None:
    holder = account(
        lots=[lot("AAA", 60, cost=90)],
        cash=4000,
        transactions=(sale("BBB", days=5, gain=-100),),
        restrictions=(rule("no_buy", "BBB"),),
    )
    assert [(one.symbol, one.rule) for one in found(holder)] == [("BBB", "no_buy")]


def test_no_sell_keeps_an_overweight() -> None:
    holder = account(lots=[lot("AAA", 80, cost=90), lot("BBB", 20, cost=90)], restrictions=(rule("no_sell", "AAA"),))
    (one,) = found(holder)
    assert (one.symbol, one.rule) == ("AAA", "no_sell")
    assert "ends at 80.0 % of the account against a target of 50.0 %" in one.because
