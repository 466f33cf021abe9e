"""Which households are measured, and in which row of a table they belong."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lotwright.book.book import Book
from lotwright.book.failure import Failure
from lotwright.book.holdings import Household
from lotwright.book.market import Market
from lotwright.files.books import read_book
from lotwright.files.risk_store import risk_model
from lotwright.plan.household import plan_household
from lotwright.plan.program import Program, load_program
from lotwright.plan.separable.tree import Effort
from lotwright.plan.snapshot import Snapshot
from lotwright.plan.take_snapshot import take_snapshot
from lotwright.risk.model import RiskModel

JOINT = "joint"
FUNDS = "funds"
NAMES = (20, 100, 250, 500)
"""Sizes of stock models; a model counts as the size it is nearest to."""
KINDS = (FUNDS, *(f"{size} names" for size in NAMES), JOINT)
EDGES = (50_000.0, 250_000.0, 1_000_000.0)
BUCKETS = ("< $50k", "$50k-250k", "$250k-1M", ">= $1M")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Case:
    """One household with its arrays, and where it belongs: kind of model and bucket of value (dollars)."""

    name: str
    household: Household
    snapshot: Snapshot
    kind: str
    bucket: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sample:
    """A book, its risk model and program, the households chosen, and the failures among their input."""

    book: Book
    risk: RiskModel
    program: Program
    cases: tuple[Case, ...]
    unusable: dict[str, Failure]


def kind_of(household: Household, market: Market) -> str:
    """``joint`` for several accounts, ``funds`` where every target is one, else the size of the model."""
    if len(household.accounts) > 1:
        return JOINT
    model = market.models.get(household.accounts[0].model)
    symbols = [target.symbol for target in model.targets if target.weight] if model else []
    priced = [market.prices[symbol].kind for symbol in symbols if symbol in market.prices]
    if all(kind in {"etf", "fund"} for kind in priced):
        return FUNDS
    nearest = min(NAMES, key=lambda size: abs(size - len(symbols)))
    return f"{nearest} names"


def bucket_of(value: float) -> str:
    """The bucket of account value, dollars; a joint household counts with its sum."""
    return BUCKETS[sum(value >= edge for edge in EDGES)]


def take_sample(book: Path, *, households: int | None, seed: int, only_single: bool = False) -> Sample:
    """Read a book and choose ``households`` of it at random (all if None); arrays are built but nothing is planned."""
    read = read_book(book)
    risk = risk_model(read)
    names = sorted(read.households)
    if only_single:
        names = [name for name in names if _accounts(read.households[name]) <= 1]
    if households is not None and households < len(names):
        names = sorted(random.Random(seed).sample(names, households))
    cases, unusable = [], {}
    for name in names:
        facts = read.households[name]
        snapshot = facts if isinstance(facts, Failure) else take_snapshot(facts, read.market, risk)
        if isinstance(facts, Failure) or isinstance(snapshot, Failure):
            unusable[name] = facts if isinstance(facts, Failure) else snapshot
            continue
        kind, bucket = kind_of(facts, read.market), bucket_of(snapshot.total_value)
        cases.append(Case(name=name, household=facts, snapshot=snapshot, kind=kind, bucket=bucket))
    program = load_program("balanced", beside=book)
    return Sample(book=read, risk=risk, program=program, cases=tuple(cases), unusable=unusable)


def _accounts(facts: Household | Failure) -> int:
    return 1 if isinstance(facts, Failure) else len(facts.accounts)


def warm_up(sample: Sample) -> None:
    """Plan one household of each kind, uncounted, so that every kernel is compiled and every module imported."""
    for case in {case.kind: case for case in reversed(sample.cases)}.values():
        plan_household(
            case.household,
            name=case.name,
            market=sample.book.market,
            risk=sample.risk,
            program=sample.program,
            effort=Effort(gap_bp=0.1, seconds=1.0),
        )


def rows_of(cases: Iterable[Case], *, by_bucket: bool = True) -> Iterator[tuple[str, str, list[Case]]]:
    """Kind, bucket and the cases of every row: each kind whole and by bucket, then all kinds together."""
    everything = list(cases)
    for kind in (*KINDS, "all"):
        of_kind = [case for case in everything if kind in ("all", case.kind)]
        if not of_kind:
            continue
        yield kind, "any", of_kind
        for bucket in BUCKETS if by_bucket else ():
            of_bucket = [case for case in of_kind if case.bucket == bucket]
            if of_bucket:
                yield "", bucket, of_bucket
