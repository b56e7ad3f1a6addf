"""Telegrams as they came: many in one compressed block, found again by the time at which they were received."""

from collections.abc import Sequence

import msgspec
import psycopg
import pyarrow as pa

from connectors.base import RawFrame
from service.store.events import moment

#: No block holds more once unpacked: the intake never has that much in one tick.
_MOST_BYTES = 256 * 1024 * 1024
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[tuple[str, str, bytes], ...]).decode


class FrameBlock(msgspec.Struct, frozen=True, kw_only=True):
    """The telegrams that one connector brought within one tick."""

    origin: str
    count: int
    #: Length of the unpacked MessagePack, bytes.
    size: int
    data: bytes


def pack(origin: str, frames: Sequence[RawFrame]) -> FrameBlock:
    """Compressed; the order is kept."""
    plain = _encode([(one.enterprise, one.device, one.data) for one in frames])
    return FrameBlock(origin=origin, count=len(frames), size=len(plain), data=_packed(plain))


def _packed(plain: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(plain)
    packed: bytes = sink.getvalue().to_pybytes()
    return packed


def unpack(data: bytes) -> list[RawFrame]:
    """The inverse of `pack`. Raises ValueError where it is no such block."""
    try:
        with pa.CompressedInputStream(pa.BufferReader(data), "zstd") as stream:
            plain = stream.read(_MOST_BYTES)
        rows = _decode(plain)
    except (pa.ArrowException, OSError, msgspec.MsgspecError) as error:
        raise ValueError(f"not a block of telegrams: {error}") from error
    return [RawFrame(enterprise=enterprise, device=device, data=frame) for enterprise, device, frame in rows]


def write(cursor: psycopg.Cursor, blocks: Sequence[tuple[int, FrameBlock]]) -> None:
    """``(received_us, block)`` of each; ``received_us`` is that of its journal row."""
    cursor.executemany(
        "INSERT INTO raw_block (received_at, origin, frames, data) VALUES (%s, %s, %s, %s)",
        [(moment(received_us), block.origin, block.count, block.data) for received_us, block in blocks],
    )
