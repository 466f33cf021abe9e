"""May the substitute be nearly the same fund? A stand-in that the household declares identical is never bought.

python examples/25_never_identical.py
"""

from dataclasses import replace
from pathlib import Path

from lotwright import plan, read_book

book = read_book(Path(__file__).parent / "books" / "four_families")
identical = replace(book, market=replace(book.market, identical={"XOM": "oil", "CVX": "oil"}))
for name, market in (("CVX is another security", book), ("CVX counts as identical to XOM", identical)):
    diaz = plan(market, household="DIAZ", program="harvest", gap_bp=2.0)["DIAZ"]
    sold = sorted({trade.symbol for trade in diaz.trades if trade.side == "sell"})
    bought = sorted({trade.symbol for trade in diaz.trades if trade.side == "buy"})
    print(f"{name}: sells {', '.join(sold)}; buys {', '.join(bought)}")
    for lock in diaz.wash_sales.locks:
        print(f"    {', '.join(lock.symbols)} locked until {lock.no_buy_until}")
