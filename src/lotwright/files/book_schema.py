"""The JSON Schema of a book, from the same declarations that the validation reads."""

from __future__ import annotations

from typing import Any

from lotwright.files.columns import Column, Form, Type
from lotwright.files.forms import FORMS

_KIND: dict[Type, dict[str, Any]] = {
    Type.TEXT: {"type": "string", "minLength": 1},
    Type.NUMBER: {"type": "number"},
    Type.DATE: {"type": "string", "format": "date"},
    Type.FLAG: {"type": "boolean"},
}


def book_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a book: an array of rows for each table.

    A book on disk is a folder of CSV or Parquet files; the schema says the same of its tables as JSON, so that
    another program can check what it is about to write. What needs several rows or tables at once (unique keys,
    weights that sum to 1, a price for every symbol) is in the descriptions, and is checked on reading.
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "lotwright.book/1",
        "description": "A book: a folder of tables NAME.csv or NAME.parquet, one array of rows for each.",
        "type": "object",
        "properties": {form.name: _table(form) for form in FORMS},
        "required": [form.name for form in FORMS if form.required],
        "additionalProperties": True,
    }


def _table(form: Form) -> dict[str, Any]:
    unique = f" Unique: {' and '.join(form.key)}." if form.key else ""
    row: dict[str, Any] = {
        "type": "object",
        "properties": {column.name: _column(column) for column in form.columns},
        "required": [column.name for column in form.columns if column.required],
        "additionalProperties": True,
    }
    if form.name == "lots":
        row["anyOf"] = [
            {"required": [name], "properties": {name: {"type": "number"}}} for name in ("basis", "basis_per_share")
        ]
    return {"description": form.says + unique, "type": "array", "items": row}


def _column(column: Column) -> dict[str, Any]:
    schema = dict(_KIND[column.type])
    if column.choices is not None:
        schema["enum"] = [str(word) for word in column.choices]
    if column.range is not None:
        schema |= dict(column.range.schema)
    if not column.required:
        schema["type"] = [schema["type"], "null"]
        if "enum" in schema:
            schema["enum"].append(None)
    empty = f" Empty: {column.default}." if column.default else ""
    says = column.says[0].upper() + column.says[1:]
    return {"description": f"{says}.{empty}", **schema}
