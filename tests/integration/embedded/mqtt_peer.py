"""An MQTT client for tests that waits for each answer."""

import queue

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

WITHIN_S = 10.0


class Peer:
    """A client that waits for each answer."""

    def __init__(self, name: str, *, keeps_session: bool = False) -> None:
        self.client = Client(CallbackAPIVersion.VERSION2, name, protocol=MQTTProtocolVersion.MQTTv5)
        self.received: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self.answers: queue.Queue[ReasonCode] = queue.Queue()
        self._keeps_session = keeps_session
        self.client.on_connect = self._on_connect
        self.client.on_publish = lambda _client, _data, _mid, reason, _more: self.answers.put(reason)
        self.client.on_subscribe = lambda _client, _data, _mid, reasons, _more: self.answers.put(reasons[0])
        self.client.on_disconnect = self._on_disconnect
        self.client.on_message = self._on_message

    def connect(self, port: int) -> ReasonCode:
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = 3600 if self._keeps_session else 0
        self.client.connect("127.0.0.1", port, clean_start=not self._keeps_session, properties=properties)
        self.client.loop_start()
        return self.answers.get(timeout=WITHIN_S)

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> ReasonCode:
        self.client.publish(topic, payload, qos=1, retain=retain)
        return self.answers.get(timeout=WITHIN_S)

    def subscribe(self, topic: str) -> ReasonCode:
        self.client.subscribe(topic, qos=1)
        return self.answers.get(timeout=WITHIN_S)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def _on_connect(
        self, _client: Client, _data: object, _flags: ConnectFlags, reason: ReasonCode, _more: Properties | None
    ) -> None:
        self.answers.put(reason)

    def _on_disconnect(
        self, _client: Client, _data: object, _flags: DisconnectFlags, reason: ReasonCode, _more: Properties | None
    ) -> None:
        self.answers.put(reason)

    def _on_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        self.received.put((message.topic, bytes(message.payload)))
