"""Simulated edge nodes and the connector meet over a broker: what was measured is stored, whatever befell the line."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest

from connectors.sparkplug import SparkplugConnector
from deploy.embedded import EmbeddedBroker
from park.quality import Quality, quality_class
from simulators.faults import DropOut, Fault, LinkDown, LostMessages, NoBirth
from simulators.frame import Frame
from simulators.live import LiveSource
from simulators.sparkplug_fleet import NodeFleet
from simulators.sparkplug_link import FleetConfig
from simulators.world import World
from tests.integration.mqtt.rig import Running, until
from tests.integration.simulators.test_processes import Process
from tests.integration.sparkplug.rig import Rig
from tests.unit.connectors.sparkplug.plant import TABLE

_HOUR = {"at": "0s", "for": "1h"}


def _clock() -> int:
    return time.time_ns() // 1000


class Plant:
    """The park, its edge nodes, and every reading that a frame held."""

    def __init__(self, rig: Rig, **fields: Any) -> None:
        self._source = LiveSource(World(TABLE.park, seed=1, start_us=_clock()), period_us=1000)
        base = {"connector": "edge", "port": rig.broker.port, "group": rig.word + "{enterprise}"}
        self.fleet = NodeFleet(FleetConfig.model_validate(base | fields), TABLE)
        self.shown: dict[tuple[int, int], float] = {}

    async def frame(self, *faults: Fault) -> Frame:
        """One, under these faults; it goes out (or is kept) at once."""
        world = World(TABLE.park, seed=1, start_us=_clock(), faults=faults)
        frame = LiveSource(world, period_us=1000).take(_clock())
        frame.value[:] = self._source.take(_clock()).value
        await self.fleet.show(frame, lambda: frame.now_us)
        for info in TABLE.of_connector("edge"):
            if frame.present[info.ix]:
                self.shown[info.ix, frame.now_us // 1000] = float(frame.value[info.ix])
        return frame

    async def frames(self, count: int, *faults: Fault) -> None:
        """Some, a few milliseconds apart."""
        for _ in range(count):
            await self.frame(*faults)
            await asyncio.sleep(0.003)  # so that no two have one millisecond


def _stored(rig: Rig) -> dict[tuple[int, int], float]:
    """(tag, epoch milliseconds) -> value, of good samples."""
    found: dict[tuple[int, int], float] = {}
    for batch in rig.shelf.batches:
        good = batch.take(quality_class(batch.quality) == Quality.GOOD)
        keys = zip(good.tag.tolist(), (good.time_us // 1000).tolist(), strict=True)
        found.update(zip(keys, good.value.tolist(), strict=True))
    return found


@asynccontextmanager
async def _meeting(rig: Rig, host: dict[str, Any] | None = None, **fleet: Any) -> AsyncIterator[tuple[Running, Plant]]:
    plant = Plant(rig, **fleet)
    groups = {f"{rig.word}{one}": one for one in ("E1", "E2")}
    async with rig.running(enterprise_of=groups, rebirth_first="100ms", **(host or {})) as running:
        await plant.fleet.start()
        try:
            yield running, plant
        finally:
            await plant.fleet.stop()


def _connector(running: Running) -> SparkplugConnector:
    connector: Any = running.connector
    assert isinstance(connector, SparkplugConnector)
    return connector


async def _complete(rig: Rig, plant: Plant) -> None:
    await until(lambda: plant.shown.items() <= _stored(rig).items())


async def test_everything_that_is_measured_is_stored_as_it_was(rig: Rig) -> None:
    async with _meeting(rig) as (running, plant):
        await plant.frames(10)
        await _complete(rig, plant)
        assert len({tag for tag, _ in plant.shown}) == 6
        assert plant.fleet.counts()["rebirths"] == 0
        assert _connector(running).health.dead_letters == 0


async def test_a_lost_network_is_a_death_and_what_was_kept_comes_as_history(rig: Rig) -> None:
    async with _meeting(rig) as (running, plant):
        await plant.frames(3)
        await _complete(rig, plant)
        down = LinkDown.model_validate({"kind": "link_down", "target": "edge/EON1", **_HOUR})
        await plant.frames(5, down)
        await until(lambda: not running.connector.health.devices[f"{rig.word}E1/EON1"].connected)
        await plant.frames(3)
        await _complete(rig, plant)
        assert plant.fleet.counts()["history"] >= 5 * 3


async def test_nothing_is_said_while_the_host_is_away_and_nothing_is_lost(rig: Rig) -> None:
    plant = Plant(rig, host_id=rig.word)
    groups = {f"{rig.word}{one}": one for one in ("E1", "E2")}
    await plant.fleet.start()
    await plant.frames(5)
    assert plant.fleet.counts()["messages"] == 0
    host: dict[str, Any] = {"enterprise_of": groups, "host_id": rig.word}
    async with rig.running(**host):
        await until(lambda: plant.fleet.counts()["births"] >= 2)
        await plant.frames(3)
        await _complete(rig, plant)
    await until(lambda: not any(link.is_open for link in plant.fleet.links))
    await plant.frames(5)
    async with rig.running(**host):
        await until(lambda: plant.fleet.counts()["births"] >= 4)
        await plant.frames(3)
        await _complete(rig, plant)
    await plant.fleet.stop()


async def test_lost_messages_are_noticed_and_births_asked_for(rig: Rig) -> None:
    lost = LostMessages.model_validate({"kind": "lost_messages", "target": "edge/EON1", "share": 0.5, **_HOUR})
    async with _meeting(rig) as (running, plant):
        await plant.frames(20, lost)
        await plant.frames(2)
        await until(lambda: plant.fleet.counts()["rebirths"] > 0)
        health = running.connector.health.devices[f"{rig.word}E1/EON1"]
        assert health.deviations["seq_gap"] > 0
        for _ in range(200):  # births may have been among what was lost; they are asked for again and again
            plant.shown.clear()
            await plant.frames(1)
            await asyncio.sleep(0.1)
            if plant.shown.items() <= _stored(rig).items():
                break
        assert plant.shown.items() <= _stored(rig).items()


async def test_an_edge_node_that_begins_without_a_birth_is_asked_for_it(rig: Rig) -> None:
    fault = NoBirth.model_validate({"kind": "no_birth", "target": "edge", **_HOUR})
    async with _meeting(rig) as (_, plant):
        await plant.frames(2)
        await _complete(rig, plant)
        await plant.frames(1, fault)
        await until(lambda: plant.fleet.counts()["rebirths"] >= 2)
        plant.shown.clear()
        await plant.frames(3, fault)
        await _complete(rig, plant)
        assert set(rig.shelf.reasons) == {"unknown_alias"}


async def test_a_device_that_drops_out_dies_and_is_born_again(rig: Rig) -> None:
    gone = DropOut.model_validate({"kind": "drop_out", "target": "edge/EON1/CEMS1", **_HOUR})
    async with _meeting(rig) as (running, plant):
        await plant.frames(2)
        await plant.frames(2, gone)
        device = running.connector.health.devices[f"{rig.word}E1/EON1/CEMS1"]
        await until(lambda: device.messages > 0 and not device.connected)
        assert running.connector.health.devices[f"{rig.word}E1/EON1"].connected
        await plant.frames(2)
        await until(lambda: device.connected)


async def test_only_what_changed_is_said_by_exception(rig: Rig) -> None:
    async with _meeting(rig, by_exception=True) as (_, plant):
        frame = await plant.frame()
        before = plant.fleet.counts()["samples"]
        frame.time_us[:] += 5_000
        await plant.fleet.show(frame, lambda: frame.now_us)
        assert plant.fleet.counts()["samples"] == before
        frame.value[:] = np.nan
        await plant.fleet.show(frame, lambda: frame.now_us)
        assert plant.fleet.counts()["samples"] == before + 6


async def test_a_process_of_edge_nodes_reports_and_ends_in_an_orderly_way(
    own_broker: Callable[..., EmbeddedBroker], tmp_path: Path
) -> None:
    park, file = tmp_path / "park.json", tmp_path / "nodes.json"
    park.write_bytes(orjson.dumps(TABLE.park.model_dump(mode="json", by_alias=True, exclude_none=True)))
    with own_broker() as broker:
        fleet = {"connector": "edge", "port": broker.port}
        file.write_bytes(orjson.dumps({"park": str(park), "period": "20ms", "fleet": fleet}))
        rig = Rig(broker)
        async with rig.running(enterprise_of={"E1": "E1", "E2": "E2"}):
            process = Process("simulators.sparkplug_nodes", file)
            assert process.next("ready")["nodes"] == 2
            process.command(command="fault", fault={"kind": "link_down", "target": "edge/EON1", "at": 0, "for": "1h"})
            assert process.next("done")["command"] == "fault"
            await until(lambda: len(rig.values("E1.tank.level")) > 0)
            assert process.end() == 0


def test_a_tag_without_an_edge_node_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="comes from connector"):
        NodeFleet(FleetConfig(connector="nobody"), TABLE)
