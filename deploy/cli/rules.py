"""Commands about rule files: check."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from deploy.cli.common import AsJson, explained

app = typer.Typer()
rules = typer.Typer(no_args_is_help=True, help="Rules: check them, confirm them, put them live, go back.")
app.add_typer(rules, name="rules")

RuleFiles = Annotated[list[Path], typer.Argument(help="Rule files, or directories of them.", exists=True)]


@rules.command()
def check(files: RuleFiles, as_json: AsJson = False) -> None:
    """Tell what is wrong with rule files (exit 1), all of it at once, with file, line and column.

    Example: parkwatch rules check deploy/rules
    """
    from park.yamlfile import FileInvalid
    from service.rules.files import load_rules, read_rule_files

    with explained():
        try:
            loaded = load_rules(read_rule_files(files))
        except FileInvalid as error:
            _report(as_json, valid=False, errors=error.problems)
            raise typer.Exit(1) from None
    _report(as_json, valid=True, rules=len(loaded.rules.rules))


def _report(as_json: bool, *, valid: bool, errors: Sequence[object] = (), rules: int = 0) -> None:
    if as_json:
        shown = [asdict(one) for one in errors]  # type: ignore[call-overload]
        typer.echo(json.dumps({"valid": valid, "rules": rules, "errors": shown}, ensure_ascii=False, indent=2))
        return
    for problem in errors:
        typer.secho(f"{problem} [error]", fg="red", err=True)
    if valid:
        typer.secho(f"valid; {rules} rules", fg="green")
