"""What did the custodian send, and what of it became a book? Schwab's downloads, imported, checked and planned.

python examples/40_holdings_from_files.py        (from a shell: lotwright import schwab FILES --book BOOK --model RIVERA_CORE)
"""

import shutil
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from lotwright import plan, read_book
from lotwright.files.imports.formats import FORMATS
from lotwright.files.imports.merge import NewAccounts
from lotwright.files.imports.policy import Policy
from lotwright.files.imports.run import Request, import_files

here = Path(__file__).parent
with TemporaryDirectory() as folder:
    book = Path(folder)
    for table in ("prices.csv", "targets.csv"):  # what to own, and what it costs
        shutil.copy(here / "books" / "two_accounts" / table, book / table)

    request = Request(book=book, policy=Policy(as_of=date(2020, 3, 23)), given=NewAccounts(model="RIVERA_CORE"))
    report = import_files(FORMATS["schwab"], sorted((here / "imports" / "schwab").glob("*.csv")), request)

    for account in report.accounts:
        print(
            f"{account.account}: {account.status}, {account.lots} lots, ${account.cash} in cash, {account.trades} trades"
        )
    for finding in report.findings:
        print(f"{finding.level}: {finding.fault.message}")
    for file, what, rows in report.left_out:
        print(f"left out: {rows} of {file} ({what})")

    again = import_files(FORMATS["schwab"], sorted((here / "imports" / "schwab").glob("*.csv")), request)
    print(f"Imported again, {'something changed' if again.changes_something else 'nothing changed'}.")

    made = plan(read_book(book))["schwab-4321"]
    print(
        f"The plan of what was imported: {len(made.trades)} trades; every check holds: {all(c.ok for c in made.checks)}"
    )
