"""Columns of times to epoch microseconds, and what is wrong with those that are none. No loop over rows.

ISO 8601 texts with an offset; timestamps with a zone; and epochs, whose unit their size tells: seconds below 1e11,
milliseconds below 1e14, microseconds beyond (each unit so from March 1973 on; what is smaller is no time).
What is finer than a microsecond is rounded.
"""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from connectors.http.faults import CODE

_MISSING, _BAD, _NAIVE = (np.uint8(CODE[one]) for one in ("missing_time", "bad_time", "naive_time"))
#: An epoch's least and first too large value, and its factor to microseconds.
_EPOCHS = ((1e8, 1e11, 1_000_000), (1e11, 1e14, 1_000), (1e14, 1e17, 1))
_ISO = (
    r"^(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})[Tt ](?P<hour>\d{2}):(?P<minute>\d{2})(?::(?P<second>\d{2})"
    r"(?:[.,](?P<fraction>\d{1,9}))?)?(?P<zone>[Zz]|[+-]\d{2}(?::?\d{2})?)?$"
)
_DIGITS = r"^\d{9,17}$"
_US = pa.timestamp("us", "UTC")


class Instants(NamedTuple):
    """Columns of one length."""

    #: Epoch microseconds, UTC; anything where there is a fault.
    time_us: NDArray[np.int64]
    fault: NDArray[np.uint8]


def of_column(column: pa.Array) -> Instants:
    """Of texts, timestamps or whole numbers. Raises TypeError, a sentence for the sender, on any other type."""
    kind = column.type
    if pa.types.is_timestamp(kind):
        return _of_timestamps(column)
    if pa.types.is_integer(kind):
        numbers = pc.fill_null(column, 0).cast(pa.int64(), safe=False).to_numpy(zero_copy_only=False)
        return _of_epochs(numbers, _nulls(column))
    if pa.types.is_string(kind):
        return _of_texts(column)
    raise TypeError(f"time is a column of {kind}; send timestamps with a zone, texts, or whole epoch numbers")


def _nulls(column: pa.Array) -> NDArray[np.bool_]:
    mask: NDArray[np.bool_] = pc.is_null(column).to_numpy(zero_copy_only=False)
    return mask


def _of_timestamps(column: pa.Array) -> Instants:
    fault = np.where(_nulls(column), _MISSING, np.uint8(0)).astype(np.uint8)
    if column.type.tz is None:
        fault[fault == 0] = _NAIVE
        return Instants(np.zeros(len(column), np.int64), fault)
    per_s = {"s": 1_000_000, "ms": 1_000, "us": 1, "ns": -1_000}[column.type.unit]
    ticks = pc.fill_null(column.cast(pa.int64()), 0).to_numpy(zero_copy_only=False)
    if per_s < 0:
        return Instants((ticks + 500) // -per_s, fault)
    too_large = np.abs(ticks) > np.int64(2**62) // per_s
    fault[too_large & (fault == 0)] = _BAD
    return Instants(np.where(too_large, 0, ticks) * per_s, fault)


def _of_epochs(numbers: NDArray[np.int64], missing: NDArray[np.bool_]) -> Instants:
    time_us = np.zeros(len(numbers), np.int64)
    fault = np.where(missing, _MISSING, _BAD).astype(np.uint8)
    for least, beyond, factor in _EPOCHS:
        those = (numbers >= least) & (numbers < beyond) & ~missing
        time_us[those] = numbers[those] * factor
        fault[those] = 0
    return Instants(time_us, fault)


def _of_texts(column: pa.Array) -> Instants:
    if len(column) and not column.null_count:
        try:
            # The commonest column: every one of its texts is right. What is not, the careful road finds.
            return Instants(_cast(column), np.zeros(len(column), np.uint8))
        except pa.ArrowInvalid:
            pass
    return _of_any_texts(pc.utf8_trim_whitespace(column))


def _cast(column: pa.Array) -> NDArray[np.int64]:
    # Arrow takes a few more forms than we do (an hour alone, offsets beyond 14 h): those go the careful road.
    sound = pc.all(
        pc.match_substring_regex(
            column, r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-](0\d|1[0-3]):?[0-5]\d)$"
        )
    )
    if not sound.as_py() or pc.any(pc.starts_with(column, "0000")).as_py():
        raise pa.ArrowInvalid("not all of them are times")
    times: NDArray[np.int64] = column.cast(_US).cast(pa.int64()).to_numpy(zero_copy_only=False)
    return times


def _of_any_texts(column: pa.Array) -> Instants:
    missing = pc.fill_null(pc.equal(pc.utf8_length(column), 0), True).to_numpy(zero_copy_only=False)
    digits = pc.fill_null(pc.match_substring_regex(column, _DIGITS), False)
    numbers = pc.if_else(digits, column, "0").cast(pa.int64()).to_numpy(zero_copy_only=False)
    parts = pc.extract_regex(column, _ISO)
    iso = pc.is_valid(parts).to_numpy(zero_copy_only=False)
    time_us, fault = _of_parts(parts)
    epochs = _of_epochs(numbers, missing)
    found = np.where(iso, time_us, epochs.time_us)
    faults = np.where(missing, _MISSING, np.where(iso, fault, epochs.fault)).astype(np.uint8)
    return Instants(found, faults)


def _of_parts(parts: pa.StructArray) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    def number(text: pa.Array) -> NDArray[np.int64]:
        filled = pc.if_else(pc.fill_null(pc.match_substring_regex(text, r"^\d+$"), False), text, "0")
        numbers: NDArray[np.int64] = filled.cast(pa.int64()).to_numpy(zero_copy_only=False)
        return numbers

    year, month, day, hour, minute, second = (
        number(pc.struct_field(parts, name)) for name in ("year", "month", "day", "hour", "minute", "second")
    )
    fraction = pc.fill_null(pc.struct_field(parts, "fraction"), "")
    micros = (number(pc.utf8_rpad(fraction, 9, "0")) + 500) // 1_000
    zone = pc.fill_null(pc.struct_field(parts, "zone"), "")
    ahead_s, zoned = _offset_s(zone)
    months = (np.clip(year, 1, 9999) - 1970) * 12 + np.clip(month, 1, 12) - 1
    first = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    length = (months + 1).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) - first
    sound = (year >= 1) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= length)
    sound &= (hour < 24) & (minute < 60) & (second < 60) & (np.abs(ahead_s) <= 14 * 3_600)
    seconds = (first + day - 1) * 86_400 + hour * 3_600 + minute * 60 + second - ahead_s
    fault = np.where(~sound, _BAD, np.where(zoned, np.uint8(0), _NAIVE)).astype(np.uint8)
    return seconds * 1_000_000 + micros, fault


def _offset_s(zone: pa.Array) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Seconds ahead of UTC, a day where the minutes are none; and whether there is an offset at all."""
    digits = pc.utf8_rpad(pc.replace_substring_regex(zone, r"[^0-9]", ""), 4, "0")
    numbers = digits.cast(pa.int64()).to_numpy(zero_copy_only=False)
    sign = np.where(pc.starts_with(zone, "-").to_numpy(zero_copy_only=False), -1, 1)
    minutes = numbers % 100
    seconds = np.where(minutes < 60, (numbers // 100) * 3_600 + minutes * 60, 86_400)
    zoned: NDArray[np.bool_] = pc.not_equal(zone, "").to_numpy(zero_copy_only=False)
    return sign * seconds, zoned
