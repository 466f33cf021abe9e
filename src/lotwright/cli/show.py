"""``lotwright show``: a run, or plans of it, read back and printed as ``plan`` prints them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def show_command(
    run: Annotated[Path, typer.Argument(help="Folder that batch wrote.", metavar="RUN")],
    household: Annotated[
        list[str] | None, typer.Option("--household", help="The plan of this household; may be repeated.")
    ] = None,
    json_path: Annotated[
        str | None, typer.Option("--json", help="Write plans or summary as JSON to this file; - for standard output.")
    ] = None,
    csv_path: Annotated[
        str | None, typer.Option("--csv", help="Write the trades as CSV to this file; - for standard output.")
    ] = None,
    html_path: Annotated[
        str | None, typer.Option("--html", help="Write a page for printing or mailing; - for standard output.")
    ] = None,
) -> None:
    """Print what a run came to, or with --household a plan of it, as plan does."""
    from lotwright.cli.planning import exit_status, say_failures
    from lotwright.cli.report import print_plans
    from lotwright.cli.writing import Outputs
    from lotwright.files.run.reading import open_run, read_plans

    outputs = Outputs.of(json=json_path, csv=csv_path, html=html_path)
    folder = open_run(run)
    if not household:
        if csv_path is not None:
            raise typer.BadParameter("--csv needs --household; the trades of all are the Parquet files in RUN/trades.")
        _show_run(run, outputs.json, outputs.html)
        return
    plans = read_plans(folder, list(dict.fromkeys(household)))
    outputs.write(plans)
    if not outputs.take_standard_output:
        print_plans(plans)
    say_failures(plans)
    raise typer.Exit(exit_status(plans))


def _show_run(path: Path, json_path: str | None, html_path: str | None) -> None:
    """The summary of all that is finished, made anew from the tables."""
    from lotwright.cli.run_page import run_page
    from lotwright.cli.run_report import print_summary
    from lotwright.cli.writing import write_json, write_text
    from lotwright.files.run.folder import RunFolder
    from lotwright.files.run.summary import summarise

    folder = RunFolder(path)
    summary = summarise(folder)
    manifest = folder.manifest or {}
    about = {"as_of": manifest["made_from"]["as_of"]}
    if json_path is not None:
        write_json(json_path, {**summary.to_json(), "run": about})
    if html_path is not None:
        write_text(html_path, run_page(summary, about))
    if "-" not in (json_path, html_path):
        print_summary(summary, about, path)
        waiting = manifest["households"] - summary.households
        if waiting > 0:
            typer.echo(f"{waiting:,} households are not in finished tables yet: resume the run.", err=True)
