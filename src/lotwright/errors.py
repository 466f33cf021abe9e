"""The errors Lotwright raises, one small tree.

::

    LotwrightError
    ├── BookError        a table of a book is missing, malformed or contradicts itself
    ├── ProgramError     a program, portfolio or option names something that does not exist or does not fit
    ├── PlanError        a plan file is not what it claims to be
    ├── FillError        fills are not what was ordered
    ├── StoreError       a store or audit chain cannot be used, or is told two different facts under one key
    ├── StateError       a state folder cannot be used: not writable, damaged, of something else
    │   └── LockedError     another execution is using it
    └── BrokerError      a broker cannot be used as called
        ├── LineError       no answer, or none that means anything, after every safe repetition
        ├── KeysError       the broker does not know the keys, or they belong to another environment
        └── AnswerError     an answer lacks something that is needed, or says something impossible

What a caller got wrong raises one of these. A fact about an account (no price, no cash, no lots) is not raised but
returned as a :class:`lotwright.book.failure.Failure`, so that one bad account never stops the others.
"""

from __future__ import annotations


class LotwrightError(Exception):
    """Root of every error that Lotwright raises on purpose; its message says what, where, found and cure."""


class BookError(LotwrightError):
    """A table of a book is missing, malformed or contradicts itself."""


class ProgramError(LotwrightError):
    """A program, portfolio or option names something that does not exist or does not fit."""


class PlanError(LotwrightError):
    """A plan file is not what it claims to be."""


class FillError(LotwrightError):
    """Fills are not what was ordered: too many shares, another increment, the same fill twice."""


class StoreError(LotwrightError):
    """A store or audit chain cannot be used, or is told two different facts under one key."""


class StateError(LotwrightError):
    """A state folder cannot be used: it is not writable, damaged, or belongs to something else."""


class LockedError(StateError):
    """Another execution is using the state folder."""


class BrokerError(LotwrightError):
    """A broker cannot be used as called."""


class LineError(BrokerError):
    """No answer, or none that means anything, after every repetition that is safe. Nothing may be concluded from it."""


class KeysError(BrokerError):
    """The broker does not know the keys, or they belong to another environment. Repeating would not help."""


class AnswerError(BrokerError):
    """A broker's answer lacks something that is needed, or says something impossible."""
