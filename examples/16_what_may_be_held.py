"""No more than 28 % in one position, 20 % in the employer's stock, nothing of a sector: each a line of a program.

python examples/16_what_may_be_held.py
"""

from pathlib import Path

from lotwright import Program, load_program, plan, read_book
from lotwright.declared import find_program

book = read_book(Path(__file__).parent / "books" / "first_steps")
balanced = find_program("balanced").read_text(encoding="utf-8")
MORE = {
    "position_bounds": "most = 0.255",
    "employer_stock": 'symbols = ["AAPL"]\nmost = 0.20',
    "group_bounds": 'symbols = ["JPM", "XOM"]\nleast = 0.45\nmost = 0.48',
    "exclude": 'symbols = ["XOM"]',
    "minimum_position": "dollars = 5400",
}

print("as it is          ", "  ".join(f"{row.symbol} {row.before:6.1%}" for row in plan(book)["LEE"].drift))
for kind, figures in MORE.items():
    program = Program.from_toml(f'{balanced}\n[[limit]]\nkind = "{kind}"\n{figures}\n')
    lee = plan(book, program=program)["LEE"]
    print(f"{kind:<18}", "  ".join(f"{row.symbol} {row.after:6.1%}" for row in lee.drift))
print("All of these are checked again, in exact decimals, by code that shares nothing with the optimiser.")
print(f"And {load_program('balanced').name} itself is {len(load_program('balanced').limits)} limits like them.")
