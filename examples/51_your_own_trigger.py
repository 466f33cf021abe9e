"""How do I say "look each Wednesday, act on drift, but never twice within five days"? In TOML, and it holds holidays too.

python examples/51_your_own_trigger.py
"""

from dataclasses import replace
from datetime import date
from pathlib import Path

from lotwright import read_book, risk_model
from lotwright.cli.judging_due import Asked, judging
from lotwright.files.triggers import parse_trigger
from lotwright.trigger.acted import Acted

MINE = """
says = "Each Wednesday where a sleeve has drifted by a fifth; five trading days of rest."
cooldown = 5

[[when]]
kind = "all"
of = [
    { kind = "calendar", every = "week", weekday = "wednesday", early_close = "next" },
    { kind = "drift", of = "sleeve", relative = 0.20 },
]
"""
book = read_book(Path(__file__).parent / "books" / "first_steps")
declared = parse_trigger(MINE, name="mine")
risk = risk_model(book)

# 1 January 2020 is a Wednesday and a holiday: Thursday takes its place.
for day, acted in (
    (date(2019, 12, 31), Acted()),
    (date(2020, 1, 1), Acted()),
    (date(2020, 1, 2), Acted()),
    (date(2020, 1, 3), Acted(planned=date(2020, 1, 2), traded=date(2020, 1, 2))),
):
    asked = Asked(book=book, declared=declared, risk=lambda: risk, as_of=day, acted={"LEE": acted})
    (answer,) = judging(asked).answers()
    print(f"{day:%a %d %b %Y}  {answer.answer:8} {answer.why} {answer.to_do}")

always = replace(declared.trigger, cooldown=0)
print(f"Without the rest: {len(always.when)} condition, asked every day.")
