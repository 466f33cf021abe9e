"""Plans from where they were written, each with its hash, and the order sheets of their accounts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lotwright.canonical import plan_hash
from lotwright.errors import PlanError
from lotwright.execution.sheet import OrderSheet
from lotwright.files.plan_json import plan_from_json
from lotwright.plan.result import HouseholdPlan, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One household's plan as it was written, and the hash it goes by."""

    plan: HouseholdPlan
    hash: str
    raw: dict[str, Any]


def read_documents(path: Path, *, households: Iterable[str] | None = None) -> tuple[Document, ...]:
    """The plans of a JSON file (one or a list) or of a batch's folder, as far as their households are wanted.

    Raises
    ------
    PlanError
        The path holds no plans, one of them does not read, or a household wanted is not among them.
    """
    documents = tuple(_document(raw, path) for raw in (_of_folder(path) if path.is_dir() else _of_file(path)))
    if not documents:
        raise PlanError(f"{path} holds no plans. Name a file that --json wrote, or the folder of a batch.")
    names = [document.plan.household for document in documents]
    twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if twice:
        raise PlanError(f"{path} has more than one plan of {', '.join(twice[:5])}. Carry out one plan a household.")
    wanted = set(households or names)
    unknown = sorted(wanted - set(names))
    if unknown:
        raise PlanError(
            f"{path} has no plan of household {', '.join(unknown)}. It has {', '.join(sorted(names)[:20])}."
        )
    return tuple(document for document in documents if document.plan.household in wanted)


def sheets_of(document: Document) -> tuple[OrderSheet, ...]:
    """The order sheet of every account with trades, by account.

    Raises
    ------
    PlanError
        A trade is not one that can be carried out.
    """
    plan = document.plan
    accounts = sorted({trade.account for trade in plan.trades})
    return tuple(
        OrderSheet(
            plan=document.hash,
            account=account,
            household=plan.household,
            as_of=plan.as_of,
            trades=tuple(trade for trade in plan.trades if trade.account == account),
            positions=None if plan.positions is None else dict(plan.positions.get(account, {})),
            weights={drift.symbol: drift.before for drift in plan.drift if drift.account == account},
            cash_before=plan.cash[account].before if account in plan.cash else None,
            cash_after=plan.cash[account].after if account in plan.cash else None,
        )
        for account in accounts
    )


def problem_of(document: Document) -> str:
    """Why nobody should approve this plan; empty when nothing speaks against it."""
    plan = document.plan
    if plan.status is Status.FAILED:
        return "the household has no plan: " + ("no reason is given" if plan.failure is None else plan.failure.message)
    failed = [check for check in plan.checks if not check.ok]
    if failed:
        return "its own verification failed: " + " ".join(check.text for check in failed)
    if plan.trades and not plan.checks:
        return "it was never verified: it carries no checks"
    for trade in plan.trades:
        named = sum((lot.quantity for lot in trade.lots), trade.quantity * 0)
        if trade.lots and named != trade.quantity:
            return f"{trade.account} sells {trade.quantity} {trade.symbol}, and its lots add up to {named}"
    sheets_of(document)
    return ""


def _document(raw: object, path: Path) -> Document:
    if not isinstance(raw, dict):
        raise PlanError(f"{path}: a plan is a JSON object, found {type(raw).__name__}. Name a file that --json wrote.")
    return Document(plan=plan_from_json(raw), hash=plan_hash(raw), raw=raw)


def _of_file(path: Path) -> list[Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PlanError(f"{path} cannot be read: {error.strerror}. Name a file that --json wrote.") from error
    except ValueError as error:
        raise PlanError(f"{path} is not JSON: {error}. Name a file that --json wrote.") from error
    return found if isinstance(found, list) else [found]


def _of_folder(path: Path) -> Iterator[Any]:
    """The plans of a batch's run: the column ``plan`` of RUN/plans/*.parquet."""
    import pyarrow.parquet as pq

    parts = sorted((path / "plans").glob("*.parquet"))
    if not parts:
        raise PlanError(f"{path} is no run of a batch: it has no plans/*.parquet. Name the folder given to --out.")
    for part in parts:
        try:
            texts = pq.read_table(part, columns=["plan"]).column("plan").to_pylist()
        except (OSError, ValueError, KeyError) as error:
            raise PlanError(f"{part} has no readable column plan: {error}. Resume the batch.") from error
        for text in texts:
            yield json.loads(text)
