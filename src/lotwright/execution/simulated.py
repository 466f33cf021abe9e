"""A broker in this process: the stand-in's exchange without HTTP, behind the same words as Alpaca's.

Questions and answers are those that go over the network elsewhere, so that what holds here holds there; faults of the
line strike here too, as far as they can without a network: what would be a timeout costs no time.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from lotwright.execution.broker import Doubt
from lotwright.execution.line import Heard, Question, Silence
from lotwright.execution.rest import RestBroker
from lotwright.execution.standin.faults import Fault, Kind, edited
from lotwright.execution.standin.house import KEY, House
from lotwright.execution.standin.ledger import HeldLot
from lotwright.execution.standin.opening import open_with
from lotwright.execution.standin.routes import Answer, Asking
from lotwright.execution.standin.securities import security
from lotwright.execution.standin.tape import Tape
from lotwright.execution.standin.terms import Terms
from lotwright.execution.standin.timing import StandInTime

PATIENCE = 10.0
"""Seconds after which a held answer counts as lost."""
LOST_BEFORE = frozenset({Kind.CLOSE_BEFORE, Kind.RESET_BEFORE})
LOST_AFTER = frozenset({Kind.CLOSE_AFTER, Kind.RESET_AFTER, Kind.RESET_MID})
HELD = frozenset({Kind.HOLD_AFTER, Kind.DRIBBLE})


class HouseLine:
    """Carries a question to a stand-in in this process."""

    def __init__(self, house: House, *, key: str) -> None:
        self._house = house
        self._key = key
        self._last: dict[str, str] = {}
        self.is_cut = False
        """True: the line is dead until somebody says otherwise."""

    def ask(self, question: Question) -> Heard:
        """The answer, or what a fault makes of it."""
        house = self._house
        address = question.path + (f"?{urlencode(question.query)}" if question.query else "")
        if self.is_cut:
            raise Silence(Doubt.NO_ANSWER, "the line is cut")
        allowed, headers = house.allowance.spend(self._key, house.time.now())
        fault = house.faults.take(question.method, question.path)
        number = house.note(self._key, question.method, address)
        answer, headers = self._answer(question, fault, allowed=allowed, headers=headers)
        house.answered(number, answer.status)
        text = answer.body.decode()
        if fault is not None and fault.kind is Kind.STALE:
            text = self._last.setdefault(address, text)
        elif fault is None:
            self._last[address] = text
        date = house.time.now().strftime("%a, %d %b %Y %H:%M:%S GMT")
        told = {name.lower(): value for name, value in headers.items()}
        return Heard(status=answer.status, text=text, headers={"date": date, **told})

    def hide(self, text: str) -> str:
        """The text: there are no secrets here."""
        return text

    def _answer(
        self, question: Question, fault: Fault | None, *, allowed: bool, headers: dict[str, str]
    ) -> tuple[Answer, dict[str, str]]:
        if fault is not None and fault.kind in LOST_BEFORE:
            raise Silence(Doubt.NO_ANSWER, str(fault.kind))
        if fault is not None and fault.kind is Kind.FAIL_BEFORE:
            return Answer(fault.status, fault.body.encode()), headers | dict(fault.headers)
        if not allowed:
            return Answer(429, b'{"code": 42910000, "message": "rate limit exceeded"}'), headers
        asking = _asking(question, deaf=() if fault is None or fault.kind is not Kind.DEAF else fault.keys)
        if fault is None:
            return self._house.answer(self._key, asking), headers
        if fault.kind is Kind.HOLD_BEFORE:
            self._hold(fault, asking)
        answer = self._house.answer(self._key, asking)
        if fault.kind is Kind.REPLAY:
            answer = self._house.answer(self._key, asking)
        return _broken(answer, fault), headers | dict(fault.headers)

    def _hold(self, fault: Fault, asking: Asking) -> None:
        if fault.seconds > PATIENCE:
            self._house.later(self._key, asking, after=timedelta(seconds=fault.seconds))
            raise Silence(Doubt.NO_ANSWER, "held before it was carried out")


def _broken(answer: Answer, fault: Fault) -> Answer:
    kind, body = fault.kind, answer.body
    if kind in LOST_AFTER or (kind in HELD and fault.seconds > PATIENCE):
        raise Silence(Doubt.NO_ANSWER, str(kind))
    if kind is Kind.FAIL_AFTER:
        return Answer(fault.status, fault.body.encode())
    if kind is Kind.BODY:
        return Answer(200, fault.body.encode())
    if kind is Kind.HALF:
        return Answer(answer.status, body[: len(body) // 2])
    if kind is Kind.EDIT and body and answer.status < 300:
        return Answer(answer.status, edited(body, fault.edit))
    return answer


def _asking(question: Question, *, deaf: Any) -> Asking:
    body = b"" if question.body is None else json.dumps(question.body).encode()
    query = {name: value for name, value in question.query.items() if name not in deaf}
    return Asking(method=question.method, path=question.path, query=query, body=body)


class SimulatedBroker(RestBroker):
    """A :class:`~lotwright.execution.broker.Broker` on a stand-in of this process.

    ``house`` is the stand-in: its time, faults and ledgers; ``line`` can be cut.
    """

    def __init__(
        self, house: House, *, key: str = KEY, sleep: Callable[[float], object] | None = None, attempts: int = 6
    ) -> None:
        self.house = house
        self.line = HouseLine(house, key=key)
        wait = sleep or house.time.advance

        def pause(seconds: float) -> None:
            wait(seconds)

        super().__init__(self.line, name="simulated", is_live=False, is_simulated=True, sleep=pause, attempts=attempts)

    @classmethod
    def open(
        cls,
        path: Path | None,
        *,
        number: str,
        positions: Mapping[str, Decimal],
        cash: Decimal,
        prices: Mapping[str, Decimal],
        now: datetime,
        speed: float = 0.0,
    ) -> SimulatedBroker:
        """The simulated account kept in a file: opened with what is given, or as the file has it.

        Parameters
        ----------
        path : Path or None
            The file; each change is in it before it is answered. None: nothing is kept.
        number, positions, cash, prices
            The account where the file does not exist yet: shares, dollars, dollars a share.
        now : datetime
            The time it shows first; where the market is closed then, the next session's half hour after opening.
        speed : float
            Seconds its clock runs for each second of ours; 0: it stands, and waiting moves it.
        """
        opening: dict[str, Any] = {
            "number": number,
            "cash": str(cash),
            "positions": {symbol: str(quantity) for symbol, quantity in sorted(positions.items())},
            "prices": {symbol: str(price) for symbol, price in sorted(prices.items())},
            "now": now.astimezone(UTC).isoformat(),
        }
        tape = None if path is None else Tape(path, opening=opening)
        said: Mapping[str, Any] = opening if tape is None else tape.opening
        start = datetime.fromisoformat(said["now"])
        exchange = open_with(
            cash=Decimal(said["cash"]),
            securities=[security(symbol, Decimal(price)) for symbol, price in said["prices"].items()],
            lots=[
                HeldLot(
                    symbol=symbol,
                    quantity=Decimal(quantity),
                    acquired=date(2000, 1, 3),
                    price=Decimal(said["prices"][symbol]),
                )
                for symbol, quantity in said["positions"].items()
                if Decimal(quantity) > 0
            ],
            terms=Terms(number=said["number"]),
        )
        if exchange.sessions.at(start) is None:
            start = exchange.sessions.next_open(start) + timedelta(minutes=30)
        house = House({KEY: exchange}, time=StandInTime(start, speed=speed), limit=None, tape=tape)
        return cls(house, sleep=time.sleep if speed else None)
