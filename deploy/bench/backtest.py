"""How fast rules are tried on history: 5,000 tags every ten seconds from one wide Parquet file, limits and time-outs.

The short form plays some hours, as part of ``make bench``; ``make backtest`` plays thirty days, 1.3 thousand million
samples. Both hold a slice against the live service's own fold over journal rows: the same alerts at the same times.
"""

import argparse
import json
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from deploy.bench.park import bench_park, bench_tags
from park.columns import tag_finder
from park.index import TagTable
from rules.spec import default_rules
from rules.transition import Change, Transition
from service.alerts.model import Event
from service.backtest.ahead import read_ahead
from service.backtest.job import Files, Job, run_job
from service.backtest.reading import Reader, Recorded
from service.journal.journal import Journal
from service.pipeline import Pipeline, Setup

TAGS = 5_000
_STEP_US = 10_000_000
_DAY_ROWS = 8_640
_GROUP_ROWS = 2_160
#: 2026-11-22 00:00 +08:00
_START_US = 1_795_276_800_000_000
_SLICE_US = 15 * 60_000_000
TARGET_SAMPLES_PER_S = 3_000_000


def run(hours: float = 6.0) -> dict[str, object]:
    """Figures of a recording of so many hours."""
    tags = bench_tags(TAGS)
    with (
        tempfile.TemporaryDirectory(prefix="parkwatch-bench-") as directory,
        _recording(Path(directory), tags, hours) as file,
    ):
        read_s = _read_alone(file, tags)
        told: list[Transition] = []
        began_s, began_cpu_s = time.perf_counter(), time.process_time()
        result = run_job(Job(tags=tags, rules=default_rules()), _files(file, tags), tell=told.extend)
        wall_s, cpu_s = time.perf_counter() - began_s, time.process_time() - began_cpu_s
        same = _alerts_live(Path(directory), file, tags) == _alerts_backtest(told)
        bytes_ = file.stat().st_size
    speed = result["samples"] / wall_s
    return {
        "samples_per_s": round(speed),
        "wall_s": round(wall_s, 1),
        "cpu_s": round(cpu_s, 1),
        "samples_per_cpu_s": round(result["samples"] / cpu_s),
        "hours": hours,
        "tags": TAGS,
        "samples": result["samples"],
        "file_bytes": bytes_,
        "peak_memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "transitions": result["transitions"],
        "alerts": result["alerts"],
        "reading_alone_samples_per_s": round(result["samples"] / read_s),
        "same_as_live_in_the_first_minutes": same,
        "targets": {"samples_per_s": TARGET_SAMPLES_PER_S, "same_as_live_in_the_first_minutes": True},
        "ratio": round(speed / TARGET_SAMPLES_PER_S, 2),
        "ratio_of": "samples a second over the target",
        "met": speed >= TARGET_SAMPLES_PER_S and same,
    }


def _files(file: Path, tags: TagTable, to_us: int | None = None) -> Files:
    return Files([Reader(Recorded(file=file))], tags, to_us=to_us)


def _read_alone(file: Path, tags: TagTable) -> float:
    """Seconds to read, decode, turn over and cut, with nobody to evaluate it."""
    began_s = time.perf_counter()
    for block in read_ahead(Reader(Recorded(file=file)).blocks(tag_finder(tags), None, None)):
        for _ in block.ticks(1_000_000):
            pass
    return time.perf_counter() - began_s


# -- the recording ---------------------------------------------------------------------------------------------------


@contextmanager
def _recording(directory: Path, tags: TagTable, hours: float) -> Iterator[Path]:
    """One column a tag, float32; a day's pattern again and again, each day's tags one further."""
    file = directory / "history.parquet"
    names = [f"{info.source.id}.{info.tag.id}" for info in tags.infos]
    schema = pa.schema([("time", pa.timestamp("us", "UTC")), *((name, pa.float32()) for name in names)])
    pattern = _pattern(min(_DAY_ROWS, round(hours * 360)))
    rows = round(hours * 360)
    with pq.ParquetWriter(file, schema, compression="none", use_dictionary=False, write_statistics=False) as writer:
        for begin in range(0, rows, _GROUP_ROWS):
            count = min(_GROUP_ROWS, rows - begin)
            day, row = divmod(begin, len(pattern))
            part = np.roll(pattern[row : row + count], day, axis=1).T
            times = _START_US + _STEP_US * np.arange(begin + 1, begin + count + 1)
            columns = [pa.array(times).cast(schema.field(0).type), *(pa.array(column) for column in part)]
            writer.write_table(pa.Table.from_arrays(columns, schema=schema))
    del pattern, part, columns
    yield file
    file.unlink()


def _pattern(rows: int) -> NDArray[np.float32]:
    """Values that wander about 50 and pass a limit once in a while; some devices fall silent for some minutes."""
    random = np.random.default_rng(1)
    pattern = np.empty((rows, TAGS), dtype=np.float32)
    value = random.normal(50.0, 9.0, TAGS)
    for row in range(rows):
        pattern[row] = value
        value = 50.0 + 0.95 * (value - 50.0) + random.normal(0.0, 2.8, TAGS)
    for silence in range(max(2, rows // 720)):
        begin, tag = 20 + silence * 700 % max(1, rows - 60), silence * 700 % TAGS
        pattern[begin : begin + 30, tag : tag + 100] = np.nan
    return pattern


# -- the same as live ------------------------------------------------------------------------------------------------

#: (alert, what happened, when)
_Told = tuple[str, str, int]


def _alerts_backtest(told: list[Transition]) -> list[_Told]:
    return sorted(
        (one.alert_id, one.change.value, one.effective_us) for one in told if one.detected_us <= _START_US + _SLICE_US
    )


def _alerts_live(directory: Path, file: Path, tags: TagTable) -> list[_Told]:
    """Of the service's fold: a row a second, with or without samples."""
    events: list[Event] = []
    with Journal(directory / "journal.db") as journal:
        setup = Setup(park_yaml=json.dumps(bench_park(TAGS)), rules_yaml="")
        pipeline = Pipeline(journal, setup, events.extend)
        pipeline.recover()
        ticks = dict(_files(file, tags, to_us=_START_US + _SLICE_US + 1).ticks(1_000_000))
        begin_us = min(ticks) - 1_000_000
        for now_us in range(begin_us, _START_US + _SLICE_US + 1, 1_000_000):
            pipeline.on_row(journal.append(received_us=now_us, batch=ticks.get(now_us)))
    changes = {change.value for change in Change}
    return sorted((one.alert_id, one.trigger.value, one.effective_us) for one in events if one.trigger.value in changes)


def main() -> None:
    """``python -m deploy.bench.backtest --days 30``"""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=float, default=30.0)
    figures: dict[str, Any] = run(parser.parse_args().days * 24.0)
    print(json.dumps(figures, indent=2))
    sys.exit(0 if figures["met"] else 1)


if __name__ == "__main__":
    main()
