"""What does each step away from one large position cost in tax? The frontier, its ends and its proven edge.

python examples/22_tax_against_tracking.py      (or: lotwright frontier examples/books/first_steps --svg frontier.svg)
"""

from pathlib import Path

from lotwright import Effort, frontier, load_program, read_book, risk_model

book = read_book(Path(__file__).parent / "books" / "first_steps")
drawn = frontier(
    book.households["LEE"],
    market=book.market,
    risk=risk_model(book),
    program=load_program("balanced"),
    points=6,
    effort=Effort(gap_bp=1.0),
)

print("                   tax  tracking error  proven least  trades")
for point in drawn.points:
    name = point.label or f"risk at {point.risk_price:,.3g}"
    figures = f"{point.tax:>8,.2f}  {point.tracking_error:>13.2%}  {point.least_error:>11.2%}"
    print(f"{name:<15} {figures}  {len(point.plan.trades):>6}")
