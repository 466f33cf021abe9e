"""Grandmother's lot stays; these shares go first: lots by name, and what keeping to it costs.

python examples/17_lots_to_keep_and_to_sell_first.py
"""

from dataclasses import replace
from pathlib import Path

from lotwright import KeepLots, NoBuys, NoSells, SellFirst, load_program, plan, read_book

book = read_book(Path(__file__).parent / "books" / "first_steps")
balanced = load_program("balanced")
apple = sorted((lot.acquired, lot.lot) for lot in book.households["LEE"].accounts[0].lots if lot.symbol == "AAPL")
oldest = apple[0][1]

for limit in (
    None,
    KeepLots(lots=(f"AAPL/{apple[-1][1]}",)),
    SellFirst(lots=(f"AAPL/{oldest}",)),
    NoSells(symbols=("AAPL",)),
    NoBuys(symbols=("JNJ",)),
):
    program = balanced if limit is None else replace(balanced, limits=(*balanced.limits, limit))
    lee = plan(book, program=program)["LEE"]
    lots = [f"{sale.quantity} {t.symbol} of {sale.acquired}" for t in lee.trades for sale in t.lots]
    print(
        f"{'as you like' if limit is None else limit.kind:<12} ${lee.objective.posed:>7,.2f}  sells {', '.join(lots)}"
    )
