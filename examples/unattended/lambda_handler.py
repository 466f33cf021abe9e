"""A function for a scheduler in the cloud (AWS Lambda and the like): one start of the run, its outcome as the answer.

Mount a file system that lasts for the state (EFS at /mnt/state, say), give the function more time than a run takes, set its
concurrency to one, and let the platform's secret store fill LOTWRIGHT_NOTIFY_URLS. A retry after a crash finishes the run.
"""

import os
from datetime import date
from pathlib import Path

CONFIG = "/var/task/run.toml"


def handler(event: dict, context: object) -> dict:  # noqa: ARG001  the platform passes both
    """Do what is missing of today's run; ``event`` may name another ``day`` or ``config``."""
    from lotwright.cli.unattended.run import run_once  # noqa: PLC0415  a cold start that fails early says why

    config = Path(event.get("config") or os.environ.get("LOTWRIGHT_CONFIG", CONFIG))
    day = event.get("day")
    outcome = run_once(config, as_of=None if day is None else date.fromisoformat(day))
    if outcome.exit:
        raise RuntimeError(outcome.says)  # the platform counts it as failed, and tells
    return outcome.to_json()
