"""Samples from an MQTT broker: received by the link, decoded in lots, acknowledged once the journal has them."""

from connectors.base import Context
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
        return self._inbound.decode(messages, now_us)
