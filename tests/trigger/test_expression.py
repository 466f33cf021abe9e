"""Expressions: what they are worth, and what no text may ever become."""

from __future__ import annotations

import ast
import builtins
import math
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lotwright.errors import ProgramError
from lotwright.trigger.expression import DEEPEST, LONGEST, Signals, parse
from lotwright.trigger.series import Series
from lotwright.trigger.trading_days import trading_days

TODAY = date(2024, 6, 14)
NYSE = trading_days("XNYS", TODAY)
SESSIONS = [day for day in NYSE.sessions if day <= TODAY]


def series(name: str, *values: float, last: date = TODAY, max_age: int = 5) -> Series:
    days = [day for day in SESSIONS if day <= last][-len(values) :] if values else []
    return Series(
        name=name,
        dates=np.array(days, dtype="datetime64[D]"),
        values=np.array(values, dtype=np.float64),
        max_age=max_age,
    )


def holds(text: str, *found: Series) -> bool | None:
    return Signals({one.name: one for one in found}, as_of=TODAY, days=NYSE).reading(text).holds


VIX = series("VIX", 20, 25, 40, 30)
SPY = series("SPY", 100, 120, 90, 108)


@pytest.mark.parametrize(
    ("text", "is_so"),
    [
        ("VIX > 29.9", True),
        ("VIX > 30", False),
        ("VIX >= 30", True),
        ("20 < VIX <= 30", True),
        ("VIX - SPY < 0 and not VIX < 30", True),
        ("VIX < 30 or SPY * 2 > 215", True),
        ("drawdown(SPY, 4) >= 0.1", True),  # 108 of 120
        ("drawdown(SPY, 4) > 0.11", False),
        ("change(SPY, 1) >= 0.2", True),  # 108 of 90
        ("change(SPY, 3) > 0.08", False),
        ("mean(VIX, 2) >= 35 and mean(VIX, 4) < 28.76", True),
        ("high(VIX, 4) >= 40 and low(VIX, 4) <= 20", True),
        ("ago(VIX, 3) <= 20", True),
        ("percentile(VIX, 4) >= 0.75", True),
        ("percentile(VIX, 4) > 0.75", False),
        ("max(VIX, SPY) > 107 and min(VIX, SPY) < 31 and abs(-VIX) > 29", True),
        ("(VIX + SPY) / 2 > 68.9", True),
        ("-VIX < +1e3", True),
    ],
)
def test_what_an_expression_is_worth(text: str, is_so: bool) -> None:
    assert holds(text, VIX, SPY) is is_so


def test_volatility_is_the_annualised_deviation_of_daily_log_returns() -> None:
    """Two returns, +r and -r: the sample deviation is r·√2, a year's √252 times that."""
    r = math.log(1.01)
    wave = series("S", 100, 101, 100)
    expected = r * math.sqrt(2) * math.sqrt(252)
    assert holds(f"volatility(S, 2) > {expected * 0.9999}", wave)
    assert not holds(f"volatility(S, 2) > {expected * 1.0001}", wave)


@pytest.mark.parametrize(
    "text",
    ["VIX > 1", "mean(VIX, 5) > 1", "VIX / (SPY - SPY) > 1", "change(ZERO, 1) > 0", "VIX > 29 and mean(SPY, 9) > 0",
     "VIX < 29 or mean(SPY, 9) > 0", "not mean(SPY, 9) > 0", "volatility(ZERO, 2) > 0"],
)  # fmt: skip
def test_what_cannot_be_told_is_never_a_no(text: str) -> None:
    found = [series("VIX", last=TODAY), SPY] if text in ("VIX > 1", "mean(VIX, 5) > 1") else [VIX, SPY]
    assert holds(text, *found, series("ZERO", 1, 0, 0)) is None


@pytest.mark.parametrize(
    ("text", "is_so"), [("VIX > 31 and mean(SPY, 9) > 0", False), ("VIX > 29 or mean(SPY, 9) > 0", True)]
)
def test_the_rest_decides_where_it_can(text: str, is_so: bool) -> None:
    assert holds(text, VIX, SPY) is is_so


def test_tomorrow_is_not_known_today() -> None:
    ahead = Series(
        name="VIX",
        dates=np.array([TODAY, TODAY + timedelta(days=3)], dtype="datetime64[D]"),
        values=np.array([10.0, 99.0]),
    )
    assert holds("VIX > 50", ahead) is False


def test_an_old_value_says_nothing_of_today() -> None:
    """Five sessions from Friday 7 June to Friday 14 June 2024 are the most; six are too many."""
    assert holds("VIX > 1", series("VIX", 30, last=date(2024, 6, 7))) is True
    assert holds("VIX > 1", series("VIX", 30, last=date(2024, 6, 6))) is None
    assert holds("VIX > 1", series("VIX", 30, last=date(2024, 3, 1), max_age=250)) is True
    signals = Signals({"VIX": series("VIX", 30, last=date(2024, 6, 6))}, as_of=TODAY, days=NYSE)
    assert "2024-06-06, 6 trading days before" in signals.reading("VIX > 1").why


HOSTILE = [
    "__import__('os').system('true') > 0",
    "().__class__.__bases__[0].__subclasses__() > 0",
    "VIX.__class__ > 0",
    "VIX.values > 0",
    "VIX[0] > 1",
    "getattr(VIX, 'x') > 0",
    "eval('1') > 0",
    "exec('1') > 0",
    "open('/etc/passwd') > 0",
    "print(VIX) > 0",
    "9**9**9**9 > 0",
    "2**100000000 > 0",
    "1 << 99999999 > 0",
    "VIX % 2 > 0",
    "VIX // 2 > 0",
    "VIX @ VIX > 0",
    "~VIX > 0",
    "VIX if VIX else VIX > 0",
    "(lambda: 1)() > 0",
    "[x for x in (1,)] > 0",
    "{1: 2} > 0",
    "{1} > 0",
    "(1, 2) > 0",
    "(x := 3) > 2",
    "x = 3",
    "import os",
    "VIX > 1; VIX > 2",
    "VIX > 1\nVIX > 2",
    "f'{VIX}' > 0",
    "'a' > 0",
    "b'a' > 0",
    "... > 0",
    "None > 0",
    "True > 0",
    "1j > 0",
    "1e999 > 0",
    "9" * 400 + " > 0",
    "mean(VIX, 10**9) > 0",
    "mean(VIX, -1) > 0",
    "mean(VIX, 0) > 0",
    "mean(VIX, 1e3) > 0",
    "mean(VIX, True) > 0",
    "mean(VIX, n) > 0",
    "mean(VIX, 99999) > 0",
    "mean(mean(VIX, 2), 2) > 0",
    "mean(*VIX) > 0",
    "mean(VIX, n=3) > 0",
    "mean(**VIX) > 0",
    "volatility(VIX, 1) > 0",
    "min(VIX) > 0",
    "abs(VIX, VIX) > 0",
    "max(" + ", ".join(["VIX"] * 11) + ") > 0",
    "VIX",
    "3",
    "not VIX",
    "VIX and SPY",
    "VIX == 30",
    "VIX != 30",
    "VIX is 30",
    "VIX in SPY",
    "_ > 0",
    "__builtins__ > 0",
    "await VIX > 0",
    "yield VIX",
    "*VIX > 0",
    "",
    "   ",
    "# nothing",
    "VIX > 1 # and a comment \x07",
    "\x00",
    "VIX > \x001",
    "ＶＩＸ > 30",  # full-width letters, which Python would read as VIX
    "ⅤⅠⅩ > 30",
    "VIX > ３０",
    "VIX\u00a0> 30",
    "VIX > 30\u2028",
    "\u202eVIX > 30",
    "VIX‑1 > 0",
    "é > 0",
    "(" * 300 + "1" + ")" * 300,
    "(" * 90 + "VIX" + ")" * 90 + " > 0 " + "+" * 300,
    "-" * 480 + "VIX > 0",
    "not " * 100 + "VIX > 0",
    "VIX + " * 80 + "VIX > 0",
    "VIX > 0 and " * 40 + "VIX > 0",
    "VIX > 0" + " " * 600,
    "a" * 10_000_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:30]))
def test_hostile_text_is_refused_in_words(text: str) -> None:
    with pytest.raises(ProgramError) as told:
        parse(text)
    assert str(told.value).isascii()
    assert len(str(told.value)) < 400


@pytest.mark.parametrize("thing", [None, 3, ["VIX > 3"], b"VIX > 3"])
def test_what_is_no_text_is_refused(thing: object) -> None:
    with pytest.raises(ProgramError):
        parse(thing)  # type: ignore[arg-type]


def test_nothing_is_ever_executed(monkeypatch: pytest.MonkeyPatch) -> None:
    """With eval, exec and compile to code taken away, expressions still are what they are."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("an expression was executed")

    monkeypatch.setattr(builtins, "eval", refuse)
    monkeypatch.setattr(builtins, "exec", refuse)
    assert holds("VIX > 29 and drawdown(SPY, 4) > 0", VIX, SPY) is True


def test_limits_are_where_they_are_said_to_be() -> None:
    assert parse("VIX > 1" + " " * (LONGEST - 8)).names == {"VIX"}
    assert parse("-" * (DEEPEST - 3) + "VIX > 1").names == {"VIX"}
    with pytest.raises(ProgramError, match="nested more than"):
        parse("-" * (DEEPEST + 1) + "VIX > 1")


@given(st.text(max_size=80))
def test_any_text_is_an_expression_or_a_message(text: str) -> None:
    try:
        parse(text)
    except ProgramError:
        return
    allowed = (ast.Expression, ast.BoolOp, ast.UnaryOp, ast.BinOp, ast.Compare, ast.Call, ast.Name, ast.Constant, ast.Load,
               ast.boolop, ast.unaryop, ast.operator, ast.cmpop)  # fmt: skip
    assert all(isinstance(node, allowed) for node in ast.walk(ast.parse(text.strip(" \t\r\n"), mode="eval")))


_NUMBER = st.recursive(
    st.sampled_from(["VIX", "SPY", "1", "0.5", "30", "mean(VIX, 2)", "change(SPY, 1)"]),
    lambda inner: st.builds(lambda a, op, b: f"({a} {op} {b})", inner, st.sampled_from("+-*/"), inner),
    max_leaves=5,
)


@given(_NUMBER, st.sampled_from([">", "<", ">=", "<="]), _NUMBER)
def test_it_is_what_python_itself_would_say(left: str, sign: str, right: str) -> None:
    """A second opinion: Python's own eval, in a test, on values of our own."""
    text = f"{left} {sign} {right}"
    names = {
        "VIX": 30.0, "SPY": 108.0, "mean": lambda *_: 35.0, "change": lambda *_: (108.0 - 90.0) / 90.0
    }  # fmt: skip
    try:
        expected = eval(text, {"__builtins__": {}}, names)
    except ZeroDivisionError:
        expected = None
    assert holds(text, VIX, SPY) is expected
