"""All kinds of connector in one table: the ``kind`` in the configuration, the model that reads it, the class."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from pydantic import Field, TypeAdapter

from connectors.base import Connector, Context
from connectors.hj212.config import Hj212Config
from connectors.hj212.connector import Hj212Connector
from connectors.http.config import HttpConfig
from connectors.http.connector import HttpConnector
from connectors.mqtt.config import MqttConfig
from connectors.mqtt.connector import MqttConnector
from connectors.opcua.config import OpcUaConfig
from connectors.opcua.connector import OpcUaConnector
from connectors.sparkplug.config import SparkplugConfig
from connectors.sparkplug.connector import SparkplugConnector

#: Kind -> class. ``BUILDERS[config.kind](config, context)`` makes one; each class takes its own kind's configuration.
BUILDERS: Mapping[str, Callable[[Any, Context], Connector]] = {
    "opcua": OpcUaConnector,
    "mqtt": MqttConnector,
    "http": HttpConnector,
    "hj212": Hj212Connector,
    "sparkplug": SparkplugConnector,
}

AnyConnectorConfig = Annotated[
    OpcUaConfig | MqttConfig | HttpConfig | Hj212Config | SparkplugConfig, Field(discriminator="kind")
]
ConnectorConfigs = tuple[AnyConnectorConfig, ...]

#: Reads one connector's configuration; ``kind`` decides which.
parse_config: TypeAdapter[OpcUaConfig | MqttConfig | HttpConfig | Hj212Config | SparkplugConfig] = TypeAdapter(
    AnyConnectorConfig
)
