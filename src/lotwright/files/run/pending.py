"""Trades in hand as a file beside a run's manifest, so that a run that goes on honours those it began with."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from lotwright.book.holdings import Pending
from lotwright.book.kinds import Side

InHand = Mapping[str, tuple[Pending, ...]]


def pending_to_bytes(in_hand: InHand) -> bytes:
    """Return trades in hand, by household, as JSON."""
    return (json.dumps(pending_rows(in_hand), indent=1) + "\n").encode()


def pending_rows(in_hand: InHand) -> dict[str, list[dict[str, Any]]]:
    """Return trades in hand as JSON-ready values; numbers as text, which is exact."""
    return {
        household: [
            {
                "account": trade.account,
                "symbol": trade.symbol,
                "side": str(trade.side),
                "date": trade.date.isoformat(),
                "quantity": str(trade.quantity),
                "loss": None if trade.loss is None else str(trade.loss),
                "because": trade.because,
            }
            for trade in trades
        ]
        for household, trades in sorted(in_hand.items())
    }


def pending_from_bytes(data: bytes) -> dict[str, tuple[Pending, ...]]:
    """Return what :func:`pending_to_bytes` wrote."""
    return pending_of(json.loads(data))


def pending_of(rows: Mapping[str, Iterable[Mapping[str, Any]]]) -> dict[str, tuple[Pending, ...]]:
    """Return what :func:`pending_rows` made values of."""
    return {
        household: tuple(
            Pending(
                account=row["account"],
                symbol=row["symbol"],
                side=Side(row["side"]),
                date=date.fromisoformat(row["date"]),
                quantity=Decimal(row["quantity"]),
                loss=None if row["loss"] is None else Decimal(row["loss"]),
                because=row["because"],
            )
            for row in trades
        )
        for household, trades in rows.items()
    }
