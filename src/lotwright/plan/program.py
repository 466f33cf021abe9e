"""A program: which costs a plan minimises at which price, and which limits it keeps. Data, not code.

A program's file is TOML: a sentence ``says``, a ``[[cost]]`` for every addend of the objective, a ``[[limit]]`` for
every rule; ``kind`` names the class, every other key one of its declared parameters. ``soft = PRICE`` on a limit makes
it a cost.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from decimal import Decimal
from difflib import get_close_matches
from functools import cache, cached_property
from pathlib import Path
from typing import Any, cast

import numpy as np

from lotwright.book.remembered import Remembered
from lotwright.declared import find_program
from lotwright.errors import ProgramError
from lotwright.plan.costs import (
    COSTS,
    AssetLocation,
    Commission,
    FutureTax,
    HalfSpread,
    HouseholdTracking,
    IdleCash,
    MarketImpact,
    StillInvested,
    Substitution,
    Tax,
    Ticket,
    Tracking,
)
from lotwright.plan.costs.parameter import Names, Parameter, Word, exact, parameters
from lotwright.plan.limits import LIMITS, Harvest, MinimumTicket, Soft, WholeShares
from lotwright.plan.limits.soft import priced_per
from lotwright.plan.protocols import Cost, Limit, Separable, Trades, Viewing
from lotwright.plan.separable.form import SeparableForm, blank
from lotwright.plan.snapshot import Snapshot
from lotwright.plan.terms import Demand, Terms
from lotwright.risk.choice import RiskChoice, risk_schema

FIRST = ("tickets",)
"""What a program may make least before its costs."""
PARTS = ("says", "first", "risk", "cost", "limit")
"""What a program's file is made of."""


@dataclass(frozen=True, kw_only=True)
class Program:
    """Costs to minimise, in dollars, and limits to keep.

    Costs paid in cash are made known to every cost and limit that looks at the cash after the plan.

    Raises
    ------
    ProgramError
        There is no cost, or a cost or limit is given twice.
    """

    name: str
    says: str
    costs: tuple[Cost, ...]
    limits: tuple[Limit, ...]
    first: str = ""
    """``tickets``: the fewest orders come first, and costs only decide among plans that have no more."""
    risk: RiskChoice | None = None
    """The risk model by name; the default one if not given."""

    def __post_init__(self) -> None:
        _once(self.name, "cost", [cost.kind for cost in self.costs if not isinstance(cost, Soft)])
        _once(self.name, "limit", [label_of(limit) for limit in self.limits])
        _once(self.name, "soft limit", [label_of(cost.limit) for cost in self.costs if isinstance(cost, Soft)])
        if self.first not in ("", *FIRST):
            raise ProgramError(
                f"Program {self.name}: first is {self.first!r}. Give one of {', '.join(FIRST)}, or leave it out."
            )
        if not self.costs:
            raise ProgramError(f"Program {self.name} has no cost, so every plan is as good as any. Add a [[cost]].")
        paying = tuple(cost for cost in self.costs if hasattr(cost, "paid"))
        object.__setattr__(self, "costs", tuple(_told(cost, paying) for cost in self.costs))
        object.__setattr__(self, "limits", tuple(_told(limit, paying) for limit in self.limits))

    @classmethod
    def from_toml(cls, source: str | Path) -> Program:
        """Read a program from TOML text, or from the file at a ``Path``.

        Raises
        ------
        ProgramError
            The text is not TOML, or names a kind or parameter that does not exist or does not fit.
        """
        if isinstance(source, Path):
            return _from_table(source.stem, _toml(source.read_text(encoding="utf-8"), where=str(source)))
        return _from_table("program", _toml(source, where="the program's text"))

    def value(self, snapshot: Snapshot, trades: Trades) -> float:
        """The posed objective of a trade list in plain numbers: the sum of its costs, dollars."""
        return float(sum(cost.value(snapshot, trades) for cost in self.costs))

    def violations(self, snapshot: Snapshot, trades: Trades) -> dict[str, float]:
        """Limits a trade list breaks, by kind, each in its own unit; empty when it keeps them all."""
        found = {label_of(limit): limit.violation(snapshot, trades) for limit in self.limits}
        return {kind: amount for kind, amount in found.items() if amount > 0}

    @property
    def is_separable(self) -> bool:
        """True if every cost and limit fits the separable form, so that a plan can be certified by it."""
        return all(_is_separable(_class(addend)) and getattr(addend, "is_separable", True) for addend in self._addends)

    @property
    def _addends(self) -> tuple[Any, ...]:
        return (*self.costs, *self.limits)

    def form(self, snapshot: Snapshot) -> SeparableForm | None:
        """The separable form of this program for one household, or ``None`` where some addend does not fit it."""
        made = self._forms(snapshot)
        return None if made is None else _copied(made)

    @cached_property
    def _forms(self) -> Remembered[Snapshot, SeparableForm | None]:
        """Forms of the last households: one household asks for its form several times, and changes what it gets."""
        return Remembered(self._form, most=2)

    def _form(self, snapshot: Snapshot) -> SeparableForm | None:
        if not self.is_separable:
            return None
        form = blank(snapshot)
        for addend in self._addends:
            if _is_separable(_class(addend)):
                addend.contribute(snapshot, form)
        form.steepen()
        if form.gain_cost and np.isfinite(form.tax_cap):
            form.unfit = "a cap on this year's tax cannot be told apart from the price of later tax"
        return form if form.unfit is None else None

    def view(self, snapshot: Snapshot) -> Snapshot:
        """The household as this program looks at it: limits that need more than the book lists add it."""
        for limit in self.limits:
            if _is_viewing(_class(limit)):
                snapshot = cast("Viewing", limit).view(snapshot)
        return snapshot

    def terms(self) -> Terms:
        """What the independent verifier needs to know; costs it has no word for are in :attr:`unverified`."""
        return self._terms

    @cached_property
    def _terms(self) -> Terms:
        """The same; a program never changes, and every household is planned with it."""
        cost: dict[type, Any] = {type(c): c for c in self.costs}
        limit: dict[type, Any] = {type(item): item for item in self.limits}
        demands = {item.kind for item in self.limits}
        softened = [cost for cost in self.costs if isinstance(cost, Soft)]
        return Terms(
            risk_price=exact(cost.get(Tracking), "risk_price"),
            household_risk_price=exact(cost.get(HouseholdTracking), "risk_price"),
            half_spread=exact(cost.get(HalfSpread), "default"),
            commission_per_ticket=exact(cost.get(Commission), "per_ticket"),
            commission_per_share=exact(cost.get(Commission), "per_share"),
            ticket=exact(cost.get(Ticket), "price"),
            substitution=exact(cost.get(Substitution), "price"),
            substitution_per_rank=exact(cost.get(Substitution, Substitution()), "per_rank") or Decimal(0),
            future_tax=exact(cost.get(FutureTax), "rate"),
            location_years=exact(cost.get(AssetLocation), "years"),
            location_distribution=exact(cost.get(AssetLocation, AssetLocation()), "distribution") or Decimal(0),
            location_qualified=exact(cost.get(AssetLocation, AssetLocation()), "qualified") or Decimal(0),
            carried_loss_value=exact(cost.get(Tax), "carried_loss_value"),
            idle_cash=exact(cost.get(IdleCash), "price"),
            shortfall=exact(cost.get(IdleCash), "shortfall"),
            fractional_increment=Decimal(str(limit.get(WholeShares, WholeShares()).fractional_increment)),
            minimum_notional=exact(limit.get(WholeShares), "minimum_notional"),
            minimum_ticket=exact(limit.get(MinimumTicket), "dollars"),
            harvest_dollars=exact(limit.get(Harvest), "dollars"),
            harvest_fraction=exact(limit.get(Harvest), "fraction"),
            step_up="step_up" in demands,
            cash="cash" in demands,
            holdings="holdings" in demands,
            whole_shares="whole_shares" in demands,
            wash_sale="wash_sale" in demands,
            restrictions="restrictions" in demands,
            market_impact=exact(cost.get(MarketImpact), "coefficient"),
            impact_volatility=exact(cost.get(MarketImpact), "volatility"),
            still_invested=exact(cost.get(StillInvested), "price"),
            demands=tuple(_demand(item) for item in self.limits if item.kind in DEMANDED)
            + tuple(_demand(soft.limit, soft.price) for soft in softened if soft.limit.kind in CHARGED),
        )

    @property
    def unverified(self) -> tuple[Cost, ...]:
        """Costs that :meth:`terms` cannot tell the verifier, because they are not among the declared kinds."""
        return tuple(
            cost
            for cost in self.costs
            if type(cost) not in COSTS.values() and not (isinstance(cost, Soft) and cost.limit.kind in CHARGED)
        )

    @cached_property
    def content_hash(self) -> str:
        """Hex SHA-256 of what the program charges and demands; neither its name nor its sentence counts."""
        said: dict[str, Any] = {
            "cost": [_said(c) for c in self.costs],
            "limit": [_said(item) for item in self.limits],
        }
        if self.first:
            said["first"] = self.first
        if self.risk is not None:
            said["risk"] = self.risk.to_table()
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def load_program(name_or_path: str | Path, *, beside: Path | None = None) -> Program:
    """Load a program by name (``balanced``) or from a file; a user's ``models/programs`` in ``beside`` wins over ours.

    Raises
    ------
    ProgramError
        There is no such program, or its file does not read as one.
    """
    return Program.from_toml(find_program(name_or_path, beside=beside))


def program_schema() -> dict[str, Any]:
    """JSON Schema of a program's file, derived from the declared parameters of every cost and limit."""
    limits = [_schema(limit, _soft_schema(limit)) for limit in LIMITS.values()]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "lotwright.program/1",
        "type": "object",
        "additionalProperties": False,
        "required": ["cost"],
        "properties": {
            "says": {"type": "string", "description": "One sentence for people."},
            "first": {"enum": list(FIRST), "description": "What is made least before costs are: the number of orders."},
            "risk": risk_schema(),
            "cost": {
                "type": "array",
                "minItems": 1,
                "items": {"oneOf": [_schema(cost, {}) for cost in COSTS.values()]},
            },
            "limit": {"type": "array", "items": {"oneOf": limits}},
        },
    }


def _soft_schema(limit: Any) -> dict[str, Any]:
    """What ``soft`` means for a kind of limit, where it can be softened."""
    if not hasattr(limit, "beyond"):
        return {}
    says = f"Make the limit a cost. Unit: $ per {priced_per(limit)}."
    return {"soft": {"type": "number", "minimum": 0, "description": says}}


def _schema(declared: Any, extra: Mapping[str, Any]) -> dict[str, Any]:
    properties = {name: about.schema() for name, about in parameters(declared).items()}
    first = (declared.__doc__ or "").split("\n")[0]
    return {
        "type": "object",
        "description": first,
        "additionalProperties": False,
        "required": ["kind"],
        "properties": {"kind": {"const": declared.kind}, **properties, **extra},
    }


def _toml(text: str, *, where: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ProgramError(f"{where} is not TOML: {error}. Correct that line.") from error


def _from_table(name: str, table: dict[str, Any]) -> Program:
    for key in table:
        if key not in PARTS:
            raise ProgramError(f"Program {name}: {key!r} is no part of a program.{_hint(key, PARTS)}")
    costs: list[Cost] = [_build(name, entry, COSTS, what="cost") for entry in _entries(name, table, "cost")]
    limits: list[Limit] = []
    for entry in _entries(name, table, "limit"):
        plain = {key: number for key, number in entry.items() if key != "soft"}
        limit = _build(name, plain, LIMITS, what="limit")
        if "soft" in entry:
            costs.append(_softened(name, limit, entry["soft"]))
        else:
            limits.append(limit)
    says, first = str(table.get("says", "")), str(table.get("first", ""))
    try:
        risk = RiskChoice.from_table(table["risk"]) if "risk" in table else None
    except ProgramError as error:
        raise ProgramError(f"Program {name}: {error}") from None
    return Program(name=name, says=says, costs=tuple(costs), limits=tuple(limits), first=first, risk=risk)


def _softened(name: str, limit: Any, price: Any) -> Soft:
    try:
        return Soft(limit=limit, price=price)
    except ProgramError as error:
        raise ProgramError(f"Program {name}: limit {limit.kind}: {error}") from None


def _entries(name: str, table: dict[str, Any], key: str) -> list[dict[str, Any]]:
    entries = table.get(key, [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ProgramError(f"Program {name}: {key} is not a list of tables. Write each one under [[{key}]].")
    return entries


def _build(name: str, entry: dict[str, Any], known: Mapping[str, Any], *, what: str) -> Any:
    """One cost or limit from its table; every message says which program, which kind and what would do."""
    kind = entry.get("kind")
    if not isinstance(kind, str) or kind not in known:
        found = "has no kind" if kind is None else f"has the unknown kind {kind!r}"
        raise ProgramError(f"Program {name}: a {what} {found}.{_hint(kind, known)}")
    declared = known[kind]
    for key in entry:
        if key != "kind" and key not in parameters(declared):
            raise ProgramError(
                f"Program {name}: {what} {kind} has no parameter {key!r}.{_hint(key, parameters(declared))}"
            )
    try:
        return declared(**{key: number for key, number in entry.items() if key != "kind"})
    except ProgramError as error:
        raise ProgramError(f"Program {name}: {what} {error}") from None


def _hint(word: object, known: Any) -> str:
    close = get_close_matches(str(word), list(known), n=1)
    guess = f" Did you mean {close[0]!r}?" if close else ""
    return f"{guess} There are: {', '.join(known) or 'none'}."


def _once(name: str, what: str, kinds: list[str]) -> None:
    twice = sorted({kind for kind in kinds if kinds.count(kind) > 1})
    if twice:
        raise ProgramError(f"Program {name} has the {what} {twice[0]} twice. Keep one of them.")


def _told(addend: Any, paying: tuple[Any, ...]) -> Any:
    """The same cost or limit, told which costs are paid in cash if it wants to know."""
    if isinstance(addend, Soft):
        return replace(addend, limit=_told(addend.limit, paying))
    wants = is_dataclass(addend) and "paid_in_cash" in {f.name for f in fields(addend)}
    return replace(addend, paid_in_cash=paying) if wants and not isinstance(addend, type) else addend


def _said(addend: Any) -> dict[str, Any]:
    """What one cost or limit charges or demands, as JSON."""
    if isinstance(addend, Soft):
        return {"kind": addend.kind, "price": addend.price, "limit": _said(addend.limit)}
    if type(addend) in COSTS.values() or type(addend) in LIMITS.values():
        return {"kind": addend.kind, **{name: _plain(getattr(addend, name)) for name in parameters(addend)}}
    return {"kind": addend.kind, "class": type(addend).__qualname__, "is": repr(addend)}


def _plain(found: Any) -> Any:
    """A declared figure, word or list of names, as JSON."""
    return float(found) if isinstance(found, int | float) else found


def _class(addend: object) -> Any:
    """The class of a cost or limit, by which is remembered what it can do."""
    return type(addend)


def _copied(form: SeparableForm) -> SeparableForm:
    """The same form, its arrays and lists its own."""
    held = {name: getattr(form, name) for name in _FORM_FIELDS}
    arrays = {name: value.copy() for name, value in held.items() if isinstance(value, np.ndarray)}
    return SeparableForm(**{**held, **arrays, **{k: list(v) for k, v in held.items() if isinstance(v, list)}})


_FORM_FIELDS = tuple(field.name for field in fields(SeparableForm))


@cache
def _is_separable(kind: type[Any]) -> bool:
    """Whether a class has what :class:`Separable` asks; looked at once, not for every household."""
    return issubclass(kind, Separable)


@cache
def _is_viewing(kind: type[Any]) -> bool:
    return issubclass(kind, Viewing)


def label_of(limit: Any) -> str:
    """What tells a limit from another of its kind: its kind, and what it names where a program may have several."""
    label: str = getattr(limit, "label", limit.kind)
    return label


DEMANDED = frozenset(LIMITS) - {
    "cash",
    "harvest",
    "holdings",
    "minimum_ticket",
    "restrictions",
    "step_up",
    "wash_sale",
    "whole_shares",
}
"""Kinds of limit that the verifier is told of as demands; the others have words of their own in its terms."""
CHARGED = DEMANDED | {"minimum_ticket"}
"""Kinds that it is told of as demands where they have a price."""


def _demand(limit: Any, price: float | None = None) -> Demand:
    """What the verifier is told of a limit, in exact figures."""
    declared = parameters(limit)
    return Demand(
        kind=limit.kind,
        label=label_of(limit),
        figures={
            name: None if getattr(limit, name) is None else Decimal(str(getattr(limit, name)))
            for name, about in declared.items()
            if isinstance(about, Parameter)
        },
        names={name: getattr(limit, name) for name, about in declared.items() if isinstance(about, Names)},
        words={name: getattr(limit, name) for name, about in declared.items() if isinstance(about, Word)},
        price=None if price is None else Decimal(str(price)),
    )
