"""The seam: anything that says which weights to hold, given a study; ours by kind, others by entry point.

A package offers one under the entry points ``lotwright.targets``::

    [project.entry-points."lotwright.targets"]
    mine = "my_package.module:Mine"      # a frozen dataclass; its fields are the keys of [source]
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Any, ClassVar, Protocol

from lotwright.errors import ProgramError
from lotwright.targets.study import Study

GROUP = "lotwright.targets"


class TargetSource(Protocol):
    """Something that turns a study into weights; a frozen dataclass whose fields are its declared parameters."""

    keeps_groups: ClassVar[bool]
    """True if bounds on sectors are kept; a declaration that has some is refused otherwise."""

    def weights(self, study: Study) -> Mapping[str, float]:
        """Weights by symbol, those missing being zero; they sum to one and keep the study's bounds.

        Raises
        ------
        ProgramError
            There are no such weights, for a reason that a person can act on.
        """


def find_source(kind: str) -> Any:
    """The class of a source by its kind: one of ours, or a plug-in.

    Raises
    ------
    ProgramError
        There is none, two packages offer it, or it cannot be loaded; the message lists what there is.
    """
    from lotwright.targets.kinds import KINDS  # noqa: PLC0415  the kinds import this module

    if kind in KINDS:
        return KINDS[kind]
    installed = list(entry_points(group=GROUP))
    found = {entry.value: entry for entry in installed if entry.name == kind}
    if len(found) != 1:
        known = ", ".join(sorted({*KINDS, *(entry.name for entry in installed)}))
        what = "more than one package offers" if found else "there is no"
        raise ProgramError(f"{kind}: {what} source of targets of that kind. There are: {known}.")
    entry = next(iter(found.values()))
    try:
        loaded = entry.load()
    except Exception as error:  # whatever a stranger's module raises, the call is what is wrong
        raise ProgramError(
            f"The source of targets {kind} ({entry.value}) cannot be loaded: {type(error).__name__}: {error}. Install what it"
            " needs or choose another."
        ) from error
    if not callable(getattr(loaded, "weights", None)):
        raise ProgramError(
            f"The source of targets {kind} ({entry.value}) has no method weights. It must be a TargetSource."
        )
    return loaded
