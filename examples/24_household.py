"""Which account should hold what? A taxable account and an IRA planned as one portfolio.

Both accounts of CHEN have the same model. What pays out most costs least tax in the IRA, so the accounts part ways while
the household as a whole stays with its model; cash never moves between them.

python examples/24_household.py
"""

from pathlib import Path

from lotwright import plan, read_book

book = read_book(Path(__file__).parent / "books" / "four_families")
chen = plan(book, household="CHEN", program="household", gap_bp=5.0, time_limit=2.0)["CHEN"]

for trade in chen.trades:
    print(f"{trade.account:<10} {trade.side:<4} {trade.quantity:>4} {trade.symbol}")
for cost in chen.costs:
    if cost.name in ("household_tracking", "asset_location", "tax"):
        print(f"{cost.name:<18} ${cost.dollars:>8,.2f}  {cost.text}")
print(f"the household stands {chen.tracking.before:.2%} from its models before, {chen.tracking.after:.2%} after")
