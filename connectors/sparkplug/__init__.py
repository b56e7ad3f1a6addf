"""Sparkplug B: metrics that edge nodes publish to an MQTT broker, with births and deaths. README.md tells how."""

from connectors.sparkplug.config import SparkplugConfig
from connectors.sparkplug.connector import SparkplugConnector

__all__ = ["SparkplugConfig", "SparkplugConnector"]
