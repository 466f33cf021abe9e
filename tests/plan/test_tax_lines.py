"""The year's tax of the United Kingdom and Canada as a few lines, against the year worked out step by step."""

from __future__ import annotations

import random

import numpy as np
import pytest

from lotwright.plan.costs.tax_lines import year_pieces
from lotwright.tax.regimes.plan_canada import CanadaYear
from lotwright.tax.regimes.uk_year import UnitedKingdomYear
from tests.plan.factory import money

POINTS = 1_000


def uk_burden(gain: np.ndarray, *, basic: float, higher: float, band: float, exempt: float, carried: float, k: float):
    """Pounds of tax less the worth of losses carried out, pound by pound as TCGA 1992 sections 1E, 1I and 1K tell it."""
    used = np.clip(gain - exempt, 0.0, carried)  # losses brought forward, only down to the exempt amount
    taxable = np.maximum(gain - used - exempt, 0.0)
    tax = basic * np.minimum(taxable, band) + higher * np.maximum(taxable - band, 0.0)
    return tax - k * (carried - used + np.maximum(-gain, 0.0))


@pytest.mark.parametrize("seed", range(100))
def test_the_uk_year_is_the_least_of_its_pieces_at_a_hundred_thousand_points(seed: int) -> None:
    rng = random.Random(seed)
    basic, higher = rng.choice([(0.1, 0.2), (0.18, 0.24), (0.2, 0.2), (0.24, 0.24)])
    band = rng.choice([0.0, 0.0, 1.0, 9_500.0, 37_700.0])
    exempt, carried = rng.choice([3_000.0, 6_000.0, 12_300.0]), rng.choice([0.0, 1.0, 2_500.0, 40_000.0])
    fraction = rng.choice([0.0, 0.5, 1.0, rng.random()])
    year = UnitedKingdomYear(
        basic=money(basic), higher=money(higher), band=money(band), exempt=money(exempt), realised=money(0), carried=money(carried)
    )  # fmt: skip
    k = fraction * (basic if band else higher)
    near = [0.0, exempt, exempt + carried, exempt + carried + band]
    gain = np.array([*near, *(kink + rng.uniform(-50, 50) for kink in near for _ in range(49)), *(rng.uniform(-60_000, 120_000) for _ in range(POINTS - 200))])  # fmt: skip
    assert len(gain) == POINTS
    pieces = [
        np.max([(b * gain + c) for _, b, c in lines], axis=0)
        for lines in year_pieces(year, carried_loss_value=fraction)
    ]
    truth = uk_burden(gain, basic=basic, higher=higher, band=band, exempt=exempt, carried=carried, k=k)
    assert np.min(pieces, axis=0) == pytest.approx(truth, abs=1e-7)
    if len(pieces) == 2:  # what the search leaves out a piece for
        first, second = pieces
        assert (first[gain <= 0] >= second[gain <= 0] - 1e-7).all()
        assert (first[gain >= 0] <= second[gain >= 0] + 1e-7).all()
    for value in gain[:250]:
        told = year.outcome(short=money(0), long=money(float(value)))
        worth = year.loss_worth(money(fraction)) * (told.carryforward_short + told.carryforward_long)
        assert float(told.tax - worth) == pytest.approx(uk_burden(value, basic=basic, higher=higher, band=band, exempt=exempt, carried=carried, k=k), abs=1e-7)  # fmt: skip


def test_the_uk_year_by_hand() -> None:
    """2024/25, higher rate, £3,000 exempt, £5,000 brought forward; figures by hand from sections 1E and 1K."""
    year = UnitedKingdomYear(
        basic=money(0.18), higher=money(0.24), band=money(0), exempt=money(3000), realised=money(0), carried=money(5000)
    )
    rows = {-1000: (0, 6000), 0: (0, 5000), 2000: (0, 5000), 3500: (0, 4500), 8000: (0, 0), 10_000: (480, 0)}
    for gain, (tax, carried) in rows.items():
        told = year.outcome(short=money(0), long=money(gain))
        assert (told.tax, told.carryforward_long) == (tax, carried), gain


@pytest.mark.parametrize("seed", range(20))
def test_the_canadian_year_is_the_largest_of_its_lines(seed: int) -> None:
    rng = random.Random(seed)
    rate, carried, fraction = rng.choice([0.1, 0.2677]), rng.choice([0.0, 3_000.0]), rng.random()
    year = CanadaYear(rate=money(rate), realised=money(0), carried=money(carried))
    (lines,) = year_pieces(year, carried_loss_value=fraction)
    for gain in [0.0, carried, *(rng.uniform(-9_000, 9_000) for _ in range(100))]:
        left = gain - carried  # losses of other years against gains of this one, the rest carried on (ITA 111(1)(b))
        truth = rate * left if left > 0 else fraction * rate * left
        assert max(b * gain + c for _, b, c in lines) == pytest.approx(truth, abs=1e-7)
        told = year.outcome(short=money(0), long=money(gain))
        assert float(told.tax) - fraction * rate * float(told.carryforward_long) == pytest.approx(truth, abs=1e-7)
