"""One edge node's session on the broker: last will, births when the host is there, answers to commands."""

import json
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode
from pydantic import BaseModel, ConfigDict, Field, PositiveInt, SecretStr

from park.model import Id
from simulators.sparkplug_edge import EdgeNode
from simulators.sparkplug_payload import Reading, asks_rebirth, death

_NAMESPACE = "spBv1.0"
_CONNECT_TIMEOUT_S = 10.0
_FLUSH_TIMEOUT_S = 5.0


class FleetConfig(BaseModel):
    """What a fleet of edge nodes is told."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    #: The connector whose tags the edge nodes send; a tag's ``device`` is ``EDGE`` or ``EDGE/DEVICE``.
    connector: Id = "sparkplug"
    host: str = "127.0.0.1"
    port: int = Field(default=1883, gt=0, lt=65_536)
    #: Group id of an enterprise's edge nodes.
    group: str = "{enterprise}"
    #: The primary host that they wait for, keeping data while it is away. None: they wait for nobody.
    host_id: str | None = None
    state_form: Literal["3.0", "2.2"] = "3.0"
    #: Readings that are kept for each device while nobody listens; the oldest give way.
    keep: PositiveInt = 100_000
    #: Say only what has changed, as the specification wants it. False: every reading of every frame.
    by_exception: bool = False
    username: str | None = None
    password: SecretStr | None = None
    #: Enterprise -> password: each enterprise's edge nodes log in under its own name.
    passwords: dict[str, SecretStr] | None = None
    #: PEM file of the authority that signed the broker's certificate. None: no TLS.
    ca: Path | None = None
    client_prefix: str = "simulated-edge"

    def login(self, enterprise: str) -> tuple[str, str] | None:
        """Name and password, if any. Raises ValueError where the enterprise has none."""
        if self.passwords is not None:
            if enterprise not in self.passwords:
                raise ValueError(f"passwords has none for enterprise {enterprise!r}")
            return enterprise, self.passwords[enterprise].get_secret_value()
        if self.username is None:
            return None
        return self.username, self.password.get_secret_value() if self.password else ""


class EdgeLink:
    """``look`` gives it what instruments show; the rest it does by itself. ``now_ms``: for births."""

    def __init__(self, config: FleetConfig, enterprise: str, node: EdgeNode, now_ms: Callable[[], int]) -> None:
        self._config, self._node, self._now_ms = config, node, now_ms
        self.group = config.group.format(enterprise=enterprise)
        self._user = config.login(enterprise)
        self._name = f"{config.client_prefix}-{enterprise}-{node.edge}"
        self._lock = threading.RLock()
        self._client: mqtt.Client | None = None
        self._answered = threading.Event()
        self._refused = ""
        self._host_there = config.host_id is None
        self._session = -1
        self._births_held = False
        #: Messages handed to the client, and requests for rebirth.
        self.published = 0
        self.commanded = 0

    @property
    def node(self) -> EdgeNode:
        """Whose session this is."""
        return self._node

    def open(self) -> None:
        """A session with a number of its own. Raises OSError where nothing answers or the broker says no."""
        with self._lock:
            self._session = (self._session + 1) % 256
            client = self._client = self._make_client()
        self._answered.clear()
        try:
            client.connect(self._config.host, self._config.port, keepalive=10)
        except OSError:
            self._client = None
            raise
        client.loop_start()
        answered = self._answered.wait(_CONNECT_TIMEOUT_S)
        if self._refused or not answered:
            why = self._refused or "no answer"
            self.vanish()
            raise ConnectionRefusedError(f"the broker at {self._config.host}:{self._config.port}: {why}")

    def _make_client(self) -> mqtt.Client:
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=self._name, protocol=mqtt.MQTTv311, reconnect_on_failure=False
        )
        client.max_queued_messages_set(0)
        client.will_set(self._topic("NDEATH"), death(self._session), qos=1)
        if self._user is not None:
            client.username_pw_set(*self._user)
        if self._config.ca is not None:
            client.tls_set_context(ssl.create_default_context(cafile=self._config.ca))
        client.on_connect, client.on_disconnect = self._on_connect, self._on_disconnect
        client.on_subscribe, client.on_message = self._on_subscribe, self._on_message
        return client

    def _topic(self, kind: str, device: str = "") -> str:
        return f"{_NAMESPACE}/{self.group}/{kind}/{self._node.edge}{'/' + device if device else ''}"

    @property
    def _state_topic(self) -> str:
        prefix = f"{_NAMESPACE}/" if self._config.state_form == "3.0" else ""
        return f"{prefix}STATE/{self._config.host_id}"

    # --- told by paho's own thread

    def _on_connect(self, client: mqtt.Client, _data: Any, _flags: Any, code: ReasonCode, _properties: Any) -> None:
        self._refused = str(code) if code.is_failure else ""
        if self._refused:
            self._answered.set()
            return
        wanted = [(self._topic("NCMD"), 1)]
        if self._config.host_id is not None:
            wanted.append((self._state_topic, 1))
        client.subscribe(wanted)

    def _on_subscribe(self, client: mqtt.Client, *_: Any) -> None:
        with self._lock:
            if client is self._client and self._host_there and not self._births_held:
                self._birth()
        self._answered.set()

    def _on_disconnect(self, client: mqtt.Client, *_: Any) -> None:
        with self._lock:
            if client is self._client:
                self._client = None
                self._node.end()
                self._host_there = self._config.host_id is None

    def _on_message(self, client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        with self._lock:
            if client is not self._client:
                return
            if message.topic == self._topic("NCMD"):
                self._command(bytes(message.payload))
            else:
                self._state(bytes(message.payload))

    def _command(self, payload: bytes) -> None:
        if asks_rebirth(payload):
            self.commanded += 1
            self._birth()

    def _state(self, payload: bytes) -> None:
        there = payload == b"ONLINE" if self._config.state_form == "2.2" else bool(json.loads(payload)["online"])
        before, self._host_there = self._host_there, there
        if there and not before and not self._births_held:
            self._birth()
        elif before and not there:
            self._end()

    # --- what it says

    def _birth(self) -> None:
        self._node.birth(self._session, self._now_ms(), self._send)

    def _send(self, kind: str, device: str, payload: bytes) -> None:
        if self._client is not None:
            self._client.publish(self._topic(kind, device), payload, qos=0)
            self.published += 1

    def _end(self) -> None:
        """The host is away: its session ends, and a new one begins with the next `look`."""
        if self._client is not None:
            self._node.end()
            self._client.publish(self._topic("NDEATH"), death(self._session), qos=1)
            self._client.disconnect()

    def look(self, readings: Mapping[int, Sequence[Reading]]) -> None:
        """Say what is new, or keep it while nobody listens."""
        with self._lock:
            listened_to = self._client is not None and self._host_there
            self._node.look(readings, self._send if listened_to else None)

    def lose(self, share: float) -> None:
        """So many of its messages get lost from now on."""
        with self._lock:
            self._node.lose_share = share

    def hold_births(self, held: bool) -> None:
        """It starts anew without a birth; or does so properly again."""
        with self._lock:
            if held and not self._births_held:
                self._node.forget_births()
            self._births_held = held

    @property
    def is_open(self) -> bool:
        """Whether it has a session."""
        return self._client is not None

    def vanish(self) -> None:
        """Its network is gone: the broker tells of its death."""
        with self._lock:
            client, self._client = self._client, None
            self._node.end()
            self._host_there = self._config.host_id is None
        if client is not None:
            sock = client.socket()
            client.loop_stop()
            if sock is not None:
                sock.close()

    def close(self) -> None:
        """Say that it goes, and go."""
        with self._lock:
            client, self._client = self._client, None
            self._node.end()
        if client is not None:
            sent = client.publish(self._topic("NDEATH"), death(self._session), qos=1)
            if client.is_connected():
                sent.wait_for_publish(_FLUSH_TIMEOUT_S)
            client.disconnect()
            client.loop_stop()
