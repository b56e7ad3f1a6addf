"""``parkwatch report``: the judge's reports as files, asked of the running service."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from deploy.cli.remote import DEFAULT_URL, Key, Url, fetch

app = typer.Typer(
    help="Outlet reports, exceedance lists and online rankings as CSV, XLSX or PDF.", no_args_is_help=True
)

_Out = Annotated[
    Path, typer.Option("--out", "-o", help="Where it goes; the ending (.csv, .xlsx, .pdf) says in which format.")
]
_From = Annotated[str, typer.Option("--from", help="RFC 3339 with an offset.")]
_To = Annotated[str, typer.Option("--to", help="RFC 3339 with an offset.")]


def _save(url: str, key: str, path: str, out: Path, **params: Any) -> None:
    form = out.suffix.removeprefix(".")
    if form not in ("csv", "xlsx", "pdf"):
        raise typer.BadParameter(f"{out.name!r} ends in none of .csv, .xlsx, .pdf", param_hint="--out")
    data = fetch(url, key, f"reports/{path}", format=form, **params)
    out.write_bytes(data)
    typer.echo(f"{out}: {len(data):,} bytes")


@app.command()
def outlet(
    source: Annotated[str, typer.Option(help="The outlet, enterprise.source.")],
    day: Annotated[str, typer.Option(help="The day of UTC+08:00, or any day of the month: 2026-11-20.")],
    out: _Out,
    span: Annotated[Literal["day", "month"], typer.Option(help="Hours of a day, or days of a month.")] = "day",
    url: Url = DEFAULT_URL,
    key: Key = "",
) -> None:
    """Write the day or month report of one outlet.

    Example: parkwatch report outlet --key "$KEY" --source hengtai.DA002 --day 2026-11-20 -o DA002.pdf
    """
    _save(url, key, "outlet", out, source=source, day=day, span=span)


@app.command()
def exceedances(
    from_: _From,
    to: _To,
    out: _Out,
    enterprise: Annotated[str | None, typer.Option(help="Only of this one.")] = None,
    url: Url = DEFAULT_URL,
    key: Key = "",
) -> None:
    """Write the list of early warnings and exceedances of a span.

    Example: parkwatch report exceedances --from 2026-11-01T00:00:00+08:00 --to 2026-12-01T00:00:00+08:00 -o over.xlsx
    """
    _save(url, key, "exceedances", out, **{"from": from_, "to": to, "enterprise": enterprise})


@app.command()
def online(
    from_: _From,
    to: _To,
    out: _Out,
    by: Annotated[Literal["device", "source", "tag", "enterprise"], typer.Option(help="One line for each.")] = "device",
    url: Url = DEFAULT_URL,
    key: Key = "",
) -> None:
    """Write the ranking of devices by how well they deliver.

    Example: parkwatch report online --from 2026-11-01T00:00:00+08:00 --to 2026-12-01T00:00:00+08:00 -o online.xlsx
    """
    _save(url, key, "online", out, **{"from": from_, "to": to, "by": by})
