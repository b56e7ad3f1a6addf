"""Samples that enterprises push over HTTP: the connector, and what turns a request's body into columns."""

from connectors.http.config import HttpConfig
from connectors.http.connector import HttpConnector

__all__ = ["HttpConfig", "HttpConnector"]
