"""Which kind of account a custodian's words mean, where they leave no doubt."""

from __future__ import annotations

import re

from lotwright.book.kinds import AccountKind

_WORDS: tuple[tuple[str, AccountKind], ...] = (
    (r"\broth\b.*\b(401|403)|\b(401|403).*\broth\b", AccountKind.ROTH),
    (r"\broth\b", AccountKind.ROTH),
    (r"\bsep\b.?\bira\b|\bsep-ira\b", AccountKind.SEP_IRA),
    (r"\bsimple\b.?\bira\b", AccountKind.SIMPLE_IRA),
    (r"\bira\b|\brollover\b|individual retirement", AccountKind.IRA),
    (r"401\s?\(?k\)?", AccountKind.K401),
    (r"403\s?\(?b\)?", AccountKind.B403),
    (r"457\s?\(?b\)?", AccountKind.B457),
    (r"\bhsa\b|health savings", AccountKind.HSA),
    (r"\b529\b", AccountKind.PLAN529),
    (r"\bindividual\b|\bjoint\b|\btod\b|\btrust\b|\bbrokerage\b|\bcommunity property\b", AccountKind.TAXABLE),
)


def kind_of(label: str) -> AccountKind | None:
    """Return the kind that an account's name says, None where it says none.

    >>> kind_of("Joint Tenant"), kind_of("ROTH IRA"), kind_of("Intelligent")
    (<AccountKind.TAXABLE: 'taxable'>, <AccountKind.ROTH: 'roth'>, None)
    """
    words = label.casefold().replace("_", " ")
    return next((kind for pattern, kind in _WORDS if re.search(pattern, words)), None)
