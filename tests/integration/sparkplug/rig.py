"""A connector running against a broker, and an edge node on the wire that does what it is told."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from connectors.base import Context, Gap, State
from connectors.sparkplug import SparkplugConfig, SparkplugConnector
from connectors.sparkplug.payload_pb2 import Metric, Payload
from connectors.sparkplug.values import DataType
from deploy.embedded import EmbeddedBroker
from tests.integration.mqtt.rig import Running, unique, until
from tests.unit.connectors.mqtt.stories import Shelf
from tests.unit.connectors.sparkplug.plant import TABLE, by_alias, double


def now_ms() -> int:
    """Of this machine."""
    return time.time_ns() // 1_000_000


@dataclass
class Rig:
    """One test's corner of a broker: its group (which belongs to E1), its host id, its shelf."""

    broker: EmbeddedBroker
    word: str = field(default_factory=unique)
    shelf: Shelf = field(default_factory=Shelf)

    def config(self, **fields: Any) -> SparkplugConfig:
        base: dict[str, Any] = {
            "id": "edge",
            "kind": "sparkplug",
            "host": self.broker.host,
            "port": self.broker.port,
            "client_id": self.word,
            "enterprise_of": {self.word: "E1"},
            "all_groups": False,
            "reorder_timeout": "0s",
            "birth_wait": "1h",
            "retry_first": "50ms",
            "retry_max": "200ms",
        }
        return SparkplugConfig.model_validate(base | fields)

    @asynccontextmanager
    async def running(self, *, connected: bool = True, **fields: Any) -> AsyncIterator[Running]:
        """A connector until the context ends; ``connected``: wait for it first."""
        gaps: list[Gap] = []
        context = Context(tags=TABLE, intake=self.shelf, clock=lambda: time.time_ns() // 1000, on_gap=gaps.append)
        connector = SparkplugConnector(self.config(**fields), context)
        running = Running(connector, self.shelf, gaps, asyncio.create_task(connector.run()))  # type: ignore[arg-type]
        try:
            if connected:
                await until(lambda: running.state is State.CONNECTED)
            yield running
        finally:
            if not running.task.done():
                await running.kill()

    @contextmanager
    def edge(self, **options: Any) -> Iterator["WireEdge"]:
        """An edge node of the test's group, connected; not yet born."""
        edge = WireEdge(self.broker.port, self.word, **options)
        try:
            yield edge
        finally:
            edge.vanish()

    @contextmanager
    def listener(self, *topics: str) -> Iterator[list[MQTTMessage]]:
        """What others see on the broker."""
        client = Client(CallbackAPIVersion.VERSION2)
        heard: list[MQTTMessage] = []
        client.on_message = lambda _client, _data, message: heard.append(message)
        client.connect("localhost", self.broker.port)
        client.loop_start()
        client.subscribe([(topic, 1) for topic in topics])
        try:
            yield heard
        finally:
            client.disconnect()
            client.loop_stop()

    def samples(self) -> list[tuple[str, float, int]]:
        """(tag, value, quality) of all that was stored, in order; a value of -1 stands for none."""
        return [
            (info.id, value, quality)
            for batch in self.shelf.batches
            for tag, value, quality in zip(
                batch.tag.tolist(), np.nan_to_num(batch.value, nan=-1.0).tolist(), batch.quality.tolist(), strict=True
            )
            if (info := TABLE.by_ix(tag)) is not None
        ]

    def values(self, tag: str) -> list[float]:
        """Of one tag."""
        return [value for one, value, _ in self.samples() if one == tag]


class WireEdge:
    """An edge node with the device CEMS1: will, births, data; answers requests for rebirth where ``obeys``."""

    def __init__(self, port: int, group: str, *, bd_seq: int = 0, qos: int = 0, obeys: bool = True) -> None:
        self.group, self.seq, self.bd_seq, self.qos, self.obeys = group, 0, bd_seq, qos, obeys
        self.rebirths_asked = 0
        self.client = Client(CallbackAPIVersion.VERSION2)
        self.client.will_set(self._topic("NDEATH"), self._death().SerializeToString(), qos=1)
        self.client.on_message = self._commanded
        ready = threading.Event()
        self.client.on_connect = lambda client, *_: client.subscribe(self._topic("NCMD"), 1)
        self.client.on_subscribe = lambda *_: ready.set()
        self.client.connect("localhost", port)
        self.client.loop_start()
        assert ready.wait(15.0)

    def _topic(self, kind: str, device: str = "") -> str:
        return f"spBv1.0/{self.group}/{kind}/EON1{'/' + device if device else ''}"

    def _death(self) -> Payload:
        return Payload(metrics=[Metric(name="bdSeq", datatype=DataType.INT64, long_value=self.bd_seq)])

    def _commanded(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        for metric in Payload.FromString(bytes(message.payload)).metrics:
            if metric.name == "Node Control/Rebirth" and metric.boolean_value:
                self.rebirths_asked += 1
                if self.obeys:
                    self.birth()

    def send(self, kind: str, metrics: Sequence[Metric], device: str = "") -> None:
        """Any message."""
        payload = Payload(timestamp=now_ms(), metrics=metrics, seq=self.seq)
        self.seq = (self.seq + 1) % 256
        self.sent = self.client.publish(self._topic(kind, device), payload.SerializeToString(), qos=self.qos)

    def birth(self, level: float = 50.0) -> None:
        """Its own, and its device's."""
        self.seq = 0
        bd_seq = Metric(name="bdSeq", datatype=DataType.INT64, long_value=self.bd_seq)
        self.send("NBIRTH", [bd_seq, double("Tank/Level", level, 1), double("Tank/Open", 1.0, 2)])
        self.send("DBIRTH", [double("Stack/SO2", 12.5, 21), double("Stack/NOx", 48.0, 22)], "CEMS1")

    def data(self, value: float) -> None:
        """The tank's level, by alias."""
        self.send("NDATA", [by_alias(1, value)])

    def device_data(self, value: float) -> None:
        """The device's SO2, by alias."""
        self.send("DDATA", [by_alias(21, value)], "CEMS1")

    def device_death(self) -> None:
        """Its device is lost."""
        self.send("DDEATH", [], "CEMS1")

    def lose_a_message(self) -> None:
        """It was sent, and nobody gets it."""
        self.seq = (self.seq + 1) % 256

    def vanish(self) -> None:
        """Without a word: the broker tells of its death."""
        self.client.loop_stop()
        if (sock := self.client.socket()) is not None:
            sock.close()
