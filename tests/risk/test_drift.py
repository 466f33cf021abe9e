"""Plain drift: every security on its own."""

from __future__ import annotations

import numpy as np

from lotwright.risk.drift import drift_model


def test_volatility_is_squared_and_a_missing_one_assumed_and_noted():
    model = drift_model(["C", "A", "B", "D"], {"A": 0.10, "B": None, "D": 0.0})
    assert model.symbols == ("A", "B", "C", "D")
    assert model.exposure.shape == (4, 0)
    np.testing.assert_allclose(model.specific, [0.01, 0.04, 0.04, 0.04])
    assert sorted(model.notes) == ["B", "C", "D"]
    assert "20%" in model.notes["B"]


def test_variance_is_weighted_squared_drift():
    active = np.array([0.02, -0.02])
    covariance = drift_model(["A", "B"], {"A": 0.2, "B": 0.3}).covariance(["A", "B"])
    np.testing.assert_allclose(active @ covariance @ active, 0.0004 * (0.04 + 0.09))
