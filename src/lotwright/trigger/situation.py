"""One household on one day: all that a condition may know, each figure computed once and only when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property

from lotwright.book.failure import Failure
from lotwright.book.holdings import Household
from lotwright.book.market import Market
from lotwright.risk.model import RiskModel
from lotwright.tax.lot_report import LotLine, lot_lines
from lotwright.trigger.acted import Acted
from lotwright.trigger.expression import Signals
from lotwright.trigger.trading_days import TradingDays
from lotwright.trigger.weights import AccountWeights, account_weights, tracking_error


@dataclass(frozen=True, slots=True, kw_only=True)
class Saving:
    """What the optimiser's plan saves against doing nothing, both judged by one program; dollars.

    ``still`` is the objective of doing nothing, ``planned`` of the plan: tracking risk, trading costs and tax are in both.
    ``paid`` is what the plan pays for its trades: half-spread, commission and this year's tax. ``broken`` names limits
    that doing nothing breaks.
    """

    program: str
    still: Decimal
    planned: Decimal
    paid: Decimal
    trades: int
    broken: tuple[str, ...] = ()

    @property
    def dollars(self) -> Decimal:
        """What is saved, net of every cost of the trades and of their tax."""
        return self.still - self.planned


@dataclass(frozen=True, kw_only=True, eq=False)
class Situation:
    """What conditions look at.

    Parameters
    ----------
    household, market
    as_of : date
        The day judged; prices are the market's.
    days : TradingDays
    risk : RiskModel, optional
        For the tracking error.
    acted : Acted
    signals : Signals, optional
        What expressions were found to be on this day.
    saving : callable, optional
        Plans the household under a program (None: its own) and says what that saves; called at most once a program.
    """

    household: Household
    market: Market
    as_of: date
    days: TradingDays
    risk: RiskModel | None = None
    acted: Acted = field(default_factory=Acted)
    signals: Signals | None = None
    saving: Callable[[str | None], Saving | Failure] | None = None
    _savings: dict[str | None, Saving | Failure] = field(default_factory=dict)

    @cached_property
    def weights(self) -> tuple[AccountWeights, ...]:
        """Of every account."""
        return tuple(account_weights(account, self.market) for account in self.household.accounts)

    @cached_property
    def value(self) -> Decimal:
        """Dollars of the household, pending cash flows included."""
        return sum((one.value for one in self.weights), Decimal(0))

    @cached_property
    def tracking_error(self) -> float | None:
        """Ex ante, a year, if nothing is done; None without a risk model."""
        return None if self.risk is None else tracking_error(self.weights, self.risk)

    @cached_property
    def lots(self) -> tuple[LotLine, ...]:
        """Every lot with its gain, its term and whether its loss may be harvested."""
        return lot_lines(self.household, self.market)

    @cached_property
    def harvests(self) -> Mapping[str, bool]:
        """Whether losses may be harvested, by account."""
        return {account.account: account.harvest is not False for account in self.household.accounts}

    def saving_under(self, program: str | None) -> Saving | Failure | None:
        """What a plan saves; None where nobody here can plan."""
        if self.saving is None:
            return None
        if program not in self._savings:
            self._savings[program] = self.saving(program)
        return self._savings[program]
