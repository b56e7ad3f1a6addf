"""The payloads that enterprises publish (deploy/docs/payload.md), in each of their four forms."""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

import orjson

from park.quality import CLASS_MASK, Quality

_WORDS = {Quality.GOOD: "good", Quality.UNCERTAIN: "uncertain", Quality.BAD: "bad"}


class Form(StrEnum):
    """Shape of a message."""

    #: One message a sample: ``{"tag", "t", "v"}``.
    SAMPLE = "sample"
    #: ``{"samples": [{"tag", "t", "v"}, ...]}``
    SAMPLES = "samples"
    #: One instant, many tags: ``{"t", "values": {tag: v}}``.
    VALUES = "values"
    #: Many instants, many tags: ``{"t": [...], "values": {tag: [...]}}``.
    COLUMNS = "columns"


class Reading(NamedTuple):
    """What a device read off its instruments at one moment."""

    #: Epoch milliseconds, UTC.
    t_ms: int
    #: ``source.tag`` -> value.
    values: dict[str, float]
    #: Bytes of `park.quality` of those that are not good.
    qualities: dict[str, int]


def _word(quality: int) -> str:
    return _WORDS[Quality(min(quality & CLASS_MASK, Quality.BAD))]


def _rows(reading: Reading) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for tag, value in reading.values.items():
        row: dict[str, object] = {"tag": tag, "t": reading.t_ms, "v": value}
        if tag in reading.qualities:
            row["q"] = _word(reading.qualities[tag])
        rows.append(row)
    return rows


def _values(reading: Reading) -> dict[str, object]:
    message: dict[str, object] = {"t": reading.t_ms, "values": reading.values}
    if reading.qualities:
        message["q"] = {tag: _word(quality) for tag, quality in reading.qualities.items()}
    return message


def _columns(readings: Sequence[Reading]) -> dict[str, object]:
    tags = list(readings[0].values)
    message: dict[str, object] = {
        "t": [one.t_ms for one in readings],
        "values": {tag: [one.values[tag] for one in readings] for tag in tags},
    }
    doubtful = {tag for one in readings for tag in one.qualities}
    if doubtful:
        message["q"] = {tag: [_word(one.qualities.get(tag, 0)) for one in readings] for tag in doubtful}
    return message


def messages(readings: Sequence[Reading], form: Form) -> list[bytes]:
    """The payloads that carry ``readings``, oldest first; readings of one device, all of the same tags."""
    if form is Form.SAMPLE:
        return [orjson.dumps(row) for one in readings for row in _rows(one)]
    if form is Form.SAMPLES:
        return [orjson.dumps({"samples": [row for one in readings for row in _rows(one)]})]
    if form is Form.VALUES:
        return [orjson.dumps(_values(one)) for one in readings]
    return [orjson.dumps(_columns(readings))]
