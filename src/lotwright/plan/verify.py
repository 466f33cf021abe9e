"""Verify a trade list: carry it out on the book in ``Decimal`` and say what is true, and whether it is allowed.

Problem: an optimiser's own account of what it found is worth nothing when the optimiser is wrong.
Therefore: this reads the book, the law and the trade list, and nothing of the optimiser. What a plan reports is what is
computed here; a plan that fails a check is not a plan.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, localcontext

from lotwright.book.holdings import ZERO, Household
from lotwright.book.market import Market
from lotwright.book.trades import Trade
from lotwright.plan import verify_limits as limits
from lotwright.plan import verify_trades as listed
from lotwright.plan.replay import Replay, replay
from lotwright.plan.result import CashMovement, Check, Drift, Lock, TaxFigures, Tracking
from lotwright.plan.terms import RiskNumbers, Terms
from lotwright.plan.verify_costs import cost_amounts, tax_figures
from lotwright.plan.verify_demands import demand_checks
from lotwright.plan.verify_evidence import Evidence
from lotwright.plan.verify_harvest import harvest_faults
from lotwright.plan.verify_law import BuyBackRule, rule_of
from lotwright.plan.verify_text import finding
from lotwright.plan.verify_ticket import cents
from lotwright.plan.verify_tracking import drift, household_tracking, tracking, weights_of
from lotwright.plan.verify_wash import latest
from lotwright.tax.regimes.laws import law_of

DIGITS = 50
"""Enough that every product of a price, a quantity and a rate is exact, whatever precision the caller has set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What is true when a trade list is carried out on a book.

    Parameters
    ----------
    checks : tuple of Check
        One a rule, in a fixed order; rules the program does not have are absent.
    value : Decimal
        Dollars and cents of the household, pending cash flows included.
    cash : mapping of account to CashMovement
    tax : TaxFigures
        Dollars and cents, from gains rounded lot by lot.
    costs : mapping of cost name to Decimal
        Exact dollars, for costs the program has; ``posed`` is their sum.
    tracking, drift
        Tracking error of the household and weights of each security.
    new_locks, running_locks : tuple of Lock
        What this plan locks, and what earlier loss sales still lock.
    positions : mapping of account to mapping of symbol to Decimal
        Shares held before the plan.
    """

    checks: tuple[Check, ...]
    value: Decimal
    cash: Mapping[str, CashMovement]
    tax: TaxFigures
    costs: Mapping[str, Decimal]
    tracking: Tracking
    drift: tuple[Drift, ...]
    new_locks: tuple[Lock, ...]
    running_locks: tuple[Lock, ...]
    positions: Mapping[str, Mapping[str, Decimal]]

    @property
    def ok(self) -> bool:
        """True when every check holds."""
        return all(check.ok for check in self.checks)

    @property
    def failed(self) -> tuple[Check, ...]:
        """The checks that do not hold."""
        return tuple(check for check in self.checks if not check.ok)

    @property
    def posed(self) -> Decimal:
        """What the trade list costs in all, in exact dollars."""
        return sum(self.costs.values(), ZERO)

    @property
    def locks(self) -> tuple[Lock, ...]:
        """What nobody in the household may buy, and until when: one lock a group, the one that ends last."""
        return latest((*self.new_locks, *self.running_locks))


def verify(
    trades: Sequence[Trade], household: Household, market: Market, *, terms: Terms, risk: RiskNumbers
) -> Verification:
    """Carry ``trades`` out on ``household`` and report every figure and every broken rule.

    A trade that cannot be carried out at all (unknown account, no price, no quantity) fails its check and is left out
    of the figures.

    Raises
    ------
    BookError
        A held or targeted security has no price, or an account names a model that the market does not have.
    ProgramError
        The risk numbers lack a security that is held, targeted or traded.
    """
    with localcontext(Context(prec=DIGITS)):
        rule = rule_of(household, market)
        held = rule.held()
        done = replay(trades, held, market=market, terms=terms)
        tax = law_of(household).year(household, assumed=terms.assumed_rates, as_of=market.as_of)
        weights = weights_of(done, market=market, risk=risk)
        evidence = Evidence(replay=done, weights=weights, market=market, terms=terms, risk=risk, tax=tax, rule=rule)
        return Verification(
            checks=(
                *_checks(trades, done, household=held, market=market, terms=terms, rule=rule),
                *demand_checks(evidence),
            ),
            value=cents(done.value),
            cash={account.account.account: account.cash for account in done.accounts},
            tax=tax_figures(done.taxed_slices, tax),
            costs=cost_amounts(evidence),
            tracking=household_tracking(done, market=market, risk=risk) if terms.is_of_household else tracking(weights),
            drift=drift(weights),
            new_locks=rule.new_locks(done),
            running_locks=rule.running_locks(),
            positions={account.account.account: account.held_before for account in done.accounts},
        )


def _checks(
    trades: Sequence[Trade],
    done: Replay,
    *,
    household: Household,
    market: Market,
    terms: Terms,
    rule: BuyBackRule,
) -> tuple[Check, ...]:
    """One check a rule: first what every trade list must satisfy, then the limits the program has."""
    checks = [
        finding(
            "trades",
            listed.trade_faults(trades, household, market=market, may_buy_back=terms.step_up),
            holds="Every trade can be carried out.",
        ),
        finding("prices", listed.price_faults(done, market), holds=f"Every price is the book's as of {market.as_of}."),
        finding("lots", listed.lot_faults(done), holds="Every sale names lots that exist and hold enough."),
        finding("relief", listed.relief_faults(done), holds="Lots leave in the order each account prescribes."),
        finding("gains", listed.gain_faults(done), holds="Basis, proceeds and gain of every lot agree to the cent."),
        finding(
            "character", listed.character_faults(done), holds="Short-term and long-term follow the holding period."
        ),
    ]
    if terms.whole_shares:
        checks.append(
            finding("whole_shares", limits.share_faults(done, terms), holds="Every order is one the broker can trade.")
        )
    if terms.minimum_ticket is not None:
        faults = limits.ticket_faults(done, terms.minimum_ticket)
        checks.append(finding("minimum_ticket", faults, holds="No order is too small."))
    if terms.cash:
        checks.append(finding("cash", limits.cash_faults(done), holds="Every account keeps the cash that must remain."))
    if terms.holdings:
        checks.append(
            finding(
                "holdings",
                limits.holding_faults(done),
                holds="Nothing is sold that is not held, nothing bought that is not wanted.",
            )
        )
    if terms.restrictions:
        barring = rule if terms.wash_sale else None
        faults = limits.restriction_faults(done, market=market, buying_back=barring, terms=terms)
        checks.append(finding("restrictions", faults, holds="Every restriction is kept."))
    if terms.harvest_dollars is not None:
        faults = harvest_faults(done, terms)
        checks.append(
            finding("harvest", faults, holds="Only losses worth harvesting take a position below its target.")
        )
    if terms.wash_sale:
        checks.append(finding("wash_sale", rule.faults(done), holds=rule.holds))
    return tuple(checks)
