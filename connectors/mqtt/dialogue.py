"""What is said to one broker over one connection, from dialling to its end. Blocking; runs on the link's thread."""

import select
import time
from collections.abc import Callable

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from connectors.mqtt.broker import BrokerConfig
from connectors.mqtt.events import Arrived, Connected, Ended, Event, Held, Message, Subscribed
from connectors.mqtt.orders import Orders
from connectors.mqtt.refusal import of_connecting, with_cure
from connectors.mqtt.stream import SplitClient, SplitSocket, Splitter

_POLL_MS = 500
#: How long the broker may take to close a connection that we have closed.
_LINGER_S = 1.0
_PINGREQ = b"\xc0\x00"
_RESUBSCRIBE_EVERY_S = 60.0


class Dialogue:
    """`hold` it once. ``deliver`` gets messages, ``tell`` the events but the last; both in this thread."""

    def __init__(
        self,
        config: BrokerConfig,
        orders: Orders,
        held: Held,
        *,
        will: Message | None,
        deliver: Callable[[Arrived], None],
        tell: Callable[[Event], None],
    ) -> None:
        self._config = config
        self._orders = orders
        self._held = held
        self._will = will
        self._deliver = deliver
        self._tell = tell
        self._why = "the broker closed the connection; if that repeats, does another client use our client_id?"
        self._silent_us = 0
        self._answered = False
        self._splitter = Splitter(
            version_5=config.version == "5", max_message_bytes=config.max_message_bytes, on_message=deliver
        )
        self._resubscribe_at_s: float | None = None
        self._ping_at_s = 0.0

    def hold(self) -> Ended:
        """Dial, and serve until the connection ends or we are ordered to close."""
        config = self._config
        try:
            client = self._client()
            _connect(client, config)
        except (OSError, ValueError) as error:
            return Ended(of_connecting(error, config))
        assert client.split is not None
        try:
            self._serve(client, client.split)
        except OSError as error:
            self._why = f"the connection broke: {error}"
        finally:
            client.split.close()
        return Ended(self._splitter.broken or self._why, self._silent_us)

    def _client(self) -> SplitClient:
        config = self._config
        v5 = config.version == "5"
        client = SplitClient(
            self._splitter,
            config.tls.context() if config.tls is not None else None,
            CallbackAPIVersion.VERSION2,
            client_id=config.effective_client_id,
            clean_session=None if v5 else config.is_clean,
            protocol=MQTTProtocolVersion.MQTTv5 if v5 else MQTTProtocolVersion.MQTTv311,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        client.connect_timeout = config.connect_timeout / 1e6
        if config.username is not None:
            client.username_pw_set(config.username, config.read_password())
        if self._will is not None:
            client.will_set(*self._will)
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        client.on_disconnect = self._on_disconnect
        return client

    def _serve(self, client: SplitClient, split: SplitSocket) -> None:
        poll = select.poll()
        poll.register(self._orders.descriptor, select.POLLIN)
        descriptor = split.fileno()
        while client.socket() is not None:
            reading = not self._held.full
            writing = client.want_write() or split.has_unsent
            poll.register(descriptor, (select.POLLIN if reading else 0) | (select.POLLOUT if writing else 0))
            ready = dict(poll.poll(0 if reading and split.has_unread else _POLL_MS))
            if self._orders.descriptor in ready:
                self._obey(client, split)
            if ready.get(descriptor, 0) & ~select.POLLOUT or (reading and split.has_unread):
                client.loop_read()
            self._keep_alive(client, split, reading)
            if client.want_write():
                client.loop_write()
            split.flush()

    def _obey(self, client: SplitClient, split: SplitSocket) -> None:
        self._orders.heard()
        closing = self._orders.closing  # before the acknowledgements: those given before it must go out before it
        for identifier, qos in self._orders.due():
            client.ack(identifier, qos)
        for message in self._orders.outgoing():
            client.publish(*message)
        if closing:
            split.linger_s = _LINGER_S
            client.disconnect()

    def _keep_alive(self, client: SplitClient, split: SplitSocket, reading: bool) -> None:
        now_s = time.monotonic()
        if reading:
            client.loop_misc()
            if self._resubscribe_at_s is not None and now_s >= self._resubscribe_at_s:
                self._resubscribe_at_s = None
                client.subscribe(_subscriptions(self._config))
        elif now_s >= self._ping_at_s and not client.want_write():
            # Not reading, we would miss the answer and take the link for dead. So paho must not ask, but we must show
            # the broker that we are there.
            split.send(_PINGREQ)
            self._ping_at_s = now_s + self._config.keepalive / 3e6

    def _on_connect(
        self, client: Client, _: object, flags: ConnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        self._answered = True
        if reason.is_failure:
            self._why = f"the broker refuses us: {with_cure(str(reason))}"
            return
        self._tell(Connected(session_present=flags.session_present))
        client.subscribe(_subscriptions(self._config))

    def _on_subscribe(
        self, client: Client, _: object, mid: int, reasons: list[ReasonCode], properties: Properties | None
    ) -> None:
        answers = zip(self._config.filters, reasons, strict=False)
        refused = {one: with_cure(str(reason)) for one, reason in answers if reason.is_failure}
        if refused:  # its administrator may allow them yet, and the broker will not tell
            self._resubscribe_at_s = time.monotonic() + _RESUBSCRIBE_EVERY_S
        self._tell(Subscribed(refused))

    def _on_message(self, client: Client, _: object, message: MQTTMessage) -> None:
        """Only QoS 2, which we never ask for, comes by paho."""
        payload = bytes(message.payload)
        self._deliver(Arrived(message.topic.encode(), payload, len(payload), message.mid, message.qos, message.retain))

    def _on_disconnect(
        self, client: Client, _: object, flags: DisconnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        if flags.is_disconnect_packet_from_server:
            self._why = f"the broker disconnected us: {with_cure(str(reason))}"
        elif str(reason) == "Keep alive timeout":
            self._why = "the broker fell silent: no answer within the keep-alive time; check the network"
            self._silent_us = 2 * self._config.keepalive
        elif not self._answered:
            self._why = (
                "the broker closed the connection without an answer; check version, and whether it wants TLS or a cert"
            )


def _connect(client: Client, config: BrokerConfig) -> None:
    """Blocks until the socket (and TLS) stand; the CONNACK comes later. MQTT 3.1.1 was told of the session before."""
    host, port, keepalive_s = config.host, config.effective_port, config.keepalive // 1_000_000
    if config.version == "5":
        client.connect(host, port, keepalive_s, clean_start=config.is_clean, properties=_connect_properties(config))
    else:
        client.connect(host, port, keepalive_s)


def _connect_properties(config: BrokerConfig) -> Properties:
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = min(config.session_expiry // 1_000_000, 0xFFFFFFFF)
    properties.ReceiveMaximum = config.receive_maximum
    properties.MaximumPacketSize = config.max_packet_bytes
    return properties


def _subscriptions(config: BrokerConfig) -> list[tuple[str, SubscribeOptions]] | list[tuple[str, int]]:
    if config.version != "5":
        return [(config.subscription(one), 1) for one in config.filters]
    options = SubscribeOptions(qos=1, retainHandling=SubscribeOptions.RETAIN_DO_NOT_SEND)
    return [(config.subscription(one), options) for one in config.filters]
