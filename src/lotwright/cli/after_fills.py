"""After execution: the fills booked on the book the plans were made from, and the book as it is then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path

from lotwright.book.book import Book
from lotwright.book.failure import Failure
from lotwright.book.holdings import Account
from lotwright.book.kinds import Character, Relief, Side
from lotwright.cli.carried_report import print_booked
from lotwright.cli.sheets import Document
from lotwright.errors import BookError
from lotwright.execution.booking import Booked, book_fills
from lotwright.execution.report import RunReport
from lotwright.files.book_after import write_book_after
from lotwright.plan.currency import in_currency
from lotwright.tax.holding import character


def accounts_of(book: Book) -> Mapping[str, Account]:
    """Every account of a book whose rows are sound, by name."""
    return {
        account.account: account
        for household in book.households.values()
        if not isinstance(household, Failure)
        for account in household.accounts
    }


def check_book(book: Book, documents: Sequence[Document]) -> None:
    """Refuse a book that is not the one the plans were made from.

    Raises
    ------
    BookError
        The hash a plan states is another.
    """
    for document in documents:
        made = document.plan.provenance
        if made is not None and made.book_hash and made.book_hash != book.content_hash:
            raise BookError(
                f"The plan of {document.plan.household} was made from another book (hash {made.book_hash[:12]}; this one has "
                f"{book.content_hash[:12]}). Name the book it was made from."
            )


def book_reports(
    book: Book, documents: Sequence[Document], reports: Sequence[RunReport], *, is_quiet: bool = False
) -> Mapping[str, Booked]:
    """Each household with fills as it is after them, printed against its plan unless it is to be quiet."""
    found: dict[str, Booked] = {}
    for document in documents:
        name = document.plan.household
        mine = [report for report in reports if report.household == name and report.fills]
        household = book.households.get(name)
        if not mine or household is None or isinstance(household, Failure):
            continue
        every = [done for report in mine for done in report.fills]
        found[name] = book_fills(
            household,
            sorted(every, key=lambda done: (done.day, done.side is Side.BUY)),
            document.plan.trades,
            relieves=Relief(mine[0].relieves),
            market=book.market,
        )
        if not is_quiet:
            with in_currency(household.regime):
                print_booked(name, found[name])
    return found


def write_after(source: Path, target: Path, book: Book, booked: Mapping[str, Booked]) -> None:
    """Write the book after the fills; same error as :func:`lotwright.files.book_after.write_book_after`."""
    realised: dict[str, dict[Character, Decimal]] = {}
    for each in booked.values():
        taxed = {account.account for account in each.household.accounts if account.kind.is_taxable}
        for disposal in each.disposals:
            if disposal.account not in taxed:
                continue
            gains = realised.setdefault(disposal.account, {})
            kind = character(disposal.holding_start, disposal.date)
            gains[kind] = gains.get(kind, Decimal(0)) + disposal.gain
    write_book_after(
        source,
        target,
        [each.household for each in booked.values()],
        before=accounts_of(book),
        realised=realised,
    )
