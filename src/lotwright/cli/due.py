"""``lotwright due``: for each household whether to act, why, and what next."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

import typer

from lotwright.cli.state import StateFolder, StoreUrl, open_store
from lotwright.cli.words import counted

if TYPE_CHECKING:
    from lotwright.cli.judging_due import Judging
    from lotwright.files.triggers import DeclaredTrigger
    from lotwright.trigger.acted import Acted
    from lotwright.trigger.trigger import Due

SCHEMA = "lotwright.due/1"
DEFAULT = "sensible"


def due_command(
    book: Annotated[Path, typer.Argument(help="Folder of the book's tables.", metavar="BOOK")],
    triggers: Annotated[
        str,
        typer.Option("--triggers", help="Name or TOML file of a trigger; lotwright schema triggers shows the form."),
    ] = DEFAULT,
    as_of: Annotated[
        datetime | None, typer.Option("--as-of", formats=["%Y-%m-%d"], help="Day judged; else that of the prices.")
    ] = None,
    household: Annotated[
        list[str] | None, typer.Option("--household", help="Only this household; may be repeated.")
    ] = None,
    series: Annotated[
        list[str] | None, typer.Option("--series", help="Where an indicator comes from: VIX=vix.csv; may be repeated.")
    ] = None,
    prices: Annotated[
        Path | None, typer.Option("--prices", help="CSV or Parquet file that takes the place of the table prices.")
    ] = None,
    json_path: Annotated[
        str | None, typer.Option("--json", help="Write the answers as JSON to this file; - for standard output.")
    ] = None,
    only_due: Annotated[bool, typer.Option("--only-due", help="Show only the households that are due.")] = False,
    state: StateFolder = None,
    store_url: StoreUrl = None,
) -> None:
    """Say for each household whether it is to be planned, why, and what next.

    With --state or --store, what was planned before counts: rests after trades, and one run a day at most. Exit status 0:
    every household was judged, due or not; 1: some could not be; 2: the input or the call is wrong.
    """
    from lotwright.cli.judging_due import Asked, judging, sources_from
    from lotwright.files.books import read_book
    from lotwright.files.risk_store import risk_model
    from lotwright.files.triggers import load_trigger

    declared = load_trigger(triggers, beside=book)
    found = read_book(book, households=household or None, prices=prices)
    asked = Asked(
        book=found,
        declared=declared,
        risk=cache(lambda: risk_model(found)),
        as_of=None if as_of is None else as_of.date(),
        acted=remembered_acts(state, store_url),
        series=sources_from(series),
        beside=book,
    )
    shared = judging(asked)
    tally: Counter[str] = Counter()
    answers = _shown(shared.answers(), tally, only_due=only_due)
    if json_path is not None:
        with _opened(json_path) as file:
            write_answers(file, shared, declared, answers)
    else:
        print_answers(shared, declared, answers)
    unjudged = tally["unknown"] + tally["failed"]
    typer.echo(_summary(tally), err=True)
    raise typer.Exit(1 if unjudged else 0)


def remembered_acts(state: Path | None, url: str | None, *, except_run: str | None = None) -> dict[str, Acted]:
    """When each household was last acted upon, by the store; nothing without one."""
    from lotwright.store.connection import STORE_FILE

    if url is None and (state is None or not (state / STORE_FILE).exists()):
        return {}
    from lotwright.store.acted import last_acted

    with open_store(state, url) as store:
        return last_acted(store.database, except_run=except_run)


def write_answers(file: IO[str], shared: Judging, declared: DeclaredTrigger, answers: Iterable[Due]) -> None:
    """``lotwright.due/1``, an answer a line as they come, so that memory does not grow with their number."""
    head = {
        "schema": SCHEMA,
        "as_of": shared.as_of.isoformat(),
        "trigger": declared.trigger.name,
        "says": declared.trigger.says,
    }
    file.write("{\n" + "".join(f"  {json.dumps(key)}: {json.dumps(value)},\n" for key, value in head.items()))
    file.write('  "households": [')
    for number, answer in enumerate(answers):
        text = json.dumps(answer.to_json(), ensure_ascii=False, allow_nan=False, default=str)
        file.write(("," if number else "") + "\n    " + text)
    file.write("\n  ]\n}\n")


def print_answers(shared: Judging, declared: DeclaredTrigger, answers: Iterable[Due]) -> None:
    """A paragraph a household: the answer, why, what next."""
    says = f" {declared.trigger.says}" if declared.trigger.says else ""
    typer.echo(f"{shared.as_of.isoformat()}, trigger {declared.trigger.name}.{says}")
    for answer in answers:
        typer.echo(f"{answer.household}  {str(answer.answer).replace('_', ' ')}")
        typer.echo(f"  {answer.why}\n  {answer.to_do}")


def _shown(answers: Iterable[Due], tally: Counter[str], *, only_due: bool) -> Iterator[Due]:
    for answer in answers:
        tally[str(answer.answer)] += 1
        if answer.is_due or not only_due:
            yield answer


def _summary(tally: Counter[str]) -> str:
    total = sum(tally.values())
    parts = ", ".join(f"{number:,} {word.replace('_', ' ')}" for word, number in tally.most_common())
    return f"{counted(total, 'household')}: {parts or 'none'}."


@contextmanager
def _opened(path: str) -> Iterator[IO[str]]:
    if path == "-":
        yield sys.stdout
        return
    with Path(path).open("w", encoding="utf-8") as file:
        yield file
