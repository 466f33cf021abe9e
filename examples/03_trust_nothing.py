"""Is the plan what it claims to be? Save it, read it back, and let the independent verifier carry it out again.

python examples/03_trust_nothing.py        (from a shell: lotwright verify PLAN BOOK)
"""

import json
from pathlib import Path

from lotwright import load_program, plan, plan_from_json, read_book, risk_model
from lotwright.plan.separable.certify import check_bound
from lotwright.plan.take_snapshot import take_snapshot
from lotwright.plan.terms import RiskNumbers
from lotwright.plan.verify import verify

book = read_book(Path(__file__).parent / "books" / "first_steps")
risk, program = risk_model(book), load_program("balanced")
saved = json.dumps(plan(book, risk=risk).to_json()[0])

claim = plan_from_json(json.loads(saved))
household = book.households[claim.household]
numbers = RiskNumbers(symbols=risk.symbols, exposure=risk.exposure, specific=risk.specific)
true = verify(claim.trades, household, book.market, terms=program.terms(), risk=numbers)
for check in true.checks:
    print("ok " if check.ok else "NOT", check.text)

bound = check_bound(claim.objective.multipliers, program, take_snapshot(household, book.market, risk))
print(f"The plan costs ${true.posed:,.4f}; it claims that none costs less than ${claim.objective.bound:,.4f}.")
print(f"Its multipliers prove ${bound:,.4f}.")
