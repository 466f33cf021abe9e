"""What came of carrying out one account's plan: a line an order, every difference by name, dollars against the plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from lotwright.book.kinds import Side
from lotwright.execution.executed import Executed
from lotwright.execution.orders import OrderState, Phase
from lotwright.execution.stops import Reason, Stop

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What would be sent for one trade, or why nothing would."""

    client_id: str
    quantity: Decimal
    limit: Decimal | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """One trade and what became of it; ``paid`` is dollars of its fills (None where their price is not known)."""

    symbol: str
    side: Side
    planned: Decimal
    filled: Decimal
    price: Decimal
    paid: Decimal | None
    phase: Phase
    why: str = ""
    proposal: Proposal | None = None

    @property
    def remaining(self) -> Decimal:
        """Shares planned and not filled."""
        return self.planned - self.filled

    @property
    def slippage(self) -> Decimal | None:
        """Dollars the fills cost beyond the plan's price; negative when they were better."""
        if self.paid is None:
            return None
        beyond = self.paid - self.filled * self.price
        return beyond if self.side is Side.BUY else -beyond


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Something that is not what it should be: a position, cash or a lot."""

    what: str
    expected: Decimal
    found: Decimal

    def __str__(self) -> str:
        return f"{self.what}: expected {self.expected:f}, found {self.found:f}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """How the run of one account ended. ``is_done`` is the only success: broker positions equal the plan."""

    household: str
    account: str
    plan: str
    broker: str
    stop: Stop
    lines: tuple[OrderLine, ...] = ()
    differences: tuple[Difference, ...] = ()
    fills: tuple[Executed, ...] = ()
    positions: Mapping[str, Decimal] | None = None
    cash: Decimal | None = None
    notes: tuple[str, ...] = ()
    relieves: str = "fifo"

    @property
    def is_done(self) -> bool:
        """True when positions at the broker equal the plan."""
        return self.stop.reason is Reason.DONE

    @property
    def slippage(self) -> tuple[Decimal, Decimal] | None:
        """Money the fills cost beyond the plan's prices, and what they came to at those; None where a price is not known."""
        filled = [line for line in self.lines if line.filled]
        parts = [line.slippage for line in filled if line.slippage is not None]
        if not filled or len(parts) < len(filled):
            return None
        return sum(parts, ZERO), sum((line.filled * line.price for line in filled), ZERO)

    @property
    def remaining(self) -> tuple[OrderLine, ...]:
        """Lines that are not done."""
        return tuple(line for line in self.lines if line.remaining)


def order_line(state: OrderState, *, paid: Decimal | None, proposal: Proposal | None = None) -> OrderLine:
    """The line of one order."""
    return OrderLine(
        symbol=state.trade.symbol,
        side=state.trade.side,
        planned=state.trade.quantity,
        filled=state.executed,
        price=state.trade.price,
        paid=paid,
        phase=state.phase,
        why=state.why,
        proposal=proposal,
    )


def differences(
    expected: Mapping[str, Decimal], found: Mapping[str, Decimal], *, of: str = "{}"
) -> tuple[Difference, ...]:
    """Every key at which two tables of numbers differ, sorted; an absent key is nothing."""
    return tuple(
        Difference(what=of.format(key), expected=expected.get(key, ZERO), found=found.get(key, ZERO))
        for key in sorted({*expected, *found})
        if expected.get(key, ZERO) != found.get(key, ZERO)
    )


def report_to_json(report: RunReport) -> dict[str, Any]:
    """The report as JSON-ready objects; decimals as text, so that they read back exactly."""
    return {
        "household": report.household,
        "account": report.account,
        "plan": report.plan,
        "broker": report.broker,
        "is_done": report.is_done,
        "reason": str(report.stop.reason),
        "text": str(report.stop),
        "slippage": None if report.slippage is None else f"{report.slippage[0]:.2f}",
        "orders": [_line(line) for line in report.lines],
        "differences": [
            {"what": each.what, "expected": f"{each.expected:f}", "found": f"{each.found:f}"}
            for each in report.differences
        ],
        "fills": [
            {
                "fill": fill.fill,
                "order": fill.order,
                "symbol": fill.symbol,
                "side": str(fill.side),
                "quantity": f"{fill.quantity:f}",
                "price": f"{fill.price:f}",
                "day": fill.day.isoformat(),
                "fee": f"{fill.fee:f}",
            }
            for fill in report.fills
        ],
        "cash": None if report.cash is None else f"{report.cash:f}",
        "notes": list(report.notes),
    }


def _line(line: OrderLine) -> dict[str, Any]:
    proposal = line.proposal
    return {
        "symbol": line.symbol,
        "side": str(line.side),
        "planned": f"{line.planned:f}",
        "filled": f"{line.filled:f}",
        "remaining": f"{line.remaining:f}",
        "price": f"{line.price:f}",
        "paid": None if line.paid is None else f"{line.paid:.2f}",
        "slippage": None if line.slippage is None else f"{line.slippage:.2f}",
        "phase": str(line.phase),
        "why": line.why,
        "would_send": None
        if proposal is None
        else {
            "client_id": proposal.client_id,
            "quantity": f"{proposal.quantity:f}",
            "limit": None if proposal.limit is None else f"{proposal.limit:f}",
            "problem": proposal.problem,
        },
    }
