"""A mapping: a TOML file that says which column of somebody's CSV files is which, so that any table can be imported.

``lotwright schema mapping`` prints its JSON Schema. Each ``[[table]]`` reads the files whose name fits ``files``.
"""

from __future__ import annotations

import tomllib
from enum import StrEnum
from fnmatch import fnmatch
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from lotwright.errors import BookError


class TableKind(StrEnum):
    """What the rows of a file are."""

    POSITIONS = "positions"
    LOTS = "lots"
    TRANSACTIONS = "transactions"
    GAINS = "gains"
    CASH = "cash"


NEEDED: dict[TableKind, tuple[str, ...]] = {
    TableKind.POSITIONS: ("symbol", "quantity"),
    TableKind.LOTS: ("symbol", "quantity"),
    TableKind.TRANSACTIONS: ("date", "action", "symbol", "quantity", "price"),
    TableKind.GAINS: ("symbol", "closed", "quantity", "proceeds"),
    TableKind.CASH: ("amount",),
}
ALLOWED: dict[TableKind, tuple[str, ...]] = {
    TableKind.POSITIONS: ("account", "symbol", "description", "quantity", "price", "value", "basis", "basis_per_share"),
    TableKind.LOTS: (
        "account",
        "symbol",
        "description",
        "quantity",
        "acquired",
        "basis",
        "basis_per_share",
        "holding_start",
        "purchase",
        "price",
    ),
    TableKind.TRANSACTIONS: (
        "account",
        "date",
        "action",
        "symbol",
        "description",
        "quantity",
        "price",
        "amount",
        "fees",
        "realised_gain",
        "character",
        "disallowed_loss",
    ),
    TableKind.GAINS: (
        "account",
        "symbol",
        "description",
        "opened",
        "closed",
        "quantity",
        "proceeds",
        "basis",
        "gain",
        "character",
        "disallowed_loss",
    ),
    TableKind.CASH: ("account", "amount"),
}
Words = list[Annotated[str, Field(min_length=1)]]


class Strict(BaseModel):
    """Unknown keys are errors: a misspelt one would be silent."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Actions(Strict):
    """Words of the file's column of actions, letters' case aside; any other word is reported as not understood."""

    buy: Words = ["buy", "bought", "purchase"]
    sell: Words = ["sell", "sold", "sale"]
    reinvest: Words = ["reinvest", "reinvestment"]
    split: Words = Field(default=["split", "stock split"], description="quantity is the change in shares")
    receive: Words = Field(default=["transfer in", "receive"], description="shares from elsewhere, without a price")
    deliver: Words = Field(default=["transfer out", "deliver"], description="shares to elsewhere")
    ignore: Words = Field(
        default=["dividend", "interest", "fee", "deposit", "withdrawal"], description="rows that move money alone"
    )


class TableMapping(Strict):
    """How one kind of file is read."""

    kind: TableKind = Field(description="what its rows are")
    files: str = Field(default="*", description="pattern of the files' names; the first table that fits reads a file")
    columns: dict[str, str] = Field(description="ours = the header in the file; each kind has its own, see the README")
    constants: dict[str, str] = Field(default={}, description="ours = one value for every row, for example account")
    actions: Actions = Actions()
    drop: dict[str, Words] = Field(
        default={}, description="rows left out: ours = words of that column, letters' case aside"
    )
    cash: Words = Field(default=[], description="symbols that are money: their value, or else quantity, is cash")
    encoding: str | None = Field(default=None, description="of the file; found out where not given")
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    decimal: Literal[".", ","] = "."
    dates: Words | None = Field(default=None, description="forms of days as in Python's strptime, such as %d.%m.%Y")
    skip: Annotated[int, Field(ge=0)] = Field(default=0, description="rows above the header")
    accounts: Literal["masked", "as_written"] = Field(
        default="masked",
        description="masked: last four digits of a custodian's number; as_written: the column holds names of your own",
    )
    whole_history: bool = Field(default=False, description="these transactions are all there ever were")

    @model_validator(mode="after")
    def _check(self) -> TableMapping:
        given = {*self.columns, *self.constants}
        unknown = sorted(given - set(ALLOWED[self.kind]))
        missing = sorted(set(NEEDED[self.kind]) - given)
        if unknown:
            raise ValueError(f"{self.kind} have no {', '.join(unknown)}; they have {', '.join(ALLOWED[self.kind])}")
        if missing:
            raise ValueError(f"{self.kind} need {', '.join(missing)}")
        return self


class Mapping(Strict):
    """A mapping file."""

    schema_: Literal["lotwright.mapping/1"] = Field(alias="schema")
    says: str = Field(default="", description="what it is for")
    table: Annotated[list[TableMapping], Field(min_length=1)]

    def table_of(self, name: str) -> TableMapping | None:
        """Return the first table whose pattern a file's name fits."""
        return next((table for table in self.table if fnmatch(name, table.files)), None)


def read_mapping(path: Path) -> Mapping:
    """Read a mapping.

    Raises
    ------
    BookError
        It is no TOML, or says something that no mapping says; every fault is listed.
    """
    try:
        return Mapping.model_validate(tomllib.loads(path.read_text(encoding="utf-8-sig")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BookError(f"The mapping {path} is no TOML: {error}. Correct the file.") from error
    except ValidationError as error:
        lines = [f"  {'.'.join(map(str, each['loc'])) or 'mapping'}: {each['msg']}" for each in error.errors()]
        cure = "lotwright schema mapping prints what may stand there."
        raise BookError("\n".join([f"The mapping {path} cannot be used:", *lines, cure])) from error


def mapping_schema() -> dict[str, Any]:
    """Return the JSON Schema of a mapping."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "lotwright.mapping/1",
    } | Mapping.model_json_schema(by_alias=True)
