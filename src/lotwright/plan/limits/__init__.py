"""Limits: the rules a plan keeps, one small file each."""

from __future__ import annotations

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

__all__ = [
    "LIMITS",
    "Cash",
    "GainBudget",
    "Harvest",
    "Holdings",
    "MinimumTicket",
    "Restrictions",
    "Soft",
    "StepUp",
    "WashSale",
    "WholeShares",
]

LIMITS = {
    limit.kind: limit
    for limit in (Cash, Holdings, WholeShares, WashSale, Restrictions, MinimumTicket, Harvest, StepUp, GainBudget)
}
"""Every limit that a program's file can name, by kind."""
