"""What a worker does with a chunk: read its rows, plan each household, return the plans as tables.

Every error that planning raises stays with its household: in company the household is left out of the answer, so that
it is tried again alone; alone it becomes the household's failure.
"""

from __future__ import annotations

import gc
import os
import pickle
import platform
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from lotwright.book.failure import Failure
from lotwright.book.holdings import Household
from lotwright.book.market import Market
from lotwright.errors import BookError, PlanError, ProgramError
from lotwright.files.account_rows import telling_trades
from lotwright.files.books import account_table_rows, check_accounts, check_each, households_of
from lotwright.files.faults import Faults
from lotwright.files.forms import FORMS
from lotwright.files.households import Households, account_names
from lotwright.files.parse import Parsed
from lotwright.files.run.blocks import plain_array
from lotwright.files.run.frames import pack, unpack
from lotwright.files.run.kernels import load_kernels, use_kernels, wished_kernels
from lotwright.files.run.parts import ROW, UNIT, row_numbers, unit_numbers
from lotwright.files.run.pending import InHand, pending_of
from lotwright.files.run.prepare import Setup
from lotwright.files.run.results import tables_of
from lotwright.files.tables import Table, typed_table
from lotwright.plan.batch.worker import watched
from lotwright.plan.household import plan_household
from lotwright.plan.result import HouseholdPlan, Status
from lotwright.plan.separable.tree import Effort

NODE_HOLDINGS, LEAST_NODES = 150_000, 300
"""Nodes a search may visit, times the household's holdings, and the least nodes: the work of some ten seconds.

Counted in nodes the end of a search is the same on every machine and under any load, which seconds are not.
"""
PATIENCE, LEAST_PATIENCE = 20_000, 40
"""The same for a gap that is small but not as small as asked; see :attr:`Effort.patience`."""

_UNWRITABLE = (PlanError, pa.ArrowException, ArithmeticError, ValueError, TypeError)
"""What is raised where no table or text can hold a plan: a figure that is no number, or has too many digits."""

SELDOM = 50_000
"""Objects made, less those gone, after which a worker looks for cycles."""

_FORMS = {form.name: form for form in FORMS}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ready:
    """A worker that is prepared: the setup, the seconds after which a household counts as hung, how the solver runs."""

    setup: Setup
    hang_seconds: float
    kernels: str = "auto"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Read:
    """The households of a chunk, the unit of each, and the trades that earlier plans have in hand."""

    households: Households
    unit: dict[str, int]
    pending: InHand


def setup_bytes(setup: Setup, *, hang_seconds: float) -> bytes:
    """Return a setup as a worker gets it. Only a worker that a run of ours started may read it: it is a pickle."""
    return pickle.dumps(Ready(setup=setup, hang_seconds=hang_seconds, kernels=wished_kernels()))


def warm() -> None:
    """Make a process a worker before there is work: the solver loaded, where it is compiled already, and one thread.

    A household is thousands of objects and no cycles to speak of: looking for some often costs a tenth of the time.
    """
    load_kernels()
    pa.set_cpu_count(1)
    gc.collect()
    gc.freeze()
    gc.set_threshold(SELDOM, 20, 20)


def prepare_worker(data: bytes) -> Ready:
    """Load the setup, and the solver as the coordinator runs it."""
    ready: Ready = pickle.loads(data)  # noqa: S301  written by this run's coordinator
    use_kernels(ready.kernels)
    return ready


def work(ready: Ready, payload: bytes) -> bytes:
    """Plan the households of a chunk; see :func:`lotwright.files.run.frames.pack` for the bytes."""
    started = time.perf_counter()
    tables, about = unpack(payload)
    read = _read(ready.setup, tables, pending_of(about["pending"]))
    seconds = (time.perf_counter() - started) / max(len(read.households), 1)
    plans: list[tuple[int, HouseholdPlan]] = []
    left_out: list[dict[str, str]] = []
    for name in read.households:
        try:
            plan = _planned(ready, read, name, seconds)
        except Exception as error:  # noqa: BLE001  whatever it is, it concerns this household alone
            if not about["alone"]:
                left_out.append({"household": name, "error": f"{type(error).__name__}: {error}"})
                continue
            plan = raised(ready.setup, name, error)
        plans.append((read.unit[name], plan))
    spoilt = {read.unit[each["household"]] for each in left_out}
    kept = [pair for pair in plans if pair[0] not in spoilt]
    answer = _tables(ready, kept, alone=about["alone"])
    return pack(answer, about={"worker": _NAME, "seconds": _spent(plans, time.perf_counter() - started)})


_NAME = f"{platform.node()}-{os.getpid()}"


def _spent(plans: list[tuple[int, HouseholdPlan]], whole: float) -> dict[str, float]:
    """Where the seconds of a chunk went; see :data:`lotwright.files.run.times.AT_WORK`."""
    times = [plan.timing for _, plan in plans]
    said = {
        "reading": sum(each.read for each in times),
        "posing": sum(each.pose for each in times),
        "solving": sum(each.solve for each in times),
        "verifying": sum(each.verify for each in times),
    }
    return {**said, "writing": max(whole - sum(said.values()), 0.0)}


def _tables(ready: Ready, plans: list[tuple[int, HouseholdPlan]], *, alone: bool) -> dict[str, Any]:
    """The tables of the plans; a plan that no table can hold is left out, or alone its household's failure."""
    try:
        return tables_of(plans)
    except _UNWRITABLE as error:
        if alone:
            return tables_of((unit, raised(ready.setup, plan.household, error)) for unit, plan in plans)
        return tables_of(plan for plan in plans if _fits(plan))


def _fits(plan: tuple[int, HouseholdPlan]) -> bool:
    try:
        tables_of([plan])
    except _UNWRITABLE:
        return False
    return True


def _planned(ready: Ready, read: _Read, name: str, read_seconds: float) -> HouseholdPlan:
    """Plan one household, its building from rows included in the time to read it."""
    setup = ready.setup
    started = time.perf_counter()
    facts: Household | Failure = read.households[name]
    if isinstance(facts, Household) and name in read.pending:
        facts = replace(facts, pending=(*facts.pending, *read.pending[name]))
    own = setup.programs.of(facts)
    program = setup.programs.default() if isinstance(own, Failure) else own
    seconds = read_seconds + time.perf_counter() - started
    try:
        with watched(ready.hang_seconds):
            plan = plan_household(
                own if isinstance(own, Failure) else facts,
                name=name,
                market=setup.shared.market,
                risk=setup.risk if program.risk is None else setup.risks[program.risk],
                program=program,
                effort=effort_for(facts, setup.shared.market, setup.effort),
                book_hash=setup.book_hash,
            )
    except ProgramError as error:
        plan = failed(setup, name, Failure(reason="program", message=str(error), evidence={"program": program.name}))
    return replace(plan, timing=replace(plan.timing, read=seconds, total=plan.timing.total + seconds))


def effort_for(household: Household | Failure, market: Market, effort: Effort) -> Effort:
    """The effort spent on a household: as many nodes as ``NODE_HOLDINGS`` allows for its holdings, and for the last of a small
    gap no more than ``PATIENCE`` does: one household in two hundred would take a third of the time.
    """
    if isinstance(household, Failure):
        return effort
    holdings = sum(
        len({lot.symbol for lot in account.lots} | {target.symbol for target in market.models[account.model].targets})
        for account in household.accounts
        if account.model in market.models
    )
    nodes = min(effort.nodes, max(LEAST_NODES, NODE_HOLDINGS // max(holdings, 1)))
    return replace(effort, nodes=nodes, patience=max(LEAST_PATIENCE, PATIENCE // max(holdings, 1)))


def _read(setup: Setup, frames: dict[str, Any], pending: InHand | None = None) -> _Read:
    """Judge the rows of a chunk as ``read_book`` judges them all.

    Raises
    ------
    BookError
        A fault belongs to no household, which cutting the book should have found.
    """
    faults = Faults()
    tables: dict[str, Table] = {}
    for name in (form.name for form in FORMS if form.name in frames):
        rows = frames[name]
        columns = {c: plain_array(rows.column(c)) for c in rows.column_names if c not in (ROW, UNIT)}
        parsed = Parsed(names=tuple(columns), columns=columns, row=row_numbers(rows))
        tables[name] = typed_table(_FORMS[name], file=setup.files[name], parsed=parsed, faults=faults)
    accounts = tables["accounts"]
    household_of = account_names(accounts)
    check_each(tables, faults, as_of=setup.shared.as_of, household_of=household_of)
    check_accounts(tables, faults, household_of=household_of, shared=setup.shared)
    if faults.shared.count:
        raise BookError("\n".join(fault.message for fault in faults.shared.first))
    told = tables.get("transactions")
    telling = None if told is None else telling_trades(accounts, told, as_of=setup.shared.as_of)
    rows = account_table_rows(tables, at_once=True, telling=telling)
    return _Read(
        households=households_of(rows, faults, setup.shared, names=rows.accounts.words),
        unit=dict(_units(accounts, unit_numbers(frames["accounts"]).tolist())),
        pending=pending or {},
    )


def _units(accounts: Table, units: list[int]) -> Iterator[tuple[str, int]]:
    texts = accounts.values["household"]
    for code, unit in zip(texts.code.tolist(), units, strict=True):  # type: ignore[union-attr]
        if code >= 0:
            yield texts.word[code], unit  # type: ignore[union-attr]


def raised(setup: Setup, household: str, error: BaseException) -> HouseholdPlan:
    """Return the failure of a household whose planning raised an error twice."""
    where = "".join(traceback.format_exception(error))[-4000:]
    what = f"{type(error).__name__}: {error}"
    return failed(
        setup,
        household,
        Failure(
            reason="planning_error",
            message=f"Planning {household} raised an error, also when it was tried again alone ({what[:200]}). Look for"
            " extreme figures in its rows, or report this as a defect.",
            evidence={"error": what, "traceback": where},
        ),
    )


def failed(setup: Setup, household: str, failure: Failure) -> HouseholdPlan:
    """Return a household's failure as its plan."""
    program = setup.programs.default().name
    return HouseholdPlan(
        household=household, as_of=setup.shared.market.as_of, program=program, status=Status.FAILED, failure=failure
    )
