"""A whole service tells people: at once, again, not when it should not; and says in its journal what it did."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.integration.cli.serve import Serve
from tests.integration.mqtt.rig import Gateway
from tests.integration.notify.receiver import Receiver, receiving
from tests.integration.service.conftest import Serving, serve, serving, small_park
from tests.integration.service.rig import Rig
from tests.integration.service.small import SmallPark, sample, until

__all__ = ["serve", "serving", "small_park"]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as one:
        yield one


def section(receiver: Receiver, *, route: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    hook = {"id": "hook", "kind": "webhook", "url": receiver.url, "secret": "s"}
    return {"channels": [hook], "routes": [{"id": "all", "channels": ["hook"], **(route or {})}], **more}


async def entries(rig: Rig, **params: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await rig.get("notifications", **params))["items"]
    return found


async def test_an_alarm_is_told_within_seconds_and_the_journal_keeps_it(serving: Serving, receiver: Receiver) -> None:
    async with serving(notifications=section(receiver)) as rig:
        await rig.gateway.send(sample(91.0))
        (heard,) = await receiver.until(1)
        (told,) = heard.json["alerts"]
        assert (told["enterprise"], told["level"], told["value"]) == ("acme", "H", 91.0)

        async def kept() -> bool:
            return bool(await entries(rig, alert=told["about"], state="sent"))

        await until(kept)
        (entry,) = await entries(rig, alert=told["about"])
        assert (entry["channel"], entry["reason"], entry["attempt"]) == ("hook", "HTTP 200", 1)


async def test_a_receiver_that_is_busy_is_told_again_with_the_same_id(serving: Serving, receiver: Receiver) -> None:
    receiver.once = [(503, b"busy")]
    async with serving(notifications=section(receiver)) as rig:
        await rig.gateway.send(sample(91.0))
        first, second = await receiver.until(2)
        assert first.headers["x-parkwatch-id"] == second.headers["x-parkwatch-id"]

        async def kept() -> bool:
            return [one["state"] for one in await entries(rig)] == ["sent", "failed"]

        await until(kept)


async def test_nobody_acknowledges_so_the_next_is_told_and_acknowledging_ends_it(
    serving: Serving, receiver: Receiver
) -> None:
    route = {"escalate": [{"after": "2s", "channels": ["hook"]}, {"after": "1h", "channels": ["hook"]}]}
    async with serving(notifications=section(receiver, route=route)) as rig:
        await rig.gateway.send(sample(91.0))
        raised, escalated = await receiver.until(2)
        assert [one.json["why"] for one in (raised, escalated)] == ["raised", "escalated"]
        (alert,) = (await rig.get("alerts"))["items"]
        assert rig.service.notify._decider.memory.steps
        async with rig.client(rig.park.key()) as client:
            await client.post(f"alerts/{alert['id']}/ack", json={"level": alert["level"]})
        await until(_forgotten(rig))


def _forgotten(rig: Rig) -> Callable[[], Any]:
    async def holds() -> bool:
        return not rig.service.notify._decider.memory.steps

    return holds


async def test_people_are_told_while_the_database_is_down(
    small_park: SmallPark, receiver: Receiver, serve: Callable[[Path], Serve]
) -> None:
    nobody = "postgresql://nobody@127.0.0.1:1/none?connect_timeout=2"
    service = serve(small_park.write_config(nobody, notifications=section(receiver)))
    await asyncio.to_thread(service.until_up)
    with Gateway(small_park.broker_port, small_park.topic()) as gateway:

        async def told() -> bool:
            await gateway.send(sample(91.0))
            await asyncio.sleep(0.5)
            return bool(receiver.heard)

        await until(told)
    service.stop(signal.SIGTERM)


async def test_after_a_kill_nothing_is_told_twice_and_nothing_is_missed(
    small_park: SmallPark, database: str, receiver: Receiver, serve: Callable[[Path], Serve]
) -> None:
    rig = Rig(small_park, database)
    config = small_park.write_config(database, notifications=section(receiver, group_within="1ms"))
    first = serve(config)
    async with rig.looking_at(await asyncio.to_thread(first.until_up)):
        await rig.gateway.send(sample(91.0))
        await receiver.until(1)
        await asyncio.sleep(1.5)  # its memory is written every half second
        first.stop(signal.SIGKILL)
    second = serve(config)
    async with rig.looking_at(await asyncio.to_thread(second.until_up)):
        await rig.gateway.send(sample(70.0))
        await rig.gateway.send(sample(95.0))
        await receiver.until(2)
        await asyncio.sleep(1.0)
        assert [one.json["alerts"][0]["value"] for one in receiver.heard] == [91.0, 95.0]


async def test_an_enterprise_reads_of_its_own_alarms_alone(serving: Serving, receiver: Receiver) -> None:
    async with serving(notifications=section(receiver)) as rig:
        await rig.gateway.send(sample(91.0))
        await receiver.until(1)

        async def kept() -> bool:
            return bool(await entries(rig))

        await until(kept)
        async with (
            rig.client(rig.park.key(enterprise="zeta")) as zeta,
            rig.client(rig.park.key(enterprise="acme")) as acme,
        ):
            assert (await zeta.get("notifications")).json()["items"] == []
            assert len((await acme.get("notifications")).json()["items"]) == 1


async def test_a_test_message_says_that_it_is_one(serving: Serving, receiver: Receiver) -> None:
    async with serving(notifications=section(receiver)) as rig, rig.client(rig.park.key()) as client:
        assert (await client.post("notifications/test", json={"channel": "hook"})).status_code == 202
        (heard,) = await receiver.until(1)
        assert heard.json["why"] == "test"
        assert (await client.post("notifications/test", json={"channel": "nope"})).status_code == 404
        (channel,) = (await client.get("notifications/channels")).json()["items"]
        assert channel | {"kind": "webhook", "last_error": ""} == channel


async def test_the_heartbeat_beats_while_the_service_is_well(serving: Serving, receiver: Receiver) -> None:
    beat = {"url": receiver.url, "every": "5s"}
    async with serving(notifications={"heartbeat": beat}) as rig:
        (heard,) = await receiver.until(1)
        assert heard.json["beat"] == 1
        rig.service.intake.refusing = "the disk is full"
        task = rig.service.notify._heartbeat
        assert task is not None
        await task.beat()
        assert task.last_error == "withheld: the service is not ready"
        rig.service.intake.refusing = ""
