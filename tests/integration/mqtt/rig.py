"""A connector running against a broker, a shelf for what it brings, and a gateway that publishes."""

import asyncio
import itertools
import json
import os
import ssl
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from paho.mqtt.client import Client, MQTTMessageInfo
from paho.mqtt.enums import CallbackAPIVersion

from connectors.base import Context, Gap, State
from connectors.mqtt import MqttConfig, MqttConnector
from deploy.embedded import EmbeddedBroker
from tests.integration.mqtt.scripted_broker import ScriptedBroker
from tests.unit.connectors.codecs.parks import NOON_MS, TABLE
from tests.unit.connectors.mqtt.stories import Shelf

_numbers = itertools.count(1)


def unique() -> str:
    """A word for a topic or a client that no other test uses, nor an earlier run on the same broker."""
    return f"t{os.getpid()}x{next(_numbers)}"


def sample(value: float, tag: str = "TK-101.LI-101") -> bytes:
    """One sample whose time and value are the same number."""
    return json.dumps({"tag": tag, "t": NOON_MS + int(value), "v": value}).encode()


async def until(true: Callable[[], object], within_s: float = 15.0) -> None:
    """Wait for something to become true; fail the test where it does not."""
    deadline_s = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline_s, "what the test waited for did not happen"
        await asyncio.sleep(0.005)


async def still(true: Callable[[], object], for_s: float = 0.4) -> None:
    """Check that something stays true for a while."""
    deadline_s = time.monotonic() + for_s
    while time.monotonic() < deadline_s:
        assert true()
        await asyncio.sleep(0.01)


@dataclass
class Running:
    """A connector at work."""

    connector: MqttConnector
    shelf: Shelf
    gaps: list[Gap]
    task: asyncio.Task[None]

    @property
    def state(self) -> State:
        return self.connector.health.state

    @property
    def last_error(self) -> str:
        return self.connector.health.last_error

    async def kill(self) -> None:
        """Stop it as the service would; no error comes out."""
        self.task.cancel()
        with suppress(asyncio.CancelledError):
            await self.task
        assert self.state is State.STOPPED


@dataclass
class Rig:
    """One test's corner of a broker: its topic, its client name, its shelf."""

    broker: EmbeddedBroker | ScriptedBroker
    word: str = field(default_factory=unique)
    shelf: Shelf = field(default_factory=Shelf)

    def topic(self, enterprise: str = "E001") -> str:
        return f"parkwatch/v1/{enterprise}/{self.word}"

    def config(self, **fields: Any) -> MqttConfig:
        base: dict[str, Any] = {
            "id": "gate",
            "kind": "mqtt",
            "host": self.broker.host,
            "port": self.broker.port,
            "client_id": self.word,
            "topics": [f"parkwatch/v1/+/{self.word}/#"],
            "retry_first": "50ms",
            "retry_max": "200ms",
        }
        return MqttConfig.model_validate(base | fields)

    @asynccontextmanager
    async def running(self, *, connected: bool = True, **fields: Any) -> AsyncIterator[Running]:
        """A connector until the context ends; ``connected``: wait for it first."""
        gaps: list[Gap] = []
        context = Context(tags=TABLE, intake=self.shelf, clock=lambda: time.time_ns() // 1000, on_gap=gaps.append)
        connector = MqttConnector(self.config(**fields), context)
        running = Running(connector, self.shelf, gaps, asyncio.create_task(connector.run()))
        try:
            if connected:
                await until(lambda: running.state is State.CONNECTED)
            yield running
        finally:
            if not running.task.done():
                await running.kill()
            assert running.task.cancelled() or running.task.exception() is None

    @contextmanager
    def gateway(self, **login: Any) -> Iterator["Gateway"]:
        """A publisher of an enterprise."""
        with Gateway(self.broker.port, self.topic(), **login) as gateway:
            yield gateway


class Gateway:
    """Publishes and waits for the broker's acknowledgement, as a good gateway does."""

    def __init__(
        self, port: int, topic: str, *, user: str = "", password: str = "", tls: ssl.SSLContext | None = None
    ) -> None:
        self._topic = topic
        self.client = Client(CallbackAPIVersion.VERSION2)
        self.client.max_inflight_messages_set(1000)
        if user:
            self.client.username_pw_set(user, password)
        if tls:
            self.client.tls_set_context(tls)
        self._port = port

    def __enter__(self) -> "Gateway":
        self.client.connect("localhost", self._port)
        self.client.loop_start()
        return self

    def __exit__(self, *_: object) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    async def send(self, *payloads: bytes, topic: str = "", qos: int = 1, retain: bool = False) -> None:
        """Returns once the broker has all of them (QoS 1)."""
        sent = [self.client.publish(topic or self._topic, one, qos=qos, retain=retain) for one in payloads]
        await asyncio.to_thread(_wait_for, sent)

    async def send_values(self, *values: float) -> None:
        """One sample a message."""
        await self.send(*(sample(value) for value in values))


def _wait_for(sent: list[MQTTMessageInfo]) -> None:
    for one in sent:
        one.wait_for_publish(20.0)
        assert one.is_published()
