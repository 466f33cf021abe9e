"""The risk model as a value: what it refuses, selects, prints and reads back."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from lotwright.errors import ProgramError
from lotwright.risk.model import RiskModel

NO_MODEL = {"symbols": ("A", "B"), "exposure": np.ones((2, 1)), "specific": np.ones(2), "kind": "test"}


def three() -> RiskModel:
    """A market everyone knows, a factor A and C know, one only C knows."""
    return RiskModel(
        symbols=("A", "B", "C"),
        exposure=np.array([[0.2, 0.1, 0.0], [0.1, 0.0, 0.0], [0.3, -0.1, 0.05]]),
        specific=np.array([0.01, 0.02, 0.03]),
        kind="test",
        notes={"C": "C is new."},
    )


def test_covariance_by_hand():
    covariance = three().covariance(["C", "A"])
    np.testing.assert_allclose(covariance, [[0.09 + 0.01 + 0.0025 + 0.03, 0.06 - 0.01], [0.05, 0.04 + 0.01 + 0.01]])


def test_select_keeps_the_order_asked_and_drops_factors_nobody_knows():
    exposure, specific = three().select(["B", "A"])
    np.testing.assert_array_equal(exposure[:, 0], [0.1, 0.2])
    # Only A knows the second factor here, so it is A's own variance now; nobody knows the third.
    assert exposure.shape == (2, 1)
    np.testing.assert_allclose(specific, [0.02, 0.01 + 0.01])


def test_select_of_the_same_symbol_twice_keeps_what_they_share():
    exposure, specific = three().select(["A", "A"])
    np.testing.assert_allclose(exposure @ exposure.T, np.full((2, 2), 0.05))
    np.testing.assert_allclose(specific, [0.01, 0.01])


def test_select_changes_no_covariance():
    model = three()
    whole = model.exposure @ model.exposure.T + np.diag(model.specific)
    rows = [2, 0]
    np.testing.assert_allclose(model.covariance(["C", "A"]), whole[np.ix_(rows, rows)], rtol=1e-14)


def test_a_symbol_it_does_not_know_is_named():
    with pytest.raises(ProgramError, match=r"nothing of D.*Add"):
        three().select(["A", "D"])


def test_json_brings_back_every_bit():
    model = three()
    document = json.loads(json.dumps(model.to_json()))
    again = RiskModel.from_json(document)
    assert again.symbols == model.symbols
    assert again.kind == model.kind
    assert dict(again.notes) == dict(model.notes)
    assert again.exposure.tobytes() == model.exposure.tobytes()
    assert again.specific.tobytes() == model.specific.tobytes()


def test_json_of_a_model_without_factors():
    model = RiskModel(symbols=("A", "B"), exposure=np.zeros((2, 0)), specific=np.array([0.01, 0.02]), kind="drift")
    assert RiskModel.from_json(model.to_json()).exposure.shape == (2, 0)


def test_a_third_party_recomputes_tracking_error_from_the_json():
    document = three().to_json()
    active = {"A": 0.5, "C": -0.5}
    x = [active.get(symbol, 0.0) for symbol in document["symbols"]]
    by_factor = [sum(x[i] * document["F"][i][k] for i in range(3)) for k in range(3)]
    variance = sum(y * y for y in by_factor) + sum(document["D"][i] * x[i] ** 2 for i in range(3))
    # By hand: factors .5·(.2-.3) = -.05, .5·(.1+.1) = .1, -.025; specific .25·(.01+.03) = .01.
    assert variance == pytest.approx(0.0025 + 0.01 + 0.000625 + 0.01)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"schema": "lotwright.plan/1"}, "schema"),
        ({"D": None}, "shape"),
        ({"D": "much"}, "cannot be read"),
        ({"F": [["x", 0, 0]] * 3}, "cannot be read"),
        ({"D": [0.01, 0.02]}, "shape"),
        ({"notes": ["C is new."]}, "cannot be read"),
    ],
)
def test_json_that_is_no_risk_model_is_refused(change: dict[str, Any], says: str):
    with pytest.raises(ProgramError, match=says):
        RiskModel.from_json(three().to_json() | change)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"symbols": ("B", "A")}, "sorted"),
        ({"symbols": ("A", "A")}, "without repeats"),
        ({"exposure": np.ones((3, 1))}, "shape"),
        ({"exposure": np.ones(2)}, "shape"),
        ({"specific": np.ones(3)}, "shape"),
        ({"exposure": np.array([[1.0], [np.inf]])}, "row of B is not finite"),
        ({"specific": np.array([np.nan, 1.0])}, "row of A is not finite"),
        ({"specific": np.array([1.0, 0.0])}, "row of B has no positive"),
        ({"notes": {"Z": "Z is new."}}, "note about Z"),
    ],
)
def test_a_model_that_contradicts_itself_is_refused(change: dict[str, Any], says: str):
    with pytest.raises(ProgramError, match=says):
        RiskModel(**(NO_MODEL | change))


def test_its_arrays_cannot_be_changed():
    model = three()
    with pytest.raises(ValueError, match="read-only"):
        model.specific[0] = 1.0
