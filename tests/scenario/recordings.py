"""Recordings of the Tennessee Eastman benchmark, and their way through the service."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
from rich.console import Console
from rich.progress import Progress

from deploy.replay import DEFAULT_START, Job, Over, Replay, parse_limit, parse_start
from simulators.recording import RecordingConfig

_ROOT = Path(__file__).parents[2]
SHIPPED = _ROOT / "simulators" / "tep" / "recordings"
#: Runs of the same plant that are not ours to ship; there on a developer's machine, perhaps.
SHARED = _ROOT.parent / "shared" / "data" / "tep"

START_US = parse_start(DEFAULT_START)
ROW_US = 10_000_000
#: As fast as it goes: the recording's eight hours are over before the first row is stored.
AT_ONCE = 1e6
LEVEL_LIMIT = "stripper_level L=30 deadband=3"


def time_us(row: int) -> int:
    """Source time of a row: row k is the plant at (k + 1) steps."""
    return START_US + (row + 1) * ROW_US


def shipped(name: str) -> RecordingConfig:
    """One of ours; rows ten seconds apart."""
    return RecordingConfig(file=SHIPPED / f"{name}.parquet", row_s=ROW_US / 1e6)


def shared(name: str) -> RecordingConfig:
    """One with times of its own; skips the test where it is not there."""
    file = SHARED / f"{name}.csv.gz"
    if not file.exists():
        pytest.skip(f"{file.name} is not on this machine")
    return RecordingConfig(file=file)


def columns_of(recording: RecordingConfig) -> pa.Table:
    """The file's columns."""
    if recording.file.suffix == ".parquet":
        return pq.read_table(recording.file)
    with pa.input_stream(str(recording.file)) as stream:
        return pa_csv.read_csv(stream)


def cut(recording: RecordingConfig, rows: range, file: Path) -> RecordingConfig:
    """Some rows of a shipped recording as a CSV that tells its instants, so that it plays from its first row on."""
    table = columns_of(recording).slice(rows.start, len(rows))
    # As text, a float32 would be another number.
    table = table.cast(pa.schema([(name, pa.float64()) for name in table.column_names]))
    instants = [datetime.fromtimestamp(time_us(row) / 1e6, UTC).isoformat() for row in rows]
    pa_csv.write_csv(table.append_column("timestamp", pa.array(instants)), file)
    return RecordingConfig(file=file)


async def replayed(
    recording: RecordingConfig,
    limits: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    over: Over = "direct",
    speed: float = AT_ONCE,
    start_us: int = START_US,
) -> dict[str, Any]:
    """The report of ``parkwatch replay``."""
    job = Job(
        recording=recording,
        over=over,
        speed=speed,
        start_us=start_us,
        limits=limits if limits is not None else dict([parse_limit(LEVEL_LIMIT)]),
    )
    replay = Replay(job, lambda event: None, Progress(console=Console(quiet=True)))
    report: dict[str, Any] = await replay.run(asyncio.Event())
    return report
