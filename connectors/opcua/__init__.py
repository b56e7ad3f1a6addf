"""OPC UA: subscribes to the tags of one server and brings every change, with the server's own time and status."""

from connectors.opcua.config import OpcUaConfig
from connectors.opcua.connector import OpcUaConnector

__all__ = ["OpcUaConfig", "OpcUaConnector"]
