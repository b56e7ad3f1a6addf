"""OPC UA binary as the standard has it (Part 6, 5.2), written here a second time, to check the decoder against."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

EPOCH = 116_444_736_000_000_000
_CODES = {1: "?", 2: "b", 3: "B", 4: "h", 5: "H", 6: "i", 7: "I", 8: "q", 9: "Q", 10: "f", 11: "d"}


def filetime(time_us: int) -> int:
    """Epoch microseconds in 100 ns since 1601."""
    return time_us * 10 + EPOCH


def number(type_: int, value: float) -> bytes:
    """A numeric Variant."""
    return struct.pack("<B" + _CODES[type_], type_, value)


def text(value: str | None) -> bytes:
    """A String Variant."""
    return b"\x0c" + string(value)


def string(value: str | None) -> bytes:
    """A String, or null."""
    if value is None:
        return struct.pack("<i", -1)
    return struct.pack("<i", len(value.encode())) + value.encode()


def array(type_: int, values: Sequence[float]) -> bytes:
    """A Variant that holds an array of numbers."""
    return struct.pack("<Bi", type_ | 0x80, len(values)) + b"".join(struct.pack("<" + _CODES[type_], v) for v in values)


@dataclass(frozen=True, kw_only=True)
class DataValue:
    """Fields that are None are not on the wire."""

    variant: bytes | None = None
    status: int | None = None
    source: int | None = None
    server: int | None = None
    source_pico: int | None = None
    server_pico: int | None = None

    def encode(self) -> bytes:
        """Mask, then value, status, source time, source picoseconds, server time, server picoseconds."""
        bits = (self.variant, self.status, self.source, self.server, self.source_pico, self.server_pico)
        mask = sum(1 << place for place, field in enumerate(bits) if field is not None)
        tail = (
            ("I", self.status),
            ("q", self.source),
            ("H", self.source_pico),
            ("q", self.server),
            ("H", self.server_pico),
        )
        packed = b"".join(struct.pack("<" + code, field) for code, field in tail if field is not None)
        return bytes([mask]) + (self.variant or b"") + packed


def items(values: Sequence[DataValue], *, first_handle: int = 0) -> bytes:
    """Monitored item notifications, one after another."""
    return b"".join(struct.pack("<I", first_handle + n) + one.encode() for n, one in enumerate(values))


def extension(type_id: int, body: bytes) -> bytes:
    """An ExtensionObject with a numeric type of namespace 0."""
    return struct.pack("<BBHBi", 1, 0, type_id, 1, len(body)) + body


def response_header(service_result: int = 0) -> bytes:
    """A ResponseHeader without diagnostics."""
    return struct.pack("<qIIBiHB", 0, 1, service_result, 0, -1, 0, 0)


def publish_response(
    parts: Sequence[bytes],
    *,
    subscription: int = 7,
    sequence: int = 1,
    available: Sequence[int] = (),
    more: bool = False,
    service_result: int = 0,
) -> bytes:
    """A whole PublishResponse, type and header included."""
    body = struct.pack("<BBH", 1, 0, 829) + response_header(service_result)
    body += struct.pack("<Ii", subscription, len(available)) + struct.pack(f"<{len(available)}I", *available)
    body += struct.pack("<?Iqi", more, sequence, filetime(0), len(parts)) + b"".join(parts)
    return body + struct.pack("<ii", -1, -1)


def data_change(values: Sequence[DataValue], *, first_handle: int = 0) -> bytes:
    """A DataChangeNotification."""
    body = struct.pack("<i", len(values)) + items(values, first_handle=first_handle) + struct.pack("<i", -1)
    return extension(811, body)


def status_change(status: int) -> bytes:
    """A StatusChangeNotification."""
    return extension(820, struct.pack("<IB", status, 0))
