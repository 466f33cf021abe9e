"""A plan's JSON object as rows: the plan, its trades, what it locks."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from lotwright.canonical import decimal_text, plan_hash
from lotwright.errors import StoreError
from lotwright.store.facts import ZERO, Bars
from lotwright.tax.law import wash_days

Document = Mapping[str, Any]
NUMBERS = ("quantity", "basis", "proceeds", "gain")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """When and by which run plans are recorded; ``read`` is when the planner had read the store's locks."""

    run: str | None
    at: datetime
    read: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRows:
    """Rows of one plan by table."""

    plan: dict[str, Any]
    trades: tuple[dict[str, Any], ...]
    locks: tuple[dict[str, Any], ...]


def plan_rows(document: Document, recording: Recording) -> PlanRows:
    """The rows that a plan of FORMATS, as ``plan_to_json`` gives it or as it was read from a file, is remembered by.

    Raises
    ------
    StoreError
        A key that is needed is missing or not of its kind.
    """
    try:
        as_of = date.fromisoformat(document["as_of"])
        plan = {
            "plan": plan_hash(document),
            "household": document["household"],
            "as_of": as_of,
            "program": document["program"],
            "status": document["status"],
            "reason": None if document["failure"] is None else document["failure"]["reason"],
            "value": number(document.get("value", 0)),
            "trades": len(document["trades"]),
            "first_run": recording.run,
            "read": recording.read,
            "recorded": recording.at,
        }
        trades = tuple(_trade_row(plan["plan"], trade) for trade in document["trades"])
        locks = tuple(_lock_rows(document, plan, as_of, recording.at))
    except (KeyError, TypeError, ValueError) as error:
        name = dict(document).get("household", "?")
        raise StoreError(
            f"The plan of {name} cannot be recorded: {type(error).__name__} {error}. Give a plan as 'lotwright plan --json'"
            " writes it."
        ) from error
    return PlanRows(plan=plan, trades=trades, locks=locks)


def number(value: Any) -> Decimal:
    """A JSON number or decimal text as the decimal it shows."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        raise TypeError(f"{value!r} is no number")
    try:
        return Decimal(str(value))
    except InvalidOperation:
        raise ValueError(f"{value!r} is no number") from None


def zipped(document: Document) -> bytes:
    """The document as compressed JSON, numbers as they are."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), default=_json_number)
    return zlib.compress(text.encode(), level=1)


def unzipped(data: bytes) -> dict[str, Any]:
    """The document again."""
    found: dict[str, Any] = json.loads(zlib.decompress(data))
    return found


def text_json(value: Any) -> str:
    """Lists and mappings of nothing but text as JSON, keys sorted."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def is_sale_at_a_loss(lots: Sequence[Mapping[str, Any]], price: Decimal) -> bool:
    """True when a lot of the plan's sale is sold below its basis at this price."""
    return any(Decimal(lot["quantity"]) * price < Decimal(lot["basis"]) for lot in lots)


def _json_number(value: Any) -> float:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{value!r} is not JSON")


def _trade_row(plan: str, trade: Document) -> dict[str, Any]:
    lots = [
        {name: decimal_text(number(value)) if name in NUMBERS else value for name, value in lot.items()}
        for lot in trade["lots"]
    ]
    return {
        "plan": plan,
        "account": trade["account"],
        "symbol": trade["symbol"],
        "side": trade["side"],
        "quantity": number(trade["quantity"]),
        "price": number(trade["price"]),
        "value": number(trade["value"]),
        "lots_json": text_json(lots),
    }


def _lock_rows(
    document: Document, plan: Mapping[str, Any], as_of: date, recorded: datetime
) -> Iterator[dict[str, Any]]:
    """A row for each sale at a loss that the plan itself says it locks, and for each purchase."""
    until = (as_of + timedelta(days=wash_days())).isoformat()
    locked = {
        symbol: symbols
        for lock in document["wash_sales"]["locks"]
        if lock["no_buy_until"] == until
        for symbols in [text_json(sorted(lock["symbols"]))]
        for symbol in lock["symbols"]
    }
    for trade in document["trades"]:
        losses = [-gain for lot in trade["lots"] if (gain := number(lot["gain"])) < 0]
        is_sale = trade["side"] == "sell"
        if is_sale and not (losses and trade["symbol"] in locked):
            continue
        yield {
            "plan": plan["plan"],
            "account": trade["account"],
            "symbol": trade["symbol"],
            "bars": str(Bars.BUY if is_sale else Bars.LOSS),
            "source": "plan",
            "household": plan["household"],
            "day": as_of,
            "quantity": number(trade["quantity"]),
            "loss": sum(losses, ZERO) if is_sale else None,
            "symbols_json": locked[trade["symbol"]] if is_sale else text_json([trade["symbol"]]),
            "recorded": recorded,
        }
