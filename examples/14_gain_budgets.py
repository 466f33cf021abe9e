"""What does a gain budget save in tax, and what does it leave undone? Net gain, short-term gain, tax dollars.

python examples/14_gain_budgets.py
"""

from dataclasses import replace
from pathlib import Path

from lotwright import GainBudget, HoldBack, NoShortTermGains, load_program, plan, read_book

book = read_book(Path(__file__).parent / "books" / "first_steps")
balanced = load_program("balanced")

for limit in (
    None,
    GainBudget(net=500),
    GainBudget(short=100),
    GainBudget(tax=50),
    NoShortTermGains(),
    HoldBack(days=270),
):
    name = "no budget" if limit is None else limit.kind
    limits = balanced.limits if limit is None else (*balanced.limits, limit)
    lee = plan(book, program=replace(balanced, name=name, limits=limits))["LEE"]
    tax = lee.tax.tax - lee.tax.tax_without_plan
    print(
        f"{name:<20} tax ${tax:>7,.2f}  tracking error after {lee.tracking.after:.2%}  gap {lee.objective.gap_bp:.2f} bp"
    )
    for check in lee.checks:
        if limit is not None and check.name == limit.kind:
            print(f"    {check.text}")
    if isinstance(limit, HoldBack):
        print(f"    {lee.notes[-1]}")
