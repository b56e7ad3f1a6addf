"""Samples as JSON, CSV and an Arrow stream: the same columns, three ways to write them down."""

import io
from collections.abc import Iterator
from enum import StrEnum
from itertools import pairwise
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from service.api.answer import to_json

#: Rows of one column written as JSON in one go: some 2 ms.
_PIECE_ROWS = 5_000


class Format(StrEnum):
    """What ``format=`` takes."""

    JSON = "json"
    CSV = "csv"
    ARROW = "arrow"

    @property
    def media_type(self) -> str:
        """For Accept and Content-Type."""
        return MEDIA_TYPES[self]


MEDIA_TYPES = {
    Format.JSON: "application/json",
    Format.CSV: "text/csv",
    Format.ARROW: "application/vnd.apache.arrow.stream",
}


def accepted(accept: str | None) -> Format | None:
    """The best of what an Accept header takes; JSON where it takes anything; None where it takes none of ours."""
    best: tuple[float, int, Format] | None = None
    for place, part in enumerate((accept or "*/*").split(",")):
        media_type, *parameters = (one.strip().lower() for one in part.split(";"))
        weight = next((_weight(one) for one in parameters if one.startswith("q=")), 1.0)
        for form in Format:
            if weight > 0 and media_type in (form.media_type, "*/*", f"{form.media_type.partition('/')[0]}/*"):
                best = max(best or (weight, -place, form), (weight, -place, form), key=lambda one: one[:2])
                break
    return best[2] if best else None


def _weight(parameter: str) -> float:
    try:
        return float(parameter[2:])
    except ValueError:
        return 0.0


def csv_piece(table: pa.Table, *, first: bool) -> bytes:
    """Lines, with a header before the first; times as RFC 3339, nothing where there is no value."""
    plain = {
        name: pc.strftime(column, "%Y-%m-%dT%H:%M:%SZ") if name == "time" else _undictionaried(column)
        for name, column in zip(table.column_names, table.columns, strict=True)
    }
    sink = io.BytesIO()
    if first:
        sink.write(",".join(plain).encode() + b"\n")
    # Ids, units and quality texts hold neither commas nor quotes.
    pa_csv.write_csv(pa.table(plain), sink, pa_csv.WriteOptions(include_header=False, quoting_style="none"))
    return sink.getvalue()


def _undictionaried(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column


class ArrowStream:
    """An Arrow IPC stream, given out piece by piece."""

    def __init__(self, schema: pa.Schema, metadata: dict[str, str]) -> None:
        self._sink = _Drained()
        self._writer = pa.ipc.new_stream(self._sink, schema.with_metadata(metadata))

    def piece(self, table: pa.Table) -> bytes:
        """The rows of one page."""
        self._writer.write_table(table)
        return self._sink.drain()

    def end(self) -> bytes:
        """What marks the end: without it a reader knows that the stream was cut."""
        self._writer.close()
        return self._sink.drain()


class _Drained(io.RawIOBase):
    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        return len(self._parts[-1])

    def drain(self) -> bytes:
        data = b"".join(self._parts)
        self._parts.clear()
        return data


def json_pieces(table: pa.Table, head: dict[str, Any], following: str | None) -> Iterator[bytes]:
    """As `service.api.models.Samples`; ``table`` is ordered by tag. Small pieces: each holds up the service briefly."""
    yield to_json(head)[:-1] + b',"series":['
    table = table.combine_chunks()
    for place, (begin, end) in enumerate(_runs(table)):
        yield (b"," if place else b"") + _series_head(table, begin)
        for name in table.column_names:
            if name not in ("tag", "unit"):
                yield from _column_pieces(name, table.column(name).slice(begin, end - begin))
        yield b"}"
    yield b'],"next":%b}' % orjson.dumps(following)


def _runs(table: pa.Table) -> list[tuple[int, int]]:
    """Where the rows of each tag begin and end."""
    if not len(table):
        return []
    places = table.column("tag").chunk(0).indices.to_numpy()
    return list(pairwise([0, *((places[1:] != places[:-1]).nonzero()[0] + 1).tolist(), len(table)]))


def _series_head(table: pa.Table, row: int) -> bytes:
    return to_json({"tag": table["tag"][row].as_py(), "unit": table["unit"][row].as_py()})[:-1]


def _column_pieces(name: str, column: pa.ChunkedArray) -> Iterator[bytes]:
    yield b',"%b":[' % name.encode()
    for begin in range(0, len(column), _PIECE_ROWS):
        part = to_json(_plain(column.slice(begin, _PIECE_ROWS)))[1:-1]
        yield b"," + part if begin else part
    yield b"]"


def _plain(column: pa.ChunkedArray) -> Any:
    if pa.types.is_dictionary(column.type):
        return column.to_pylist()
    if pa.types.is_timestamp(column.type):
        return pc.strftime(column, "%Y-%m-%dT%H:%M:%SZ").to_pylist()
    return column.to_numpy()  # nulls among floats become NaN, which orjson writes as null
