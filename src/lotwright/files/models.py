"""The model portfolios of a book: from its table of targets and from files of ``models/portfolios``."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

import numpy as np

from lotwright.book.market import ModelPortfolio, Target
from lotwright.files.faults import Fault, did_you_mean
from lotwright.files.portfolios import WEIGHT_TOLERANCE, Portfolio
from lotwright.files.report import Report
from lotwright.files.tables import Table, every_row
from lotwright.files.values import Numbers, Texts


@dataclass(frozen=True, slots=True, kw_only=True)
class Models:
    """Model portfolios by name, what is wrong with some of them, and what was left out of them.

    ``unpriced`` holds the faults of targets without a price, which fail only the households that use the model;
    ``notes`` sentences about stand-ins that were left out because they have no price.
    """

    portfolios: Mapping[str, ModelPortfolio]
    unpriced: Mapping[str, tuple[Fault, ...]] = field(default_factory=dict)
    notes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def check_targets(report: Report) -> None:
    """Report models whose weights do not sum to 1, and bands whose lower edge is above the upper one."""
    table = report.table
    lower, upper = table.values.get("lower"), table.values.get("upper")
    if isinstance(lower, Numbers) and isinstance(upper, Numbers):
        report(
            lower.approx > upper.approx,
            column="lower",
            wrong=lambda at: f"it is above the upper edge of the band, {table.found('upper', at)}",
            cure="Swap or correct the two edges.",
        )
    model = table.values.get("model")
    weights = table.values.get("weight")
    if not isinstance(model, Texts) or weights is None or table.unreadable["weight"].any() or weights.is_missing.any():
        return
    rows = every_row(table)
    total: dict[str, Decimal] = {}
    first: dict[str, int] = {}
    for at, (name, weight) in enumerate(zip(model.at(rows), weights.at(rows), strict=True)):
        total[name] = total.get(name, Decimal(0)) + weight
        first.setdefault(name, at)
    off = [name for name, weight in total.items() if name and abs(weight - 1) > WEIGHT_TOLERANCE]
    marked = np.zeros(len(table), dtype=bool)
    marked[[first[name] for name in off]] = True
    report(
        marked,
        column="weight",
        found=lambda at: f"{total[table.at('model', rows[at : at + 1])[0]].normalize():f}",
        wrong=lambda at: f"that is what the weights of {table.found('model', at)} sum to, and they must sum to 1",
        cure="Correct the weights of the model; cash is what the account's cash_target says.",
    )


def tabled_models(table: Table | None) -> dict[str, Portfolio]:
    """Return the models of the table of targets, each target with the row it stands in."""
    if table is None:
        return {}
    rows = every_row(table)
    names = ("model", "symbol", "weight", "sleeve", "lower", "upper", "rank")
    found: dict[str, list[tuple[Target, int]]] = {}
    for *cells, row in zip(*(table.at(name, rows) for name in names), table.row.tolist(), strict=True):
        model, symbol, weight, sleeve, lower, upper, rank = cells
        target = Target(
            symbol=symbol,
            weight=weight,
            sleeve=sleeve,
            lower=lower,
            upper=upper,
            rank=None if rank is None else int(rank),
        )
        found.setdefault(model, []).append((target, row))
    return {
        model: Portfolio(
            model=ModelPortfolio(name=model, targets=tuple(target for target, _ in entries)),
            file=table.file,
            row={target.symbol: row for target, row in entries},
        )
        for model, entries in found.items()
    }


def priced_models(portfolios: Mapping[str, Portfolio], *, priced: Collection[str], prices: str) -> Models:
    """Return the models with their targets in symbol order, told apart by whether every target has a price.

    A stand-in (weight 0, rank 2 or more) without a price cannot be traded and is left out, with a note.
    """
    models: dict[str, ModelPortfolio] = {}
    unpriced: dict[str, tuple[Fault, ...]] = {}
    notes: dict[str, tuple[str, ...]] = {}
    for name, portfolio in sorted(portfolios.items()):
        targets = sorted(portfolio.model.targets, key=lambda target: target.symbol)
        without = [target for target in targets if target.symbol not in priced]
        left_out = {target.symbol for target in without if not target.weight and (target.rank or 0) > 1}
        models[name] = replace(
            portfolio.model, targets=tuple(target for target in targets if target.symbol not in left_out)
        )
        faults = [
            _unpriced(portfolio, target.symbol, priced, prices) for target in without if target.symbol not in left_out
        ]
        if portfolio.fault is not None:
            faults = [portfolio.fault]
        if faults:
            unpriced[name] = tuple(faults)
        if left_out:
            symbols = ", ".join(sorted(left_out))
            notes[name] = (f"Model {name} names {symbols} as stand-in, but {prices} has no price: it is left out.",)
    return Models(portfolios=models, unpriced=unpriced, notes=notes)


def _unpriced(portfolio: Portfolio, symbol: str, priced: Collection[str], prices: str) -> Fault:
    return Fault(
        file=portfolio.file,
        row=portfolio.row.get(symbol),
        column="symbol" if portfolio.row else "securities",
        found=symbol,
        wrong=f"{prices} has no price for this target of model {portfolio.model.name}",
        cure=f"{did_you_mean(symbol, priced)}Correct the symbol, or add a row for {symbol} to {prices}.",
    )
