"""What should I trade, and how good is that list?

python examples/01_first_plan.py
"""

from pathlib import Path

from lotwright import plan, read_book

book = read_book(Path(__file__).parent / "books" / "first_steps")
lee = plan(book)["LEE"]

for trade in lee.trades:
    print(f"{trade.side:<4} {trade.quantity:>4} {trade.symbol:<5} ${trade.value:>9,.2f}  {trade.reason}")
    for sale in trade.lots:
        print(f"          {sale.quantity} of the lot of {sale.acquired}: gain ${sale.gain:,.2f} ({sale.character})")

for cost in lee.costs:
    print(f"{cost.name:<14} ${cost.dollars:>9,.2f}  {cost.text}")
print(f"in all         ${lee.objective.posed:>9,.2f}, and no allowed list costs less than ${lee.objective.bound:,.2f}")
