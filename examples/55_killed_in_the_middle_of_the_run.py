"""What if the machine dies in the middle of the morning's run? The next start finishes it; nothing is sent twice.

python examples/55_killed_in_the_middle_of_the_run.py
"""

import os
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from lotwright.cli.unattended.run import run_once
from lotwright.store import Store

DAY = date(2019, 12, 31)
BOOK = Path(__file__).parent / "books" / "first_steps"
SETTINGS = f"""
book = {str(BOOK)!r}
state = "state"
triggers = "sensible"
act = "automatic"
[execute]
broker = "simulated"
approved_by = "Ann"
most_turnover = 1.0
[log]
level = "error"
"""


def die(boundary: str) -> None:
    """The power goes out when the orders are filled, and nothing has been written about it."""
    if boundary == "did:execute":
        os.kill(os.getpid(), signal.SIGKILL)


if len(sys.argv) > 1:  # the process that will be killed
    run_once(Path(sys.argv[1]), as_of=DAY, boundary=die)

for name in ("LOTWRIGHT_STATE", "LOTWRIGHT_STORE", "LOTWRIGHT_NOTIFY_URLS"):
    os.environ.pop(name, None)
with TemporaryDirectory() as folder:
    config = Path(folder) / "run.toml"
    config.write_text(SETTINGS)
    killed = subprocess.run([sys.executable, __file__, str(config)], check=False)  # noqa: S603  ourselves
    print(f"The first start ended by signal {-killed.returncode}.")
    done = run_once(config, as_of=DAY)
    print(f"The second start: {done.status}. {done.says}")
    with Store.open(Path(folder) / "state") as store:
        (plan,) = store.plans()
        fills = store.fills(plan.plan)
    print(f"The plan has {plan.trades} trades; the broker filled {len({fill.order_id for fill in fills})} orders.")
    print(f"The third start: {run_once(config, as_of=DAY).status}.")
