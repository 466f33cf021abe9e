"""Which losses are worth harvesting, in which accounts, and what stands in until the window is over?

DIAZ has two taxable accounts; the trust's owner asked to stop harvesting (``harvest`` is false in its row).

python examples/20_harvest_losses.py
"""

from pathlib import Path

from lotwright import plan, read_book

book = read_book(Path(__file__).parent / "books" / "four_families")
diaz = plan(book, household="DIAZ", program="harvest", gap_bp=1.0)["DIAZ"]

for trade in diaz.trades:
    print(f"{trade.account:<10} {trade.side:<4} {trade.quantity:>4} {trade.symbol:<5} {trade.reason}")
for lock in diaz.wash_sales.locks:
    print(f"nobody buys {', '.join(lock.symbols)} before {lock.no_buy_until} is over")
print(f"this year's tax: ${diaz.tax.tax:,.2f} instead of ${diaz.tax.tax_without_plan:,.2f}")
print(f"tracking error:  {diaz.tracking.before:.2%} before, {diaz.tracking.after:.2%} after")
