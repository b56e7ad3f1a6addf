"""Reads recordings of plants (CSV, Parquet, Arrow) as columns of tags on one time axis, and plays them.

Which column holds the time is found by its name, or said; columns find their tags by name, or are mapped. What is
read can be taken as batches, or played as frames at any speed, with the recording's own times and no row left out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.feather as pa_feather
import pyarrow.parquet as pq
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from park.batch import SampleBatch
from park.columns import BEIJING_H, FROM_1970_US, NO_TAGS, TimeUnit, find_time_column, instants_us, tag_finder, unit_of
from park.index import TagTable
from park.quality import Quality
from simulators.frame import Frame


class RecordingInvalid(ValueError):
    """The file cannot be read as a recording; choosing the time column or the mapping may help."""


class RecordingConfig(BaseModel):
    """Where a recording is and how it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: Path
    #: None: found by its name.
    time_column: str | None = None
    #: None: by the column's name or type. Numbers count from the recording's beginning, or from 1970 if they are large.
    time_unit: TimeUnit | None = None
    #: Rows are so far apart, row k at (k + 1) steps; for files without a time column.
    row_s: float | None = Field(default=None, gt=0)
    #: Zone of times that name none: hours ahead of UTC. Loggers in China write Beijing time.
    utc_offset_h: float = Field(default=BEIJING_H, ge=-14, le=14)
    #: Column -> tag: full id, ``source.tag``, or a tag id that only one tag of the park has.
    columns: dict[str, str] = Field(default_factory=dict)
    #: Columns to leave out.
    skip: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Recording:
    """Tags over time. ``value`` is NaN where a tag has no sample in that row."""

    #: ``(tags,)`` index of each column's tag.
    tag: NDArray[np.int32]
    #: ``(rows,)`` microseconds, rising; from the beginning of the recording, or since 1970 where `absolute`.
    time_us: NDArray[np.int64]
    #: ``(rows, tags)``
    value: NDArray[np.float64]
    #: True: the file tells the instants themselves.
    absolute: bool
    #: Columns that found no tag.
    unmatched: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.time_us)

    def times_us(self, start_us: int | None) -> NDArray[np.int64]:
        """Source times: the recording's beginning (not its first row) is put at ``start_us``; None: as they are.

        Raises ValueError where the recording tells no instants and no start is given.
        """
        if start_us is None:
            if not self.absolute:
                raise ValueError("this recording counts from its own beginning; say when that shall be")
            return self.time_us
        return self.time_us + (start_us - (self.time_us[0] if self.absolute and len(self) else 0))

    def batches(
        self, *, start_us: int | None, rows: int = 1000, received_us: int | None = None, origin: str = "replay"
    ) -> Iterator[tuple[NDArray[np.int64], SampleBatch]]:
        """(times of the rows, their samples in order of time), so many rows at once.

        ``received_us`` None: each batch is received at the time of its last row.
        """
        times = self.times_us(start_us)
        for begin in range(0, len(self), rows):
            part, value = times[begin : begin + rows], self.value[begin : begin + rows]
            there = ~np.isnan(value)
            row, column = np.nonzero(there)
            yield (
                part,
                SampleBatch(
                    tag=self.tag[column],
                    time_us=part[row],
                    value=value[there],
                    quality=np.full(len(row), Quality.GOOD, np.uint8),
                    received_us=int(part[-1]) if received_us is None else received_us,
                    origin=origin,
                ),
            )


def _table_of(path: Path) -> pa.Table:
    kinds = [suffix.lower() for suffix in path.suffixes]
    try:
        if ".csv" in kinds:
            with pa.input_stream(str(path)) as stream:
                return pa_csv.read_csv(stream)
        if kinds and kinds[-1] in (".parquet", ".pq"):
            return pq.read_table(path)
        if kinds and kinds[-1] in (".arrow", ".feather", ".ipc"):
            return pa_feather.read_table(path)
    except pa.ArrowInvalid as error:
        raise RecordingInvalid(f"{path}: {error}") from error
    raise RecordingInvalid(f"{path}: not .csv, .csv.gz, .parquet or .arrow")


def _time_column(table: pa.Table, config: RecordingConfig) -> tuple[str, TimeUnit]:
    name = config.time_column
    if name is None:
        name = find_time_column(table.column_names, table.schema.types)
    if name is None or name not in table.column_names:
        asked = f"there is no column {name!r}" if name else "no column looks like a time"
        cure = "choose one, or say how far apart the rows are (row_s, --row-every)"
        raise RecordingInvalid(f"{config.file}: {asked}; {cure}; the columns are {', '.join(table.column_names)}")
    return name, config.time_unit or unit_of(table.schema.field(name).type, name)


def _instants_us(column: pa.ChunkedArray, unit: TimeUnit, offset_h: float, where: str) -> NDArray[np.int64]:
    try:
        return instants_us(column, unit, offset_h, whole=True)
    except pa.ArrowInvalid as error:
        raise RecordingInvalid(f"{where}: {error}") from error


def _columns(
    frame: pa.Table, config: RecordingConfig, time: str | None, table: TagTable
) -> tuple[dict[str, int], list[str]]:
    finder = tag_finder(table)
    missing = sorted(set(config.columns) - set(frame.column_names))
    if missing:
        raise RecordingInvalid(f"{config.file}: there is no column {missing[0]!r} to map")
    tags: dict[str, int] = {}
    unmatched: list[str] = []
    for name in frame.column_names:
        wanted = config.columns.get(name)
        if wanted is not None and wanted not in finder:
            raise RecordingInvalid(f"{wanted!r} is no tag of park {table.park.id!r}, or more than one")
        if name in config.skip or name == time or (wanted is None and name in NO_TAGS):
            continue
        ix = finder.get(wanted or name)
        if ix is None:
            unmatched.append(name)
        else:
            tags[name] = ix
    return tags, unmatched


def read_recording(config: RecordingConfig, table: TagTable) -> Recording:
    """Raises OSError, and RecordingInvalid naming the column and the cure."""
    frame = _table_of(config.file)
    absolute, time = False, None
    if config.row_s is not None and config.time_column is None:
        times = np.arange(1, frame.num_rows + 1, dtype=np.int64) * round(config.row_s * 1e6)
    else:
        time, unit = _time_column(frame, config)
        times = _instants_us(frame.column(time), unit, config.utc_offset_h, f"{config.file}: column {time!r}")
        absolute = unit == "iso" or (len(times) > 0 and times[0] > FROM_1970_US)
    tags, unmatched = _columns(frame, config, time, table)
    if not tags:
        raise RecordingInvalid(f"{config.file}: no column is a tag of park {table.park.id!r}; map them")
    try:
        value = np.stack([_numbers(frame.column(name)) for name in tags], axis=1)
    except pa.ArrowInvalid as error:
        raise RecordingInvalid(f"{config.file}: {error}") from error
    order = np.argsort(times, kind="stable")
    return Recording(
        tag=np.array(list(tags.values()), np.int32),
        time_us=times[order],
        value=value[order],
        absolute=absolute,
        unmatched=tuple(unmatched),
    )


def number_columns(config: RecordingConfig) -> list[str]:
    """Names of the columns that can be tags: all numbers but the time. Raises OSError and RecordingInvalid."""
    frame = _table_of(config.file)
    time = None if config.row_s is not None and config.time_column is None else _time_column(frame, config)[0]
    left_out = {time, *config.skip, *NO_TAGS}
    return [
        field.name
        for field in frame.schema
        if field.name not in left_out and (pa.types.is_floating(field.type) or pa.types.is_integer(field.type))
    ]


def _numbers(column: pa.ChunkedArray) -> NDArray[np.float64]:
    numbers: NDArray[np.float64] = column.cast(pa.float64()).to_numpy()
    return numbers


class RecordingSource:
    """Plays a recording: a row falls due when its time comes, ``speed`` times as fast; see `FrameSource`."""

    def __init__(
        self,
        recording: Recording,
        table: TagTable,
        *,
        start_us: int | None,
        play_from_us: int,
        speed: float = 1.0,
    ) -> None:
        """Source times begin at ``start_us``; the player's clock shows ``play_from_us`` when the recording begins."""
        self._recording, self._table = recording, table
        self._times = recording.times_us(start_us)
        begin = int(recording.time_us[0]) if recording.absolute and len(recording) else 0
        self._due = play_from_us + np.asarray(np.round((recording.time_us - begin) / speed), np.int64)
        self._row = 0

    @property
    def table(self) -> TagTable:
        """The park's tags."""
        return self._table

    @property
    def row(self) -> int:
        """The row that is next."""
        return self._row

    def due_us(self) -> int | None:
        """See `FrameSource`."""
        return int(self._due[self._row]) if self._row < len(self._due) else None

    def take(self, now_us: int) -> Frame:
        """See `FrameSource`."""
        row, self._row = self._row, self._row + 1
        size = self._table.size
        value = np.full(size, np.nan)
        value[self._recording.tag] = self._recording.value[row]
        return Frame(
            now_us=now_us,
            live=False,
            value=value,
            quality=np.zeros(size, np.uint8),
            time_us=np.full(size, self._times[row], np.int64),
            present=~np.isnan(value),
            copies=np.ones(size, np.int32),
        )

    def absent(self, connector: str, now_us: int) -> bool:
        """A recording's server is always there."""
        return False


def tag_ids(recording: Recording, table: TagTable) -> Sequence[str]:
    """Full ids of the recording's tags, in its order."""
    return [info.id for ix in recording.tag.tolist() if (info := table.by_ix(ix)) is not None]
