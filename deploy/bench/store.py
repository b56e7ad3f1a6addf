"""Intake, journal and store writer into TimescaleDB, against bare binary COPY of the same rows into the same table."""

import asyncio
import contextlib
import statistics
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psycopg

from deploy.bench.park import bench_tags
from deploy.embedded import EmbeddedPostgres
from park.batch import SampleBatch
from service.clock import machine_clock
from service.intake import JournalIntake
from service.journal.journal import Journal
from service.store.copy import Rows, copy_rows, encode, sort_rows
from service.store.housekeeping import StorePolicy
from service.store.migrate import migrate
from service.store.writer import MAX_SAMPLES, StoreWriter

_TAGS = 20_000
#: Samples a connector brings at once: every tag once.
_BATCH = _TAGS
_PUTS_AT_ONCE = 8
#: Least share of bare COPY's speed, and least speed on 2 cores.
TARGET_RATIO = 0.75
TARGET_SAMPLES_PER_S = 150_000


def _batches(samples: int, start_us: int) -> list[SampleBatch]:
    random = np.random.default_rng(1)
    tag = np.arange(_BATCH, dtype=np.int32)
    return [
        SampleBatch(
            tag=random.permutation(tag),
            time_us=np.full(_BATCH, start_us + i * 1_000_000),
            value=random.normal(50.0, 10.0, _BATCH),
            quality=np.zeros(_BATCH, dtype=np.uint8),
            received_us=start_us + i * 1_000_000,
            origin="bench",
        )
        for i in range(samples // _BATCH)
    ]


async def _through_journal(dsn: str, batches: list[SampleBatch], directory: Path) -> float:
    """Seconds from the first ``put`` to the commit of the last row in TimescaleDB."""
    tags = bench_tags(_TAGS)
    with Journal(directory / "journal.db") as journal:
        tags_ix = journal.register_tags(info.id for info in tags.infos)
        assert tags_ix == tags.ix_of
        intake = JournalIntake(journal, tags, machine_clock)
        writer = StoreWriter(dsn, journal, tags, deque(), policy=StorePolicy())
        writer.start()
        while writer.status.state != "up":
            await asyncio.sleep(0.01)
        running = asyncio.create_task(intake.run())
        started = time.perf_counter()
        room = asyncio.Semaphore(_PUTS_AT_ONCE)

        async def put(batch: SampleBatch) -> None:
            async with room:
                await intake.put(batch)

        async with asyncio.TaskGroup() as group:
            for batch in batches:
                group.create_task(put(batch))
        expected = sum(map(len, batches))
        while writer.status.stored < expected:
            await asyncio.sleep(0.005)
        took_s = time.perf_counter() - started
        running.cancel()
        await asyncio.wait({running})
        writer.stop()
    return took_s


def _bare_copy(dsn: str, batches: list[SampleBatch], *, sort: bool) -> float:
    """Seconds to COPY the same rows, in pieces of the writer's size, each in a transaction."""
    pieces = [batches[i : i + MAX_SAMPLES // _BATCH] for i in range(0, len(batches), MAX_SAMPLES // _BATCH)]
    encoded: list[bytes] = []
    for piece in pieces:
        rows = Rows(
            tag=np.concatenate([batch.tag for batch in piece]) + 1,
            time_us=np.concatenate([batch.time_us for batch in piece]),
            value=np.concatenate([batch.value for batch in piece]),
            quality=np.concatenate([batch.quality for batch in piece]),
            lag_ms=np.zeros(len(piece) * _BATCH, dtype=np.int64),
        )
        encoded.append(encode(sort_rows(rows) if sort else rows))
    with psycopg.connect(dsn) as connection:
        started = time.perf_counter()
        for data in encoded:
            with connection.transaction(), connection.cursor() as cursor:
                copy_rows(cursor, data)
        return time.perf_counter() - started


@contextlib.contextmanager
def _server() -> Iterator[EmbeddedPostgres]:
    with tempfile.TemporaryDirectory(prefix="parkwatch-bench-") as name:
        directory = Path(name)
        directory.chmod(0o711)
        server = EmbeddedPostgres(directory / "postgres")
        with server:
            yield server
        server.destroy()


def _fresh(server: EmbeddedPostgres, name: str) -> str:
    dsn = server.create_database(name)
    with psycopg.connect(dsn) as connection:
        migrate(connection)
    return dsn


def run(samples: int = 2_000_000, repeats: int = 3) -> dict[str, object]:
    """Each road in turn, ``repeats`` times, on fresh tables; medians."""
    # A full hour ends just before now, so that no row lies in the future.
    batches = _batches(samples, machine_clock() - 3_600_000_000)
    roads: dict[str, list[float]] = {"journal": [], "copy_sorted": [], "copy_as_they_come": []}
    with _server() as server:
        for i in range(repeats):
            with tempfile.TemporaryDirectory(prefix="parkwatch-journal-") as directory:
                took_s = asyncio.run(_through_journal(_fresh(server, f"journal_{i}"), batches, Path(directory)))
            roads["journal"].append(took_s)
            roads["copy_sorted"].append(_bare_copy(_fresh(server, f"sorted_{i}"), batches, sort=True))
            roads["copy_as_they_come"].append(_bare_copy(_fresh(server, f"plain_{i}"), batches, sort=False))
    total = sum(map(len, batches))
    speed = {road: round(total / statistics.median(times)) for road, times in roads.items()}
    ratios = [bare / ours for bare, ours in zip(roads["copy_sorted"], roads["journal"], strict=True)]
    ratio = round(statistics.median(ratios), 3)
    return {
        "samples_per_s": speed["journal"],
        "ratio": ratio,
        "ratio_is": "intake, journal and store against bare COPY of the same rows, sorted, same pieces, same table",
        "bare_copy_sorted_per_s": speed["copy_sorted"],
        "bare_copy_as_they_come_per_s": speed["copy_as_they_come"],
        "samples": total,
        "target": {"ratio": TARGET_RATIO, "samples_per_s": TARGET_SAMPLES_PER_S},
        "met": ratio >= TARGET_RATIO and speed["journal"] >= TARGET_SAMPLES_PER_S,
    }
