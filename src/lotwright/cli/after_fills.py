"""After execution: the fills booked on the book the plans were made from, and the book as it is then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from lotwright.book.book import Book
from lotwright.book.failure import Failure
from lotwright.book.holdings import Account
from lotwright.book.kinds import Character, Relief, Side
from lotwright.cli.carried_report import print_booked
from lotwright.cli.sheets import Document
from lotwright.errors import BookError
from lotwright.execution.booking import Booked, Realised, book_fills
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


def book_reports(book: Book, documents: Sequence[Document], reports: Sequence[RunReport]) -> Mapping[str, Booked]:
    """Each household with fills as it is after them, held against its plan."""
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
    return found


def print_after(booked: Mapping[str, Booked]) -> None:
    """Print what fills made of each household, in its own currency."""
    for name, each in booked.items():
        with in_currency(each.household.regime):
            print_booked(name, each)


def booked_json(booked: Booked) -> dict[str, Any]:
    """What fills made of a household, as JSON-ready objects: gains and tax, and the lots that are not the plan's."""
    with in_currency(booked.household.regime):
        return {
            "planned": _realised(booked.planned),
            "realised": _realised(booked.realised),
            "other_lots": [
                {
                    "account": each.account,
                    "symbol": each.symbol,
                    "planned": {lot: f"{quantity:f}" for lot, quantity in each.planned},
                    "relieved": {lot: f"{quantity:f}" for lot, quantity in each.relieved},
                    "planned_gain": f"{each.planned_gain:.2f}",
                    "gain": f"{each.gain:.2f}",
                    "text": str(each),
                }
                for each in booked.relief
            ],
        }


def _realised(each: Realised) -> dict[str, str]:
    return {"short": f"{each.short:.2f}", "long": f"{each.long:.2f}", "tax": f"{each.tax:.2f}"}


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
