"""Means that loggers report, as rows: every version that differs from what is there is kept."""

from collections.abc import Sequence

import numpy as np
import psycopg
from numpy.typing import NDArray

from park.periods import SCHEMA, PeriodBatch
from service.store.events import moment

_VALUES = ("avg", "min", "max", "cou", "zs_avg", "zs_min", "zs_max")
_COLUMNS = ("tag", "length_s", "start", "received", *_VALUES, "flag", "asked")
_STAGE = "CREATE TEMP TABLE IF NOT EXISTS period_staging (n integer, LIKE period_report) ON COMMIT DELETE ROWS;"
_SAME = " AND ".join(f"known.{name} = one.{name}" for name in (*_VALUES, "flag"))
_MERGE = (
    f"INSERT INTO period_report ({', '.join(_COLUMNS)}) SELECT {', '.join(f'one.{name}' for name in _COLUMNS)}"
    " FROM (SELECT DISTINCT ON (tag, length_s, start, received) * FROM period_staging"
    " ORDER BY tag, length_s, start, received, n DESC) AS one"
    " WHERE NOT EXISTS (SELECT FROM period_report AS known WHERE known.tag = one.tag"
    f" AND known.length_s = one.length_s AND known.start = one.start AND {_SAME})"
)
_TYPES = ("int4", "int4", "int4", "timestamptz", "timestamptz", *(["float8"] * len(_VALUES)), "text", "bool")


def write(cursor: psycopg.Cursor, batches: Sequence[tuple[int, PeriodBatch]], db_ix: NDArray[np.int32]) -> None:
    """``(received_us, batch)`` of each; ``db_ix`` is the database's index of each tag by ours."""
    cursor.execute(_STAGE)
    names = ", ".join(("n", *_COLUMNS))
    with cursor.copy(f"COPY period_staging ({names}) FROM STDIN (FORMAT binary)".encode()) as copy:
        copy.set_types(_TYPES)
        n = 0
        for received_us, batch in batches:
            received = moment(received_us)
            columns = [getattr(batch, field.name).tolist() for field in SCHEMA]
            for tag, length_s, start_us, *values, flag, asked in zip(*columns, strict=True):
                n += 1
                copy.write_row(
                    (
                        n,
                        int(db_ix[tag]),
                        length_s,
                        moment(start_us),
                        received,
                        *values,
                        chr(flag) if flag else "",
                        asked,
                    )
                )
    cursor.execute(_MERGE.encode())
