"""Means that a logger reports for whole periods, as columns (HJ 212-2017: 2051 minute, 2061 hour, 2031 day).

They are evidence beside the samples: kept as they came, every version of them, and compared with our own means.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

#: Length of the periods of 2061 and 2031; 2051 has the logger's minute interval (1 to 30 minutes, 60 s to 1800 s).
HOUR_S, DAY_S = 3_600, 86_400

_NUMBERS = ("avg", "min", "max", "cou", "zs_avg", "zs_min", "zs_max")
SCHEMA = pa.schema(
    [
        pa.field("tag", pa.int32(), nullable=False),
        pa.field("length_s", pa.int32(), nullable=False),
        pa.field("start_us", pa.int64(), nullable=False),
        *(pa.field(name, pa.float64(), nullable=False) for name in _NUMBERS),
        pa.field("flag", pa.uint8(), nullable=False),
        pa.field("asked", pa.bool_(), nullable=False),
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PeriodBatch:
    """Columns of one shape ``(n,)``. What a packet did not hold is NaN. Raises ValueError where the shapes differ."""

    #: Index of the tag in the park's `TagTable`; int32. It is the tag of the pollutant's real-time value.
    tag: NDArray[np.int32]
    #: Length of the period, seconds; int32.
    length_s: NDArray[np.int32]
    #: Start of the period: ``DataTime``, read as UTC+08:00. Epoch microseconds, UTC; int64.
    start_us: NDArray[np.int64]
    #: Mean, minimum, maximum, in the tag's unit; float64.
    avg: NDArray[np.float64]
    min: NDArray[np.float64]
    max: NDArray[np.float64]
    #: Amount discharged in the period, in the emission unit of the code (kg for most); float64.
    cou: NDArray[np.float64]
    #: The same converted to reference oxygen by the logger (折算); float64.
    zs_avg: NDArray[np.float64]
    zs_min: NDArray[np.float64]
    zs_max: NDArray[np.float64]
    #: ASCII code of the data flag (``N``, ``D``, ...); 0: the packet had none; uint8.
    flag: NDArray[np.uint8]
    #: True: it came because we asked for history.
    asked: NDArray[np.bool_]

    def __post_init__(self) -> None:
        for field in SCHEMA:
            column = np.ascontiguousarray(getattr(self, field.name), dtype=field.type.to_pandas_dtype())
            object.__setattr__(self, field.name, column)
        shapes = {getattr(self, field.name).shape for field in SCHEMA}
        if len(shapes) != 1 or self.tag.ndim != 1:
            raise ValueError(f"the columns of a batch of periods must have one length, not {sorted(shapes)}")

    def __len__(self) -> int:
        return len(self.tag)

    def take(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> "PeriodBatch":
        """The rows that a mask or an index array names, in that order."""
        return PeriodBatch(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})

    def to_bytes(self) -> bytes:
        """One Arrow IPC stream."""
        sink = pa.BufferOutputStream()
        arrays = [pa.array(getattr(self, field.name)) for field in SCHEMA]
        with pa.ipc.new_stream(sink, SCHEMA) as writer:
            writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=SCHEMA))
        data: bytes = sink.getvalue().to_pybytes()
        return data

    @staticmethod
    def from_bytes(data: bytes) -> "PeriodBatch":
        """The inverse of `to_bytes`. Raises ValueError on anything else."""
        try:
            with pa.ipc.open_stream(pa.BufferReader(data)) as reader:
                table = reader.read_all()
        except (pa.ArrowException, OSError) as error:
            raise ValueError(f"not a batch of periods: {error}") from error
        if not table.schema.equals(SCHEMA, check_metadata=False):
            raise ValueError(f"not a batch of periods: {table.schema.to_string(show_schema_metadata=False)}")
        return PeriodBatch(**{name: table[name].to_numpy() for name in table.column_names})


def concat_periods(batches: Sequence[PeriodBatch]) -> PeriodBatch:
    """All rows in the order given."""
    names = [field.name for field in SCHEMA]
    if not batches:
        return PeriodBatch(**{name: np.empty(0) for name in names})  # type: ignore[arg-type]  # cast by itself
    return PeriodBatch(**{name: np.concatenate([getattr(one, name) for one in batches]) for name in names})
