"""``lotwright compare``: four plans of one household side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def compare_command(
    book: Annotated[Path, typer.Argument(help="Folder of the book's tables.", metavar="BOOK")],
    household: Annotated[
        str | None, typer.Option("--household", help="Which household; needed where the book has several.")
    ] = None,
    program: Annotated[
        str | None, typer.Option("--program", help="Name or file of the full plan's program; it judges all four.")
    ] = None,
    prices: Annotated[
        str | None, typer.Option("--prices", help="CSV or Parquet file that takes the place of the table prices.")
    ] = None,
    json_path: Annotated[
        str | None, typer.Option("--json", help="Write the comparison as JSON to this file; - for standard output.")
    ] = None,
    html_path: Annotated[
        str | None, typer.Option("--html", help="Write it as a page to this file; - for standard output.")
    ] = None,
    gap_bp: Annotated[float, typer.Option("--gap-bp", min=0.0, help="Basis points at which a search stops.")] = 0.1,
    time_limit: Annotated[
        float, typer.Option("--time-limit", min=0.001, help="Seconds after which a search stops; there are three.")
    ] = 10.0,
) -> None:
    """Compare four plans of one household: do nothing, cash flow only, inside the bands, full.

    All four are judged by the same verifier under the full plan's program: tax, costs, tracking error, tickets.
    """
    from lotwright.book.failure import Failure
    from lotwright.cli.comparison import comparison_json, comparison_page, print_comparison
    from lotwright.cli.writing import Outputs, write_json, write_text
    from lotwright.files.books import read_book
    from lotwright.files.risk_store import risk_model
    from lotwright.plan.compare import compare_household
    from lotwright.plan.plans import program_of
    from lotwright.plan.separable.tree import Effort

    outputs = Outputs.of(json=json_path, csv=None, html=html_path)
    found = read_book(book, households=[household] if household else None, prices=Path(prices) if prices else None)
    if len(found.households) != 1:
        names = ", ".join(sorted(found.households)[:5])
        raise typer.BadParameter(f"The book has {len(found.households)} households ({names}, ...). Name one.",
                                 param_hint="--household")  # fmt: skip
    ((name, facts),) = found.households.items()
    own = program_of(facts, program, beside=book)
    if isinstance(facts, Failure) or isinstance(own, Failure):
        failure = facts if isinstance(facts, Failure) else own
        assert isinstance(failure, Failure)
        typer.echo(f"{name} has no plan ({failure.reason}): {failure.message}", err=True)
        raise typer.Exit(2)
    compared = compare_household(
        facts,
        market=found.market,
        risk=risk_model(found, own.risk),
        program=own,
        effort=Effort(gap_bp=gap_bp, seconds=time_limit),
        beside=book,
    )
    if isinstance(compared, Failure):
        typer.echo(f"{name} has no plan ({compared.reason}): {compared.message}", err=True)
        raise typer.Exit(2)
    as_of = found.market.as_of
    if json_path is not None:
        write_json(json_path, comparison_json(compared, as_of))
    if html_path is not None:
        write_text(html_path, comparison_page(compared, as_of))
    if not outputs.take_standard_output:
        print_comparison(compared, as_of)
    failed = [plan for plan in compared.plans if plan.failure is not None]
    for plan in failed:
        assert plan.failure is not None
        typer.echo(f"{plan.name.replace('_', ' ')}: no plan ({plan.failure.reason}): {plan.failure.message}", err=True)
    raise typer.Exit(1 if failed else 0)
