"""Wash-sale findings as rows, for tables, CSV and JSON."""

from __future__ import annotations

from typing import Any

from lotwright.tax.units import SharesOf, one_each
from lotwright.tax.wash_report import Disposal, OpenLot, WashReport


def wash_rows(found: WashReport, *, shares_of: SharesOf = one_each) -> list[dict[str, Any]]:
    """Every loss in a taxable account: what was disallowed, where it went, and whether it is deferred or gone.

    Quantities of what ``shares_of`` counts as several shares are in its own units again.
    """
    return [_loss_row(d, shares_of) for d in found.disposals if d.is_taxed and (d.gain < 0 or d.disallowed)]


def open_rows(found: WashReport, *, shares_of: SharesOf = one_each) -> list[dict[str, Any]]:
    """Every lot held in the end with its adjusted basis and holding start."""
    return [_open_row(lot, shares_of) for lot in found.open_lots]


def _loss_row(d: Disposal, shares_of: SharesOf) -> dict[str, Any]:
    into = d.replacement
    return {
        "account": d.account,
        "symbol": d.symbol,
        "lot": d.lot,
        "acquired": d.acquired,
        "holding_start": d.holding_start,
        "sold": d.sold,
        "quantity": d.quantity / shares_of(d.symbol),
        "proceeds": d.proceeds,
        "basis": d.basis,
        "gain": d.gain,
        "character": d.character,
        "disallowed": d.disallowed,
        "allowed": -d.recognised,
        "outcome": "allowed" if into is None else ("permanent" if d.is_permanent else "deferred"),
        "replacement": None
        if into is None
        else {
            "account": into.account,
            "symbol": into.symbol,
            "lot": into.lot,
            "acquired": into.acquired,
            "quantity": d.quantity / shares_of(into.symbol),
            "basis": into.basis,
            "holding_start": into.holding_start,
        },
    }


def _open_row(lot: OpenLot, shares_of: SharesOf) -> dict[str, Any]:
    return {
        "account": lot.account,
        "symbol": lot.symbol,
        "lot": lot.lot,
        "quantity": lot.quantity / shares_of(lot.symbol),
        "acquired": lot.acquired,
        "holding_start": lot.holding_start,
        "basis": lot.basis,
        "deferred": lot.deferred,
    }
