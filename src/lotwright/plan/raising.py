"""Cash that is asked for: a withdrawal that the book does not know of, added to the facts of a household."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation

from lotwright.book.failure import Failure
from lotwright.book.holdings import Cashflow, Household
from lotwright.errors import BookError

CENT = Decimal("0.01")


def asked(said: Sequence[str], households: Mapping[str, Household | Failure]) -> dict[str, Decimal]:
    """Dollars to raise by account, from ``AMOUNT`` (of the one taxable account there is) or ``ACCOUNT=AMOUNT``.

    Raises
    ------
    BookError
        The amount is no positive number of dollars and cents, the account is unknown, or it is not clear which is meant.
    """
    found: dict[str, Decimal] = {}
    for entry in said:
        name, _, amount = entry.rpartition("=")
        account = name.strip() or _only_account(households)
        if account in found:
            raise BookError(f"Cash is asked of {account} twice. Say it once.")
        found[account] = _dollars(amount.strip(), entry)
    check_asked(found, households)
    return found


def check_asked(raising: Mapping[str, Decimal], households: Mapping[str, Household | Failure]) -> None:
    """Raise :class:`BookError` where cash is asked of an account no household has, or where it is no amount."""
    known = [a.account for facts in households.values() if isinstance(facts, Household) for a in facts.accounts]
    for account, amount in raising.items():
        if account not in known:
            raise BookError(f"Cash is asked of account {account}, which is not there. There are: {', '.join(known)}.")
        if not (amount.is_finite() and amount > 0 and amount == amount.quantize(CENT)):
            raise BookError(f"{amount} is asked of account {account}. Ask for a positive amount of dollars and cents.")


def with_raised(facts: Household | Failure, raising: Mapping[str, Decimal]) -> Household | Failure:
    """The household with a withdrawal of what is asked of each of its accounts."""
    if isinstance(facts, Failure) or not any(account.account in raising for account in facts.accounts):
        return facts
    accounts = tuple(
        replace(
            account,
            cashflows=(*account.cashflows, Cashflow(account=account.account, amount=-raising[account.account])),
        )
        if account.account in raising
        else account
        for account in facts.accounts
    )
    return replace(facts, accounts=accounts)


def of_household(facts: Household | Failure, raising: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """What is asked of this household's accounts."""
    if isinstance(facts, Failure):
        return {}
    return {a.account: raising[a.account] for a in facts.accounts if a.account in raising}


def _only_account(households: Mapping[str, Household | Failure]) -> str:
    accounts = [a for facts in households.values() if isinstance(facts, Household) for a in facts.accounts]
    taxable = [a.account for a in accounts if a.kind.is_taxable] if len(accounts) > 1 else [a.account for a in accounts]
    if len(taxable) == 1:
        return taxable[0]
    names = ", ".join(a.account for a in accounts) or "none"
    raise BookError(f"It is not clear which account is to raise cash. Say ACCOUNT=AMOUNT; there are: {names}.")


def _dollars(text: str, entry: str) -> Decimal:
    try:
        return Decimal(text.lstrip("$").replace(",", ""))
    except InvalidOperation:
        raise BookError(f"{entry!r} asks for no amount of dollars. Say 10000, or ACCOUNT=10000.") from None
