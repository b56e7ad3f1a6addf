"""Commands that try things without a plant: demo, replay, bench, make-park."""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path
from typing import Annotated, Literal

import typer

from deploy.cli.common import AsJson, explained, fail
from deploy.logs import set_up_logging

app = typer.Typer()

Over = Literal["opcua", "mqtt", "direct"]
_EXAMPLES = Path(__file__).parents[1] / "examples"


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
    with explained():
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
    with explained():
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
        list[str] | None,
        typer.Argument(
            help="store, engine, kinds, opcua, mqtt, push, hj212_decode, e2e, reload, backtest, tracing, …; or all."
        ),
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
            figure = result.get("told") or f"{result.get('samples_per_s')} samples/s"
            console.print(f"{part:7} {figure}, ratio {result.get('ratio')}  {met}")
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

    with explained():
        text = to_yaml(make(enterprises, tags, seed))
        if out is None:
            typer.echo(text, nl=False)
        else:
            out.write_text(text, "utf-8")
