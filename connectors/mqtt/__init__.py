"""MQTT: samples that enterprises' gateways publish to a broker. README.md tells how to use it."""

from connectors.mqtt.config import MqttConfig
from connectors.mqtt.connector import MqttConnector

__all__ = ["MqttConfig", "MqttConnector"]
