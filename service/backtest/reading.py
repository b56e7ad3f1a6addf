"""Recorded samples from files: wide (one column a tag) or long (time, tag, value, quality), as blocks in time order."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from park.columns import BEIJING_H, FROM_1970_US, NO_TAGS, TimeUnit, find_time_column, instants_us, unit_of
from service.backtest.long_rows import LongRows
from service.backtest.tables import DataInvalid, TableFile, rows_at_once
from service.backtest.ticks import Block, WideBlock

_LONG = ("tag", "value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """Where a recording is, and how it is read."""

    file: Path
    #: None: found by its name or type.
    time_column: str | None = None
    #: The file has no usable time column: row k, counted from 1, is at ``start_us + k * step_us``.
    step_us: int | None = None
    #: When the recording begins, for rows so many steps apart and for times that count from the recording's beginning.
    start_us: int | None = None
    #: One row a sample; None: if there are columns ``tag`` and ``value``.
    long: bool | None = None
    #: Zone of times that name none: hours ahead of UTC.
    utc_offset_h: float = BEIJING_H
    #: Column (or the tag's name in a long file) -> tag, where they differ.
    columns: Mapping[str, str] = field(default_factory=dict)


class Reader:
    """One recording. Raises OSError and DataInvalid, on construction or while reading."""

    def __init__(self, config: Recorded) -> None:
        self.config = config
        self.file = TableFile(config.file)
        names = self.file.schema.names
        self.is_long = config.long if config.long is not None else set(_LONG) <= set(names)
        missing = [name for name in _LONG if self.is_long and name not in names]
        if missing:
            raise DataInvalid(f"{config.file}: a long file has columns time, tag, value; there is no {missing[0]!r}")
        self.time_column, self.time_unit = self._time()
        #: Share that has been read, 0 to 1; None where that cannot be told.
        self.done: float | None = 0.0
        #: Columns or names that are no tag of the park.
        self.unmatched: list[str] = []

    def _time(self) -> tuple[str | None, TimeUnit]:
        config, schema = self.config, self.file.schema
        name = config.time_column
        if name is None and config.step_us is not None:
            if config.start_us is None:
                raise DataInvalid(f"{config.file}: say when the recording begins (--start)")
            return None, "us"
        if name is None:
            name = find_time_column(schema.names, schema.types)
        if name is None or name not in schema.names:
            asked = f"there is no column {name!r}" if name else "no column looks like a time"
            cure = "name one (--time COLUMN), or say how far apart the rows are (--step 10s --start TIME)"
            shown = ", ".join(schema.names[:20]) + (", …" if len(schema.names) > 20 else "")
            raise DataInvalid(f"{config.file}: {asked}; {cure}; the columns are {shown}")
        return name, unit_of(schema.field(name).type, name)

    @cached_property
    def names(self) -> list[str]:
        """The columns (or the names in a long file) that can be tags."""
        if self.is_long:
            return LongRows.names(self.file)
        return [
            one.name
            for one in self.file.schema
            if one.name not in (self.time_column, *NO_TAGS)
            and (pa.types.is_floating(one.type) or pa.types.is_integer(one.type))
        ]

    def begins_us(self) -> int:
        """Not later than the first sample; only the times at the beginning of a long file are read for it."""
        if self.time_column is None:
            return int(self._instants(pa.table({"_": [0]}), 0, whole=False)[0])
        pieces = (piece for piece in self.file.pieces([self.time_column], self._time_type()) if piece.num_rows)
        # A small file may be in any order; a long one is not read if it is not in order.
        looked_at = pieces if self.file.is_small else islice(pieces, 1)
        firsts = [int(self._instants(piece, 0, whole=False).min()) for piece in looked_at]
        # A rounded axis may be put right by less than its step.
        return min(firsts, default=0) - 3_600_000_000

    # -- blocks ------------------------------------------------------------------------------------------------------

    def blocks(self, finder: Mapping[str, int], from_us: int | None, to_us: int | None) -> Iterator[Block]:
        """Samples in ``[from_us, to_us)`` of the tags that ``finder`` knows, in order of time."""
        mapped = {name: self.config.columns.get(name, name) for name in self._candidates()}
        wrong = sorted(tag for tag in self.config.columns.values() if tag not in finder)
        if wrong:
            raise DataInvalid(f"{self.config.file}: {wrong[0]!r} is no tag of the park, or more than one")
        found = {name: finder[tag] for name, tag in mapped.items() if tag in finder}
        self.unmatched = [name for name, tag in mapped.items() if tag not in finder]
        if not found:
            shown = ", ".join(list(mapped)[:10])
            raise DataInvalid(
                f"{self.config.file}: none of {shown}, … is a tag of the park; map them, or give its park"
            )
        _refuse_doubles(self.config.file, found)
        if self.is_long:
            rows = LongRows(found)
            yield from self._cut(rows.columns(self.file), rows.types(), rows.block, from_us, to_us)
        else:
            columns = sorted(found, key=found.__getitem__)
            tag = np.array([found[name] for name in columns], dtype=np.int32)
            types = dict.fromkeys(columns, pa.float64())
            yield from self._cut(columns, types, lambda t, rows: _wide(columns, tag, t, rows), from_us, to_us)
        self.done = 1.0

    def _candidates(self) -> list[str]:
        if self.is_long:
            return self.names
        return [name for name in self.file.schema.names if name != self.time_column and name not in NO_TAGS]

    def _cut(
        self,
        columns: Sequence[str],
        types: Mapping[str, pa.DataType],
        block: Callable[[NDArray[np.int64], pa.Table], Block],
        from_us: int | None,
        to_us: int | None,
    ) -> Iterator[Block]:
        for times, rows in self._pieces(columns, types):
            begin = 0 if from_us is None else int(np.searchsorted(times, from_us))
            end = len(times) if to_us is None else int(np.searchsorted(times, to_us))
            if begin < end:
                yield block(times[begin:end], rows.slice(begin, end - begin))
            if end < len(times):
                return

    def _pieces(
        self, columns: Sequence[str], types: Mapping[str, pa.DataType]
    ) -> Iterator[tuple[NDArray[np.int64], pa.Table]]:
        """(times, their rows), times never going back."""
        wanted = [*dict.fromkeys(columns), *([self.time_column] if self.time_column else [])]
        pieces = self.file.pieces(wanted, {**types, **self._time_type()})
        if self.file.is_small:
            yield from self._sorted(pieces)
            return
        rows_before, newest_us = 0, None
        for piece in pieces:
            if not piece.num_rows:
                continue
            times = self._instants(piece, rows_before, whole=False)
            back = np.flatnonzero(np.diff(times, prepend=times[0] if newest_us is None else newest_us) < 0)
            if len(back):
                raise DataInvalid(
                    f"{self.config.file}: row {rows_before + int(back[0]) + 1} is older than the row before, and the "
                    "file is too large to be sorted here; sort it by time"
                )
            newest_us = int(times[-1])
            rows_before += piece.num_rows
            yield times, piece
            self.done = rows_before / self.file.rows if self.file.rows else None

    def _sorted(self, pieces: Iterator[pa.Table]) -> Iterator[tuple[NDArray[np.int64], pa.Table]]:
        several = [piece for piece in pieces if piece.num_rows]
        if not several:
            return
        table = pa.concat_tables(several)
        times = self._instants(table, 0, whole=True)
        if (np.diff(times) < 0).any():
            order = np.argsort(times, kind="stable")
            times, table = times[order], table.take(pa.array(order))
        at_once = rows_at_once(table.num_columns)
        for begin in range(0, len(times), at_once):
            yield times[begin : begin + at_once], table.slice(begin, at_once)
            self.done = min(1.0, (begin + at_once) / len(times))

    def _instants(self, table: pa.Table, rows_before: int, *, whole: bool) -> NDArray[np.int64]:
        config = self.config
        if self.time_column is None:
            assert config.start_us is not None
            assert config.step_us is not None
            return config.start_us + config.step_us * np.arange(rows_before + 1, rows_before + table.num_rows + 1)
        column = table.column(self.time_column)
        if column.null_count:
            raise DataInvalid(f"{config.file}: column {self.time_column!r} has rows without a time")
        times = instants_us(column, self.time_unit, config.utc_offset_h, whole=whole)
        if self.time_unit == "iso" or times[0] > FROM_1970_US:
            return times
        if config.start_us is None:
            raise DataInvalid(
                f"{config.file}: column {self.time_column!r} counts from the recording's beginning; say when that was "
                "(--start 2026-01-01T00:00:00+08:00)"
            )
        return times + config.start_us

    def _time_type(self) -> dict[str, pa.DataType]:
        """A CSV's instants are read with their microseconds, whatever its first rows look like."""
        if self.time_column is None:
            return {}
        kind = self.file.schema.field(self.time_column).type
        if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
            kind = pa.timestamp("us", getattr(kind, "tz", None))
        return {self.time_column: pa.float64() if pa.types.is_integer(kind) and self.time_unit != "us" else kind}


def _refuse_doubles(file: Path, found: Mapping[str, int]) -> None:
    by_tag: dict[int, str] = {}
    for name, ix in found.items():
        if ix in by_tag:
            raise DataInvalid(f"{file}: {by_tag[ix]!r} and {name!r} are the same tag; leave one out")
        by_tag[ix] = name


def _wide(columns: Sequence[str], tag: NDArray[np.int32], times: NDArray[np.int64], rows: pa.Table) -> WideBlock:
    several = np.stack([_numbers(rows.column(name)) for name in columns])
    value = np.empty((len(times), len(columns)), dtype=np.float64)
    # Turned over in strips, so that both sides stay in the cache.
    for begin in range(0, len(times), 64):
        value[begin : begin + 64] = several[:, begin : begin + 64].T
    return WideBlock(tag, times, value)


def _numbers(column: pa.ChunkedArray) -> NDArray[np.generic]:
    if not pa.types.is_floating(column.type):
        column = column.cast(pa.float64())
    numbers: NDArray[np.generic] = column.to_numpy()
    return numbers
