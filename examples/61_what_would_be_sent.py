"""What would be sent if I approved this plan? A dry run asks everything and sends nothing.

python examples/61_what_would_be_sent.py        (from a shell: lotwright execute PLAN --broker simulated --state DIR)
"""

from pathlib import Path
from tempfile import TemporaryDirectory

from lotwright import plan, read_book, risk_model
from lotwright.canonical import plan_hash
from lotwright.cli.sheets import Document, sheets_of
from lotwright.cli.simulating import simulated_broker
from lotwright.execution.carry_out import carry_out
from lotwright.execution.desk import Surroundings
from lotwright.execution.journal import Journal
from lotwright.execution.rules import Rules
from lotwright.execution.waiting import RealWaiting
from lotwright.files.plan_json import plan_to_json

book = read_book(Path(__file__).parent / "books" / "first_steps")
found = plan(book, risk=risk_model(book)).plans[0]
raw = plan_to_json(found)
(sheet,) = sheets_of(Document(plan=found, hash=plan_hash(raw), raw=raw))
print(f"{sheet.account}: {len(sheet.sells)} sale, {len(sheet.buys)} purchases, plan {sheet.plan[:12]}")

with TemporaryDirectory() as folder, Journal(Path(folder)) as journal:
    broker = simulated_broker(sheet, Path(folder), None, keeps=False)
    around = Surroundings(journal=journal, rules=Rules(), waiting=RealWaiting(), is_sending=False)
    report = carry_out(sheet, broker, around)

for line in report.lines:
    sent = line.proposal
    print(
        f"{line.side:4} {sent.quantity:>3} {line.symbol:5} limit ${sent.limit}  (planned at ${line.price})  {sent.client_id}"
    )
print(report.stop)
