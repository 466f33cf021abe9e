"""How few orders bring everything back inside its band, and what do they cost? Fewest first, then cheapest: both proven.

python examples/11_fewest_trades.py
"""

from pathlib import Path

from lotwright import plan, read_book

book = read_book(Path(__file__).parent / "books" / "first_steps")

for name in ("bands", "fewest_trades"):
    lee = plan(book, program=name)["LEE"]
    orders = ", ".join(f"{trade.side} {trade.quantity} {trade.symbol}" for trade in lee.trades)
    print(f"{name}: {len(lee.trades)} orders ({orders})")
    print(f"    it costs ${lee.objective.posed:,.2f}, none like it less than ${lee.objective.bound:,.2f}")
print(next(note for note in lee.notes if "fewest" in note))
