"""``lotwright audit show|verify|checkpoint|key``: the chain of what happened, and whether it was touched."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from lotwright.cli.state import StateFolder, StoreUrl, now, open_store
from lotwright.cli.writing import write_json
from lotwright.errors import StoreError

app = typer.Typer(no_args_is_help=True, help="The chain of what happened, and whether it was touched.")

JsonPath = Annotated[str | None, typer.Option("--json", help="Write JSON to this file; - for standard output.")]


@app.command("show")
def show_command(
    state: StateFolder = None,
    kind: Annotated[
        list[str] | None, typer.Option("--kind", help="Only records of this kind; may be repeated.")
    ] = None,
    last: Annotated[int | None, typer.Option("--last", min=1, help="Only the last so many.")] = None,
    json_path: JsonPath = None,
) -> None:
    """Print the records, one a line; nothing is verified."""
    from dataclasses import asdict

    from lotwright.store.audit_verify import records

    found = [record for record in records(_folder(state)) if not kind or record.kind in kind]
    found = found[-last:] if last else found
    if json_path is not None:
        write_json(json_path, [asdict(record) for record in found])
    if json_path == "-":
        return
    for record in found:
        typer.echo(f"{record.seq:>6}  {record.at}  {record.kind:<12}  {json.dumps(record.payload, ensure_ascii=False)}")


@app.command("verify")
def verify_command(
    state: StateFolder = None,
    url: StoreUrl = None,
    checkpoint: Annotated[
        list[str] | None,
        typer.Option("--checkpoint", help="A checkpoint kept elsewhere, as it was published, or a file of them."),
    ] = None,
    public_key: Annotated[
        str | None, typer.Option("--public-key", help="Whose signature the records must have (32 bytes, base64).")
    ] = None,
    json_path: JsonPath = None,
) -> None:
    """Find any change, removal, reordering or truncation of the chain; exit 1 names the first bad record and why."""
    from dataclasses import asdict

    from lotwright.store.audit_verify import read_checkpoints, verify_chain
    from lotwright.store.connection import STORE_FILE

    folder = _folder(state)
    points = [point for given in checkpoint or () for point in read_checkpoints(_text(given))]
    if url is None and not (folder / STORE_FILE).exists():
        typer.echo("There is no store beside the chain: only a checkpoint can show that its end was cut off.", err=True)
        report = verify_chain(folder, checkpoints=points, public_key=public_key)
    else:
        with open_store(folder, url) as store:
            report = verify_chain(folder, store=store, checkpoints=points, public_key=public_key)
    if json_path is not None:
        write_json(json_path, asdict(report) | {"notes": list(report.notes)})
    if json_path != "-":
        if report.ok:
            typer.echo(f"The chain {report.chain} holds: {report.count:,} records, head {report.head}.")
        else:
            typer.echo(f"The chain is BROKEN at line {report.line}. {report.reason}")
    for note in report.notes:
        typer.echo(note, err=True)
    raise typer.Exit(0 if report.ok else 1)


@app.command("checkpoint")
def checkpoint_command(state: StateFolder = None, url: StoreUrl = None) -> None:
    """Print the chain's length and head, and keep them in the store. Keep the line elsewhere, too."""
    from lotwright.store.audit import AUDIT_FILE, AuditChain
    from lotwright.store.audit_keys import signer_of

    folder = _folder(state)
    if not (folder / AUDIT_FILE).exists():
        raise StoreError(f"There is no audit chain in {folder}. Check the folder.")
    with open_store(folder, url) as store:
        point = AuditChain(folder, clock=now, store=store, signer=signer_of(os.environ)).checkpoint()
    typer.echo(point.text)


@app.command("key")
def key_command(file: Annotated[Path, typer.Argument(help="File to make, for the private key.")]) -> None:
    """Make an Ed25519 key that signs records: name its file in LOTWRIGHT_AUDIT_KEY_FILE. Prints the public key."""
    from lotwright.store.audit_keys import make_key

    typer.echo(make_key(file))


def _folder(state: Path | None) -> Path:
    if state is None:
        raise StoreError("Which chain? Give --state DIR.")
    return state


def _text(given: str) -> str:
    """The option's text, or the file's that it names."""
    if given.startswith("audit "):
        return given
    try:
        return Path(given).read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        raise StoreError(f"--checkpoint {given[:80]!r} is no checkpoint and no file of them: {error}.") from error
