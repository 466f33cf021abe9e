"""What the checks of a program's further limits read: the replayed plan and the facts around it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from lotwright.book.market import Market
from lotwright.plan.replay import Replay
from lotwright.plan.terms import RiskNumbers, Terms
from lotwright.tax.regimes.plannable import YearSoFar
from lotwright.tax.window import WashWindow

Break = tuple[Decimal, str]
"""By how much a rule is broken (dollars, or the rule's own unit; zero: not at all), and a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evidence:
    """One plan carried out, and the market, terms, risk, tax year and wash-sale window it stands in."""

    replay: Replay
    market: Market
    terms: Terms
    risk: RiskNumbers
    tax: YearSoFar
    window: WashWindow

    @property
    def barring(self) -> WashWindow | None:
        """The window where the program has the wash-sale limit."""
        return self.window if self.terms.wash_sale else None
