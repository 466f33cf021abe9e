"""What does each degree of doing something cost, and what does it bring? Four plans of one household, judged alike.

python examples/27_four_plans.py        (from a shell: lotwright compare BOOK --household H)
"""

from pathlib import Path

from lotwright import load_program, read_book, risk_model
from lotwright.plan.compare import compare_household

book = read_book(Path(__file__).parent / "books" / "first_steps")
four = compare_household(
    book.households["LEE"], market=book.market, risk=risk_model(book), program=load_program("balanced")
)

print(f"{'plan':<16} {'tax':>9} {'costs':>7} {'tracking':>9} {'tickets':>8} {'in all':>9} {'above bound':>12}")
for one in four.plans:
    print(
        f"{one.name.replace('_', ' '):<16} {one.tax:>9,.2f} {one.trading:>7,.2f} {one.tracking:>9.2%} {one.tickets:>8}"
        f" {one.posed:>9,.2f} {one.above_bound_bp:>9,.2f} bp"
    )
