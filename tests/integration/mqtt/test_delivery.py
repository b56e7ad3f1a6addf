"""What a gateway publishes is stored once or more, acknowledged when it is, and never before."""

import asyncio

import pytest

from connectors.base import State
from tests.integration.mqtt.rig import Rig, sample, still, until
from tests.unit.connectors.codecs.parks import NOON_US


async def test_a_sample_arrives_with_its_own_time(rig: Rig, version: str) -> None:
    async with rig.running(version=version) as running:
        with rig.gateway() as gateway:
            await gateway.send(sample(7))
        await until(lambda: rig.shelf.values == [7.0])
        health = running.connector.health
        await until(lambda: health.journalled == 1)
        assert rig.shelf.batches[0].time_us.tolist() == [NOON_US + 7000]
        assert (health.messages, health.received, health.last_source_us) == (1, 1, NOON_US + 7000)
        assert running.last_error == ""


async def test_nothing_is_acknowledged_before_the_journal_has_it(rig: Rig, version: str) -> None:
    async with rig.running(version=version) as first:
        rig.shelf.open.clear()
        with rig.gateway() as gateway:
            await gateway.send_values(1, 2, 3)
            await until(lambda: first.connector.health.received == 3)
            await first.kill()
            assert rig.shelf.values == []
    rig.shelf.open.set()
    async with rig.running(version=version):
        await until(lambda: rig.shelf.values == [1, 2, 3])


async def test_what_the_journal_has_is_not_sent_again(rig: Rig, version: str) -> None:
    async with rig.running(version=version):
        with rig.gateway() as gateway:
            await gateway.send_values(*range(500))
        await until(lambda: len(rig.shelf.values) == 500)
    async with rig.running(version=version):
        await still(lambda: rig.shelf.values == list(range(500)))


async def test_what_is_published_while_we_are_away_is_kept_for_us(rig: Rig, version: str) -> None:
    async with rig.running(version=version):
        pass
    with rig.gateway() as gateway:
        await gateway.send_values(*range(2500))
    async with rig.running(version=version):
        await until(lambda: len(rig.shelf.values) == 2500)
    assert rig.shelf.values == list(range(2500))


async def test_what_waits_for_the_journal_is_bounded_by_the_broker(rig: Rig) -> None:
    rig.shelf.open.clear()
    async with rig.running(receive_maximum=50) as running:
        with rig.gateway() as gateway:
            await gateway.send_values(*range(400))
        await until(lambda: running.connector.health.messages == 50)
        await still(lambda: running.connector.health.messages == 50)
        rig.shelf.open.set()
        await until(lambda: len(rig.shelf.values) == 400)
    assert rig.shelf.values == list(range(400))


async def test_several_lots_wait_for_the_journal_at_once(rig: Rig) -> None:
    rig.shelf.open.clear()
    async with rig.running():
        with rig.gateway() as gateway:
            for value in range(5):
                await gateway.send_values(value)
                await _waiting(rig, value + 1)
        rig.shelf.open.set()
        await until(lambda: rig.shelf.values == [0, 1, 2, 3, 4])


async def test_a_refusing_journal_holds_everything_back_and_loses_nothing(rig: Rig, version: str) -> None:
    async with rig.running(version=version) as running:
        rig.shelf.refusing = "no space left on device"
        with rig.gateway() as gateway:
            for value in range(5):
                await gateway.send_values(value)
                await asyncio.sleep(0.02)
            await until(lambda: running.state is State.DEGRADED)
            assert "no space left on device" in running.last_error
            assert running.connector.health.journalled == 0
            rig.shelf.refusing = ""
            await gateway.send_values(5)
        await until(lambda: len(rig.shelf.values) == 6)
        assert rig.shelf.values == [0, 1, 2, 3, 4, 5]
        await until(lambda: running.state is State.CONNECTED)


async def test_a_refused_message_is_still_the_brokers_when_we_die(rig: Rig) -> None:
    async with rig.running() as first:
        rig.shelf.refusing = "disk"
        with rig.gateway() as gateway:
            await gateway.send_values(1)
        await until(lambda: rig.shelf.refused)
        await first.kill()
    rig.shelf.refusing = ""
    async with rig.running():
        await until(lambda: rig.shelf.values == [1])


async def test_an_intake_that_fails_in_another_way_is_no_reason_to_lose_data(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    put, calls = rig.shelf.put, 0

    async def fails_once(*arguments: object, **more: object) -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise ZeroDivisionError("a fault of ours")
        await put(*arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(rig.shelf, "put", fails_once)
    async with rig.running() as running:
        with rig.gateway() as gateway:
            await gateway.send_values(1)
        await until(lambda: running.state is State.DEGRADED)
        assert "a fault of ours" in running.last_error
        await until(lambda: rig.shelf.values == [1])


async def test_a_shared_subscription_gives_each_sample_to_one_of_the_members(rig: Rig, version: str) -> None:
    async with (
        rig.running(version=version, shared_group=rig.word, client_id=f"{rig.word}a") as one,
        rig.running(version=version, shared_group=rig.word, client_id=f"{rig.word}b") as two,
    ):
        with rig.gateway() as gateway:
            await gateway.send_values(*range(200))
        await until(lambda: len(rig.shelf.values) == 200)
        assert sorted(rig.shelf.values) == list(range(200))
        assert min(one.connector.health.received, two.connector.health.received) > 0


async def _waiting(rig: Rig, lots: int) -> None:
    await until(lambda: rig.shelf.waiting == lots)
