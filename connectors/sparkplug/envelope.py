"""From the bytes of a message to a payload: protobuf, and the envelope that compressed ones come in.

Compression is no part of the specification, but what the Eclipse Tahu libraries do is what is in use: a payload whose
``uuid`` says so, whose metric ``algorithm`` names GZIP or DEFLATE (the latter where there is none; both as zlib knows
them), and whose ``body`` holds the true payload.
"""

import zlib

from google.protobuf.message import DecodeError

from connectors.sparkplug.payload_pb2 import Payload

_COMPRESSED = "SPBV1.0_COMPRESSED"
_ALGORITHM = "algorithm"
#: zlib's window: 15 bits; 16 more ask for a gzip header.
_WINDOW_BITS = {"DEFLATE": 15, "GZIP": 31}


class BadPayload(ValueError):
    """Bytes that are no payload. ``args``: the reason word and a sentence."""


def open_payload(data: bytes, max_bytes: int) -> Payload:
    """Raises BadPayload. ``max_bytes``: no compressed payload may be larger when it is unpacked."""
    outer = _parse(data)
    if outer.uuid != _COMPRESSED:
        return outer
    algorithm = next((one.string_value for one in outer.metrics if one.name == _ALGORITHM), "DEFLATE")
    inner = _parse(_unpack(outer.body, algorithm, max_bytes))
    if not inner.HasField("seq") and outer.HasField("seq"):
        inner.seq = outer.seq
    if not inner.HasField("timestamp") and outer.HasField("timestamp"):
        inner.timestamp = outer.timestamp
    return inner


def _parse(data: bytes) -> Payload:
    try:
        return Payload.FromString(data)
    except DecodeError:
        raise BadPayload("undecodable", "not a Sparkplug B payload (protobuf); check what is published here") from None


def _unpack(body: bytes, algorithm: str, max_bytes: int) -> bytes:
    bits = _WINDOW_BITS.get(algorithm.upper())
    if bits is None:
        raise BadPayload("unknown_compression", f"algorithm {algorithm[:40]!r}; send GZIP or DEFLATE")
    unpacker = zlib.decompressobj(bits)
    try:
        data = unpacker.decompress(body, max_bytes + 1)
    except zlib.error as error:
        raise BadPayload("undecodable", f"the body is not {algorithm}: {error}") from None
    if len(data) > max_bytes:
        raise BadPayload("too_large", f"more than {max_bytes} bytes when unpacked; send smaller messages")
    if not unpacker.eof:
        raise BadPayload("undecodable", f"the body ends before its {algorithm} stream does")
    return data
