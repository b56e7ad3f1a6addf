"""Many monitoring devices over a few broker connections: publishes frames, counts what the broker acknowledged."""

import asyncio
import ssl
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode
from pydantic import BaseModel, ConfigDict, Field, PositiveInt, SecretStr

from park.index import TagInfo, TagTable
from park.model import Id
from simulators.frame import Frame
from simulators.mqtt_payload import Form, Reading, messages
from simulators.player import Clock

#: Unacknowledged messages a connection may have before the fleet waits: the broker's pace, not memory, sets the limit.
_MOST_UNACKNOWLEDGED = 2_000
_CONNECT_TIMEOUT_S = 10.0
#: When closing: for a lost broker to come back, and for one that is there to acknowledge all.
_RECONNECT_TIMEOUT_S, _DRAIN_TIMEOUT_S = 5.0, 10.0


class FleetConfig(BaseModel):
    """What a fleet is told."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    #: The connector whose tags the devices send.
    connector: Id = "mqtt"
    host: str = "127.0.0.1"
    port: int = Field(default=1883, gt=0, lt=65_536)
    #: Devices are dealt out over so many connections.
    connections: PositiveInt = 2
    #: Topic of a device.
    topic: str = "parkwatch/v1/{enterprise}/{device}"
    form: Form = Form.VALUES
    #: Frames gathered into one message, for the forms that can hold several.
    frames_per_message: PositiveInt = 1
    qos: int = Field(default=1, ge=0, le=2)
    username: str | None = None
    password: SecretStr | None = None
    #: Enterprise -> password: each enterprise's devices log in under its own name, over connections of its own.
    passwords: dict[str, SecretStr] | None = None
    #: PEM file of the authority that signed the broker's certificate. None: no TLS.
    ca: Path | None = None
    client_prefix: str = "simulated"


class _Device:
    """The tags of one device of one enterprise, and the frames it has gathered."""

    def __init__(self, topic: str, infos: Iterable[TagInfo]) -> None:
        self.topic = topic
        self.infos = list(infos)
        self.names = [
            (info.from_.address if info.from_ else None) or f"{info.source.id}.{info.tag.id}" for info in self.infos
        ]
        self.gathered: list[Reading] = []

    def readings(self, frame: Frame, shift_us: int) -> list[Reading]:
        """What the frame holds for it: one reading for each distinct time; several in a storm."""
        by_time: dict[tuple[int, int], Reading] = {}
        for info, name in zip(self.infos, self.names, strict=True):
            ix = info.ix
            if frame.present[ix]:
                key = (int(frame.time_us[ix]) + shift_us) // 1000, int(frame.copies[ix])
                one = by_time.setdefault(key, Reading(key[0], {}, {}))
                one.values[name] = float(frame.value[ix])
                if frame.quality[ix]:
                    one.qualities[name] = int(frame.quality[ix])
        return [
            reading._replace(t_ms=t_ms - back)
            for (t_ms, copies), reading in by_time.items()
            for back in range(copies - 1, -1, -1)
        ]


class Connection:
    """One client of the broker, with its counts. paho's own thread does the network."""

    def __init__(self, name: str, config: FleetConfig, user: tuple[str, str] | None) -> None:
        self._config = config
        self._changed = threading.Condition()
        self._answered = threading.Event()
        #: Why the broker refused the latest connection; empty where it did not.
        self.refused = ""
        #: Messages handed to the client, and those of them the broker has acknowledged.
        self.published = 0
        self.acknowledged = 0
        client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=name, protocol=mqtt.MQTTv5)
        client.max_inflight_messages_set(_MOST_UNACKNOWLEDGED)
        client.max_queued_messages_set(0)
        if user is not None:
            client.username_pw_set(*user)
        if config.ca is not None:
            client.tls_set_context(ssl.create_default_context(cafile=config.ca))
        client.on_connect = self._on_connect
        client.on_publish = self._on_publish
        self._client = client

    def _on_connect(self, _client: mqtt.Client, _data: Any, _flags: Any, code: ReasonCode, _properties: Any) -> None:
        self.refused = str(code) if code.is_failure else ""
        self._answered.set()

    def _on_publish(self, _client: mqtt.Client, _data: Any, _mid: int, _code: Any, _properties: Any) -> None:
        with self._changed:
            self.acknowledged += 1
            self._changed.notify_all()

    def open(self) -> None:
        """Connect. Raises OSError where nothing answers, ConnectionRefusedError where the broker says no."""
        self._answered.clear()
        self._client.connect(self._config.host, self._config.port, keepalive=30)
        self._client.loop_start()
        answered = self._answered.wait(_CONNECT_TIMEOUT_S)
        if self.refused or not answered:
            self._client.disconnect()
            self._client.loop_stop()
            why = self.refused or "no answer"
            raise ConnectionRefusedError(f"the broker at {self._config.host}:{self._config.port}: {why}")

    def close(self) -> None:
        """Wait for what is on its way, then disconnect."""
        if not self.wait(most=0, timeout_s=_RECONNECT_TIMEOUT_S) and self._client.is_connected():
            self.wait(most=0, timeout_s=_DRAIN_TIMEOUT_S)
        self._client.disconnect()
        self._client.loop_stop()

    @property
    def unacknowledged(self) -> int:
        """Messages on their way."""
        return self.published - self.acknowledged

    def wait(self, *, most: int, timeout_s: float | None = None) -> bool:
        """Wait until no more than ``most`` messages are unacknowledged; False where that took too long."""
        with self._changed:
            return self._changed.wait_for(lambda: self.unacknowledged <= most, timeout_s)

    def publish(self, topic: str, payload: bytes) -> None:
        """Hand one message to the client; it is sent again after a reconnect until the broker has it (QoS 1)."""
        with self._changed:
            self.published += 1
        self._client.publish(topic, payload, qos=self._config.qos)


class MqttFleet:
    """A `player.Sink`. Constructing connects nothing; the first frame, or ``start``, does."""

    def __init__(self, config: FleetConfig, table: TagTable) -> None:
        self._config = config
        devices: dict[tuple[str, str], list[TagInfo]] = {}
        for info in table.of_connector(config.connector):
            device = (info.from_.device if info.from_ else None) or info.source.id
            devices.setdefault((info.enterprise, device), []).append(info)
        if not devices:
            raise ValueError(f"no tag of park {table.park.id!r} comes from connector {config.connector!r}")
        self._devices: list[tuple[_Device, Connection]] = []
        self.connections: list[Connection] = []
        for enterprise, group in self._groups(devices).items():
            self._deal(enterprise, group)
        self._open = False
        #: Samples in the messages published.
        self.samples = 0

    def _groups(self, devices: dict[tuple[str, str], list[TagInfo]]) -> dict[str, list[_Device]]:
        groups: dict[str, list[_Device]] = {}
        for (enterprise, device), infos in devices.items():
            topic = self._config.topic.format(enterprise=enterprise, device=device)
            groups.setdefault(enterprise if self._config.passwords else "", []).append(_Device(topic, infos))
        return groups

    def _deal(self, enterprise: str, group: list[_Device]) -> None:
        config = self._config
        user: tuple[str, str] | None = None
        if config.passwords is not None:
            if enterprise not in config.passwords:
                raise ValueError(f"passwords has none for enterprise {enterprise!r}")
            user = enterprise, config.passwords[enterprise].get_secret_value()
        elif config.username is not None:
            user = config.username, config.password.get_secret_value() if config.password else ""
        count = min(config.connections, len(group))
        name = "-".join(part for part in (config.client_prefix, enterprise) if part)
        own = [Connection(f"{name}-{i}", config, user) for i in range(count)]
        self.connections += own
        self._devices += [(device, own[i % count]) for i, device in enumerate(group)]

    @property
    def connector(self) -> str:
        """See `player.Sink`."""
        return self._config.connector

    @property
    def published(self) -> int:
        """Messages handed over."""
        return sum(one.published for one in self.connections)

    @property
    def acknowledged(self) -> int:
        """Messages the broker has acknowledged."""
        return sum(one.acknowledged for one in self.connections)

    async def start(self) -> None:
        """Connect all. Raises OSError."""
        if not self._open:
            await asyncio.gather(*(asyncio.to_thread(one.open) for one in self.connections))
            self._open = True

    async def stop(self) -> None:
        """Send what is gathered, wait for the broker's acknowledgements, disconnect."""
        if self._open:
            for device, connection in self._devices:
                self._send(device, connection)
            await asyncio.gather(*(asyncio.to_thread(one.close) for one in self.connections))
            self._open = False

    async def be_present(self, present: bool) -> None:
        """See `player.Sink`."""
        await (self.start() if present else self.stop())

    async def show(self, frame: Frame, clock: Clock) -> None:
        """Publish the frame, or gather it for a message of several. See `player.Sink`."""
        for i, (device, connection) in enumerate(self._devices):
            if connection.unacknowledged >= _MOST_UNACKNOWLEDGED:
                await _room(connection)
            # Live values are those of this very moment, however long the devices before took.
            shift_us = clock() - frame.now_us if frame.live else 0
            device.gathered += device.readings(frame, shift_us)
            if len(device.gathered) >= self._config.frames_per_message:
                self._send(device, connection)
            if i % 20 == 19:
                await asyncio.sleep(0)

    def _send(self, device: _Device, connection: Connection) -> None:
        gathered, device.gathered = device.gathered, []
        # A message of columns holds readings of the same tags; what differs (a drop-out of some) goes by itself.
        while gathered:
            alike = [one for one in gathered if one.values.keys() == gathered[0].values.keys()]
            gathered = [one for one in gathered if one.values.keys() != alike[0].values.keys()]
            for payload in messages(alike, self._config.form):
                connection.publish(device.topic, payload)
            self.samples += sum(len(one.values) for one in alike)


async def _room(connection: Connection) -> None:
    """Wait for the broker; in short pieces, because a thread cannot be cancelled."""
    while not await asyncio.to_thread(connection.wait, most=_MOST_UNACKNOWLEDGED // 2, timeout_s=0.5):
        continue
