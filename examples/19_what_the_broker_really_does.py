"""A broker that sells first in, first out: planned exactly so, with what choosing lots would have saved. And fractions.

python examples/19_what_the_broker_really_does.py
"""

from dataclasses import replace
from pathlib import Path

from lotwright import WholeShares, load_program, plan, read_book
from lotwright.book.kinds import Relief

book = read_book(Path(__file__).parent / "books" / "first_steps")
lee = book.households["LEE"]


def with_account(**changed):
    account = replace(lee.accounts[0], **changed)
    return replace(book, households={"LEE": replace(lee, accounts=(account,))})


fifo = plan(with_account(relief=Relief.FIFO))["LEE"]
print(f"fifo: ${fifo.objective.posed:,.2f}, proven within {fifo.objective.gap_bp:.2f} bp")
print(next((note for note in fifo.notes if "specific" in note), "Choosing lots would have saved nothing."))

balanced = load_program("balanced")
for step, least in ((0.0001, 1.0), (0.5, 250.0)):
    shares = WholeShares(fractional_increment=step, minimum_notional=least)
    limits = tuple(shares if limit.kind == "whole_shares" else limit for limit in balanced.limits)
    found = plan(with_account(fractional=True), program=replace(balanced, limits=limits))["LEE"]
    orders = ", ".join(f"{trade.side} {trade.quantity} {trade.symbol}" for trade in found.trades)
    print(f"steps of {step:g}, at least ${least:g}: {orders}")
