"""Commands of the running system: serve, check, db, audit."""

from __future__ import annotations

import asyncio
import gc
import json
import signal
from collections.abc import Coroutine, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import structlog
import typer

from deploy.cli.common import AsJson, explained
from deploy.logs import set_up_logging

if TYPE_CHECKING:
    from service.run import Service

app = typer.Typer()
db = typer.Typer(no_args_is_help=True, help="The database.")
audit = typer.Typer(no_args_is_help=True, help="The record of alerts.")
app.add_typer(db, name="db")
app.add_typer(audit, name="audit")

ConfigFile = Annotated[Path, typer.Option("--config", "-c", help="Service configuration (YAML).", dir_okay=False)]


@app.command()
def serve(config: ConfigFile = Path("/etc/parkwatch/parkwatch.yaml")) -> None:
    """Run the service until it is told to stop (SIGTERM, Ctrl-C). SIGHUP makes it read its rule files again.

    Example: DATABASE_URL=postgresql:///parkwatch parkwatch serve --config parkwatch.yaml
    """
    from service.config import load_config
    from service.run import Service

    set_up_logging()
    with explained():
        service = Service(load_config(config))
        once = service.accounts.first() if not service.keys.list() else None
        if once is not None:
            typer.echo(
                f"First start: log in as 'admin' with the one-time password {once} and change it."
                " It also stands in first-password.txt of the data directory until then.",
                err=True,
            )
        _run(_serve(service))


async def _serve(service: Service) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with service.running():
        loop.add_signal_handler(signal.SIGHUP, service.reload_rules)
        # The park's objects live as long as we do: the collector need not stop everything to look at them again.
        gc.collect()
        gc.freeze()
        structlog.get_logger().info("parkwatch is up.", url=service.url, tags=len(service.tags))
        await service.run_until(stop)


def _run(work: Coroutine[object, object, None]) -> None:
    import uvloop

    uvloop.run(work)


@app.command()
def check(
    files: Annotated[list[Path], typer.Argument(help="Park files.", exists=True, dir_okay=False)],
    as_json: AsJson = False,
) -> None:
    """Tell what is wrong with a park file (exit 1), and what is odd about it (warnings, exit 0).

    Example: parkwatch check deploy/examples/small.yaml
    """
    from park.check import load_park
    from park.yamlfile import FileInvalid, text_of

    report: list[dict[str, object]] = []
    for path in files:
        try:
            checked = load_park(text_of(path.read_bytes(), str(path)), str(path))
        except FileInvalid as error:
            report.append({"file": str(path), "valid": False, "errors": [asdict(one) for one in error.problems]})
            _print_problems(as_json, "error", error.problems)
            continue
        counts = {"enterprises": len(checked.park.enterprises), "tags": sum(1 for _ in checked.park.tags())}
        report.append(
            {"file": str(path), "valid": True, "warnings": [asdict(one) for one in checked.warnings], **counts}
        )
        _print_problems(as_json, "warning", checked.warnings)
        if not as_json:
            typer.secho(f"{path}: valid; {counts['enterprises']} enterprises, {counts['tags']} tags", fg="green")
    if as_json:
        typer.echo(json.dumps(report, ensure_ascii=False, indent=2))
    if not all(one["valid"] for one in report):
        raise typer.Exit(1)


def _print_problems(as_json: bool, word: str, problems: Sequence[object]) -> None:
    if not as_json:
        for problem in problems:
            typer.secho(f"{problem} [{word}]", fg="red" if word == "error" else "yellow", err=True)


@db.command()
def migrate(
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="Where database.url stands, if not in DATABASE_URL.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Bring the database's schema to this version. Forward only; safe to run again.

    Example: DATABASE_URL=postgresql:///parkwatch parkwatch db migrate
    """
    import psycopg

    from service.store.migrate import edition
    from service.store.migrate import migrate as run_migrations

    with explained(), psycopg.connect(_dsn(config), connect_timeout=5) as connection:
        done = run_migrations(connection)
        found = edition(connection)
    if as_json:
        typer.echo(json.dumps({"applied": done, "edition": found}))
    else:
        typer.echo("\n".join(f"applied {name}" for name in done) or "the schema is up to date")
        typer.echo(f"TimescaleDB edition: {found}")


def _dsn(config: Path | None) -> str:
    from service.config import Database, load_config

    return (load_config(config).database if config else Database()).dsn()


@audit.command()
def verify(
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="Where database.url stands, if not in DATABASE_URL.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Prove that no alert event was altered, removed or put in: recompute the whole hash chain. Exit 1 on a fault.

    Example: DATABASE_URL=postgresql:///parkwatch parkwatch audit verify
    """
    import psycopg

    from service.alerts.audit import verify as verify_all

    with explained(), psycopg.connect(_dsn(config), connect_timeout=5) as connection:
        verdicts = verify_all(connection)
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in verdicts]))
    for one in verdicts if not as_json else []:
        word, colour = ("FAULTY", "red") if one.faults else ("whole", "green")
        typer.secho(f"chain {one.chain}: {one.events} events, {word}, head {one.head[:16]}…", fg=colour)
        for fault in one.faults:
            typer.secho(f"  {fault}", fg="red")
    if not verdicts and not as_json:
        typer.echo("no alert events yet")
    if any(one.faults for one in verdicts):
        raise typer.Exit(1)
