"""Alpaca's words in ours: tolerant of fields that come and go, strict about the few that are needed.

Problem: alpaca-py's models refuse an answer for a field nobody needs (alpaca-py issue 624; ``easy_to_borrow``).
Observations: numbers come as strings, integers or floats, new words appear in enumerations, fields vanish. Therefore:
nothing is read that is not used; a number is whatever ``Decimal`` makes of its text; an unknown status is
:attr:`~lotwright.execution.facts.Status.OTHER`; a needed field that is absent or absurd raises ``AnswerError``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from lotwright.book.kinds import Side
from lotwright.errors import AnswerError
from lotwright.execution.broker import Refusal
from lotwright.execution.facts import (
    AccountFacts,
    Activity,
    Asset,
    Clock,
    Fill,
    Order,
    Position,
    Quote,
    Session,
    Status,
)

NEW_YORK = ZoneInfo("America/New_York")
STATUS: Mapping[str, Status] = {
    "accepted": Status.WAITING,
    "pending_new": Status.WAITING,
    "accepted_for_bidding": Status.WAITING,
    "pending_review": Status.WAITING,
    "new": Status.WORKING,
    "partially_filled": Status.WORKING,
    "pending_cancel": Status.CANCELLING,
    "filled": Status.FILLED,
    "canceled": Status.CANCELLED,
    "expired": Status.EXPIRED,
    "rejected": Status.REJECTED,
    "replaced": Status.REPLACED,
}


class Row:
    """One JSON object, read field by field; every complaint names the thing and the field."""

    def __init__(self, what: str, said: Any) -> None:
        if not isinstance(said, Mapping):
            raise AnswerError(
                f"{what}: the broker answered {str(said)[:80]!r} where an object was expected. Stop and look."
            )
        self.what = what
        self.said = said

    def text(self, key: str) -> str:
        """A needed word."""
        found = self.said.get(key)
        if not isinstance(found, str) or not found:
            raise self._lacks(key)
        return found

    def word(self, key: str, *, otherwise: str = "") -> str:
        """A word that may be absent."""
        found = self.said.get(key)
        return found if isinstance(found, str) else otherwise

    def flag(self, key: str) -> bool:
        """A needed yes or no."""
        found = self.said.get(key)
        if isinstance(found, str) and found.lower() in {"true", "false"}:
            return found.lower() == "true"
        if not isinstance(found, bool):
            raise self._lacks(key)
        return found

    def number(self, key: str) -> Decimal:
        """A needed number."""
        found = self.maybe(key)
        if found is None:
            raise self._lacks(key)
        return found

    def maybe(self, key: str) -> Decimal | None:
        """A number that may be absent."""
        found = self.said.get(key)
        if found is None or found == "":
            return None
        if isinstance(found, bool) or not isinstance(found, str | int | float | Decimal):
            raise self._lacks(key)
        try:
            number = Decimal(str(found))
        except InvalidOperation as error:
            raise self._lacks(key) from error
        if not number.is_finite():
            raise self._lacks(key)
        return number

    def moment(self, key: str) -> datetime:
        """A needed time; without a zone it is UTC."""
        found = self.moment_or_none(key)
        if found is None:
            raise self._lacks(key)
        return found

    def moment_or_none(self, key: str) -> datetime | None:
        """A time that may be absent or unreadable."""
        try:
            found = datetime.fromisoformat(self.word(key))
        except ValueError:
            return None
        return found if found.tzinfo is not None else found.replace(tzinfo=UTC)

    def day(self, key: str) -> date:
        """A needed date."""
        try:
            return date.fromisoformat(self.text(key)[:10])
        except ValueError as error:
            raise self._lacks(key) from error

    def side(self) -> Side:
        """Buy or sell; ``sell_short`` and the like are sales."""
        found = self.text("side")
        if found.startswith("sell"):
            return Side.SELL
        if found.startswith("buy"):
            return Side.BUY
        raise self._lacks("side")

    def _lacks(self, key: str) -> AnswerError:
        found = repr(self.said[key]) if key in self.said else "nothing"
        return AnswerError(
            f"{self.what}: field {key} is needed and the broker sent {found}. Nothing was concluded from it; "
            "a newer version of Lotwright may know the broker's new words."
        )


def read_order(said: Any) -> Order:
    """An order."""
    row = Row("Order", said)
    row.what = f"Order {row.text('id')}"
    word = row.text("status")
    return Order(
        broker_id=row.text("id"),
        client_id=row.text("client_order_id"),
        symbol=row.text("symbol"),
        side=row.side(),
        kind=row.word("type") or row.word("order_type"),
        duration=row.word("time_in_force"),
        status=STATUS.get(word, Status.OTHER),
        word=word,
        filled=row.number("filled_qty"),
        quantity=row.maybe("qty"),
        notional=row.maybe("notional"),
        limit=row.maybe("limit_price"),
        average_price=row.maybe("filled_avg_price"),
        submitted=row.moment_or_none("submitted_at") or row.moment_or_none("created_at"),
        updated=row.moment_or_none("updated_at"),
        reason=row.word("reject_reason") or row.word("reason"),
    )


def read_account(said: Any, configurations: Any) -> AccountFacts:
    """The account, and the switches its owner set."""
    row, chosen = Row("Account", said), Row("Account configurations", configurations)
    cash, power = row.number("cash"), row.number("buying_power")
    own = row.maybe("non_marginable_buying_power")
    blocks = [key for key in ("trading_blocked", "account_blocked") if row.flag(key)]
    blocks += [key for key in ("trade_suspended_by_user",) if row.said.get(key) is True]
    blocks += ["suspend_trade"] if chosen.said.get("suspend_trade") is True else []
    status = row.text("status").rpartition(".")[2]
    if status != "ACTIVE":
        blocks.insert(0, f"status {status}")
    return AccountFacts(
        number=row.text("account_number"),
        cash=cash,
        spendable=max(min(each for each in (cash, own, power) if each is not None), Decimal(0)),
        buying_power=power,
        equity=row.maybe("equity"),
        multiplier=row.maybe("multiplier"),
        currency=row.word("currency", otherwise="USD"),
        blocks=tuple(blocks),
        allows_fractions=chosen.said.get("fractional_trading") is not False,
    )


def read_position(said: Any) -> Position:
    """A position; a short one is negative, whatever sign the broker gives it."""
    row = Row("Position", said)
    row.what = f"Position {row.text('symbol')}"
    quantity = row.number("qty")
    if row.word("side") == "short":
        quantity = -abs(quantity)
    available = row.maybe("qty_available")
    return Position(
        symbol=row.text("symbol"),
        quantity=quantity,
        available=quantity if available is None else available,
        average_price=row.maybe("avg_entry_price"),
    )


def read_clock(said: Any, *, local: datetime | None) -> Clock:
    """The clock; ``local`` is this machine's time in the middle of the call."""
    row = Row("Clock", said)
    now = row.moment("timestamp")
    return Clock(
        now=now,
        is_open=row.flag("is_open"),
        next_open=row.moment("next_open"),
        next_close=row.moment("next_close"),
        skew=None if local is None else (local - now).total_seconds(),
    )


def read_session(said: Any) -> Session:
    """One day of the calendar; its times of day are New York's."""
    row = Row("Calendar", said)
    day = row.day("date")
    return Session(
        day=day,
        opens=_at(row, day, "open"),
        closes=_at(row, day, "close"),
        settles=row.day("settlement_date") if row.word("settlement_date") else None,
    )


def read_fill(said: Any) -> Fill:
    """An execution."""
    row = Row("Fill", said)
    row.what = f"Fill {row.text('id')}"
    return Fill(
        fill=row.text("id"),
        broker_id=row.text("order_id"),
        symbol=row.text("symbol"),
        side=row.side(),
        quantity=row.number("qty"),
        price=row.number("price"),
        at=row.moment("transaction_time"),
        cumulative=row.maybe("cum_qty"),
    )


def read_activity(said: Any) -> Activity:
    """Anything but an execution."""
    row = Row("Activity", said)
    row.what = f"Activity {row.text('id')}"
    return Activity(
        activity=row.text("id"),
        kind=row.text("activity_type"),
        day=row.day("date"),
        amount=row.maybe("net_amount"),
        symbol=row.word("symbol") or None,
        quantity=row.maybe("qty"),
        status=row.word("status", otherwise="executed"),
        said=dict(row.said),
    )


def read_asset(said: Any) -> Asset:
    """An asset."""
    row = Row("Asset", said)
    row.what = f"Asset {row.text('symbol')}"
    tags = row.said.get("attributes")
    return Asset(
        symbol=row.text("symbol"),
        is_active=row.text("status") == "active",
        is_tradable=row.flag("tradable"),
        is_fractionable=row.flag("fractionable"),
        tags=frozenset(str(tag) for tag in tags) if isinstance(tags, list) else frozenset(),
    )


def read_quote(symbol: str, said: Any) -> Quote | None:
    """A quote; None where it has no time, since its age is then unknown."""
    row = Row(f"Quote of {symbol}", said)
    at = row.moment_or_none("t")
    if at is None:
        return None
    bid, ask = row.maybe("bp"), row.maybe("ap")
    return Quote(
        symbol=symbol,
        bid=bid if bid is not None and bid > 0 else None,
        ask=ask if ask is not None and ask > 0 else None,
        at=at,
    )


REFUSALS: tuple[tuple[str, Refusal], ...] = (
    ("client_order_id must be unique", Refusal.DUPLICATE),
    ("client order id must be unique", Refusal.DUPLICATE),
    ("insufficient buying power", Refusal.MONEY),
    ("insufficient balance", Refusal.MONEY),
    ("insufficient qty", Refusal.SHARES),
    ("not allowed to short", Refusal.SHARES),
    ("cannot be sold short", Refusal.SHARES),
    ("wash trade", Refusal.OPPOSITE),
    ("opposite side", Refusal.OPPOSITE),
    ("fractionable", Refusal.FRACTION),
    ("fractional", Refusal.FRACTION),
    ("not tradable", Refusal.ASSET),
    ("not active", Refusal.ASSET),
    ("halted", Refusal.ASSET),
    ("must be submitted after", Refusal.HOURS),
    ("market is closed", Refusal.HOURS),
    ("by user request", Refusal.BLOCKED),
    ("account is not allowed to trade", Refusal.BLOCKED),
    ("account is restricted", Refusal.BLOCKED),
    ("day trading protection", Refusal.BLOCKED),
    ("sub-penny", Refusal.ORDER),
    ("not enabled for this account", Refusal.ORDER),
)
"""Words and what they mean: Alpaca uses one code for many reasons, so the words decide. First match wins."""


def refusal_of(status: int, message: str) -> Refusal:
    """Which refusal an error's status and words are."""
    if status == 401:
        return Refusal.KEYS
    said = message.lower()
    for words, refusal in REFUSALS:
        if words in said:
            return refusal
    if "asset" in said and "not found" in said:
        return Refusal.ASSET
    return Refusal.ORDER if status in {400, 422} else Refusal.OTHER


def _at(row: Row, day: date, key: str) -> datetime:
    text = row.text(key)
    try:
        clock = time.fromisoformat(text if ":" in text else f"{text[:2]}:{text[2:]}")
    except ValueError as error:
        raise AnswerError(f"Calendar {day}: {key} is {text!r}, not a time of day. Stop and look.") from error
    return datetime.combine(day, clock, NEW_YORK)
