"""What the service remembers of its links: how they were, and when nobody was listening."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.embedded import EmbeddedBroker
from tests.integration.service.rig import Rig
from tests.integration.service.small import SmallPark, now_ms, sample, until


@pytest.fixture
def own_broker(server_directory: Path, request: pytest.FixtureRequest) -> Iterator[EmbeddedBroker]:
    """One that may go away; it keeps sessions and queues meanwhile."""
    broker = EmbeddedBroker(server_directory / f"links-{request.node.name}", persistence=True)
    broker.start()
    yield broker
    broker.destroy()


@pytest.fixture
def rig(own_broker: EmbeddedBroker, tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch) -> Rig:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    return Rig(SmallPark(tmp_path, broker_port=own_broker.port), database)


async def _until_rows(rig: Rig, statement: str, true: Callable[[list[tuple[Any, ...]]], bool]) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = []

    async def holds() -> bool:
        nonlocal found
        found = rig.rows(statement)
        return true(found)

    await until(holds)
    return found


async def test_every_change_of_a_link_is_recorded_with_what_it_said_of_itself(
    rig: Rig, own_broker: EmbeddedBroker
) -> None:
    statement = "SELECT state, body ->> 'last_error' FROM connector_health WHERE connector = 'gate' ORDER BY at"
    async with rig.running():
        await _until_rows(rig, statement, lambda rows: bool(rows) and rows[-1][0] == "connected")
        own_broker.kill()
        found = await _until_rows(rig, statement, lambda rows: rows[-1][0] == "disconnected")
        assert found[-1][1]
        own_broker.start()
        await _until_rows(rig, statement, lambda rows: rows[-1][0] == "connected")


async def test_time_without_a_broker_is_a_gap_in_the_record_and_in_the_interface(
    rig: Rig, own_broker: EmbeddedBroker
) -> None:
    async with rig.running():
        await rig.gateway.send(sample(1.0))
        await rig.until_stored(1)
        before_ms = now_ms()
        own_broker.stop()
        await rig.until_status(lambda status: status["problems"])
        own_broker.start()
        await rig.until_status(lambda status: not status["problems"])
        with_gap = "SELECT extract(epoch FROM from_time) * 1000, extract(epoch FROM to_time) * 1000 FROM connector_gap"
        await until(lambda: asyncio.to_thread(rig.gateway.client.is_connected))
        await rig.gateway.send(sample(2.0))  # what is newer than the gap ends it
        [(from_ms, to_ms)] = await _until_rows(rig, with_gap, lambda rows: len(rows) == 1)
        assert before_ms <= from_ms < to_ms <= now_ms()
        [gate] = (await rig.get("connectors"))["items"]
        [gap] = gate["recent_gaps"]
        assert (gap["connector"], gate["gaps"], gate["reconnects"]) == ("gate", 1, 1)
        assert gap["reason"]


async def test_last_word_of_a_link_is_that_it_was_stopped_in_order(rig: Rig) -> None:
    for start in (1, 2):
        async with rig.running():
            await rig.gateway.send(sample(3.0))
            await rig.until_stored(start)
    states = [state for (state,) in rig.rows("SELECT state FROM connector_health ORDER BY at")]
    assert states.count("stopped") == 2
    assert states[-1] == "stopped"
