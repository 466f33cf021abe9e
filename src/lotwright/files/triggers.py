"""Triggers from TOML: read, checked and told about in words; and their JSON Schema.

Everything a condition may be set to stands in its class, once; pydantic reads it from there for both uses.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from lotwright.declared import find_trigger
from lotwright.errors import ProgramError
from lotwright.files.indicator_series import Source, source_of
from lotwright.trigger.conditions import CONDITIONS, Combined, Condition, Not
from lotwright.trigger.trigger import Trigger, When

SCHEMA = "lotwright.triggers/1"
DEEPEST = 8
"""Conditions within conditions."""
_TOP = ("says", "exchange", "cooldown", "combine", "when", "series")
_COMBINED = ("any", "all", "at_least", "not")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredTrigger:
    """A trigger as its file declares it, and where the series its expressions name come from."""

    trigger: Trigger
    sources: Mapping[str, Source]
    path: Path | None = None


def load_trigger(name_or_path: str | Path, *, beside: Path | None = None) -> DeclaredTrigger:
    """Load a trigger by name (``quarterly``) or from a file; ``models/triggers`` in ``beside`` wins over ours.

    Raises
    ------
    ProgramError
        There is no such trigger, or its file does not read as one; the message names the condition and the cure.
    """
    path = find_trigger(name_or_path, beside=beside)
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ProgramError(f"{path} is not UTF-8. Save it again as UTF-8.") from error
    return parse_trigger(text, name=path.stem, where=str(path), path=path)


def parse_trigger(
    text: str, *, name: str = "trigger", where: str = "the text", path: Path | None = None
) -> DeclaredTrigger:
    """Read a trigger from TOML text.

    Raises
    ------
    ProgramError
        It is not TOML, or declares something that does not exist or does not fit.
    """
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ProgramError(f"{where} is not TOML: {error}. Correct that line.") from error
    for key in table:
        if key not in _TOP:
            raise ProgramError(f"Trigger {name}: {key!r} is no part of a trigger.{_hint(key, _TOP)}")
    when = tuple(_when(entry, f"Trigger {name}, condition {n}") for n, entry in enumerate(_tables(table, name), 1))
    series = _of_kind(table, "series", dict, name, default={})
    trigger = Trigger(
        name=name,
        says=_of_kind(table, "says", str, name, default=""),
        when=when,
        count=_count(table.get("combine", "any"), len(when), name),
        exchange=_of_kind(table, "exchange", str, name, default="XNYS"),
        cooldown=_whole(table, "cooldown", name),
    )
    folder = None if path is None else path.parent
    sources = {key: source_of(key, entry, where=f"Trigger {name}", folder=folder) for key, entry in series.items()}
    return DeclaredTrigger(trigger=trigger, sources=sources, path=path)


def trigger_schema() -> dict[str, Any]:
    """JSON Schema of a trigger's file."""
    conditions: list[dict[str, Any]] = []
    definitions: dict[str, Any] = {}
    for kind, declared in CONDITIONS.items():
        schema = _adapter(kind).json_schema(ref_template="#/$defs/{model}")
        definitions |= schema.pop("$defs", {})
        schema["required"] = ["kind", *schema.get("required", [])]
        schema["additionalProperties"] = False
        schema["description"] = " ".join((declared.__doc__ or "").split("\n\n")[0].split())
        definitions[kind] = schema
        conditions.append({"$ref": f"#/$defs/{kind}"})
    inner = {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/condition"}}
    count = {"type": "integer", "minimum": 1, "description": "At least so many."}
    for kind in _COMBINED:
        of = {"$ref": "#/$defs/condition"} if kind == "not" else inner
        definitions[kind] = {
            "type": "object",
            "additionalProperties": False,
            "required": ["kind", "of", *(["count"] if kind == "at_least" else [])],
            "properties": {"kind": {"const": kind}, "of": of, **({"count": count} if kind == "at_least" else {})},
        }
        conditions.append({"$ref": f"#/$defs/{kind}"})
    definitions["condition"] = {"oneOf": conditions}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": SCHEMA,
        "type": "object",
        "additionalProperties": False,
        "required": ["when"],
        "properties": {
            "says": {"type": "string", "description": "One sentence for people."},
            "exchange": {"type": "string", "default": "XNYS", "description": "Market identifier code of the calendar."},
            "cooldown": {
                "type": "integer",
                "minimum": 0,
                "default": 0,
                "description": "Trading days a household rests after a plan that traded.",
            },
            "combine": {
                "oneOf": [{"enum": ["any", "all"]}, {"type": "integer", "minimum": 1}],
                "default": "any",
                "description": "How many conditions must hold.",
            },
            "when": {"type": "array", "minItems": 1, "items": {"oneOf": [_top_level(one) for one in conditions]}},
            "series": {
                "type": "object",
                "description": "Where indicators come from.",
                "additionalProperties": TypeAdapter(Source).json_schema(),
            },
        },
        "$defs": {
            **definitions,
            **{f"when_{kind}": _with_extras(definitions[kind]) for kind in (*CONDITIONS, *_COMBINED)},
        },
    }


def _top_level(reference: Mapping[str, str]) -> dict[str, str]:
    return {"$ref": reference["$ref"].replace("#/$defs/", "#/$defs/when_")}


def _with_extras(schema: Mapping[str, Any]) -> dict[str, Any]:
    extras = {
        "then": {"type": "string", "description": "Name of the program to plan with where this condition holds."},
        "urgent": {"type": "boolean", "default": False, "description": "Asked of a resting household, too."},
    }
    return {**schema, "properties": {**schema["properties"], **extras}}


def _tables(table: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    found = table.get("when", [])
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise ProgramError(f"Trigger {name}: when is not a list of tables. Write each condition under [[when]].")
    return found


def _when(entry: Mapping[str, Any], where: str) -> When:
    plain = {key: value for key, value in entry.items() if key not in ("then", "urgent")}
    then, urgent = entry.get("then"), entry.get("urgent", False)
    if then is not None and (not isinstance(then, str) or not then):
        raise ProgramError(f"{where}: then is {then!r}. Give the name of a program.")
    if not isinstance(urgent, bool):
        raise ProgramError(f"{where}: urgent is {urgent!r}. Write true or false.")
    return When(condition=condition_of(plain, where), then=then, urgent=urgent)


def condition_of(entry: Mapping[str, Any], where: str, depth: int = 1) -> Condition:
    """One condition from its table, those within it included.

    Raises
    ------
    ProgramError
        It has no known kind, or a setting that does not exist or fit; or conditions are nested too deep.
    """
    kind = entry.get("kind")
    if not isinstance(kind, str) or kind not in (*CONDITIONS, *_COMBINED):
        found = "has no kind" if kind is None else f"has the unknown kind {kind!r}"
        raise ProgramError(f"{where} {found}.{_hint(kind, (*CONDITIONS, *_COMBINED))}")
    if depth > DEEPEST:
        raise ProgramError(f"{where}: conditions are nested more than {DEEPEST} deep. Write them flatter.")
    if kind in _COMBINED:
        return _combined(kind, entry, where, depth)
    for key in entry:
        if key not in _settings(kind):
            raise ProgramError(f"{where}: {kind} has no setting {key!r}.{_hint(key, _settings(kind))}")
    try:
        made: Condition = _adapter(kind).validate_json(json.dumps(dict(entry), default=str), strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        at = ".".join(map(str, first["loc"])) or kind
        raise ProgramError(f"{where}: {kind}, {at}: {_wrong(first)}") from None
    except ProgramError as error:
        raise ProgramError(f"{where}: {error}") from None
    return made


def _wrong(error: Any) -> str:
    if error["type"] == "missing":
        return "it is needed and not there. Add it."
    return f"{error['msg'][:1].lower()}{error['msg'][1:]}; found {error.get('input')!r}."


def _combined(kind: str, entry: Mapping[str, Any], where: str, depth: int) -> Condition:
    keys = ("kind", "of", "count") if kind == "at_least" else ("kind", "of")
    for key in entry:
        if key not in keys:
            raise ProgramError(f"{where}: {kind} has no setting {key!r}.{_hint(key, keys)}")
    of = entry.get("of")
    if kind == "not":
        if not isinstance(of, dict):
            raise ProgramError(f"{where}: not needs one condition: of = {{ kind = ... }}.")
        return Not(of=condition_of(of, f"{where}, not", depth + 1))
    if not isinstance(of, list) or not all(isinstance(part, dict) for part in of):
        raise ProgramError(f"{where}: {kind} needs a list of conditions: of = [{{ kind = ... }}, ...].")
    parts = tuple(condition_of(part, f"{where}, {kind} {n}", depth + 1) for n, part in enumerate(of, 1))
    count = {"any": 1, "all": len(parts)}.get(kind, entry.get("count"))
    if not isinstance(count, int) or isinstance(count, bool):
        raise ProgramError(f"{where}: at_least needs a count, found {count!r}. Give a whole number.")
    try:
        return Combined(kind=kind, count=max(count, 0), of=parts)  # type: ignore[arg-type]  # one of the three words
    except ProgramError as error:
        raise ProgramError(f"{where}: {error}") from None


@cache
def _adapter(kind: str) -> TypeAdapter[Any]:
    return TypeAdapter(CONDITIONS[kind])


@cache
def _settings(kind: str) -> tuple[str, ...]:
    return tuple(_adapter(kind).json_schema()["properties"])


def _count(combine: object, conditions: int, name: str) -> int:
    if combine == "any":
        return 1
    if combine == "all":
        return max(conditions, 1)
    if isinstance(combine, int) and not isinstance(combine, bool):
        return combine
    raise ProgramError(f'Trigger {name}: combine is {combine!r}. Write "any", "all", or at least how many.')


def _whole(table: Mapping[str, Any], key: str, name: str) -> int:
    found = table.get(key, 0)
    if not isinstance(found, int) or isinstance(found, bool) or found < 0:
        raise ProgramError(f"Trigger {name}: {key} is {found!r}. Give trading days, 0 or more.")
    return found


def _of_kind(table: Mapping[str, Any], key: str, kind: type, name: str, *, default: Any) -> Any:
    found = table.get(key, default)
    if not isinstance(found, kind):
        words = {"str": "text", "dict": "a table"}[kind.__name__]
        raise ProgramError(f"Trigger {name}: {key} is {found!r}. Give {words}.")
    return found


def _hint(word: object, known: Any) -> str:
    close = get_close_matches(str(word), list(known), n=1)
    guess = f" Did you mean {close[0]!r}?" if close else ""
    return f"{guess} There are: {', '.join(known)}."
