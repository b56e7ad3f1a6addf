"""Protobuf by hand, as its wire format is written down: what a payload's bytes should be, by no library's word."""

import struct
from collections.abc import Iterable

#: (field number, value): int as varint, float as 64 bits, Single as 32 bits, bytes and str with their length.
Field = tuple[int, "int | float | Single | bytes | str"]


class Single(float):
    """A number of 32 bits."""


def varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out + bytes([value]))


def message(fields: Iterable[Field]) -> bytes:
    """Fields in the order given."""
    out = b""
    for number, value in fields:
        if isinstance(value, Single):
            out += varint(number << 3 | 5) + struct.pack("<f", value)
        elif isinstance(value, float):
            out += varint(number << 3 | 1) + struct.pack("<d", value)
        elif isinstance(value, int):
            out += varint(number << 3) + varint(value)
        else:
            data = value.encode() if isinstance(value, str) else value
            out += varint(number << 3 | 2) + varint(len(data)) + data
    return out


# Field numbers of the specification, 6.4.1.
NAME, ALIAS, TIMESTAMP, DATATYPE, IS_HISTORICAL, IS_TRANSIENT, IS_NULL, METADATA, PROPERTIES = range(1, 10)
INT, LONG, FLOAT, DOUBLE, BOOLEAN, STRING, BYTES, DATASET, TEMPLATE = range(10, 19)


def metric(*fields: Field) -> bytes:
    """One metric."""
    return message(fields)


def payload(*metrics: bytes, timestamp: int | None = None, seq: int | None = None) -> bytes:
    """A whole payload, in the order in which Tahu writes it."""
    fields: list[Field] = [] if timestamp is None else [(1, timestamp)]
    fields += [(2, one) for one in metrics]
    return message(fields if seq is None else [*fields, (3, seq)])


def quality(code: int) -> Field:
    """The property set that holds a Quality: two lists, keys and values (type 3, int_value)."""
    return PROPERTIES, message([(1, "Quality"), (2, message([(1, 3), (3, code)]))])
