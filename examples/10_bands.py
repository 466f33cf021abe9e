"""Is anything outside its band, and what is the least that brings it back? Three policies side by side.

python examples/10_bands.py
"""

from pathlib import Path

from lotwright import Bands, load_program, plan, read_book

book = read_book(Path(__file__).parent / "books" / "first_steps")

print("policy           orders  traded     tax  weights after")
for name in ("bands", "bands_vanguard", "bands_daryanani"):
    lee = plan(book, program=name)["LEE"]
    traded = sum(trade.value for trade in lee.trades)
    after = "  ".join(f"{row.symbol} {row.after:.1%}" for row in lee.drift)
    print(f"{name:<16} {len(lee.trades):>6}  {traded:>6,.0f}  {lee.tax.tax - lee.tax.tax_without_plan:>6,.2f}  {after}")

limit = next(limit for limit in load_program("bands").limits if isinstance(limit, Bands))
print(f"The shipped policy lands {limit.land:.0%} of the way to the edge, unless the model portfolio says otherwise.")
