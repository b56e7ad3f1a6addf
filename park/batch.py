"""The form in which samples travel: equal-length columns, from the socket to the disk.

In memory numpy, on disk and on the wire Apache Arrow. There is no object for one sample, and no loop over samples.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray

SCHEMA = pa.schema(
    [
        pa.field("tag", pa.int32(), nullable=False),
        pa.field("time_us", pa.int64(), nullable=False),
        pa.field("value", pa.float64(), nullable=False),
        pa.field("quality", pa.uint8(), nullable=False),
    ]
)


def _column(values: ArrayLike, dtype: type) -> NDArray[np.generic]:
    column: NDArray[np.generic] = np.ascontiguousarray(values, dtype=dtype)
    if column.flags.writeable:
        column = column.view()
        column.flags.writeable = False
    return column


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SampleBatch:
    """Samples of many tags, in no particular order. Immutable.

    ``tag``, ``time_us``, ``value`` and ``quality`` have one shape ``(n,)``; anything array-like is accepted. An array
    that has the right type already is not copied: whoever made it must not write to it any more.
    Raises ValueError where the shapes differ.
    """

    #: Index of the tag in the park's `TagTable`; int32.
    tag: NDArray[np.int32]
    #: Source time: the clock of the device that measured. Epoch microseconds, UTC; int64.
    time_us: NDArray[np.int64]
    #: In the tag's own unit; float64. May be NaN only where the quality is bad.
    value: NDArray[np.float64]
    #: See `park.quality`; uint8.
    quality: NDArray[np.uint8]
    #: When the service took it in, by the service's clock. Epoch microseconds, UTC.
    received_us: int
    #: Identity of the connector that brought it.
    origin: str

    def __post_init__(self) -> None:
        for name, dtype in (("tag", np.int32), ("time_us", np.int64), ("value", np.float64), ("quality", np.uint8)):
            object.__setattr__(self, name, _column(getattr(self, name), dtype))
        shapes = {self.tag.shape, self.time_us.shape, self.value.shape, self.quality.shape}
        if len(shapes) != 1 or self.tag.ndim != 1:
            raise ValueError(f"the columns of a batch must have one length, not {sorted(shapes)}")

    def __len__(self) -> int:
        return len(self.tag)

    def take(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> "SampleBatch":
        """The rows that a mask or an index array names, in that order."""
        return SampleBatch(
            tag=self.tag[rows],
            time_us=self.time_us[rows],
            value=self.value[rows],
            quality=self.quality[rows],
            received_us=self.received_us,
            origin=self.origin,
        )

    def to_arrow(self) -> pa.RecordBatch:
        """Zero-copy; ``received_us`` and ``origin`` go into the schema's metadata."""
        metadata = {"received_us": str(self.received_us), "origin": self.origin}
        arrays = [pa.array(column) for column in (self.tag, self.time_us, self.value, self.quality)]
        return pa.RecordBatch.from_arrays(arrays, schema=SCHEMA.with_metadata(metadata))

    def to_bytes(self) -> bytes:
        """One Arrow IPC stream."""
        sink = pa.BufferOutputStream()
        record = self.to_arrow()
        with pa.ipc.new_stream(sink, record.schema) as writer:
            writer.write_batch(record)
        data: bytes = sink.getvalue().to_pybytes()
        return data

    @staticmethod
    def from_arrow(record: pa.RecordBatch) -> "SampleBatch":
        """The inverse of `to_arrow`. Raises ValueError where the schema is another."""
        if not record.schema.equals(SCHEMA, check_metadata=False):
            raise ValueError(f"not a sample batch: {record.schema.to_string(show_schema_metadata=False)}")
        if any(column.null_count for column in record.columns):
            raise ValueError("not a sample batch: a value is null; a missing value is NaN with bad quality")
        metadata = record.schema.metadata or {}
        tag, time_us, value, quality = (column.to_numpy(zero_copy_only=False) for column in record.columns)
        return SampleBatch(
            tag=tag,
            time_us=time_us,
            value=value,
            quality=quality,
            received_us=int(metadata.get(b"received_us", b"0")),
            origin=metadata.get(b"origin", b"").decode(),
        )

    @staticmethod
    def from_bytes(data: bytes) -> "SampleBatch":
        """The inverse of `to_bytes`. Raises ValueError on anything else."""
        try:
            with pa.ipc.open_stream(pa.BufferReader(data)) as reader:
                records = list(reader)
        except (pa.ArrowException, OSError) as error:
            raise ValueError(f"not a sample batch: {error}") from error
        if len(records) != 1:
            raise ValueError(f"not a sample batch: the stream holds {len(records)} record batches, not one")
        return SampleBatch.from_arrow(records[0])


def empty_batch(*, received_us: int, origin: str) -> SampleBatch:
    """A batch without samples."""
    return SampleBatch(tag=[], time_us=[], value=[], quality=[], received_us=received_us, origin=origin)  # type: ignore[arg-type]


def concat(batches: Sequence[SampleBatch], *, received_us: int, origin: str) -> SampleBatch:
    """All rows in the order given."""
    if not batches:
        return empty_batch(received_us=received_us, origin=origin)
    return SampleBatch(
        tag=np.concatenate([batch.tag for batch in batches]),
        time_us=np.concatenate([batch.time_us for batch in batches]),
        value=np.concatenate([batch.value for batch in batches]),
        quality=np.concatenate([batch.quality for batch in batches]),
        received_us=received_us,
        origin=origin,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """Something that arrived and could not be used: kept with its raw bytes and the reason, never dropped."""

    #: Identity of the connector that brought it.
    origin: str
    #: When the service took it in. Epoch microseconds, UTC.
    received_us: int
    #: A short fixed word to count by: ``undecodable``, ``unknown_tag``, ``future``, ``not_a_number``, ...
    reason: str
    #: A sentence for a person: the field, the value, the fix.
    detail: str
    #: The payload as it came.
    raw: bytes
    #: Where it came from: topic, endpoint and node, peer address.
    address: str = ""
    #: The enterprise that sent it, where that is known; it may see its own dead letters.
    enterprise: str = ""
