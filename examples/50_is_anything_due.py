"""Which clients need attention today, why, and when is the next look? One household held against every shipped trigger.

python examples/50_is_anything_due.py        (from a shell: lotwright due BOOK --triggers NAME)
"""

from pathlib import Path

from lotwright import read_book, risk_model
from lotwright.cli.judging_due import Asked, judging
from lotwright.declared import Shelf, declared_names
from lotwright.files.triggers import load_trigger

book = read_book(Path(__file__).parent / "books" / "two_accounts")
risk = risk_model(book)

for name in declared_names(Shelf.TRIGGERS):
    if name in ("stressed_market", "worth_it"):  # the one needs indicators (example 53), the other plans (example 52)
        continue
    (answer,) = judging(Asked(book=book, declared=load_trigger(name), risk=lambda: risk)).answers()
    print(f"{name:15} {answer.answer:8} {answer.to_do}")
    print(f"{'':15} {answer.why[:100]}")
