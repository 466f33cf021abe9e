"""Who remembers what was sold at a loss before the custodian reports it? The store: the next plan will not buy it back.

python examples/33_plans_that_remember.py        (from a shell: lotwright plan BOOK --state DIR, twice)
"""

import tempfile
from datetime import UTC, datetime
from pathlib import Path

from lotwright import plan, plan_to_json, read_book, risk_model
from lotwright.book.pending import with_pending
from lotwright.store import Store
from lotwright.store.facts import Approval, Release

book = read_book(Path(__file__).parent / "books" / "two_accounts")
risk = risk_model(book)
first = plan(book, risk=risk)["RIVERA"]
at = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)

with tempfile.TemporaryDirectory() as state, Store.open(state) as store:
    (known,) = store.record_plans(None, [plan_to_json(first)], at=at)
    store.record_plans(None, [plan_to_json(first)], at=at)  # the same fact again does nothing
    store.record_approval(Approval(plan=known, by="Ann", at=at, expires=at))
    for lock in store.locks()[:4]:
        said = "nobody may buy it" if lock.bars == "buy" else "nobody may sell it at a loss"
        print(f"{lock.day}: {lock.quantity} {lock.symbol} in {lock.account}, {lock.state}; {said} for 30 days.")

    pending = store.pending(book.market.as_of)
    second = plan(with_pending(book, pending), risk=risk)["RIVERA"]  # another process, another day, the same old book
    print(f"The next plan reckons with {len(second.wash_sales.honoured)} trades that the book does not show.")
    bought = {trade.symbol for trade in second.trades if trade.side == "buy"}
    locked = {lock.symbol for lock in store.locks() if lock.bars == "buy"}
    print(
        f"It buys {', '.join(sorted(bought)) or 'nothing'}; of what is locked: {', '.join(sorted(bought & locked)) or 'none'}."
    )

    store.release(Release(plan=known, by="Ann", at=at, why="the client said no"))
    print(f"Released, it locks nothing: {len(store.pending(book.market.as_of))} households have trades in hand.")
