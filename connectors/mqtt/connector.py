"""Samples from an MQTT broker: received by the link, decoded in lots, acknowledged once the journal has them."""

from connectors.base import Context, DeviceHealth
from connectors.mqtt.carrier import BrokerConnector
from connectors.mqtt.config import MqttConfig
from connectors.mqtt.events import Arrived
from connectors.mqtt.inbound import Decoded, Inbound


class MqttConnector(BrokerConnector):
    """See `connectors.base.Connector`. Samples come at least once: after a lost connection some come twice."""

    def __init__(self, config: MqttConfig, context: Context) -> None:
        """Raises ValueError or OSError where the configuration cannot work: unknown enterprise, unreadable file."""
        self._inbound = Inbound(config, context.tags)
        super().__init__(config, context, kind=config.kind)

    def _read(self, messages: list[Arrived], now_us: int) -> Decoded:
        decoded = self._inbound.decode(messages, now_us)
        for (enterprise, name), heard in decoded.heard.items():
            device = self._health.devices.get(name)
            if device is None:
                device = self._health.devices[name] = DeviceHealth(device=name, enterprise=enterprise)
                device.connected_us = now_us
            device.connected, device.last_received_us, device.protocol = True, now_us, heard.protocol
            device.messages += heard.messages
            device.received += heard.samples
            for word, count in heard.deviations.items():
                device.deviations[word] = device.deviations.get(word, 0) + count
        return decoded
