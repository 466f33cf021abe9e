"""Can a trigger look at VIX, a drawdown or the yield curve? Yes: a small safe grammar over your own series; no code is run.

python examples/53_when_the_market_moves.py
    (from a shell: lotwright due BOOK --triggers stressed_market --series VIX=vix.csv --series INDEX=index.csv)
"""

from pathlib import Path
from tempfile import TemporaryDirectory

from lotwright import read_book, risk_model
from lotwright.cli.judging_due import Asked, judging
from lotwright.errors import ProgramError
from lotwright.files.triggers import load_trigger
from lotwright.trigger.expression import parse

TRIGGER = """
[[when]]
kind = "indicator"
when = "{}"

[series.FEAR]
file = "fear.csv"
max_age = 3
"""
book = read_book(Path(__file__).parent / "books" / "two_accounts")
risk = risk_model(book)

with TemporaryDirectory() as folder:
    mine = Path(folder) / "mine.toml"
    (mine.parent / "fear.csv").write_text(
        "date,close\n2020-03-19,72.0\n2020-03-20,66.0\n2020-03-23,61.6\n2020-03-24,99\n"
    )
    for text in (
        "FEAR > 40",
        "FEAR > 40 and drawdown(AAPL, 63) > 0.20",  # a symbol of the book's own history
        "change(FEAR, 2) > 0",  # 24 March is not known on 23 March
        "mean(FEAR, 20) > 40",  # three values are no mean of twenty: it cannot be told, which is no "no"
    ):
        mine.write_text(TRIGGER.format(text))
        (answer,) = judging(Asked(book=book, declared=load_trigger(mine), risk=lambda: risk)).answers()
        print(f"{text:42} {answer.answer:8} {answer.why}")

for text in ("__import__('os').system('rm -rf /') > 0", "9**9**9 > 0", "FEAR.__class__ > 0"):
    try:
        parse(text)
    except ProgramError as error:
        print(f"Refused: {error}")
