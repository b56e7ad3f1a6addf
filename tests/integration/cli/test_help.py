"""Help: every command shows how it is used, and what it shows works."""

import shlex
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from deploy.cli import app
from tests.integration.cli.conftest import Run

_ROOT = typer.main.get_command(app)


def _commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    below = getattr(command, "commands", None)
    if below is None:
        yield path
        return
    for name, one in below.items():
        yield from _commands(one, (*path, name))


_ALL = sorted(_commands(_ROOT))


def _example(text: str) -> list[str]:
    """The words after ``parkwatch`` in the help's example."""
    words = shlex.split(" ".join(text.partition("Example:")[2].partition("╭")[0].split()))
    assert "parkwatch" in words, f"no example in: {text}"
    return words[words.index("parkwatch") + 1 :]


def test_list_of_commands_is_the_one_that_is_promised(run: Run) -> None:
    promised = {"serve", "check", "demo", "replay", "bench", "make-park"}
    promised |= {"db migrate", "audit verify", "key create", "key list", "key revoke"}
    assert {" ".join(path) for path in _ALL} >= promised


@pytest.mark.parametrize("path", _ALL, ids=" ".join)
def test_help_of_every_command_shows_an_example_of_it(run: Run, path: tuple[str, ...]) -> None:
    shown = run(*path, "--help", COLUMNS="200")
    assert shown.exit_code == 0
    assert tuple(_example(shown.output)[: len(path)]) == path


@pytest.mark.parametrize("path", _ALL, ids=" ".join)
def test_example_has_only_options_that_exist(run: Run, path: tuple[str, ...]) -> None:
    words = _example(run(*path, "--help", COLUMNS="200").output)[len(path) :]
    command: Any = _ROOT
    for name in path:
        command = command.commands[name]
    context = command.make_context(" ".join(path), [], resilient_parsing=True)
    command.make_parser(context).parse_args(list(words))


@pytest.mark.parametrize("path", [(), ("db",), ("audit",), ("key",)])
def test_without_a_command_the_help_is_shown(run: Run, path: tuple[str, ...]) -> None:
    assert "Usage" in run(*path).output


def test_unknown_command_names_what_is_wrong(run: Run) -> None:
    refused = run("sevre")
    assert refused.exit_code == 2
    assert "sevre" in refused.output
