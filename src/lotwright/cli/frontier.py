"""``lotwright frontier`` and ``lotwright transition``: what coming closer to the model costs, at once and over years."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from lotwright.book.book import Book
    from lotwright.book.failure import Failure
    from lotwright.book.holdings import Household

BookFolder = Annotated[Path, typer.Argument(help="Folder of the book's tables.", metavar="BOOK")]
Which = Annotated[str | None, typer.Option("--household", help="Which household; needed where the book has several.")]
Prices = Annotated[
    str | None, typer.Option("--prices", help="CSV or Parquet file that takes the place of the table prices.")
]
JsonPath = Annotated[str | None, typer.Option("--json", help="Write it as JSON to this file; - for standard output.")]
GapBp = Annotated[float, typer.Option("--gap-bp", min=0.0, help="Basis points at which each search stops.")]
TimeLimit = Annotated[float, typer.Option("--time-limit", min=0.001, help="Seconds after which each search stops.")]


def frontier_command(
    book: BookFolder,
    household: Which = None,
    program: Annotated[
        str, typer.Option("--program", help="Name or file of the program whose price of risk is swept.")
    ] = "balanced",
    points: Annotated[int, typer.Option("--points", min=3, max=100, help="Plans, the two ends counted.")] = 12,
    prices: Prices = None,
    json_path: JsonPath = None,
    svg_path: Annotated[
        str | None, typer.Option("--svg", help="Draw it as a picture in this file; - for standard output.")
    ] = None,
    gap_bp: GapBp = 0.1,
    time_limit: TimeLimit = 10.0,
) -> None:
    """Show how much tax each step towards the model portfolio costs, from doing nothing to selling everything.

    Each point is a plan of its own, with its bound and its checks.
    """
    from lotwright.book.failure import Failure
    from lotwright.cli.frontier_picture import picture
    from lotwright.cli.frontier_report import frontier_json, print_frontier
    from lotwright.cli.progress import progress
    from lotwright.cli.writing import write_json, write_text
    from lotwright.files.risk_store import risk_model
    from lotwright.plan.frontier import frontier
    from lotwright.plan.program import load_program
    from lotwright.plan.separable.tree import Effort

    if [json_path, svg_path].count("-") > 1:
        raise typer.BadParameter("Only one of --json and --svg can go to standard output.")
    found, facts = _one(book, household, prices)
    own = load_program(program, beside=book)
    with progress(points) as advance:
        drawn = frontier(
            facts,
            market=found.market,
            risk=risk_model(found, own.risk),
            program=own,
            points=points,
            effort=Effort(gap_bp=gap_bp, seconds=time_limit),
            progress=lambda made: advance() if made <= points else None,
        )
    if isinstance(drawn, Failure):
        _no_plan(facts.household, drawn)
    if json_path is not None:
        write_json(json_path, frontier_json(drawn, found))
    if svg_path is not None:
        write_text(svg_path, picture(drawn, found.market.as_of))
    if "-" not in (json_path, svg_path):
        print_frontier(drawn, found.market.as_of)


def transition_command(
    book: BookFolder,
    household: Which = None,
    years: Annotated[int, typer.Option("--years", min=1, max=30, help="Tax years to plan.")] = 3,
    budget: Annotated[
        float | None, typer.Option("--budget", min=0.0, help="Dollars of net gain a year, instead of the program's.")
    ] = None,
    program: Annotated[
        str, typer.Option("--program", help="Name or file of the program of every year.")
    ] = "transition",
    prices: Prices = None,
    json_path: JsonPath = None,
    gap_bp: GapBp = 0.1,
    time_limit: TimeLimit = 10.0,
) -> None:
    """Plan several tax years under a yearly budget of gains, prices held, and compare with doing it all at once."""
    from lotwright.book.failure import Failure
    from lotwright.cli.frontier_report import print_transition, transition_json
    from lotwright.cli.progress import progress
    from lotwright.cli.writing import write_json
    from lotwright.files.risk_store import risk_model
    from lotwright.plan.program import load_program
    from lotwright.plan.separable.tree import Effort
    from lotwright.plan.transition import transition

    found, facts = _one(book, household, prices)
    own = load_program(program, beside=book)
    with progress(years + 1) as advance:
        staged = transition(
            facts,
            market=found.market,
            risk=risk_model(found, own.risk),
            program=own,
            years=years,
            budget=budget,
            effort=Effort(gap_bp=gap_bp, seconds=time_limit),
            progress=lambda _: advance(),
        )
    if isinstance(staged, Failure):
        _no_plan(facts.household, staged)
    if json_path is not None:
        write_json(json_path, transition_json(staged, found))
    if json_path != "-":
        print_transition(staged)


def _one(folder: Path, household: str | None, prices: str | None) -> tuple[Book, Household]:
    """The book and the one household that is meant."""
    from lotwright.book.failure import Failure
    from lotwright.files.books import read_book

    book = read_book(folder, households=[household] if household else None, prices=Path(prices) if prices else None)
    if len(book.households) != 1:
        names = ", ".join(sorted(book.households)[:5])
        raise typer.BadParameter(
            f"The book has {len(book.households)} households ({names}, ...). Name one.", param_hint="--household"
        )
    ((name, facts),) = book.households.items()
    if isinstance(facts, Failure):
        _no_plan(name, facts)
    return book, facts


def _no_plan(name: str, failure: Failure) -> NoReturn:
    """Say why there is nothing to show, and leave."""
    from lotwright.cli.planning import INPUT

    typer.echo(f"{name} has no plan ({failure.reason}): {failure.message}", err=True)
    raise typer.Exit(2 if failure.reason in INPUT else 1)
