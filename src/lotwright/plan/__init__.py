"""What to do: from a snapshot through a program to a verified whole-share trade list. Call it: ``plan(book)``.

Problem: ``from lotwright import plan; plan(book)`` is what a person wants to write, and ``lotwright.plan`` is also this
room, whose name every ``import lotwright.plan.program`` binds again in the package.
Therefore: the room itself is callable (a module may have a class of its own), and passes the call on to
:func:`lotwright.plan.plans.plan`. Whichever way it is reached, ``lotwright.plan`` is one thing. Nothing heavy is
imported before the call.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lotwright.plan.plans import Plans as Plans
    from lotwright.plan.plans import plan as plan


class _Room(ModuleType):
    """This module, callable."""

    def __call__(self, *args: Any, **options: Any) -> Plans:
        from lotwright.plan.plans import plan as work  # noqa: PLC0415  only a call needs it

        return work(*args, **options)

    @property
    def plan(self) -> _Room:
        """The room again, for the package's table of public names: ``lotwright.plan`` must never be anything else."""
        return self


sys.modules[__name__].__class__ = _Room
