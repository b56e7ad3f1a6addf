"""CSV to columns: by pyarrow, every cell as text first, so that a bad one spoils itself alone."""

import csv
import io

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
from numpy.typing import NDArray

from connectors.http.body import BodyInvalid
from connectors.http.faults import CODE
from connectors.http.judge import Cells, shown
from connectors.http.senders import Allowed
from connectors.http.tables import cells_of

_SEPARATORS = (",", "\t", ";")


def read(body: bytes, allowed: Allowed, *, most_rows: int) -> Cells:
    """``body`` is UTF-8. Raises BodyInvalid, BodyTooLarge."""
    separator, names = _header(body)
    body = body if body.endswith(b"\n") else body + b"\n"
    misshapen: list[tuple[int, str, str]] = []

    def skip(row: pa_csv.InvalidRow) -> str:
        # The header is line 1 there.
        problem = f"{row.actual_columns} cells, and the header has {row.expected_columns}"
        misshapen.append((row.number - 1, row.text, problem))
        return "skip"

    try:
        table = pa_csv.read_csv(
            pa.BufferReader(body),
            # One block, so that rows are numbered and texts never cut.
            read_options=pa_csv.ReadOptions(use_threads=False, block_size=len(body) + 1),
            parse_options=pa_csv.ParseOptions(delimiter=separator, invalid_row_handler=skip),
            convert_options=pa_csv.ConvertOptions(
                column_types={name: pa.string() for name in names}, strings_can_be_null=False
            ),
        )
    except pa.ArrowException as error:
        raise BodyInvalid(f"not CSV: {str(error).partition(chr(10))[0]}") from None
    missing = np.array([number for number, _, _ in misshapen], np.int64)
    row = np.setdiff1d(np.arange(1, len(table) + len(missing) + 1), missing, assume_unique=True)
    cells = cells_of(table, allowed, _written, most_rows=most_rows, row=row)
    return _with_misshapen(cells, misshapen, body) if misshapen else cells


def _header(body: bytes) -> tuple[str, list[str]]:
    """The separator, and the names of the columns."""
    line = io.BytesIO(body).readline(1_000_000).decode("utf-8", "replace").strip()
    if not line:
        raise BodyInvalid("the first line is blank; it names the columns: tag,time,value or time,TAG,TAG,...")
    separator = max(_SEPARATORS, key=line.count)
    try:
        return separator, next(csv.reader([line], delimiter=separator))
    except csv.Error as error:
        raise BodyInvalid(f"the header cannot be read: {error}") from None


def _written(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pa_csv.write_csv(table, sink)
    return sink.getvalue()


def _with_misshapen(cells: Cells, rows: list[tuple[int, str, str]], body: bytes) -> Cells:
    """The same and, behind them, rows that have too few or too many cells."""
    count, header = len(cells.row), body.partition(b"\n")[0] + b"\n"

    def explain(place: int, code: int) -> tuple[str, str, str]:
        if place < count:
            return cells.explain(place, code)
        return "", shown(rows[place - count][1]), rows[place - count][2]

    def raw(places: NDArray[np.intp]) -> bytes:
        texts = [rows[place - count][1] for place in places[places >= count].tolist()]
        before = cells.raw(places[places < count]) if (places < count).any() else header
        return before + "".join(f"{text}\n" for text in texts).encode()

    def longer(column: NDArray[np.generic], filling: object) -> NDArray[np.generic]:
        return np.append(column, np.asarray(filling, column.dtype))

    nothing = np.zeros(len(rows))
    return Cells(
        tag=longer(cells.tag, nothing - 1),  # type: ignore[arg-type]  # of the type it had
        time_us=longer(cells.time_us, nothing),  # type: ignore[arg-type]
        value=longer(cells.value, nothing),  # type: ignore[arg-type]
        quality=longer(cells.quality, nothing),  # type: ignore[arg-type]
        fault=longer(cells.fault, nothing + CODE["bad_shape"]),  # type: ignore[arg-type]
        row=longer(cells.row, [number for number, _, _ in rows]),  # type: ignore[arg-type]
        explain=explain,
        raw=raw,
    )
