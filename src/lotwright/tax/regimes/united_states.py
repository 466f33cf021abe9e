"""United States behind the same Protocol: lots, section 1091, netting by term."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from lotwright.book.kinds import Character, Relief
from lotwright.tax.household import ASSUMED_RATES
from lotwright.tax.readings import DEFAULT_READINGS, Readings
from lotwright.tax.regimes.regime import Holding, Kinds, Match, Realisation, Realised, Taxed, Trades
from lotwright.tax.wash import wash_sales
from lotwright.tax.wash_report import Disposal
from lotwright.tax.window import is_in_window
from lotwright.tax.year import TaxRates, year_tax

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitedStates:
    """Federal law with flat marginal rates; dollars. ``relief`` is the standing order for sales that name no lots."""

    rates: TaxRates = ASSUMED_RATES
    readings: Readings = DEFAULT_READINGS
    relief: Relief = Relief.FIFO
    name: str = "united_states"
    is_pooled: bool = False

    def year_of(self, day: date) -> int:
        """The calendar year (IRC section 441(b))."""
        return day.year

    def disturbs_loss(self, sold: date, bought: date) -> bool:
        """30 days either way (IRC section 1091(a))."""
        return is_in_window(sold, bought)

    def realise(self, trades: Trades, *, kinds: Kinds, group_of: Callable[[str], str] = str) -> Realisation:
        """Disposals in taxable accounts; holdings with the disallowed losses in their basis (IRC sections 1001, 1091(d))."""
        relief = dict.fromkeys(kinds, self.relief)
        found = wash_sales(trades, kinds=kinds, group_of=group_of, relief=relief, readings=self.readings)
        held: dict[str, tuple[Decimal, Decimal]] = {}
        for lot in found.open_lots:
            if kinds[lot.account].is_taxable:
                quantity, cost = held.get(lot.symbol, (ZERO, ZERO))
                held[lot.symbol] = (quantity + lot.quantity, cost + lot.basis)
        return Realisation(
            disposals=tuple(_realised(d) for d in found.disposals if d.is_taxed),
            holdings=tuple(Holding(symbol=s, quantity=q, cost=cost) for s, (q, cost) in sorted(held.items())),
        )

    def tax(self, found: Realisation, *, year: int, carried: Decimal = ZERO) -> Taxed:
        """Schedule D at the marginal rates; carried losses count as long-term (state them apart with ``year_tax``)."""
        mine = [d for d in found.disposals if d.sold.year == year]
        short = sum((d.recognised for d in mine if not d.is_long), ZERO)
        long = sum((d.recognised for d in mine if d.is_long), ZERO)
        outcome = year_tax(self.rates, short=short, long=long - carried)
        return Taxed(
            net=short + long,
            taxable=max(short + long - carried, ZERO),
            tax=outcome.tax,
            carryforward=outcome.carryforward_short + outcome.carryforward_long,
        )


def _realised(d: Disposal) -> Realised:
    return Realised(
        symbol=d.symbol,
        sold=d.sold,
        quantity=d.quantity,
        proceeds=d.proceeds,
        matches=(Match(rule="lot", quantity=d.quantity, cost=d.basis, acquired=d.acquired),),
        denied=d.disallowed,
        forfeited=d.disallowed if d.is_permanent else ZERO,
        is_long=d.character is Character.LONG,
    )
