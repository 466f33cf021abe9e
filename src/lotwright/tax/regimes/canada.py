"""Canada: one adjusted cost base for all identical shares, and the superficial loss (ITA sections 40, 47, 53, 54).

Of a loss L on S shares the part ``L * min(S, P, B) / S`` is superficial: P shares acquired from 30 days before to 30
days after by the person or an affiliate, B held by them at the end of that period (CRA's formula, IT-456R paragraph
12). It is added to the cost of what replaced the shares; where a registered plan bought, that part is gone (section 54,
"superficial loss").
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from lotwright.book.events import Buy, Sell
from lotwright.errors import BookError
from lotwright.tax.law import read_law
from lotwright.tax.regimes.regime import Holding, Kinds, Match, Realisation, Realised, Taxed, Trades
from lotwright.tax.regimes.settlement import settlement_date

ZERO = Decimal(0)
THIRTY_DAYS = timedelta(days=30)


def same_day(day: date) -> date:
    """The date as it is."""
    return day


@dataclass(frozen=True, slots=True, kw_only=True)
class Canada:
    """The law for one person and the affiliates whose accounts are given; dollars.

    Parameters
    ----------
    marginal_rate : Decimal
        Tax on a dollar of income, federal and provincial, as a fraction.
    settles : callable
        Trade date to settlement date, from which the Canada Revenue Agency counts (2012-0468931C6); by the rules of the
        Toronto exchange where not given. ``same_day`` counts trade dates, for dates that are settlement dates already.
    """

    marginal_rate: Decimal = ZERO
    settles: Callable[[date], date] = settlement_date
    name: str = "canada"
    is_pooled: bool = True

    def year_of(self, day: date) -> int:
        """The calendar year, by settlement (CRA 2012-0468931C6; T1 Schedule 3)."""
        return self.settles(day).year

    def disturbs_loss(self, sold: date, bought: date) -> bool:
        """30 days either way, if the shares are still held at the end (section 54)."""
        return abs(self.settles(sold) - self.settles(bought)) <= THIRTY_DAYS

    def realise(self, trades: Trades, *, kinds: Kinds, group_of: Callable[[str], str] = str) -> Realisation:
        """Average cost over all taxable accounts (ITA section 47); superficial losses over all accounts (section 54)."""
        by_group: dict[str, list[Buy | Sell]] = defaultdict(list)
        for trade in trades:
            by_group[group_of(trade.symbol)].append(trade)
        disposals: list[Realised] = []
        holdings: list[Holding] = []
        for symbol in sorted(by_group):
            pool = _Pool(symbol=symbol, kinds=kinds, settles=self.settles, trades=by_group[symbol])
            disposals.extend(pool.run())
            if pool.quantity:
                holdings.append(Holding(symbol=symbol, quantity=pool.quantity, cost=pool.cost))
        disposals.sort(key=lambda d: (d.sold, d.symbol))
        return Realisation(disposals=tuple(disposals), holdings=tuple(holdings))

    def tax(self, found: Realisation, *, year: int, carried: Decimal = ZERO) -> Taxed:
        """Half of the net gain is income; losses reduce gains only, and carry on (sections 3(b), 38, 111(1)(b); T1 Schedule 3).

        Carrying a loss back three years is a choice on an earlier return and is not made here.
        """
        net = sum((d.recognised for d in found.disposals if self.year_of(d.sold) == year), ZERO)
        used = min(carried, max(net, ZERO))
        taxable = inclusion_in(year) * max(net - used, ZERO)
        carryforward = carried - used + max(-net, ZERO)
        return Taxed(net=net, taxable=taxable, tax=self.marginal_rate * taxable, carryforward=carryforward)


def inclusion_in(year: int) -> Decimal:
    """Part of a gain of a whole calendar year that is income (section 38(a))."""
    first = date(year, 1, 1)
    return Decimal([entry for entry in read_law("canada")["inclusion"] if entry["from"] <= first][-1]["fraction"])


@dataclass(slots=True, kw_only=True)
class _Pool:
    """One security of one person, day by day."""

    symbol: str
    kinds: Kinds
    settles: Callable[[date], date]
    trades: Sequence[Buy | Sell]
    quantity: Decimal = ZERO
    cost: Decimal = ZERO
    waiting: Decimal = ZERO
    """Superficial loss to be added to the cost of the next shares bought, where none are held."""
    days: dict[date, list[Buy | Sell]] = field(default_factory=lambda: defaultdict(list))

    def run(self) -> list[Realised]:
        """Purchases of a day before its sales; all sales of a day are one disposition."""
        for trade in self.trades:
            self.days[self.settles(trade.date)].append(trade)
        out = []
        for day in sorted(self.days):
            taxed = [t for t in self.days[day] if self.kinds[t.account].is_taxable]
            for trade in taxed:
                if isinstance(trade, Buy):
                    self.quantity += trade.quantity
                    self.cost += trade.cost + self.waiting
                    self.waiting = ZERO
            sales = [t for t in taxed if isinstance(t, Sell)]
            if sales:
                out.append(self._dispose(day, sales))
        return out

    def _dispose(self, day: date, sales: Sequence[Sell]) -> Realised:
        """Section 47: each identical share costs the average."""
        quantity = sum((sale.quantity for sale in sales), ZERO)
        if quantity > self.quantity:
            raise BookError(
                f"{self.symbol}: {quantity} shares are sold on {max(s.date for s in sales).isoformat()} but "
                f"{self.quantity} are held. Add the missing purchase; short sales are not covered."
            )
        proceeds = sum((sale.proceeds for sale in sales), ZERO)
        cost = self.cost if quantity == self.quantity else self.cost * quantity / self.quantity
        self.quantity -= quantity
        self.cost -= cost
        denied, forfeited = self._superficial(day, quantity, loss=max(cost - proceeds, ZERO))
        if self.quantity:
            self.cost += denied - forfeited
        else:
            self.waiting += denied - forfeited
        return Realised(
            symbol=self.symbol,
            sold=max(sale.date for sale in sales),
            quantity=quantity,
            proceeds=proceeds,
            matches=(Match(rule="average", quantity=quantity, cost=cost),),
            denied=denied,
            forfeited=forfeited,
        )

    def _superficial(self, day: date, sold: Decimal, *, loss: Decimal) -> tuple[Decimal, Decimal]:
        """What of a loss is denied, and what of that a registered plan's purchase forfeits, by shares bought."""
        last = day + THIRTY_DAYS
        period = [t for d in self.days if day - THIRTY_DAYS <= d <= last for t in self.days[d]]
        buys = [t for t in period if isinstance(t, Buy)]
        bought = sum((t.quantity for t in buys), ZERO)
        held = sum((_signed(t) for d in self.days if d <= last for t in self.days[d]), ZERO)
        if not loss or not bought:
            return ZERO, ZERO
        denied = loss * min(sold, bought, held) / sold
        registered = sum((t.quantity for t in buys if not self.kinds[t.account].is_taxable), ZERO)
        return denied, denied * registered / bought


def _signed(trade: Buy | Sell) -> Decimal:
    return trade.quantity if isinstance(trade, Buy) else -trade.quantity
