"""What if the files contradict each other? Nothing is guessed: each difference is named, and the book stays as it was.

python examples/41_what_does_not_agree.py
"""

from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from lotwright.files.imports.findings import Level
from lotwright.files.imports.formats import FORMATS
from lotwright.files.imports.merge import NewAccounts
from lotwright.files.imports.policy import MissingBasis, Policy
from lotwright.files.imports.run import Request, import_files

source = Path(__file__).parent / "imports" / "schwab"


def attempt(title: str, files: list[Path], **declared: object) -> None:
    """Import into a new book, and print what stood in the way."""
    with TemporaryDirectory() as folder:
        policy = Policy(as_of=date(2020, 3, 23), **declared)
        report = import_files(
            FORMATS["schwab"], files, Request(book=Path(folder), policy=policy, given=NewAccounts(model="M"))
        )
        print(f"{title}: {', '.join(account.status for account in report.accounts)}")
        for finding in report.of(Level.ERROR):
            print(f"    {finding.fault.message}")


positions = source / "Joint_Tenant-Positions-2020-03-23.csv"
lots = sorted(source.glob("*_Lot_Details.csv"))
with TemporaryDirectory() as folder:
    stale = Path(folder) / "XOM_Lot_Details.csv"
    stale.write_text(
        (source / "XOM_Lot_Details.csv").read_text(encoding="utf-8").replace('"50"', '"45"'), encoding="utf-8"
    )
    attempt("All files of one day", [positions, *lots])
    attempt(
        "Lot details of XOM from last week", [positions, *(stale if path.name == stale.name else path for path in lots)]
    )
    attempt("Positions alone", [positions])
    attempt(
        "Positions alone, a day declared",
        [positions],
        missing_acquired=date(2016, 1, 4),
        missing_basis=MissingBasis.ZERO,
    )
