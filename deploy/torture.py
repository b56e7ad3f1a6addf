"""Proof under force: the service killed over and over, the database taken away, and nothing lost or done twice.

``python -m deploy.torture`` runs the long form (`make torture`); the tests run a short one.
"""

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import psycopg

from deploy.bench.park import bench_park
from deploy.children import Child
from deploy.outage import FORGETS, outage
from deploy.sse import live
from deploy.stack import Stack, children
from park.batch import SampleBatch
from park.index import TagTable
from park.quality import LATE
from rules.engine import Engine
from rules.spec import default_rules
from rules.transition import Change
from service.alerts.audit import verify

_TAGS = 500
_PERIOD_S = 0.1
_PROBES = 20
_PROBE_FRAMES = 5
#: Between two kills the service works for so long, at random.
_WORKS_S = (0.3, 2.5)
#: The load begins so long after its process was started.
_LEAD_S = 2.0
#: Longer than any torture: the load ends when we say so.
_LOAD_S = 7_200.0


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What was counted at the end."""

    kills: int = 0
    sent: int = 0
    stored: int = 0
    duplicates_in_table: int = 0
    alerts_expected: int = 0
    alerts_stored: int = 0
    alerts_missing: list[str] = field(default_factory=list)
    alerts_unexpected: list[str] = field(default_factory=list)
    #: Numbers of events that the live client got twice, or that it never got.
    events: int = 0
    events_twice: int = 0
    events_missed: int = 0
    chain_faults: list[str] = field(default_factory=list)
    #: Events that reached the live client while the database was away.
    events_without_database: int = 0

    @property
    def flawless(self) -> bool:
        """Nothing lost, nothing twice, nothing altered."""
        return (
            self.sent == self.stored
            and not self.duplicates_in_table
            and self.alerts_expected > 0
            and not (self.alerts_missing or self.alerts_unexpected or self.chain_faults)
            and not (self.events_twice or self.events_missed)
        )


class Torture:
    """A park, a load over MQTT, the service, a client of the live stream."""

    def __init__(self, directory: Path) -> None:
        park_file = directory / "park.json"
        park_file.write_text(json.dumps(bench_park(_TAGS, connector="mqtt")))
        self.stack = Stack(park_file)
        self.outcome = Outcome()
        self.seen: list[int] = []
        self._ready = asyncio.Event()

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Torture"]:
        """Everything up, the load under way; on leaving everything is gone."""
        stack = self.stack
        try:
            async with stack.database(), stack.mqtt(), AsyncExitStack() as up:
                up.push_async_callback(stack.stop_service)
                await stack.start_service()
                # Connected before the load begins: what is published to a broker that does not know us yet is lost.
                await stack.connected()
                watching = asyncio.create_task(self._watch())
                up.push_async_callback(_cancelled, watching)
                self._loading = self._load()
                await up.enter_async_context(children(self._loading))
                await asyncio.wait_for(self._ready.wait(), 60)
                await asyncio.sleep(max(0.0, self._start_us / 1e6 - time.time()))
                yield self
        finally:
            await stack.close()

    def _load(self) -> Child:
        self._start_us = time.time_ns() // 1_000 + round(_LEAD_S * 1e6)
        config = {
            "park": str(self.stack.park_file),
            "start_us": self._start_us,
            "until_us": self._start_us + round(_LOAD_S * 1e6),
            "period_us": round(_PERIOD_S * 1e6),
            "probes": _PROBES,
            "probe_frames": _PROBE_FRAMES,
            "fleet": {"connector": "mqtt", "port": self.stack.broker.port, "form": "values"},
        }
        directory = self.stack.directory
        file = directory / "load.json"
        file.write_text(json.dumps(config))
        return Child("load", ["-m", "deploy.bench.load", str(file)], directory / "load.log", self._on_load)

    def _on_load(self, event: dict[str, Any]) -> None:
        if event["event"] == "ready":
            self._ready.set()
        elif event["event"] == "over":
            self.outcome.sent = event["samples"]

    async def _watch(self) -> None:
        async for message in live(self.stack.url, self.stack.key):
            if message.event == "alert":
                self.seen.append(message.data["seq"])
            elif message.event == "reset":
                self.outcome.chain_faults.append(f"the live stream was reset: {message.data['reason']}")

    async def kill_service(self, times: int, *, seed: int) -> None:
        """Kill -9 and restart, at random moments."""
        moments = random.Random(seed)
        for _ in range(times):
            await asyncio.sleep(moments.uniform(*_WORKS_S))
            assert self.stack.service is not None
            self.stack.service.kill()
            await self.stack.service.wait()
            await self.stack.start_service()
            self.outcome.kills += 1
            _say(f"killed {self.outcome.kills} of {times}")

    async def stop_database(self, seconds: float) -> None:
        """Take the database away, and give it back."""
        await asyncio.sleep(_WORKS_S[1])
        _say("the database is stopped")
        before = len(self.seen)
        await asyncio.to_thread(self.stack.postgres.kill)
        await asyncio.sleep(seconds)
        self.outcome.events_without_database = len(self.seen) - before
        await asyncio.to_thread(self.stack.postgres.start)
        _say("the database is back")

    async def settle(self) -> Outcome:
        """End the load, wait until all has come through, count."""
        await self._loading.stop()
        async with asyncio.timeout(120):
            while not await self._all_stored():
                await asyncio.sleep(0.5)
        await asyncio.sleep(1.5)
        await self.stack.drained()
        await asyncio.to_thread(self._count)
        return self.outcome

    async def _all_stored(self) -> bool:
        self.outcome.stored = await asyncio.to_thread(self._stored)
        return self.outcome.stored >= self.outcome.sent

    def _stored(self) -> int:
        with psycopg.connect(self.stack.dsn) as connection:
            row = connection.execute("SELECT count(*) FROM sample").fetchone()
        return int(row[0]) if row else 0

    def _count(self) -> None:
        outcome = self.outcome
        with psycopg.connect(self.stack.dsn, autocommit=True) as connection:
            row = connection.execute("SELECT count(*) - count(DISTINCT (tag, time)) FROM sample").fetchone()
            outcome.duplicates_in_table = int(row[0]) if row else -1
            expected = expected_alerts(connection, self.stack.tags)
            rows = connection.execute("SELECT id::text FROM alert WHERE rule = 'tag-limits'").fetchall()
            numbers = connection.execute("SELECT seq FROM alert_event ORDER BY seq").fetchall()
            outcome.chain_faults += [fault for one in verify(connection) for fault in one.faults]
        stored = {row[0] for row in rows}
        outcome.alerts_expected, outcome.alerts_stored = len(expected), len(rows)
        outcome.alerts_missing = sorted(expected - stored)
        outcome.alerts_unexpected = sorted(stored - expected)
        outcome.events = len(numbers)
        outcome.events_twice = len(self.seen) - len(set(self.seen))
        outcome.events_missed = len({row[0] for row in numbers} - set(self.seen))


def expected_alerts(connection: psycopg.Connection, tags: TagTable) -> set[str]:
    """Ids of the alerts that the stored samples must have raised, by a fresh engine over the whole table."""
    rows = connection.execute(
        "SELECT tag.id, extract(epoch FROM time)::numeric * 1000000, value, quality"
        " FROM sample JOIN tag ON tag.ix = sample.tag ORDER BY time"
    ).fetchall()
    batch = SampleBatch(
        tag=np.array([tags.ix_of[row[0]] for row in rows]),
        time_us=np.array([int(row[1]) for row in rows]),
        value=np.array([row[2] for row in rows]),
        quality=np.array([row[3] for row in rows], dtype=np.uint8) & ~np.uint8(LATE),
        received_us=0,
        origin="table",
    )
    engine = Engine(tags, default_rules())
    engine.step(batch)
    found = engine.advance(int(batch.time_us.max()))
    return {one.alert_id for one in found if one.change is Change.RAISED and one.rule == "tag-limits"}


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait({task})


async def torture(*, kills: int = 0, database_away_s: float = 0.0, seed: int = 1) -> Outcome:
    """One service under load: killed so many times, then without its database for so long."""
    with tempfile.TemporaryDirectory(prefix="parkwatch-torture-") as name:
        async with Torture(Path(name)).running() as running:
            if kills:
                await running.kill_service(kills, seed=seed)
            if database_away_s:
                await running.stop_database(database_away_s)
            return await running.settle()


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> None:
    """The long form."""
    parser = argparse.ArgumentParser(prog="deploy.torture", description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--database-away-s", type=float, default=30.0)
    parser.add_argument("--service-away-s", type=float, default=60.0)
    options = parser.parse_args()
    killed = asyncio.run(torture(kills=options.kills))
    away = asyncio.run(torture(database_away_s=options.database_away_s))
    _say(f"the service is away for {options.service_away_s:g} s while data loggers run")
    refills = asyncio.run(outage(away_s=options.service_away_s))
    good = killed.flawless and away.flawless and away.events_without_database > 0
    good = good and all(one.flawless for one in refills.values()) and refills[FORGETS].minutes_asked > 0
    for name, outcome in (("service killed", killed), ("database away", away)):
        print(f"{name}: {outcome}")
    for mn, refill in refills.items():
        print(f"service away, logger {mn}: {refill}")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
