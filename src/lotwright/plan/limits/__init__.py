"""Limits: the rules a plan keeps, one small file each."""

from __future__ import annotations

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

__all__ = [
    "LIMITS",
    "Bands",
    "Cash",
    "EmployerStock",
    "Exclude",
    "GainBudget",
    "GroupBounds",
    "Harvest",
    "HoldBack",
    "Holdings",
    "KeepLots",
    "MinimumPosition",
    "MinimumTicket",
    "NoBuys",
    "NoSells",
    "NoShortTermGains",
    "NumberOfTickets",
    "Participation",
    "PositionBounds",
    "Restrictions",
    "SellFirst",
    "Soft",
    "StepUp",
    "TrackingError",
    "Turnover",
    "WashSale",
    "WholeShares",
]

LIMITS = {
    limit.kind: limit
    for limit in (
        Cash,
        Holdings,
        WholeShares,
        WashSale,
        Restrictions,
        MinimumTicket,
        MinimumPosition,
        NumberOfTickets,
        Turnover,
        TrackingError,
        GainBudget,
        NoShortTermGains,
        HoldBack,
        KeepLots,
        SellFirst,
        NoBuys,
        NoSells,
        Exclude,
        PositionBounds,
        GroupBounds,
        EmployerStock,
        Participation,
        Bands,
        Harvest,
        StepUp,
    )
}
"""Every limit that a program's file can name, by kind."""
