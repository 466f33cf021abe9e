"""Is acting worth its cost and tax? The optimiser's plan against doing nothing, both judged by the same program.

python examples/52_is_it_worth_it.py        (from a shell: lotwright due BOOK --triggers worth_it)
"""

from pathlib import Path

from lotwright import read_book, risk_model
from lotwright.cli.judging_due import Asked, judging
from lotwright.files.triggers import parse_trigger
from lotwright.plan.program import load_program
from lotwright.plan.saving import against_doing_nothing

book = read_book(Path(__file__).parent / "books" / "first_steps")
risk = risk_model(book)
found = against_doing_nothing(book.households["LEE"], market=book.market, risk=risk, program=load_program("balanced"))

print(f"Doing nothing costs {found.still:,.2f} a year in tracking risk and idle cash.")
print(f"The best plan costs {found.planned:,.2f}, its trades and their tax ({found.paid:,.2f}) included.")
saved = found.still - found.planned
for least in (0, 50, int(saved) + 1):
    declared = parse_trigger(f'[[when]]\nkind = "saves"\ndollars = {least}\n')
    (answer,) = judging(Asked(book=book, declared=declared, risk=lambda: risk)).answers()
    print(f"More than {least:>4} dollars asked for: {answer.answer}")
