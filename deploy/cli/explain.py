"""``parkwatch rules explain``: why an alert is there."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from deploy.cli.backtest import Lang
from deploy.cli.common import AsJson
from deploy.cli.remote import DEFAULT_URL, Key, Url, ask

_MOST_SHOWN = 40


def explain(
    alert_id: Annotated[str, typer.Argument(help="Id of the alert, as in the list of alerts.")],
    key: Key = "",
    url: Url = DEFAULT_URL,
    lang: Annotated[Lang, typer.Option(help="Language of the sentences.")] = "zh",
    samples: Annotated[bool, typer.Option("--samples", help="Show the samples, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Tell why an alert is there: samples, limits, timers and context, found by playing its rule again.

    Example: parkwatch rules explain 3b8e1c1e-6f1e-4f0e-9b7e-8f3c5a0f7d11 --key pw1a2b3c4d.kq3v --lang en
    """
    found = ask("GET", url, key, f"alerts/{alert_id}/explain")
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    for sentence in found["text"][lang]:
        typer.echo(sentence)
    if found["rule"] and found["rule"]["text"]:
        typer.secho(f"\n{found['rule']['text'].rstrip()}", dim=True)
    for one in found["samples"] if samples else ():
        _print_samples(one)


def _print_samples(one: dict[str, Any]) -> None:
    shown = one["samples"][:_MOST_SHOWN]
    typer.echo(f"\n{one['tag']}  ({one['count']}, -{one['count'] - len(shown)})")
    for sample in shown:
        value = "–" if sample["value"] is None else f"{sample['value']:.6g}"
        typer.echo(f"  {sample['time']}  {value:>12}  {sample['quality']}")
