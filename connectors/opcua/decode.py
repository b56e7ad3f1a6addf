"""DataValues off the wire into numpy columns: no object for one sample.

asyncua would make some six objects for each; here the bytes of a whole message are indexed once and each field is
gathered for all samples together. Layout: OPC UA Part 6, 5.2.2.17 (DataValue) and 5.2.2.16 (Variant). The order on
the wire is value, status, source time, source picoseconds, server time, server picoseconds, each there if its bit of
the leading mask is set. (asyncua 2.1 reads the picoseconds after both times; servers that send them need this order.)
"""

from dataclasses import dataclass, fields
from enum import IntEnum
from functools import cache
from typing import Any

import numpy as np
from asyncua import ua
from numpy.typing import NDArray

from connectors.opcua.skip import Malformed, after_variant

#: Numeric built-in types by their number: Boolean, SByte, Byte, Int16 ... Double.
_NUMBERS: dict[int, np.dtype[np.generic]] = {
    number: np.dtype(code)
    for number, code in enumerate(("u1", "i1", "u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f4", "<f8"), start=1)
}
_VALUE, _STATUS, _SOURCE, _SERVER, _SOURCE_PICO, _SERVER_PICO = 1, 2, 4, 8, 16, 32
_TAIL = (
    (_STATUS, "status", "<u4"),
    (_SOURCE, "source", "<i8"),
    (_SOURCE_PICO, "source_pico", "<u2"),
    (_SERVER, "server", "<i8"),
    (_SERVER_PICO, "server_pico", "<u2"),
)
_MASKS = 64
_NULL, _BOOLEAN = 0, 1
_ARRAY_BITS = 0xC0


class Undecodable(ValueError):
    """The bytes are not what OPC UA says they should be."""


class Kind(IntEnum):
    """What a value is."""

    NUMBER = 0
    NULL = 1
    ARRAY = 2
    OTHER = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """DataValues as columns, all of shape ``(n,)``, in the order in which they came."""

    #: The client handle that stands before a monitored item's value; 0 where there is none.
    handle: NDArray[np.uint32]
    #: NaN where `kind` is not NUMBER.
    value: NDArray[np.float64]
    kind: NDArray[np.uint8]
    #: Number of the built-in type (Part 6, 5.1.2), 0 for null.
    type_: NDArray[np.uint8]
    status: NDArray[np.uint32]
    #: Source and server time in 100 ns since 1601; 0 where absent.
    source: NDArray[np.int64]
    server: NDArray[np.int64]
    #: Where each DataValue begins and ends in `body`.
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    body: bytes

    def __len__(self) -> int:
        return len(self.value)

    def take(self, rows: NDArray[np.intp]) -> "Values":
        """Some of them, in the order of ``rows``."""
        columns = {one.name: getattr(self, one.name)[rows] for one in fields(self) if one.name != "body"}
        return Values(body=self.body, **columns)

    def raw(self, row: int) -> bytes:
        """One DataValue as it was on the wire."""
        return self.body[self.start[row] : self.end[row]]


def _tail_dtype(mask: int) -> np.dtype[np.void]:
    return np.dtype([(name, code) for bit, name, code in _TAIL if mask & bit])


_TAIL_SIZE = np.array([_tail_dtype(mask).itemsize for mask in range(_MASKS)], dtype=np.int64)


@cache
def _spans() -> list[int]:
    """Size of a DataValue by ``mask << 8 | second byte``; 0 where the value must be walked to know it."""
    spans = [0] * (_MASKS << 8)
    for mask in range(_MASKS):
        tail = int(_TAIL_SIZE[mask])
        for second in range(256):
            if not mask & _VALUE:
                spans[mask << 8 | second] = 1 + tail
            elif second == _NULL:
                spans[mask << 8 | second] = 2 + tail
            elif second in _NUMBERS:
                spans[mask << 8 | second] = 2 + _NUMBERS[second].itemsize + tail
    return spans


def decode_values(body: bytes, start: int, count: int, *, handles: bool) -> tuple[Values, int]:
    """``count`` DataValues from ``start`` on, each after a client handle if ``handles``; and where they end.

    Raises Undecodable.
    """
    prefix = 4 if handles else 0
    if not 0 <= count <= (len(body) - start) // (prefix + 1):
        raise Undecodable(f"{count} values announced in {len(body) - start} bytes")
    index = _alike(body, start + prefix, count, prefix) or _walk(body, start + prefix, count, prefix)
    begins, _, spans = index
    end = int(begins[-1] + spans[-1]) if count else start
    if end > len(body):
        raise Undecodable(f"{count} values announced, the message ends before")
    return _columns(body, index, prefix), end


_Index = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]


def _alike(body: bytes, at: int, count: int, prefix: int) -> _Index | None:
    """The index where all values have the layout of the first; None where they have not."""
    if count < 2 or at + 1 >= len(body) or body[at] >= _MASKS:
        return None
    key = body[at] << 8 | body[at + 1]
    span = _spans()[key]
    step = span + prefix
    if not span or at + (count - 1) * step + span > len(body):
        return None
    width = 2 if body[at] & _VALUE else 1
    heads = np.ndarray((count, width), np.uint8, body, at, (step, 1))
    if not (heads == heads[0]).all():
        return None
    begins = at + step * np.arange(count, dtype=np.int64)
    return begins, np.full(count, key, np.int64), np.full(count, span, np.int64)


def _walk(body: bytes, at: int, count: int, prefix: int) -> _Index:
    """The index where layouts differ: the one loop over samples, and all it does is look up a size."""
    spans, padded = _spans(), body + b"\0"
    begins, keys, sizes = [0] * count, [0] * count, [0] * count
    try:
        for row in range(count):
            key = padded[at] << 8 | padded[at + 1]
            size = spans[key] or _odd_span(body, at)
            begins[row], keys[row], sizes[row] = at, key, size
            at += size + prefix
    except IndexError as error:
        raise Undecodable("the message ends inside a value") from error
    return np.array(begins, np.int64), np.array(keys, np.int64), np.array(sizes, np.int64)


def _odd_span(body: bytes, at: int) -> int:
    """Size of a DataValue whose variant is text, an array, a structure, ..."""
    try:
        return after_variant(body, at + 1) - at + int(_TAIL_SIZE[body[at]])
    except Malformed as error:
        raise Undecodable(f"a value that {error}") from error


def _gather(body: bytes, at: NDArray[np.int64], dtype: np.dtype[Any]) -> NDArray[Any]:
    """One field of that type at each offset."""
    windows: NDArray[Any] = np.ndarray((len(body) - dtype.itemsize + 1,), dtype, body, 0, (1,))
    return windows[at]


def _columns(body: bytes, index: _Index, prefix: int) -> Values:
    begins, keys, spans = index
    count = len(begins)
    mask = keys >> 8
    encoding = np.where(mask & _VALUE, keys & 0xFF, _NULL)
    status, source, server = np.zeros(count, np.uint32), np.zeros(count, np.int64), np.zeros(count, np.int64)
    tails = begins + spans - _TAIL_SIZE[mask]
    for one in np.unique(mask):
        rows = np.flatnonzero(mask == one)
        dtype = _tail_dtype(int(one))
        if dtype.itemsize:
            found = _gather(body, tails[rows], dtype)
            for name, column in (("status", status), ("source", source), ("server", server)):
                if name in (dtype.names or ()):
                    column[rows] = found[name]
    handle = _gather(body, begins - 4, np.dtype("<u4")) if prefix and count else np.zeros(count, np.uint32)
    return Values(
        handle=handle.astype(np.uint32),
        value=_numbers(body, begins + 2, encoding),
        kind=_kinds(encoding),
        type_=(encoding & 0x3F).astype(np.uint8),
        status=status,
        source=source,
        server=server,
        start=begins,
        end=begins + spans,
        body=body,
    )


def _numbers(body: bytes, at: NDArray[np.int64], encoding: NDArray[np.int64]) -> NDArray[np.float64]:
    value = np.full(len(at), np.nan)
    for one in np.unique(encoding):
        if int(one) in _NUMBERS:
            rows = np.flatnonzero(encoding == one)
            found = _gather(body, at[rows], _NUMBERS[int(one)])
            value[rows] = found != 0 if one == _BOOLEAN else found.astype(np.float64)
    return value


def _kinds(encoding: NDArray[np.int64]) -> NDArray[np.uint8]:
    kind = np.full(len(encoding), int(Kind.OTHER), np.uint8)
    kind[(encoding >= min(_NUMBERS)) & (encoding <= max(_NUMBERS))] = Kind.NUMBER
    kind[encoding == _NULL] = Kind.NULL
    kind[encoding & _ARRAY_BITS != 0] = Kind.ARRAY
    return kind


def type_name(number: int) -> str:
    """``String``, ``DateTime``, ...: of a built-in type's number."""
    try:
        return str(ua.VariantType(number).name)
    except ValueError:
        return f"type {number}"
