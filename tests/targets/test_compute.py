"""Declarations, bounds and studies: nothing after the day is looked at, nothing outside its bounds gets through."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lotwright.book.history import PriceHistory
from lotwright.errors import ProgramError
from lotwright.targets.capping import within
from lotwright.targets.compute import Securities, exact, weights_of
from lotwright.targets.declaration import Declaration, declaration_of
from lotwright.targets.kinds import KINDS
from lotwright.targets.study import Bounds
from tests.targets.conftest import AS_OF, SYMBOLS, history_of

SECTOR = {"A": "Tech", "B": "Tech", "C": "Energy", "D": "Energy", "E": "Banks"}
SECURITIES = Securities(sector=SECTOR, kind={"A": "stock", "B": "stock", "C": "stock", "D": "stock", "E": "etf"})
PARAMETERS: dict[str, dict[str, Any]] = {
    "target_risk": {"volatility": 0.2},
    "target_return": {"annual_return": 0.02, "expected": "mean"},
    "black_litterman": {"view": [{"of": "A", "annual_return": 0.2, "confidence": 0.5}]},
    "index": {"weights": {"A": 5, "B": 4, "C": 3, "D": 2, "E": 1}, "hold": "sample", "names": 4},
}


def declared(kind: str, limits: dict[str, Any] | None = None, **source: Any) -> Declaration:
    table = {"kind": kind, "lookback_days": 200, **PARAMETERS.get(kind, {}), **source}
    return declaration_of("mine", {"says": "x", "source": table, "limits": limits or {}})


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_changing_the_future_changes_no_weight_of_the_past(five: np.ndarray, kind: str) -> None:
    """The same history with all that comes after ``as_of`` multiplied, reversed or cut off gives the same weights."""
    history = history_of(five, SYMBOLS)
    day = history.dates[180].astype(object)
    one = weights_of(declared(kind), history, SECURITIES, as_of=day)
    later = history.dates > np.datetime64(day)
    changed = history.adj_close.copy()
    changed[later] = changed[later][::-1] * np.array([9.0, 0.1, 5.0, 0.2, 3.0])
    other = PriceHistory(symbols=SYMBOLS, dates=history.dates, adj_close=changed)
    cut = PriceHistory(symbols=SYMBOLS, dates=history.dates[~later], adj_close=history.adj_close[~later])
    assert weights_of(declared(kind), other, SECURITIES, as_of=day).weight == one.weight
    assert weights_of(declared(kind), cut, SECURITIES, as_of=day).weight == one.weight


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_weights_sum_to_one_exactly_and_keep_every_bound(five: np.ndarray, kind: str) -> None:
    limits = {"maximum_weight": 0.4, "maximum": {"A": 0.21}, "exclude": ["D"], "exclude_sectors": ["Banks"]}
    found = weights_of(
        declared(kind, limits, names=3) if kind == "index" else declared(kind, limits),
        history_of(five, SYMBOLS),
        SECURITIES,
        as_of=AS_OF,
    )
    assert sum(found.weight.values()) == 1
    assert set(found.weight) <= {"A", "B", "C"}
    assert found.weight.get("A", 0) <= Decimal("0.210001")
    assert max(found.weight.values()) <= Decimal("0.400001")
    assert list(found.weight.values()) == sorted(found.weight.values(), reverse=True)


@pytest.mark.parametrize("kind", ["minimum_volatility", "maximum_sharpe", "black_litterman"])
def test_sectors_keep_their_bounds(five: np.ndarray, kind: str) -> None:
    found = weights_of(
        declared(kind, {"sectors": {"Tech": [0.1, 0.2], "Banks": 0.3}}),
        history_of(five, SYMBOLS),
        SECURITIES,
        as_of=AS_OF,
    )
    tech = found.weight.get("A", Decimal(0)) + found.weight.get("B", Decimal(0))
    assert Decimal("0.0999") <= tech <= Decimal("0.2001")
    assert found.weight.get("E", Decimal(0)) <= Decimal("0.3001")


def test_a_clients_own_preferences_come_on_top(five: np.ndarray) -> None:
    one = declared("equal", {"maximum": {"A": 0.3}})
    own = one.bounds.narrowed(
        exclude=frozenset({"E"}), exclude_sectors=frozenset({"Energy"}), maximum={"A": 0.4, "B": 0.9}
    )
    found = weights_of(one, history_of(five, SYMBOLS), SECURITIES, as_of=AS_OF, bounds=own)
    assert found.weight == {"B": Decimal("0.7"), "A": Decimal("0.3")}


@pytest.mark.parametrize(
    ("universe", "held"), [("all", "ABCDE"), ("stocks", "ABCD"), ("funds", "E"), (["C", "A"], "AC")]
)
def test_the_universe_is_what_it_says(five: np.ndarray, universe: Any, held: str) -> None:
    found = weights_of(declared("equal", universe=universe), history_of(five, SYMBOLS), SECURITIES, as_of=AS_OF)
    assert set(found.weight) == set(held)


def test_a_symbol_with_a_short_history_is_left_out_and_told(five: np.ndarray) -> None:
    history = history_of(five, SYMBOLS)
    price = history.adj_close.copy()
    price[:100, 2] = np.nan
    found = weights_of(declared("equal"), replace(history, adj_close=price), SECURITIES, as_of=AS_OF)
    assert "C" not in found.weight
    assert found.notes == (f"Left out for want of prices on the 200 days up to {AS_OF}: C.",)


@pytest.mark.parametrize(
    ("limits", "source", "words"),
    [
        ({"maximum_weight": 0.1}, {}, r"caps of the 5 securities let 50\.0% be invested"),
        ({"minimum_weight": 0.3}, {}, "least weights"),
        ({"exclude": list(SYMBOLS)}, {}, "leave nothing to hold"),
        ({"maximum": {"A": 1.5}}, {}, r"maximum\.A is 1\.5"),
        ({"maximum_wieght": 0.1}, {}, "Did you mean maximum_weight"),
        ({"exclude": "A"}, {}, "must be a list of texts"),
        ({"sectors": {"Tech": 0.5}}, {}, "equal cannot keep bounds on sectors"),
        ({}, {"kind": "equall"}, "no source of targets of that kind.*equal"),
        ({}, {"kind": "target_risk"}, "needs volatility"),
        ({}, {"kind": "minimum_volatility", "risk": "ledoit"}, "no risk estimator 'ledoit'"),
        ({}, {"kind": "minimum_volatility", "risk": 3}, "risk is 3; it must be a text"),
        ({}, {"kind": "minimum_volatility", "rsik": "oas"}, "Did you mean risk"),
        ({}, {"universe": ["A", "ZZZ"]}, "ZZZ of the universe has no price"),
        ({}, {"universe": "stock"}, "universe is 'stock'"),
        ({}, {"lookback_days": 10}, "lookback_days is 10"),
        ({}, {"kind": "index", "weights": {"Q": 1}}, "None of the index's names|No security has|nothing to hold"),
        ({}, {"kind": "index", "weights": {"A": 1}, "hold": "some"}, "hold is 'some'"),
        ({}, {"kind": "maximum_sharpe", "risk_free_rate": 9.0}, "no weights of maximum Sharpe"),
    ],
)
def test_a_declaration_that_does_not_fit_says_what_would(
    five: np.ndarray, limits: dict[str, Any], source: dict[str, Any], words: str
) -> None:
    document = {"source": {"kind": "equal", "lookback_days": 200, **source}, "limits": limits}

    def asked() -> None:
        weights_of(declaration_of("mine", document), history_of(five, SYMBOLS), SECURITIES, as_of=AS_OF)

    with pytest.raises(ProgramError, match=words) as told:
        asked()
    assert str(told.value).startswith("mine") or "source of targets" in str(told.value)


def test_too_little_history_is_told(five: np.ndarray) -> None:
    with pytest.raises(ProgramError, match="The history has 31 days"):
        weights_of(declared("equal"), history_of(five[:30], SYMBOLS), SECURITIES, as_of=AS_OF)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed:
    """A plug-in that answers what it is told to."""

    keeps_groups: ClassVar[bool] = False
    answer: Any = None

    def weights(self, study: Any) -> Any:
        return self.answer() if callable(self.answer) else self.answer


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"A": 0.5, "Z": 0.5}, "gives a weight to Z"),
        ({"A": float("nan"), "B": 1.0}, "gives A no number"),
        ({"A": 0.5}, "they sum to 0.5"),
        ({"A": 1.5, "B": -0.5}, "outside their bounds"),
        (lambda: 1 / 0, "broke down .ZeroDivisionError"),
        (None, "broke down"),
    ],
)
def test_what_a_plug_in_answers_is_checked_before_it_is_believed(five: np.ndarray, answer: Any, words: str) -> None:
    one = replace(declared("equal"), source=Fixed(answer=answer), kind="fixed")
    with pytest.raises(ProgramError, match=words):
        weights_of(one, history_of(five, SYMBOLS), SECURITIES, as_of=AS_OF)


@settings(max_examples=60)
@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=8).filter(lambda w: sum(w) > 0.01),
    st.lists(st.floats(0.05, 1), min_size=8, max_size=8),
)
def test_capping_and_rounding_are_laws(weight: list[float], caps: list[float]) -> None:
    raw, upper = np.array(weight), np.array(caps[: len(weight)])
    if upper.sum() < 1:
        upper = np.ones(len(raw))
    found = within(raw, np.zeros(len(raw)), upper)
    assert found.sum() == pytest.approx(1)
    assert (found <= upper + 1e-12).all()
    inside = (found < upper - 1e-9) & (raw > 1e-6)
    if inside.sum() > 1 and np.where(raw > 0, upper, 0).sum() >= 1:
        scale = found[inside] / raw[inside]
        assert scale == pytest.approx(scale[0], rel=1e-6)
    symbols = tuple("ABCDEFGH"[: len(raw)])
    rounded = exact(symbols, found, upper)
    assert sum(rounded.values()) == 1
    assert all(abs(float(rounded.get(s, 0)) - w) < 1e-5 for s, w in zip(symbols, found, strict=True))


def test_the_day_may_be_before_the_last_of_the_history(five: np.ndarray) -> None:
    found = weights_of(declared("inverse_volatility"), history_of(five, SYMBOLS), SECURITIES, as_of=date(2020, 3, 1))
    assert found.as_of == date(2020, 3, 1)


def test_bounds_without_anything_are_no_bounds() -> None:
    assert Bounds() == declaration_of("x", {"source": {"kind": "equal"}}).bounds


def test_row_order_of_symbols_changes_nothing(five: np.ndarray) -> None:
    history = history_of(five, SYMBOLS)
    turned = PriceHistory(symbols=SYMBOLS[::-1], dates=history.dates, adj_close=history.adj_close[:, ::-1])
    for kind in ("minimum_volatility", "hierarchical_risk_parity"):
        one = weights_of(declared(kind), history, SECURITIES, as_of=AS_OF)
        assert weights_of(declared(kind), turned, SECURITIES, as_of=AS_OF).weight == one.weight
