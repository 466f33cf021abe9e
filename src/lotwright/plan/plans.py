"""Plan a book from Python: one call, and what it returns.

>>> from lotwright import plan, read_book            # doctest: +SKIP
>>> plans = plan(read_book("examples/books/two_accounts"))   # doctest: +SKIP
>>> plans.trades                                     # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lotwright.book.book import Book
from lotwright.book.failure import Failure
from lotwright.book.holdings import Household
from lotwright.errors import BookError, ProgramError
from lotwright.plan.household import plan_household
from lotwright.plan.program import Program, load_program
from lotwright.plan.raising import check_asked, of_household, with_raised
from lotwright.plan.result import HouseholdPlan, Status
from lotwright.plan.separable.tree import Effort
from lotwright.plan.strategy import Strategy, find_strategy
from lotwright.plan.table import summary_html, trade_rows
from lotwright.plan.take_snapshot import take_snapshot
from lotwright.plan.words import money
from lotwright.risk.choice import RiskChoice
from lotwright.risk.drift import drift_model
from lotwright.risk.model import RiskModel

if TYPE_CHECKING:
    import cvxpy as cp
    import pandas as pd

RiskModels = Callable[[RiskChoice | None], RiskModel]
"""What gives the risk model that a program asks for by name; None is the default one."""
DEFAULT_PROGRAM = "balanced"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plans(Mapping[str, HouseholdPlan]):
    """The plans of a book's households: a mapping from each name to its plan, in sorted order.

    Parameters
    ----------
    plans : tuple of HouseholdPlan
    book, risk : what they were made from
    programs : mapping of household to the program it was planned with
    risks : mapping of household to the risk model of its program
    """

    plans: tuple[HouseholdPlan, ...]
    book: Book = field(repr=False)
    risk: RiskModel = field(repr=False)
    programs: Mapping[str, Program] = field(repr=False)
    risks: Mapping[str, RiskModel] = field(repr=False, default_factory=dict)

    def __getitem__(self, household: str) -> HouseholdPlan:
        for plan in self.plans:
            if plan.household == household:
                return plan
        raise KeyError(f"There is no plan of {household}. There are: {', '.join(self) or 'none'}.")

    def __iter__(self) -> Iterator[str]:
        return (plan.household for plan in self.plans)

    def __len__(self) -> int:
        return len(self.plans)

    @property
    def failures(self) -> dict[str, Failure]:
        """Why households have no plan, by household; empty when all have one."""
        return {plan.household: plan.failure for plan in self.plans if plan.failure is not None}

    @property
    def trades(self) -> pd.DataFrame:
        """The trade lists as a table: one row for each lot sold and each buy, numbers as floats."""
        import pandas as pd  # noqa: PLC0415  most uses never ask for a table

        return trade_rows(self.plans, frame=pd.DataFrame)

    @property
    def summary(self) -> str:
        """One line a household: trades, what the plan costs, how good it is; or why there is none."""
        return "\n".join(_line(plan) for plan in self.plans)

    def __str__(self) -> str:
        return self.summary

    def to_json(self) -> list[dict[str, Any]]:
        """The plans as JSON-ready objects, ``lotwright.plan/1`` each."""
        # The JSON form is written in files, above this room; the front door of the package lends it.
        from lotwright import plan_to_json  # noqa: PLC0415

        return [plan_to_json(plan) for plan in self.plans]

    def problem(self, household: str, *, exact: bool = False) -> cp.Problem:
        """The cvxpy problem of a household, for the curious: relaxed, or with its integers (``exact``).

        Raises
        ------
        KeyError
            There is no plan of that household.
        ProgramError
            The household has no arrays to pose: its input failed.
        """
        from lotwright.plan.general import pose  # noqa: PLC0415  cvxpy takes seconds to import

        facts = with_raised(self.book.households[self[household].household], self[household].raised)
        risk = self.risks.get(household, self.risk)
        snapshot = facts if isinstance(facts, Failure) else take_snapshot(facts, self.book.market, risk)
        if isinstance(snapshot, Failure):
            raise ProgramError(f"{household} cannot be posed: {snapshot.message}")
        program = self.programs[household]
        return pose(program, program.view(snapshot), exact=exact).problem

    def _repr_html_(self) -> str:
        """For notebooks: the summary and the trades."""
        return summary_html(self.plans)


def plan(
    book: Book,
    *,
    program: str | Path | Program | None = None,
    household: str | Collection[str] | None = None,
    gap_bp: float = 0.1,
    time_limit: float | None = 10.0,
    risk: RiskModel | RiskModels | None = None,
    beside: Path | None = None,
    progress: Callable[[HouseholdPlan], None] | None = None,
    explain: bool = False,
    strategy: str | Strategy | None = None,
    raising: Mapping[str, Decimal] | None = None,
) -> Plans:
    """Plan every household of a book, or some: the cheapest trade lists that are allowed, each with its proof.

    Parameters
    ----------
    book : Book
        From ``read_book``, or composed in Python.
    program : str, Path or Program, optional
        A name (``"balanced"``), a file, or a program of your own. If not given: the one a household's accounts name,
        else ``balanced``.
    household : str or collection of str, optional
        Only these.
    gap_bp : float
        Basis points of household value at which the search may stop.
    time_limit : float, optional
        Seconds a household after which the search stops with what it has; ``None``: never.
    risk : RiskModel or callable, optional
        One for all, or what gives the model a program asks for by name (None: the default one). Estimated from the book's
        history if not given.
    beside : Path, optional
        A folder, usually the book's, whose ``models/programs`` win over the shipped ones.
    progress : callable, optional
        Called with each plan as it is done.
    explain : bool
        Also say why expected trades are not made and what the binding limits cost (``plan.explanation``): a few further
        solves a household.
    strategy : str or Strategy, optional
        Another way to find the trades (:mod:`lotwright.plan.strategy`): the name of an installed one, or the thing itself.
        What it proposes is verified like our own trades and measured against our bound.
    raising : mapping of account to Decimal, optional
        Dollars to withdraw from accounts, beyond the book's own cash flows.

    Returns
    -------
    Plans
        A household without a plan is a failure among them, never an exception.

    Raises
    ------
    BookError
        ``household`` names one that the book does not have, ``book`` is none, or ``raising`` asks an unknown account.
    ProgramError
        There is no such program or strategy, it cannot be read or posed, or an option makes no sense.
    """
    names = _chosen(book, household)
    effort = _effort(gap_bp, time_limit)
    shelf = Programs(program, beside)
    asked = find_strategy(strategy) if isinstance(strategy, str) else strategy
    models = risk_of(book, risk)
    wanted = dict(raising or {})
    check_asked(wanted, {name: book.households[name] for name in names} if wanted else {})
    done: list[HouseholdPlan] = []
    used: dict[str, Program] = {}
    risks: dict[str, RiskModel] = {}
    for name in names:
        facts = with_raised(book.households[name], wanted)
        own = shelf.of(facts)
        used[name] = shelf.default() if isinstance(own, Failure) else own
        done.append(
            plan_household(
                own if isinstance(own, Failure) else facts,
                name=name,
                market=book.market,
                risk=risks.setdefault(name, models(used[name].risk)),
                program=used[name],
                effort=effort,
                book_hash=book.content_hash,
                explain=explain,
                strategy=asked,
            )
        )
        done[-1] = replace(done[-1], raised=of_household(facts, wanted))
        if progress is not None:
            progress(done[-1])
    first = next(iter(risks.values())) if risks else models(None)
    return Plans(plans=tuple(done), book=book, risk=first, programs=used, risks=risks)


def program_of(
    household: Household | Failure, asked: str | Path | Program | None = None, *, beside: Path | None = None
) -> Program | Failure:
    """The program a household is planned with: the one asked for, else the one its accounts name, else ``balanced``.

    Raises
    ------
    ProgramError
        The program asked for does not exist or cannot be read.
    """
    return Programs(asked, beside).of(household)


def risk_of(book: Book, given: RiskModel | RiskModels | None) -> RiskModels:
    """What gives the risk model a program asks for: the one for all, the caller's own choice, or estimates made once."""
    if isinstance(given, RiskModel):
        return lambda _: given
    return given if given is not None else cache(lambda choice: estimated(book, choice))


def estimated(book: Book, choice: RiskChoice | None = None) -> RiskModel:
    """The risk model of a book's history, or plain drift where there is none; nothing is remembered on disk."""
    prices = book.market.prices
    symbols = tuple(sorted(prices))
    if book.history is None:
        level = {symbol: prices[symbol].volatility for symbol in symbols}
        return drift_model(symbols, {symbol: None if v is None else float(v) for symbol, v in level.items()})
    asked = choice or RiskChoice()
    from lotwright.risk.estimate import estimate  # noqa: PLC0415  scikit-learn takes seconds to import

    return estimate(
        book.history,
        symbols=symbols,
        sector={symbol: prices[symbol].sector for symbol in symbols},
        kind={symbol: prices[symbol].kind for symbol in symbols},
        factor_history=book.factors,
        estimator=asked.model,
        factors=asked.factors,
    )


def _chosen(book: Book, household: str | Collection[str] | None) -> list[str]:
    if not isinstance(book, Book):
        raise BookError(f"plan() plans a Book; this is a {type(book).__name__}. Read one with read_book(folder).")
    if household is None:
        return sorted(book.households)
    wanted = {household} if isinstance(household, str) else set(household)
    unknown = sorted(wanted - set(book.households))
    if unknown:
        known = ", ".join(sorted(book.households)[:10])
        raise BookError(f"The book has no household {', '.join(unknown)}. Households there are: {known}.")
    return sorted(wanted)


def _effort(gap_bp: float, time_limit: float | None) -> Effort:
    if not gap_bp >= 0:
        raise ProgramError(f"gap_bp is {gap_bp}. Give basis points of household value, zero or more.")
    if time_limit is not None and not time_limit > 0:
        raise ProgramError(f"time_limit is {time_limit}. Give seconds, more than zero, or None.")
    return Effort(gap_bp=gap_bp, seconds=time_limit)


class Programs:
    """Which program each household is planned with; each file is read once.

    Parameters
    ----------
    asked : str, Path or Program, optional
        For every household; if not given, each has its own.
    beside : Path, optional
        As in :func:`plan`.

    Raises
    ------
    ProgramError
        There is no such program as ``asked``.
    """

    def __init__(self, asked: str | Path | Program | None, beside: Path | None) -> None:
        self.beside = beside
        self.known: dict[str | Path, Program | ProgramError] = {}
        self.asked = asked if isinstance(asked, Program) or asked is None else self._load(asked)

    def know(self, names: Iterable[str]) -> None:
        """Read the programs that households name, and the one of those that name none, for where their files are not."""
        for name in {*names, DEFAULT_PROGRAM}:
            with suppress(ProgramError):  # kept, and told to each household that names it
                self._load(name)

    @property
    def risks(self) -> frozenset[RiskChoice]:
        """The risk models that the programs read so far ask for by name."""
        read = [self.asked] if self.asked is not None else list(self.known.values())
        return frozenset(one.risk for one in read if isinstance(one, Program) and one.risk is not None)

    @property
    def hashes(self) -> dict[str, str]:
        """The content hash of each program read so far, by name; what is wrong with one that cannot be read."""
        known = {str(name): found for name, found in self.known.items()}
        if self.asked is not None:
            known = {self.asked.name: self.asked}
        return {
            name: str(found) if isinstance(found, ProgramError) else found.content_hash
            for name, found in sorted(known.items())
        }

    def default(self) -> Program:
        """The program of a household that names none."""
        return self.asked if self.asked is not None else self._load(DEFAULT_PROGRAM)

    def of(self, household: Household | Failure) -> Program | Failure:
        """The program asked for, or the household's own; a name nobody knows is that household's failure."""
        if self.asked is not None or isinstance(household, Failure):
            return self.default()
        named = sorted({account.program for account in household.accounts if account.program})
        if len(named) > 1:
            return Failure(
                reason="program",
                message=f"The accounts of {household.household} name different programs ({', '.join(named)}), but a"
                " household is planned as one. Name one, or give --program.",
                evidence={"programs": named},
            )
        try:
            return self._load(named[0]) if named else self.default()
        except ProgramError as error:
            return Failure(reason="program", message=str(error), evidence={"programs": named})

    def _load(self, name: str | Path) -> Program:
        if name not in self.known:
            try:
                self.known[name] = load_program(name, beside=self.beside)
            except ProgramError as error:
                self.known[name] = error
        found = self.known[name]
        if isinstance(found, ProgramError):
            raise found
        return found


def _line(plan: HouseholdPlan) -> str:
    if plan.failure is not None:
        return f"{plan.household}: no plan ({plan.failure.reason}). {plan.failure.message}"
    objective = plan.objective
    assert objective is not None  # every plan that is no failure has one
    trades = f"{len(plan.trades)} trade{'' if len(plan.trades) == 1 else 's'}"
    head = "nothing to do" if plan.status is Status.NOTHING_TO_DO else trades
    return f"{plan.household}: {head}, costs {money(objective.posed)}, within {objective.gap_bp:.3f} bp of the best"
