"""The stand-in as a whole: accounts by key, time, faults, rate limit, what was asked. Serves HTTP and processes alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from threading import RLock
from typing import Any

from lotwright.errors import BrokerError
from lotwright.execution.standin import forms
from lotwright.execution.standin.allowance import Allowance
from lotwright.execution.standin.commands import command
from lotwright.execution.standin.exchange import Exchange
from lotwright.execution.standin.faults import Faults, read_fault
from lotwright.execution.standin.routes import Answer, Asking, answer
from lotwright.execution.standin.tape import Given, Tape
from lotwright.execution.standin.timing import StandInTime

KEY, SECRET = "PKSTANDIN", "stand-in"
"""Keys of the first account: they open nothing anywhere else."""
MODIFYING = frozenset({"POST", "PATCH", "PUT", "DELETE"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request as it came in, and the status it was answered with (None: no answer)."""

    number: int
    at: datetime
    key: str
    method: str
    path: str
    status: int | None = None

    @property
    def is_modifying(self) -> bool:
        """True for anything that could change the account."""
        return self.method in MODIFYING


class House:
    """Accounts and everything around them.

    Parameters
    ----------
    exchanges : mapping
        Key id to the account's exchange.
    time : StandInTime
        The clock all of them share.
    secret : str
        The secret every key goes with.
    limit : int, optional
        Requests a minute and key; None: no limit.
    seed : int
        Of the chances of faults.
    tape : Tape, optional
        Where commands are remembered; those already there are carried out again.
    """

    def __init__(
        self,
        exchanges: Mapping[str, Exchange],
        *,
        time: StandInTime,
        secret: str = SECRET,
        limit: int | None = 200,
        seed: int = 0,
        tape: Tape | None = None,
    ) -> None:
        self.exchanges = dict(exchanges)
        self.time = time
        self.secret = secret
        self.allowance = Allowance(limit)
        self.faults = Faults(seed=seed)
        self.asked: list[Asked] = []
        self.lock = RLock()
        self._tape = tape
        self._late: list[tuple[datetime, str, Asking]] = []
        for given in () if tape is None else tape.given():
            command(self.exchanges[given.key], given.name, given.arguments, given.at)
            self.time.set(given.at)

    @property
    def exchange(self) -> Exchange:
        """The first account's."""
        return next(iter(self.exchanges.values()))

    def knows(self, key: str, secret: str) -> bool:
        """True for the keys of one of the accounts."""
        return key in self.exchanges and secret == self.secret

    def do(self, key: str, name: str, arguments: Mapping[str, Any]) -> object:
        """Carry a command out now, and remember it."""
        with self.lock:
            now = self.time.now()
            found = command(self.exchanges[key], name, arguments, now)
            if self._tape is not None:
                self._tape.add(Given(key, now, name, arguments))
            return found

    def answer(self, key: str, asking: Asking) -> Answer:
        """Answer one of Alpaca's questions."""
        with self.lock:
            now = self.settle()
            return self._answer(key, asking, now)

    def settle(self) -> datetime:
        """Let everything happen that is due, on every account; the time now."""
        with self.lock:
            now = self.time.now()
            while self._late and self._late[0][0] <= now:
                _, name, held = self._late.pop(0)
                self._answer(name, held, now)
            for exchange in self.exchanges.values():
                exchange.run(now)
            return now

    def later(self, key: str, asking: Asking, *, after: timedelta) -> None:
        """Carry a question out later: it was held on its way, and nobody waits for the answer."""
        with self.lock:
            self._late.append((self.time.now() + after, key, asking))
            self._late.sort(key=lambda held: held[0])

    def _answer(self, key: str, asking: Asking, now: datetime) -> Answer:
        return answer(asking, self.exchanges[key], now, lambda name, given: self.do(key, name, given))

    def note(self, key: str, method: str, path: str) -> int:
        """Remember a request that came in; its number."""
        with self.lock:
            self.asked.append(Asked(number=len(self.asked), at=self.time.now(), key=key, method=method, path=path))
            return len(self.asked) - 1

    def answered(self, number: int, status: int) -> None:
        """Remember how a request was answered."""
        with self.lock:
            self.asked[number] = replace(self.asked[number], status=status)

    def control(self, key: str, name: str, given: Mapping[str, Any]) -> object:
        """What people and tests ask for: a command, ``advance``, ``fault``, ``clear``, ``ledger``, ``requests``."""
        if name == "advance":
            return self.advance(given)
        if name == "fault":
            self.faults.add(read_fault(given))
            return self.faults.to_json()
        if name == "clear":
            self.faults.clear()
            return []
        if name == "ledger":
            return self.ledger(key)
        if name == "requests":
            return [{**asdict(each), "at": each.at.isoformat()} for each in self.asked]
        self.do(key, name, given)
        return {"done": name, "at": self.time.now().isoformat()}

    def advance(self, given: Mapping[str, Any]) -> object:
        """Move the clock by ``seconds``, or on ``to`` a moment."""
        try:
            if "to" in given:
                moment = datetime.fromisoformat(str(given["to"]))
                if moment.tzinfo is None:
                    raise ValueError("no time zone")
                now = self.time.set(moment)
            else:
                now = self.time.advance(float(given["seconds"]))
        except (KeyError, ValueError) as error:
            raise BrokerError(f"advance takes seconds, or a moment to; found {dict(given)!r} ({error}).") from error
        self.settle()
        return {"now": now.isoformat()}

    def ledger(self, key: str) -> dict[str, Any]:
        """The account's own books, JSON-ready: what was really executed."""
        with self.lock:
            now = self.settle()
            exchange = self.exchanges[key]
            ledger = exchange.ledger
            return {
                "at": now.isoformat(),
                "cash": forms.plain(ledger.cash),
                "settled": forms.plain(ledger.settled(now.date())),
                "positions": {symbol: forms.plain(ledger.held(symbol)) for symbol in ledger.symbols()},
                "lots": [
                    {
                        "symbol": lot.symbol,
                        "quantity": forms.plain(lot.quantity),
                        "acquired": lot.acquired.isoformat(),
                        "price": forms.plain(lot.price),
                    }
                    for symbol in ledger.symbols()
                    for lot in ledger.lots[symbol]
                ],
                "executions": [
                    {
                        **forms.fill_form(done),
                        "client_order_id": done.client_id,
                        "amount": forms.plain(done.amount),
                        "settles": done.settles.isoformat(),
                    }
                    for done in ledger.executions
                ],
                "entries": [forms.entry_form(entry) for entry in ledger.entries],
                "orders": [forms.order_form(order, exchange) for order in exchange.orders.values()],
            }
