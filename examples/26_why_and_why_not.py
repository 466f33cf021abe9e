"""Why is each trade there, and why is the one I expected not? Every figure in the sentences is the verifier's.

python examples/26_why_and_why_not.py        (from a shell: lotwright plan BOOK --household H --explain)
"""

from pathlib import Path

from lotwright import plan, read_book

book = read_book(Path(__file__).parent / "books" / "first_steps")
lee = plan(book, explain=True)["LEE"]

print("Done:")
for trade in lee.trades:
    print(f"  {trade.reason}")

print("Not done:")
for one in lee.explanation.not_done:
    dearer = f" In all it would cost ${sum(one.change.values()):,.2f}." if one.change else ""
    print(f"  {one.symbol}: {one.expected}. {one.because}{dearer}")
