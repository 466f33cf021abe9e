"""A limit that may be broken at a price: a budget, lots, a smallest order; and what a large order does to its own market.

python examples/18_soft_limits_and_market_impact.py
"""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from lotwright import (
    GainBudget,
    KeepLots,
    MarketImpact,
    MinimumTicket,
    Participation,
    Soft,
    load_program,
    plan,
    read_book,
)

book = read_book(Path(__file__).parent / "books" / "first_steps")
balanced = load_program("balanced")

for price in (0.01, 0.10, 1.00):
    soft = Soft(limit=GainBudget(net=100), price=price)
    lee = plan(book, program=replace(balanced, costs=(*balanced.costs, soft)))["LEE"]
    gain = lee.tax.short_term_gain + lee.tax.long_term_gain
    print(f"$100 of gain, ${price:.2f} a dollar beyond: gain ${gain:,.2f}, gap {lee.objective.gap_bp:.2f} bp")

# Lots to keep and a smallest order, each at a price: per dollar sold of the lots, per dollar that an order is short.
kept, large = KeepLots(lots=("AAPL/AAPL-2016-06-27", "AAPL/AAPL-2019-06-03")), MinimumTicket(dollars=3000)
for limit, price in ((kept, 0.01), (kept, 0.1), (large, 0.001), (large, 0.1)):
    lee = plan(book, program=replace(balanced, costs=(*balanced.costs, Soft(limit=limit, price=price))))["LEE"]
    charged = next(line.dollars for line in lee.costs if line.name == f"soft_{limit.kind}")
    orders = ", ".join(f"{trade.side} {trade.quantity} {trade.symbol}" for trade in lee.trades)
    print(f"{limit.kind} at ${price}: charged ${charged:,.2f}, gap {lee.objective.gap_bp:.2f} bp: {orders}")

# The same stocks as if hardly anybody traded them: a day's volume of $40,000 each, moving 40 % a year.
thin = {
    symbol: replace(row, adv_dollars=Decimal(40_000), volatility=Decimal("0.4"))
    for symbol, row in book.market.prices.items()
}
book = replace(book, market=replace(book.market, prices=thin))
impact = replace(balanced, costs=(*balanced.costs, MarketImpact()), limits=(*balanced.limits, Participation(most=0.05)))
for program in (balanced, impact):
    lee = plan(book, program=program)["LEE"]
    sizes = ", ".join(f"{trade.symbol} ${trade.value:,.0f}" for trade in lee.trades)
    print(f"{'with' if program is impact else 'without'} impact: {sizes}; gap {lee.objective.gap_bp:.2f} bp")
