"""The columns of tables of samples: which holds the time and in what unit, and which tag each of the others is."""

import re
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from park.index import TagTable

TimeUnit = Literal["s", "ms", "us", "min", "h", "iso"]
UNIT_US = {"us": 1.0, "ms": 1e3, "s": 1e6, "min": 60e6, "h": 3600e6}
#: Names of time columns and the unit each means, in the order of trust.
TIME_NAMES: dict[str, TimeUnit] = {
    "time_us": "us",
    "time_ms": "ms",
    "epoch_ms": "ms",
    "time_s": "s",
    "epoch_s": "s",
    "epochtime": "s",
    "time_h": "h",
    "timestamp": "iso",
    "datetime": "iso",
    "datatime": "iso",
    "monitortime": "iso",
    "time_local": "iso",
    "time_utc": "iso",
    "time": "iso",
    "t": "iso",
    "date": "iso",
}
#: Columns of well-known data sets that are no measurements.
NO_TAGS = ("sample_index", "terminated", "shutdown_code")
#: Numbers at least this large (µs) count from 1970, smaller ones from the beginning of the recording.
FROM_1970_US = 1e15
#: Zone of times that name none, hours ahead of UTC. Loggers in China write Beijing time.
BEIJING_H = 8.0
_ZONE = re.compile(r"(Z|[+-]\d\d:?\d\d)$", re.IGNORECASE)
#: A time axis this near to a regular one (share of its step) is one that was rounded when it was written.
_REGULAR = 0.01


def find_time_column(names: Sequence[str], types: Sequence[pa.DataType]) -> str | None:
    """By its name, else by its type; None where nothing looks like a time."""
    by_lower = {name.lower(): name for name in reversed(names)}
    found = next((by_lower[known] for known in TIME_NAMES if known in by_lower), None)
    if found is None:
        found = next((name for name, kind in zip(names, types, strict=True) if pa.types.is_timestamp(kind)), None)
    return found


def unit_of(kind: pa.DataType, name: str) -> TimeUnit:
    """What the numbers of a time column mean; ``iso`` where they are instants or texts."""
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        unit = TIME_NAMES.get(name.lower(), "s")
        return "s" if unit == "iso" else unit
    return "iso"


def instants_us(column: pa.ChunkedArray, unit: TimeUnit, utc_offset_h: float, *, whole: bool) -> NDArray[np.int64]:
    """Microseconds, since 1970 or since the recording's beginning. ``whole``: it is the whole axis, not a piece.

    Raises pyarrow.ArrowInvalid.
    """
    if unit == "iso":
        return _of_iso(column, utc_offset_h)
    numbers: NDArray[np.float64] = column.cast(pa.float64()).to_numpy()
    times = np.asarray(numbers * UNIT_US[unit], np.float64)
    return regular(times) if whole else np.asarray(np.round(times), np.int64)


def _of_iso(column: pa.ChunkedArray, utc_offset_h: float) -> NDArray[np.int64]:
    if pa.types.is_string(column.type):
        zoned = len(column) > 0 and _ZONE.search(str(column[0])) is not None
        column = column.cast(pa.timestamp("us", "UTC" if zoned else None))
    naive = column.type.tz is None
    instants: NDArray[np.int64] = column.cast(pa.timestamp("us", column.type.tz)).cast(pa.int64()).to_numpy()
    return instants - round(utc_offset_h * 3600e6) if naive else instants


def regular(times: NDArray[np.float64]) -> NDArray[np.int64]:
    """Undo the rounding of a regular axis: 0.00278, 0.00556, ... h are 10, 20, ... s."""
    if len(times) > 2:
        step = round((times[-1] - times[0]) / (len(times) - 1) / 1000.0) * 1000.0
        if step > 0:
            axis = round(times[0] / step) * step + step * np.arange(len(times))
            if np.abs(axis - times).max() <= _REGULAR * step:
                return np.asarray(axis, np.int64)
    return np.asarray(np.round(times), np.int64)


def tag_finder(table: TagTable) -> Mapping[str, int]:
    """Index by full id, by ``source.tag``, and by tag id, the latter two where only one tag has it."""
    found: dict[str, int] = {}
    shared: set[str] = set()
    for info in table.infos:
        for name in (f"{info.source.id}.{info.tag.id}", info.tag.id):
            if name in found:
                shared.add(name)
            found[name] = info.ix
    for name in shared:
        del found[name]
    return found | table.ix_of
