"""MQTT packets as a broker sends them, built by the standard and not by the code under test."""

import struct


def publish(
    topic: str,
    payload: bytes,
    *,
    qos: int = 1,
    identifier: int = 1,
    retain: bool = False,
    properties: bytes = b"",
    version_5: bool = True,
) -> bytes:
    """A PUBLISH (MQTT 5, 3.3; MQTT 3.1.1 has no properties)."""
    name = topic.encode()
    body = struct.pack(">H", len(name)) + name
    body += struct.pack(">H", identifier) if qos else b""
    body += variable(len(properties)) + properties if version_5 else b""
    return packet(0x30 | qos << 1 | retain, body + payload)


def suback() -> bytes:
    """One subscription, granted with QoS 1."""
    return packet(0x90, b"\x00\x01\x00\x01")


def pingresp() -> bytes:
    """The answer to a ping."""
    return packet(0xD0, b"")


def packet(first: int, body: bytes) -> bytes:
    """Any packet."""
    return bytes([first]) + variable(len(body)) + body


def variable(number: int) -> bytes:
    """A variable byte integer (MQTT 5, 1.5.5)."""
    out = bytearray()
    while number >= 128:
        out.append(number % 128 | 128)
        number //= 128
    return bytes([*out, number])
