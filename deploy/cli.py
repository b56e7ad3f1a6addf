"""The command line: ``parkwatch``. Commands import what they need when they run, so that `--help` is quick."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import structlog
import typer

from deploy.logs import set_up_logging

if TYPE_CHECKING:
    from service.api.keys import Keys
    from service.run import Service

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Chemical-park monitoring: plant data to live alerts."
)
db = typer.Typer(no_args_is_help=True, help="The database.")
audit = typer.Typer(no_args_is_help=True, help="The record of alerts.")
keys = typer.Typer(no_args_is_help=True, help="API keys.")
app.add_typer(db, name="db")
app.add_typer(audit, name="audit")
app.add_typer(keys, name="key")

ConfigFile = Annotated[Path, typer.Option("--config", "-c", help="Service configuration (YAML).", dir_okay=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for a machine.")]


Over = Literal["opcua", "mqtt", "direct"]
_EXAMPLES = Path(__file__).parent / "examples"


def fail(message: object, code: int = 1) -> NoReturn:
    """Say what is wrong on stderr and end."""
    typer.secho(str(message), fg="red", err=True)
    raise typer.Exit(code)


@contextmanager
def _explained() -> Iterator[None]:
    """Errors that a person can cure, as a message instead of a traceback."""
    import psycopg

    from park.yamlfile import FileInvalid
    from service.journal.journal import JournalInUse
    from service.run import PortInUse
    from service.store.migrate import MigrationRefused

    try:
        yield
    except (FileInvalid, JournalInUse, PortInUse, MigrationRefused, ValueError, OSError) as error:
        fail(error)
    except psycopg.OperationalError as error:
        fail(
            f"the database does not answer: {str(error).strip()}\n"
            "set DATABASE_URL, or database.url in the configuration"
        )


@app.command()
def serve(config: ConfigFile = Path("/etc/parkwatch/parkwatch.yaml")) -> None:
    """Run the service until it is told to stop (SIGTERM, Ctrl-C).

    Example: DATABASE_URL=postgresql:///parkwatch parkwatch serve --config parkwatch.yaml
    """
    from service.config import load_config
    from service.run import Service

    set_up_logging()
    with _explained():
        service = Service(load_config(config))
        if not service.keys.list():
            _, text = service.keys.create("admin")
            typer.echo(
                f"First start: an API key for everything was made; it is not shown again. Keep it: {text}", err=True
            )
        _run(_serve(service))


async def _serve(service: Service) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with service.running():
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
    from park.yamlfile import FileInvalid

    report: list[dict[str, object]] = []
    for path in files:
        try:
            checked = load_park(path.read_text("utf-8"), str(path))
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

    with _explained(), psycopg.connect(_dsn(config), connect_timeout=5) as connection:
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

    with _explained(), psycopg.connect(_dsn(config), connect_timeout=5) as connection:
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


@app.command()
def demo(
    for_: Annotated[str | None, typer.Option("--for", help="End after so long (60s, 5m), and judge.")] = None,
    report: Annotated[Path | None, typer.Option(help="Write what was seen as JSON.", dir_okay=False)] = None,
    scenario: Annotated[Path | None, typer.Option(help="Scenario file (YAML).", exists=True, dir_okay=False)] = None,
    port: Annotated[int | None, typer.Option(help="Of the page; 8470 where that is free.")] = None,
) -> None:
    """Run everything on this machine: simulated plants over OPC UA and MQTT, database, service, page.

    With --for it plays the scenario once and judges: exit 0 only if every protocol delivered, every sample was
    stored, and the scripted faults raised exactly the expected alerts.

    Example: parkwatch demo --for 60s --report report.json
    """
    from rich.console import Console

    from deploy.demo import run_demo
    from deploy.embedded import EmbeddedError
    from park.duration import parse_duration_us

    console = Console(stderr=False)
    with _explained():
        for_s = parse_duration_us(for_) / 1e6 if for_ else None
        try:
            good = asyncio.run(
                run_demo(
                    scenario or _EXAMPLES / "small.scenario.yaml",
                    for_s=for_s,
                    report_file=report,
                    port=port,
                    console=console,
                )
            )
        except EmbeddedError as error:
            fail(error)
    if not good:
        raise typer.Exit(1)


@app.command()
def replay(
    file: Annotated[Path, typer.Argument(help="CSV (.gz too), Parquet or Arrow.", exists=True, dir_okay=False)],
    over: Annotated[Over, typer.Option(help="By which protocol; direct is none.")] = "direct",
    speed: Annotated[float, typer.Option(help="Recorded seconds a second.", min=0.001)] = 1.0,
    park: Annotated[Path | None, typer.Option(help="Park file whose tags the columns are.", exists=True)] = None,
    limit: Annotated[
        list[str] | None, typer.Option(help="'COLUMN L=30 deadband=3': an alarm, where no park is given.")
    ] = None,
    column: Annotated[list[str] | None, typer.Option("--map", help="COLUMN=TAG, where they differ.")] = None,
    skip: Annotated[list[str] | None, typer.Option(help="A column to leave out.")] = None,
    time_column: Annotated[str | None, typer.Option(help="Found by its name if not given.")] = None,
    row_every: Annotated[
        str | None, typer.Option(help="In a file without times, as those in simulators/tep: 10s, the rows' distance.")
    ] = None,
    start: Annotated[str | None, typer.Option(help="When the recording begins (ISO 8601 with zone).")] = None,
    to: Annotated[
        str | None, typer.Option(help="Only play: mqtt://host:port, or the opc.tcp:// endpoint to serve.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Play a recording through a real protocol into the service, and tell what it raises.

    The service runs here, on the recording's own time, unless --to says where another one listens.

    Example: parkwatch replay run.csv.gz --over opcua --speed 600 --limit "stripper_level L=30 deadband=3"
    """
    from deploy.embedded import EmbeddedError
    from deploy.replay import DEFAULT_START, Job, parse_limit, parse_start, replay_job
    from park.duration import parse_duration_us
    from simulators.recording import RecordingConfig

    if over == "direct" and to:
        fail("--over direct goes into a service that runs here; give --over mqtt or opcua with --to")
    set_up_logging(logging.ERROR)
    with _explained():
        pairs = [one.partition("=") for one in column or []]
        config = RecordingConfig(
            file=file,
            time_column=time_column,
            row_s=parse_duration_us(row_every) / 1e6 if row_every else None,
            columns={name: tag for name, _, tag in pairs},
            skip=tuple(skip or ()),
        )
        job = Job(
            recording=config,
            over=over,
            speed=speed,
            start_us=parse_start(start or DEFAULT_START),
            park_file=park,
            limits=dict(parse_limit(one) for one in limit or []),
            to=to,
        )
        try:
            report = asyncio.run(replay_job(job, quiet=as_json))
        except (EmbeddedError, TimeoutError) as error:
            fail(error)
    if as_json:
        typer.echo(json.dumps(report, ensure_ascii=False, indent=2))


@app.command()
def bench(
    parts: Annotated[
        list[str] | None, typer.Argument(help="store, engine, opcua, mqtt, e2e; all if none is named.")
    ] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures here.", dir_okay=False)] = None,
) -> None:
    """Measure: each part's speed, and its ratio to a limit or a peer measured in the same run.

    Example: parkwatch bench store engine --json bench.json
    """
    from rich.console import Console

    from deploy.bench.parts import PARTS, machine, run_parts

    unknown = sorted(set(parts or ()) - set(PARTS))
    if unknown:
        fail(f"there is no part {unknown[0]!r}; the parts are {', '.join(PARTS)}")
    set_up_logging(logging.ERROR)
    console = Console(stderr=True)
    figures: dict[str, object] = {}
    found_machine = machine()
    with console.status("measuring …") as status:
        for part, result in run_parts(tuple(parts or PARTS), lambda part: status.update(f"measuring {part} …")):
            figures[part] = {**result, "machine": found_machine}
            met = (
                {True: "target met", False: "target missed"}.get(bool(result.get("met")), "") if "met" in result else ""
            )
            console.print(f"{part:7} {result.get('samples_per_s')} samples/s, ratio {result.get('ratio')}  {met}")
    text = json.dumps(figures, ensure_ascii=False, indent=2)
    if json_file is None:
        typer.echo(text)
    else:
        json_file.write_text(text + "\n", "utf-8")
    if any("error" in one for one in figures.values() if isinstance(one, dict)):
        raise typer.Exit(1)


@app.command("make-park")
def make_park(
    enterprises: Annotated[int, typer.Option(help="How many.", min=1)] = 120,
    tags: Annotated[int, typer.Option(help="How many, exactly.", min=1)] = 20_000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same park.")] = 1,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Where to; standard output if not given.")] = None,
) -> None:
    """Make a realistic park file: enterprises, hazard sources, outlets, stations, tags with limits.

    Example: parkwatch make-park --enterprises 120 --tags 20000 --seed 1 --out park.yaml
    """
    from simulators.park_maker import make_park as make
    from simulators.park_yaml import to_yaml

    with _explained():
        text = to_yaml(make(enterprises, tags, seed))
        if out is None:
            typer.echo(text, nl=False)
        else:
            out.write_text(text, "utf-8")


def _keys(data_dir: Path) -> Keys:
    from service.api.keys import Keys

    return Keys(data_dir)


DataDir = Annotated[Path, typer.Option("--data-dir", help="The service's data_dir.", file_okay=False)]
_DATA_DIR = Path("/var/lib/parkwatch")


@keys.command("create")
def create_key(
    name: Annotated[str, typer.Argument(help="Who uses it; stands as the actor in the record of alerts.")],
    data_dir: DataDir = _DATA_DIR,
    enterprise: Annotated[
        str | None, typer.Option(help="Sees this enterprise only; without it, the whole park.")
    ] = None,
    days: Annotated[int | None, typer.Option(help="Valid for so many days.", min=1)] = None,
) -> None:
    """Make an API key and show it, this once. A running service takes it at once.

    Example: parkwatch key create control-room --data-dir /var/lib/parkwatch
    """
    with _explained():
        expires = datetime.now(UTC) + timedelta(days=days) if days else None
        _, text = _keys(data_dir).create(name, enterprise=enterprise, expires=expires)
    typer.echo(text)


@keys.command("list")
def list_keys(data_dir: DataDir = _DATA_DIR, as_json: AsJson = False) -> None:
    """List the keys, without their secrets.

    Example: parkwatch key list --data-dir /var/lib/parkwatch --json
    """
    import msgspec

    with _explained():
        found = _keys(data_dir).list()
    if as_json:
        typer.echo(msgspec.json.encode([{**msgspec.to_builtins(key), "sha256": "…"} for key in found]).decode())
        return
    for key in found:
        state = "revoked" if key.disabled else f"until {key.expires:%Y-%m-%d}" if key.expires else "valid"
        typer.echo(f"{key.prefix}  {key.name:24} {key.enterprise or 'whole park':16} {state}")


@keys.command("revoke")
def revoke_key(name: Annotated[str, typer.Argument(help="Name of the key.")], data_dir: DataDir = _DATA_DIR) -> None:
    """Make a key worthless, at once.

    Example: parkwatch key revoke control-room --data-dir /var/lib/parkwatch
    """
    with _explained():
        _keys(data_dir).revoke(name)
    typer.echo(f"{name} is revoked")


def main() -> None:
    """Entry point."""
    os.environ.setdefault("PYTHONUTF8", "1")
    app()


if __name__ == "__main__":
    main()
