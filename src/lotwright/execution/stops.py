"""Why carrying out ended before positions equalled the plan: reason codes to count by, with what they mean."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """How the run of one account ended."""

    DONE = "done"
    DRY_RUN = "dry_run"
    LOCKED = "locked"
    STATE = "state"
    KILL_FILE = "kill_file"
    SIGNAL = "signal"
    LINE = "line"
    KEYS = "keys"
    ANSWER = "answer"
    BLOCKED = "blocked"
    MARKET_CLOSED = "market_closed"
    CLOSING = "closing"
    CALENDAR = "calendar"
    CLOCK = "clock"
    EXPIRED = "expired"
    ACCOUNT = "account"
    POSITIONS = "positions"
    FOREIGN_ORDERS = "foreign_orders"
    CAP = "cap"
    NOT_SENT = "not_sent"
    REFUSED = "refused"
    UNFILLED = "unfilled"
    UNKNOWN_OUTCOME = "unknown_outcome"
    STILL_OPEN = "still_open"
    SELLS_SHORT = "sells_short"
    CASH = "cash"
    RECONCILIATION = "reconciliation"
    AWAITING_FILLS = "awaiting_fills"
    FILLS_SHORT = "fills_short"
    INPUT = "input"
    DEFECT = "defect"


MEANING: dict[Reason, str] = {
    Reason.DONE: "Positions at the broker equal the plan.",
    Reason.DRY_RUN: "A dry run: nothing was sent. Add --execute to send it.",
    Reason.LOCKED: "Another execution is using this state folder.",
    Reason.STATE: "The state folder could not be written, so nothing more was sent.",
    Reason.KILL_FILE: "A file KILL stands in the state folder. Remove it to go on.",
    Reason.SIGNAL: "The process was asked to end.",
    Reason.LINE: "The broker does not answer. Run the same command again when it does.",
    Reason.KEYS: "The broker does not accept the keys.",
    Reason.ANSWER: "The broker's answers make no sense.",
    Reason.BLOCKED: "The broker does not let this account trade.",
    Reason.MARKET_CLOSED: "The market is closed.",
    Reason.CLOSING: "The market closes too soon to start.",
    Reason.CALENDAR: "The broker's clock and its calendar disagree about today's session.",
    Reason.CLOCK: "Clocks disagree: one of them is wrong.",
    Reason.EXPIRED: "The plan's prices are too old.",
    Reason.ACCOUNT: "The broker's account is not one this may be carried out in.",
    Reason.POSITIONS: "Positions at the broker are not those the plan was made from. Plan again.",
    Reason.FOREIGN_ORDERS: "Orders that are not this plan's are open at the broker. Cancel them or wait, then run again.",
    Reason.CAP: "The plan breaks a cap of the rules.",
    Reason.NOT_SENT: "Some orders were not sent.",
    Reason.REFUSED: "The broker refused some orders.",
    Reason.UNFILLED: "Some orders did not fill in time. Run the same command again to send their rest.",
    Reason.UNKNOWN_OUTCOME: "The fate of some orders is unknown. Run the same command again: it looks them up first.",
    Reason.STILL_OPEN: "Some orders are still open at the broker.",
    Reason.SELLS_SHORT: "Sales are short, so nothing was bought.",
    Reason.CASH: "There is too little cash for what is left to buy.",
    Reason.RECONCILIATION: "Every order is filled, yet positions at the broker differ from the plan.",
    Reason.AWAITING_FILLS: "Order files are written. Send them, sales first, and read the fills back with --fills FILE.",
    Reason.FILLS_SHORT: "The fills read so far do not make the plan. Read the others with --fills FILE as they come.",
    Reason.INPUT: "What was given does not fit.",
    Reason.DEFECT: "An error of Lotwright's own stopped this account.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """Why, and what exactly was found."""

    reason: Reason
    text: str = ""

    def __str__(self) -> str:
        meaning = MEANING[self.reason]
        return f"{meaning} {self.text}" if self.text else meaning


class StopRun(Exception):  # noqa: N818  not an error: the way out of the executor's loop
    """Carries a :class:`Stop` out of the steps of a run to the loop that winds it down."""

    def __init__(self, reason: Reason, text: str = "") -> None:
        super().__init__(text)
        self.stop = Stop(reason=reason, text=text)
