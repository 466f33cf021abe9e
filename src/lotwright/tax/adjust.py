"""From what the matching found to events of the ledger: disallowed losses moved into the lots that carry them."""

from __future__ import annotations

from collections import Counter
from datetime import date

from lotwright.book.events import WashAdjustment
from lotwright.tax.sources import PIECE
from lotwright.tax.wash_report import WashReport


def wash_adjustments(found: WashReport, *, day: date) -> tuple[WashAdjustment, ...]:
    """Events that give a ledger's lots the basis and holding start the matching found (sections 1091(d), 1223(3)).

    Matched shares of lot ``L`` become lots ``L~1``, ``L~2``, …; what was not matched stays ``L``. Lots that carried a
    loss before the run are not touched again.
    """
    number: Counter[tuple[str, str, str]] = Counter()
    out = []
    for lot in found.open_lots:
        if not lot.deferred:
            continue
        key = (lot.account, lot.symbol, lot.lot)
        number[key] += 1
        out.append(
            WashAdjustment(
                account=lot.account,
                symbol=lot.symbol,
                lot=lot.lot,
                new_lot=f"{lot.lot}{PIECE}{number[key]}",
                quantity=lot.quantity,
                amount=lot.deferred,
                holding_start=lot.holding_start,
                date=day,
            )
        )
    return tuple(out)
