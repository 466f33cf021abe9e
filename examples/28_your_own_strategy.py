"""How good is my own rule? Plug it in: its trades are verified like ours, and our bound says how far it is from the best.

python examples/28_your_own_strategy.py

An installed package offers one under the entry points ``lotwright.strategies``, and ``lotwright plan BOOK --strategy NAME``
finds it; ``genetic`` comes with the extra of that name.
"""

from pathlib import Path

import numpy as np

from lotwright import plan, read_book
from lotwright.plan.protocols import Trades


class BuyWhatIsShort:
    """Sell nothing; put the cash above its target into what is below its own, in proportion, in whole shares."""

    name = "buy what is short"

    def trades(self, snapshot, program, *, seconds):
        short = np.maximum(snapshot.target - snapshot.quantity * snapshot.price, 0.0)
        money = max(float(snapshot.cash[0] - snapshot.cash_target[0]), 0.0) * 0.99
        buy = np.floor(short / max(short.sum(), 1.0) * money / snapshot.price)
        small = buy * snapshot.price < 100  # the program's minimum ticket
        return Trades(sell=np.zeros(len(snapshot.lot)), buy=np.where(small, 0.0, buy))


class SpendTwice(BuyWhatIsShort):
    """The same, with a mistake: it spends the cash twice."""

    name = "spend twice"

    def trades(self, snapshot, program, *, seconds):
        wanted = super().trades(snapshot, program, seconds=seconds)
        return Trades(sell=wanted.sell, buy=wanted.buy * 2)


book = read_book(Path(__file__).parent / "books" / "first_steps")
for strategy in (None, BuyWhatIsShort(), SpendTwice()):
    lee = plan(book, strategy=strategy)["LEE"]
    name = strategy.name if strategy else "lotwright"
    if lee.failure:
        print(f"{name}: refused. {lee.failure.message}")
    else:
        print(f"{name}: {len(lee.trades)} trades, costs ${lee.objective.posed:,.2f},", end=" ")
        print(f"at most {lee.objective.gap_bp:.2f} bp from the best possible")
        print(f"  tracking error {lee.tracking.after:.2%}, tax ${lee.tax.tax - lee.tax.tax_without_plan:,.2f}")
