"""The demonstration tells what went wrong with itself; it never passes for alerts that are missing."""

import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from rich.console import Console

import deploy.demo
from deploy.demo import Demo
from deploy.sse import Message
from deploy.stack import Stack

_SCENARIO = Path(__file__).parents[3] / "deploy" / "examples" / "small.scenario.yaml"


@pytest.fixture
async def demo() -> AsyncIterator[Demo]:
    one = Demo(_SCENARIO, for_s=60.0, port=None, console=Console(file=io.StringIO()))
    yield one
    await one._stack.close()


async def test_a_stream_that_cannot_be_followed_is_an_error_of_its_own(
    demo: Demo, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def live(url: str, key: str) -> AsyncIterator[Message]:
        yield Message(event="alert", data={"no": "alert"})

    monkeypatch.setattr(deploy.demo, "live", live)
    await demo._watch()
    assert [one.partition(":")[0] for one in demo.errors] == ["live stream"]


async def test_a_store_that_stays_behind_is_told_with_the_last_status(
    demo: Demo, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def get(stack: Stack, path: str, **params: object) -> object:
        return {"journal": {"rows_waiting": 4711}}

    monkeypatch.setattr(Stack, "get", get)
    with pytest.raises(TimeoutError, match=r"still behind the journal after 0\.2 s.*4711"):
        await demo._stack.drained(within_s=0.2)
