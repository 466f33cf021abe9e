"""What a worker returns of its plans: the same as a plan's own JSON, and nothing that no table can hold."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given

from lotwright.errors import PlanError
from lotwright.files.plan_json import plan_to_json
from lotwright.files.run.results import tables_of
from lotwright.plan.result import HouseholdPlan
from tests.files.plans import BUY, FAILED, PLAN, plans


@given(plans)
def test_a_batch_writes_the_numbers_and_words_of_a_plan(plan: HouseholdPlan) -> None:
    """Letter for letter what the standard library makes of it, but for how an exponent is spelled."""
    written = plan_to_json(plan)
    text = _text(plan)
    assert json.loads(text, parse_float=Decimal) == json.loads(json.dumps(written), parse_float=Decimal)
    if "e-" not in text + json.dumps(written) and "e+" not in json.dumps(written):
        assert text == json.dumps(written, ensure_ascii=False, separators=(",", ":"))


def test_words_of_every_alphabet_are_written_as_they_are() -> None:
    plan = replace(FAILED, notes=('Zürich “São” 東京 \U0001f600 \\ " \n \t \x1f </script>',))
    assert json.loads(_text(plan))["notes"] == list(plan.notes)


def test_a_figure_that_is_no_number_never_becomes_null() -> None:
    with pytest.raises(PlanError, match="no number"):
        tables_of([(0, replace(PLAN, trades=(replace(BUY, price=Decimal("NaN")),)))])


def _text(plan: HouseholdPlan) -> str:
    text = tables_of([(0, plan)])["plans"].column("plan").to_pylist()[0]
    assert isinstance(text, str)
    return text
