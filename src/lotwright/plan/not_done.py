"""What one would expect of a plan and it does not do, each with the worst blocker.

Problem: a client sees a security far from its target, or a loss that is not taken, and asks why. "The optimiser decided" is
no answer, and a guessed one is worse.
Observations: the plan is proven to be within its gap of the best, so *some* cost or limit stands in the way of each such
trade. Which one is seen by making the trade: a limit breaks, or the costs that rise outweigh those that fall.
Therefore: for the holdings farthest off and the largest losses not taken, the expected trade is added to the plan, alone
and together with the trade in the same account that best pays for it (or uses its proceeds), and the best of those that are
allowed is told with every dollar it changes. Where none is allowed, the limit in the way is told.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from lotwright.book.kinds import Side
from lotwright.plan.change import Change, in_words
from lotwright.plan.expected import Question, Way, expected_trades, expected_ways, net_shares
from lotwright.plan.limits import Cash, MinimumTicket, Restrictions, WashSale, WholeShares
from lotwright.plan.limits.window import loss_rules
from lotwright.plan.program import Program
from lotwright.plan.protocols import Trades
from lotwright.plan.result import Kept, NotDone
from lotwright.plan.snapshot import Snapshot
from lotwright.plan.words import money, plain, weights

MOST = 8
"""Questions answered, the largest ones."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Plan:
    """The plan that is asked about."""

    program: Program
    snapshot: Snapshot
    trades: Trades
    kept: tuple[Kept, ...]


def not_done(program: Program, snapshot: Snapshot, trades: Trades, *, kept: tuple[Kept, ...]) -> tuple[NotDone, ...]:
    """Why the plan does not trade what one would expect it to, the largest matters first.

    Parameters
    ----------
    program, snapshot : what was planned
    trades : Trades
        The plan.
    kept : tuple of Kept
        What rules kept from being traded; their sentences are used where a rule is the blocker.
    """
    whole = next((limit for limit in program.limits if isinstance(limit, WholeShares)), None)
    if whole is not None:
        snapshot = replace(snapshot, increment=whole.increment(snapshot))
    plan = _Plan(program=program, snapshot=snapshot, trades=trades, kept=kept)
    questions = sorted(expected_trades(snapshot, trades), key=lambda one: (-round(one.dollars, 4), one.holding))
    return tuple(_answer(plan, one) for one in questions[:MOST])


def _answer(plan: _Plan, asked: Question) -> NotDone:
    """The best allowed way to make the trade and what it costs, or the limit that forbids every way."""
    every = expected_ways(plan.program, plan.snapshot, plan.trades, asked)
    ways = sorted(every, key=lambda way: round(way.change.total, 4))  # the last digits of floats choose nothing
    broken = plan.program.violations(plan.snapshot, plan.trades)
    blockers: dict[str, float] = {}
    for way in ways:
        found = plan.program.violations(plan.snapshot, way.trades)
        new = {kind: by for kind, by in found.items() if kind not in broken}
        if not new:
            return _economic(plan, asked, way)
        blockers = blockers or new
    return _barred(plan, asked, blockers)


# What is told


def _economic(plan: _Plan, asked: Question, way: Way) -> NotDone:
    """It is allowed, and costs more than it brings."""
    snapshot, j = plan.snapshot, asked.holding
    moved = net_shares(snapshot, way.trades)[j] - net_shares(snapshot, plan.trades)[j]
    paired, bought = "", float(plan.trades.buy[j])
    if asked.is_harvest and bought > 0:
        moved = net_shares(snapshot, way.trades)[j]
        paired = f" at a loss instead of buying {plain(_exact(bought))}"
    if way.partner >= 0:
        other = f"{plain(_exact(way.partner_quantity))} {snapshot.symbol[way.partner]}"
        paired += f", paid for by selling {other}," if asked.side is Side.BUY else f" to buy {other}"
    more = "more " if net_shares(snapshot, plan.trades)[j] and not asked.is_harvest else ""
    verb = "Selling" if asked.side is Side.SELL else "Buying"
    said = f"{verb} {plain(_exact(abs(moved)))} {more}{snapshot.symbol[j]}{paired} would {in_words(way.change)}"
    if way.change.total < 0:
        said += f": {money(-way.change.total)} gained in all, less than the search was asked to look for"
    return _told(plan, replace(asked, quantity=abs(float(moved))), rule="cost", because=f"{said}.", change=way.change)


def _barred(plan: _Plan, asked: Question, blockers: dict[str, float]) -> NotDone:
    """No way is allowed: the rule's own sentence, or the limit that breaks and by how much."""
    snapshot = plan.snapshot
    told = next((one for one in plan.kept if one.symbol == snapshot.symbol[asked.holding]), None)
    if told is not None and (not blockers or blockers.keys() & {WashSale.kind, Restrictions.kind}):
        return _told(plan, asked, rule=told.rule, because=told.because)
    if MinimumTicket.kind in blockers:
        least = next(limit.dollars for limit in plan.program.limits if isinstance(limit, MinimumTicket))
        worth = asked.quantity * float(snapshot.price[asked.holding])
        said = f"An order of {money(worth)} is under the minimum ticket of {money(least)}."
        return _told(plan, asked, rule=MinimumTicket.kind, because=said)
    if WashSale.kind in blockers:
        return _told(plan, asked, rule=WashSale.kind, because=_washed(snapshot, asked))
    if Cash.kind in blockers:
        a = int(snapshot.account_of[asked.holding])
        said = (
            f"It would leave {snapshot.account[a]} with less cash than the {money(max(snapshot.cash_floor[a], 0.0))} it"
            " must keep, and no sale of another holding there can pay for it."
        )
        return _told(plan, asked, rule=Cash.kind, because=said)
    if blockers:
        rule = next(iter(blockers))
        return _told(plan, asked, rule=rule, because=f"It would break the limit {rule.replace('_', ' ')}.")
    return _told(plan, asked, rule="relief", because="The account's order of lots allows no such sale.")


def _washed(snapshot: Snapshot, asked: Question) -> str:
    symbol = snapshot.symbol[asked.holding]
    if asked.side is Side.BUY:
        return f"This plan sells {symbol} or what counts as the same at a loss; buying it would wash that loss."
    own = slice(int(snapshot.offset[asked.holding]), int(snapshot.offset[asked.holding + 1]))
    if loss_rules(snapshot).is_barred[own].any():
        return f"{symbol} or what counts as the same was bought in the last 30 days, so losses on it are barred."
    return f"This plan buys {symbol} or what counts as the same, so a loss on it would be washed."


def _told(plan: _Plan, asked: Question, *, rule: str, because: str, change: Change | None = None) -> NotDone:
    snapshot, j = plan.snapshot, asked.holding
    value = float(snapshot.value[snapshot.account_of[j]])
    after = float((snapshot.quantity[j] + net_shares(snapshot, plan.trades)[j]) * snapshot.price[j])
    expected = (
        f"a loss of {money(asked.dollars)} is not taken"
        if asked.is_harvest
        else "it ends at {} of the account against a target of {}".format(
            *weights(after / value, float(snapshot.target[j]) / value)
        )
    )
    return NotDone(
        account=snapshot.account[int(snapshot.account_of[j])],
        symbol=snapshot.symbol[j],
        side=asked.side,
        quantity=_exact(asked.quantity),
        expected=expected,
        rule=rule,
        because=because,
        change=None if change is None else dict(change.costs),
    )


def _exact(quantity: float) -> Decimal:
    return Decimal(str(round(quantity, 6)))
