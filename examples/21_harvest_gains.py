"""How much gain fits into the 0 % bracket this year, and what is raising the basis worth?

BLOOM's taxable income leaves 10,000 dollars of room. Wash sales are about losses only, so what is sold at a gain is bought
back the same day, in an order of its own.

python examples/21_harvest_gains.py
"""

from pathlib import Path

from lotwright import plan, read_book

book = read_book(Path(__file__).parent / "books" / "four_families")
bloom = plan(book, household="BLOOM", program="harvest_gains", gap_bp=5.0, time_limit=1.5)["BLOOM"]

for trade in bloom.trades:
    print(f"{trade.side:<4} {trade.quantity:>4} {trade.symbol:<5} {trade.reason}")
worth = next(cost for cost in bloom.costs if cost.name == "future_tax")
print(f"gain realised: ${bloom.tax.long_term_gain:,.2f}, tax on it ${bloom.tax.tax:,.2f}")
print(f"worth:         {worth.text}")
print(f"proven:        no allowed plan is better by more than ${bloom.objective.gap:,.2f}")
