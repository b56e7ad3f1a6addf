"""What scripts of enterprises post: the rows of some frames as JSON, CSV or an Arrow stream, plain or packed."""

import csv
import gzip
import io
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from park.index import TagInfo
from park.quality import Quality, quality_class
from simulators.frame import Frame

_CHINA = timezone(timedelta(hours=8))
_WORD = {int(one): one.name.lower() for one in Quality}
_ZONED = pa.timestamp("us", "UTC")


class Form(StrEnum):
    """How the rows are written."""

    JSON = "json"
    CSV = "csv"
    ARROW = "arrow"


_MEDIA_TYPE = {
    Form.JSON: "application/json",
    Form.CSV: "text/csv; charset=utf-8",
    Form.ARROW: "application/vnd.apache.arrow.stream",
}


class Row(NamedTuple):
    """One sample."""

    tag: str
    time_us: int
    value: float
    quality: str


class Body(NamedTuple):
    """What is posted."""

    content: bytes
    headers: dict[str, str]
    rows: int


def rows_of(frame: Frame, infos: Sequence[TagInfo], shift_us: int) -> list[Row]:
    """The samples of these tags that the frame has; in a storm each several times, a millisecond apart."""
    classes = quality_class(frame.quality)
    return [
        Row(
            info.id,
            int(frame.time_us[info.ix]) + shift_us - back * 1000,
            float(frame.value[info.ix]),
            _WORD[int(classes[info.ix])],
        )
        for info in infos
        if frame.present[info.ix]
        for back in range(int(frame.copies[info.ix]) - 1, -1, -1)
    ]


def body(rows: Sequence[Row], form: Form, *, packed: bool) -> Body:
    """``packed``: by gzip."""
    content = {Form.JSON: _json, Form.CSV: _csv, Form.ARROW: _arrow}[form](rows)
    headers = {"Content-Type": _MEDIA_TYPE[form]}
    if packed:
        content, headers["Content-Encoding"] = gzip.compress(content, 5), "gzip"
    return Body(content, headers, len(rows))


def _time(time_us: int) -> str:
    moment = datetime.fromtimestamp(time_us // 1_000_000, UTC) + timedelta(microseconds=time_us % 1_000_000)
    return moment.astimezone(_CHINA).isoformat(timespec="microseconds")


def _json(rows: Sequence[Row]) -> bytes:
    items = [{"tag": tag, "time": _time(t), "value": value, "quality": quality} for tag, t, value, quality in rows]
    return json.dumps(items).encode()


def _csv(rows: Sequence[Row]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(("tag", "time", "value", "quality"))
    writer.writerows((tag, _time(time_us), repr(value), quality) for tag, time_us, value, quality in rows)
    return text.getvalue().encode()


def _arrow(rows: Sequence[Row]) -> bytes:
    table = pa.table(
        {
            "tag": pa.array([row.tag for row in rows], pa.string()).dictionary_encode(),
            "time": pa.array(np.array([row.time_us for row in rows], np.int64), _ZONED),
            "value": pa.array([row.value for row in rows], pa.float64()),
            "quality": pa.array([row.quality for row in rows], pa.string()),
        }
    )
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    content: bytes = sink.getvalue().to_pybytes()
    return content
