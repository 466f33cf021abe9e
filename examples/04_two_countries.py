"""What should I trade under another tax law? A British household with an ISA, and a Canadian one with a TFSA.

python examples/04_two_countries.py        (from a shell: lotwright plan examples/books/two_countries)
"""

from pathlib import Path

from lotwright import plan, read_book

book = read_book(Path(__file__).parent / "books" / "two_countries")
plans = plan(book)

for name in ("PATEL", "TREMBLAY"):
    done = plans[name]
    sign = done.regime.sign
    print(f"{name} ({done.regime}), {sign}{done.value:,.2f}, {len(done.trades)} trades")
    for trade in done.trades:
        for sale in trade.lots:
            print(
                f"  {trade.account:<16} sells {sale.quantity:>4} {trade.symbol:<5} of lot {sale.lot}: gain {sign}{sale.gain:,.2f}"
            )
    print(f"  Tax {sign}{done.tax.tax:,.2f} with the plan, {sign}{done.tax.tax_without_plan:,.2f} without it.")
    for lock in done.wash_sales.locks:
        print(f"  {', '.join(lock.symbols)} may not be bought back until {lock.no_buy_until} is over.")
    for kept in done.wash_sales.kept:
        print(f"  Kept: {kept.because}")
    print(
        f"  Costs {sign}{done.objective.posed:,.2f}; no allowed list costs less than {sign}{done.objective.bound:,.2f}."
    )
