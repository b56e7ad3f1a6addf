"""What every connector promises (`connectors.base`), whatever its protocol."""

import asyncio
import pkgutil
import re
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

import connectors
from connectors.base import State
from connectors.registry import BUILDERS, parse_config
from tests.contract.conftest import SECRET, Build, Built, sample

_FAILS_WITHIN_S = 10.0
_ENDS_WITHIN_S = 3.0
#: Packages beside the connectors that are none.
_SHARED = {"codecs"}


# --- the table


def test_every_connector_is_registered_under_the_name_of_its_package() -> None:
    packages = {one.name for one in pkgutil.iter_modules(connectors.__path__) if one.ispkg}
    assert packages - _SHARED == set(BUILDERS)


def test_configuration_of_a_kind_builds_that_kind(build: Build, kind: str) -> None:
    health = build(1).connector.health
    assert (health.kind, health.connector, health.state) == (kind, "link", State.STARTING)


def test_unknown_kind_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(ValidationError, match="mqtt"):
        parse_config.validate_python({"kind": "modbus", "id": "link"})


# --- configuration


def test_unknown_option_is_refused(kind: str) -> None:
    with pytest.raises(ValidationError, match="misspelt"):
        parse_config.validate_python(sample(kind) | {"misspelt": 1})


@pytest.mark.parametrize("left_out", ["id", "kind"])
def test_id_and_kind_must_be_given(kind: str, left_out: str) -> None:
    whole = sample(kind)
    del whole[left_out]
    with pytest.raises(ValidationError):
        parse_config.validate_python(whole)


def test_configuration_cannot_be_changed_afterwards(kind: str) -> None:
    config = parse_config.validate_python(sample(kind))
    with pytest.raises(ValidationError, match="frozen"):
        setattr(config, "id", "other")  # noqa: B010  (as an assignment, the type checker would refuse it first)


def test_secret_is_in_nothing_that_is_printed(build: Build, kind: str) -> None:
    config = parse_config.validate_python(sample(kind))
    shown = [repr(config), str(config), config.model_dump_json(), repr(build(1).connector), repr(vars(config))]
    assert not [text for text in shown if SECRET in text]


def test_secret_is_in_no_error_about_another_option(kind: str) -> None:
    with pytest.raises(ValidationError) as refused:
        parse_config.validate_python(sample(kind) | {"misspelt": 1})
    assert SECRET not in str(refused.value)


def test_samples_of_the_readme_are_valid(kind: str) -> None:
    readme = Path(connectors.__path__[0], kind, "README.md").read_text("utf-8")
    found = [yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", readme, re.DOTALL)]
    samples = [one for one in found if isinstance(one, dict) and one.get("kind") == kind]
    assert samples
    for one in samples:
        assert parse_config.validate_python(one).kind == kind


# --- building


def test_building_opens_no_connection_and_asks_for_no_address(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    def too_early(*_: object, **__: object) -> None:
        pytest.fail("connected too early")

    for name in ("connect", "connect_ex", "bind", "sendto"):
        monkeypatch.setattr(socket.socket, name, too_early)
    monkeypatch.setattr(socket, "getaddrinfo", too_early)
    monkeypatch.setattr(socket, "create_connection", too_early)
    assert build(1).connector.health.messages == 0


def test_building_needs_no_event_loop(build: Build) -> None:
    with pytest.raises(RuntimeError):
        asyncio.get_running_loop()
    assert build(1).connector.health.errors == 0


# --- running


@asynccontextmanager
async def _running(built: Built) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(built.connector.run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait({task}, timeout=_ENDS_WITHIN_S)


async def _until_errors(built: Built, count: int) -> None:
    deadline_s = time.monotonic() + _FAILS_WITHIN_S
    while built.connector.health.errors < count:
        assert time.monotonic() < deadline_s, f"it did not notice: {built.connector.health}"
        await asyncio.sleep(0.01)


async def test_peer_of_no_use_is_told_and_tried_again(stuck: Built) -> None:
    async with _running(stuck) as task:
        await _until_errors(stuck, 2)
        health = stuck.connector.health
        assert (health.state, task.done()) == (State.DISCONNECTED, False)
        assert health.last_error
        assert SECRET not in health.last_error
    assert stuck.intake.batches == []


async def test_cancelling_ends_it_promptly_and_by_nothing_else(stuck: Built) -> None:
    async with _running(stuck) as task:
        await _until_errors(stuck, 1)
        began_s = time.monotonic()
        task.cancel()
        await asyncio.wait({task}, timeout=_ENDS_WITHIN_S)
        assert task.cancelled()
        assert time.monotonic() - began_s < _ENDS_WITHIN_S
    assert stuck.connector.health.state is State.STOPPED


async def test_cancelling_in_the_first_moment_ends_it_too(build: Build, silent: int) -> None:
    built = build(silent)
    async with _running(built) as task:
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait({task}, timeout=_ENDS_WITHIN_S)
        assert task.cancelled()


async def test_stopped_connector_leaves_no_task_behind(stuck: Built) -> None:
    before = asyncio.all_tasks()
    async with _running(stuck):
        await _until_errors(stuck, 1)
    await asyncio.sleep(0.1)
    assert asyncio.all_tasks() <= before
