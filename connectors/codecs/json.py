"""The payload of `deploy/docs/payload.md`: JSON with one sample, many samples, or columns.

Two roads with one meaning. The fast one decodes a payload in which everything is right straight into typed values; at
the first thing that is not, the careful one (`json_careful`) starts afresh and finds out row by row what is wrong.
"""

from collections.abc import Sequence
from datetime import datetime
from math import isfinite

import msgspec
import numpy as np
from msgspec import UNSET, UnsetType
from numpy.typing import NDArray

from connectors.codecs import json_careful
from connectors.codecs.base import Refusal, Rows
from connectors.codecs.conversion import conversion
from connectors.codecs.names import Names, Target
from connectors.codecs.times import MAX_MS, MIN_MS, datetime_us
from park.quality import Quality

_QUALITY = json_careful.QUALITY
_BAD = int(Quality.BAD)

_Time = int | datetime
_Value = float | bool | None
_Column = list[float | None]


class _Sample(msgspec.Struct, gc=False):
    tag: str
    t: _Time
    v: _Value
    q: str | None = None
    u: str | None = None


class _Message(msgspec.Struct, gc=False):
    tag: str | None = None
    t: _Time | list[_Time] | None = None
    v: _Value | _Column | UnsetType = UNSET
    q: str | list[str] | dict[str, str | list[str]] | None = None
    u: str | None = None
    units: dict[str, str] | None = None
    values: dict[str, _Value | _Column] | None = None
    samples: list[_Sample] | None = None


class _NotPlain(Exception):
    """Something is wrong or unusual; the careful road will say what."""


_DECODER = msgspec.json.Decoder(_Message)


class JsonCodec:
    """Decodes `samples.schema.json`. Remembers nothing between payloads."""

    def decode(self, payload: bytes, address: str, names: Names, rows: Rows) -> Sequence[Refusal]:
        """See `connectors.codecs.base.Codec`."""
        return () if decode_plain(payload, names, rows) else json_careful.decode(payload, names, rows)


def decode_plain(payload: bytes, names: Names, rows: Rows) -> bool:
    """Append all rows of ``payload`` and return True; where anything is wrong or unusual, none, and False."""
    try:
        _decode_plain(_DECODER.decode(payload), names, rows)
    except (_NotPlain, msgspec.MsgspecError):
        return False
    return True


def _decode_plain(message: _Message, names: Names, rows: Rows) -> None:
    """Append all rows of ``message``, or raise _NotPlain before the first."""
    forms = (message.tag is not None) + (message.values is not None) + (message.samples is not None)
    if forms != 1 or message.samples == [] or message.values == {}:
        raise _NotPlain
    if message.samples is not None:
        if message.t is not None or message.q is not None or message.u is not None or message.units is not None:
            raise _NotPlain
        _samples(message.samples, names, rows)
    elif message.values is not None:
        _values(message, message.values, names, rows)
    elif isinstance(message.t, list):
        _column_message(message, names, rows)
    else:
        _single(message, names, rows)


def _single(message: _Message, names: Names, rows: Rows) -> None:
    name, value, quality = message.tag, message.v, message.q
    target = names.known.get(name)  # type: ignore[arg-type]  # a message of this form has a tag
    if target is None or isinstance(value, (list, UnsetType)) or not (quality is None or isinstance(quality, str)):
        raise _NotPlain
    time_us = _time_us(message.t)
    code = _quality(quality)
    unit = message.units.get(name, message.u) if message.units else message.u  # type: ignore[arg-type]
    rows.add(target.ix, time_us, _number(value, code, unit, target), code)


def _samples(samples: list[_Sample], names: Names, rows: Rows) -> None:
    known = names.known
    ready: list[tuple[int, int, float, int]] = []
    for sample in samples:
        if (target := known.get(sample.tag)) is None:
            raise _NotPlain
        code = _quality(sample.q)
        ready.append((target.ix, _time_us(sample.t), _number(sample.v, code, sample.u, target), code))
    for row in ready:
        rows.add(*row)


def _values(message: _Message, values: dict[str, _Value | _Column], names: Names, rows: Rows) -> None:
    if isinstance(message.t, list):
        times = _times_us(message.t)
        columns = [_column(name, column, message, len(times), names) for name, column in values.items()]
        for ix, numbers, codes in columns:
            rows.extend(ix, times, numbers, codes)
        return
    time_us = _time_us(message.t)
    if message.q is None and message.u is None and not message.units and _all_floats(values, names, time_us, rows):
        return
    ready: list[tuple[int, int, float, int]] = []
    for name, value in values.items():
        target = names.known.get(name)
        if target is None or isinstance(value, list):
            raise _NotPlain
        code = _quality(_quality_of(name, message))
        ready.append((target.ix, time_us, _number(value, code, _unit_of(name, message), target), code))
    for row in ready:
        rows.add(*row)


def _all_floats(values: dict[str, _Value | _Column], names: Names, time_us: int, rows: Rows) -> bool:
    """The commonest message: known tags, plain numbers, nothing else. Appends all, or nothing."""
    numbers = list(values.values())
    if set(map(type, numbers)) != {float}:
        return False
    targets = list(map(names.known.get, values))
    if None in targets:
        raise _NotPlain
    rows.tag += [target.ix for target in targets]  # type: ignore[union-attr]  # no None, see above
    rows.time_us += [time_us] * len(numbers)
    rows.value += numbers  # type: ignore[arg-type]  # floats, see above
    rows.quality += [0] * len(numbers)
    return True


def _column_message(message: _Message, names: Names, rows: Rows) -> None:
    times = _times_us(message.t)  # type: ignore[arg-type]  # a list, see the caller
    if not isinstance(message.v, list):
        raise _NotPlain
    ix, numbers, codes = _column(message.tag, message.v, message, len(times), names)  # type: ignore[arg-type]
    rows.extend(ix, times, numbers, codes)


def _column(
    name: str, column: _Value | _Column, message: _Message, length: int, names: Names
) -> tuple[int, NDArray[np.float64], NDArray[np.uint8] | int]:
    target = names.known.get(name)
    if target is None or not isinstance(column, list) or len(column) != length or not length:
        raise _NotPlain
    numbers = np.array(column, np.float64)  # None becomes NaN, and nothing else does: JSON has no NaN
    codes = _qualities(_quality_of(name, message), length)
    if np.any(np.isnan(numbers) & (np.asarray(codes) != _BAD)):
        raise _NotPlain
    unit = _unit_of(name, message)
    if unit is not None and unit != target.unit:
        factor, offset = _factor_offset(unit, target)
        with np.errstate(over="ignore"):
            numbers = numbers * factor + offset
        if np.any(np.isinf(numbers)):
            raise _NotPlain
    return target.ix, numbers, codes


def _quality_of(name: str, message: _Message) -> str | list[str] | None:
    return message.q.get(name) if isinstance(message.q, dict) else message.q


def _unit_of(name: str, message: _Message) -> str | None:
    return message.units.get(name, message.u) if message.units else message.u


def _qualities(quality: str | list[str] | None, length: int) -> NDArray[np.uint8] | int:
    if not isinstance(quality, list):
        return _quality(quality)
    if len(quality) != length:
        raise _NotPlain
    return np.array([_quality(one) for one in quality], np.uint8)


def _quality(quality: str | list[str] | None) -> int:
    code = None if isinstance(quality, list) else _QUALITY.get(quality)
    if code is None:
        raise _NotPlain
    return code


def _times_us(times: list[_Time]) -> NDArray[np.int64]:
    try:
        column = np.array(times)
    except ValueError:  # some naive, some not
        raise _NotPlain from None
    if column.dtype == np.int64 and np.all((column >= MIN_MS) & (column <= MAX_MS)):
        milliseconds: NDArray[np.int64] = column
        return milliseconds * 1000
    return np.array([_time_us(one) for one in times], np.int64)


def _time_us(t: _Time | list[_Time] | None) -> int:
    if type(t) is int:
        if MIN_MS <= t <= MAX_MS:
            return t * 1000
    elif type(t) is datetime and t.tzinfo is not None:
        return datetime_us(t)
    raise _NotPlain


def _number(value: _Value, code: int, unit: str | None, target: Target) -> float:
    if type(value) is float:
        if unit is None or unit == target.unit:
            return value
        factor, offset = _factor_offset(unit, target)
        converted = value * factor + offset
        if isfinite(converted):
            return converted
    elif value is None:
        if code == _BAD:
            return float("nan")
    elif target.discrete:
        return float(value)
    raise _NotPlain


def _factor_offset(unit: str, target: Target) -> tuple[float, float]:
    found = conversion(unit, target.unit)
    if isinstance(found, str):
        raise _NotPlain
    return found
