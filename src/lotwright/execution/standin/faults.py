"""Faults of the line: what a network, a proxy or a broken server does to a request or its answer.

A fault names the requests it strikes (method, path), how often and with what chance; chances come from a seed, so that a
run can be repeated. Faults of the market (partial fills, halts, rejections) are the exchange's, see
:class:`~lotwright.execution.standin.orders.Manner`.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from enum import StrEnum
from threading import Lock
from typing import Any

from lotwright.errors import BrokerError


class Kind(StrEnum):
    """What happens."""

    CLOSE_BEFORE = "close_before"
    """The connection closes; the request is never seen."""
    CLOSE_AFTER = "close_after"
    """The request is carried out; the connection closes without an answer."""
    RESET_BEFORE = "reset_before"
    RESET_AFTER = "reset_after"
    """As the two above, with a TCP reset."""
    RESET_MID = "reset_mid"
    """Half the answer, then a reset."""
    HOLD_BEFORE = "hold_before"
    """The request waits for ``seconds`` before it is carried out: it may take effect after the client gave up."""
    HOLD_AFTER = "hold_after"
    """The answer waits for ``seconds``."""
    DRIBBLE = "dribble"
    """The answer comes byte by byte over ``seconds``."""
    FAIL_BEFORE = "fail_before"
    """``status`` and ``body``; the request is not carried out."""
    FAIL_AFTER = "fail_after"
    """``status`` and ``body``; the request is carried out."""
    HALF = "half"
    """A correct answer, cut in the middle of the JSON, with a length that says it is whole."""
    BODY = "body"
    """Status 200, carried out, but ``body`` in the place of the answer."""
    REPLAY = "replay"
    """A proxy sends the request twice and passes the second answer on."""
    EDIT = "edit"
    """The answer's JSON is changed as ``edit`` says."""
    STALE = "stale"
    """The answer that the same request got the last time."""
    DEAF = "deaf"
    """Query parameters named in ``keys`` are not heard: paging that never advances."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault. It strikes ``times`` requests (None: all) whose method and path match, after ``skip`` that also match.

    ``path`` is a regular expression found anywhere in the path. ``edit`` has ``drop`` (names), ``set`` (names and values),
    ``numbers`` (``float``: decimal strings become numbers), ``rows`` (``reverse``, ``double``, ``none``).
    """

    kind: Kind
    method: str = "*"
    path: str = ""
    times: int | None = 1
    skip: int = 0
    chance: float = 1.0
    seconds: float = 1.0
    status: int = 500
    body: str = '{"code": 50010000, "message": "internal server error occurred"}'
    headers: Mapping[str, str] = field(default_factory=dict)
    keys: Sequence[str] = ()
    edit: Mapping[str, Any] = field(default_factory=dict)

    def strikes(self, method: str, path: str) -> bool:
        """True when the request is one of those meant."""
        return self.method in {"*", method} and re.search(self.path, path) is not None


def read_fault(given: Mapping[str, Any]) -> Fault:
    """A fault from JSON; ``BrokerError`` names what is wrong with it."""
    known = {each.name for each in fields(Fault)}
    unknown = sorted(set(given) - known)
    if unknown or "kind" not in given:
        raise BrokerError(
            f"A fault has {', '.join(sorted(known))}; found {dict(given)!r}. Name its kind, drop the rest."
        )
    try:
        re.compile(str(given.get("path", "")))
        return Fault(**{**given, "kind": Kind(given["kind"])})
    except (TypeError, ValueError, re.error) as error:
        raise BrokerError(f"The fault {dict(given)!r} cannot be read: {error}. Kinds: {', '.join(Kind)}.") from error


class Faults:
    """Faults in force, in the order they were added; the first that strikes a request is the one that happens."""

    def __init__(self, *, seed: int = 0) -> None:
        self._chance = random.Random(seed)  # noqa: S311  a die for tests, no secret
        self._lock = Lock()
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Put a fault in force."""
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        """No fault any more."""
        with self._lock:
            self._faults.clear()

    def take(self, method: str, path: str) -> Fault | None:
        """The fault that strikes this request, counted."""
        with self._lock:
            for place, fault in enumerate(self._faults):
                if not fault.strikes(method, path):
                    continue
                if fault.skip:
                    self._faults[place] = replace(fault, skip=fault.skip - 1)
                    continue
                if fault.chance < 1 and self._chance.random() >= fault.chance:
                    continue
                if fault.times is not None:
                    self._faults[place : place + 1] = [replace(fault, times=fault.times - 1)] if fault.times > 1 else []
                return fault
        return None

    def to_json(self) -> list[dict[str, Any]]:
        """Faults in force, JSON-ready."""
        with self._lock:
            return [asdict(fault) for fault in self._faults]


def edited(body: bytes, edit: Mapping[str, Any]) -> bytes:
    """An answer's JSON with changes, see :class:`Fault`."""
    found = json.loads(body)
    if isinstance(found, list):
        rows = [_edited(row, edit) for row in found]
        order = edit.get("rows")
        rows = {"reverse": rows[::-1], "double": [r for row in rows for r in (row, row)], "none": []}.get(
            str(order), rows
        )
        return json.dumps(rows).encode()
    return json.dumps(_edited(found, edit)).encode()


def _edited(row: Any, edit: Mapping[str, Any]) -> Any:
    if not isinstance(row, dict):
        return row
    kept = {key: value for key, value in row.items() if key not in edit.get("drop", ())} | dict(edit.get("set", {}))
    if edit.get("numbers") == "float":
        kept = {key: _number(value) for key, value in kept.items()}
    return kept


def _number(value: Any) -> Any:
    if isinstance(value, str) and re.fullmatch(r"-?\d+(\.\d+)?", value):
        return float(value)
    return value
