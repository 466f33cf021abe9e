"""What a plan decides, as cvxpy variables of one household, all in fractions of household value.

Observations: in dollars OSQP calls wrong answers optimal; an explicit active weight ``e`` and factor variable ``y = F'
e`` an account keep every matrix sparse and beat the eliminated form (SOLVING, section 3).
Therefore: every variable is a fraction of household value or a choice between 0 and 1. *Relaxed*, choices are
continuous; *exact*, they are binary and orders have integer units. Costs and limits speak through the few verbs of
:class:`Decision`, so that their files do not import cvxpy (a second of every run) until something is posed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import cvxpy as cp
import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from lotwright.plan.limits.window import loss_rules
from lotwright.plan.protocols import Trades
from lotwright.plan.snapshot import Floats, Ints, Snapshot


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Units:
    """Integer steps bought and sold and whether a whole position with an odd remainder is closed; shapes (n,)."""

    buy: cp.Variable
    sell: cp.Variable
    close: cp.Variable


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Decision:
    """Variables of one household; dollars are fractions of ``scale``, the household's value."""

    scale: float
    account_of: Ints
    accounts: int
    sell: cp.Variable
    """Shape (L,): sold of each lot (one idle entry where there is no lot)."""
    buy: cp.Variable
    """Shape (n,)."""
    sold: cp.Expression
    """Shape (n,): sum of ``sell`` over the lots of each holding."""
    active: cp.Variable
    """Shape (n,): active dollars after the plan."""
    factor: cp.Variable | None
    """Shape (m,): exposure of each account's active position to each of its factors, account after account."""
    factor_account: Ints
    short: cp.Variable
    long: cp.Variable
    """Scalars: gains this plan realises."""
    cash: cp.Variable
    """Shape (A,): cash after everything."""
    is_buy: cp.Variable
    is_sale: cp.Variable
    """Shapes (n,): the side of each holding."""
    realise: cp.Variable
    """Shape (G,): 1 where a group may realise losses, 0 where it may be bought."""
    begun: cp.Expression
    """Shape (L,): 1 where any of a lot is sold; relaxed, the part of it that is sold."""
    units: Units | None
    most_bought: Floats
    """Shape (n,): no account buys for more than it is worth."""
    tax_piece: int
    links: Mapping[str, cp.Constraint] = field(default_factory=dict)
    """Definitions by name, so that their multipliers can be read: ``active``, ``factor``, ``short``, ``long``."""
    choices: tuple[cp.Constraint, ...] = ()
    """What ties choices to amounts: buys to their side, lots to their order."""
    further: list[tuple[cp.Variable, Callable[[Trades], ArrayLike]]] = field(default_factory=list)
    """Variables that single costs brought in, and what each is at given trades."""
    ties: list[cp.Constraint] = field(default_factory=list)
    """What defines them."""

    @property
    def ticket(self) -> cp.Expression:
        """Shape (n,): 1 where an order is placed."""
        return self.is_buy + self.is_sale

    def in_account(self, weight: ArrayLike) -> sparse.csr_matrix:
        """Matrix (A, n) that sums ``weight`` times holdings account by account."""
        n = len(self.account_of)
        data = np.broadcast_to(np.asarray(weight, dtype=float), (n,))
        return sparse.csr_matrix((data, (self.account_of, np.arange(n))), shape=(self.accounts, n))

    def choice(self, count: int, *, chosen: Callable[[Trades], ArrayLike]) -> cp.Variable:
        """``count`` choices more, relaxed as the others are, and what they are at given trades."""
        side = {"bounds": [0, 1]} if self.units is None else {"boolean": True}
        variable = cp.Variable(count, **side)
        self.further.append((variable, chosen))
        return variable

    def amount(self, count: int, *, found: Callable[[Trades], ArrayLike]) -> cp.Variable:
        """``count`` amounts more, not below zero, and what they are at given trades."""
        variable = cp.Variable(count, nonneg=True)
        self.further.append((variable, found))
        return variable

    def tie(self, constraint: cp.Constraint) -> None:
        """Add what defines such variables."""
        self.ties.append(constraint)

    @staticmethod
    def times(weight: ArrayLike, amount: cp.Expression) -> cp.Expression:
        """Elementwise product with numbers."""
        return cp.multiply(weight, amount)

    @staticmethod
    def total(amount: cp.Expression) -> cp.Expression:
        """Sum of all entries."""
        return cp.sum(amount)

    @staticmethod
    def positive(amount: cp.Expression) -> cp.Expression:
        """Positive part, elementwise."""
        return cp.pos(amount)

    @staticmethod
    def largest(amounts: Sequence[cp.Expression]) -> cp.Expression:
        """Largest of scalars."""
        return amounts[0] if len(amounts) == 1 else cp.maximum(*amounts)

    @staticmethod
    def join(*amounts: cp.Expression) -> cp.Expression:
        """One vector of several."""
        return cp.hstack(list(amounts))

    @staticmethod
    def sum_squares(root: Floats, amount: cp.Expression) -> cp.Expression:
        """Sum of ``(root * amount)**2``."""
        return cp.sum_squares(cp.multiply(root, amount))

    @staticmethod
    def norm(root: Floats, amount: cp.Expression) -> cp.Expression:
        """Euclidean length of ``root * amount``."""
        return cp.norm(cp.multiply(root, amount), 2)

    @staticmethod
    def power(amount: cp.Expression, exponent: float) -> cp.Expression:
        """A power of at least one, elementwise; convex for amounts that are not negative."""
        return cp.power(cp.pos(amount), exponent)

    @staticmethod
    def nothing() -> cp.Expression:
        """The cost of zero."""
        return cp.Constant(0.0)

    def assign(self, snapshot: Snapshot, trades: Trades, cash: Floats) -> None:
        """Set every variable to what ``trades`` and the ``cash`` after them (dollars, shape (A,)) make it."""
        amount = trades.sell * snapshot.price[snapshot.lot_holding]
        sold = np.bincount(snapshot.lot_holding, weights=amount, minlength=len(snapshot.symbol))
        bought = trades.buy * snapshot.price
        active = (snapshot.quantity * snapshot.price + bought - sold - snapshot.target) / self.scale
        gain, is_long = trades.sell * snapshot.lot_gain, snapshot.lot_is_long
        losing = snapshot.lot_holding[snapshot.lot_is_guarded & (trades.sell > 0)]
        self.sell.value = amount / self.scale if len(amount) else np.zeros(1)
        self.buy.value = bought / self.scale
        self.active.value = active
        if self.factor is not None:
            self.factor.value = _exposures(snapshot)[0] @ active
        self.short.value, self.long.value = gain[~is_long].sum() / self.scale, gain[is_long].sum() / self.scale
        self.cash.value = cash / self.scale
        self.is_buy.value, self.is_sale.value = (bought > 0).astype(float), (sold > 0).astype(float)
        self.realise.value = np.isin(np.arange(len(snapshot.group)), snapshot.group_of[losing]).astype(float)
        for variable, found in self.further:
            variable.value = np.asarray(found(trades), dtype=float)


def decide(snapshot: Snapshot, *, exact: bool = False, tax_piece: int = 0) -> Decision:
    """Declare the variables of one household and what ties them together.

    Parameters
    ----------
    snapshot : with at least one holding and a positive value
    exact : True makes choices binary and gives orders integer units; False relaxes both
    tax_piece : which convex piece of the tax the decision is posed with (:mod:`lotwright.plan.costs.tax`)
    """
    scale, n = snapshot.total_value, len(snapshot.symbol)
    sell, buy = cp.Variable(max(len(snapshot.lot), 1), nonneg=True), cp.Variable(n, nonneg=True)
    to_holding = sparse.csr_matrix(
        (np.ones(len(snapshot.lot)), (snapshot.lot_holding, np.arange(len(snapshot.lot)))), shape=(n, sell.size)
    )
    sold = to_holding @ sell
    matrix, factor_account = _exposures(snapshot)
    active, factor = cp.Variable(n), cp.Variable(len(factor_account)) if len(factor_account) else None
    short, long = cp.Variable(), cp.Variable()
    side = {"boolean": True} if exact else {"bounds": [0, 1]}
    is_buy, is_sale = cp.Variable(n, **side), cp.Variable(n, **side)
    begun, begun_rows = _begun(snapshot, sell, exact=exact)
    most_bought = np.maximum(snapshot.value, 0.0)[snapshot.account_of] / scale
    before = (snapshot.quantity * snapshot.price - snapshot.target) / scale
    links = {"active": active == before + buy - sold, **_gains(snapshot, sell, short=short, long=long)}
    if factor is not None:
        links["factor"] = factor == matrix @ active
    return Decision(
        scale=scale,
        account_of=snapshot.account_of,
        accounts=len(snapshot.account),
        sell=sell,
        buy=buy,
        sold=sold,
        active=active,
        factor=factor,
        factor_account=factor_account,
        short=short,
        long=long,
        cash=cp.Variable(len(snapshot.account)),
        is_buy=is_buy,
        is_sale=is_sale,
        realise=cp.Variable(len(snapshot.group), **side),
        begun=begun,
        units=Units(
            buy=cp.Variable(n, integer=True), sell=cp.Variable(n, integer=True), close=cp.Variable(n, boolean=True)
        )
        if exact
        else None,
        most_bought=most_bought,
        tax_piece=tax_piece,
        links=links,
        choices=(buy <= cp.multiply(most_bought, is_buy), *begun_rows),
    )


def _gains(snapshot: Snapshot, sell: cp.Variable, *, short: cp.Variable, long: cp.Variable) -> dict[str, cp.Constraint]:
    """Gains as sums over lots: each dollar sold of a lot realises gain over price."""
    if not snapshot.lot:
        return {"short": short == 0, "long": long == 0}
    rate = snapshot.lot_gain / snapshot.price[snapshot.lot_holding]
    is_long = snapshot.lot_is_long
    return {"short": short == np.where(is_long, 0.0, rate) @ sell, "long": long == np.where(is_long, rate, 0.0) @ sell}


def _exposures(snapshot: Snapshot) -> tuple[sparse.csr_matrix, Ints]:
    """Matrix (m, n) from active positions to each account's factors, null ones left out, and their accounts (m,)."""
    rows, accounts = [], []
    for a in range(len(snapshot.account)):
        here = np.where((snapshot.account_of == a)[:, None], snapshot.exposure, 0.0).T
        kept = here[np.abs(here).sum(axis=1) > 0]
        rows.append(kept)
        accounts += [a] * len(kept)
    stacked = np.vstack(rows) if rows else np.zeros((0, len(snapshot.symbol)))
    return sparse.csr_matrix(stacked), np.array(accounts, dtype=np.int64)


def _begun(snapshot: Snapshot, sell: cp.Variable, *, exact: bool) -> tuple[cp.Expression, list[cp.Constraint]]:
    """Whether a lot is touched, and that lots under a standing relief order leave one after the other.

    Exactly, a binary for each lot whose being touched obliges another lot to leave wholly; relaxed, the part of the lot
    that is sold takes its place, which is what projecting the binary away leaves.
    """
    if not snapshot.lot:
        return cp.Constant(np.zeros(1)), []
    lot = snapshot.lot_quantity * snapshot.price[snapshot.lot_holding] / snapshot.total_value
    holding = snapshot.lot_holding
    later = np.flatnonzero((holding[1:] == holding[:-1]) & snapshot.is_ordered[holding[1:]]) + 1
    obliging = sorted({*later.tolist(), *(k for k, other in enumerate(loss_rules(snapshot).must_clear) if len(other))})
    begun, rows = cp.multiply(1 / lot, sell), []
    if exact and obliging:
        touched = cp.Variable(len(obliging), boolean=True)
        place = sparse.csr_matrix(
            (np.ones(len(obliging)), (obliging, np.arange(len(obliging)))), shape=(len(lot), len(obliging))
        )
        rest = 1 / lot
        rest[obliging] = 0.0
        begun = cp.multiply(rest, sell) + place @ touched
        rows.append(sell[obliging] <= cp.multiply(lot[obliging], touched))
    if len(later):
        rows.append(cp.multiply(lot[later - 1], begun[later]) <= sell[later - 1])
    return begun, rows
