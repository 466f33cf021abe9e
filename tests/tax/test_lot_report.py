"""Lots and locks as an adviser reads them."""

from __future__ import annotations

from typing import Any

import pytest
from builders import account, day, household, lot, market, trade

from lotwright.book.holdings import Restriction
from lotwright.book.kinds import Rule
from lotwright.tax.lot_report import LotLine, lot_lines, trade_locks

AS_OF = "2026-06-30"


def lines(*accounts: Any, **prices: object) -> list[LotLine]:
    return list(lot_lines(household(*accounts), market(AS_OF, **{"X": 8, **prices})))  # type: ignore[arg-type]


def test_a_loss_with_a_clean_window_can_be_harvested() -> None:
    (line,) = lines(account(lots=(lot("a", "2025-07-10"),)))
    assert (line.unrealised, line.value, line.character.value) == (-200, 800, "ST")
    assert (line.long_term_from, line.days_to_long_term) == (day("2026-07-11"), 11)
    assert (line.is_harvestable, line.why_not, line.clean_from) == (True, "", None)


def test_a_long_term_lot_has_no_days_to_go() -> None:
    (line,) = lines(account(lots=(lot("a", "2026-06-20", start="2020-01-02"),)))
    assert (line.character.value, line.days_to_long_term) == ("LT", 0)


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"lots": (lot("a", "2020-01-02", basis=700),)}, "no loss"),
        ({"lots": (lot("a", "2020-01-02", basis="800.004"),)}, "no loss"),
        ({"lots": (lot("a", "2020-01-02"),), "kind": "roth"}, "not deductible"),
        ({"lots": (lot("a", "2020-01-02", symbol="Z"),)}, "no price of Z"),
        (
            {
                "lots": (lot("a", "2020-01-02"),),
                "restrictions": (Restriction(account="T", rule=Rule.NO_TRADE, symbol="X"),),
            },
            "restricted: no_trade",
        ),
    ],
)
def test_why_a_loss_cannot_be_harvested(facts: dict[str, Any], reason: str) -> None:
    (line,) = lines(account("T", facts.pop("kind", "taxable"), **facts))
    assert not line.is_harvestable
    assert reason in line.why_not


def test_a_recent_purchase_elsewhere_stands_in_the_way_until_it_is_31_days_old() -> None:
    owner = account(lots=(lot("a", "2020-01-02"),))
    other = account("I", "ira", transactions=(trade("reinvest", "2026-06-10", 2, account="I"),))
    (line,) = lines(owner, other)
    assert not line.is_harvestable
    assert line.why_not == "I bought 2 X on 2026-06-10, which would replace the shares sold; clean from 2026-07-11"
    assert line.clean_from == day("2026-07-11")


def test_own_purchase_does_not_stand_in_the_way() -> None:
    """Rev. Rul. 56-602."""
    own = (lot("a", "2026-06-20", purchase="o"), lot("b", "2026-06-20", purchase="o"))
    assert all(line.is_harvestable for line in lines(account(lots=own)))
    apart = (lot("a", "2026-06-20", purchase="o"), lot("b", "2026-06-20", purchase="p"))
    assert not any(line.is_harvestable for line in lines(account(lots=apart)))


def test_locks_name_what_for_whom_until_when_and_why() -> None:
    one = account("A", transactions=(trade("sell", "2026-06-15", realised_gain=-50, account="A"),))
    two = account("I", "ira", transactions=(trade("buy", "2026-06-20", account="I", symbol="Y"),))
    buys, sales = trade_locks(household(one, two), market(AS_OF, identical={"Y": "g", "Z": "g"}))
    assert (buys.bars, buys.symbols, buys.accounts, buys.until) == ("buy", ("X",), ("A", "I"), day("2026-07-15"))
    assert "A sold X at a loss on 2026-06-15" in buys.because
    assert (sales.bars, sales.symbols, sales.accounts) == ("sell_at_loss", ("Y", "Z"), ("A",))
    assert sales.until == day("2026-07-20")
    assert sales.because.startswith("I bought 100 Y on 2026-06-20")


def test_the_last_of_several_purchases_decides() -> None:
    owner = account(
        lots=(lot("a", "2020-01-02"),),
        transactions=(trade("buy", "2026-06-05", 3), trade("buy", "2026-06-20", 4)),
    )
    (lock,) = trade_locks(household(owner), market(AS_OF))
    assert (lock.until, lock.because[:26]) == (day("2026-07-20"), "T bought 4 X on 2026-06-20")
    (line,) = lines(owner)
    assert line.clean_from == day("2026-07-21")


@pytest.mark.parametrize(("rule", "symbol"), [(Rule.NO_SELL, "Y"), (Rule.NO_BUY, "X")])
def test_a_restriction_on_something_else_bars_nothing(rule: Rule, symbol: str) -> None:
    restriction = Restriction(account="T", rule=rule, symbol=symbol)
    (line,) = lines(account(lots=(lot("a", "2020-01-02"),), restrictions=(restriction,)))
    assert line.is_harvestable


def test_without_a_taxable_account_losses_are_not_locked() -> None:
    owner = account("I", "ira", transactions=(trade("buy", "2026-06-20", account="I"),))
    assert trade_locks(household(owner), market(AS_OF)) == ()
