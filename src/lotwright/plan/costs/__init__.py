"""Costs: the addends of the objective, one small file each, all in dollars."""

from __future__ import annotations

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

__all__ = [
    "COSTS",
    "AssetLocation",
    "Commission",
    "FutureTax",
    "HalfSpread",
    "HouseholdTracking",
    "IdleCash",
    "MarketImpact",
    "StillInvested",
    "Substitution",
    "Tax",
    "Ticket",
    "Tracking",
]

COSTS = {
    cost.kind: cost
    for cost in (
        Tracking,
        HalfSpread,
        Commission,
        MarketImpact,
        Ticket,
        Substitution,
        Tax,
        FutureTax,
        AssetLocation,
        IdleCash,
        StillInvested,
        HouseholdTracking,
    )
}
"""Every cost that a program's file can name, by kind."""
