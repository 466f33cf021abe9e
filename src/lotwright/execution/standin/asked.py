"""An order as it was asked for, read out of a JSON body: numbers may be strings or numbers, as the broker allows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from lotwright.book.kinds import Side
from lotwright.execution.standin.securities import tick
from lotwright.execution.standin.terms import Refused, invalid, unprocessable

TYPES = ("market", "limit")
DURATIONS = ("day", "gtc", "opg", "cls", "ioc", "fok")
MOST_DECIMALS = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A well-formed order: exactly one of ``quantity`` and ``notional`` is given."""

    client_id: str | None
    symbol: str
    side: Side
    type: str
    duration: str
    quantity: Decimal | None
    notional: Decimal | None
    limit: Decimal | None
    extended: bool

    @property
    def is_fractional(self) -> bool:
        """True for an order in dollars or with a part of a share."""
        return self.quantity is None or self.quantity != self.quantity.to_integral_value()


def read_order(body: Mapping[str, object]) -> Asked | Refused:
    """The order of a body, or why it is none."""
    client_id = body.get("client_order_id")
    if client_id is not None and len(str(client_id)) > 128:
        return invalid("client_order_id must be no more than 128 characters")
    kind, duration, side = (str(body.get(key, "")) for key in ("type", "time_in_force", "side"))
    for name, word, known in (
        ("type", kind, TYPES),
        ("time_in_force", duration, DURATIONS),
        ("side", side, tuple(Side)),
    ):
        if word not in known:
            return invalid(f"invalid {name}: {word!r}; the stand-in knows {', '.join(known)}")
    if body.get("order_class") not in {None, "", "simple"}:
        return unprocessable("the stand-in trades simple orders only")
    numbers = _numbers(body)
    if isinstance(numbers, Refused):
        return numbers
    quantity, notional, limit = (numbers[key] for key in ("qty", "notional", "limit_price"))
    asked = Asked(
        client_id=None if client_id in {None, ""} else str(client_id),
        symbol=str(body.get("symbol", "")),
        side=Side(side),
        type=kind,
        duration=duration,
        quantity=quantity,
        notional=notional,
        limit=limit,
        extended=body.get("extended_hours") is True,
    )
    return _wrong(asked, body) or asked


def _numbers(body: Mapping[str, object]) -> dict[str, Decimal | None] | Refused:
    found: dict[str, Decimal | None] = {}
    for key in ("qty", "notional", "limit_price"):
        given = body.get(key)
        if given is None:
            found[key] = None
            continue
        try:
            number = Decimal(str(given))
        except InvalidOperation:
            return invalid(f"invalid {key}: {given!r}")
        if not number.is_finite() or number <= 0:
            return invalid(f"{key} must be > 0")
        found[key] = number
    return found


def _wrong(asked: Asked, body: Mapping[str, object]) -> Refused | None:  # noqa: PLR0911  a list of rules
    quantity, notional, limit = asked.quantity, asked.notional, asked.limit
    if quantity is None and notional is None:
        return invalid("qty or notional is required")
    if quantity is not None and notional is not None:
        return invalid("only one of qty or notional is accepted")
    if asked.type == "market" and (limit is not None or body.get("stop_price") is not None):
        return invalid("market orders require no stop or limit price")
    if asked.type == "limit" and limit is None:
        return invalid("limit orders require a limit price")
    if limit is not None and limit % tick(limit) != 0:
        return unprocessable(
            f"invalid limit_price {limit:f}. sub-penny increment does not fulfill minimum pricing criteria"
        )
    if quantity is not None and _decimals(quantity) > MOST_DECIMALS:
        return unprocessable("qty may have at most 9 decimal places")
    if notional is not None and _decimals(notional) > 2:
        return unprocessable("notional value must be limited to 2 decimal places")
    if notional is not None and asked.type != "market":
        return unprocessable("notional orders must be market orders")
    if asked.is_fractional and asked.duration != "day":
        return unprocessable("fractional orders must be DAY orders")
    if asked.extended and (asked.type != "limit" or asked.duration not in {"day", "gtc"}):
        return unprocessable("extended hours order must be DAY or GTC limit orders")
    if notional is not None and notional < 1:
        return unprocessable("cost basis must be >= minimal amount of order 1")
    return None


def _decimals(number: Decimal) -> int:
    exponent = number.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
