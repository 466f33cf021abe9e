"""Many accounts, each for itself: one account's trouble, a defect of ours included, never touches another's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from lotwright.errors import LotwrightError
from lotwright.execution.report import RunReport
from lotwright.execution.sheet import OrderSheet
from lotwright.execution.stops import Reason, Stop


def carry_out_each(
    sheets: Sequence[OrderSheet], run: Callable[[OrderSheet], RunReport], *, workers: int = 1
) -> tuple[RunReport, ...]:
    """A report for every sheet, in their order; ``workers`` accounts at a time.

    Whatever ``run`` raises becomes that account's report: what was called wrongly under the reason its error names, and
    anything unforeseen under ``defect``.
    """
    if workers <= 1:
        return tuple(_fenced(sheet, run) for sheet in sheets)
    with ThreadPoolExecutor(max_workers=workers) as pool:
        return tuple(pool.map(lambda sheet: _fenced(sheet, run), sheets))


def stopped(sheet: OrderSheet, reason: Reason, text: str, *, broker: str = "") -> RunReport:
    """The report of an account that was stopped before it began."""
    return RunReport(
        household=sheet.household,
        account=sheet.account,
        plan=sheet.plan,
        broker=broker,
        stop=Stop(reason=reason, text=text),
    )


def _fenced(sheet: OrderSheet, run: Callable[[OrderSheet], RunReport]) -> RunReport:
    try:
        return run(sheet)
    except LotwrightError as error:
        return stopped(sheet, reason_of(error), str(error))
    except Exception as error:  # noqa: BLE001  the fence between accounts: a defect here must not stop the others
        return stopped(sheet, Reason.DEFECT, f"{type(error).__name__}: {error}")


def reason_of(error: LotwrightError) -> Reason:
    """The reason code of an error that ended a run."""
    named = {
        "KeysError": Reason.KEYS,
        "LineError": Reason.LINE,
        "AnswerError": Reason.ANSWER,
        "LockedError": Reason.LOCKED,
        "StateError": Reason.STATE,
        "StoreError": Reason.STATE,
    }
    return named.get(type(error).__name__, Reason.INPUT)
