"""Why a security is sold and bought back the same day: one sentence for each of the two orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lotwright.book.holdings import ZERO
from lotwright.book.kinds import Side
from lotwright.book.trades import Trade
from lotwright.plan.words import money, shares


def bought_back(trades: Sequence[Trade]) -> Mapping[tuple[str, str, Side], str]:
    """The sentences of securities that an account both sells and buys, by account, symbol and side; most plans have none."""
    orders = {(trade.account, trade.symbol, trade.side): trade for trade in trades}
    said = {}
    for (account, symbol, side), sale in orders.items():
        back = orders.get((account, symbol, Side.BUY))
        if side is not Side.SELL or back is None:
            continue
        gain = sum((lot.gain for lot in sale.lots), ZERO)
        same = min(sale.quantity, back.quantity)
        raised = gain * same / sale.quantity
        said[account, symbol, Side.SELL] = (
            f"Sells {symbol} at a gain of {money(gain)} in a year that taxes it little or not at all, and buys"
            f" {shares(same)} back the same day: wash sales are about losses only."
        )
        said[account, symbol, Side.BUY] = (
            f"Buys back {shares(same)} of the {symbol} sold today"
            + (f" and {shares(back.quantity - same)} more" if back.quantity > same else "")
            + f": their basis is {money(raised)} higher than it was, and their holding period begins anew."
        )
    return said
