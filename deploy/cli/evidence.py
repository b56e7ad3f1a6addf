"""``parkwatch evidence``: make a signed pack of an incident, and check one."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from deploy.cli.common import AsJson, fail
from deploy.cli.remote import DEFAULT_URL, Key, Url, ask, fetch

app = typer.Typer(no_args_is_help=True, help="Packs that prove what happened.")
_POLL_S = 0.5


@app.command("make")
def make_pack(
    to: Annotated[Path, typer.Option("--to", help="Where the archive is written.", dir_okay=False)],
    around: Annotated[str | None, typer.Option(help="Id of an alert.")] = None,
    source: Annotated[str | None, typer.Option(help="Instead: a source; with --at.")] = None,
    at: Annotated[str | None, typer.Option(help="RFC 3339.")] = None,
    before: Annotated[str, typer.Option(help="How much before it.")] = "30m",
    after: Annotated[str, typer.Option(help="How much after it.")] = "60m",
    url: Url = DEFAULT_URL,
    key: Key = "",
) -> None:
    """Make a pack of everything around an alert, or a source and a time, and fetch it.

    Example: parkwatch evidence make --around 48141154-41bc-59ce-89d2-b84bf7c8268e --to evidence.zip
    """
    wanted = {"around": around, "source": source, "at": at, "before": before, "after": after}
    body = {name: value for name, value in wanted.items() if value is not None}
    pack = ask("POST", url, key, "incidents/evidence", body=body)
    while pack["state"] == "running":
        time.sleep(_POLL_S)
        pack = ask("GET", url, key, f"incidents/evidence/{pack['id']}")
    if pack["state"] == "failed":
        fail(f"the pack could not be made: {pack['error']}")
    to.write_bytes(fetch(url, key, f"incidents/evidence/{pack['id']}/file"))
    typer.echo(f"{to}: {pack['bytes']} bytes, SHA-256 {pack['sha256']}")


@app.command("verify")
def verify_pack(
    file: Annotated[Path, typer.Argument(help="The archive.", exists=True, dir_okay=False)],
    trusted: Annotated[
        str | None, typer.Option("--key", help="Fingerprint of the key you trust, or a PEM file of it.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check every byte of a pack: exit 0 where it is as it was signed, 1 with the reason where it is not.

    Example: parkwatch evidence verify evidence.zip --key park.pem
    """
    from service.evidence.verify import verify

    known: str | bytes | None = trusted
    if trusted is not None and Path(trusted).is_file():
        known = Path(trusted).read_bytes()
    try:
        verdict = verify(file.read_bytes(), known)
    except ValueError as error:
        fail(f"--key: {error}")
    if as_json:
        typer.echo(json.dumps({**asdict(verdict), "whole": verdict.whole}, ensure_ascii=False))
    elif verdict.whole:
        told = verdict.manifest
        typer.secho(f"whole: {verdict.files} files, {verdict.events} events of the hash chain", fg="green")
        typer.echo(f"{told['park']}, {told['from']} to {told['to']}, made by {told['by']} at {told['made']}")
        typer.echo(f"signed by {verdict.fingerprint}")
        if not verdict.key_known:
            typer.secho(
                "The key came with the pack: ask the park for its fingerprint and compare, or give --key.", fg="yellow"
            )
    for fault in verdict.faults if not as_json else []:
        typer.secho(fault, fg="red", err=True)
    if not verdict.whole:
        raise typer.Exit(1)


@app.command("key")
def show_key(url: Url = DEFAULT_URL, key: Key = "", as_json: AsJson = False) -> None:
    """Show the public key that a service signs its packs with.

    Example: parkwatch evidence key --url https://park.example
    """
    found = ask("GET", url, key, "incidents/evidence/key")
    typer.echo(json.dumps(found) if as_json else f"{found['fingerprint']}\n{found['pem']}".rstrip())
