"""Costs of the household as a whole and of its later years, recomputed in ``Decimal``: risk of the sum, later tax, location."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from lotwright.book.holdings import ZERO
from lotwright.plan.replay import AccountReplay
from lotwright.plan.verify_evidence import Evidence
from lotwright.plan.verify_tracking import household_tracking_cost
from lotwright.tax.household import HouseholdTax


def household_costs(evidence: Evidence) -> Mapping[str, Decimal]:
    """Dollars of each of these costs that the program has."""
    replay, terms = evidence.replay, evidence.terms
    costs: dict[str, Decimal] = {}
    if terms.household_risk_price is not None:
        costs["household_tracking"] = household_tracking_cost(
            replay, market=evidence.market, risk=evidence.risk, risk_price=terms.household_risk_price
        )
    if terms.future_tax is not None:
        costs["future_tax"] = -terms.future_tax * sum((piece.gain for piece in replay.taxed_slices), ZERO)
    if terms.location_years is not None:
        costs["asset_location"] = terms.location_years * sum(
            (_yearly_tax(account, evidence) for account in replay.accounts), ZERO
        )
    return costs


def _yearly_tax(account: AccountReplay, evidence: Evidence) -> Decimal:
    """Tax a year on the distributions of what the account holds after the plan."""
    if not account.account.kind.is_taxable or not isinstance(evidence.tax, HouseholdTax):
        return ZERO
    terms, rates, total = evidence.terms, evidence.tax.rates, ZERO
    for symbol, quantity in account.held.items():
        row = evidence.market.prices[symbol]
        paid = terms.location_distribution if row.distribution is None else row.distribution
        part = terms.location_qualified if row.qualified is None else row.qualified
        total += quantity * row.price * paid * (part * rates.long + (1 - part) * rates.short)
    return total
