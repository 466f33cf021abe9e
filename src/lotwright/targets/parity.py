"""Hierarchical risk parity (López de Prado 2016), by ``pypfopt.HRPOpt``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from lotwright.targets.capping import within
from lotwright.targets.estimates import covariance
from lotwright.targets.study import Study


@dataclass(frozen=True, slots=True, kw_only=True)
class HierarchicalRiskParity:
    """Risk shared out down a tree of what moves together; no matrix is inverted.

    Parameters
    ----------
    risk : str
        Estimator of covariance.
    linkage : str
        How clusters are joined: ``"single"`` (the paper's), ``"average"``, ``"complete"``, ``"ward"``.
    """

    keeps_groups: ClassVar[bool] = False

    risk: str = "sample"
    linkage: str = "single"

    def weights(self, study: Study) -> Mapping[str, float]:
        """The tree's weights, inside the bounds."""
        from pypfopt import HRPOpt  # noqa: PLC0415  seconds to import

        if len(study.symbols) == 1:
            return {study.symbols[0]: 1.0}
        found = HRPOpt(cov_matrix=covariance(study, self.risk)).optimize(linkage_method=self.linkage)
        raw = np.array([found[symbol] for symbol in study.symbols])
        return dict(zip(study.symbols, within(raw, study.lower, study.upper).tolist(), strict=True))
