"""What a program charges and demands, and the risk numbers behind its tracking cost: all the verifier needs to know.

The verifier recomputes a plan from the book, the law and these few numbers. It never reads the optimiser's cost and
limit classes, so that a mistake there cannot hide itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from lotwright.errors import ProgramError
from lotwright.tax.year import TaxRates


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """One limit as the verifier is told of it: its kind, its figures (exact), the names and words it was given.

    ``label`` is what the check is called; ``price`` is dollars per dollar in excess where the limit is a cost instead.
    """

    kind: str
    label: str
    figures: Mapping[str, Decimal | None] = field(default_factory=dict)
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    price: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Prices of a program's costs and figures of its limits; ``None`` means that the program has no such cost or limit.

    Parameters
    ----------
    risk_price : Decimal, optional
        Dollars a year per dollar of account value and per unit of annual active variance.
    household_risk_price : Decimal, optional
        The same for the household as one portfolio, its accounts' targets taken together.
    half_spread : Decimal, optional
        Fraction of price, used for securities whose price row gives none. Paid in cash.
    commission_per_ticket, commission_per_share : Decimal, optional
        Dollars per order and per share. Paid in cash.
    ticket : Decimal, optional
        Dollars of effort per order. Not paid in cash.
    substitution : Decimal, optional
        Dollars per dollar bought of a declared stand-in to which the model gives no weight. Not paid in cash.
    substitution_per_rank : Decimal
        Dollars more per dollar bought, for each rank below a target's first stand-in.
    future_tax : Decimal, optional
        Dollars of later tax that a dollar of gain realised now spares, and a dollar of loss gives up.
    location_years, location_distribution, location_qualified : Decimal, optional
        Years of distributions whose tax counts, and what is distributed and how much of it is qualified where the book
        does not say.
    carried_loss_value : Decimal, optional
        What a dollar of loss carried into next year is worth, as a fraction of the long-term rate; ``None``: tax is no
        cost of the program.
    idle_cash, shortfall : Decimal, optional
        Dollars per dollar of cash above and below the account's cash target.
    fractional_increment : Decimal
        Smallest step of an order, in shares, in accounts that trade fractions; the others trade whole shares.
    minimum_notional : Decimal, optional
        Dollars an order must be worth at least in accounts that trade fractions, unless it closes a whole position.
    minimum_ticket : Decimal, optional
        Dollars an order must be worth at least, unless it closes a whole position.
    harvest_dollars, harvest_fraction : Decimal, optional
        Least loss of a lot, in dollars and as a fraction of its basis, for which a position is sold below its target.
    step_up : bool
        True where a security sold at a gain may be bought back the same day.
    cash, holdings, whole_shares, wash_sale, restrictions : bool
        Which limits the program has.
    market_impact, impact_volatility : Decimal, optional
        Daily volatilities an order as large as a day's volume moves the price by; annual volatility where none is known.
    still_invested : Decimal, optional
        Dollars per dollar held after the plan. Neither is paid in cash.
    demands : tuple of Demand
        The program's other limits, and those among them that are costs.
    assumed_rates : TaxRates, optional
        Rates for a household whose book states none; ``None``: those of :mod:`lotwright.tax.household`.

    Raises
    ------
    ProgramError
        A figure is negative or not a number, the increment is not positive, or ``carried_loss_value`` exceeds 1.
    """

    risk_price: Decimal | None = None
    household_risk_price: Decimal | None = None
    half_spread: Decimal | None = None
    commission_per_ticket: Decimal | None = None
    commission_per_share: Decimal | None = None
    ticket: Decimal | None = None
    substitution: Decimal | None = None
    substitution_per_rank: Decimal = Decimal(0)
    future_tax: Decimal | None = None
    location_years: Decimal | None = None
    location_distribution: Decimal = Decimal(0)
    location_qualified: Decimal = Decimal(1)
    carried_loss_value: Decimal | None = None
    idle_cash: Decimal | None = None
    shortfall: Decimal | None = None
    fractional_increment: Decimal = Decimal("0.0001")
    minimum_notional: Decimal | None = None
    minimum_ticket: Decimal | None = None
    harvest_dollars: Decimal | None = None
    harvest_fraction: Decimal | None = None
    step_up: bool = False
    cash: bool = True
    holdings: bool = True
    whole_shares: bool = True
    wash_sale: bool = True
    restrictions: bool = True
    market_impact: Decimal | None = None
    impact_volatility: Decimal | None = None
    still_invested: Decimal | None = None
    demands: tuple[Demand, ...] = ()
    assumed_rates: TaxRates | None = None

    def __post_init__(self) -> None:
        for one in fields(self):
            figure = getattr(self, one.name)
            if isinstance(figure, Decimal) and not (figure.is_finite() and figure >= 0):
                raise ProgramError(f"Terms: {one.name} is {figure}. Give a number that is zero or more.")
        if self.fractional_increment == 0:
            raise ProgramError(
                "Terms: fractional_increment is 0. Give the smallest step of an order in shares, e.g. 0.0001."
            )
        if self.carried_loss_value is not None and self.carried_loss_value > 1:
            raise ProgramError(
                f"Terms: carried_loss_value is {self.carried_loss_value}. It is a fraction of the long-term rate:"
                " give 0 to 1."
            )

    @property
    def is_of_household(self) -> bool:
        """True where tracking is measured on the household as a whole and on no account alone."""
        return self.household_risk_price is not None and self.risk_price is None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RiskNumbers:
    """Factor exposures and specific variances (annual): covariance = exposure @ exposure.T + diag(specific).

    Parameters
    ----------
    symbols : tuple of str, length N
        Every security held, targeted or traded must be among them.
    exposure : float64 array, shape (N, K)
        Annual volatility per unit of each factor.
    specific : float64 array, shape (N,)
        Annual specific variance.

    Raises
    ------
    ProgramError
        The shapes disagree, a symbol is named twice, or a number is not finite.
    """

    symbols: tuple[str, ...]
    exposure: NDArray[np.float64]
    specific: NDArray[np.float64]
    row: Mapping[str, int] = field(init=False, repr=False)
    """The row of each symbol."""

    def __post_init__(self) -> None:
        count = len(self.symbols)
        if self.exposure.ndim != 2 or self.exposure.shape[0] != count or self.specific.shape != (count,):
            raise ProgramError(
                f"Risk numbers of {count} symbols need exposure of shape ({count}, K) and specific of shape ({count},);"
                f" found {self.exposure.shape} and {self.specific.shape}."
            )
        if len(set(self.symbols)) != count:
            raise ProgramError("Risk numbers name a symbol twice. Give each symbol one row.")
        if not (np.isfinite(self.exposure).all() and np.isfinite(self.specific).all()):
            raise ProgramError("Risk numbers contain a number that is not finite. Estimate the risk model again.")
        object.__setattr__(self, "row", {symbol: row for row, symbol in enumerate(self.symbols)})
