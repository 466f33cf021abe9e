"""Four plans of one household side by side: do nothing, cash flow only, inside the bands, full.

Every one of them is carried out by the verifier on the household as it is and judged by the *full* program: its prices, its
limits, its bound. So the figures of a row mean the same in every column.

do_nothing
    No trade. Pending deposits and withdrawals happen.
cash_flow_only
    The cheapest list under the full program that sells nothing in accounts that can pay for what leaves them, and buys
    nothing in accounts that cannot: money that comes in is invested, money that goes out is raised, and that is all.
inside_bands
    The program ``bands`` where there is one beside the book or shipped, and every limit of the full program that it has no
    word on, so that the list may be carried out (without them where both together cannot be kept). Otherwise the cheapest
    list under the full program that sells only what is above its band (down to the upper edge at least) and buys only what
    is below its target. Bands are the model's ``lower`` and ``upper``, or 20 % of each target on either side (Daryanani
    2008) where it has none.
full
    The program itself, without such strings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from math import inf, isfinite
from pathlib import Path

from lotwright.book.failure import Failure
from lotwright.book.holdings import ZERO, Account, Household, Restriction
from lotwright.book.kinds import Rule
from lotwright.book.market import Market, Target
from lotwright.book.trades import Trade
from lotwright.errors import ProgramError
from lotwright.plan.household import plan_household
from lotwright.plan.program import Program, load_program
from lotwright.plan.result import Check, HouseholdPlan
from lotwright.plan.separable.tree import Effort
from lotwright.plan.take_snapshot import take_snapshot
from lotwright.plan.terms import RiskNumbers
from lotwright.plan.trade_list import as_arrays
from lotwright.plan.verify import Verification, verify
from lotwright.risk.model import RiskModel

RELATIVE_BAND = Decimal("0.20")
"""Of each target, where the model states no band."""


class Alternative(StrEnum):
    """The four plans, in the order they are shown."""

    DO_NOTHING = "do_nothing"
    CASH_FLOW_ONLY = "cash_flow_only"
    INSIDE_BANDS = "inside_bands"
    FULL = "full"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One of the four, in figures of the verifier.

    Parameters
    ----------
    name : Alternative
    trades : tuple of Trade
        Empty where there is nothing to do, or no plan.
    failure : Failure, optional
        Why there is no such plan; then every figure below is None or empty.
    posed : Decimal, optional
        Dollars: the sum of the full program's costs.
    above_bound_bp : float, optional
        ``posed`` less the full program's proven bound, in basis points of household value: how far from the best possible
        at most. Below zero only where a limit is broken; infinite where no bound is known.
    tax : Decimal, optional
        Dollars by which this year's tax on capital gains changes; negative: saved.
    trading : Decimal, optional
        Dollars of half-spread and commission, paid in cash.
    tracking : float, optional
        Tracking error a year, ex ante, after the plan.
    tickets : int
        Orders.
    turnover : Decimal, optional
        Dollars bought and sold, in all.
    cash : Decimal, optional
        Dollars of cash left in all accounts.
    broken : tuple of Check
        Checks of the full program that do not hold: a list with any is not a plan that may be carried out.
    """

    name: Alternative
    trades: tuple[Trade, ...] = ()
    failure: Failure | None = None
    posed: Decimal | None = None
    above_bound_bp: float | None = None
    tax: Decimal | None = None
    trading: Decimal | None = None
    tracking: float | None = None
    tickets: int = 0
    turnover: Decimal | None = None
    cash: Decimal | None = None
    broken: tuple[Check, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Four plans of one household, the value of the household in dollars, and the bound they are all measured against."""

    household: str
    program: str
    value: Decimal
    bound: float
    plans: tuple[Judged, ...]

    def __getitem__(self, name: str) -> Judged:
        return next(plan for plan in self.plans if plan.name == name)


def compare_household(
    household: Household,
    *,
    market: Market,
    risk: RiskModel,
    program: Program,
    effort: Effort | None = None,
    beside: Path | None = None,
) -> Comparison | Failure:
    """Plan one household four ways and judge all four alike.

    Parameters
    ----------
    household, market, risk, program : as for a plan
    effort : Effort, optional
        For each of the three searches.
    beside : Path, optional
        A folder whose ``models/programs/bands.toml`` wins over the shipped one.

    Returns
    -------
    Comparison or Failure
        A failure where the household cannot be planned under the full program for reasons of its input. Where the full
        program alone is infeasible the comparison stands, and says so.

    Raises
    ------
    ProgramError
        The program cannot be posed, or the risk model lacks a symbol.
    """
    effort = effort or Effort()

    def planned(facts: Household, under: Program) -> HouseholdPlan:
        return plan_household(facts, name=facts.household, market=market, risk=risk, program=under, effort=effort)

    full = planned(household, program)
    if full.failure is not None and full.failure.reason in {"input", "no_price", "no_model"}:
        return full.failure
    bound = full.objective.bound if full.objective is not None else -inf
    bands, under = _banded(household, market, program, beside)
    inside = planned(bands, _with_limits(under, program))
    if inside.failure is not None and under is not program:
        inside = planned(bands, under)
    found: dict[Alternative, HouseholdPlan | None] = {
        Alternative.DO_NOTHING: None,
        Alternative.CASH_FLOW_ONLY: planned(_cash_flow_only(household, market), program),
        Alternative.INSIDE_BANDS: inside,
        Alternative.FULL: full,
    }
    judge = _judge(household, market=market, risk=risk, program=program)
    plans = tuple(_judged(name, plan, judge, bound=bound) for name, plan in found.items())
    value = judge(())[0].value
    return Comparison(household=household.household, program=program.name, value=value, bound=bound, plans=plans)


_Judge = Callable[[tuple[Trade, ...]], tuple[Verification, Decimal]]
"""What the verifier says of a list, and what the list costs in all."""


def _judge(household: Household, *, market: Market, risk: RiskModel, program: Program) -> _Judge:
    """The verifier's costs, and the program's own for costs the verifier has no word for."""
    numbers = RiskNumbers(symbols=risk.symbols, exposure=risk.exposure, specific=risk.specific)
    snapshot = take_snapshot(household, market, risk)

    def judge(trades: tuple[Trade, ...]) -> tuple[Verification, Decimal]:
        true = verify(trades, household, market, terms=program.terms(), risk=numbers)
        if isinstance(snapshot, Failure):
            return true, true.posed
        arrays = as_arrays(trades, snapshot)
        own = (Decimal(cost.value(snapshot, arrays)) for cost in program.unverified)
        return true, sum(own, true.posed)

    return judge


def _judged(
    name: Alternative,
    plan: HouseholdPlan | None,
    judge: _Judge,
    *,
    bound: float,
) -> Judged:
    """The figures of one list, by the verifier, on the household as it is."""
    if plan is not None and plan.failure is not None:
        return Judged(name=name, failure=plan.failure)
    trades = plan.trades if plan is not None else ()
    true, posed = judge(trades)
    value = float(true.value)
    above = (float(posed) - bound) / value * 1e4 if value > 0 else 0.0
    return Judged(
        name=name,
        trades=trades,
        posed=posed,
        above_bound_bp=above if isfinite(bound) else inf,
        tax=true.tax.tax - true.tax.tax_without_plan,
        trading=true.costs.get("half_spread", ZERO) + true.costs.get("commission", ZERO),
        tracking=true.tracking.after,
        tickets=len(trades),
        turnover=sum((trade.value for trade in trades), ZERO),
        cash=sum((movement.after for movement in true.cash.values()), ZERO),
        broken=true.failed,
    )


# The same household with strings attached


def _cash_flow_only(household: Household, market: Market) -> Household:
    """No account sells, except those that cannot pay for what leaves them: they do not buy."""

    def rule(account: Account) -> Rule:
        pays = account.cash + account.net_cashflow >= max(account.minimum_cash, ZERO)
        return Rule.NO_SELL if pays else Rule.NO_BUY

    return _restricted(household, lambda account: {symbol: rule(account) for symbol in _symbols(account, market)})


def _banded(household: Household, market: Market, program: Program, beside: Path | None) -> tuple[Household, Program]:
    """The household and program that bring it back inside its bands."""
    try:
        return household, load_program("bands", beside=beside)
    except ProgramError:
        return _restricted(household, lambda account: _band_rules(account, market)), program


def _with_limits(bands: Program, program: Program) -> Program:
    """The first with those limits of the second that it has no word on."""
    kinds = {limit.kind for limit in bands.limits}
    more = tuple(limit for limit in program.limits if limit.kind not in kinds)
    return replace(bands, limits=(*bands.limits, *more)) if more else bands


def _band_rules(account: Account, market: Market) -> dict[str, Rule]:
    """What is inside its band is not sold, what is at its target or above is not bought; a client's own rules go first."""
    ruled = {rule.symbol for rule in account.restrictions} | {
        symbol for rule in account.restrictions if rule.sector for symbol in _of_sector(rule.sector, market)
    }
    value = account.cash + account.net_cashflow + sum(_held(account, market).values(), ZERO)
    held, targets = _held(account, market), {line.symbol: line for line in market.models[account.model].targets}
    share, rules = Decimal(1) - account.cash_target, {}
    for symbol in _symbols(account, market):
        if symbol in ruled:
            continue
        line = targets.get(symbol)
        weight = held.get(symbol, ZERO) / value if value > 0 else ZERO
        is_above = weight > (_upper(line) * share if line is not None else ZERO)
        is_below = line is not None and weight < line.weight * share
        if not is_above:
            rules[symbol] = Rule.NO_SELL if is_below else Rule.NO_TRADE
        else:
            rules[symbol] = Rule.NO_BUY
    return rules


def _of_sector(sector: str, market: Market) -> list[str]:
    return [symbol for symbol, price in market.prices.items() if price.sector == sector]


def _upper(line: Target) -> Decimal:
    return line.upper if line.upper is not None else line.weight * (1 + RELATIVE_BAND)


def _held(account: Account, market: Market) -> dict[str, Decimal]:
    held: dict[str, Decimal] = {}
    for lot in account.lots:
        held[lot.symbol] = held.get(lot.symbol, ZERO) + lot.quantity * market.prices[lot.symbol].price
    return held


def _symbols(account: Account, market: Market) -> Iterator[str]:
    """What the account holds, targets, or could hold instead of a target."""
    targets = [line.symbol for line in market.models[account.model].targets]
    others = [other for symbol in targets for other in market.substitutes.get(symbol, ()) if other in market.prices]
    yield from sorted({lot.symbol for lot in account.lots} | set(targets) | set(others))


def _restricted(household: Household, rules: Callable[[Account], Mapping[str, Rule]]) -> Household:
    def extended(account: Account) -> Account:
        more = tuple(
            Restriction(account=account.account, rule=rule, symbol=symbol) for symbol, rule in rules(account).items()
        )
        return replace(account, restrictions=(*account.restrictions, *more))

    return replace(household, accounts=tuple(extended(account) for account in household.accounts))
