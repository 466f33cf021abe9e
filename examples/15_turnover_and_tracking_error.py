"""How little can I trade and still be close? Ceilings on turnover, tracking error and the number of orders.

python examples/15_turnover_and_tracking_error.py
"""

from dataclasses import replace
from pathlib import Path

from lotwright import NumberOfTickets, TrackingError, Turnover, load_program, plan, read_book

book = read_book(Path(__file__).parent / "books" / "first_steps")
balanced = load_program("balanced")

print("The most turnover, tracking error (a year) and orders that are allowed, one at a time:")
for limit in (Turnover(most=0.05), TrackingError(most=0.004), NumberOfTickets(most=2)):
    lee = plan(book, program=replace(balanced, limits=(*balanced.limits, limit)))["LEE"]
    traded = float(sum(trade.value for trade in lee.trades) / lee.value) / 2
    print(
        f"{limit.kind:<18} {limit.most:<6g} turnover {traded:.1%}, tracking error {lee.tracking.after:.2%},"
        f" {len(lee.trades)} orders, ${lee.objective.posed:,.2f}, proven within {lee.objective.gap_bp:.2f} bp"
    )
