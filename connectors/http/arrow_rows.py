"""An Arrow IPC stream to columns. What is read comes from a stranger: sizes are checked before anything is unpacked."""

import struct

import numpy as np
import pyarrow as pa

from connectors.http.body import BodyInvalid, BodyTooLarge
from connectors.http.judge import Cells
from connectors.http.senders import Allowed
from connectors.http.tables import cells_of

#: Fields of the flatbuffer tables of Arrow's ``Message.fbs``, by place.
_MESSAGE_HEADER, _DICTIONARY_DATA = 2, 1
_BATCH_BUFFERS, _BATCH_COMPRESSION = 2, 3


def read(body: bytes, allowed: Allowed, *, most_rows: int, most_bytes: int) -> Cells:
    """Raises BodyInvalid, BodyTooLarge; ``most_bytes``: what compressed buffers may unpack to, all together."""
    try:
        _refuse_bombs(body, most_bytes)
        with pa.ipc.open_stream(pa.BufferReader(body)) as stream:
            batches: list[pa.RecordBatch] = []
            rows = 0
            for batch in stream:
                # Offsets that point elsewhere would be read as they stand.
                batch.validate(full=True)
                rows += batch.num_rows
                if rows > most_rows:
                    raise BodyTooLarge(f"more than {most_rows} rows; send them in several requests")
                batches.append(batch)
            table = pa.Table.from_batches(batches, schema=stream.schema)
    except (pa.ArrowException, OSError, ValueError, struct.error) as error:
        raise BodyInvalid(f"not an Arrow IPC stream: {str(error).partition(chr(10))[0]}") from None
    return cells_of(table, allowed, _written, most_rows=most_rows, row=np.arange(1, len(table) + 1))


def _written(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    data: bytes = sink.getvalue().to_pybytes()
    return data


def _refuse_bombs(body: bytes, most_bytes: int) -> None:
    """Each compressed buffer begins with the length that it is unpacked to, which Arrow allocates unasked."""
    total = 0
    reader = pa.ipc.MessageReader.open_stream(pa.BufferReader(body))
    while True:
        try:
            message = reader.read_next_message()
        except StopIteration:
            return
        if message.type in ("record batch", "dictionary"):
            total += _unpacked_bytes(message.type, message.metadata.to_pybytes(), message.body)
        if total > most_bytes:
            raise BodyTooLarge(f"the buffers unpack to more than {most_bytes} bytes; send them in several requests")


def _unpacked_bytes(kind: str, metadata: bytes, body: pa.Buffer | None) -> int:
    batch = _field(metadata, _table(metadata, 0), _MESSAGE_HEADER)
    batch = _table(metadata, batch)
    if kind == "dictionary":
        batch = _table(metadata, _field(metadata, batch, _DICTIONARY_DATA))
    if not _field(metadata, batch, _BATCH_COMPRESSION) or body is None:
        return 0
    buffers = _table(metadata, _field(metadata, batch, _BATCH_BUFFERS))
    (count,) = struct.unpack_from("<I", metadata, buffers)
    total = 0
    for place in range(count):
        offset, length = struct.unpack_from("<qq", metadata, buffers + 4 + 16 * place)
        if length >= 8 and 0 <= offset <= body.size - 8:
            (unpacked,) = struct.unpack("<q", body.slice(offset, 8).to_pybytes())
            total += max(unpacked, length)  # -1: it is not compressed after all
    return total


def _table(data: bytes, place: int) -> int:
    """Where the table (or vector) is that the offset at ``place`` points to."""
    (offset,) = struct.unpack_from("<I", data, place)
    return place + int(offset)


def _field(data: bytes, table: int, index: int) -> int:
    """Where a field of a table is; 0: it is not there. A table begins with the way back to its field list."""
    (back,) = struct.unpack_from("<i", data, table)
    (size,) = struct.unpack_from("<H", data, table - back)
    if 4 + 2 * index >= size:
        return 0
    (offset,) = struct.unpack_from("<H", data, table - back + 4 + 2 * index)
    return table + int(offset) if offset else 0
