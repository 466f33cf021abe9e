from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from math import inf, nan

import numpy as np
import pytest
from hypothesis import given

from lotwright.errors import PlanError
from lotwright.files.plan_json import plan_from_json, plan_schema, plan_to_json
from lotwright.plan.result import HouseholdPlan, Objective, Status
from tests.files.plans import BUY, FAILED, PLAN, SALE, plans

jsonschema = pytest.importorskip("jsonschema")

D = Decimal
KEYS = (
    "schema household as_of program status failure trades cash costs objective tax tracking drift wash_sales checks "
    "timing provenance value notes"
)
"""Typed from FORMATS; the last two are ours."""


def through_text(plan: HouseholdPlan, **options: object) -> HouseholdPlan:
    return plan_from_json(json.loads(json.dumps(plan_to_json(plan), allow_nan=False), **options))


@given(plans)
def test_a_plan_comes_back_as_it_went(plan):
    assert through_text(plan) == plan


@given(plans)
def test_a_plan_comes_back_from_decimals_too(plan):
    """What multipliers and evidence hold is as the reader made it, so those are left out of the comparison."""
    plan = replace(plan, failure=None, objective=None)
    assert through_text(plan, parse_float=Decimal) == plan


@given(plans)
def test_the_same_plan_gives_the_same_bytes(plan):
    backwards = replace(plan, cash=dict(reversed(plan.cash.items())))
    assert json.dumps(plan_to_json(plan)) == json.dumps(plan_to_json(backwards))


def test_the_keys_stand_in_the_order_of_formats():
    written = plan_to_json(PLAN)
    assert list(written) == KEYS.split()
    assert list(plan_to_json(FAILED)) == KEYS.split()
    assert list(written["trades"][0]) == ["account", "symbol", "side", "quantity", "price", "value", "lots", "reason"]
    assert list(written["trades"][0]["lots"][0]) == [
        "lot",
        "acquired",
        "quantity",
        "basis",
        "proceeds",
        "gain",
        "character",
    ]
    assert list(written["objective"]) == ["posed", "bound", "gap", "gap_bp", "multipliers"]
    assert list(written["tax"]) == (
        ["short_term_gain", "long_term_gain", "tax", "tax_without_plan", "carryforward_short", "carryforward_long"]
    )
    assert list(written["tracking"]) == ["before", "after", "do_nothing"]
    assert list(written["timing"]) == ["read", "pose", "solve", "verify", "total"]
    assert list(written["provenance"]) == ["version", "book_hash", "program_hash", "solver", "solver_version"]
    assert list(written["cash"]) == ["A1", "A2"]


def test_money_is_to_the_cent_and_quantities_are_exact():
    text = json.dumps(plan_to_json(PLAN))
    assert '"side": "sell", "quantity": 12.5, "price": 56.09, "value": 701.13' in text
    assert '"basis": 1500.25, "proceeds": 560.9, "gain": -939.35, "character": "ST"' in text
    assert '"cash": {"A1": {"before": 1000.1, "after": 1701.23}, "A2": {"before": 270, "after": 22.5}}' in text
    assert plan_to_json(replace(PLAN, value=D("12345.678")))["value"] == 12345.68
    assert '"quantity": 0.123456789,' in json.dumps(
        plan_to_json(replace(PLAN, trades=(replace(BUY, quantity=D("0.123456789")),)))
    )


def test_the_sum_of_many_fractional_lots_is_exact_again():
    """Doubles of a Parquet book have up to 17 digits; their sum has more than a double can hold."""
    lots = tuple(
        replace(SALE.lots[0], lot=str(i), quantity=D(repr(x))) for i, x in enumerate((0.1 + 0.2, 123456.7, 1e-7 / 3))
    )
    quantity = sum(lot.quantity for lot in lots)
    assert D(repr(float(quantity))) != quantity
    plan = replace(PLAN, trades=(replace(SALE, lots=lots, quantity=quantity),))
    assert through_text(plan) == plan


@pytest.mark.parametrize("plan", [PLAN, FAILED, replace(PLAN, status=Status.NOTHING_TO_DO, trades=())])
def test_a_plan_fits_its_schema(plan):
    schema = plan_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(plan_to_json(plan), schema, cls=jsonschema.Draft202012Validator)


def broken(**changed: object) -> dict[str, object]:
    written = plan_to_json(PLAN) | changed
    return {key: value for key, value in written.items() if value != "gone"}


@pytest.mark.parametrize(
    "changed",
    [
        *({key: "gone"} for key in KEYS.split()[:-2]),
        {"schema": "lotwright.plan/2"},
        {"status": "done"},
        {"objective": None},
        {"failure": {"reason": "x", "message": "y", "evidence": {}}},
        {"trades": [plan_to_json(PLAN)["trades"][0] | {"lots": []}]},
        {"trades": [plan_to_json(PLAN)["trades"][0] | {"side": "buy"}]},
        {"trades": [plan_to_json(PLAN)["trades"][1] | {"quantity": 0}]},
        {"trades": [plan_to_json(PLAN)["trades"][1] | {"quantity": "3"}]},
        {"cash": {"A1": {"before": 1}}},
        {"tracking": {"before": 0, "after": -1, "do_nothing": 0}},
    ],
)
def test_what_is_no_plan_does_not_fit(changed):
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken(**changed), plan_schema(), cls=jsonschema.Draft202012Validator)


def test_more_keys_are_welcome():
    written = plan_to_json(PLAN) | {"colour": "green"}
    jsonschema.validate(written, plan_schema(), cls=jsonschema.Draft202012Validator)
    assert plan_from_json(written) == PLAN


def test_a_bound_that_is_not_known_is_null():
    plan = replace(PLAN, objective=Objective(posed=1.0, bound=-inf, gap=inf, gap_bp=inf, multipliers={}))
    written = plan_to_json(plan)
    assert written["objective"] == {"posed": 1.0, "bound": None, "gap": None, "gap_bp": None, "multipliers": {}}
    jsonschema.validate(written, plan_schema(), cls=jsonschema.Draft202012Validator)
    assert through_text(plan) == plan


def test_arrays_and_decimals_among_the_multipliers_become_json():
    multipliers = {
        "factor": np.array([[1.0, 2.0]]),
        "cash": np.float64(0.5),
        "price": D("1.5"),
        "side": ("buy", np.int64(3)),
    }
    plan = replace(PLAN, objective=replace(PLAN.objective, multipliers=multipliers))
    assert plan_to_json(plan)["objective"]["multipliers"] == {
        "factor": [[1.0, 2.0]], "cash": 0.5, "price": 1.5, "side": ["buy", 3]
    }  # fmt: skip


def test_a_plan_never_says_what_is_not_a_number():
    with pytest.raises(PlanError, match=r"The plan's objective posed is nan"):
        plan_to_json(replace(PLAN, objective=replace(PLAN.objective, posed=nan)))


@pytest.mark.parametrize("price", ["NaN", "1e400"])
def test_a_decimal_that_no_number_can_say_is_refused(price: str) -> None:
    with pytest.raises(PlanError, match=r"is (nan|inf), which is no number"):
        plan_to_json(replace(PLAN, trades=(replace(BUY, price=D(price)),)))


def test_a_weight_that_is_no_number_is_named() -> None:
    with pytest.raises(PlanError, match=r"drift after is nan"):
        plan_to_json(replace(PLAN, drift=(replace(PLAN.drift[0], after=nan),)))
    with pytest.raises(PlanError, match=r"The plan's tracking after is inf"):
        plan_to_json(replace(PLAN, tracking=replace(PLAN.tracking, after=inf)))


@pytest.mark.parametrize(
    ("obj", "expected"),
    [
        ([], "A plan is a JSON object, and this is a list."),
        ({}, "plan.schema: found nothing, but this version reads 'lotwright.plan/1'."),
        (broken(schema="lotwright.plan/2"), "plan.schema: found 'lotwright.plan/2', but this version reads"),
        (broken(household="gone"), "plan.household: found nothing, but a text belongs here. Correct the file, or make"),
        (broken(as_of="23.3.2020"), "plan.as_of: found '23.3.2020', but a day such as 2020-03-23 belongs here."),
        (broken(status="done"), "plan.status: found 'done', but one of planned, nothing_to_do, failed belongs here."),
        (broken(trades={}), "plan.trades: found {}, but a list belongs here."),
        (broken(trades=[5]), "plan.trades[0]: found 5, but an object belongs here."),
        (broken(cash={"A1": {"before": 1, "after": "2"}}), "plan.cash.A1.after: found '2', but a number belongs here."),
        (
            broken(cash={"A1": {"before": 1, "after": nan}}),
            "plan.cash.A1.after: found nan, but a finite number belongs",
        ),
        (
            broken(cash={"A1": {"before": 1, "after": True}}),
            "plan.cash.A1.after: found True, but a number belongs here.",
        ),
        (
            broken(checks=[{"name": "a", "ok": 1, "text": ""}]),
            "plan.checks[0].ok: found 1, but true or false belongs here.",
        ),
        (broken(notes=["a", 1]), "plan.notes: found ['a', 1], but a list of texts belongs here."),
    ],
)
def test_what_is_no_plan_is_refused_with_its_place(obj, expected):
    with pytest.raises(PlanError) as caught:
        plan_from_json(obj)
    assert expected in str(caught.value)
