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
    from lotwright.plan.costs.market_impact import MarketImpact
    from lotwright.plan.costs.still_invested import StillInvested
    from lotwright.plan.costs.substitution import Substitution
    from lotwright.plan.costs.tax import Tax
    from lotwright.plan.costs.ticket import Ticket
    from lotwright.plan.costs.tracking import Tracking
    from lotwright.plan.frontier import Frontier, frontier
    from lotwright.plan.limits.bands import Bands
    from lotwright.plan.limits.cash import Cash
    from lotwright.plan.limits.employer_stock import EmployerStock
    from lotwright.plan.limits.exclude import Exclude
    from lotwright.plan.limits.gain_budget import GainBudget
    from lotwright.plan.limits.group_bounds import GroupBounds
    from lotwright.plan.limits.harvest import Harvest
    from lotwright.plan.limits.hold_back import HoldBack
    from lotwright.plan.limits.holdings import Holdings
    from lotwright.plan.limits.keep_lots import KeepLots
    from lotwright.plan.limits.minimum_position import MinimumPosition
    from lotwright.plan.limits.minimum_ticket import MinimumTicket
    from lotwright.plan.limits.no_buys import NoBuys
    from lotwright.plan.limits.no_sells import NoSells
    from lotwright.plan.limits.no_short_term_gains import NoShortTermGains
    from lotwright.plan.limits.number_of_tickets import NumberOfTickets
    from lotwright.plan.limits.participation import Participation
    from lotwright.plan.limits.position_bounds import PositionBounds
    from lotwright.plan.limits.restrictions import Restrictions
    from lotwright.plan.limits.sell_first import SellFirst
    from lotwright.plan.limits.soft import Soft
    from lotwright.plan.limits.step_up import StepUp
    from lotwright.plan.limits.tracking_error import TrackingError
    from lotwright.plan.limits.turnover import Turnover
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
    "Bands",
    "Book",
    "BookError",
    "Cash",
    "Commission",
    "Effort",
    "EmployerStock",
    "Exclude",
    "Failure",
    "Frontier",
    "FutureTax",
    "GainBudget",
    "GroupBounds",
    "HalfSpread",
    "Harvest",
    "HoldBack",
    "Holdings",
    "Household",
    "HouseholdPlan",
    "HouseholdTracking",
    "IdleCash",
    "KeepLots",
    "Lot",
    "LotwrightError",
    "MarketImpact",
    "MinimumPosition",
    "MinimumTicket",
    "NoBuys",
    "NoSells",
    "NoShortTermGains",
    "NumberOfTickets",
    "Participation",
    "PlanError",
    "Plans",
    "PositionBounds",
    "Program",
    "ProgramError",
    "Restrictions",
    "RiskModel",
    "SellFirst",
    "Soft",
    "Status",
    "StepUp",
    "StillInvested",
    "Substitution",
    "Tax",
    "Ticket",
    "Tracking",
    "TrackingError",
    "Trade",
    "Transition",
    "Turnover",
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
    "Bands": "lotwright.plan.limits.bands",
    "Book": "lotwright.book.book",
    "BookError": "lotwright.errors",
    "Cash": "lotwright.plan.limits.cash",
    "Commission": "lotwright.plan.costs.commission",
    "Effort": "lotwright.plan.separable.tree",
    "EmployerStock": "lotwright.plan.limits.employer_stock",
    "Exclude": "lotwright.plan.limits.exclude",
    "Failure": "lotwright.book.failure",
    "Frontier": "lotwright.plan.frontier",
    "FutureTax": "lotwright.plan.costs.future_tax",
    "GainBudget": "lotwright.plan.limits.gain_budget",
    "GroupBounds": "lotwright.plan.limits.group_bounds",
    "HalfSpread": "lotwright.plan.costs.half_spread",
    "Harvest": "lotwright.plan.limits.harvest",
    "HoldBack": "lotwright.plan.limits.hold_back",
    "Holdings": "lotwright.plan.limits.holdings",
    "Household": "lotwright.book.holdings",
    "HouseholdPlan": "lotwright.plan.result",
    "HouseholdTracking": "lotwright.plan.costs.household_tracking",
    "IdleCash": "lotwright.plan.costs.idle_cash",
    "KeepLots": "lotwright.plan.limits.keep_lots",
    "Lot": "lotwright.book.holdings",
    "LotwrightError": "lotwright.errors",
    "MarketImpact": "lotwright.plan.costs.market_impact",
    "MinimumPosition": "lotwright.plan.limits.minimum_position",
    "MinimumTicket": "lotwright.plan.limits.minimum_ticket",
    "NoBuys": "lotwright.plan.limits.no_buys",
    "NoSells": "lotwright.plan.limits.no_sells",
    "NoShortTermGains": "lotwright.plan.limits.no_short_term_gains",
    "NumberOfTickets": "lotwright.plan.limits.number_of_tickets",
    "Participation": "lotwright.plan.limits.participation",
    "PlanError": "lotwright.errors",
    "Plans": "lotwright.plan.plans",
    "PositionBounds": "lotwright.plan.limits.position_bounds",
    "Program": "lotwright.plan.program",
    "ProgramError": "lotwright.errors",
    "Restrictions": "lotwright.plan.limits.restrictions",
    "RiskModel": "lotwright.risk.model",
    "SellFirst": "lotwright.plan.limits.sell_first",
    "Soft": "lotwright.plan.limits.soft",
    "Status": "lotwright.plan.result",
    "StepUp": "lotwright.plan.limits.step_up",
    "StillInvested": "lotwright.plan.costs.still_invested",
    "Substitution": "lotwright.plan.costs.substitution",
    "Tax": "lotwright.plan.costs.tax",
    "Ticket": "lotwright.plan.costs.ticket",
    "Tracking": "lotwright.plan.costs.tracking",
    "TrackingError": "lotwright.plan.limits.tracking_error",
    "Trade": "lotwright.book.trades",
    "Transition": "lotwright.plan.transition",
    "Turnover": "lotwright.plan.limits.turnover",
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
