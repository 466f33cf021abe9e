"""Every kind of source that comes with Lotwright, by the word a portfolio's file says."""

from __future__ import annotations

from typing import Any

from lotwright.targets.frontier import MaximumSharpe, MinimumVolatility, TargetReturn, TargetRisk
from lotwright.targets.index import Index
from lotwright.targets.parity import HierarchicalRiskParity
from lotwright.targets.simple import Equal, InverseVolatility
from lotwright.targets.tail import ConditionalValueAtRisk
from lotwright.targets.views import BlackLitterman

KINDS: dict[str, Any] = {
    "equal": Equal,
    "inverse_volatility": InverseVolatility,
    "minimum_volatility": MinimumVolatility,
    "maximum_sharpe": MaximumSharpe,
    "target_risk": TargetRisk,
    "target_return": TargetReturn,
    "black_litterman": BlackLitterman,
    "hierarchical_risk_parity": HierarchicalRiskParity,
    "conditional_value_at_risk": ConditionalValueAtRisk,
    "index": Index,
}
