"""Who allowed which plan, when, until when, for which mode: a file in the state folder named by the plan's hash.

A plan is known by the hash of its content. One figure changed, and it is another plan, which nobody approved.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from lotwright.errors import PlanError, StateError

APPROVALS = "approvals"
SCHEMA = "lotwright.approval/1"


class Mode(StrEnum):
    """Whether money is at stake."""

    PAPER = "paper"
    LIVE = "live"


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """One person's leave to carry out one plan, until ``expires``; moments are aware."""

    plan: str
    household: str
    by: str
    at: datetime
    expires: datetime
    mode: Mode = Mode.PAPER


def write_approval(folder: Path, approval: Approval) -> Path:
    """Write the approval, whole or not at all; an earlier one of the same plan is replaced.

    Raises
    ------
    StateError
        The folder cannot be written.
    """
    place = folder / APPROVALS
    path = place / f"{approval.plan}.json"
    draft = path.with_suffix(f".{os.getpid()}.draft")
    try:
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        with draft.open("w", encoding="utf-8") as stream:
            json.dump({"schema": SCHEMA, **asdict(approval)}, stream, indent=2, default=_plain)
            stream.write("\n")
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(path)
    except OSError as error:
        raise StateError(f"{path}: {error.strerror or error}. The state folder must be writable.") from error
    return path


def read_approval(folder: Path, plan: str) -> Approval | None:
    """The approval of a plan; None when there is none.

    Raises
    ------
    StateError
        The file is damaged, or is the approval of another plan.
    """
    path = folder / APPROVALS / f"{plan}.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        approval = Approval(
            plan=found["plan"],
            household=found["household"],
            by=found["by"],
            at=_moment(found["at"]),
            expires=_moment(found["expires"]),
            mode=Mode(found["mode"]),
        )
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StateError(f"{path}: {error.strerror or error}. Check the state folder.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise StateError(f"{path} is no approval ({error}). Approve the plan again.") from error
    if approval.plan != plan:
        raise StateError(f"{path} approves the plan {approval.plan[:12]}. Approve this plan again.")
    return approval


def approved(folder: Path, plan: str, *, household: str, mode: Mode, now: datetime) -> Approval:
    """The approval that lets this plan be carried out now, in this mode.

    Raises
    ------
    PlanError
        Nobody approved this content, or the approval is of another household or mode, or is over.
    StateError
        The approval cannot be read.
    """
    found = read_approval(folder, plan)
    name = f"The plan of {household} ({plan[:12]})"
    if found is None:
        raise PlanError(
            f"{name} is not approved in {folder}: it was never approved there, or was changed since. Look at it, then: "
            f"lotwright approve PLAN --by NAME --state {folder}"
        )
    if found.household != household:
        raise PlanError(f"{name}: the approval is for household {found.household}. Approve this plan.")
    if found.mode is not mode:
        raise PlanError(f"{name} is approved for {found.mode} trading, not for {mode}. Approve it for {mode}.")
    if now < found.at:
        raise PlanError(
            f"{name}: approved at {found.at.isoformat()}, which this machine's clock has not reached. Set the clock right."
        )
    if now > found.expires:
        raise PlanError(
            f"{name}: the approval of {found.by} ended at {found.expires.isoformat()}. Plan and approve again."
        )
    return found


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text} says no time zone")
    return moment


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
