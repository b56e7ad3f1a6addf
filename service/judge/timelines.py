"""Marks as rows of the database become marks as columns."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rules.emissions.marks import Kind, Marks


def marks_of_rows(rows: Sequence[Mapping[str, Any]], tags: Mapping[str, tuple[str, int]]) -> Marks:
    """``tags``: full id -> (source, index). One row for each tag that a mark covers."""
    of_source: dict[str, list[tuple[str, int]]] = {}
    for name, (source, ix) in tags.items():
        of_source.setdefault(source, []).append((name, ix))
    found = [
        (ix, row["from_time_us"], row["to_time_us"], Kind.CONDITION if row["kind"] == "condition" else Kind.ANOMALY)
        for row in rows
        for name, ix in of_source.get(row["source"], ())
        if not row["tags"] or name in row["tags"]
    ]
    columns: list[Sequence[int]] = list(zip(*found, strict=True)) if found else [()] * 4
    return Marks(
        tag=np.array(columns[0], np.int32),
        begin_us=np.array(columns[1], np.int64),
        end_us=np.array(columns[2], np.int64),
        kind=np.array(columns[3], np.uint8),
    )
