"""Payload codecs, independent of what carries the payload: MQTT today, HTTP push with the same."""

from collections.abc import Callable

from connectors.codecs.base import Codec
from connectors.codecs.json import JsonCodec

#: Every codec by the name configuration gives it. One is built for each connector.
CODECS: dict[str, Callable[[], Codec]] = {"json": JsonCodec}
