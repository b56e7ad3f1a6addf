"""Commands about limits of emission: which there are and which are active, what is odd, what holds at an outlet."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deploy.cli.common import AsJson, explained, fail

if TYPE_CHECKING:
    from park.model import Source
    from rules.emissions.limit_file import LimitRow
    from rules.emissions.limits import LimitBook

app = typer.Typer()
limits = typer.Typer(no_args_is_help=True, help="Limits of emission: which are active, and what holds at an outlet.")
app.add_typer(limits, name="limits")

_SHIPPED = Path(__file__).parents[1] / "limits"
PackFiles = Annotated[
    list[Path] | None,
    typer.Argument(help="Limit packs, or directories of them; else those of --config, else those that are shipped."),
]
ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", help="The service's configuration: its packs, confirmations, park.", exists=True),
]
ParkFile = Annotated[Path | None, typer.Option("--park", help="Park file; else that of --config.", exists=True)]


@limits.command("list")
def list_limits(
    packs: PackFiles = None,
    config: ConfigFile = None,
    standard: Annotated[str | None, typer.Option(help="Only this standard: GB 31572-2015, or GB 3095.")] = None,
    quantity: Annotated[str | None, typer.Option(help="Only this quantity: nmhc.")] = None,
    waiting: Annotated[bool, typer.Option("--waiting", help="Only rows that wait to be confirmed.")] = False,
    as_json: AsJson = False,
) -> None:
    """List every limit with its clause, dates and confidence; which are active; who answers for those not read.

    Example: parkwatch limits list --config parkwatch.yaml --standard "GB 3095"
    """
    book = _book(packs, config, None)
    rows = [
        row
        for row in book.rows
        if (standard is None or standard in (row.standard, row.standard.rpartition("-")[0]))
        and (quantity is None or row.quantity == quantity)
        and not (waiting and book.is_active(row))
    ]
    if as_json:
        typer.echo(json.dumps([_facts(book, row) for row in rows], ensure_ascii=False, indent=2))
        return
    for row in rows:
        active = book.is_active(row)
        typer.secho(_line(book, row), fg="green" if active else "yellow")
    active_count = sum(book.is_active(row) for row in rows)
    typer.echo(f"{len(rows)} limits, {active_count} active, {len(rows) - active_count} wait for a named person")


def _facts(book: LimitBook, row: LimitRow) -> dict[str, Any]:
    given = book.confirmation(row)
    found: dict[str, Any] = {name: getattr(row, name) for name in row.__slots__}
    found |= {name: sorted(found[name]) for name in ("when", "unless", "o2_when")}
    found["active"] = book.is_active(row)
    found["confirmed_by"] = given.by if given else None
    found["confirmed_on"] = given.on if given else None
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in found.items()}


def _line(book: LimitBook, row: LimitRow) -> str:
    given = book.confirmation(row)
    state = "active" if book.is_active(row) else "waits"
    least = f"{row.lower:g}-" if row.lower is not None else ""
    days = f"{row.valid_from}..{row.valid_to or ''}"
    who = f", confirmed by {given.by} {given.on}" if given and row.confidence != "read" else ""
    unless = f" unless {', '.join(sorted(row.unless))}" if row.unless else ""
    return f"{state:7}{row.confidence:11}{row.id:72} {least}{row.limit:g} {row.unit}  {row.clause}  {days}{unless}{who}"


@limits.command()
def check(
    packs: PackFiles = None,
    park: ParkFile = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Tell what is wrong with limit packs (exit 1), and what is odd about a park's outlets by them (warnings, exit 0).

    Odd are: a measured pollutant without any limit in force, a permit weaker than the standard, standards and
    conditions that no pack has, reference oxygen other than the table's, confirmations that confirm nothing.

    Example: parkwatch limits check deploy/limits --park deploy/examples/small.yaml
    """
    from dataclasses import asdict

    from park.yamlfile import FileInvalid, Problem

    errors: list[Problem] = []
    warnings: list[Problem] = []
    count = 0
    with explained():
        try:
            book = _made(packs, config, park)
            count = len(book.rows)
            warnings = _findings(book, _park_file(config, park))
        except FileInvalid as error:
            errors = error.problems
    if as_json:
        shown = {
            "valid": not errors,
            "limits": count,
            "errors": [asdict(one) for one in errors],
            "warnings": [asdict(one) for one in warnings],
        }
        typer.echo(json.dumps(shown, ensure_ascii=False, indent=2))
    else:
        for problem in errors:
            typer.secho(f"{problem} [error]", fg="red", err=True)
        for problem in warnings:
            typer.secho(f"{problem} [warning]", fg="yellow", err=True)
        if not errors:
            typer.secho(f"valid; {count} limits, {len(warnings)} warnings", fg="green")
    if errors:
        raise typer.Exit(1)


def _findings(book: LimitBook, park: Path | None) -> list[Any]:
    from park.yamlfile import Document, Problem, text_of
    from rules.emissions.limit_check import limit_findings

    found = limit_findings(book)
    document = Document(text_of(park.read_bytes(), str(park)), str(park)) if park else None
    return [
        document.problem(one.loc, f"{one.source}: {one.message}")
        if document and one.source
        else Problem(file="emissions.confirmed", line=1, column=1, message=one.message)
        for one in found
    ]


@limits.command()
def show(
    outlet: Annotated[str, typer.Option(help="The source: hengtai.DA001.")],
    at: Annotated[str | None, typer.Option(help="Day of UTC+08:00, 2026-02-28; today if not given.")] = None,
    packs: PackFiles = None,
    park: ParkFile = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Show what the values of an outlet are held against on a day, and where each limit comes from.

    Example: parkwatch limits show --outlet hengtai.DA001 --at 2026-11-22 --park deploy/examples/small.yaml
    """
    if park is None and config is None:
        fail("say where the outlet stands: --park, or --config")
    book = _book(packs, config, park)
    source = _source(book, outlet)
    day = _day(at)
    found = _in_force(book, source, day)
    if as_json:
        shown = {"outlet": outlet, "at": day.isoformat(), "limits": found}
        typer.echo(json.dumps(shown, ensure_ascii=False, indent=2))
        return
    typer.echo(f"{outlet} {source.name}, {day} (UTC+08:00)")
    for one in found:
        for line in _lines(one):
            typer.echo(line)


def _day(at: str | None) -> date:
    if at is None:
        return (datetime.now(UTC) + timedelta(hours=8)).date()
    try:
        return date.fromisoformat(at)
    except ValueError:
        fail(f"--at {at!r} is no day; write for example 2026-02-28")


def _in_force(book: LimitBook, source: Source, day: date) -> list[dict[str, Any]]:
    """One entry for each pollutant measured, with its limits by basis; none where nothing holds."""
    from park.quantities import is_pollutant, name_of
    from rules.emissions.applicable import day_begins_us
    from rules.emissions.limit_check import BASES

    at_us = day_begins_us(day)
    return [
        {
            "tag": tag.id,
            "quantity": tag.quantity,
            "name": name_of(tag.quantity),
            "limits": [
                found.facts() | {"words": found.words()}
                for unit in (tag.unit, "kg/h")
                for basis in BASES
                if (found := book.limits_for(source, tag.quantity, unit, at_us, basis))
            ],
        }
        for tag in source.tags
        if is_pollutant(tag.quantity)
    ]


def _lines(one: dict[str, Any]) -> list[str]:
    lines = [f"  {one['tag']:16} {one['name']}" + ("" if one["limits"] else "  no limit in force")]
    for found in one["limits"]:
        lines.append(f"    {found['words']}")
        shown = ("source",) if found["permit"] else ("row", "confidence", "source", "note")
        lines += [f"      {name}: {found[name]}" for name in shown if found[name]]
        doubt = "" if found["dates_confidence"] == "read" else f" (days {found['dates_confidence']})"
        lines.append(f"      in force {found['valid_from']}..{found['valid_to'] or ''}{doubt}")
        if found["o2_reference"] is not None:
            lines.append(f"      converted to {found['o2_reference']:g} % oxygen first")
        if found["confirmed_by"]:
            lines.append(f"      confirmed by {found['confirmed_by']} on {found['confirmed_on']}")
        if found["overrides"]:
            other = found["overrides"]
            lines.append(f"      in place of {other['limit']:g} {other['unit']}, {other['standard']} {other['clause']}")
    return lines


def _source(book: LimitBook, outlet: str) -> Source:
    known = {f"{owner}.{source.id}": source for owner, sources in book.park.owners() for source in sources}
    judged = {name: source for name, source in known.items() if source.judged_as is not None}
    if outlet not in judged:
        what = "is no outlet or station" if outlet in known else "is not in the park file"
        fail(f"{outlet} {what}; there are {', '.join(judged) or 'none'}")
    return judged[outlet]


def _park_file(config: Path | None, park: Path | None) -> Path | None:
    from service.config import load_config

    return park or (load_config(config).park if config else None)


def _book(packs: list[Path] | None, config: Path | None, park: Path | None) -> LimitBook:
    """The limit book of the files named. Ends the command where they cannot be used."""
    with explained():
        return _made(packs, config, park)


def _made(packs: list[Path] | None, config: Path | None, park: Path | None) -> LimitBook:
    """Without a park file: of a park without sources. Raises FileInvalid, and OSError."""
    from park.check import load_park
    from park.model import Park
    from park.yamlfile import text_of
    from rules.emissions.limits import LimitBook
    from service.config import load_config
    from service.judge.config import Emissions
    from service.judge.limit_packs import read_limit_packs

    given = load_config(config) if config else None
    emissions = given.emissions if given else Emissions()
    file = park or (given.park if given else None)
    model = load_park(text_of(file.read_bytes(), str(file)), str(file)).park if file else Park(id="none", name="")
    paths = packs or list(emissions.limits) or ([] if given else [_SHIPPED])
    return LimitBook(model, read_limit_packs(paths), [one.confirmation() for one in emissions.confirmed])
