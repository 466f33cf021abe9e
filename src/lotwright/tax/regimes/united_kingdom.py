"""United Kingdom: same day, next 30 days, section 104 pool (TCGA 1992 sections 104-106A; HMRC CG51560, HS284).

A loss is never deferred: shares bought back within 30 days become the shares that were sold, at their own cost. ISAs
and pensions are outside (their shares are held in another capacity), and so is a spouse's purchase.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from lotwright.book.events import Buy
from lotwright.errors import BookError
from lotwright.tax.law import read_law
from lotwright.tax.regimes.regime import Holding, Kinds, Match, Realisation, Realised, Taxed, Trades

ZERO = Decimal(0)
THIRTY_DAYS = timedelta(days=30)


@dataclass(slots=True)
class _Amount:
    """Shares and their cost or proceeds."""

    quantity: Decimal = ZERO
    money: Decimal = ZERO

    def add(self, quantity: Decimal, money: Decimal) -> None:
        self.quantity += quantity
        self.money += money

    def take(self, quantity: Decimal) -> Decimal:
        """Remove shares and return their part of the money."""
        money = self.money if quantity == self.quantity else self.money * quantity / self.quantity
        self.quantity -= quantity
        self.money -= money
        return money


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitedKingdom:
    """The law as of the data's dates; pounds.

    Parameters
    ----------
    basic_band_left : Decimal
        Pounds of the basic-rate band that income leaves unused: gains in it are taxed at the basic rate.
    """

    basic_band_left: Decimal = ZERO
    name: str = "united_kingdom"
    is_pooled: bool = True

    def year_of(self, day: date) -> int:
        """The tax year begins on 6 April (ITA 2007 section 4(3); form SA108)."""
        return day.year if (day.month, day.day) >= (4, 6) else day.year - 1

    def disturbs_loss(self, sold: date, bought: date) -> bool:
        """The same day (section 105) and the 30 days that follow (section 106A(5))."""
        return sold <= bought <= sold + THIRTY_DAYS

    def realise(self, trades: Trades, *, kinds: Kinds, group_of: Callable[[str], str] = str) -> Realisation:
        """Identify disposals in taxable accounts, all accounts of the person together (section 104(3))."""
        bought: dict[str, dict[date, _Amount]] = defaultdict(lambda: defaultdict(_Amount))
        sold: dict[str, dict[date, _Amount]] = defaultdict(lambda: defaultdict(_Amount))
        for trade in trades:
            if not kinds[trade.account].is_taxable:
                continue
            if isinstance(trade, Buy):
                bought[group_of(trade.symbol)][trade.date].add(trade.quantity, trade.cost)
            else:
                sold[group_of(trade.symbol)][trade.date].add(trade.quantity, trade.proceeds)
        disposals: list[Realised] = []
        holdings: list[Holding] = []
        for symbol in sorted(bought.keys() | sold.keys()):
            found, pool = _identify(symbol, bought[symbol], sold[symbol])
            disposals.extend(found)
            if pool.quantity:
                holdings.append(Holding(symbol=symbol, quantity=pool.quantity, cost=pool.money))
        disposals.sort(key=lambda d: (d.sold, d.symbol))
        return Realisation(disposals=tuple(disposals), holdings=tuple(holdings))

    def tax(self, found: Realisation, *, year: int, carried: Decimal = ZERO) -> Taxed:
        """Losses of the year first, then the exempt amount, with carried losses only down to it (section 1E, 1K).

        Losses and the exempt amount go where they save most; so does the basic-rate band (section 1E(3), 1H).
        """
        mine = [d for d in found.disposals if self.year_of(d.sold) == year]
        net = sum((d.recognised for d in mine), ZERO)
        if net <= 0:
            return Taxed(net=net, taxable=ZERO, tax=ZERO, carryforward=carried - net)
        exempt = exempt_amount(year)
        used = min(carried, max(net - exempt, ZERO))
        taxable = max(net - used - exempt, ZERO)
        gains: dict[tuple[Decimal, Decimal], Decimal] = defaultdict(Decimal)
        for disposal in mine:
            if disposal.recognised > 0:
                gains[rates_on(disposal.sold)] += disposal.recognised
        return Taxed(net=net, taxable=taxable, tax=self._charge(gains, taxable), carryforward=carried - used)

    def _charge(self, gains: dict[tuple[Decimal, Decimal], Decimal], taxable: Decimal) -> Decimal:
        """Tax on ``taxable`` pounds of the gains, those with the lowest rates kept."""
        kept: dict[tuple[Decimal, Decimal], Decimal] = {}
        for rates in sorted(gains, key=lambda r: r[1]):
            kept[rates] = min(gains[rates], taxable)
            taxable -= kept[rates]
        band, tax = self.basic_band_left, ZERO
        for basic, higher in sorted(kept, key=lambda r: r[0] - r[1]):
            in_band = min(kept[basic, higher], band)
            band -= in_band
            tax += basic * in_band + higher * (kept[basic, higher] - in_band)
        return tax


def exempt_amount(year: int) -> Decimal:
    """Pounds of net gain free of tax in the tax year that begins in ``year`` (section 1K)."""
    return Decimal(_latest(read_law("united_kingdom")["exempt"], "year", year)["amount"])


def rates_on(day: date) -> tuple[Decimal, Decimal]:
    """Basic and higher rate on a gain of that day (section 1H)."""
    entry = _latest(read_law("united_kingdom")["rates"], "from", day)
    return Decimal(entry["basic"]), Decimal(entry["higher"])


def _latest(entries: Iterable[dict[str, object]], field: str, at: object) -> dict[str, Decimal]:
    known = [entry for entry in entries if entry[field] <= at]  # type: ignore[operator]
    if not known:
        raise BookError(f"The United Kingdom's {field} data begin after {at}. Choose a later year.")
    return known[-1]  # type: ignore[return-value]


def _identify(symbol: str, bought: dict[date, _Amount], sold: dict[date, _Amount]) -> tuple[list[Realised], _Amount]:
    """Disposals of one security in the order of section 106A: same day, 30 days after, pool."""
    matches: dict[date, list[Match]] = defaultdict(list)
    total = {day: (amount.quantity, amount.money) for day, amount in sold.items()}

    def match(day: date, acquired: date, rule: str) -> None:
        quantity = min(sold[day].quantity, bought[acquired].quantity)
        if quantity:
            sold[day].take(quantity)
            cost = bought[acquired].take(quantity)
            matches[day].append(Match(rule=rule, quantity=quantity, cost=cost, acquired=acquired))

    for day in sorted(sold.keys() & bought.keys()):
        match(day, day, "same_day")
    pool, days = _Amount(), sorted(bought)
    for day in sorted(sold):
        for acquired in (d for d in days if day < d <= day + THIRTY_DAYS):
            match(day, acquired, "thirty_days")
        for acquired in (d for d in days if d <= day):
            _into_pool(pool, bought[acquired])
        left = sold[day].quantity
        if left > pool.quantity:
            raise BookError(
                f"{symbol}: {total[day][0]} shares are sold on {day.isoformat()} but {left - pool.quantity} of them "
                "were never bought. Add the missing purchase."
            )
        if left:
            matches[day].append(Match(rule="pool", quantity=left, cost=pool.take(left)))
    for acquired in days:
        _into_pool(pool, bought[acquired])
    return [
        Realised(symbol=symbol, sold=day, quantity=q, proceeds=money, matches=tuple(matches[day]))
        for day, (q, money) in total.items()
    ], pool


def _into_pool(pool: _Amount, acquired: _Amount) -> None:
    if acquired.quantity:
        quantity = acquired.quantity
        pool.add(quantity, acquired.take(quantity))
