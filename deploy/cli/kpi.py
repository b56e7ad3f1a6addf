"""``parkwatch kpi``: key figures of the alarm system, asked of the running service."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated, Any, Literal

import typer

from deploy.cli.common import AsJson
from deploy.cli.remote import DEFAULT_URL, Key, Url, ask

app = typer.Typer()

_MOST_LINES = 10


@app.command()
def kpi(
    url: Url = DEFAULT_URL,
    key: Key = "",
    from_: Annotated[
        str | None, typer.Option("--from", help="RFC 3339 with an offset. None: the day before --to.")
    ] = None,
    to: Annotated[str | None, typer.Option(help="None: until now.")] = None,
    by: Annotated[
        Literal["enterprise", "source", "operator"] | None, typer.Option(help="Also for each of these.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Tell how the alarm system does by ISA-18.2 and EEMUA 191: rates, floods, chatter, bad actors, acknowledging.

    Example: parkwatch kpi --key "$KEY" --from 2026-11-01T00:00:00+08:00 --to 2026-11-02T00:00:00+08:00 --by source
    """
    params: dict[str, Any] = {"from": from_, "to": to, "by": by}
    answer = ask("GET", url, key, "kpi", **params)
    typer.echo(json.dumps(answer, indent=2, ensure_ascii=False) if as_json else "\n".join(report(answer)))


def report(answer: dict[str, Any]) -> list[str]:
    """An answer of ``GET /api/v1/kpi`` in lines for people."""
    lines = [f"{answer['from']} to {answer['to']}", *_figures(answer["all"])]
    for group in answer["groups"]:
        name = " ".join(dict.fromkeys(one for one in (group["id"], group["name"]) if one)) or "(none)"
        lines += ["", f"{answer['by']} {name}", *_figures(group["kpi"])]
    return lines


def _figures(found: dict[str, Any]) -> Iterator[str]:
    yield f"  alarms          {found['alarms']}"
    for name, words in (("per_10min", "per 10 minutes"), ("per_day", "per day")):
        rate = found[name]
        shares = ", ".join(f"{share:.0%} {band}" for band, share in rate["share"].items() if share)
        yield f"  {words:<15} mean {rate['mean']:.3g} ({rate['band']}), max {rate['max']}; periods: {shares}"
    yield f"  floods          {len(found['floods'])}, {found['flood_share']:.1%} of the time"
    for flood in found["floods"][:_MOST_LINES]:
        yield f"    {flood['begin']} to {flood['end'] or 'now on'}: {flood['count']} alarms, peak {flood['peak']}"
    yield f"  standing        {len(found['standing'])}"
    for one in found["standing"][:_MOST_LINES]:
        state = "" if one["stands"] else ", over"
        yield f"    {_point(one)}: {one['stood_s'] / 3_600:.1f} h{state}"
    yield f"  chattering      {len(found['chattering'])}"
    for one in found["chattering"][:_MOST_LINES]:
        yield f"    {_point(one)}: {one['count']} in {one['bursts']} bursts, peak {one['peak']} a minute"
    mix = (f"{one['priority']}: {one['share']:.0%} (of {one['recommended']:.0%})" for one in found["priorities"])
    yield f"  priorities      {', '.join(mix)}"
    yield f"  bad actors      {found['bad_actors_share']:.0%} of all alarms"
    for one in found["bad_actors"]:
        yield f"    {_point(one)}: {one['count']} ({one['share']:.0%})"
    yield f"  acknowledged    {_ack(found['ack'])}"


def _point(one: dict[str, Any]) -> str:
    return " ".join(part for part in (one["rule"], one["target"], one["side"]) if part)


def _ack(ack: dict[str, Any]) -> str:
    times = f" within {ack['median_s']:g} s (median), {ack['p90_s']:g} s (p90)" if ack["acknowledged"] else ""
    return f"{ack['acknowledged']}{times}; {ack['unacknowledged']} not"
