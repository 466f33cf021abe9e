"""What the journal says of orders: what is about to be sent, and what came back."""

from __future__ import annotations

from lotwright.execution.broker import (
    Accepted,
    CancelOutcome,
    CancelRefused,
    OrderRequest,
    Outcome,
    Rejected,
    Unknown,
)
from lotwright.execution.facts import Quote


def intent_record(request: OrderRequest, attempt: int, quote: Quote | None) -> dict[str, object]:
    """An order about to be sent, with the quote its limit was made from."""
    return {
        "client_id": request.client_id,
        "attempt": attempt,
        "symbol": request.symbol,
        "side": str(request.side),
        "quantity": f"{request.quantity:f}",
        "kind": str(request.kind),
        "limit": None if request.limit is None else f"{request.limit:f}",
        "duration": str(request.duration),
        "quote": None if quote is None else {"bid": f"{quote.bid}", "ask": f"{quote.ask}", "at": quote.at.isoformat()},
    }


def answer_record(outcome: Outcome | CancelOutcome) -> dict[str, object]:
    """What a broker answered to an order or a cancel."""
    match outcome:
        case Accepted(order=order):
            return {
                "answer": "accepted",
                "broker_id": order.broker_id,
                "status": order.word,
                "filled": f"{order.filled:f}",
            }
        case Rejected():
            said = {"status": outcome.status, "code": outcome.code, "text": outcome.message}
            return {"answer": "rejected", "refusal": str(outcome.refusal), **said}
        case Unknown():
            return {"answer": "unknown", "doubt": str(outcome.doubt), "text": outcome.message}
        case CancelRefused():
            return {"answer": "cancel refused", "status": outcome.status, "text": outcome.message}
        case _:
            return {"answer": "cancel asked"}
