"""A deposit to invest without selling; $5,000 to raise the cheapest way; the most there is to raise without any tax.

python examples/12_invest_and_raise_cash.py     (from a shell: lotwright plan BOOK --program raise_cash --raise 5000)
"""

from decimal import Decimal
from pathlib import Path

from lotwright import plan, read_book

book = read_book(Path(__file__).parent / "books" / "first_steps")


def tell(title, lee):
    print(f"{title}: tax ${lee.tax.tax - lee.tax.tax_without_plan:,.2f}, cash after ${lee.cash['SAVINGS'].after:,.2f}")
    for trade in lee.trades:
        print(f"    {trade.side} {trade.quantity} {trade.symbol} (${trade.value:,.2f})")


tell("Invest the cash, sell nothing", plan(book, program="invest_cash")["LEE"])
tell("Raise $5,000", plan(book, program="raise_cash", raising={"SAVINGS": Decimal(5000)})["LEE"])
tell("Raise all that costs no tax", plan(book, program="raise_most_untaxed")["LEE"])
