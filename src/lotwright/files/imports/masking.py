"""Account numbers never leave an import whole: their last four digits are enough to tell accounts apart.

A run of five or more digits, with letters glued before it, is taken for an account number wherever free text is shown;
days written as eight digits are not. Cells of numbers are shown as they are.
"""

from __future__ import annotations

import re
from datetime import datetime

SHOWN_DIGITS = 4
_NUMBER = re.compile(r"(?<![\w.,$;:])[A-Za-z]{0,3}-?(?:\d-?){5,}(?!\w|[.,]\d)")
_AMOUNT = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?|-?\d+\.\d+")
_IN_NAME = re.compile(r"[A-Za-z]?\d{5,}")


def tail_of(number: str) -> str:
    """Return the last four digits of an account number, fewer where it has fewer; letters and marks are dropped.

    >>> tail_of("X12345678"), tail_of("XXXX-4321"), tail_of("...724")
    ('5678', '4321', '724')
    """
    return re.sub(r"\D", "", number)[-SHOWN_DIGITS:]


def masked(text: str) -> str:
    """Return a text with every account number reduced to its end.

    >>> masked("account X12345678 on 20260503 and 2026-05-04")
    'account ...5678 on 20260503 and 2026-05-04'
    """
    return _NUMBER.sub(
        lambda match: match[0] if _is_day(match[0]) or _AMOUNT.fullmatch(match[0]) else _mask(match[0]), text
    )


def printable(text: str) -> str:
    """Return a text without the control codes that would steer a terminal.

    >>> printable("Sell" + chr(27) + "[31m")
    'Sell?[31m'
    """
    return "".join(mark if mark.isprintable() else "?" for mark in text)


def masked_name(name: str) -> str:
    """Return a file's name with every account number in it reduced to its end.

    >>> masked_name("History_for_Account_Z12345678.csv")
    'History_for_Account_...5678.csv'
    """
    return _IN_NAME.sub(lambda match: match[0] if _is_day(match[0]) else _mask(match[0]), printable(name))


def _mask(number: str) -> str:
    return f"...{tail_of(number)}"


def _is_day(digits: str) -> bool:
    for form in ("%Y-%m-%d", "%Y%m%d", "%m%d%Y"):
        try:
            year = datetime.strptime(digits, form).year  # noqa: DTZ007  only asked whether it is a day
        except ValueError:
            continue
        if 1990 <= year <= 2100:
            return True
    return False
