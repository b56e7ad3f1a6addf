"""JSON to columns: the forms of `deploy/docs/payload.md`, and ``{tag, time, value, quality}``: one, many, as columns.

A request in which everything is right is decoded straight into typed values; any other one row by row.
"""

import json
import re
from datetime import datetime, timedelta
from math import isnan, nan
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from connectors.codecs.base import Rows
from connectors.codecs.json import decode_plain
from connectors.codecs.json_careful import QUALITY, Refused, Row, checked, rows_of
from connectors.codecs.names import Names
from connectors.codecs.times import EPOCH, BadTime, datetime_us
from connectors.http.body import BodyInvalid, BodyTooLarge
from connectors.http.faults import CODE, FAULTS
from connectors.http.judge import Cells, shown
from connectors.http.senders import Allowed
from park.quality import Quality

#: Our words for those of the payload page.
_SHORT = {"time": "t", "value": "v", "quality": "q", "unit": "u"}
_WORDS = tuple(f'"{word}"'.encode() for word in _SHORT)
_LETTERS = tuple(f'"{letter}"'.encode() for letter in _SHORT.values())
#: An epoch's first too large value, and what makes microseconds of it; the first is the least that is taken.
_LEAST_EPOCH, _EPOCHS = 10**8, ((10**11, 1_000_000), (10**14, 1_000), (10**17, 1))
_KEPT_WHOLE = 65_536
_SHORT_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,9}))?)?"
    r"([Zz]|[+-][0-9]{2}(?::?[0-9]{2})?)"
)
#: Each that is wrong costs a search.
_MOST_UNITS = 200


class _Plain(msgspec.Struct, gc=False):
    tag: str
    time: int | datetime
    value: float | None
    quality: str | None = None


_DECODER = msgspec.json.Decoder(list[_Plain] | _Plain)


def read(body: bytes, allowed: Allowed, *, most_rows: int) -> Cells:
    """``body`` is UTF-8. Raises BodyInvalid, BodyTooLarge."""
    rows = _plain_rows(body, allowed.names)
    if rows is not None and len(rows) <= most_rows:
        return _all_good(rows, allowed)
    return _careful(body, allowed, most_rows)


def _plain_rows(body: bytes, names: Names) -> Rows | None:
    """All rows, where they are right; None where anything is wrong or unusual."""
    rows = Rows()
    if not any(word in body for word in _WORDS):
        return rows if decode_plain(body, names, rows) else None
    if any(letter in body for letter in (*_LETTERS, b'"unit"')):
        return None
    try:
        found = _DECODER.decode(body)
    except msgspec.MsgspecError:
        return None
    for one in found if isinstance(found, list) else [found]:
        target, code = names.known.get(one.tag), QUALITY.get(one.quality)
        time_us = _time_us(one.time)
        if target is None or code is None or time_us is None or (one.value is None and code != Quality.BAD):
            return None
        rows.add(target.ix, time_us, nan if one.value is None else one.value, code)
    return rows if len(rows) else None


def _time_us(time: int | datetime) -> int | None:
    if isinstance(time, datetime):
        return datetime_us(time) if time.tzinfo is not None else None
    return _epoch_us(time)


def _epoch_us(number: int) -> int | None:
    """By its size, as `connectors.http.instants` does."""
    if number < _LEAST_EPOCH:
        return None
    return next((number * factor for beyond, factor in _EPOCHS if number < beyond), None)


def _all_good(rows: Rows, allowed: Allowed) -> Cells:
    batch = rows.batch(received_us=0, origin="")

    def sent(place: int) -> dict[str, object]:
        info = allowed.tags.by_ix(int(batch.tag[place]))
        return {
            "tag": info.id if info else None,
            "time": (EPOCH + timedelta(microseconds=int(batch.time_us[place]))).isoformat(),
            "value": None if isnan(batch.value[place]) else float(batch.value[place]),
            "quality": Quality(int(batch.quality[place])).name.lower(),
        }

    return Cells(
        tag=batch.tag,
        time_us=batch.time_us,
        value=batch.value,
        quality=batch.quality,
        fault=np.zeros(len(batch), np.uint8),
        row=np.arange(1, len(batch) + 1),
        explain=lambda place, code: _usual(code, sent(place)),
        raw=lambda places: b"".join(_line(sent(place)) for place in places.tolist()),
    )


def _usual(code: int, sent: dict[str, object]) -> tuple[str, str, str]:
    field = FAULTS[code].field
    value = sent.get(field)
    return field, shown("" if value is None else value), FAULTS[code].cure


def _line(sent: dict[str, object]) -> bytes:
    return json.dumps(sent, ensure_ascii=False, default=str).encode(errors="replace") + b"\n"


class _Collected:
    """Rows in their order, good and bad; implements `connectors.codecs.json_careful.Refusals`."""

    def __init__(self, most_rows: int) -> None:
        self._most_rows = most_rows
        self._strange_units: set[str] = set()
        #: Tag, time, value, quality, fault.
        self.columns: tuple[list[Any], ...] = ([], [], [], [], [])
        #: As they were sent, where that is known.
        self.sent: list[Row | None] = []
        self.details: dict[int, str] = {}

    def good(self, row: Row, tag: int, time_us: int, value: float, quality: int) -> None:
        self._append(row, tag, time_us, value, quality, 0)

    def bad(self, row: Row, error: Refused | BadTime) -> None:
        self._refused(row, error)

    def add(self, error: Refused | BadTime, rows: int = 1) -> None:
        for _ in range(rows):
            self._refused(None, error)

    def _refused(self, row: Row | None, error: Refused | BadTime) -> None:
        reason, detail = error.args
        if reason == "unit_mismatch" and row is not None:
            self._strange_units.add(str(row.unit)[:80])
            if len(self._strange_units) > _MOST_UNITS:
                raise BodyInvalid(f"more than {_MOST_UNITS} units that are not known or do not convert")
        self.details[len(self.sent)] = detail
        self._append(row, -1, 0, 0.0, 0, CODE[reason])

    def _append(self, row: Row | None, *cells: Any) -> None:
        if len(self.sent) >= self._most_rows:
            raise BodyTooLarge(f"more than {self._most_rows} samples; send them in several requests")
        self.sent.append(row)
        for column, cell in zip(self.columns, cells, strict=True):
            column.append(cell)


def _careful(body: bytes, allowed: Allowed, most_rows: int) -> Cells:
    found = _Collected(most_rows)
    try:
        for row in rows_of(_message(body), found):
            if isinstance(row.value, float) and isnan(row.value):
                row.value = None  # as many encoders write what is missing
            try:
                found.good(row, *checked(row, allowed.names))
            except (Refused, BadTime) as error:
                found.bad(row, error)
    except (Refused, BadTime) as error:
        raise BodyInvalid(str(error.args[1])) from None
    tag, time_us, value, quality, fault = found.columns

    def explain(place: int, code: int) -> tuple[str, str, str]:
        row = found.sent[place]
        field, value, cure = _usual(code, _as_sent(row) if row is not None else {})
        return field, value, found.details.get(place, cure)

    def raw(places: NDArray[np.intp]) -> bytes:
        rows = [found.sent[place] for place in places.tolist()]
        whole = body[:_KEPT_WHOLE] if None in rows else b""
        return b"".join(_line(_as_sent(row)) for row in rows if row is not None) + whole

    return Cells(
        tag=np.array(tag, np.int32),
        time_us=np.array(time_us, np.int64),
        value=np.array(value, np.float64),
        quality=np.array(quality, np.uint8),
        fault=np.array(fault, np.uint8),
        row=np.arange(1, len(tag) + 1),
        explain=explain,
        raw=raw,
    )


def _as_sent(row: Row) -> dict[str, object]:
    time = row.t.sent if isinstance(row.t, _Reworded) else row.t
    sent = {"tag": row.tag, "time": time, "value": row.value, "quality": row.quality, "unit": row.unit}
    return {name: value for name, value in sent.items() if isinstance(value, str | int | float | None)}


def _message(body: bytes) -> dict[str, object]:
    """Any of the forms as one of the payload page's. Raises BodyInvalid."""
    try:
        found = json.loads(body)
    except RecursionError:
        raise BodyInvalid("nested too deeply") from None
    except ValueError as error:
        raise BodyInvalid(f"not JSON: {error}") from None
    if isinstance(found, list):
        found = {"samples": found}
    if not isinstance(found, dict):
        raise BodyInvalid('send an object {"tag": ..., "time": ..., "value": ...}, or a list of them')
    if isinstance(found.get("tag"), list):
        found = {"samples": _rows_of_columns(found)}
    message = _shortened(found)
    if isinstance(message.get("samples"), list):
        message["samples"] = [_shortened(one) if isinstance(one, dict) else one for one in found["samples"]]
    return message


def _rows_of_columns(found: dict[str, Any]) -> list[dict[str, Any]]:
    columns = {name: column for name, column in found.items() if name in ("tag", *_SHORT, *_SHORT.values())}
    lengths = {name: len(column) for name, column in columns.items() if isinstance(column, list)}
    if len(set(lengths.values())) != 1:
        has = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise BodyInvalid(f"the columns have different lengths ({has}); they must have one")
    (length,) = set(lengths.values())
    spread = {name: column if isinstance(column, list) else [column] * length for name, column in columns.items()}
    return [dict(zip(spread, cells, strict=True)) for cells in zip(*spread.values(), strict=True)]


def _shortened(row: dict[str, Any]) -> dict[str, Any]:
    """With the payload page's words for ours; an epoch under ``time`` may be in seconds or microseconds."""
    short = dict(row)
    for word, letter in _SHORT.items():
        if word in short:
            value = short.pop(word)
            short.setdefault(letter, _time_of(value) if word == "time" else value)
    return short


class _Reworded(str):
    """A time in the words of RFC 3339, and what was sent."""

    sent: object

    @classmethod
    def of(cls, text: str, sent: object) -> "_Reworded":
        made = cls(text)
        made.sent = sent
        return made


def _strict(text: str) -> str:
    """As RFC 3339 has it, what CSV may say in short: no seconds, a comma, blanks around, an offset of hours."""
    found = _SHORT_TIME.fullmatch(text.strip())
    if found is None:
        return text
    day, minute, second, fraction, zone = found.groups()
    if len(zone) > 1:
        digits = zone[1:].replace(":", "").ljust(4, "0")
        zone = f"{zone[0]}{digits[:2]}:{digits[2:]}"
    full = f"{day}T{minute}:{second or '00'}{'.' + fraction if fraction else ''}{zone}"
    return text if full == text else _Reworded.of(full, text)


def _time_of(value: object) -> object:
    if isinstance(value, list):
        return [_time_of(one) for one in value]
    if isinstance(value, str):
        return _strict(value)
    if not isinstance(value, int) or isinstance(value, bool):
        return value
    found_us = _epoch_us(value)
    if found_us is None:
        return _Reworded.of(str(value), value)  # no time, and told as such
    return _Reworded.of((EPOCH + timedelta(microseconds=found_us)).isoformat(), value)
