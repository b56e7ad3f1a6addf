"""The connector: what it counts, what it says of silence, and that it acknowledges nothing that was refused."""

import asyncio
from typing import Any

import pytest

from connectors.base import Context, IntakeRefused, State
from connectors.http.config import HttpConfig
from connectors.http.connector import HttpConnector, Sender
from park.batch import DeadLetter, SampleBatch, empty_batch
from tests.contract.memory_intake import MemoryIntake
from tests.unit.connectors.http.parks import NOW_US, S_US, TAGS

ME = Sender(name="acme-push", enterprise="acme", peer="10.0.0.1", form="CSV")


class _Refusing(MemoryIntake):
    async def put(self, *_: Any, **__: Any) -> None:
        raise IntakeRefused("the disk is full")


class _World:
    def __init__(self, intake: MemoryIntake, **options: Any) -> None:
        self.now_us = NOW_US
        context = Context(tags=TAGS, intake=intake, clock=lambda: self.now_us, on_gap=lambda gap: None)
        self.connector = HttpConnector(HttpConfig(id="push", kind="http", **options), context)


def _batch(*values: float) -> SampleBatch:
    count = len(values)
    return SampleBatch(
        tag=[0] * count,  # type: ignore[arg-type]  # anything array-like is accepted
        time_us=[NOW_US - n for n in range(count)],  # type: ignore[arg-type]
        value=values,  # type: ignore[arg-type]
        quality=[0] * count,  # type: ignore[arg-type]
        received_us=NOW_US,
        origin="push",
    )


def _letter() -> DeadLetter:
    return DeadLetter(origin="push", received_us=NOW_US, reason="bad_time", detail="row 3: time 'x'", raw=b"x")


async def test_what_is_taken_is_counted_for_the_connector_and_the_key() -> None:
    intake = MemoryIntake()
    connector = _World(intake).connector
    await connector.take(_batch(1.0, 2.0), [_letter()], ME, rejected=3)
    health = connector.health
    assert (health.received, health.journalled, health.messages, health.dead_letters) == (2, 2, 1, 1)
    device = health.devices["acme-push"]
    assert (device.enterprise, device.peer, device.protocol) == ("acme", "10.0.0.1", "HTTP push CSV")
    assert (device.received, device.rejected, device.acknowledged, device.last_error) == (2, 3, 1, "row 3: time 'x'")
    assert (len(intake.batches), len(intake.letters)) == (1, 1)


async def test_what_the_intake_refuses_is_not_acknowledged() -> None:
    connector = _World(_Refusing()).connector
    with pytest.raises(IntakeRefused):
        await connector.take(_batch(1.0), [], ME, rejected=0)
    health = connector.health
    assert (health.received, health.journalled, health.errors) == (1, 0, 1)
    assert "disk is full" in health.last_error
    assert health.devices["acme-push"].acknowledged == 0


async def test_silence_degrades_it_where_that_is_wanted_and_a_push_ends_that(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.http.connector._LOOK_EVERY_S", 0.001)
    world = _World(MemoryIntake(), quiet_after="10s")
    running = asyncio.create_task(world.connector.run())

    async def until(state: State) -> None:
        async with asyncio.timeout(20):
            while world.connector.health.state is not state:
                await asyncio.sleep(0.001)

    await until(State.CONNECTED)
    world.now_us += 11 * S_US
    await until(State.DEGRADED)
    assert "nothing was pushed for 11 s" in world.connector.health.last_error
    await world.connector.take(empty_batch(received_us=world.now_us, origin="push"), [], ME, rejected=0)
    await until(State.CONNECTED)
    running.cancel()
    await asyncio.wait({running})
    assert world.connector.health.state is State.STOPPED
