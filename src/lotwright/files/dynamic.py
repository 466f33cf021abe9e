"""Model portfolios whose weights are computed: a file with a ``[source]`` and the book's own history and prices.

What keeps such a model from having weights (no history, caps without room) is the failure of the households that use it,
like a target without a price.
"""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from lotwright.book.history import PriceHistory
from lotwright.book.market import ModelPortfolio, Price, Target
from lotwright.errors import LotwrightError, ProgramError
from lotwright.files.faults import Fault
from lotwright.files.market_tables import prices_of
from lotwright.files.portfolios import Portfolio
from lotwright.files.price_history import history_of
from lotwright.files.tables import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamicFile:
    """A portfolio's file that declares a ``[source]``: what it says, with the weights of an index read in.

    ``data`` are the bytes of every file that was read, by name.
    """

    name: str
    file: str
    document: Mapping[str, Any]
    data: Mapping[str, bytes]


def read_dynamic(path: Path, *, name: str | None = None) -> DynamicFile | None:
    """The file if it declares a source of weights, None where it is a static one (or no TOML: that is said elsewhere).

    Raises
    ------
    ProgramError
        Its index cannot be read.
    """
    content = path.read_bytes()
    file = f"models/portfolios/{path.name}"
    try:
        document = tomllib.loads(content.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError):
        return None
    if "source" not in document:
        return None
    data = {file: content}
    source = document["source"]
    if isinstance(source, dict) and isinstance(source.get("weights"), str):
        index = path.parent / source["weights"]
        if not index.is_file():
            raise ProgramError(
                f"{file}: there is no file of weights {index}. Put it beside the portfolio, or correct weights."
            )
        data[f"models/portfolios/{index.name}"] = index.read_bytes()
        document = {**document, "source": {**source, "weights": index_weights(index)}}
    return DynamicFile(name=name or path.stem, file=file, document=document, data=data)


def index_weights(path: Path) -> dict[str, float]:
    """Weights of an index from a CSV file with the columns symbol and weight.

    Raises
    ------
    ProgramError
        A column is missing, a symbol stands twice, or a weight is no number or negative.
    """
    try:
        rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))
    except UnicodeDecodeError as error:
        raise ProgramError(f"{path}: the text is not UTF-8. Save it again as CSV (UTF-8).") from error
    weights: dict[str, float] = {}
    for number, row in enumerate(rows, start=2):
        symbol, said = (row.get("symbol") or "").strip(), (row.get("weight") or "").strip()
        try:
            weight = Decimal(said)
        except InvalidOperation:
            weight = Decimal("NaN")
        if not symbol or not weight.is_finite() or weight < 0:
            raise ProgramError(
                f"{path}, row {number}: {symbol or 'no symbol'} with weight {said!r}. Write symbol,weight in each row."
            )
        if symbol in weights:
            raise ProgramError(f"{path}, row {number}: {symbol} stands there twice. Keep one row.")
        weights[symbol] = float(weight)
    if not weights:
        raise ProgramError(f"{path} has no rows. Write symbol,weight, a row for each name of the index.")
    return weights


def dynamic_portfolio(dynamic: DynamicFile, tables: Mapping[str, Table]) -> Portfolio:
    """The portfolio as of the book's day; one with a ``fault`` where it has no weights."""
    try:
        prices = prices_of(tables["prices"])
        history = history_of(tables.get("history"))
        found = computed(dynamic, history, prices, as_of=max(price.as_of for price in prices.values()))
    except (LotwrightError, KeyError, ValueError) as error:
        said = str(error).removeprefix(f"{dynamic.name}: ")
        wrong, _, cure = said.rpartition(". ") if ". " in said else (said, "", "Correct the declaration.")
        fault = Fault(file=dynamic.file, wrong=f"the model {dynamic.name} has no weights: {wrong}", cure=cure)
        return Portfolio(model=ModelPortfolio(name=dynamic.name, targets=()), file=dynamic.file, fault=fault)
    targets = tuple(Target(symbol=symbol, weight=weight) for symbol, weight in found.items())
    return Portfolio(model=ModelPortfolio(name=dynamic.name, targets=targets), file=dynamic.file)


def computed(
    dynamic: DynamicFile, history: PriceHistory | None, prices: Mapping[str, Price], *, as_of: date
) -> Mapping[str, Decimal]:
    """Weights of a dynamic model on a day.

    Raises
    ------
    ProgramError
        The declaration does not fit, or there are no such weights.
    """
    from lotwright.targets.compute import Securities, weights_of  # noqa: PLC0415  only where a model is dynamic
    from lotwright.targets.declaration import declaration_of  # noqa: PLC0415

    declared = declaration_of(dynamic.name, dynamic.document)
    if history is None:
        raise ProgramError("The book has no history. Fetch one with lotwright prices, or name a static model.")
    securities = Securities(
        sector={symbol: price.sector for symbol, price in prices.items()},
        kind={symbol: price.kind for symbol, price in prices.items()},
    )
    return weights_of(declared, history, securities, as_of=as_of).weight
