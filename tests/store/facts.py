"""Facts to record: one plan by hand, and the run around it."""

from __future__ import annotations

from copy import deepcopy
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from lotwright.store.facts import Approval, Fill, Order, Run

D = Decimal
DAY = date(2026, 11, 20)
AT = datetime(2026, 11, 20, 15, 30, 0, 123456, tzinfo=UTC)
RUN = Run(
    run="r1",
    started=AT,
    as_of=DAY,
    book_hash="b",
    program="balanced",
    program_hash="p",
    version="0",
    settings={"gap": "0.1"},
)
_LOT = {
    "lot": "L1",
    "acquired": "2026-01-02",
    "quantity": 10,
    "basis": 1200,
    "proceeds": 1000,
    "gain": -200,
    "character": "ST",
}
_SELL = {
    "account": "A", "symbol": "VTI", "side": "sell", "quantity": 10, "price": 100, "value": 1000, "lots": [_LOT], "reason": "",
}  # fmt: skip
_BUY = {
    "account": "A", "symbol": "BND", "side": "buy", "quantity": 13.5, "price": 74.07, "value": 999.95, "lots": [], "reason": "",
}  # fmt: skip
_LOCK = {"group": "US", "symbols": ["ITOT", "VTI"], "no_buy_until": "2026-12-20", "because": "This plan sells VTI."}


def document(household: str = "H", *, trades: list[dict[str, Any]] | None = None, **changes: Any) -> dict[str, Any]:
    """A plan that sells VTI at a loss and buys BND, as far as the store reads it."""
    return deepcopy(
        {
            "schema": "lotwright.plan/1",
            "household": household,
            "as_of": DAY.isoformat(),
            "program": "balanced",
            "status": "planned",
            "failure": None,
            "trades": [_SELL, _BUY] if trades is None else trades,
            "wash_sales": {"locks": [_LOCK], "kept": []},
            "timing": {"total": 0.1},
            "value": 12345.67,
            **changes,
        }
    )


def trade(side: str, symbol: str, *, gain: float | None = None, account: str = "A") -> dict[str, Any]:
    lots = [] if gain is None else [{**_LOT, "basis": 1000 - gain, "gain": gain}]
    return {**(_SELL if side == "sell" else _BUY), "account": account, "side": side, "symbol": symbol, "lots": lots}


def approval(plan: str, **changes: Any) -> Approval:
    return Approval(**{"plan": plan, "by": "Ann", "at": AT, "expires": AT, **changes})


def order(plan: str | None, *, order_id: str = "o1", **changes: Any) -> Order:
    said = {
        "order_id": order_id, "plan": plan, "account": "A", "symbol": "VTI", "side": "sell", "quantity": D(10), "attempt": 1,
        "kind": "limit", "broker": "simulated", "at": AT, "limit_price": D("99.50"),
    }  # fmt: skip
    return Order(**{**said, **changes})


def fill(plan: str | None, *, name: str = "x1", **changes: Any) -> Fill:
    said = {
        "fill": name, "order_id": "o1", "plan": plan, "account": "A", "symbol": "VTI", "side": "sell", "quantity": D(4),
        "price": D("100.0125"), "day": date(2026, 11, 23), "at": AT,
    }  # fmt: skip
    return Fill(**{**said, **changes})
