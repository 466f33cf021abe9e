"""What does a client's rule cost the client? Each binding limit is lifted on its own and the household planned again.

python examples/29_what_a_rule_costs.py
"""

from dataclasses import replace
from pathlib import Path

from lotwright import plan, read_book
from lotwright.book.holdings import Restriction
from lotwright.book.kinds import Rule

book = read_book(Path(__file__).parent / "books" / "first_steps")
lee = book.households["LEE"]
rules = (
    Restriction(account="SAVINGS", rule=Rule.NO_BUY, symbol="JPM"),
    Restriction(account="SAVINGS", rule=Rule.NO_SELL, symbol="AAPL"),
)
savings = replace(lee.accounts[0], restrictions=rules)
book = replace(book, households={"LEE": replace(lee, accounts=(savings,))})

found = plan(book, explain=True)["LEE"]
print(f"The plan costs ${found.objective.posed:,.2f}.")
for price in found.explanation.limit_prices:
    print(f"{price.limit:<15} {price.subject:<9} ${price.dollars:>8,.2f}   {price.text}")
