"""Rules are changed over and over while samples flow: how long the engine pauses, and whether an alert suffers by it.

A whole service in this process (journal, engine, alert book, store), fed through its intake. Afterwards the same
journal rows, without the changes, are played through a service that never changed its rules: what it says of the rules
that stayed as they were must be what the first one said, alert by alert, microsecond by microsecond.
"""

import asyncio
import gc
import json
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import psycopg

from deploy.bench.park import bench_park
from deploy.embedded import EmbeddedPostgres
from park.batch import SampleBatch
from service.alerts.model import Event
from service.config import Config, Database, Http, JournalPolicy
from service.journal.journal import Journal
from service.pipeline import Pipeline
from service.rules.files import RuleFile
from service.run import Service, load_setup

TARGET_PAUSE_MS = 100.0
_TAGS = 20_000
_RULES = 5_000
_RATE = 20_000
_BATCH_EVERY_S = 0.05
_RELOADS = 4
#: Of this many rules one has other limits in every second version.
_ONE_CHANGED_IN = 50


def rule_file(rules: int, tags: int, edition: int) -> str:
    """The rules of every tag's own limits and silence, and one rule for every few tags; some differ by edition."""
    lines = ["rules:", "  - {id: tag-limits, kind: limit}", "  - {id: tag-stale, kind: stale}"]
    share = max(tags // max(rules - 2, 1), 1)
    for i in range(rules - 2):
        names = ", ".join(f"LI{(i * share + j) % tags}" for j in range(share))
        changed = edition % 2 and i % _ONE_CHANGED_IN == 0
        limits = "{H: 84, L: 16, deadband: 1}" if changed else "{H: 85, L: 15, deadband: 1, on_delay: 2s}"
        lines.append(f"  - {{id: group-{i}, kind: limit, applies_to: {{tag: [{names}]}}, limits: {limits}}}")
    return "\n".join(lines) + "\n"


def is_changed(rule: str) -> bool:
    """Whether the editions differ in this rule."""
    return rule.startswith("group-") and int(rule.removeprefix("group-")) % _ONE_CHANGED_IN == 0


async def flow(
    directory: Path, dsn: str, *, seconds: float, tags: int, rules: int, rate: int, reloads: int
) -> dict[str, Any]:
    """Run the service, change its rules ``reloads`` times under load; what came of it."""
    config = await asyncio.to_thread(_configuration, directory, dsn, rules, tags)
    service = await asyncio.to_thread(Service, config)
    waits_ms: list[tuple[float, float]] = []
    async with service.running():
        # As ``parkwatch serve`` does.
        gc.collect()
        gc.freeze()
        feeding = asyncio.create_task(_feed(service, seconds, rate, waits_ms))
        changes = await _change(service, seconds, reloads, rules, tags)
        await feeding
        status = service.status()["rules"]
    return {
        "samples": sum(1 for _ in waits_ms) * round(rate * _BATCH_EVERY_S),
        "changes": changes,
        "pause_ms": status["worst_pause_ms"],
        "put_p50_ms": round(float(np.percentile([wait for _, wait in waits_ms], 50)), 1),
        "put_max_ms": round(max(wait for _, wait in waits_ms), 1),
        **await asyncio.to_thread(compare, config, _stored_events(dsn)),
    }


def _configuration(directory: Path, dsn: str, rules: int, tags: int) -> Config:
    park, rule_text = directory / "park.json", directory / "rules.yaml"
    park.write_text(json.dumps(bench_park(tags)), "utf-8")
    rule_text.write_text(rule_file(rules, tags, 0), "utf-8")
    return Config(
        park=park,
        rules=(rule_text,),
        data_dir=directory / "data",
        http=Http(port=0),
        database=Database(url=dsn),
        # Every row is wanted afterwards: no checkpoint, no trimming.
        journal=JournalPolicy(checkpoint_every="1d"),
    )


async def _feed(service: Service, seconds: float, rate: int, waits_ms: list[tuple[float, float]]) -> None:
    """Every tag in turn, at this rate; notes how long each batch waited for the journal and the engine."""
    size = round(rate * _BATCH_EVERY_S)
    batches = _wandering(service.tags.size, size)
    began_s = time.monotonic()
    running: set[asyncio.Task[None]] = set()
    for number in range(round(seconds / _BATCH_EVERY_S)):
        await asyncio.sleep(max(0.0, began_s + number * _BATCH_EVERY_S - time.monotonic()))
        task = asyncio.create_task(_put(service, *next(batches), waits_ms))
        running.add(task)
        task.add_done_callback(running.discard)
    await asyncio.gather(*running)


async def _put(service: Service, tag: np.ndarray[Any, Any], value: Any, waits_ms: list[tuple[float, float]]) -> None:
    now_us = service.clock()
    began_s = time.monotonic()
    await service.intake.put(
        SampleBatch(
            tag=tag,
            time_us=np.full(len(tag), now_us),
            value=value,
            quality=np.zeros(len(tag), dtype=np.uint8),
            received_us=now_us,
            origin="bench",
        )
    )
    waits_ms.append((began_s, (time.monotonic() - began_s) * 1e3))


def _wandering(tags: int, size: int) -> Iterator[tuple[Any, Any]]:
    """Values about 50; one in some hundred crosses a limit."""
    random = np.random.default_rng(1)
    value = random.normal(50.0, 10.0, tags)
    at = 0
    while True:
        tag = (np.arange(at, at + size) % tags).astype(np.int32)
        value[tag] = 50.0 + 0.95 * (value[tag] - 50.0) + random.normal(0.0, 4.0, size)
        yield tag, value[tag]
        at = (at + size) % tags


async def _change(service: Service, seconds: float, reloads: int, rules: int, tags: int) -> list[dict[str, Any]]:
    """One edition after the other, spread over the time."""
    done: list[dict[str, Any]] = []
    for number in range(1, reloads + 1):
        await asyncio.sleep(seconds / (reloads + 1) / 2)
        files = (RuleFile(name="rules.yaml", text=rule_file(rules, tags, number)),)
        began_s = time.monotonic()
        plan, version = await service.rules.apply(files, by="bench", reason=f"edition {number}")
        swap = service.pipeline.rules.last_swap
        done.append(
            {
                "version": version.number,
                "changed": len(plan.difference.changed),
                "pause_ms": round(swap.pause_ms, 1) if swap else None,
                "work_ms": round(swap.work_ms, 1) if swap else None,
                "prepared": swap.prepared if swap else None,
                "until_live_s": round(time.monotonic() - began_s, 2),
            }
        )
    return done


def _stored_events(dsn: str) -> list[Event]:
    with psycopg.connect(dsn) as connection:
        rows = connection.execute("SELECT body FROM alert_event ORDER BY seq").fetchall()
    return [msgspec.json.decode(body, type=Event) for (body,) in rows]


def compare(config: Config, events: Sequence[Event]) -> dict[str, Any]:
    """What was told of unchanged rules, against a run of the same rows in which nothing changed."""
    expected: list[Event] = []
    with (
        Journal(config.data_dir / "journal.db") as journal,
        tempfile.TemporaryDirectory(prefix="parkwatch-bench-") as other,
        Journal(Path(other) / "journal.db") as empty,
    ):
        setup = load_setup(config)
        steady = Pipeline(empty, setup, expected.extend)
        position = journal.trimmed
        while rows := journal.read(position):
            for row in rows:
                steady.fold(replace(row, extras=msgspec.structs.replace(row.extras, rules=())))
            position = rows[-1].position
    ours, theirs = (Counter(_told(one)) for one in (events, expected))
    missing, extra = theirs - ours, ours - theirs
    names = {(alert, trigger) for alert, trigger, _ in missing}
    moved = sum(1 for alert, trigger, _ in extra if (alert, trigger) in names)
    return {
        "rows": position,
        "events_compared": sum(theirs.values()),
        "lost": sum(missing.values()) - moved,
        "doubled": sum(extra.values()) - moved,
        "moved": moved,
        "examples": [[*one[:2], *one[2]] for one in [*missing, *extra][:5]],
    }


def _told(events: Sequence[Event]) -> Iterator[tuple[str, str, tuple[Any, ...]]]:
    for one in events:
        if not is_changed(one.alert["rule"]):
            times = (one.level, one.effective_us, one.recorded_us, one.alert["onset_us"], one.alert["raised_us"])
            yield one.alert_id, one.trigger.value, times


def run(seconds: float = 40.0) -> dict[str, object]:
    """The longest pause against its target, at 5,000 rules and 20 k samples a second."""
    with tempfile.TemporaryDirectory(prefix="parkwatch-bench-") as name:
        directory = Path(name)
        directory.chmod(0o711)
        server = EmbeddedPostgres(directory / "postgres")
        try:
            server.start()
            dsn = server.create_database("parkwatch")
            found = asyncio.run(
                flow(directory, dsn, seconds=seconds, tags=_TAGS, rules=_RULES, rate=_RATE, reloads=_RELOADS)
            )
        finally:
            server.stop("immediate")
            server.destroy()
    harmed = found["lost"] + found["doubled"] + found["moved"]
    return {
        "samples_per_s": _RATE,
        "ratio": round(found["pause_ms"] / TARGET_PAUSE_MS, 3),
        "ratio_is": "longest pause of the engine at a change of 5000 rules against 100 ms; less is better",
        "target": {"ratio": 1.0, "lost": 0, "doubled": 0, "moved": 0},
        "met": found["pause_ms"] < TARGET_PAUSE_MS and not harmed,
        "rules": _RULES,
        "tags": _TAGS,
        **found,
    }
