"""The command ``lotwright``: options in, results on standard output, messages and progress on standard error.

Exit status: 0 done; 1 the work was done but some household has no plan, or a plan does not verify; 2 the input or the
call is wrong; 3 an error of ours. Heavy imports happen inside commands, so that ``--help`` answers at once.
"""

from __future__ import annotations

import os
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from lotwright.cli import audit, batch, broker, carrying, frontier, show, store, tax
from lotwright.cli.compare import compare_command
from lotwright.cli.due import due_command
from lotwright.cli.import_ import import_command
from lotwright.cli.prices import prices_command
from lotwright.cli.running import run_command
from lotwright.cli.state import StateFolder, StoreUrl
from lotwright.cli.targets import targets_command
from lotwright.errors import LotwrightError
from lotwright.version import __version__

DONE, SOME_FAILED, WRONG_INPUT, OUR_ERROR = 0, 1, 2, 3

app = typer.Typer(
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    help="Plan trades lot by lot: the cheapest list that is allowed, with a proof of how good it is. Not tax advice.",
)
app.add_typer(tax.app, name="tax")
app.add_typer(store.app, name="store")
app.add_typer(audit.app, name="audit")
app.add_typer(broker.app, name="broker")
carrying.register(app)
app.command("compare")(compare_command)
app.command("prices")(prices_command)
app.command("targets")(targets_command)
app.command("due")(due_command)
app.command("run")(run_command)
app.command("frontier")(frontier.frontier_command)
app.command("transition")(frontier.transition_command)
app.command("batch")(batch.batch_command)
app.command("show")(show.show_command)
app.command("import")(import_command)

BookFolder = Annotated[Path, typer.Argument(help="Folder of the book's tables.", metavar="BOOK")]
PricesFile = Annotated[
    str | None, typer.Option("--prices", help="CSV or Parquet file that takes the place of the table prices.")
]


class Schema(StrEnum):
    """What has a schema."""

    PLAN = "plan"
    BOOK = "book"
    PROGRAM = "program"
    MAPPING = "mapping"
    TRIGGERS = "triggers"


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"lotwright {__version__}")
        raise typer.Exit


@app.callback()
def root(
    _version_asked: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """Options before the command.

    One thread for numpy's linear algebra, said before any command imports numpy: sums in another order are other plans,
    and a plan must not depend on how many cores a machine has.
    """
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")


@app.command("plan")
def plan_command(
    book: BookFolder,
    household: Annotated[
        list[str] | None, typer.Option("--household", help="Only this household; may be repeated.")
    ] = None,
    program: Annotated[
        str | None,
        typer.Option(
            "--program",
            help="Name or TOML file of a program. If not given: the one the accounts name, else balanced.",
        ),
    ] = None,
    prices: Annotated[
        str | None,
        typer.Option(
            "--prices",
            help="CSV or Parquet file that takes the place of the table prices; or yfinance or alpaca, to ask them now.",
        ),
    ] = None,
    raising: Annotated[
        list[str] | None,
        typer.Option("--raise", help="Cash to withdraw: AMOUNT, or ACCOUNT=AMOUNT; may be repeated.", metavar="CASH"),
    ] = None,
    json_path: Annotated[
        str | None, typer.Option("--json", help="Write the plans as JSON to this file; - for standard output.")
    ] = None,
    csv_path: Annotated[
        str | None, typer.Option("--csv", help="Write the trades as CSV to this file; - for standard output.")
    ] = None,
    html_path: Annotated[
        str | None, typer.Option("--html", help="Write a page for printing or mailing; - for standard output.")
    ] = None,
    gap_bp: Annotated[
        float, typer.Option("--gap-bp", min=0.0, help="Basis points of household value at which to stop searching.")
    ] = 0.1,
    time_limit: Annotated[
        float, typer.Option("--time-limit", min=0.001, help="Seconds a household after which to stop searching.")
    ] = 10.0,
    explain: Annotated[
        bool,
        typer.Option("--explain", help="Also say why expected trades are not made, and what the binding limits cost."),
    ] = False,
    strategy: Annotated[
        str | None,
        typer.Option("--strategy", help="Let this plug-in find the trades; they are verified, and our bound is kept."),
    ] = None,
    state: StateFolder = None,
    store_url: StoreUrl = None,
    approved_only: Annotated[
        bool,
        typer.Option("--approved-only", help="Honour only the locks of plans that were approved, not of proposals."),
    ] = False,
) -> None:
    """Plan the trades of every household of a book, and print what a person wants to read.

    One household is printed in full; of several, a line each. With --state or --store, what earlier plans lock is
    honoured though the book does not show it yet, and these plans are remembered for the next.
    """
    from lotwright.cli.planning import exit_status, say_failures, with_read_time
    from lotwright.cli.progress import progress
    from lotwright.cli.remembering import remembered
    from lotwright.cli.report import print_plans
    from lotwright.cli.writing import Outputs
    from lotwright.files.books import read_book
    from lotwright.files.risk_store import risk_models
    from lotwright.plan.plans import plan
    from lotwright.plan.raising import asked

    outputs = Outputs.of(json=json_path, csv=csv_path, html=html_path)
    started = time.perf_counter()
    with _fetched(book, prices) as file:
        found = read_book(book, households=household or None, prices=file)
    models = risk_models(found)
    seconds = time.perf_counter() - started
    with remembered(found, state, store_url, approved_only=approved_only) as memory:
        with progress(len(found.households)) as advance:
            plans = plan(
                memory.book,
                program=program,
                gap_bp=gap_bp,
                time_limit=time_limit,
                risk=models,
                beside=book,
                progress=lambda _: advance(),
                explain=explain,
                strategy=strategy,
                raising=asked(raising, found.households) if raising else None,
            ).plans
        plans = with_read_time(plans, seconds)
        memory.record(plans)
    outputs.write(plans)
    if not outputs.take_standard_output:
        print_plans(plans)
    say_failures(plans)
    raise typer.Exit(exit_status(plans))


@app.command("verify")
def verify_command(
    plan: Annotated[Path, typer.Argument(help="JSON file that --json wrote.", metavar="PLAN")],
    book: BookFolder,
    program: Annotated[
        str | None,
        typer.Option("--program", help="Name or file of the program, where the plan's own name does not find it."),
    ] = None,
    prices: PricesFile = None,
    state: StateFolder = None,
    store_url: StoreUrl = None,
) -> None:
    """Recompute everything a plan claims, its bound included, without solving; print a line for each finding.

    PLAN may also be what frontier or transition wrote: each of its plans is verified. With --state or --store, also that
    the plan honours what other plans, recorded before it, lock.
    """
    from lotwright.cli.remembering import left_out
    from lotwright.cli.verify import print_findings, read_document, read_plans, verify_plans
    from lotwright.cli.verify_series import is_series, verify_series
    from lotwright.files.books import read_book

    document = read_document(plan)
    if is_series(document):
        found = read_book(book, households=[str(document.get("household", ""))], prices=_prices(prices))
        reports = verify_series(document, found, program=program, beside=book)
        raise typer.Exit(DONE if print_findings(reports) else SOME_FAILED)
    claims = read_plans(plan)
    found = read_book(book, prices=_prices(prices))
    reports = verify_plans(claims, found, program=program, beside=book)
    if state is not None or store_url is not None:
        reports = left_out(plan, reports, found, state, store_url)
    raise typer.Exit(DONE if print_findings(reports) else SOME_FAILED)


@app.command("risk")
def risk_command(
    book: BookFolder,
    json_path: Annotated[
        str | None, typer.Option("--json", help="Write the model as JSON to this file; - for standard output.")
    ] = None,
    prices: PricesFile = None,
    program: Annotated[
        str | None, typer.Option("--program", help="Name or file of a program that names its risk model.")
    ] = None,
) -> None:
    """Show the risk model a plan of this book uses: symbols, exposures F and specific variances D, annual."""
    from lotwright.cli.report import print_risk
    from lotwright.cli.writing import write_json
    from lotwright.files.books import read_book
    from lotwright.files.risk_store import risk_model

    choice = None
    if program is not None:
        from lotwright.plan.program import load_program

        choice = load_program(program, beside=book).risk
    model = risk_model(read_book(book, prices=_prices(prices)), choice)
    if json_path is not None:
        write_json(json_path, model.to_json())
    if json_path != "-":
        print_risk(model)


@app.command("schema")
def schema_command(what: Annotated[Schema, typer.Argument(help="Of what.")]) -> None:
    """Print the JSON Schema of a plan, a book, a program, a mapping of an import or a trigger."""
    from lotwright.cli.writing import write_json

    if what is Schema.PLAN:
        from lotwright.files.plan_schema import plan_schema as schema
    elif what is Schema.BOOK:
        from lotwright.files.book_schema import book_schema as schema
    elif what is Schema.MAPPING:
        from lotwright.files.imports.mapping import mapping_schema as schema
    elif what is Schema.TRIGGERS:
        from lotwright.files.triggers import trigger_schema as schema
    else:
        from lotwright.plan.program import program_schema as schema
    write_json("-", schema())


def _prices(given: str | None) -> Path | None:
    return None if given is None else Path(given)


@contextmanager
def _fetched(book: Path, given: str | None) -> Iterator[Path | None]:
    """The file of prices for one plan: as given, or fetched into a folder that is gone afterwards."""
    if given not in {"yfinance", "alpaca"}:
        yield _prices(given)
        return
    from tempfile import TemporaryDirectory

    from lotwright.cli.prices import prices_file

    with TemporaryDirectory(prefix="lotwright-prices-") as folder:
        yield prices_file(book, given, folder=Path(folder))


def main() -> None:
    """Run the command; errors become a message and an exit status, a traceback only where LOTWRIGHT_DEBUG is set."""
    try:
        app()
    except LotwrightError as error:
        _leave(WRONG_INPUT, str(error))
    except OSError as error:
        what = f"{error.filename or 'A file'}: {error.strerror or error}"
        _leave(WRONG_INPUT, f"{what}. Check the path and its permissions.")
    except Exception as error:  # noqa: BLE001  the last fence: whatever it is, it is ours, and its status is 3
        _leave(
            OUR_ERROR,
            f"Internal error: {type(error).__name__}: {error}. This is a defect of Lotwright, not of your input; "
            "set LOTWRIGHT_DEBUG=1 to see where it happened.",
        )


def _leave(status: int, message: str) -> None:
    if os.environ.get("LOTWRIGHT_DEBUG"):
        traceback.print_exc()
    typer.echo(message, err=True)
    sys.exit(status)
