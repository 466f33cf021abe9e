"""Every household of a book held against a trigger: the facts gathered, the answers one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from lotwright.book.book import Book
from lotwright.book.failure import Failure
from lotwright.book.holdings import Household
from lotwright.book.market import Market
from lotwright.errors import BookError, ProgramError
from lotwright.files.indicator_series import Source, read_series, source_of
from lotwright.files.triggers import DeclaredTrigger
from lotwright.risk.model import RiskModel
from lotwright.trigger.acted import Acted
from lotwright.trigger.conditions.combined import Combined, Not
from lotwright.trigger.conditions.indicator import Indicator
from lotwright.trigger.conditions.setting import Condition
from lotwright.trigger.expression import Signals
from lotwright.trigger.situation import Saving, Situation
from lotwright.trigger.trading_days import TradingDays, trading_days
from lotwright.trigger.trigger import Due, due, failed

PRICE_AGE = 5
"""Trading days after which prices say nothing of the day judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is judged, and with what.

    Parameters
    ----------
    book : Book
    declared : DeclaredTrigger
    as_of : date, optional
        The day judged; if not given, that of the prices.
    acted : mapping of household to Acted
    risk : callable
        The risk model, made when it is first needed.
    series : mapping of name to Source
        Series that win over the declared ones.
    effort : Effort
        For the condition that plans.
    beside : Path, optional
        Where programs are looked for first.
    """

    book: Book
    declared: DeclaredTrigger
    risk: Callable[[], RiskModel]
    as_of: date | None = None
    acted: Mapping[str, Acted] = field(default_factory=dict)
    series: Mapping[str, Source] = field(default_factory=dict)
    gap_bp: float = 0.1
    seconds: float | None = 10.0
    beside: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judging:
    """What all households share on the day judged."""

    asked: Asked
    market: Market
    days: TradingDays
    signals: Signals
    needs_risk: bool

    @property
    def as_of(self) -> date:
        """The day judged."""
        return self.market.as_of

    def answers(self) -> Iterator[Due]:
        """The answer of every household, in the order of their names; one at a time, so that memory does not grow."""
        risk = self.asked.risk() if self.needs_risk else None
        for name, household in self.asked.book.households.items():
            yield self.answer(name, household, risk)

    def answer(self, name: str, household: Household | Failure, risk: RiskModel | None) -> Due:
        """The answer of one household."""
        if isinstance(household, Failure):
            return failed(name, household)
        lack = self._lack(household)
        if lack is not None:
            return failed(name, lack)
        situation = Situation(
            household=household,
            market=self.market,
            as_of=self.as_of,
            days=self.days,
            risk=risk,
            acted=self.asked.acted.get(name, Acted()),
            signals=self.signals,
            saving=lambda program: self._saving(household, program),
        )
        return due(self.asked.declared.trigger, situation)

    def _lack(self, household: Household) -> Failure | None:
        missing = sorted({account.model for account in household.accounts} - self.market.models.keys())
        if missing:
            return Failure(
                reason="no_model",
                message=f"{household.household} asks for the model portfolio {', '.join(missing)}, which the book does"
                " not have. Add it to targets.",
                evidence={"models": missing},
            )
        symbols = {lot.symbol for account in household.accounts for lot in account.lots}
        symbols |= {t.symbol for account in household.accounts for t in self.market.models[account.model].targets}
        unpriced = sorted(symbols - self.market.prices.keys())
        if unpriced:
            return Failure(
                reason="no_price",
                message=f"{household.household} holds or targets {', '.join(unpriced[:5])} without a price. Add it to"
                " prices.",
                evidence={"symbols": unpriced},
            )
        return None

    def _saving(self, household: Household, program: str | None) -> Saving | Failure:
        from lotwright.plan.plans import program_of  # the condition that plans is rare, and a planner slow to import
        from lotwright.plan.saving import against_doing_nothing
        from lotwright.plan.separable.tree import Effort

        asked = self.asked
        try:
            own = program_of(household, program, beside=asked.beside)
        except ProgramError as error:
            return Failure(reason="program", message=str(error), evidence={"program": program})
        if isinstance(own, Failure):
            return own
        found = against_doing_nothing(
            household,
            market=self.market,
            risk=asked.risk(),
            program=own,
            effort=Effort(gap_bp=asked.gap_bp, seconds=asked.seconds),
        )
        if isinstance(found, Failure):
            return found
        return Saving(
            program=own.name,
            still=found.still,
            planned=found.planned,
            paid=found.paid,
            trades=len(found.plan.trades),
            broken=found.broken,
        )


def judging(asked: Asked) -> Judging:
    """Gather what all households share.

    Raises
    ------
    BookError
        The day judged is before that of the prices, or the prices are too old for it.
    ProgramError
        The exchange is not known, or a series cannot be read.
    """
    market = asked.book.market
    as_of = asked.as_of or market.as_of
    days = trading_days(asked.declared.trigger.exchange, as_of)
    if as_of < market.as_of:
        raise BookError(
            f"The prices are of {market.as_of.isoformat()}, after the day judged, {as_of.isoformat()}. Judge that day or a"
            " later one, or give the prices of the day with --prices."
        )
    age = days.count(market.as_of, as_of)
    if age > PRICE_AGE:
        raise BookError(
            f"The prices are of {market.as_of.isoformat()}, {age} trading days before {as_of.isoformat()}; {PRICE_AGE} are"
            " the most. Give newer ones with --prices, or judge an earlier day with --as-of."
        )
    conditions = list(_leaves(when.condition for when in asked.declared.trigger.when))
    names = {name for one in conditions if isinstance(one, Indicator) for name in one.expression().names}
    sources = {**asked.declared.sources, **asked.series}
    series = read_series(names, sources, asked.book.history)
    return Judging(
        asked=asked,
        market=replace(market, as_of=as_of),
        days=days,
        signals=Signals(series, as_of=as_of, days=days),
        needs_risk=any(one.kind == "tracking_error" for one in conditions),
    )


def sources_from(given: list[str] | None) -> dict[str, Source]:
    """Series from options like ``VIX=vix.csv``.

    Raises
    ------
    ProgramError
        One of them is not of that form.
    """
    found = {}
    for text in given or ():
        name, sign, file = text.partition("=")
        if not sign or not file:
            raise ProgramError(f"--series {text}: write NAME=FILE, e.g. VIX=vix.csv.")
        found[name.strip()] = source_of(name.strip(), {"file": file}, where="--series", folder=None)
    return found


def _leaves(conditions: Iterator[Condition] | tuple[Condition, ...]) -> Iterator[Condition]:
    for condition in conditions:
        if isinstance(condition, Combined):
            yield from _leaves(condition.of)
        elif isinstance(condition, Not):
            yield from _leaves((condition.of,))
        else:
            yield condition
