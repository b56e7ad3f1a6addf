"""Commands about rules: check, list, confirm, apply, versions."""

from __future__ import annotations

import difflib
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deploy.cli.common import AsJson, explained, fail
from deploy.cli.explain import explain
from deploy.cli.remote import DEFAULT_URL, Key, Url, ask

if TYPE_CHECKING:
    from park.yamlfile import Problem

app = typer.Typer()
rules = typer.Typer(no_args_is_help=True, help="Rules: check them, confirm them, put them live, go back.")
app.add_typer(rules, name="rules")
rules.command()(explain)

RuleFiles = Annotated[list[Path], typer.Argument(help="Rule files, or directories of them.", exists=True)]
By = Annotated[str, typer.Option("--by", help="Your name: it stands in the record.")]


@rules.command()
def check(
    files: RuleFiles,
    park: Annotated[
        Path | None, typer.Option(help="Park file to hold them against.", exists=True, dir_okay=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Tell what is wrong with rule files (exit 1), and what is odd about them (warnings, exit 0), with every place.

    With --park, also: rules that pick no tag, words that the park does not have, levels that can never be reached,
    set-points of gas detectors above what GB/T 50493-2019 allows, names of tags that lead nowhere.

    Example: parkwatch rules check deploy/rules --park deploy/examples/small.yaml
    """
    from park.check import load_park
    from park.index import TagTable
    from park.yamlfile import FileInvalid, text_of
    from rules.check import CheckedRules, check_rules
    from service.rules.files import load_rules, read_rule_files

    with explained():
        table = TagTable(load_park(text_of(park.read_bytes(), str(park)), str(park)).park) if park else None
        found, count = CheckedRules(errors=[], warnings=[]), 0
        try:
            loaded = load_rules(read_rule_files(files))
            count = len(loaded.rules.rules)
            if table is not None:
                found = check_rules(table, loaded.rules, loaded.places)
        except FileInvalid as error:
            found = CheckedRules(errors=error.problems, warnings=[])
    _report(as_json, found.errors, found.warnings, count)
    if found.errors:
        raise typer.Exit(1)


def _report(as_json: bool, errors: Sequence[Problem], warnings: Sequence[Problem], rules: int) -> None:
    if as_json:
        shown = {
            "valid": not errors,
            "rules": rules,
            "errors": [asdict(one) for one in errors],
            "warnings": [asdict(one) for one in warnings],
        }
        typer.echo(json.dumps(shown, ensure_ascii=False, indent=2))
        return
    _print_problems(errors, warnings)
    if not errors:
        typer.secho(f"valid; {rules} rules, {len(warnings)} warnings", fg="green")


def _print_problems(errors: Sequence[object], warnings: Sequence[object]) -> None:
    for problem in errors:
        typer.secho(f"{problem} [error]", fg="red", err=True)
    for problem in warnings:
        typer.secho(f"{problem} [warning]", fg="yellow", err=True)


@rules.command("list")
def list_rules(key: Key = "", url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """List the rules of a running service: which are live today, and why the others are not.

    Example: parkwatch rules list --url http://127.0.0.1:8470 --key pw1a2b3c4d.kq3v
    """
    found = ask("GET", url, key, "rules")
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    typer.echo(f"version {found['version']}, {len(found['items'])} rules")
    for one in found["items"]:
        colour = "green" if one["live"] else "yellow"
        typer.secho(f"{one['status']:12} {one['id']:32} {one['kind']:10} {one['tags']:6} tags  {one['why']}", fg=colour)


@rules.command()
def confirm(
    rule: Annotated[str, typer.Argument(help="Id of the rule.")],
    by: By,
    note: Annotated[str, typer.Option(help="What it was held against: the page, the permit.")] = "",
    key: Key = "",
    url: Url = DEFAULT_URL,
) -> None:
    """Answer for the numbers of a rule whose confidence is secondary or unverified: it goes live, under your name.

    Example: parkwatch rules confirm gas-detectors --by "Li Wei" --note "GB/T 50493-2019, page 14" --key pw1a2b3c4d.kq3v
    """
    version = ask("POST", url, key, f"rules/{rule}/confirm", body={"by": by, "note": note})
    typer.secho(f"{rule} is confirmed by {by}; version {version['number']} is in force", fg="green")


@rules.command()
def apply(
    files: Annotated[list[Path] | None, typer.Argument(help="Rule files, or directories of them.", exists=True)] = None,
    reason: Annotated[str, typer.Option(help="Why: it stands in the record.")] = "",
    by: Annotated[str | None, typer.Option("--by", help="Your name; the key's if not given.")] = None,
    back_to: Annotated[
        int | None, typer.Option("--version", help="In place of files: go back to this version.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would change.")] = False,
    key: Key = "",
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Put rules into force in a running service: all files that shall be live, not only those that changed.

    Rules that do not change keep their state and their alerts. Try with --dry-run first.

    Example: parkwatch rules apply deploy/rules --by "Li Wei" --reason "new packs" --dry-run --key pw1a2b3c4d.kq3v
    """
    from service.rules.files import read_rule_files

    if bool(files) == (back_to is not None):
        fail("give rule files, or --version N to go back to, one of them")
    if not reason and not dry_run:
        fail("say why: --reason; it stands in the record beside your name")
    with explained():
        texts = [{"name": one.name, "text": one.text} for one in read_rule_files(files or [])]
    body = {
        "files": texts or None,
        "version": back_to,
        "author": by,
        "reason": reason or "dry run",
        "dry_run": dry_run,
    }
    found = ask("PUT", url, key, "rules", body=body)
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        _print_outcome(found)


def _print_outcome(found: dict[str, Any]) -> None:
    for one in found["warnings"]:
        typer.secho(f"{one['file']}:{one['line']}:{one['column']}: {one['message']} [warning]", fg="yellow", err=True)
    for word in ("added", "removed"):
        for rule in found[word]:
            typer.echo(f"{word:8} {rule}")
    for rule, fields in found["changed"].items():
        typer.echo(f"changed  {rule}: {', '.join(fields)}")
    typer.echo(f"unchanged: {found['unchanged']} rules, with their state and their alerts")
    for note in found["notes"]:
        typer.echo(f"note: {note}")
    for rule, told in (found["at_once"] or {}).items():
        typer.echo(f"at once: {rule}: " + ", ".join(f"{count} {change}" for change, count in told.items()))
    if found["dry_run"]:
        typer.secho("nothing was changed (--dry-run)", fg="yellow")
    else:
        typer.secho(f"version {found['version']} is in force", fg="green")


@rules.command()
def versions(
    number: Annotated[int | None, typer.Argument(help="Show this one in full; the list if not given.", min=1)] = None,
    diff: Annotated[int | None, typer.Option("--diff", help="What differs from this version.", min=1)] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Write the version's files into this directory.")] = None,
    key: Key = "",
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Every set of rules that was live: since when, by whom, why; one in full; or what two of them differ in.

    Example: parkwatch rules versions 7 --diff 6 --key pw1a2b3c4d.kq3v
    """
    if number is None:
        if diff is not None or out is not None:
            fail("--diff and --out need the number of a version")
        _list_versions(ask("GET", url, key, "rules/versions"), as_json)
        return
    found = ask("GET", url, key, f"rules/versions/{number}")
    if out is not None:
        with explained():
            _write(found, out)
    elif diff is not None:
        _print_diff(ask("GET", url, key, f"rules/versions/{diff}"), found)
    elif as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        _print_version(found)


def _list_versions(found: dict[str, Any], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    for one in found["items"]:
        typer.echo(
            f"{one['number']:5}  {(one['at'] or '')[:19]:19}  {one['sha256'][:12]}  {one['author']}: {one['reason']}"
        )
    if not found["complete"]:
        typer.secho("the store does not answer: only the newest versions are shown", fg="yellow", err=True)


def _print_version(found: dict[str, Any]) -> None:
    typer.echo(f"# version {found['number']}, {found['at']}, {found['author']}: {found['reason']}")
    for one in found["confirmations"]:
        typer.echo(f"# {one['rule']} confirmed by {one['by']} at {one['at']}: {one['note']}")
    for note in found["notes"]:
        typer.echo(f"# {note}")
    for file in found["files"]:
        typer.echo(f"# ---- {file['name']}\n{file['text']}", nl=False)


def _print_diff(old: dict[str, Any], new: dict[str, Any]) -> None:
    before, after = ({file["name"]: file["text"] for file in one["files"]} for one in (old, new))
    for name in {**before, **after}:
        lines = difflib.unified_diff(
            before.get(name, "").splitlines(),
            after.get(name, "").splitlines(),
            f"{name} (version {old['number']})",
            f"{name} (version {new['number']})",
            lineterm="",
        )
        for line in lines:
            typer.secho(line, fg={"+": "green", "-": "red"}.get(line[:1]))


def _write(found: dict[str, Any], out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    names = [Path(file["name"]).name for file in found["files"]]
    if len(set(names)) < len(names):
        # Files of one name in several directories: numbered, so that none is lost.
        names = [f"{i + 1:02}-{name}" for i, name in enumerate(names)]
    for name, file in zip(names, found["files"], strict=True):
        (out / name).write_text(file["text"], "utf-8")
        typer.echo(str(out / name))
