"""Plans as tables: one row a household, a trade, a lot sold, a failure, a lock.

``plans.plan`` holds the whole plan as FORMATS' ``lotwright.plan/1``; the other columns repeat what is counted and
filtered by. Money is a decimal of two places; shares and prices are decimals of twelve, to which the few that have more
are rounded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from math import isfinite
from typing import Any

import msgspec
import pyarrow as pa

from lotwright.files.arrow import array_of
from lotwright.files.plan_json import plain, plan_to_json
from lotwright.plan.result import HouseholdPlan

_MONEY = pa.decimal128(38, 2)
_EXACT = pa.decimal128(38, 12)

SCHEMAS: Mapping[str, Any] = {
    "plans": pa.schema(
        {
            "household": pa.string(),
            "status": pa.string(),
            "reason": pa.string(),
            "program": pa.string(),
            "value": _MONEY,
            "trades": pa.int32(),
            "posed": pa.float64(),
            "bound": pa.float64(),
            "gap": pa.float64(),
            "gap_bp": pa.float64(),
            "tax": _MONEY,
            "tax_without_plan": _MONEY,
            "tracking_before": pa.float64(),
            "tracking_after": pa.float64(),
            "is_stopped": pa.bool_(),
            "read_seconds": pa.float64(),
            "pose_seconds": pa.float64(),
            "solve_seconds": pa.float64(),
            "verify_seconds": pa.float64(),
            "plan": pa.large_string(),
        }
    ),
    "trades": pa.schema(
        {
            "household": pa.string(),
            "account": pa.string(),
            "symbol": pa.string(),
            "side": pa.string(),
            "quantity": _EXACT,
            "price": _EXACT,
            "value": _MONEY,
            "reason": pa.string(),
        }
    ),
    "lots": pa.schema(
        {
            "household": pa.string(),
            "account": pa.string(),
            "symbol": pa.string(),
            "lot": pa.string(),
            "acquired": pa.date32(),
            "quantity": _EXACT,
            "basis": _MONEY,
            "proceeds": _MONEY,
            "gain": _MONEY,
            "character": pa.string(),
        }
    ),
    "failures": pa.schema(
        {"household": pa.string(), "reason": pa.string(), "message": pa.string(), "evidence": pa.string()}
    ),
    "locks": pa.schema(
        {
            "household": pa.string(),
            "group": pa.string(),
            "symbol": pa.string(),
            "no_buy_until": pa.date32(),
            "because": pa.string(),
        }
    ),
}
"""Columns of each table of a run."""

_CENT, _TWELVE = Decimal("0.01"), Decimal("1e-12")
_STOPPED = "The search stopped"
"""How the note begins that a plan carries whose search ended before the gap that was asked."""


UNIT = pa.field("unit", pa.int64())
"""First column of every table while a run goes on, by which finished work is put in order."""


def tables_of(plans: Iterable[tuple[int, HouseholdPlan]]) -> dict[str, Any]:
    """Return the five tables of some plans, each row with the number of its unit."""
    made = [(unit, _rows(plan)) for unit, plan in plans]
    tables: dict[str, Any] = {}
    for name, schema in SCHEMAS.items():
        rows = [(unit, *row) for unit, rows in made for row in rows[name]]
        tables[name] = _table(rows, pa.schema([UNIT, *schema]))
    return tables


def _rows(plan: HouseholdPlan) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of one plan in each table."""
    rows: dict[str, list[tuple[Any, ...]]] = {"plans": [_plan(plan)], "trades": [], "lots": [], "failures": []}
    if plan.failure is not None:
        evidence = _text(plain(plan.failure.evidence))
        rows["failures"].append((plan.household, plan.failure.reason, plan.failure.message, evidence))
    _add_trades(rows, plan)
    rows["locks"] = [
        (plan.household, lock.group, symbol, lock.no_buy_until, lock.because)
        for lock in plan.wash_sales.locks
        for symbol in lock.symbols
    ]
    return rows


def _table(rows: list[tuple[Any, ...]], schema: Any) -> Any:
    columns = zip(*rows, strict=True) if rows else ((),) * len(schema)
    return pa.Table.from_arrays(
        [array_of(cells, field.type) for cells, field in zip(columns, schema, strict=True)], schema=schema
    )


def _add_trades(rows: dict[str, list[tuple[Any, ...]]], plan: HouseholdPlan) -> None:
    for trade in plan.trades:
        place = (plan.household, trade.account, trade.symbol)
        money = trade.value.quantize(_CENT)
        rows["trades"].append(
            (
                *place,
                str(trade.side),
                trade.quantity.quantize(_TWELVE),
                trade.price.quantize(_TWELVE),
                money,
                trade.reason,
            )
        )
        rows["lots"] += [
            (
                *place,
                lot.lot,
                lot.acquired,
                lot.quantity.quantize(_TWELVE),
                lot.basis.quantize(_CENT),
                lot.proceeds.quantize(_CENT),
                lot.gain.quantize(_CENT),
                str(lot.character),
            )
            for lot in trade.lots
        ]


def _plan(plan: HouseholdPlan) -> tuple[Any, ...]:
    goal, tax, error, timing = plan.objective, plan.tax, plan.tracking, plan.timing
    bounded = goal is not None and isfinite(goal.bound)
    return (
        plan.household,
        str(plan.status),
        None if plan.failure is None else plan.failure.reason,
        plan.program,
        plan.value.quantize(_CENT),
        len(plan.trades),
        None if goal is None else goal.posed,
        *((goal.bound, goal.gap, goal.gap_bp) if goal is not None and bounded else (None, None, None)),
        None if tax is None else tax.tax.quantize(_CENT),
        None if tax is None else tax.tax_without_plan.quantize(_CENT),
        None if error is None else error.before,
        None if error is None else error.after,
        any(note.startswith(_STOPPED) for note in plan.notes),
        timing.read,
        timing.pose,
        timing.solve,
        timing.verify,
        _text(plan_to_json(plan)),
    )


_encoder = msgspec.json.Encoder()


def _text(value: Any) -> str:
    """JSON without spaces; whoever made the value saw to it that its numbers are finite."""
    return _encoder.encode(value).decode()
