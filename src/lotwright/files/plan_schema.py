"""The JSON Schema of a plan: strict about every key of FORMATS, open for more."""

from __future__ import annotations

from typing import Any

SCHEMA = "lotwright.plan/1"

_TEXT = {"type": "string"}
_DAY = {"type": "string", "format": "date"}
_NUMBER = {"type": "number"}
_MAYBE = {"type": ["number", "null"]}
_CENTS = {"type": "number", "description": "Dollars and cents."}
_SHARES = {"type": "number", "exclusiveMinimum": 0, "description": "Shares."}
_OPEN = {"type": "object"}


def plan_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of one household's plan, ``lotwright.plan/1``.

    A failed plan has a failure and may lack objective, tax, tracking and provenance; any other plan has them all and
    has no failure.
    """
    whole = {name: {"type": "object"} for name in ("objective", "tax", "tracking", "provenance")}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": SCHEMA,
        "description": "The plan of one household, or why there is none.",
        **_object(
            {**_plan(), "explanation": _explanation()}, optional=("explanation", "positions", "raised", "regime")
        ),
        "if": {"properties": {"status": {"const": "failed"}}},
        "then": {"properties": {"failure": {"type": "object"}, "trades": {"maxItems": 0}}},
        "else": {"properties": {"failure": {"type": "null"}, **whole}},
    }


def _object(properties: dict[str, Any], *, optional: tuple[str, ...] = ()) -> dict[str, Any]:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": True}


def _list(properties: dict[str, Any], *, optional: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"type": "array", "items": _object(properties, optional=optional)}


def _or_null(properties: dict[str, Any]) -> dict[str, Any]:
    return {"oneOf": [_object(properties), {"type": "null"}]}


def _all(names: str, kind: dict[str, Any]) -> dict[str, Any]:
    return dict.fromkeys(names.split(), kind)


def _plan() -> dict[str, Any]:
    return {
        "schema": {"const": SCHEMA},
        "household": _TEXT,
        "as_of": _DAY,
        "program": _TEXT,
        "status": {"enum": ["planned", "nothing_to_do", "failed"]},
        "failure": _or_null({"reason": _TEXT, "message": _TEXT, "evidence": _OPEN}),
        "trades": {"type": "array", "items": _trade()},
        "cash": {
            "description": "By account, before anything and after all trades, costs and cash flows.",
            "type": "object",
            "additionalProperties": _object(_all("before after", _CENTS)),
        },
        "costs": _list({"name": _TEXT, "dollars": _NUMBER, "text": _TEXT}),
        "objective": _or_null(_objective()),
        "tax": _or_null(
            _all("short_term_gain long_term_gain tax tax_without_plan", _CENTS)
            | _all("carryforward_short carryforward_long", {**_CENTS, "minimum": 0})
        ),
        "tracking": _or_null(_all("before after do_nothing", {"type": "number", "minimum": 0})),
        "drift": _list({"account": _TEXT, "symbol": _TEXT, **_all("target before after", _NUMBER)}),
        "wash_sales": _wash_sales(),
        "checks": _list({"name": _TEXT, "ok": {"type": "boolean"}, "text": _TEXT}),
        "timing": _object(_all("read pose solve verify total", {"type": "number", "minimum": 0})),
        "provenance": _or_null(_all("version book_hash program_hash solver solver_version", _TEXT)),
        "regime": {
            "enum": ["uk", "canada"],
            "description": "The tax law, and the currency of all money; absent: the United States, dollars.",
        },
        "raised": {
            "description": "Dollars asked of accounts beyond the book's own cash flows, by account; absent: none.",
            "type": "object",
            "additionalProperties": _NUMBER,
        },
        "positions": {
            "description": "By account and symbol, shares held before the plan: what an execution must find.",
            "type": "object",
            "additionalProperties": {"type": "object", "additionalProperties": _SHARES},
        },
    }


def _explanation() -> dict[str, Any]:
    not_done = {
        "account": _TEXT,
        "symbol": _TEXT,
        "side": {"enum": ["buy", "sell"]},
        "quantity": {"type": "number", "minimum": 0, "description": "Shares, on top of the plan."},
        "expected": {**_TEXT, "description": "Why one would expect the trade."},
        "rule": {**_TEXT, "description": "The limit that forbids it, or cost where it is allowed and dearer."},
        "because": _TEXT,
        "change": {
            "description": "Dollars by which each cost of the program would change; null where a limit forbids it.",
            "type": ["object", "null"],
            "additionalProperties": _NUMBER,
        },
    }
    price = {
        "limit": _TEXT,
        "subject": _TEXT,
        "dollars": {"type": "number", "description": "What being rid of the limit, or a dollar of cash, is worth."},
        **_all("low high", {"type": "number", "description": "What is proven about it, dollars."}),
        "method": {"enum": ["solved_again", "multipliers"]},
        "text": _TEXT,
    }
    return {
        "description": "Only where it was asked for (--explain): trades not made and why, prices of the binding limits.",
        **_object({"not_done": _list(not_done), "limit_prices": _list(price)}),
    }


def _trade() -> dict[str, Any]:
    lot = {
        "lot": _TEXT,
        "acquired": _DAY,
        "quantity": _SHARES,
        **_all("basis proceeds gain", _CENTS),
        "character": {"enum": ["ST", "LT"]},
    }
    trade = {
        "account": _TEXT,
        "symbol": _TEXT,
        "side": {"enum": ["buy", "sell"]},
        "quantity": _SHARES,
        "price": {"type": "number", "exclusiveMinimum": 0},
        "value": _CENTS,
        "lots": _list(lot),
        "reason": _TEXT,
    }
    return {
        **_object(trade),
        "if": {"properties": {"side": {"const": "sell"}}},
        "then": {"properties": {"lots": {"minItems": 1}}},
        "else": {"properties": {"lots": {"maxItems": 0}}},
    }


def _objective() -> dict[str, Any]:
    return {
        "posed": {"type": "number", "description": "Dollars: the sum of costs[].dollars."},
        "bound": {**_MAYBE, "description": "Dollars no allowed plan can undercut; null where none is known."},
        "gap": {**_MAYBE, "minimum": 0, "description": "posed - bound, dollars."},
        "gap_bp": {**_MAYBE, "minimum": 0, "description": "The gap in basis points of household value."},
        "multipliers": {**_OPEN, "description": "What the bound is recomputed from."},
    }


def _wash_sales() -> dict[str, Any]:
    locks = {"group": _TEXT, "symbols": {"type": "array", "items": _TEXT}, "no_buy_until": _DAY}
    honoured = {
        **_all("account symbol", _TEXT),
        "side": {"enum": ["buy", "sell"]},
        "date": _DAY,
        "quantity": _SHARES,
        "loss": _MAYBE,
        "because": _TEXT,
    }
    known = {
        "locks": _list(locks),
        "kept": _list(_all("symbol rule because", _TEXT)),
        "honoured": {
            "description": "Trades of other plans, in no table yet, that the plan reckoned with; absent where none are.",
            **_list(honoured),
        },
    }
    return _object(known, optional=("honoured",))
