"""Branch and bound over whole-share trades, best bound first, on both pieces of the tax at once.

A node is a box of share bounds within one tax piece. Its bound comes from multipliers, its children from splitting one
holding's shares. The tree is its own certificate: leaves cover every allowed plan, and each leaf's bound is recomputed from
its multipliers alone. Work is counted in nodes, so that the same input gives the same plan whatever the machine's load; the
clock only stops a search that would take too long, and the plan says so.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from lotwright.plan.separable import jit
from lotwright.plan.separable.problem import ROW, SCALE, Problem, Scaled
from lotwright.plan.snapshot import Floats


@dataclass(slots=True, eq=False)
class Node:
    """One box: its tax piece, the split that made it (holding, threshold, side) and the multipliers of its bound."""

    piece: int
    parent: int
    holding: int
    threshold: float
    is_upper: bool
    bound: float
    z: Floats
    is_leaf: bool = True
    splits: list[tuple[int, float]] = field(default_factory=list)
    """Holdings and thresholds to branch on, the most promising first."""


@dataclass(frozen=True, slots=True, eq=False)
class _Split:
    """A holding and a threshold; of the side below and the one above it, a bound, its multipliers and what it promises."""

    holding: int
    at: float
    sides: tuple[tuple[float, Floats], tuple[float, Floats]]
    promise: tuple[float, float]

    def score(self, bound: float, cutoff: float) -> float:
        """What the two sides gain together over a node's bound, each counted up to the cutoff."""
        most = max(cutoff - bound, 0.0)
        return sum(min(max(side - bound, 0.0), most) for side in self.promise)


@dataclass(slots=True, kw_only=True, eq=False)
class Outcome:
    """What the search found: the trades (rows of the kernels' trade array), their cost and the proven bound, bp."""

    trade: Floats | None
    posed: float
    bound: float
    nodes: list[Node] = field(default_factory=list)
    count: int = 0
    stopped: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How long to search: gap in bp to stop at, most nodes, most seconds (None: no clock).

    After ``patience`` nodes a gap of TOLERANCE times as much will do (None: never).
    """

    gap_bp: float = 0.1
    nodes: int = 20000
    seconds: float | None = 10.0
    patience: int | None = None


CAPACITY = 20
"""Columns remembered per group."""
CENTS = 0.02
"""Dollars that rounding every order to the cent may add to what a plan costs."""
TOLERANCE = 5.0
"""Gaps of up to so many times the asked one will do when patience is at its end."""
IMPROVE_EVERY = 16
"""Nodes after which plans near the best one are tried."""
DULL = 2
"""Nodes without a split that gains anything after which they are tried besides."""
FREED = (0.2, 0.3, 0.4, 0.5)
"""Shares of the holdings that are planned anew."""


def search(scaled: Scaled, effort: Effort, *, clock: Callable[[], float] = time.perf_counter) -> Outcome:
    """Plan to the asked gap; ``clock`` is only read to stop after ``effort.seconds``."""
    outcome = Search(scaled, effort, clock).run()
    if outcome.trade is None:  # perhaps only the last cents of an account make the difference
        outcome = Search(_unguarded(scaled), effort, clock).run()
    return outcome


def _unguarded(scaled: Scaled) -> Scaled:
    """The same problem, searched down to the very floor of every account."""
    pieces = []
    for piece in scaled.pieces:
        account = piece.account.copy()
        account["cent"] = 0.0
        pieces.append(piece._replace(account=account))
    return scaled._replace(pieces=tuple(pieces))


class Search:
    """State of one search: incumbent, open nodes, one column pool for each tax piece."""

    def __init__(self, scaled: Scaled, effort: Effort, clock: Callable[[], float]) -> None:
        self.kernels = jit.kernels()
        self.scaled = scaled
        self.effort = effort
        self.clock = clock
        self.started = clock()
        first = scaled.pieces[0]
        self.n = len(first.holding)
        groups = len(first.members_offset) - 1
        self.pools = [self.kernels.empty_pool(self.n, groups, CAPACITY) for _ in scaled.pieces]
        self.exact = [_with_own_variance(piece) for piece in scaled.pieces]
        self.opts = np.zeros((self.n, 3, 6))
        self.pick = np.zeros(self.n, dtype=np.int64)
        self.trade = np.zeros((self.n, ROW))
        self.best: Floats | None = None
        self.found: tuple[int, Floats] | None = None
        """The tax piece and the multipliers of the best plan."""
        self.value = np.inf
        self.dull = 0
        """Nodes so far without a split that gains anything."""
        self.nodes: list[Node] = []
        self.heap: list[tuple[float, int]] = []
        self.goal = 0.98 * effort.gap_bp - min(0.2 * effort.gap_bp, CENTS / scaled.value * SCALE)
        self.settle = effort.gap_bp * 0.005
        """What the master may still gain (bp) when a bound is taken as found: its quadratics pass a larger one too early."""
        self.fine = 1e-3 * effort.gap_bp
        """Specific risk (bp) below which a step of a holding counts as continuous."""
        self.curves = [np.zeros((len(z), len(z))) for z in map(start_multipliers, scaled.pieces)]
        self.near = 3.0 * effort.gap_bp
        """Columns dearer than their group's cheapest by less than this (bp) are tried when sides are chosen."""
        few = self.n <= 60
        self.steps = 25 if few else 0
        """Newton steps from a parent's multipliers."""
        self.first_steps = 8
        """Newton steps from no prices at all."""
        fluid = np.median(first.holding["specific"] * (first.holding["price"] * first.holding["step"]) ** 2) < self.fine
        self.follow_steps = 3 if few or fluid else 0
        self.follow_rounds = 4 if fluid else 3
        """Newton steps and rounds of the master after sides are fixed: where shares are divisible, a plan has no other cost."""
        self.well_rounded = 0.05 * self.goal
        """What rounding may cost (bp) over the bound of a box before other orders are tried."""
        self.far = 10.0 * self.goal
        """What a first rounding costs too much for other orders to mend: sides are at fault."""
        self.hopeful = 2.0 * self.goal
        """What a rounded plan may cost (bp) over the best one to be improved: moves and swaps seldom gain more."""
        self.probes = 1 if few else 8
        """Splits looked at before one is made."""
        self.close = 0.3
        """Lead (bp) of a group's choice from which a look takes it as decided."""
        self.telling = 0.1 * self.goal
        """Gain (bp) below which looks tell splits apart no better than column weights do: some gain late."""
        self.variants = 3 if few else 6
        """Orders in which holdings are rounded to whole shares, the best of which is kept."""
        self.polish = (6, 64, 20) if few else (6, 24, 4)
        """Sweeps of single moves, holdings paired in swaps, rounds of swaps."""

    def run(self) -> Outcome:
        """Roots, then the open node with the lowest bound until the gap is closed or the effort is spent."""
        for piece in reversed(
            range(len(self.scaled.pieces))
        ):  # the last piece is a valid tax everywhere: a first incumbent
            self._root(piece)
        stopped = None
        processed = 0
        patience = self.effort.nodes if self.effort.patience is None else self.effort.patience
        while self.heap:
            bound, index = self.heap[0]
            if bound >= self.value - self.goal:
                break
            if processed >= self.effort.nodes:
                stopped = f"stopped after {processed} nodes"
                break
            if self.effort.seconds is not None and self.clock() - self.started > self.effort.seconds:
                stopped = f"stopped after {self.effort.seconds:g} seconds"
                break
            if processed >= patience and self.value - bound <= TOLERANCE * self.goal:
                stopped = f"stopped after {processed} nodes"
                break
            heapq.heappop(self.heap)
            processed += 1
            if processed % IMPROVE_EVERY == 0:
                self._improve(self.nodes[index], processed)
            self._expand(index)
        self._finish()
        bound = min((node.bound for node in self.nodes if node.is_leaf), default=np.inf)
        if stopped is None and self.value - bound > self.effort.gap_bp:
            stopped = "ended with nothing left to split"
        return Outcome(
            trade=self.best,
            posed=self.value,
            bound=min(bound, self.value),
            nodes=self.nodes,
            count=processed,
            stopped=stopped,
        )

    def _root(self, piece: int) -> None:
        lower, upper = self.scaled.lower, self.scaled.upper
        z = start_multipliers(self.scaled.pieces[piece])
        bound = self._bound(piece, lower, upper, z, rounds=12, close=1.0, steps=self.first_steps)
        if bound < self.value - self.goal:
            self._try(piece, lower, upper, z, bound)
        self._add(Node(piece, -1, -1, 0.0, False, bound, z), lower, upper)

    def _bound(
        self, piece: int, lower: Floats, upper: Floats, z: Floats, *, rounds: int, close: float, steps: int = 25
    ) -> float:
        bound, _ = self.kernels.node_bound(
            self.scaled.pieces[piece], self.pools[piece], lower, upper, z, self.opts, self.pick, self.trade,
            self.curves[piece], steps, rounds, self.value - self.goal, self.settle, close, self.fine,
        )  # fmt: skip
        return float(bound)

    def _try(self, piece: int, lower: Floats, upper: Floats, z: Floats, bound: float) -> None:
        """Offer the plan that z suggests within the given bounds; every so often with many more orders of rounding.

        ``bound`` is the bound within them: what comes near it, or near that of all open nodes, is good enough.
        """
        variants = self.variants * (5 if len(self.nodes) % 8 == 1 else 1)
        least = self.heap[0][0] if self.heap else bound
        enough = max(bound + self.well_rounded, least + self.goal)
        part = self.scaled.pieces[piece]
        value = self.kernels.suggest(
            part, z, lower, upper, self.opts, self.pick, self.trade, variants, enough, enough + self.far
        )
        if enough < value < self.value + self.hopeful:
            value = self.kernels.improve(
                part, self.exact[piece], z, lower, upper, self.scaled.lower, self.scaled.upper, self.trade,
                *self.polish, enough,
            )  # fmt: skip
        before = self.value
        self._offer(value)
        if self.value < before:
            self.found = (piece, z.copy())

    def _finish(self) -> None:
        """Improve the best plan once more: what was good enough to end the search need not be the last share's worth."""
        if self.best is None or self.found is None:
            return
        piece, z = self.found
        self.trade[:] = self.best
        lower, upper = self.scaled.lower, self.scaled.upper
        self._offer(self.kernels.improve(
            self.scaled.pieces[piece], self.exact[piece], z, lower, upper, lower, upper, self.trade, *self.polish, -np.inf
        ))  # fmt: skip

    def _try_rounded(self, piece: int, lower: Floats, upper: Floats, z: Floats) -> None:
        """Offer the plan with every undecided group fixed to one side and the others answering.

        Fixing sides moves prices, which may leave other groups undecided: a few rounds. Reads the column weights of the
        last bound.
        """
        low, high, _ = self._rounded(piece, lower, upper, z)
        self._follow(piece, low, high, z.copy())

    def _follow(self, piece: int, lower: Floats, upper: Floats, z: Floats) -> None:
        for _ in range(4):
            bound = self._bound(piece, lower, upper, z, rounds=self.follow_rounds, close=0.15, steps=self.follow_steps)
            if bound >= self.value - 1e-9:
                return
            low, high, undecided = self._rounded(piece, lower, upper, z)
            if not undecided:
                break
            lower, upper = low, high
        self._try(piece, lower, upper, z, bound)

    def _rounded(self, piece: int, lower: Floats, upper: Floats, z: Floats) -> tuple[Floats, Floats, int]:
        """Box of the best combination of sides, and how many groups were undecided."""
        low, high = np.zeros(self.n), np.zeros(self.n)
        undecided = self.kernels.round_groups(
            self.scaled.pieces[piece], self.pools[piece], z, lower, upper, self.curves[piece], self.near, self.fine, low, high
        )  # fmt: skip
        return low, high, int(undecided)

    def _offer(self, value: float) -> None:
        if value < self.value - 1e-9:
            self.value = value
            self.best = self.trade.copy()

    def _add(self, node: Node, lower: Floats, upper: Floats) -> None:
        """Keep a node whose bound was just found."""
        self.nodes.append(node)
        self._open(len(self.nodes) - 1, lower, upper)

    def _open(self, index: int, lower: Floats, upper: Floats) -> None:
        """While a node is worth expanding, keep it and offer its plan."""
        node = self.nodes[index]
        if node.bound < self.value - self.goal:
            node.splits = self._splits(node.piece, lower, upper)
            if len(self.nodes) <= 12 or len(self.nodes) % 4 == 0 or self.best is None:
                self._try_rounded(node.piece, lower, upper, node.z)
        if node.bound < self.value - self.goal:
            heapq.heappush(self.heap, (node.bound, index))

    def _improve(self, node: Node, seed: int) -> None:
        """Offer plans near the best one: most holdings trade as they do in it, a random share of them is planned anew.

        Random in the sense of a shuffled order: the same ``seed`` frees the same holdings everywhere.
        """
        if self.best is None:
            return
        draw = np.random.default_rng(seed)
        for share in FREED:
            free = draw.random(self.n) < share
            shares = self.best[:, 0]
            lower = np.where(free, self.scaled.lower, shares)
            upper = np.where(free, self.scaled.upper, shares)
            self._follow(node.piece, lower, upper, node.z.copy())

    def _expand(self, index: int) -> None:
        """Split a node in two; one that shows nothing to split is bounded anew with every column first.

        Splits with a side that cannot hold a better plan are made at once, one below the other: they cost nothing.
        """
        node = self.nodes[index]
        lower, upper = box(self.nodes, index, self.scaled)
        if not node.splits:
            z = node.z.copy()
            bound = self._bound(node.piece, lower, upper, z, rounds=20, close=4.0)
            if bound > node.bound:
                node.bound, node.z = bound, z.copy()
            node.splits = self._splits(node.piece, lower, upper)
            self._try_rounded(node.piece, lower, upper, z)
            if not node.splits or node.bound >= self.value - self.goal:
                return
        looks = self._looks(node, lower, upper)
        cutoff = self.value - self.goal
        rest = []
        for split in looks:
            if max(bound for bound, _ in split.sides) < cutoff:
                rest.append(split)
                continue
            found = self._divide(index, split, cutoff)
            if found is None:
                return
            index = found
            _narrow(lower, upper, split.holding, split.at, self.nodes[index].is_upper)
        if not rest:
            self._bound_anew(index, lower, upper)
            return
        bound = self.nodes[index].bound
        best = max(rest, key=lambda split: split.score(bound, cutoff))
        if best.score(bound, cutoff) < self.telling:
            best = rest[0]
            self._note_dull(self.nodes[index])
        self._halve(index, best, lower, upper)

    def _note_dull(self, node: Node) -> None:
        """Where no split gains anything it is the plan in hand that is at fault: try others near it."""
        self.dull += 1
        if self.dull % DULL == 1:
            self._improve(node, self.effort.nodes + self.dull)

    def _divide(self, index: int, split: _Split, cutoff: float) -> int | None:
        """Both sides of a split of which one is known to hold nothing better; returns the other, None when neither does."""
        parent = self.nodes[index]
        parent.is_leaf = False
        alive = None
        for is_upper, (bound, z) in enumerate(split.sides):
            child = Node(parent.piece, index, split.holding, split.at, bool(is_upper), max(bound, parent.bound), z)
            self.nodes.append(child)
            if bound < cutoff:
                alive = len(self.nodes) - 1
        return alive

    def _bound_anew(self, index: int, lower: Floats, upper: Floats) -> None:
        node = self.nodes[index]
        z = node.z.copy()
        bound = self._bound(node.piece, lower, upper, z, rounds=8, close=0.3, steps=self.steps)
        if bound > node.bound:
            node.bound, node.z = bound, z
        self._open(index, lower, upper)

    def _halve(self, index: int, split: _Split, lower: Floats, upper: Floats) -> None:
        parent = self.nodes[index]
        parent.is_leaf = False
        for is_upper, (low, z) in enumerate(split.sides):
            child_lower, child_upper = lower.copy(), upper.copy()
            _narrow(child_lower, child_upper, split.holding, split.at, bool(is_upper))
            bound = self._bound(parent.piece, child_lower, child_upper, z, rounds=8, close=0.3, steps=self.steps)
            bound = max(bound, low, parent.bound)
            self._add(
                Node(parent.piece, index, split.holding, split.at, bool(is_upper), bound, z), child_lower, child_upper
            )

    def _splits(self, piece: int, lower: Floats, upper: Floats) -> list[tuple[int, float]]:
        """The holdings that promise most when split, and where, by the column weights of the last bound."""
        tried = np.zeros(self.n, dtype=bool)
        found: list[tuple[int, float]] = []
        while len(found) < self.probes:
            holding, at = self.kernels.branch(self.scaled.pieces[piece], self.pools[piece], lower, upper, tried)
            if holding < 0 or tried[holding]:
                break
            found.append((int(holding), float(at)))
            tried[holding] = True
        return found

    def _looks(self, node: Node, lower: Floats, upper: Floats) -> list[_Split]:
        """The node's promising splits with a short look at both sides of each.

        A plan is offered that takes the cheaper side of every one.
        """
        count = len(node.splits)
        holding = np.array([holding for holding, _ in node.splits])
        at = np.array([at for _, at in node.splits])
        bound, promise, found = np.zeros((count, 2)), np.zeros((count, 2)), np.zeros((count, 2, len(node.z)))
        self.kernels.look(
            self.scaled.pieces[node.piece], self.pools[node.piece], lower, upper, node.z, self.opts, self.pick, self.trade,
            self.curves[node.piece], self.close, self.fine, self.value - self.goal, holding, at, bound, promise, found,
        )  # fmt: skip
        splits = [
            _Split(
                int(holding[k]),
                float(at[k]),
                ((float(bound[k, 0]), found[k, 0]), (float(bound[k, 1]), found[k, 1])),
                (float(promise[k, 0]), float(promise[k, 1])),
            )
            for k in range(count)
        ]
        if len(self.nodes) <= 24 or len(self.nodes) % 4 == 0:
            low, high = lower.copy(), upper.copy()
            for split in splits:
                _narrow(low, high, split.holding, split.at, split.promise[1] < split.promise[0])
            self._follow(node.piece, low, high, node.z.copy())
        return splits


def _narrow(lower: Floats, upper: Floats, holding: int, at: float, is_upper: bool) -> None:
    """Leave one side of a threshold of a holding's shares."""
    if is_upper:
        lower[holding] = max(lower[holding], at)
    else:
        upper[holding] = min(upper[holding], at)


def box(nodes: list[Node], index: int, problem: Scaled) -> tuple[Floats, Floats]:
    """Share bounds of a node, from the splits above it."""
    lower, upper = problem.lower.copy(), problem.upper.copy()
    while index >= 0:
        node = nodes[index]
        if node.holding >= 0:
            _narrow(lower, upper, node.holding, node.threshold, node.is_upper)
        index = node.parent
    return lower, upper


def _with_own_variance(problem: Problem) -> Problem:
    """The problem with each holding's own factor variance in its specific one: what a single move really costs."""
    holding = problem.holding.copy()
    holding["specific"] += (problem.load**2).sum(axis=1)
    return problem._replace(holding=holding)


def start_multipliers(problem: Problem) -> Floats:
    """Multipliers to start from: no price of risk or cash, the tax lines weighted alike."""
    accounts, factors = len(problem.account), int(problem.factors[0])
    free, rows = len(problem.line) - 1, len(problem.row)
    z = np.zeros(accounts * factors + accounts + free + rows)
    z[accounts * factors + accounts : accounts * factors + accounts + free] = 1.0 / (free + 1)
    return z
