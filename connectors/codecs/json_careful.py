"""The careful road of the JSON codec: what is wrong with a payload, row by row, and which of its rows are good."""

import json
from collections.abc import Iterator
from math import isfinite, nan
from typing import Protocol

from connectors.codecs.base import Refusal, Rows
from connectors.codecs.conversion import conversion
from connectors.codecs.names import Names, Target
from connectors.codecs.times import BadTime, time_us
from park.quality import Quality

#: What ``q`` may hold. No ``q``, or null, means good.
QUALITY: dict[str | None, int] = {
    None: int(Quality.GOOD),
    "good": int(Quality.GOOD),
    "uncertain": int(Quality.UNCERTAIN),
    "bad": int(Quality.BAD),
}
_FORMS = ("samples", "values", "tag")


class Refused(Exception):
    """One row, or what rows share, cannot be used. ``args``: the reason word and a sentence."""


class Refusals(Protocol):
    """Is told of rows that cannot be used, in their order among the others."""

    def add(self, error: Refused | BadTime, rows: int = 1) -> None:
        """``rows`` of them, for one reason."""


class _Refusals:
    """Counts by reason and keeps the first sentence of each."""

    def __init__(self) -> None:
        self._first: dict[str, str] = {}
        self._count: dict[str, int] = {}

    def add(self, error: Refused | BadTime, rows: int = 1) -> None:
        reason, detail = error.args
        self._first.setdefault(reason, detail)
        self._count[reason] = self._count.get(reason, 0) + rows

    def listed(self) -> list[Refusal]:
        return [
            Refusal(reason, f"{detail} (and {count - 1} more rows)" if (count := self._count[reason]) > 1 else detail)
            for reason, detail in self._first.items()
        ]


def decode(payload: bytes, names: Names, rows: Rows) -> list[Refusal]:
    """As `connectors.codecs.base.Codec.decode`."""
    refusals = _Refusals()
    try:
        message = _parse(payload)
        for row in rows_of(message, refusals):
            try:
                rows.add(*checked(row, names))
            except (Refused, BadTime) as error:
                refusals.add(error)
    except (Refused, BadTime) as error:
        refusals.add(error)
    return refusals.listed()


def _parse(payload: bytes) -> dict[str, object]:
    try:
        message = json.loads(payload.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise Refused("undecodable", f"not UTF-8 text at byte {error.start}") from None
    except RecursionError:
        raise Refused("undecodable", "nested too deeply") from None
    except ValueError as error:
        raise Refused("undecodable", f"not JSON: {error}") from None
    if not isinstance(message, dict):
        raise Refused("bad_shape", 'the payload is one JSON object; wrap a list as {"samples": [...]}')
    return message


def _refuse_constant(text: str) -> object:
    raise Refused("undecodable", f'{text} is not JSON; send "v": null with "q": "bad" where there is no value')


class Row:
    """One sample as the sender wrote it."""

    __slots__ = ("quality", "t", "tag", "unit", "value")

    def __init__(self, tag: object, t: object, value: object, quality: object, unit: object) -> None:
        self.tag, self.t, self.value, self.quality, self.unit = tag, t, value, quality, unit


def rows_of(message: dict[str, object], refusals: Refusals) -> Iterator[Row]:
    """The rows of a message, whatever its form. Raises Refused where it has none of the forms."""
    forms = [form for form in _FORMS if message.get(form) is not None]
    if len(forms) != 1:
        found = " and ".join(forms) or "none"
        raise Refused("bad_shape", f"a message has one of samples, values, tag; this one has {found}")
    if forms == ["samples"]:
        yield from _samples(message, refusals)
    elif forms == ["values"]:
        yield from _values(message, refusals)
    elif not isinstance(message["tag"], str):
        raise Refused("unknown_tag", "tag is not text; name it as source.tag")
    elif isinstance(message.get("t"), list):
        yield from _column(message, message["tag"], message.get("v"))
    else:
        unit, quality = _shared(message, message["tag"])
        yield Row(message["tag"], message.get("t"), _value(message), quality, unit)


def _samples(message: dict[str, object], refusals: Refusals) -> Iterator[Row]:
    samples = message["samples"]
    if not isinstance(samples, list) or not samples:
        raise Refused("bad_shape", "samples is a list of objects with tag, t and v, and not empty")
    for sample in samples:
        if not isinstance(sample, dict):
            refusals.add(Refused("bad_shape", "a sample is an object with tag, t and v"))
            continue
        tag, t, own_unit, own_quality = (sample.get(key) for key in ("tag", "t", "u", "q"))
        # What a sample does not say, the message says for all: a "bad" there must not go unheard.
        unit, quality = _shared(message, tag)
        yield Row(
            tag,
            message.get("t") if t is None else t,
            _value(sample),
            quality if own_quality is None else own_quality,
            unit if own_unit is None else own_unit,
        )


def _values(message: dict[str, object], refusals: Refusals) -> Iterator[Row]:
    values = message["values"]
    if not isinstance(values, dict):
        raise Refused("bad_shape", "values is an object: tag -> value, or tag -> list where t is a list")
    if not values:
        raise Refused("bad_shape", "values is empty")
    t = message.get("t")
    for tag, value in values.items():
        try:
            if isinstance(t, list):
                yield from _column(message, tag, value)
            else:
                unit, quality = _shared(message, tag)
                yield Row(tag, t, value, quality, unit)
        except Refused as error:
            refusals.add(error, rows=len(value) if isinstance(value, list) else 1)


def _column(message: dict[str, object], tag: object, values: object) -> Iterator[Row]:
    times = message["t"]
    assert isinstance(times, list)
    if not isinstance(values, list) or len(values) != len(times):
        has = f"{len(values)} values" if isinstance(values, list) else "no list of values"
        raise Refused("bad_shape", f"{_shown(tag)} has {has} for {len(times)} times; the columns have one length")
    if not times:
        raise Refused("bad_shape", "t is empty")
    unit, quality = _shared(message, tag)
    qualities = quality if isinstance(quality, list) else [quality] * len(times)
    if len(qualities) != len(times):
        raise Refused("bad_shape", f"q has {len(qualities)} entries for {len(times)} times")
    for t, value, one in zip(times, values, qualities, strict=True):
        yield Row(tag, t, value, one, unit)


def _shared(message: dict[str, object], tag: object) -> tuple[object, object]:
    """(unit, quality) that the message gives for all rows of ``tag``."""
    units, unit, quality = message.get("units"), message.get("u"), message.get("q")
    if units is not None and not isinstance(units, dict):
        raise Refused("bad_shape", "units is an object: tag -> unit")
    if unit is not None and not isinstance(unit, str):
        raise Refused("unit_mismatch", f"u is {_shown(unit)}; send text, such as m or kPa")
    if not isinstance(tag, str):
        return unit, quality
    if units:
        unit = units.get(tag, unit)
    return unit, quality.get(tag) if isinstance(quality, dict) else quality


def _value(holder: dict[str, object]) -> object:
    if "v" not in holder:
        return _MISSING
    return holder["v"]


_MISSING = object()


def checked(row: Row, names: Names) -> tuple[int, int, float, int]:
    """(tag index, epoch microseconds, value, quality) of a row. Raises Refused, BadTime."""
    if not isinstance(row.tag, str):
        raise Refused("unknown_tag", "no tag; name it as source.tag")
    target = names.known.get(row.tag)
    if target is None:
        raise Refused(*names.why_not(row.tag))
    moment_us = time_us(row.t)
    code = QUALITY.get(row.quality) if isinstance(row.quality, str | None) else None
    if code is None:
        raise Refused("bad_quality", f"q of {_shown(row.tag)} is {_shown(row.quality)}; send good, uncertain or bad")
    return target.ix, moment_us, _number(row, code, target), code


def _number(row: Row, code: int, target: Target) -> float:
    value = row.value
    if value is None and code == Quality.BAD:
        return nan
    if isinstance(value, bool) and target.discrete:
        return float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Refused("not_a_number", f"v of {_shown(row.tag)} {_what(value)}")
    try:
        number = _converted(float(value), row, target)
    except OverflowError:
        number = nan
    if not isfinite(number):
        raise Refused("not_a_number", f"v of {_shown(row.tag)} is too large for a float64")
    return number


def _what(value: object) -> str:
    if value is _MISSING:
        return "is missing"
    if value is None:
        return 'is null; that needs "q": "bad"'
    if isinstance(value, bool):
        return "is true or false, and the tag is not discrete"
    return f"is {_shown(value)}; send a number"


def _converted(value: float, row: Row, target: Target) -> float:
    if row.unit is None or row.unit == target.unit:
        return value
    if not isinstance(row.unit, str):
        raise Refused(
            "unit_mismatch", f"u of {_shown(row.tag)} is {_shown(row.unit)}; send text such as {target.unit!r}"
        )
    found = conversion(row.unit, target.unit)
    if isinstance(found, str):
        raise Refused("unit_mismatch", f"{_shown(row.tag)}: {found}")
    factor, offset = found
    return value * factor + offset


def _shown(value: object) -> str:
    """The start of what a sender wrote, escaped where a log or a database would stumble."""
    text = (
        repr(value)
        if isinstance(value, str)
        else type(value).__name__
        if isinstance(value, list | dict)
        else str(value)
    )
    return text if len(text) <= 80 else text[:80] + "…"
