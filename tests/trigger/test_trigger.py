"""Whether, why and what next: how conditions combine, rests, one run a day, closed days, and dear questions asked last."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import product

import pytest

from lotwright.errors import ProgramError
from lotwright.trigger.acted import Acted
from lotwright.trigger.conditions import Combined, Not
from lotwright.trigger.conditions.calendar import Calendar
from lotwright.trigger.situation import Situation
from lotwright.trigger.trading_days import Every
from lotwright.trigger.trigger import Answer, Trigger, When, due
from lotwright.trigger.verdict import Verdict, at_least
from tests.plan.factory import TODAY, account, lot
from tests.trigger.situations import market_of, situation, target

MARKET = market_of({"AAA": 10}, [target("AAA", 1.0)])
HELD = account(lots=[lot("AAA", 10, cost=10)])


@dataclass
class Says:
    """A condition that says what it is told, and counts how often it is asked."""

    holds: bool | None
    effort: int = 0
    kind: str = "says"
    next: date | None = None
    asked: int = 0

    def judge(self, _: Situation) -> Verdict:
        self.asked += 1
        return Verdict(kind="says", holds=self.holds, why=f"{self.holds}.", next=self.next)


def answer(*conditions: object, count: int = 1, cooldown: int = 0, **fields: object):
    when = tuple(one if isinstance(one, When) else When(condition=one) for one in conditions)
    return due(Trigger(name="t", when=when, count=count, cooldown=cooldown), situation([HELD], MARKET, **fields))


WORD = {True: Answer.DUE, False: Answer.NOT_DUE, None: Answer.UNKNOWN}


@pytest.mark.parametrize(("a", "b", "c"), list(product([True, False, None], repeat=3)))
@pytest.mark.parametrize("count", [1, 2, 3])
def test_any_all_and_at_least_are_kleenes_logic(count: int, a: bool | None, b: bool | None, c: bool | None) -> None:
    """The answer is yes (no) when it is so whatever the unknown ones turn out to be."""
    given = [a, b, c]
    worlds = product(*[[True, False] if one is None else [one] for one in given])
    outcomes = {sum(world) >= count for world in worlds}
    expected = outcomes.pop() if len(outcomes) == 1 else None
    assert at_least(count, given) is expected
    assert answer(*map(Says, given), count=count).answer is WORD[expected]
    combined = Combined(kind="at_least", count=count, of=tuple(map(Says, given)))
    assert answer(combined).answer is WORD[expected]
    assert answer(Not(of=combined)).answer is WORD[None if expected is None else not expected]


def test_a_dear_question_is_asked_only_while_the_answer_is_open() -> None:
    for cheap, count, is_asked in (
        (True, 1, False),
        (False, 1, True),
        (False, 2, False),
        (True, 2, True),
        (None, 1, True),
    ):
        dear = Says(True, effort=2)
        found = answer(dear, Says(cheap), count=count)
        assert dear.asked == is_asked
        assert len(found.verdicts) == 1 + is_asked
        nested = Says(True, effort=2)
        answer(Combined(kind="at_least", count=count, of=(nested, Says(cheap))))
        assert nested.asked == is_asked


def test_all_reasons_are_given_and_the_first_programs_name() -> None:
    found = answer(
        When(condition=Says(False), then="no"),
        When(condition=Says(True), then="harvest"),
        When(condition=Says(True), then="x"),
    )
    assert (found.answer, found.program, found.to_do) == (Answer.DUE, "harvest", "Plan it now with program harvest.")
    assert [verdict.holds for verdict in found.verdicts] == [False, True, True]


def test_a_rest_after_trades_lasts_its_trading_days_and_urgent_conditions_break_it() -> None:
    """Trades on Wednesday 25 November 2020: with Thanksgiving out, Friday, Monday, Tuesday are three days."""
    traded = Acted(traded=date(2020, 11, 25))
    resting = answer(Says(True), cooldown=3, acted=traded)
    assert (resting.answer, resting.next) == (Answer.RESTING, date(2020, 12, 1))
    assert answer(Says(True), cooldown=2, acted=traded).answer is Answer.DUE
    plain, urgent = Says(True), When(condition=Says(True), urgent=True)
    assert answer(plain, urgent, cooldown=3, acted=traded).answer is Answer.DUE
    assert plain.asked == 0
    assert answer(plain, When(condition=Says(False), urgent=True), cooldown=3, acted=traded).answer is Answer.RESTING
    assert answer(plain, When(condition=Says(None), urgent=True), cooldown=3, acted=traded).answer is Answer.UNKNOWN


def test_one_run_a_day_whatever_is_urgent() -> None:
    condition = Says(True)
    found = answer(When(condition=condition, urgent=True), acted=Acted(planned=TODAY))
    assert (found.answer, found.next, condition.asked) == (Answer.DONE_TODAY, date(2020, 12, 1), 0)


@pytest.mark.parametrize(
    ("day", "following"),
    [
        (date(2020, 11, 28), date(2020, 11, 30)),
        (date(2020, 11, 26), date(2020, 11, 27)),
        (date(2020, 12, 25), date(2020, 12, 28)),
    ],
)
def test_nothing_is_due_while_the_exchange_is_closed(day: date, following: date) -> None:
    found = answer(Says(True), as_of=day)
    assert (found.answer, found.next) == (Answer.CLOSED, following)


def test_ask_again_when_the_answer_may_be_another() -> None:
    later = Says(False, next=date(2021, 1, 4))
    assert answer(later).next == date(2021, 1, 4)
    assert answer(later, Says(False)).next == date(2020, 12, 1)  # prices may change that one tomorrow
    assert answer(later, Says(False), count=2).next == date(2021, 1, 4)  # but both are needed
    assert answer(Combined(kind="all", count=2, of=(later, Says(False)))).next == date(2021, 1, 4)
    assert answer(Calendar(every=Every.YEAR)).next == date(2021, 1, 4)


def test_a_trigger_that_can_never_act_is_refused() -> None:
    with pytest.raises(ProgramError, match="no condition"):
        Trigger(name="t", when=())
    with pytest.raises(ProgramError, match="asks for 2 of 1"):
        Trigger(name="t", when=(When(condition=Says(True)),), count=2)
