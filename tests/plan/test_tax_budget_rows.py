"""A tax budget's rows are of a size the ascent can climb, and where no limit has to give no one is told that one must."""

from __future__ import annotations

import pytest

from lotwright.plan.general.clash import clash
from lotwright.plan.program import load_program
from lotwright.plan.separable.layout import ORDINARY, scaled

from .factory import account, lot, make_snapshot


def test_rows_are_scaled_by_what_a_dollar_of_tax_is_worth() -> None:
    """A long gain of $1 on $100 at 20 %: a dollar of tax is worth $500 of sales, and no loss pays for the first one."""
    lots = [lot("AAA", 50, cost=99, name="a"), lot("BBB", 100, cost=10, name="b")]
    held = account(cash=100, lots=lots, realised_long=10_000)
    form = load_program("raise_most_untaxed").form(make_snapshot([held], prices={"AAA": 100, "BBB": 20}))
    assert form is not None
    largest = max(float(piece.row_gain[:, 1].max()) for piece in scaled(form).pieces)
    assert largest == pytest.approx(0.2 * 500 / ORDINARY)


def test_a_household_whose_limits_agree_is_not_called_infeasible() -> None:
    lots = [lot("AAA", 50, cost=90, name="a"), lot("BBB", 10, cost=10, name="b")]
    snapshot = make_snapshot([account(cash=100, lots=lots)], prices={"AAA": 100, "BBB": 20})
    failure = clash(load_program("balanced"), snapshot, exact=False)
    assert failure.reason == "not_found"
    assert failure.evidence["limits"] == {}
    assert "--time-limit" in failure.message
