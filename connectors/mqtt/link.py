"""One connection to the broker, from dialling to its end, on a thread of its own.

A link never reconnects: the next connection is a new link with a new paho client. So an acknowledgement can only go
to the connection its message came by: packet identifiers are reused, and an old one would acknowledge another message.
The thread also keeps the link alive while the event loop is busy.
"""

import asyncio
import select
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from connectors.mqtt.buffered import BufferedClient
from connectors.mqtt.config import MqttConfig
from connectors.mqtt.refusal import of_connecting, with_cure

#: What is kept of a message that is too large.
KEPT_BYTES = 64 * 1024
#: What a message takes in memory beside its payload, about.
_OVERHEAD_BYTES = 1024
_POLL_MS = 500
_PINGREQ = b"\xc0\x00"


@dataclass(frozen=True, slots=True)
class Connected:
    """The broker took us in."""

    session_present: bool


@dataclass(frozen=True, slots=True)
class Subscribed:
    """The broker answered the subscriptions."""

    #: Filter -> reason, of those it refused.
    refused: dict[str, str]


@dataclass(frozen=True, slots=True)
class Ended:
    """The last event of every link."""

    reason: str
    #: How long the link may have been dead before that was noticed.
    silent_us: int = 0


Event = Connected | Subscribed | Ended


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message, as the network thread hands it over."""

    message: MQTTMessage
    #: Of the payload, of which ``message`` may hold only the beginning.
    payload_bytes: int

    @property
    def held_bytes(self) -> int:
        """What it takes in memory."""
        return len(self.message.payload) + _OVERHEAD_BYTES


class Held:
    """Bytes received and not yet journalled. Each of the two counters is written by one thread only."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self.taken_bytes = 0
        self.released_bytes = 0

    @property
    def full(self) -> bool:
        """Whether the network thread should stop reading."""
        return self.taken_bytes - self.released_bytes >= self._limit_bytes


class Link:
    """Constructing does nothing; `start` dials. Methods are for the event loop's thread, those with ``_`` for ours."""

    def __init__(self, config: MqttConfig, held: Held, on_event: Callable[[Event], None]) -> None:
        self._config = config
        self._held = held
        self._on_event = on_event
        self._loop = asyncio.get_running_loop()
        self._woken = asyncio.Event()
        self._inbox: deque[Arrived] = deque()
        self._wake_sent = False
        self._acks: deque[tuple[int, int]] = deque()
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._wake_reader.setblocking(False)
        self._wake_writer.setblocking(False)
        self._closing = False
        self._over = False
        self._why = ""
        self._silent_us = 0
        self._thread = threading.Thread(target=self._run, name=f"mqtt-{config.id}", daemon=True)

    def start(self) -> None:
        """Dial. All else is told by events."""
        self._thread.start()

    @property
    def over(self) -> bool:
        """Whether the connection has ended, so that nothing more will arrive than is there."""
        return self._over or not self._thread.is_alive()

    async def wait(self, within_s: float) -> None:
        """Until something has arrived since the last `take`, or the link has ended; no longer than ``within_s``."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._woken.wait()

    def take(self, max_messages: int, max_bytes: int) -> list[Arrived]:
        """What has arrived, oldest first, within the limits."""
        self._wake_sent = False  # before looking, so that what comes after the look sends a new wake
        self._woken.clear()
        taken: list[Arrived] = []
        size = 0
        inbox = self._inbox
        while inbox and len(taken) < max_messages and size < max_bytes:
            one = inbox.popleft()
            size += one.held_bytes
            taken.append(one)
        if inbox:
            self._woken.set()
        return taken

    def acknowledge(self, messages: Iterable[Arrived]) -> None:
        """Tell the broker that it may forget these. Does nothing once this connection has ended."""
        self._acks.extend((one.message.mid, one.message.qos) for one in messages if one.message.qos)
        self.nudge()

    def nudge(self) -> None:
        """Have the thread look again: at acknowledgements, at room."""
        try:
            self._wake_writer.send(b"\0")
        except OSError:  # full, so it is awake; or closed, so it has ended
            return

    async def close(self, within_s: float) -> None:
        """Send the acknowledgements that are due and disconnect. A thread that hangs in dialling may outlive this."""
        self._closing = True
        self.nudge()
        if self._thread.ident is not None:
            await asyncio.to_thread(self._thread.join, within_s)

    def _run(self) -> None:
        reason = "the network thread was ended"
        try:
            reason = self._dial_and_serve()
        except Exception as error:  # a thread that dies silently leaves a connector that looks alive
            reason = f"{type(error).__name__}: {error}"
        finally:
            self._wake_reader.close()
            self._wake_writer.close()
            self._over = True
            if not self._closing:
                self._tell(Ended(reason, self._silent_us))
            self._wake_loop()

    def _dial_and_serve(self) -> str:
        config = self._config
        try:
            client = self._client()
            _connect(client, config)
        except (OSError, ValueError) as error:
            return of_connecting(error, config.host, config.effective_port)
        try:
            self._serve(client)
        finally:
            if client.buffered is not None:
                client.buffered.close()
        return self._why or "the broker closed the connection"

    def _client(self) -> BufferedClient:
        config = self._config
        v5 = config.version == "5"
        client = BufferedClient(
            CallbackAPIVersion.VERSION2,
            client_id=config.effective_client_id,
            clean_session=None if v5 else False,
            protocol=MQTTProtocolVersion.MQTTv5 if v5 else MQTTProtocolVersion.MQTTv311,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        client.connect_timeout = config.connect_timeout / 1e6
        if config.username is not None:
            client.username_pw_set(config.username, config.read_password())
        if config.tls is not None:
            client.tls_set_context(config.tls.context())
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        client.on_disconnect = self._on_disconnect
        return client

    def _serve(self, client: BufferedClient) -> None:
        buffered = client.buffered
        assert buffered is not None
        poll = select.poll()
        poll.register(self._wake_reader, select.POLLIN)
        descriptor = buffered.fileno()
        pinged_s = time.monotonic()
        while client.socket() is not None:
            reading = not self._held.full
            writing = client.want_write() or buffered.has_unsent
            poll.register(descriptor, (select.POLLIN if reading else 0) | (select.POLLOUT if writing else 0))
            ready = dict(poll.poll(0 if reading and buffered.has_unread else _POLL_MS))
            self._hear_nudges()
            self._send_acks(client)
            if self._closing:
                client.disconnect()
            if reading or ready.get(descriptor, 0) & (select.POLLHUP | select.POLLERR):
                self._read(client)
                if client.socket() is not None:
                    client.loop_misc()
            elif time.monotonic() - pinged_s > self._config.keepalive / 3e6 and not client.want_write():
                # Not reading, we would miss the answer and take the link for dead: paho must not ask, but we must
                # show the broker that we are there.
                buffered.send(_PINGREQ)
                pinged_s = time.monotonic()
            if client.want_write():
                client.loop_write()
            buffered.flush()

    def _hear_nudges(self) -> None:
        try:
            self._wake_reader.recv(4096)
        except BlockingIOError:
            return

    def _send_acks(self, client: BufferedClient) -> None:
        acks = self._acks
        while acks:
            mid, qos = acks.popleft()
            client.ack(mid, qos)

    def _read(self, client: BufferedClient) -> None:
        """Packets until there are none, or we hold too much, or a buffer of them is done."""
        buffered = client.buffered
        assert buffered is not None
        while client.loop_read() == MQTTErrorCode.MQTT_ERR_SUCCESS:
            if not buffered.has_unread or self._held.full:
                return

    def _on_connect(
        self, client: Client, _: object, flags: ConnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        if reason.is_failure:
            self._why = with_cure(str(reason))
            return
        self._tell(Connected(session_present=flags.session_present))
        client.subscribe(_subscriptions(self._config))

    def _on_subscribe(
        self, client: Client, _: object, mid: int, reasons: list[ReasonCode], properties: Properties | None
    ) -> None:
        filters = [topic.filter for topic in self._config.topics]
        refused = {
            one: with_cure(str(reason)) for one, reason in zip(filters, reasons, strict=False) if reason.is_failure
        }
        self._tell(Subscribed(refused))

    def _on_message(self, client: Client, _: object, message: MQTTMessage) -> None:
        payload_bytes = len(message.payload)
        if payload_bytes > self._config.max_message_bytes:
            message.payload = message.payload[:KEPT_BYTES]
        arrived = Arrived(message, payload_bytes)
        self._held.taken_bytes += arrived.held_bytes
        self._inbox.append(arrived)
        if not self._wake_sent:
            self._wake_sent = True
            self._wake_loop()

    def _on_disconnect(
        self,
        client: Client,
        _: object,
        flags: DisconnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        if self._why:
            return
        if flags.is_disconnect_packet_from_server:
            self._why = f"the broker disconnected us: {with_cure(str(reason))}"
        elif str(reason) == "Keep alive timeout":
            self._why = "the broker fell silent: no answer within the keep-alive time; check the network"
            self._silent_us = 2 * self._config.keepalive

    def _tell(self, event: Event) -> None:
        self._call(self._on_event, event)

    def _wake_loop(self) -> None:
        self._call(self._woken.set)

    def _call(self, function: Callable[..., None], *arguments: object) -> None:
        try:
            self._loop.call_soon_threadsafe(function, *arguments)
        except RuntimeError:  # the loop is closed: nobody listens any more
            self._closing = True


def _connect(client: Client, config: MqttConfig) -> None:
    """Blocks until the socket (and TLS) stand; the CONNACK comes later. MQTT 3.1.1 was told of the session before."""
    host, port, keepalive_s = config.host, config.effective_port, config.keepalive // 1_000_000
    if config.version == "5":
        client.connect(host, port, keepalive_s, clean_start=False, properties=_connect_properties(config))
    else:
        client.connect(host, port, keepalive_s)


def _connect_properties(config: MqttConfig) -> Properties:
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = min(config.session_expiry // 1_000_000, 0xFFFFFFFF)
    properties.ReceiveMaximum = config.receive_maximum
    properties.MaximumPacketSize = config.max_packet_bytes
    return properties


def _subscriptions(config: MqttConfig) -> list[tuple[str, SubscribeOptions]] | list[tuple[str, int]]:
    if config.version != "5":
        return [(config.subscription(topic), 1) for topic in config.topics]
    options = SubscribeOptions(qos=1, retainHandling=SubscribeOptions.RETAIN_DO_NOT_SEND)
    return [(config.subscription(topic), options) for topic in config.topics]
