"""Lotwright plans trades lot by lot: the cheapest allowed list, with a proof of how good it is.

``import lotwright`` costs milliseconds: each name below is imported from its room when it is first used (PEP 562).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from lotwright.version import __version__

if TYPE_CHECKING:
    from lotwright.book.book import Book
    from lotwright.book.failure import Failure
    from lotwright.book.holdings import Account, Household, Lot
    from lotwright.book.trades import Trade
    from lotwright.errors import BookError, LotwrightError, PlanError, ProgramError
    from lotwright.files.books import read_book
    from lotwright.files.plan_json import plan_from_json, plan_to_json
    from lotwright.files.risk_store import risk_model
    from lotwright.files.trade_csv import plans_to_csv
    from lotwright.plan import plan
    from lotwright.plan.costs.asset_location import AssetLocation
    from lotwright.plan.costs.commission import Commission
    from lotwright.plan.costs.future_tax import FutureTax
    from lotwright.plan.costs.half_spread import HalfSpread
    from lotwright.plan.costs.household_tracking import HouseholdTracking
    from lotwright.plan.costs.idle_cash import IdleCash
    from lotwright.plan.costs.substitution import Substitution
    from lotwright.plan.costs.tax import Tax
    from lotwright.plan.costs.ticket import Ticket
    from lotwright.plan.costs.tracking import Tracking
    from lotwright.plan.frontier import Frontier, frontier
    from lotwright.plan.limits.cash import Cash
    from lotwright.plan.limits.gain_budget import GainBudget
    from lotwright.plan.limits.harvest import Harvest
    from lotwright.plan.limits.holdings import Holdings
    from lotwright.plan.limits.minimum_ticket import MinimumTicket
    from lotwright.plan.limits.restrictions import Restrictions
    from lotwright.plan.limits.soft import Soft
    from lotwright.plan.limits.step_up import StepUp
    from lotwright.plan.limits.wash_sale import WashSale
    from lotwright.plan.limits.whole_shares import WholeShares
    from lotwright.plan.plans import Plans
    from lotwright.plan.program import Program, load_program
    from lotwright.plan.result import HouseholdPlan, Status
    from lotwright.plan.separable.tree import Effort
    from lotwright.plan.transition import Transition, transition
    from lotwright.risk.model import RiskModel

__all__ = [
    "Account",
    "AssetLocation",
    "Book",
    "BookError",
    "Cash",
    "Commission",
    "Effort",
    "Failure",
    "Frontier",
    "FutureTax",
    "GainBudget",
    "HalfSpread",
    "Harvest",
    "Holdings",
    "Household",
    "HouseholdPlan",
    "HouseholdTracking",
    "IdleCash",
    "Lot",
    "LotwrightError",
    "MinimumTicket",
    "PlanError",
    "Plans",
    "Program",
    "ProgramError",
    "Restrictions",
    "RiskModel",
    "Soft",
    "Status",
    "StepUp",
    "Substitution",
    "Tax",
    "Ticket",
    "Tracking",
    "Trade",
    "Transition",
    "WashSale",
    "WholeShares",
    "__version__",
    "frontier",
    "load_program",
    "plan",
    "plan_from_json",
    "plan_to_json",
    "plans_to_csv",
    "read_book",
    "risk_model",
    "transition",
]

_ROOM = {
    "Account": "lotwright.book.holdings",
    "AssetLocation": "lotwright.plan.costs.asset_location",
    "Book": "lotwright.book.book",
    "BookError": "lotwright.errors",
    "Cash": "lotwright.plan.limits.cash",
    "Commission": "lotwright.plan.costs.commission",
    "Effort": "lotwright.plan.separable.tree",
    "Failure": "lotwright.book.failure",
    "Frontier": "lotwright.plan.frontier",
    "FutureTax": "lotwright.plan.costs.future_tax",
    "GainBudget": "lotwright.plan.limits.gain_budget",
    "HalfSpread": "lotwright.plan.costs.half_spread",
    "Harvest": "lotwright.plan.limits.harvest",
    "Holdings": "lotwright.plan.limits.holdings",
    "Household": "lotwright.book.holdings",
    "HouseholdPlan": "lotwright.plan.result",
    "HouseholdTracking": "lotwright.plan.costs.household_tracking",
    "IdleCash": "lotwright.plan.costs.idle_cash",
    "Lot": "lotwright.book.holdings",
    "LotwrightError": "lotwright.errors",
    "MinimumTicket": "lotwright.plan.limits.minimum_ticket",
    "PlanError": "lotwright.errors",
    "Plans": "lotwright.plan.plans",
    "Program": "lotwright.plan.program",
    "ProgramError": "lotwright.errors",
    "Restrictions": "lotwright.plan.limits.restrictions",
    "RiskModel": "lotwright.risk.model",
    "Soft": "lotwright.plan.limits.soft",
    "Status": "lotwright.plan.result",
    "StepUp": "lotwright.plan.limits.step_up",
    "Substitution": "lotwright.plan.costs.substitution",
    "Tax": "lotwright.plan.costs.tax",
    "Ticket": "lotwright.plan.costs.ticket",
    "Tracking": "lotwright.plan.costs.tracking",
    "Trade": "lotwright.book.trades",
    "Transition": "lotwright.plan.transition",
    "WashSale": "lotwright.plan.limits.wash_sale",
    "WholeShares": "lotwright.plan.limits.whole_shares",
    "frontier": "lotwright.plan.frontier",
    "load_program": "lotwright.plan.program",
    "plan": "lotwright.plan",
    "plan_from_json": "lotwright.files.plan_json",
    "plan_to_json": "lotwright.files.plan_json",
    "plans_to_csv": "lotwright.files.trade_csv",
    "read_book": "lotwright.files.books",
    "risk_model": "lotwright.files.risk_store",
    "transition": "lotwright.plan.transition",
}
"""Where each public name lives: add a line here, one in ``__all__`` and one for type checkers; a test compares them."""


def __getattr__(name: str) -> object:
    if name not in _ROOM:
        raise AttributeError(f"module 'lotwright' has no attribute '{name}'. Public names: {', '.join(__all__)}.")
    value = getattr(import_module(_ROOM[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
