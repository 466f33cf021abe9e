"""``lotwright run``: the unattended run, one start."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer


def run_command(
    config: Annotated[Path, typer.Argument(help="TOML file of settings.", metavar="CONFIG")],
    as_of: Annotated[
        datetime | None, typer.Option("--as-of", formats=["%Y-%m-%d"], help="The day; else today in its time zone.")
    ] = None,
    json_path: Annotated[
        str | None, typer.Option("--json", help="Write what came of it as JSON to this file; - for standard output.")
    ] = None,
) -> None:
    """Do what is missing of the day's run: fetch, due, plan, write, wait for approval or execute, report, notify.

    Started again the same day it does nothing and says so; after a crash it finishes; while another start is at work it
    leaves at once. The log goes to standard error, a JSON object a line. Exit status 0: all is well, something may wait for
    approval; 1: a household has no plan, or orders stopped safely; 2: settings or input are wrong; 3: internal error.
    """
    from lotwright.cli.unattended.run import run_once
    from lotwright.cli.writing import write_json

    outcome = run_once(config, as_of=None if as_of is None else as_of.date())
    if json_path is not None:
        write_json(json_path, outcome.to_json())
    if json_path != "-":
        typer.echo(f"{outcome.report['run']}: {outcome.says}")
        for file in outcome.report.get("files", []):
            typer.echo(f"  {file}")
    raise typer.Exit(outcome.exit)
