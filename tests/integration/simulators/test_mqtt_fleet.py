"""A fleet of monitors on a real broker, read by our own codec."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from connectors.codecs.base import Rows
from connectors.codecs.json import JsonCodec
from connectors.codecs.names import Names
from deploy.embedded import EmbeddedBroker
from park.index import TagTable
from park.model import Park
from simulators.faults import DropOut, Storm
from simulators.live import LiveSource
from simulators.mqtt_devices import FleetConfig, MqttFleet
from simulators.mqtt_payload import Form
from simulators.player import play, wall_clock_us
from simulators.world import World

_S = 1_000_000


class Listener:
    """A subscriber that keeps what comes."""

    def __init__(self, broker: EmbeddedBroker, topics: str) -> None:
        self.messages: list[tuple[str, bytes]] = []
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        self._client.on_message = lambda _client, _data, one: self.messages.append((one.topic, bytes(one.payload)))
        self._client.connect(broker.host, broker.port)
        self._client.subscribe(topics, qos=1)
        self._client.loop_start()

    async def wait_for(self, count: int) -> list[tuple[str, bytes]]:
        async with asyncio.timeout(10):
            while len(self.messages) < count:
                await asyncio.sleep(0.02)
        return self.messages

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
async def listener(broker: EmbeddedBroker, request: pytest.FixtureRequest) -> AsyncIterator[Listener]:
    one = Listener(broker, f"{_root(request)}/#")
    await asyncio.sleep(0.1)
    yield one
    one.close()


def _root(request: pytest.FixtureRequest) -> str:
    return f"fleet/{abs(hash(request.node.name)) % 10**9}"


MakeFleet = Callable[..., MqttFleet]


def _clock_at(now_us: int) -> Callable[[], int]:
    return lambda: now_us


@pytest.fixture
def make_fleet(broker: EmbeddedBroker, small_park: Park, request: pytest.FixtureRequest) -> MakeFleet:
    def make(**options: Any) -> MqttFleet:
        topic = f"{_root(request)}/{{enterprise}}/{{device}}"
        config = FleetConfig(host=broker.host, port=broker.port, topic=topic, client_prefix=_root(request), **options)
        return MqttFleet(config, TagTable(small_park))

    return make


def _frames(park: Park, count: int, *faults: Any) -> LiveSource:
    start_us = wall_clock_us()
    world = World(park, seed=1, start_us=start_us, faults=faults)
    return LiveSource(world, period_us=20_000, until_us=start_us + (count - 1) * 20_000)


@pytest.mark.parametrize("form", list(Form))
async def test_our_codec_reads_what_the_fleet_sends(
    make_fleet: MakeFleet, listener: Listener, small_park: Park, form: Form
) -> None:
    table = TagTable(small_park)
    fleet = make_fleet(form=form)
    frame = _frames(small_park, 1).take(wall_clock_us())
    await fleet.start()
    await fleet.show(frame, lambda: frame.now_us)
    await fleet.stop()
    read: dict[int, tuple[float, int]] = {}
    for topic, payload in await listener.wait_for(fleet.published):
        enterprise = topic.split("/")[2]
        infos = [info for info in table.infos if info.enterprise == enterprise]
        names = Names(
            enterprise=enterprise, connector="mqtt", infos=infos, enterprises=frozenset({"hengtai", "jinghui"})
        )
        rows = Rows()
        assert JsonCodec().decode(payload, topic, names, rows) == ()
        batch = rows.batch(received_us=0, origin="")
        for ix, time_us, value in zip(batch.tag, batch.time_us, batch.value, strict=True):
            read[int(ix)] = float(value), int(time_us)
    wanted = table.of_connector("mqtt")
    assert set(read) == {info.ix for info in wanted}
    for info in wanted:
        assert read[info.ix] == (float(frame.value[info.ix]), frame.now_us // 1000 * 1000)


async def test_everything_published_is_acknowledged_and_arrives(
    make_fleet: MakeFleet, listener: Listener, small_park: Park
) -> None:
    fleet = make_fleet(connections=3)
    await fleet.start()
    await play(_frames(small_park, 50), [fleet], asyncio.Event())
    await fleet.stop()
    assert fleet.acknowledged == fleet.published > 9 * 10
    assert len(await listener.wait_for(fleet.published)) == fleet.published
    samples = sum(len(json.loads(payload)["values"]) for _, payload in listener.messages)
    assert samples == fleet.samples


async def test_frames_are_gathered_into_messages_of_columns(
    make_fleet: MakeFleet, listener: Listener, small_park: Park
) -> None:
    fleet = make_fleet(form=Form.COLUMNS, frames_per_message=10)
    source = _frames(small_park, 1)
    await fleet.start()
    start_us = wall_clock_us()
    for k in range(25):
        frame = source.take(start_us + k * 20_000)
        await fleet.show(frame, _clock_at(frame.now_us))
    await fleet.stop()
    messages = [json.loads(payload) for topic, payload in await listener.wait_for(3 * 9) if topic.endswith("/da001")]
    assert [len(one["t"]) for one in messages] == [10, 10, 5]
    times = [t for one in messages for t in one["t"]]
    assert times == sorted(times)
    assert all(len(column) == len(one["t"]) for one in messages for column in one["values"].values())


async def test_a_device_that_drops_out_is_silent_and_the_others_are_not(
    make_fleet: MakeFleet, listener: Listener, small_park: Park
) -> None:
    fault = DropOut.model_validate({"kind": "drop_out", "target": "mqtt/fl-ne", "at": 0, "for": "1h"})
    fleet = make_fleet()
    await play(_frames(small_park, 5, fault), [fleet], asyncio.Event())
    await fleet.stop()
    topics = {topic.split("/", 2)[2] for topic, _ in await listener.wait_for(fleet.published)}
    assert topics == {
        *(f"park/{name}" for name in ("ws1", "fl-nw", "fl-se", "fl-sw", "aq1")),
        "hengtai/da001",
        "hengtai/dw001",
        "jinghui/da011",
    }


async def test_a_storm_multiplies_the_messages_of_one_device(
    make_fleet: MakeFleet, listener: Listener, small_park: Park
) -> None:
    fault = Storm.model_validate({"kind": "storm", "target": "mqtt/da011", "at": 0, "for": "1h", "size": 200})
    fleet = make_fleet()
    source = _frames(small_park, 1, fault)
    await fleet.start()
    await fleet.show(source.take(wall_clock_us()), wall_clock_us)
    await fleet.stop()
    messages = [json.loads(payload) for topic, payload in await listener.wait_for(208) if topic.endswith("da011")]
    assert len(messages) == 200
    times = [one["t"] for one in messages]
    assert times == list(range(times[0], times[0] + 200))


async def test_a_broker_that_is_not_there_is_said_at_once(small_park: Park) -> None:
    fleet = MqttFleet(FleetConfig(port=1), TagTable(small_park))
    with pytest.raises(ConnectionRefusedError):
        await fleet.start()


async def test_enterprises_log_in_under_their_own_names(server_directory: Any, small_park: Park) -> None:
    users = {"park": "a", "hengtai": "b", "jinghui": "c"}
    with EmbeddedBroker(server_directory / "fleet-broker", passwords=users) as broker:
        config = FleetConfig.model_validate({"port": broker.port, "passwords": users, "connections": 2})
        fleet = MqttFleet(config, TagTable(small_park))
        assert len(fleet.connections) == 2 + 2 + 1
        await fleet.start()
        await fleet.show(_frames(small_park, 1).take(wall_clock_us()), wall_clock_us)
        await fleet.stop()
        assert fleet.acknowledged == fleet.published == 9
        wrong = FleetConfig.model_validate({"port": broker.port, "passwords": {**users, "hengtai": "x"}})
        with pytest.raises(ConnectionRefusedError):
            await MqttFleet(wrong, TagTable(small_park)).start()


def test_a_connector_that_brings_nothing_has_no_fleet(small_park: Park) -> None:
    with pytest.raises(ValueError, match="mqtt-nobody"):
        MqttFleet(FleetConfig(connector="mqtt-nobody"), TagTable(small_park))


async def test_a_broker_that_restarts_gets_everything_in_the_end(server_directory: Any, small_park: Park) -> None:
    with EmbeddedBroker(server_directory / "restarting-broker") as broker:
        fleet = MqttFleet(FleetConfig(port=broker.port), TagTable(small_park))
        await fleet.start()
        source = _frames(small_park, 1)
        await fleet.show(source.take(wall_clock_us()), wall_clock_us)
        broker.kill()
        for _ in range(5):
            await fleet.show(source.take(wall_clock_us()), wall_clock_us)
        assert fleet.acknowledged < fleet.published
        broker.start()
        await fleet.stop()
        assert fleet.acknowledged == fleet.published == 6 * 9
