"""Packets of data loggers over a real broker: samples, reported means, the packets themselves, what was tolerated."""

import asyncio
import time

from connectors.base import Context, RawFrame, State
from connectors.mqtt import MqttConnector
from tests.contract.memory_intake import MemoryIntake
from tests.integration.mqtt.rig import Rig, until
from tests.unit.connectors.hj212.oracles import MN, tags_at, telegram

REAL_TIME = telegram("DataTime=20160801085857;w01018-Rtd=2.2,w01018-Flag=N")
HOUR = telegram("DataTime=20160801080000;w01018-Avg=40.1,w01018-Flag=N", cn="2061")[:-2]
DAMAGED = REAL_TIME.replace(b"2.2", b"2.3")


async def test_packets_arrive_with_means_raw_bytes_and_deviations(rig: Rig) -> None:
    topics = [{"filter": f"parkwatch/v1/+/{rig.word}/#", "codec": "hj212"}]
    intake = MemoryIntake()
    context = Context(
        tags=tags_at("w01018"), intake=intake, clock=lambda: time.time_ns() // 1000, on_gap=lambda gap: None
    )
    connector = MqttConnector(rig.config(id="hj", topics=topics), context)
    task = asyncio.create_task(connector.run())
    await until(lambda: connector.health.state is State.CONNECTED)
    with rig.gateway() as gateway:
        await gateway.send(REAL_TIME, HOUR, DAMAGED, topic=rig.topic("works"))
    await until(lambda: len(intake.frames) == 2 and intake.letters)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert intake.frames == [RawFrame(enterprise="works", device=MN, data=data) for data in (REAL_TIME, HOUR)]
    assert [value for batch in intake.batches for value in batch.value] == [2.2]
    assert [mean for batch in intake.periods for mean in batch.avg] == [40.1]
    assert [(letter.reason, letter.raw) for letter in intake.letters] == [("bad_crc", DAMAGED)]
    device = connector.health.devices[MN]
    assert (device.enterprise, device.protocol, device.messages, device.received) == ("works", "HJ 212-2017", 2, 1)
    assert device.deviations == {"no_tail": 1}
