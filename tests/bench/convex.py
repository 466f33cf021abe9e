"""The convex problem behind a plan, solved by us and by others: ``python -m tests.bench.convex BOOK``.

The same problem for all: continuous shares, linear tax on gains (a loss is worth nothing, which makes it convex), half-spread,
cash balance and price of idle cash, restrictions; no tickets, locks or wash sales. Households of one account only.

    minimise  risk_price (|F'e|^2 + sum D e^2) + spread (buy + sold) + rate_l gain_l sell_l + idle (cash - target)^+ + short (...)^-

An answer is judged by the objective recomputed from its purchases and sales alone, against our proven bound: no status and
no stated objective is believed.

Ways
----
lotwright relaxation, batch
    All accounts of a row in one compiled call of :func:`lotwright.plan.relaxation.relaxations`, multipliers from nothing,
    the median of three calls shared among them. Next to it: from the multipliers of the same accounts at prices that
    were up to 2 % elsewhere; one account a call; and everything from the snapshots on (form, scaling, layout).
lotwright search
    Form, scaling and compiled search of orders to 1e-4 bp, which also proves it; and the search alone.
cvxpy + OSQP, Clarabel, PIQP
    Built and solved as in :mod:`tests.bench.textbook`, default settings (PIQP without its warm start).
cvxpy parameters + PIQP, Clarabel
    The problem declared with parameters (DPP) and compiled before; timed is setting the account's numbers and solving.
PIQP, Clarabel matrices
    The sparse matrices built with scipy and handed to the solver; building is timed.
HiGHS, SCIP
    Through cvxpy, at most ``--slow`` seconds; only up to ``--slow-names`` holdings.

Columns
-------
names and value, way, tried
answered
    Answers whose objective is within 1 bp of our bound.
error bp: median, worst
    Objective minus the relaxation's bound, over all that gave numbers; below zero the answer breaks a constraint by so much.
ms median, 90 %
    From the snapshot to numbers; for the relaxation from the layout on, unless it says otherwise.
a second
    Accounts a second and core: their number by the sum of times.
times batch
    Median over accounts of the way's time by the batch's per account of that kind, in this run.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import clarabel
import cvxpy as cp
import numpy as np
import piqp
from scipy import sparse

from lotwright.plan.costs import HalfSpread, IdleCash, Tracking
from lotwright.plan.limits import Cash, Holdings, Restrictions
from lotwright.plan.limits.restrictions import bounds
from lotwright.plan.program import Program
from lotwright.plan.protocols import Trades
from lotwright.plan.relaxation import batch, relaxations
from lotwright.plan.separable import jit
from lotwright.plan.separable.form import SeparableForm
from lotwright.plan.separable.layout import scaled
from lotwright.plan.separable.problem import SCALE
from lotwright.plan.separable.tree import Effort, search
from lotwright.plan.snapshot import Floats, Snapshot
from lotwright.tax.household import household_tax
from tests.bench.costs import LinearTax
from tests.bench.sample import Case, rows_of, take_sample, warm_up
from tests.bench.table import milliseconds, print_table, quantile, ratio

BATCH = "lotwright relaxation, batch"
AGAIN = "same, from older multipliers"
SINGLE = "same, one account a call"
WHOLE = "same, form and layout included"
OURS = "lotwright search"
KERNELS = "lotwright search alone"
PROOF_BP = 1e-4
Found = TypeVar("Found")
COLUMNS = (
    "names and value",
    "way",
    "tried",
    "answered",
    "error bp: median",
    "worst",
    "ms median",
    "90 %",
    "a second",
    "times batch",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Data:
    """Numbers of one account in fractions of its value: what every way is given. n holdings, L lots, K factors."""

    exposure: Floats
    specific: Floats
    active: Floats
    spread: Floats
    lot: Floats
    lot_tax: Floats
    """Tax per fraction of value sold of each lot."""
    holding: sparse.csr_matrix
    """Shape (n, L)."""
    most: Floats
    least: Floats
    cash: float
    floor: float
    target: float
    prices: tuple[float, float, float]
    """Of risk, idle cash and missing cash."""

    def cost(self, buy: Floats, sell: Floats) -> float:
        """The objective of an answer, recomputed; basis points."""
        sold = self.holding @ sell
        e = self.active + buy - sold
        paid = self.spread @ (buy + sold)
        left = self.cash + sell.sum() - buy.sum() - paid - self.target
        y = self.exposure.T @ e
        risk, idle, missing = self.prices
        total = risk * (y @ y + self.specific @ e**2) + paid + self.lot_tax @ sell
        return float(1e4 * (total + idle * max(left, 0.0) + missing * max(-left, 0.0)))


def convex(snapshot: Snapshot) -> Snapshot:
    """The account as this benchmark sees it: losses are worth nothing and nothing is locked."""
    return replace(
        snapshot, lot_gain=np.maximum(snapshot.lot_gain, 0.0), is_locked=np.zeros(len(snapshot.group), dtype=bool)
    )


def data_of(program: Program, s: Snapshot) -> Data:
    """Fractions of value from a snapshot of one account."""
    cost = {type(one): one for one in program.costs}
    rates = household_tax(s.household, as_of=s.market.as_of).rates
    value = s.total_value
    lower, upper = bounds(s)
    place = (np.ones(len(s.lot)), (s.lot_holding, np.arange(len(s.lot))))
    rate = np.where(s.lot_is_long, float(rates.long), float(rates.short))
    return Data(
        exposure=s.exposure,
        specific=s.specific,
        active=(s.quantity * s.price - s.target) / value,
        spread=np.where(np.isnan(s.half_spread), cost[HalfSpread].default, s.half_spread),
        lot=s.lot_quantity * s.price[s.lot_holding] / value,
        lot_tax=rate * s.lot_gain / s.price[s.lot_holding],
        holding=sparse.csr_matrix(place, shape=(len(s.symbol), len(s.lot))),
        most=np.minimum(np.where(np.isfinite(upper), upper * s.price / value, 10.0), 10.0),
        least=lower * s.price / value,
        cash=float(s.cash[0]) / value,
        floor=max(float(s.cash_floor[0]), 0.0) / value,
        target=float(s.cash_target[0]) / value,
        prices=(cost[Tracking].risk_price, cost[IdleCash].price, cost[IdleCash].shortfall),
    )


# Ours


def posed(program: Program) -> Program:
    """The convex program of this benchmark."""
    cost = {type(one): one for one in program.costs}
    return Program(
        name="convex",
        says="",
        costs=(cost[Tracking], cost[HalfSpread], LinearTax(), cost[IdleCash]),
        limits=(Cash(), Holdings(), Restrictions()),
    )


def form_of(program: Program, s: Snapshot) -> SeparableForm:
    """The convex program's form for one account."""
    form = posed(program).form(s)
    assert form is not None
    return form


def ours(program: Program, s: Snapshot) -> tuple[Trades, float]:
    """Net shares (as purchases) of the search, and the seconds of the kernels alone."""
    problem = scaled(form_of(program, s))
    started = time.perf_counter()
    found = search(problem, Effort(gap_bp=PROOF_BP, seconds=20.0))
    assert found.trade is not None
    kernels = time.perf_counter() - started
    return Trades(sell=np.zeros(0), buy=found.trade[:, 0]), kernels


def elsewhere(s: Snapshot, rng: np.random.Generator) -> Snapshot:
    """The same account at prices up to 2 % away, its gains with them."""
    price = s.price * (1.0 + rng.uniform(-0.02, 0.02, len(s.price)))
    gain = np.maximum(s.lot_gain + (price - s.price)[s.lot_holding] * (s.lot_gain > 0), 0.0)
    return replace(s, price=price, lot_gain=gain)


def timed(call: Callable[[], Found]) -> tuple[Found, float]:
    """What a call gives, and its median seconds of three."""
    seconds = []
    for _ in range(3):
        started = time.perf_counter()
        found = call()
        seconds.append(time.perf_counter() - started)
    return found, float(np.median(seconds))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Relaxed:
    """The relaxations of one row's accounts: bounds with their constants, net trades in fractions, seconds an account by way."""

    bound: Floats
    net: list[Floats]
    seconds: dict[str, float]
    stalled: int


def relaxed(program: Program, snapshots: list[Snapshot]) -> Relaxed:
    """Relax accounts together, cold and warm, one by one, and from their snapshots on."""
    count = len(snapshots)
    forms = [form_of(program, s) for s in snapshots]
    laid = batch(forms)
    relaxations(laid)
    found, cold = timed(lambda: relaxations(laid))
    rng = np.random.default_rng(7)
    older = relaxations(batch([form_of(program, elsewhere(s, rng)) for s in snapshots])).multipliers
    _, warm = timed(lambda: relaxations(laid, start=older))
    alone = [batch([form]) for form in forms]
    _, single = timed(lambda: [relaxations(one) for one in alone])
    _, whole = timed(lambda: relaxations(batch([form_of(program, s) for s in snapshots])))
    begin = laid.convex.part["holding"]
    return Relaxed(
        bound=found.value_bp,
        net=np.split(found.net, begin[1:]),
        seconds={BATCH: cold / count, AGAIN: warm / count, SINGLE: single / count, WHOLE: whole / count},
        stalled=int(found.stalled.sum()),
    )


# Through cvxpy


def declared(d: Data, *, parameters: bool) -> tuple[cp.Problem, cp.Variable, cp.Variable, Callable[[Data], None]]:
    """The problem in cvxpy, its numbers constants or parameters, and how to set them."""
    n, lots, factors = len(d.active), len(d.lot), d.exposure.shape[1]
    shapes = {
        "exposure": (factors, n), "deviation": (n,), "active": (n,), "spread": (n,), "lot": (lots,), "lot_tax": (lots,),
        "most": (n,), "least": (n,), "cash": (), "floor": (), "target": (),
    }  # fmt: skip

    def numbers(of: Data) -> dict[str, Floats]:
        plain = {name: np.asarray(getattr(of, name)) for name in shapes if name not in ("exposure", "deviation")}
        return {**plain, "exposure": of.exposure.T, "deviation": np.sqrt(of.specific)}

    given = {name: cp.Parameter(shape) for name, shape in shapes.items()} if parameters else numbers(d)
    buy, sell = cp.Variable(n, nonneg=True), cp.Variable(lots, nonneg=True)
    e, y, left, bought_and_sold = cp.Variable(n), cp.Variable(factors), cp.Variable(), cp.Variable(n)
    sold = d.holding @ sell
    paid = given["spread"] @ bought_and_sold
    risk, idle, missing = d.prices
    away = left - given["target"]
    total = (
        risk * (cp.sum_squares(y) + cp.sum_squares(cp.multiply(given["deviation"], e)))
        + paid + given["lot_tax"] @ sell + idle * cp.pos(away) + missing * cp.pos(-away)
    )  # fmt: skip
    rows = [
        bought_and_sold == buy + sold,
        e == given["active"] + buy - sold,
        y == given["exposure"] @ e,
        left == given["cash"] + cp.sum(sell) - cp.sum(buy) - paid,
        left >= given["floor"],
        sell <= given["lot"],
        buy - sold <= given["most"],
        buy - sold >= given["least"],
    ]

    def set_numbers(of: Data) -> None:
        for name, value in numbers(of).items() if parameters else ():
            given[name].value = value

    return cp.Problem(cp.Minimize(1e4 * total), rows), buy, sell, set_numbers


def through_cvxpy(d: Data, **settings: object) -> tuple[Floats, Floats] | None:
    """Built and solved anew."""
    problem, buy, sell, _ = declared(d, parameters=False)
    return _solved(problem, buy, sell, settings)


def _solved(
    problem: cp.Problem, buy: cp.Variable, sell: cp.Variable, settings: dict[str, object]
) -> tuple[Floats, Floats] | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an inaccurate answer warns; it is judged by its numbers
            problem.solve(**settings)
    except (cp.error.SolverError, ValueError):
        return None
    return None if buy.value is None or sell.value is None else (buy.value, sell.value)


# Matrices


def matrices(d: Data) -> tuple[sparse.csc_matrix, Floats, sparse.csc_matrix, Floats, sparse.csc_matrix, Floats]:
    """P, c, A, b, G, h of min x'Px/2 + c'x, Ax = b, Gx <= h; x = buy, sell, e, y, above, below; bp."""
    n, lots, factors = len(d.active), len(d.lot), d.exposure.shape[1]
    risk, idle, missing = d.prices
    zero = np.zeros
    P = 2e4 * risk * sparse.diags(np.concatenate([zero(n + lots), d.specific, np.ones(factors), zero(2)]), format="csc")
    sell_paid = d.holding.T @ d.spread
    c = 1e4 * np.concatenate([d.spread, d.lot_tax + sell_paid, zero(n + factors), [idle, missing]])
    eye = sparse.identity
    A = sparse.bmat(
        [
            [-eye(n), d.holding, eye(n), None, None],
            [None, None, -sparse.csr_matrix(d.exposure.T), eye(factors), None],
            [sparse.csr_matrix(1.0 + d.spread), sparse.csr_matrix(sell_paid - 1.0), None, None,
             sparse.csr_matrix([[1.0, -1.0]])],
        ],
        format="csc",
    )  # fmt: skip
    b = np.concatenate([d.active, zero(factors), [d.cash - d.target]])
    pad = sparse.csr_matrix((2 * n, n + factors + 2))
    sides = sparse.bmat([[eye(n), -d.holding], [-eye(n), d.holding]])
    held = sparse.csr_matrix((np.array([-1.0, 1.0]), (np.zeros(2, dtype=int), np.arange(2))), shape=(1, 2))
    G = sparse.vstack(
        [
            sparse.hstack([-eye(n + lots), sparse.csr_matrix((n + lots, n + factors + 2))]),
            sparse.hstack([sparse.csr_matrix((lots, n)), eye(lots), sparse.csr_matrix((lots, n + factors + 2))]),
            sparse.hstack([sides, pad]),
            sparse.hstack([sparse.csr_matrix((2, 2 * n + lots + factors)), -eye(2)]),
            sparse.hstack([sparse.csr_matrix((1, 2 * n + lots + factors)), held]),
        ],
        format="csc",
    )
    h = np.concatenate([zero(n + lots), d.lot, d.most, -d.least, zero(2), [d.target - d.floor]])
    return P, c, A, b, G, h


def piqp_matrices(d: Data) -> tuple[Floats, Floats]:
    """PIQP on the matrices."""
    P, c, A, b, G, h = matrices(d)
    solver = piqp.SparseSolver()
    solver.setup(P, c, A, b, G, None, h)
    solver.solve()
    n = len(d.active)
    x = np.array(solver.result.x)
    return x[:n], x[n : n + len(d.lot)]


def clarabel_matrices(d: Data) -> tuple[Floats, Floats]:
    """Clarabel on the matrices."""
    P, c, A, b, G, h = matrices(d)
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    cones = [clarabel.ZeroConeT(len(b)), clarabel.NonnegativeConeT(len(h))]
    stacked = sparse.vstack([A, G], format="csc")
    solver = clarabel.DefaultSolver(sparse.triu(P, format="csc"), c, stacked, np.concatenate([b, h]), cones, settings)
    x, n = np.array(solver.solve().x), len(d.active)
    return x[:n], x[n : n + len(d.lot)]


# The table


@dataclass(slots=True, kw_only=True, eq=False)
class Tally:
    """What one way did."""

    tried: int = 0
    error: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    ratios: list[float] = field(default_factory=list)

    def row(self, where: str, way: str) -> list[str]:
        """One line."""
        return [
            where,
            way,
            str(self.tried),
            str(sum(abs(error) <= 1.0 for error in self.error)),
            *(f"{quantile(self.error, at):.1e}" if self.error else "-" for at in (0.5, 1.0)),
            *(milliseconds(quantile(self.seconds, at)) for at in (0.5, 0.9)),
            f"{len(self.seconds) / sum(self.seconds):,.0f}" if self.seconds else "-",
            ratio(quantile(self.ratios, 0.5)),
        ]


DIRECT: dict[str, Callable[[Data], tuple[Floats, Floats] | None]] = {
    "cvxpy + OSQP": lambda d: through_cvxpy(d, solver=cp.OSQP),
    "cvxpy + Clarabel": lambda d: through_cvxpy(d, solver=cp.CLARABEL),
    "cvxpy + PIQP": lambda d: through_cvxpy(d, solver=cp.PIQP, warm_start=False),
    "PIQP matrices": piqp_matrices,
    "Clarabel matrices": clarabel_matrices,
}
COMPILED = {
    "cvxpy parameters + PIQP": {"solver": cp.PIQP, "warm_start": False},
    "cvxpy parameters + Clarabel": {"solver": cp.CLARABEL},
}


def timed_ways(
    program: Program, s: Snapshot, given: argparse.Namespace
) -> dict[str, tuple[Floats, Floats, float] | None]:
    """Answers and seconds of every other way."""
    found: dict[str, tuple[Floats, Floats, float] | None] = {}
    slow = {
        "cvxpy + HiGHS": lambda d: through_cvxpy(d, solver=cp.HIGHS, time_limit=given.slow),
        "cvxpy + SCIP": lambda d: through_cvxpy(d, solver=cp.SCIP, scip_params={"limits/time": given.slow}),
    }
    ways = {**DIRECT, **(slow if len(s.symbol) <= given.slow_names else {})}
    for name, way in ways.items():
        started = time.perf_counter()
        answer = way(data_of(program, s))
        found[name] = None if answer is None else (*answer, time.perf_counter() - started)
    for name, settings in COMPILED.items():
        d = data_of(program, s)
        problem, buy, sell, set_numbers = declared(d, parameters=True)
        set_numbers(replace(d, cash=d.cash + 0.001))
        _solved(problem, buy, sell, settings)
        started = time.perf_counter()
        set_numbers(data_of(program, s))
        answer = _solved(problem, buy, sell, settings)
        found[name] = None if answer is None else (*answer, time.perf_counter() - started)
    return found


def compare(program: Program, cases: list[Case], given: argparse.Namespace) -> dict[str, dict[str, Tally]]:
    """Tallies of every way on every account: case name, way."""
    tallies: dict[str, dict[str, Tally]] = {}
    for kind in dict.fromkeys(case.kind for case in cases):
        of_kind = [case for case in cases if case.kind == kind]
        snapshots = [convex(case.snapshot) for case in of_kind]
        together = relaxed(program, snapshots)
        if together.stalled:
            print(f"{kind}: {together.stalled} of {len(of_kind)} relaxations stalled and went to cvxpy")
        for case, s, bound, net in zip(of_kind, snapshots, together.bound, together.net, strict=True):
            tallies[case.name] = _of_case(program, s, float(bound), net, together.seconds, given)
    return tallies


def _of_case(
    program: Program, s: Snapshot, bound: float, net: Floats, seconds: dict[str, float], given: argparse.Namespace
) -> dict[str, Tally]:
    """Tallies of every way on one account."""
    d = data_of(program, s)
    unit = seconds[BATCH]
    error = _net_cost(d, s, net) - bound
    own = {way: Tally(tried=1, error=[error], seconds=[taken], ratios=[taken / unit]) for way, taken in seconds.items()}
    started = time.perf_counter()
    mine, kernels = ours(program, s)
    taken = time.perf_counter() - started
    error = _net_cost(d, s, mine.buy * s.price / s.total_value) - bound
    own[OURS] = Tally(tried=1, error=[error], seconds=[taken], ratios=[taken / unit])
    own[KERNELS] = Tally(tried=1, error=[error], seconds=[kernels], ratios=[kernels / unit])
    for name, found in timed_ways(program, s, given).items():
        tally = own.setdefault(name, Tally(tried=1))
        if found is not None:
            tally.error.append(d.cost(found[0], found[1]) - bound)
            tally.seconds.append(found[2])
            tally.ratios.append(found[2] / unit)
    return own


def _net_cost(d: Data, s: Snapshot, net: Floats) -> float:
    """Net trades (fractions) as purchases and sales, cheapest tax first or in the account's order, judged like the rest."""
    sell = np.zeros(len(d.lot))
    for j in np.flatnonzero(net < 0):
        own = np.arange(s.offset[j], s.offset[j + 1])
        left = -net[j]
        for lot in own if s.is_ordered[j] else own[np.argsort(d.lot_tax[own], kind="stable")]:
            sell[lot] = min(left, d.lot[lot])
            left -= sell[lot]
    return d.cost(np.maximum(net, 0.0), sell)


def summed(parts: list[Tally]) -> Tally:
    """Several accounts together."""
    whole = Tally(tried=sum(part.tried for part in parts))
    for part in parts:
        whole.error += part.error
        whole.seconds += part.seconds
        whole.ratios += part.ratios
    return whole


def main() -> None:
    """Compare and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.convex", description=__doc__.split("\n")[0])
    parser.add_argument("book", type=Path)
    parser.add_argument("--households", type=int, default=40, help="that many at random (default 40)")
    parser.add_argument("--by-value", action="store_true", help="rows by account value, too")
    parser.add_argument("--slow", type=float, default=10.0, help="seconds for HiGHS and SCIP (default 10)")
    parser.add_argument("--slow-names", type=int, default=20, help="most holdings for HiGHS and SCIP (default 20)")
    parser.add_argument("--seed", type=int, default=7, help="of the choice of households")
    given = parser.parse_args()
    sample = take_sample(given.book, households=given.households, seed=given.seed, only_single=True)
    warm_up(sample)
    jit.refresh()
    # A fixed order of lots is no convex matter: every account chooses its lots here.
    cases = [case for case in sample.cases if not case.snapshot.is_ordered.any()]
    tallies = compare(sample.program, cases, given)
    rows = []
    for kind, bucket, chosen in rows_of(cases, by_bucket=given.by_value):
        where = f"{kind} {bucket}".strip()
        for way in dict.fromkeys(name for case in chosen for name in tallies[case.name]):
            parts = [tallies[case.name][way] for case in chosen if way in tallies[case.name]]
            rows.append(summed(parts).row(where if way == BATCH else "", way))
    said = (
        f"Input: {given.book.name}, as of {sample.book.market.as_of}, {len(cases)} households of one account that choose"
        f" their lots (seed {given.seed}); kernels {'compiled' if jit.is_compiled() else 'plain'}, the search to {PROOF_BP:g} bp, HiGHS and SCIP {given.slow:g} s up to"
        f" {given.slow_names} holdings; objective in bp of value (scale {SCALE:g})"
    )
    print_table("The convex problem", [said], COLUMNS, rows)


if __name__ == "__main__":
    main()
