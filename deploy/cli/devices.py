"""Commands about devices behind connectors: list them, tell them something, see what they were told."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from deploy.cli.common import AsJson, fail
from deploy.cli.remote import DEFAULT_URL, Key, Url, ask

app = typer.Typer()
device = typer.Typer(no_args_is_help=True, help="Data loggers: how they are doing, and commands to them.")
app.add_typer(device, name="device")

Which = Annotated[str, typer.Argument(help="connector/MN, such as loggers/010000A8900016F000169DC0.")]
Pollutant = Annotated[str, typer.Option("--pollutant", help="Code of the analyser: w01018, a21026.")]
_COLOURS = {"done": "green", "accepted": "yellow", "no_data": "yellow"}


@device.command("list")
def list_devices(
    enterprise: Annotated[str | None, typer.Option(help="Only of this enterprise.")] = None,
    away: Annotated[bool, typer.Option("--away", help="Only those that are not connected.")] = False,
    key: Key = "",
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """List the devices that connect to a running service: link, clock, counts, and what departs from the standard.

    Example: parkwatch device list --away --key pw1a2b3c4d.kq3v
    """
    items: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        connected = False if away else None
        page = ask("GET", url, key, "devices", enterprise=enterprise, connected=connected, cursor=cursor)
        items += page["items"]
        cursor = page["next"]
        if cursor is None:
            break
    if as_json:
        typer.echo(json.dumps(items, ensure_ascii=False, indent=2))
        return
    for one in items:
        typer.secho(_line(one), fg="green" if one["connected"] else "yellow")
        if one["deviations"]:
            found = sorted(one["deviations"].items(), key=lambda pair: -pair[1])
            typer.echo("    departs from the standard: " + ", ".join(f"{what} {count}" for what, count in found))


def _line(one: dict[str, Any]) -> str:
    link = "connected" if one["connected"] else "away"
    clock = "" if one["clock_ahead_s"] is None else f"clock {one['clock_ahead_s']:+.1f} s"
    silent = "never heard" if one["silent_s"] is None else f"silent {one['silent_s']:.0f} s"
    return (
        f"{one['connector']}/{one['device']:28} {one['enterprise']:14} {link:10} {silent:14} {clock:16} "
        f"{one['messages']:8} telegrams {one['rejected']:5} rejected  {one['last_error']}"
    )


@device.command()
def tell(
    which: Which,
    command: Annotated[str, typer.Argument(help="Any command that connectors/hj212/README.md lists.")],
    parameters: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME=VALUE]...", help="Its parameters.", show_default=False)
    ] = None,
    key: Key = "",
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Tell a device anything that it can be told; the other commands are short forms of this.

    Example: parkwatch device tell loggers/MN1 get-information info=i12001 --key pw1a2b3c4d.kq3v
    """
    given: dict[str, str] = {}
    for one in parameters or []:
        name, equals, value = one.partition("=")
        if not equals or not name:
            fail(f"{one!r} is not NAME=VALUE")
        given[name] = value
    _tell(which, command, given, key, url, as_json)


@device.command()
def set_clock(which: Which, key: Key = "", url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Set a logger's clock to the service's (1012).

    Example: parkwatch device set-clock loggers/010000A8900016F000169DC0 --key pw1a2b3c4d.kq3v
    """
    _tell(which, "set-clock", {}, key, url, as_json)


@device.command()
def set_interval(
    which: Which,
    seconds: Annotated[int | None, typer.Option(help="Of real-time data: 30 to 3600.")] = None,
    minutes: Annotated[int | None, typer.Option(help="Of minute data: 1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30.")] = None,
    key: Key = "",
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Set how often a logger sends real-time data (1062) or minute data (1064).

    Example: parkwatch device set-interval loggers/010000A8900016F000169DC0 --seconds 60 --key pw1a2b3c4d.kq3v
    """
    if (seconds is None) == (minutes is None):
        fail("give --seconds (real-time data) or --minutes (minute data), one of them")
    if seconds is not None:
        _tell(which, "set-realtime-interval", {"seconds": seconds}, key, url, as_json)
    else:
        _tell(which, "set-minute-interval", {"minutes": minutes}, key, url, as_json)


@device.command()
def history(
    which: Which,
    from_: Annotated[str, typer.Option("--from", help="Start of the first period, with its zone.")],
    to: Annotated[str, typer.Option("--to", help="Start of the last period, with its zone.")],
    of: Annotated[str, typer.Option(help="minute, hour, day, run-time.")] = "minute",
    key: Key = "",
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Have a logger send what it has kept (2051, 2061, 2031, 2041); it is stored as it comes.

    Example: parkwatch device history loggers/MN1 --of hour --from 2026-11-01T00:00+08:00 --to 2026-11-01T23:00+08:00
    """
    _tell(which, "history", {"of": of, "from": from_, "to": to}, key, url, as_json)


@device.command()
def calibrate(
    which: Which, pollutant: Pollutant, key: Key = "", url: Url = DEFAULT_URL, as_json: AsJson = False
) -> None:
    """Have an analyser calibrate zero and span (3011); needs allow_control in the connector's configuration.

    Example: parkwatch device calibrate loggers/MN1 --pollutant w01018 --key pw1a2b3c4d.kq3v
    """
    _tell(which, "calibrate", {"pollutant": pollutant}, key, url, as_json)


@device.command()
def sample(
    which: Which,
    pollutant: Pollutant,
    compare: Annotated[bool, typer.Option("--compare", help="A comparison sample (3014).")] = False,
    key: Key = "",
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Have an analyser take a sample at once (3012); needs allow_control in the connector's configuration.

    Example: parkwatch device sample loggers/MN1 --pollutant w01018 --key pw1a2b3c4d.kq3v
    """
    name = "comparison-sample" if compare else "sample"
    _tell(which, name, {"pollutant": pollutant}, key, url, as_json)


@device.command("commands")
def list_commands(
    which: Which,
    limit: Annotated[int, typer.Option(min=1, max=1_000)] = 20,
    key: Key = "",
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """What a device was told, by whom, and what came of it; newest first.

    Example: parkwatch device commands loggers/010000A8900016F000169DC0 --key pw1a2b3c4d.kq3v
    """
    found = ask("GET", url, key, f"{_path(which)}/commands", limit=limit)
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    for one in found["items"]:
        given = " ".join(f"{name}={value}" for name, value in one["parameters"].items())
        outcome = f"{one['result']}: {one['words']}" if one["result"] else "nothing is recorded of it"
        typer.secho(
            f"{one['asked']}  {one['by']:16} {one['command']} {given}  {outcome}",
            fg=_COLOURS.get(one["result"], "red"),
        )


def _path(which: str) -> str:
    connector, slash, mn = which.partition("/")
    if not (connector and slash and mn) or "/" in mn:
        fail(f"{which!r} is not connector/device; `parkwatch device list` shows them")
    return f"devices/{connector}/{mn}"


def _tell(which: str, command: str, parameters: dict[str, Any], key: str, url: str, as_json: bool) -> None:
    """Exit 1 where the device did not do it."""
    body = {"command": command, "parameters": parameters}
    told = ask("POST", url, key, f"{_path(which)}/commands", body=body)
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        outcome = f"{told['result']}: {told['words']}" if told["result"] else told["words"]
        typer.secho(outcome, fg=_COLOURS.get(told["result"], "red" if told["result"] else "yellow"))
        for one in told["data"]:
            typer.echo("  " + "  ".join(f"{name}={value}" for name, value in one.items()))
        if told["packets"] > len(told["data"]):
            typer.echo(f"  and {told['packets'] - len(told['data'])} packets more")
    if told["result"] and told["result"] not in _COLOURS:
        raise typer.Exit(1)
