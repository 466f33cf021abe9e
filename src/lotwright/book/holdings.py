"""What is owned: lots, transactions, restrictions, cash flows, accounts, households. Immutable, in ``Decimal``."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from lotwright.book.kinds import AccountKind, Action, Character, FilingStatus, Regime, Relief, Rule, Side

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """Shares of one security bought together, with what the tax law remembers of them.

    ``basis`` is total dollars; ``acquired`` is the trade date of the purchase; ``holding_start`` is earlier than
    ``acquired`` only where a wash sale tacked an earlier holding period on (IRC section 1223(3)); lots of one order
    share
    ``purchase``.
    """

    account: str
    symbol: str
    lot: str
    quantity: Decimal
    acquired: date
    basis: Decimal
    holding_start: date
    purchase: str | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """One past buy, sale or reinvestment. ``realised_gain`` is signed dollars before any disallowance (None: not given)."""

    account: str
    date: date
    symbol: str
    action: Action
    quantity: Decimal
    price: Decimal
    realised_gain: Decimal | None = None
    character: Character | None = None
    disallowed_loss: Decimal = ZERO
    lot: str | None = None
    purchase: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Restriction:
    """A rule a client set: ``symbol`` for security rules, ``sector`` for ``exclude_sector``, ``weight`` for ``maximum_weight``."""

    account: str
    rule: Rule
    symbol: str | None = None
    sector: str | None = None
    weight: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cashflow:
    """Money about to come in (positive ``amount``: deposit) or go out (negative: withdrawal), in dollars."""

    account: str
    amount: Decimal
    date: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A trade that another plan has in hand and that the book may not show yet: a sale at a loss, or a purchase.

    ``date`` is the trade date, known or expected; ``loss`` a positive number of dollars where it is known; ``because``
    says which plan, how far it has come and when, for people.
    """

    account: str
    symbol: str
    side: Side
    date: date
    quantity: Decimal
    loss: Decimal | None = None
    because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One account and everything in it. Rates are all-in marginal fractions; carryforwards are losses as positive dollars;
    ``realised_*`` is this year's net gain so far (gains positive); ``owner`` whose account it is, where a household has
    several people."""

    account: str
    household: str
    kind: AccountKind
    model: str
    cash: Decimal
    owner: str | None = None
    regime: Regime = Regime.US
    short_term_rate: Decimal | None = None
    long_term_rate: Decimal | None = None
    filing_status: FilingStatus | None = None
    taxable_income: Decimal | None = None
    state: str | None = None
    carryforward_short: Decimal = ZERO
    carryforward_long: Decimal = ZERO
    realised_short: Decimal = ZERO
    realised_long: Decimal = ZERO
    cash_target: Decimal = ZERO
    minimum_cash: Decimal = ZERO
    fractional: bool = False
    relief: Relief = Relief.SPECIFIC
    drip: bool = False
    harvest: bool | None = None
    harvest_threshold: Decimal | None = None
    program: str | None = None
    opened: date | None = None
    lots: tuple[Lot, ...] = ()
    transactions: tuple[Transaction, ...] = ()
    restrictions: tuple[Restriction, ...] = ()
    cashflows: tuple[Cashflow, ...] = ()

    @property
    def net_cashflow(self) -> Decimal:
        """Deposits minus withdrawals waiting, in dollars."""
        return sum((flow.amount for flow in self.cashflows), ZERO)


@dataclass(frozen=True, slots=True, kw_only=True)
class Household:
    """The unit of planning: accounts that share a tax year and a wash-sale window, sorted by account name.

    ``notes`` are sentences about input a plan must repeat (rates assumed, short price history, ...). ``pending`` are
    trades of earlier plans that count for the wash-sale window though no table shows them yet.
    """

    household: str
    accounts: tuple[Account, ...]
    notes: tuple[str, ...] = field(default=())
    pending: tuple[Pending, ...] = field(default=())

    @property
    def regime(self) -> Regime:
        """Whose tax law it is under, by its first account; :func:`lotwright.tax.regimes.laws.unlawful` tells when they differ."""
        return self.accounts[0].regime if self.accounts else Regime.US
