"""How does it run by itself? One start a morning: due, plan, write, wait for a person; the next start carries out.

python examples/54_every_morning.py        (from a shell: lotwright run CONFIG.toml; see examples/unattended)
"""

import os
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from lotwright.cli.approving import approve
from lotwright.cli.sheets import read_documents
from lotwright.cli.unattended.run import run_once
from lotwright.execution.approval import Mode

BOOK = Path(__file__).parent / "books" / "first_steps"
SETTINGS = f"""
book = {str(BOOK)!r}
state = "state"
out = "results"
triggers = "sensible"
act = "when_approved"
[execute]
broker = "simulated"
[log]
level = "error"
"""
for name in ("LOTWRIGHT_STATE", "LOTWRIGHT_STORE", "LOTWRIGHT_NOTIFY_URLS"):
    os.environ.pop(name, None)

with TemporaryDirectory() as folder:
    config = Path(folder) / "run.toml"
    config.write_text(SETTINGS)
    day = date(2019, 12, 31)

    morning = run_once(config, as_of=day)
    print(f"09:45  {morning.status}: {morning.says}")
    print(f"       {', '.join(Path(file).name for file in morning.report['files'])} are for a person to look at")

    again = run_once(config, as_of=day)
    print(f"09:50  {again.status}: it plans nothing again")

    plans = Path(morning.report["places"][0])  # lotwright approve PLANS --by NAME --state STATE
    approve(read_documents(plans), by="Ann", state=Path(folder) / "state", mode=Mode.PAPER, hours=8)

    done = run_once(config, as_of=day)
    print(f"10:15  {done.status}: {done.says}")
    print(f"10:20  {run_once(config, as_of=day).says}")
