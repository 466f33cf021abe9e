"""How many years does a budget of gains need, and what does waiting save?

ABARA holds 85 % of its account in one stock. Each year is planned from the book the year before leaves.

python examples/23_transition_over_years.py
"""

from pathlib import Path

from lotwright import Effort, load_program, read_book, risk_model, transition

book = read_book(Path(__file__).parent / "books" / "four_families")
way = transition(
    book.households["ABARA"],
    market=book.market,
    risk=risk_model(book),
    program=load_program("transition"),
    years=2,
    budget=12_000,
    effort=Effort(gap_bp=10.0),
)

print("                  gain       tax  tracking error  farthest over its target")
for stage in (*way.stages, way.at_once):
    name = "all at once" if stage is way.at_once else f"{stage.as_of}"
    print(
        f"{name:<12} {stage.gain:>9,.2f} {stage.tax:>9,.2f}  {stage.tracking_error:>13.2%}"
        f"  {stage.largest} by {stage.excess:.1%}"
    )
print(f"in stages ${way.tax:,.2f}, at once ${way.at_once.tax:,.2f}")
