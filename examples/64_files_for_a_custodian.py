"""My custodian takes files. What do I send, and what do I do with what comes back?

python examples/64_files_for_a_custodian.py        (from a shell: lotwright execute PLAN --broker csv --state DIR --execute)
"""

from pathlib import Path
from tempfile import TemporaryDirectory

from lotwright import plan, read_book, risk_model
from lotwright.canonical import plan_hash
from lotwright.cli.sheets import Document, sheets_of
from lotwright.execution.by_file import carry_out_by_file, order_files
from lotwright.execution.custodian_csv import read_fills
from lotwright.execution.journal import Journal
from lotwright.execution.rules import Rules
from lotwright.files.plan_json import plan_to_json

book = read_book(Path(__file__).parent / "books" / "first_steps")
found = plan(book, risk=risk_model(book)).plans[0]
raw = plan_to_json(found)
(sheet,) = sheets_of(Document(plan=found, hash=plan_hash(raw), raw=raw))

for name, text in order_files(sheet, Rules()).items():
    print(name)
    for line in text.splitlines():
        print("  ", ",".join(line.split(",")[:10]))

rows = [f"{t.account},{t.symbol},{t.side},{t.quantity},{t.price},2019-12-31" for t in sheet.trades]
with TemporaryDirectory() as folder, Journal(Path(folder)) as journal:
    for count in (1, len(rows)):
        text = "\n".join(["account,symbol,action,quantity,price,date", *rows[:count]])
        fills = read_fills(text, place="fills.csv", sheet=sheet)
        report = carry_out_by_file(sheet, journal, Rules(), folder=Path(folder), fills=fills, is_sending=True)
        print(f"{count} of {len(rows)} fills read: {report.stop}")
