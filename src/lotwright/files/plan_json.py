"""A plan as JSON, exactly as FORMATS defines ``lotwright.plan/1``, and back.

Money is written to the cent, quantities and prices as they are. The addends of the objective are written in full:
rounded to cents they would no longer sum to ``posed``, and the gap of a small account would vanish in the rounding.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from math import isfinite
from typing import Any

import numpy as np

from lotwright.book.failure import Failure
from lotwright.book.holdings import Pending
from lotwright.book.kinds import Regime
from lotwright.book.trades import LotSale, Trade
from lotwright.errors import PlanError
from lotwright.files.plan_reading import plan_from_json
from lotwright.files.plan_schema import SCHEMA, plan_schema
from lotwright.files.trade_csv import plans_to_csv
from lotwright.plan.result import Drift, Explanation, HouseholdPlan, Objective, WashSales

__all__ = ["plan_from_json", "plan_schema", "plan_to_json", "plans_to_csv"]

CENT = Decimal("0.01")
_FLOAT = {float}


def plan_to_json(plan: HouseholdPlan) -> dict[str, Any]:
    """Return the plan as JSON-ready objects, keys in the order of FORMATS; ``value``, ``notes``, ``positions`` and, where it
    was asked for, ``explanation`` come last.

    The same plan gives the same bytes. A failed plan has every key too, with null, an empty list or an empty object
    where there is nothing; ``regime`` is there only under another law than that of the United States, and money is then in
    its currency. A bound that is not finite (none is known) is null, and so are its gaps.

    Raises
    ------
    PlanError
        A figure is not a number, which a plan can never say.
    """
    return {
        "schema": SCHEMA,
        "household": plan.household,
        "as_of": plan.as_of.isoformat(),
        "program": plan.program,
        "status": str(plan.status),
        "failure": None if plan.failure is None else _failure(plan.failure),
        "trades": [_trade(trade) for trade in plan.trades],
        "cash": {
            name: {"before": _money(cash.before), "after": _money(cash.after)}
            for name, cash in sorted(plan.cash.items())
        },
        "costs": [
            {"name": cost.name, "dollars": _real(cost.dollars, f"cost {cost.name}"), "text": cost.text}
            for cost in plan.costs
        ],
        "objective": None if plan.objective is None else _objective(plan.objective),
        "tax": None if plan.tax is None else _monies(plan.tax, _TAX),
        "tracking": None if plan.tracking is None else _reals(plan.tracking, ("before", "after", "do_nothing")),
        "drift": [_drift(row) for row in plan.drift],
        "wash_sales": _wash_sales(plan.wash_sales),
        "checks": [{"name": check.name, "ok": check.ok, "text": check.text} for check in plan.checks],
        "timing": _reals(plan.timing, ("read", "pose", "solve", "verify", "total")),
        "provenance": None
        if plan.provenance is None
        else {name: getattr(plan.provenance, name) for name in _PROVENANCE},
        "value": _money(plan.value),
        "notes": list(plan.notes),
        **({"raised": {name: _money(amount) for name, amount in plan.raised.items()}} if plan.raised else {}),
        **({} if plan.regime is Regime.US else {"regime": str(plan.regime)}),
        **({} if plan.explanation is None else {"explanation": _explanation(plan.explanation)}),
        **({} if plan.positions is None else {"positions": _positions(plan.positions)}),
    }


_TAX = ("short_term_gain", "long_term_gain", "tax", "tax_without_plan", "carryforward_short", "carryforward_long")
_PROVENANCE = ("version", "book_hash", "program_hash", "solver", "solver_version")


def _positions(positions: Mapping[str, Mapping[str, Decimal]]) -> dict[str, dict[str, float | int]]:
    return {
        account: {symbol: _exact(quantity) for symbol, quantity in sorted(held.items())}
        for account, held in sorted(positions.items())
    }


def _failure(failure: Failure) -> dict[str, Any]:
    return {"reason": failure.reason, "message": failure.message, "evidence": plain(failure.evidence)}


def _trade(trade: Trade) -> dict[str, Any]:
    return {
        "account": trade.account,
        "symbol": trade.symbol,
        "side": trade.side.value,
        "quantity": _exact(trade.quantity),
        "price": _exact(trade.price),
        "value": _money(trade.value),
        "lots": [_lot(lot) for lot in trade.lots],
        "reason": trade.reason,
    }


def _lot(lot: LotSale) -> dict[str, Any]:
    return {
        "lot": lot.lot,
        "acquired": lot.acquired.isoformat(),
        "quantity": _exact(lot.quantity),
        "basis": _money(lot.basis),
        "proceeds": _money(lot.proceeds),
        "gain": _money(lot.gain),
        "character": lot.character.value,
    }


def _drift(row: Drift) -> dict[str, Any]:
    target, before, after = row.target, row.before, row.after
    if not isfinite(target + before + after):  # one of them is to blame, and is named
        return {"account": row.account, "symbol": row.symbol, **_reals(row, ("target", "before", "after"))}
    return {
        "account": row.account,
        "symbol": row.symbol,
        "target": target + 0.0,
        "before": before + 0.0,
        "after": after + 0.0,
    }


def _objective(objective: Objective) -> dict[str, Any]:
    bounded = isfinite(objective.bound)
    return {
        "posed": _real(objective.posed, "objective posed"),
        **(_reals(objective, ("bound", "gap", "gap_bp")) if bounded else dict.fromkeys(("bound", "gap", "gap_bp"))),
        "multipliers": plain(objective.multipliers),
    }


def _wash_sales(wash_sales: WashSales) -> dict[str, Any]:
    return {
        "locks": [
            {
                "group": lock.group,
                "symbols": list(lock.symbols),
                "no_buy_until": lock.no_buy_until.isoformat(),
                "because": lock.because,
            }
            for lock in wash_sales.locks
        ],
        "kept": [{"symbol": kept.symbol, "rule": kept.rule, "because": kept.because} for kept in wash_sales.kept],
        **({"honoured": [_pending(trade) for trade in wash_sales.honoured]} if wash_sales.honoured else {}),
    }


def _pending(trade: Pending) -> dict[str, Any]:
    return {
        "account": trade.account,
        "symbol": trade.symbol,
        "side": str(trade.side),
        "date": trade.date.isoformat(),
        "quantity": _exact(trade.quantity),
        "loss": None if trade.loss is None else _money(trade.loss),
        "because": trade.because,
    }


def _explanation(explanation: Explanation) -> dict[str, Any]:
    return {
        "not_done": [
            {
                "account": one.account,
                "symbol": one.symbol,
                "side": str(one.side),
                "quantity": _exact(one.quantity),
                "expected": one.expected,
                "rule": one.rule,
                "because": one.because,
                "change": None
                if one.change is None
                else {name: _real(dollars, f"change of {name}") for name, dollars in one.change.items()},
            }
            for one in explanation.not_done
        ],
        "limit_prices": [
            {
                "limit": price.limit,
                "subject": price.subject,
                **_reals(price, ("dollars", "low", "high")),
                "method": price.method,
                "text": price.text,
            }
            for price in explanation.limit_prices
        ],
    }


def _monies(owner: object, names: Iterable[str]) -> dict[str, float | int]:
    return {name: _money(getattr(owner, name)) for name in names}


def _reals(owner: object, names: Iterable[str]) -> dict[str, float]:
    figures = {name: getattr(owner, name) for name in names}
    if all(map(isfinite, figures.values())):
        return {name: float(number) + 0.0 for name, number in figures.items()}
    kind = type(owner).__name__
    return {name: _real(number, kind, name) for name, number in figures.items()}


def _money(amount: Decimal) -> float | int:
    """Return dollars to the cent as a JSON number."""
    return _exact(amount.quantize(CENT))


def _exact(number: Decimal) -> float | int:
    """Return a decimal as the JSON number that reads back as it: exact up to 15 digits, else the nearest double."""
    real = float(number)
    if real.is_integer():
        whole = int(number)
        return whole if whole == number else real
    return real if isfinite(real) else _real(real, "figure")


def _real(number: float, *name: str) -> float:
    """Return a finite float, without the sign of a zero; the words of its name are for a message."""
    if not isfinite(number):
        raise PlanError(
            f"The plan's {' '.join(name).lower()} is {number}, which is no number of dollars or weight. Report this as a defect."
        )
    return float(number) + 0.0


def plain(value: Any) -> Any:
    """Return evidence or multipliers as JSON has them: arrays as lists, decimals as numbers, days as text.

    Keys of a mapping keep their order; what is not finite becomes null.
    """
    kind = type(value)
    if kind is float or kind is str or kind is int:  # most of what there is, a thousand times a plan
        return value if kind is not float or isfinite(value) else None
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        is_plain = set(map(type, value)) == _FLOAT and all(map(isfinite, value))  # multipliers of a box
        return list(value) if is_plain else [plain(item) for item in value]
    if isinstance(value, float | Decimal):
        if not isfinite(value):
            return None
        return value if isinstance(value, float) else _exact(value)
    return value if value is None or isinstance(value, bool | int) else str(value)
