"""Means that loggers report, as rows: every version that differs from the one before it is kept."""

from collections.abc import Sequence

import numpy as np
import psycopg
from numpy.typing import NDArray

from park.periods import SCHEMA, PeriodBatch
from service.store.events import moment

_VALUES = ("avg", "min", "max", "cou", "zs_avg", "zs_min", "zs_max")
_COLUMNS = ("tag", "length_s", "start", "received", *_VALUES, "flag", "asked")
_STAGE = "CREATE TEMP TABLE IF NOT EXISTS period_staging (n integer, LIKE period_report) ON COMMIT DELETE ROWS"
_KEY = f"concat_ws('|', {', '.join((*_VALUES, 'flag'))})"
_PLACE = "tag, length_s, start"
# The bounds of start are constants, so that only the chunks between them are looked into.
# What a version is compared with is the one before it: in this lot, or else the last one stored.
_MERGE = f"""
WITH latest AS (
    SELECT DISTINCT ON ({_PLACE}) {_PLACE}, {_KEY} AS key
    FROM period_report JOIN (SELECT DISTINCT {_PLACE} FROM period_staging) AS asked USING ({_PLACE})
    WHERE period_report.start >= %s AND period_report.start <= %s
    ORDER BY {_PLACE}, received DESC
), seen AS (
    SELECT one.*, coalesce(lag(one.key) OVER (PARTITION BY {_PLACE} ORDER BY received, n), latest.key) AS before
    FROM (SELECT *, {_KEY} AS key FROM period_staging) AS one LEFT JOIN latest USING ({_PLACE})
)
INSERT INTO period_report ({", ".join(_COLUMNS)})
SELECT DISTINCT ON ({_PLACE}, received) {", ".join(_COLUMNS)} FROM seen
WHERE key IS DISTINCT FROM before
ORDER BY {_PLACE}, received, n DESC
ON CONFLICT ({_PLACE}, received) DO NOTHING
"""
_TYPES = ("int4", "int4", "int4", "timestamptz", "timestamptz", *(["float8"] * len(_VALUES)), "text", "bool")


def write(cursor: psycopg.Cursor, batches: Sequence[tuple[int, PeriodBatch]], db_ix: NDArray[np.int32]) -> None:
    """``(received_us, batch)`` of each; ``db_ix`` is the database's index of each tag by ours."""
    cursor.execute(_STAGE.encode())
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
    starts = np.concatenate([batch.start_us for _, batch in batches])
    if len(starts):
        cursor.execute(_MERGE.encode(), (moment(int(starts.min())), moment(int(starts.max()))))
