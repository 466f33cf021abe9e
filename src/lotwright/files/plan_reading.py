"""A plan from JSON: what :mod:`lotwright.files.plan_json` writes, read back."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from math import inf
from typing import TypeVar

from lotwright.book.failure import Failure
from lotwright.book.holdings import Pending
from lotwright.book.kinds import Character, Regime, Side
from lotwright.book.trades import LotSale, Trade
from lotwright.errors import PlanError
from lotwright.files.json_reader import JsonReader
from lotwright.files.plan_schema import SCHEMA
from lotwright.plan.result import (
    CashMovement,
    Check,
    CostLine,
    Drift,
    Explanation,
    HouseholdPlan,
    Kept,
    LimitPrice,
    Lock,
    NotDone,
    Objective,
    Provenance,
    Status,
    TaxFigures,
    Timing,
    Tracking,
    WashSales,
)

Word = TypeVar("Word", bound=StrEnum)


def plan_from_json(obj: object) -> HouseholdPlan:
    """Return the plan that a JSON object of FORMATS' ``lotwright.plan/1`` says; unknown keys are ignored.

    Numbers may be ``int``, ``float`` or ``Decimal`` (``json.loads(text, parse_float=Decimal)``).

    Raises
    ------
    PlanError
        The object is of another schema, or a key is missing or not of its type; the message names it.
    """
    if not isinstance(obj, Mapping):
        raise PlanError(
            f"A plan is a JSON object, and this is a {type(obj).__name__}. Give one plan of 'lotwright plan'."
        )
    if obj.get("schema") != SCHEMA:
        found = repr(obj["schema"]) if "schema" in obj else "nothing"
        raise PlanError(f"plan.schema: found {found}, but this version reads {SCHEMA!r}. Make the plan again.")
    plan = JsonReader(obj, "plan")
    return HouseholdPlan(
        household=plan.text("household"),
        as_of=plan.day("as_of"),
        program=plan.text("program"),
        status=_word(plan, "status", Status),
        failure=plan.maybe("failure", _failure),
        trades=plan.each("trades", _trade),
        cash={name: _cash(JsonReader(cash, f"plan.cash.{name}")) for name, cash in plan.mapping("cash").items()},
        value=plan.decimal("value") if "value" in obj else Decimal(0),
        costs=plan.each("costs", _cost),
        objective=plan.maybe("objective", _objective),
        tax=plan.maybe("tax", _tax),
        tracking=plan.maybe("tracking", _tracking),
        drift=plan.each("drift", _drift),
        wash_sales=_wash_sales(plan.one("wash_sales")),
        checks=plan.each("checks", _check),
        notes=plan.texts("notes") if "notes" in obj else (),
        explanation=plan.maybe("explanation", _explanation) if "explanation" in obj else None,
        timing=_timing(plan.one("timing")),
        provenance=plan.maybe("provenance", _provenance),
        raised=_raised(plan) if "raised" in obj else {},
        regime=_word(plan, "regime", Regime) if "regime" in obj else Regime.US,
        positions=_positions(plan.one("positions")) if "positions" in obj else None,
    )


def _raised(plan: JsonReader) -> dict[str, Decimal]:
    asked = plan.one("raised")
    return {account: asked.decimal(account) for account in plan.mapping("raised")}


def _word(reader: JsonReader, name: str, words: type[Word]) -> Word:
    return reader.made(name, words, words=f"one of {', '.join(words)}")


def _failure(reader: JsonReader) -> Failure:
    return Failure(reason=reader.text("reason"), message=reader.text("message"), evidence=reader.mapping("evidence"))


def _trade(reader: JsonReader) -> Trade:
    lots = reader.each("lots", _lot)
    quantity = reader.decimal("quantity")
    whole = sum((lot.quantity for lot in lots), Decimal(0))
    return Trade(
        account=reader.text("account"),
        symbol=reader.text("symbol"),
        side=_word(reader, "side", Side),
        # A double may be too short for the sum of many lots: where it is the nearest one to that sum, the sum is meant.
        quantity=whole if float(whole) == float(quantity) else quantity,
        price=reader.decimal("price"),
        value=reader.decimal("value"),
        lots=lots,
        reason=reader.text("reason"),
    )


def _lot(reader: JsonReader) -> LotSale:
    return LotSale(
        lot=reader.text("lot"),
        acquired=reader.day("acquired"),
        quantity=reader.decimal("quantity"),
        basis=reader.decimal("basis"),
        proceeds=reader.decimal("proceeds"),
        gain=reader.decimal("gain"),
        character=_word(reader, "character", Character),
    )


def _cash(reader: JsonReader) -> CashMovement:
    return CashMovement(before=reader.decimal("before"), after=reader.decimal("after"))


def _positions(reader: JsonReader) -> dict[str, dict[str, Decimal]]:
    held = {account: reader.one(account) for account in reader.obj}
    return {account: {symbol: owned.decimal(symbol) for symbol in owned.obj} for account, owned in held.items()}


def _cost(reader: JsonReader) -> CostLine:
    return CostLine(name=reader.text("name"), dollars=reader.real("dollars"), text=reader.text("text"))


def _objective(reader: JsonReader) -> Objective:
    return Objective(
        posed=reader.real("posed"),
        bound=reader.real("bound", null=-inf),
        gap=reader.real("gap", null=inf),
        gap_bp=reader.real("gap_bp", null=inf),
        multipliers=reader.mapping("multipliers"),
    )


def _tax(reader: JsonReader) -> TaxFigures:
    return TaxFigures(
        short_term_gain=reader.decimal("short_term_gain"),
        long_term_gain=reader.decimal("long_term_gain"),
        tax=reader.decimal("tax"),
        tax_without_plan=reader.decimal("tax_without_plan"),
        carryforward_short=reader.decimal("carryforward_short"),
        carryforward_long=reader.decimal("carryforward_long"),
    )


def _tracking(reader: JsonReader) -> Tracking:
    return Tracking(before=reader.real("before"), after=reader.real("after"), do_nothing=reader.real("do_nothing"))


def _drift(reader: JsonReader) -> Drift:
    return Drift(
        account=reader.text("account"),
        symbol=reader.text("symbol"),
        target=reader.real("target"),
        before=reader.real("before"),
        after=reader.real("after"),
    )


def _wash_sales(reader: JsonReader) -> WashSales:
    return WashSales(
        locks=reader.each("locks", _lock),
        kept=reader.each("kept", _kept),
        honoured=reader.each("honoured", _pending) if "honoured" in reader.obj else (),
    )


def _pending(reader: JsonReader) -> Pending:
    return Pending(
        account=reader.text("account"),
        symbol=reader.text("symbol"),
        side=_word(reader, "side", Side),
        date=reader.day("date"),
        quantity=reader.decimal("quantity"),
        loss=None if reader.obj.get("loss") is None else reader.decimal("loss"),
        because=reader.text("because"),
    )


def _lock(reader: JsonReader) -> Lock:
    return Lock(
        group=reader.text("group"),
        symbols=reader.texts("symbols"),
        no_buy_until=reader.day("no_buy_until"),
        because=reader.text("because") if "because" in reader.obj else "",
    )


def _kept(reader: JsonReader) -> Kept:
    return Kept(symbol=reader.text("symbol"), rule=reader.text("rule"), because=reader.text("because"))


def _explanation(reader: JsonReader) -> Explanation:
    return Explanation(not_done=reader.each("not_done", _not_done), limit_prices=reader.each("limit_prices", _price))


def _not_done(reader: JsonReader) -> NotDone:
    change = (
        None if reader.obj.get("change") is None else JsonReader(reader.mapping("change"), f"{reader.place}.change")
    )
    return NotDone(
        account=reader.text("account"),
        symbol=reader.text("symbol"),
        side=_word(reader, "side", Side),
        quantity=reader.decimal("quantity"),
        expected=reader.text("expected"),
        rule=reader.text("rule"),
        because=reader.text("because"),
        change=None if change is None else {str(name): change.real(str(name)) for name in reader.mapping("change")},
    )


def _price(reader: JsonReader) -> LimitPrice:
    return LimitPrice(
        limit=reader.text("limit"),
        subject=reader.text("subject"),
        dollars=reader.real("dollars"),
        low=reader.real("low"),
        high=reader.real("high"),
        method=reader.text("method"),
        text=reader.text("text"),
    )


def _check(reader: JsonReader) -> Check:
    return Check(name=reader.text("name"), ok=reader.truth("ok"), text=reader.text("text"))


def _timing(reader: JsonReader) -> Timing:
    return Timing(**{name: reader.real(name) for name in ("read", "pose", "solve", "verify", "total")})


def _provenance(reader: JsonReader) -> Provenance:
    names = ("version", "book_hash", "program_hash", "solver", "solver_version")
    return Provenance(**{name: reader.text(name) for name in names})
