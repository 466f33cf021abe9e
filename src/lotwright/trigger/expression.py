"""Conditions on indicators, written as a person would: ``VIX > 30 and drawdown(SPY, 63) > 0.10``.

Problem: a settings file must never become a program. Python's ``eval`` cannot be fenced in, and a parser of our own would
be one more thing to get wrong.
Observation: Python's own parser turns text into a tree and runs nothing.
Therefore: the text must be short and plain ASCII, the tree shallow and small; every node must be of a kind listed here
(comparisons, and/or/not, + - * /, numbers, names, calls of the functions below), every name a declared series, every
function's count a whole number. What remains is evaluated by this module on plain floats. There are no powers, attributes,
subscripts, strings, lambdas or assignments, because there is no code here that would evaluate them.

What cannot be told (too few values, a value too old, a division by zero) is ``None``, never False.
"""

from __future__ import annotations

import ast
import math
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches

import numpy as np
from numpy.typing import NDArray

from lotwright.errors import ProgramError
from lotwright.trigger.series import Series
from lotwright.trigger.trading_days import TradingDays

LONGEST, DEEPEST, MOST_NODES = 500, 20, 120
BLANKS = " \t\r\n"
LARGEST = 1e15
"""Largest number that may be written."""
MOST_VALUES = 10_000
"""Most values a function may look back."""
TRADING_DAYS_A_YEAR = 252

Floats = NDArray[np.float64]


def _ago(values: Floats, n: int) -> float:
    return float(values[-1 - n])


def _change(values: Floats, n: int) -> float:
    return float((values[-1] - values[-1 - n]) / values[-1 - n])


def _mean(values: Floats, n: int) -> float:
    return float(values[-n:].mean())


def _high(values: Floats, n: int) -> float:
    return float(values[-n:].max())


def _low(values: Floats, n: int) -> float:
    return float(values[-n:].min())


def _drawdown(values: Floats, n: int) -> float:
    high = values[-n:].max()
    return float((high - values[-1]) / high)


def _volatility(values: Floats, n: int) -> float:
    returns = np.diff(np.log(values[-n - 1 :]))
    return float(returns.std(ddof=1) * math.sqrt(TRADING_DAYS_A_YEAR))


def _percentile(values: Floats, n: int) -> float:
    return float((values[-n:] <= values[-1]).mean())


@dataclass(frozen=True, slots=True)
class _Function:
    """A function of a series and a count; it needs ``count + more`` values and a count of ``least`` or more."""

    says: str
    of: Callable[[Floats, int], float]
    more: int = 0
    least: int = 1


FUNCTIONS: Mapping[str, _Function] = {
    "ago": _Function("the value n values before the last", _ago, more=1),
    "change": _Function("fraction by which the last value differs from the one n values before it", _change, more=1),
    "mean": _Function("mean of the last n values", _mean),
    "high": _Function("highest of the last n values", _high),
    "low": _Function("lowest of the last n values", _low),
    "drawdown": _Function("fraction by which the last value is below the highest of the last n", _drawdown),
    "volatility": _Function("yearly volatility of the last n daily returns", _volatility, more=1, least=2),
    "percentile": _Function("fraction of the last n values that are at or below the last", _percentile),
}
PLAIN: Mapping[str, Callable[..., float]] = {"abs": abs, "min": min, "max": max}
"""Functions of numbers."""
_COMPARE: Mapping[type[ast.cmpop], tuple[str, Callable[[float, float], bool]]] = {
    ast.Gt: (">", lambda a, b: a > b),
    ast.GtE: (">=", lambda a, b: a >= b),
    ast.Lt: ("<", lambda a, b: a < b),
    ast.LtE: ("<=", lambda a, b: a <= b),
}
_ARITHMETIC: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
}


class _CannotTellError(Exception):
    """Why an expression has no value today."""


_Data = Mapping[str, Series]
_Number = Callable[[_Data], float]
_Truth = Callable[[_Data], bool | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What an expression was on a day; ``holds`` is None where it cannot be told, and ``why`` says the figures or the lack."""

    holds: bool | None
    why: str


@dataclass(frozen=True, slots=True)
class Expression:
    """A checked expression: its text, the series it names, and nothing that can be called from outside.

    Examples
    --------
    >>> sorted(parse("VIX > 30 and drawdown(SPY, 63) > 0.10").names)
    ['SPY', 'VIX']
    """

    text: str
    names: frozenset[str]
    _truth: _Truth = field(repr=False, compare=False)
    _leaves: tuple[tuple[str, _Number], ...] = field(repr=False, compare=False)

    def read(self, series: _Data) -> Reading:
        """Evaluate on series that end on the day judged; every name must be among them."""
        shown = ", ".join(f"{text} is {_shown(number, series)}" for text, number in self._leaves)
        try:
            holds = self._truth(series)
        except _CannotTellError as error:
            return Reading(holds=None, why=f"{self.text} cannot be told: {error}")
        return Reading(holds=holds, why=f"{self.text}: {shown}." if shown else f"{self.text}.")


def parse(text: str) -> Expression:
    """Check an expression and make it ready to be evaluated; nothing of it is ever executed as Python.

    Raises
    ------
    ProgramError
        The text is too long or deep, is no expression, or holds anything beyond the grammar; the message names the part.
    """
    _check_text(text)
    try:
        with warnings.catch_warnings():  # of the parser, about style
            warnings.simplefilter("ignore")
            tree = ast.parse(text.strip(BLANKS), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        said = error.msg if isinstance(error, SyntaxError) else "it cannot be parsed"
        raise ProgramError(f"The expression {_short(text)} is not one: {said}. Write it like VIX > 30.") from None
    nodes = sum(1 for _ in _walk(tree, text))
    if nodes > MOST_NODES:
        raise ProgramError(
            f"The expression {_short(text)} has {nodes} parts; {MOST_NODES} are the most. Cut it in two."
        )
    reader = _Reader(text)
    truth = reader.truth(tree.body)
    return Expression(text.strip(BLANKS), frozenset(reader.names), truth, tuple(reader.leaves.items()))


def _check_text(text: object) -> None:
    if not isinstance(text, str) or not text.strip(BLANKS):
        raise ProgramError("An expression is empty. Write it like VIX > 30.")
    if len(text) > LONGEST:
        raise ProgramError(
            f"The expression {_short(text)} has {len(text)} letters; {LONGEST} are the most. Cut it in two."
        )
    odd = next((letter for letter in text.strip(BLANKS) if not letter.isascii() or not letter.isprintable()), None)
    if odd is not None:
        raise ProgramError(
            f"The expression {_short(text)} has the character {odd!a}. Use plain ASCII letters, digits and signs on a line."
        )


def _walk(tree: ast.AST, text: str) -> list[ast.AST]:
    """Every node, without recursion, so that no depth can hurt."""
    found: list[ast.AST] = []
    waiting = [(tree, 0)]
    while waiting:
        node, depth = waiting.pop()
        if depth > DEEPEST:
            raise ProgramError(f"The expression {_short(text)} is nested more than {DEEPEST} deep. Write it flatter.")
        found.append(node)
        waiting += [(child, depth + 1) for child in ast.iter_child_nodes(node)]
    return found


class _Reader:
    """From syntax to functions of series; whatever is not listed is refused."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.names: set[str] = set()
        self.leaves: dict[str, _Number] = {}

    def truth(self, node: ast.expr) -> _Truth:
        """A condition: a comparison, or conditions joined by and, or, not."""
        if isinstance(node, ast.BoolOp):
            parts = [self.truth(value) for value in node.values]
            return _all(parts) if isinstance(node.op, ast.And) else _any(parts)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return _not(self.truth(node.operand))
        if isinstance(node, ast.Compare):
            return self._comparison(node)
        raise self._refused(node, "is no condition; compare it with something, as in VIX > 30")

    def _comparison(self, node: ast.Compare) -> _Truth:
        signs = []
        for sign in node.ops:
            if type(sign) not in _COMPARE:
                raise self._refused(node, "compares in a way that is not allowed; use >, >=, < or <=")
            signs.append(_COMPARE[type(sign)][1])
        sides = [self.number(side) for side in (node.left, *node.comparators)]
        return _chain(sides, signs)

    def number(self, node: ast.expr) -> _Number:
        """A number: written, of a series, computed."""
        if isinstance(node, ast.Constant):
            return self._constant(node)
        if isinstance(node, ast.Name):
            return self._leaf(node, self._series(node, _last))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
            inner, sign = self.number(node.operand), -1.0 if isinstance(node.op, ast.USub) else 1.0
            return lambda data: sign * inner(data)
        if isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC:
            return _finite(
                _ARITHMETIC[type(node.op)], (self.number(node.left), self.number(node.right)), ast.unparse(node)
            )
        if isinstance(node, ast.Call):
            return self._call(node)
        raise self._refused(node, "is not allowed in an expression")

    def _constant(self, node: ast.Constant) -> _Number:
        number = node.value
        if isinstance(number, bool) or not isinstance(number, int | float) or not abs(number) <= LARGEST:
            raise self._refused(node, "is no number that may be written here")
        plain = float(number)
        return lambda _: plain

    def _call(self, node: ast.Call) -> _Number:
        if not isinstance(node.func, ast.Name) or node.keywords:
            raise self._refused(node, "is a call that is not allowed")
        name = node.func.id
        if name in PLAIN:
            if not (1 if name == "abs" else 2) <= len(node.args) <= (1 if name == "abs" else 10):
                raise self._refused(node, f"gives {name} {len(node.args)} numbers")
            return _finite(PLAIN[name], tuple(self.number(arg) for arg in node.args), ast.unparse(node))
        if name not in FUNCTIONS:
            near = get_close_matches(name, [*FUNCTIONS, *PLAIN], n=1)
            hint = f"did you mean {near[0]}? " if near else ""
            raise self._refused(node, f"calls {name}; {hint}there are {', '.join([*FUNCTIONS, *PLAIN])}")
        function = FUNCTIONS[name]
        if len(node.args) != 2 or not isinstance(node.args[0], ast.Name) or not isinstance(node.args[1], ast.Constant):
            raise self._refused(node, f"must be {name}(SERIES, n)")
        count = node.args[1].value
        if isinstance(count, bool) or not isinstance(count, int) or not function.least <= count <= MOST_VALUES:
            raise self._refused(node, f"must count whole values, from {function.least} to {MOST_VALUES}")
        return self._leaf(
            node, self._series(node.args[0], lambda values: function.of(values, count), count + function.more)
        )

    def _series(self, node: ast.Name, of: Callable[[Floats], float], needs: int = 1) -> _Number:
        name = node.id
        if name.startswith("_"):
            raise self._refused(node, "is no name of a series")
        self.names.add(name)

        def read(data: _Data) -> float:
            values = data[name].values
            if len(values) < needs:
                raise _CannotTellError(f"{name} has {len(values)} values until that day, and {needs} are needed.")
            with np.errstate(all="ignore"):
                found = of(values)
            if not math.isfinite(found):
                raise _CannotTellError(f"{name} has values for which this is no number.")
            return found

        return read

    def _leaf(self, node: ast.expr, number: _Number) -> _Number:
        self.leaves.setdefault(ast.unparse(node), number)
        return number

    def _refused(self, node: ast.AST, why: str) -> ProgramError:
        try:
            part = ast.unparse(node)
        except (RecursionError, ValueError):
            part = "a part"
        return ProgramError(f"In the expression {_short(self.text)}, {_short(part)} {why}.")


def _last(values: Floats) -> float:
    return float(values[-1])


def _finite(of: Callable[..., float], inputs: tuple[_Number, ...], text: str) -> _Number:
    def read(data: _Data) -> float:
        try:
            found = float(of(*(number(data) for number in inputs)))
        except (ZeroDivisionError, OverflowError):
            raise _CannotTellError(f"{text} divides by zero.") from None
        if not math.isfinite(found):
            raise _CannotTellError(f"{text} is no finite number.")
        return found

    return read


def _chain(sides: list[_Number], signs: list[Callable[[float, float], bool]]) -> _Truth:
    def read(data: _Data) -> bool | None:
        numbers = [side(data) for side in sides]
        return all(sign(a, b) for sign, a, b in zip(signs, numbers, numbers[1:], strict=False))

    return read


def _asked(part: _Truth, data: _Data) -> tuple[bool | None, _CannotTellError | None]:
    try:
        return part(data), None
    except _CannotTellError as error:
        return None, error


def _all(parts: list[_Truth]) -> _Truth:
    """False if one is False, whatever cannot be told of the others."""

    def read(data: _Data) -> bool | None:
        answers = [_asked(part, data) for part in parts]
        if any(answer is False for answer, _ in answers):
            return False
        for _, error in answers:
            if error is not None:
                raise error
        return True

    return read


def _any(parts: list[_Truth]) -> _Truth:
    """True if one is True, whatever cannot be told of the others."""

    def read(data: _Data) -> bool | None:
        answers = [_asked(part, data) for part in parts]
        if any(answer is True for answer, _ in answers):
            return True
        for _, error in answers:
            if error is not None:
                raise error
        return False

    return read


def _not(part: _Truth) -> _Truth:
    return lambda data: not part(data)


def _shown(number: _Number, data: _Data) -> str:
    try:
        return f"{number(data):,.6g}"
    except _CannotTellError:
        return "not known"


def _short(text: str) -> str:
    plain = text.strip(BLANKS).encode("ascii", "backslashreplace").decode()
    return repr(plain if len(plain) <= 60 else plain[:57] + "...")


class Signals:
    """Expressions on a day: each is evaluated once, however many households ask.

    Parameters
    ----------
    series : mapping of name to Series
        Cut at ``as_of`` here: what is dated later is not looked at.
    as_of : date
    days : TradingDays
        To tell how old a last value is.
    """

    def __init__(self, series: Mapping[str, Series], *, as_of: date, days: TradingDays) -> None:
        self.as_of, self.days = as_of, days
        self.series = {name: one.until(as_of) for name, one in series.items()}
        self._read: dict[str, Reading] = {}

    def reading(self, text: str) -> Reading:
        """What an expression is; None where a series it names is missing, empty or too old.

        Raises
        ------
        ProgramError
            The text holds anything beyond the grammar.
        """
        if text not in self._read:
            expression = parse(text)
            lack = self._lack(expression)
            self._read[text] = Reading(holds=None, why=lack) if lack else expression.read(self.series)
        return self._read[text]

    def _lack(self, expression: Expression) -> str:
        for name in sorted(expression.names):
            one = self.series.get(name)
            last = one.last_day if one is not None else None
            if one is None or last is None:
                return f"{expression.text} cannot be told: {name} has no value on or before {self.as_of.isoformat()}."
            age = self.days.count(last, self.as_of)
            if age > one.max_age:
                return (
                    f"{expression.text} cannot be told: the last value of {name} is of {last.isoformat()}, {age} trading"
                    f" days before {self.as_of.isoformat()}; {one.max_age} are the most. Bring {name} up to date."
                )
        return ""
