"""My back office writes its own CSV. Which column is which? A mapping says it, once.

python examples/42_any_csv_by_a_mapping.py        (its JSON Schema: lotwright schema mapping)
"""

import csv
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from lotwright.book.kinds import AccountKind
from lotwright.files.imports.mapped import Mapped
from lotwright.files.imports.mapping import read_mapping
from lotwright.files.imports.merge import NewAccounts
from lotwright.files.imports.policy import Policy
from lotwright.files.imports.run import Request, import_files

source = Path(__file__).parent / "imports" / "generic"
mapping = read_mapping(source / "mapping.toml")
for table in mapping.table:
    print(f"{table.kind:<5} {', '.join(f'{ours} = {theirs}' for ours, theirs in table.columns.items())}")

with TemporaryDirectory() as folder:
    request = Request(
        book=Path(folder),
        policy=Policy(as_of=date(2020, 3, 23), missing_acquired=date(2016, 1, 4)),  # one lot of MSFT has no day
        given=NewAccounts(household="FAM", kind=AccountKind.TAXABLE, model="CORE"),
    )
    report = import_files(Mapped(mapping=mapping), sorted(source.glob("*.csv")), request)
    with (Path(folder) / "lots.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            print(
                f"{row['account']}  {row['symbol']:<4} {row['quantity']:>4} shares of {row['acquired']}, basis ${row['basis']}"
            )
    print("The book still needs prices and targets:" if report.unready else "The book can be planned.")
    for line in report.unready:
        print(line.splitlines()[-1].strip())
