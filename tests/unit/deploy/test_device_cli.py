"""``parkwatch device``: what is asked of the interface, and what a person is told."""

from collections.abc import Callable
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from deploy.cli import app, devices

ANSWER: dict[str, Any] = {"result": "done", "words": "done", "data": [], "packets": 0}
Asked = list[tuple[str, str, Any]]
Run = Callable[..., Result]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """The requests that are made; each is answered by `ANSWER`."""
    made: Asked = []

    def ask(method: str, url: str, key: str, path: str, *, body: Any = None, **params: Any) -> Any:
        made.append((method, path, body or params))
        return ANSWER

    monkeypatch.setattr(devices, "ask", ask)
    return made


def _run(*words: str) -> Result:
    return CliRunner().invoke(app, ["device", *words, "--key", "k"])


@pytest.mark.parametrize(
    ("words", "command", "parameters"),
    [
        (("set-clock",), "set-clock", {}),
        (("set-interval", "--seconds", "60"), "set-realtime-interval", {"seconds": 60}),
        (("set-interval", "--minutes", "10"), "set-minute-interval", {"minutes": 10}),
        (
            ("history", "--of", "hour", "--from", "2026-11-01T00:00+08:00", "--to", "2026-11-01T23:00+08:00"),
            "history",
            {"of": "hour", "from": "2026-11-01T00:00+08:00", "to": "2026-11-01T23:00+08:00"},
        ),
        (("calibrate", "--pollutant", "w01018"), "calibrate", {"pollutant": "w01018"}),
        (("sample", "--pollutant", "w01018"), "sample", {"pollutant": "w01018"}),
        (("sample", "--pollutant", "w01018", "--compare"), "comparison-sample", {"pollutant": "w01018"}),
    ],
)
def test_short_forms_are_commands(
    asked: Asked, words: tuple[str, ...], command: str, parameters: dict[str, object]
) -> None:
    assert _run(words[0], "loggers/MN1", *words[1:]).exit_code == 0
    assert asked == [("POST", "devices/loggers/MN1/commands", {"command": command, "parameters": parameters})]


def test_any_command_can_be_told(asked: Asked) -> None:
    assert _run("tell", "loggers/MN1", "get-information", "info=i12001").exit_code == 0
    assert asked[0][2] == {"command": "get-information", "parameters": {"info": "i12001"}}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("set-clock", "MN1"), "connector/device"),
        (("set-clock", "a/b/c"), "connector/device"),
        (("set-interval", "a/b"), "--seconds"),
        (("set-interval", "a/b", "--seconds", "60", "--minutes", "1"), "one of them"),
        (("tell", "a/b", "get-clock", "pollutant"), "NAME=VALUE"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_asked(asked: Asked, words: tuple[str, ...], said: str) -> None:
    result = _run(*words)
    assert (result.exit_code, said in result.output, asked) == (1, True, [])


@pytest.mark.parametrize(
    ("result", "exit_code"), [("done", 0), ("no_data", 0), ("refused", 1), ("failed", 1), (None, 0)]
)
def test_what_came_of_it_is_the_exit_code(
    asked: Asked, monkeypatch: pytest.MonkeyPatch, result: str | None, exit_code: int
) -> None:
    monkeypatch.setitem(ANSWER, "result", result)
    monkeypatch.setitem(ANSWER, "words", "so it is")
    monkeypatch.setitem(ANSWER, "data", [{"SystemTime": "20261101080000"}])
    told = _run("set-clock", "loggers/MN1")
    assert (told.exit_code, "so it is" in told.output) == (exit_code, True)
    assert "SystemTime=20261101080000" in told.output
