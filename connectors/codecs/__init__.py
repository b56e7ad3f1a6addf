"""Payload codecs, independent of what carries the payload: MQTT today, HTTP push with the same."""

from collections.abc import Callable

from connectors.codecs.base import Codec
from connectors.codecs.json import JsonCodec


def _hj212() -> Codec:
    from connectors.codecs.hj212 import Hj212Codec  # it builds on this package

    return Hj212Codec()


#: Every codec by the name configuration gives it. One is built for each connector.
CODECS: dict[str, Callable[[], Codec]] = {"json": JsonCodec, "hj212": _hj212}
