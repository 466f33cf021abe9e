"""Reduce what is overweight without buying anything; or sell everything: which lots go, and what does the tax come to?

python examples/13_sell_only_and_liquidate.py
"""

from pathlib import Path

from lotwright import plan, read_book

book = read_book(Path(__file__).parent / "books" / "first_steps")

for name in ("sell_only", "liquidate"):
    lee = plan(book, program=name)["LEE"]
    print(f"{name}: short-term gain ${lee.tax.short_term_gain:,.2f}, long-term ${lee.tax.long_term_gain:,.2f}")
    for trade in lee.trades:
        lots = ", ".join(f"{sale.quantity} of {sale.acquired}" for sale in trade.lots)
        print(f"    sell {trade.quantity} {trade.symbol}: {lots}")
    print(f"    tax ${lee.tax.tax - lee.tax.tax_without_plan:,.2f}; cash after ${lee.cash['SAVINGS'].after:,.2f}")
