"""Proof that an outage of ours leaves no hole: killed while data loggers run, and every minute is there afterwards.

Two loggers, whose clocks run through some hours that are just past. One keeps all that is not acknowledged and says it
again by itself; the other has little room, so that we must ask it for its history (2051). The hours that the outage
touched are judged anew, and their revisions tell so.
"""

import asyncio
import contextlib
import json
import math
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psycopg

from deploy.stack import Stack, children

#: The loggers: one with a good memory, one without.
KEEPS, FORGETS = "330604000010000000A00001", "330604000010000000A00002"
_OUTLET_OF = {KEEPS: "DA001", FORGETS: "DA002"}
_CODES = {"a21026": "so2", "a21002": "nox", "a19001": "o2", "a00000": "flow"}
_UNITS = {
    "so2": ("sulfur_dioxide", "mg/m3", 300),
    "nox": ("nitrogen_oxides", "mg/m3", 300),
    "o2": ("oxygen", "%", 25),
    "flow": ("flow", "m3/h", 50_000),
}
_MINUTE_US, _HOUR_US = 60_000_000, 3_600_000_000
#: Loggers' clocks begin so long before ours.
_HOURS_BACK = 12
#: The service works for so long, by the loggers' clocks, before it is killed.
_BEFORE_US = 15 * _MINUTE_US
_AFTER_US = 5 * _MINUTE_US
_PATIENCE_S = 240.0
_MINUTE, _HOUR = 2051, 2061


def park_of() -> dict[str, Any]:
    """The park file's data."""

    def tag(code: str, name: str) -> dict[str, Any]:
        quantity, unit, high = _UNITS[name]
        source = {"connector": "hj212", "address": code}
        return {"id": name, "quantity": quantity, "unit": unit, "span": [0, high], "from": source}

    sources = [
        {
            "id": outlet,
            "kind": "waste_gas_outlet",
            "position": [120.87, 30.15],
            "from": {"connector": "hj212", "device": mn},
            "tags": [tag(code, name) for code, name in _CODES.items()],
        }
        for mn, outlet in _OUTLET_OF.items()
    ]
    return {"id": "park", "name": "park", "enterprises": [{"id": "works", "name": "works", "sources": sources}]}


@dataclass(slots=True, kw_only=True)
class Refill:
    """What was found afterwards, of one logger."""

    minutes_made: int = 0
    minutes_missing: int = 0
    minutes_wrong: int = 0
    #: That came because they were asked for.
    minutes_asked: int = 0
    hours_made: int = 0
    #: Hours whose mean is not that of their minutes, or that are not valid.
    hours_wrong: list[str] = field(default_factory=list)
    #: Of the hours that the outage touched: revisions, and what they say why.
    revisions: int = 0
    why: list[str] = field(default_factory=list)

    @property
    def flawless(self) -> bool:
        """Every minute, every hour, and the revision visible."""
        missing = self.minutes_missing or self.minutes_wrong or self.hours_wrong
        return not missing and self.minutes_made > 0 and self.hours_made > 0 and self.revisions > 1


class Outage:
    """One run. ``speed``: hours of the loggers in one of ours."""

    def __init__(self, directory: Path, *, speed: float) -> None:
        park_file = directory / "park.json"
        park_file.write_text(json.dumps(park_of()))
        self._ledger = directory / "ledger.jsonl"
        now_us = time.time_ns() // 1_000
        #: When the loggers' clocks begin, on the hour.
        self.from_us = now_us // _HOUR_US * _HOUR_US - _HOURS_BACK * _HOUR_US
        self._speed = speed
        history = {"settle": "2s", "pause": "100ms", "retry_first": "2s", "retry_max": "10s"}
        self.stack = Stack(park_file, hj212={"history": history}, emissions={"every": "1s", "grace": "0s"})
        self.sent: dict[str, Any] = {}

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Outage"]:
        """Database, service and loggers; on leaving everything is gone."""
        stack = self.stack
        try:
            async with stack.database(), AsyncExitStack() as up:
                up.push_async_callback(stack.stop_service)
                await stack.start_service()
                (self._fleet,) = stack.simulators({"period": "250ms"}, self._on_fleet, loggers=self._loggers())
                await up.enter_async_context(children(self._fleet))
                yield self
        finally:
            await stack.close()

    def _loggers(self) -> dict[str, Any]:
        return {
            "ledger": str(self._ledger),
            "clock_from_us": self.from_us,
            "clock_speed": self._speed,
            "realtime_every": "1m",
            "loggers": {KEEPS: {"o2_reference": 3}, FORGETS: {"buffer": 12}},
        }

    def _on_fleet(self, event: dict[str, Any]) -> None:
        if event["event"] == "published":
            self.sent = event

    async def kill_for(self, seconds: float) -> None:
        """Kill -9, and start it again after so long."""
        assert self.stack.service is not None
        self.stack.service.kill()
        await self.stack.service.wait()
        await asyncio.sleep(seconds)
        await self.stack.start_service()
        await self.stack.connected()

    async def until(self, what: str, enough: Callable[[], bool]) -> None:
        """Look again until it is. Raises ChildDied, and TimeoutError that tells how things stand."""
        deadline_s = time.monotonic() + _PATIENCE_S
        while not await asyncio.to_thread(enough):
            self._fleet.check()
            self.stack.check()
            if time.monotonic() > deadline_s:
                raise TimeoutError(f"not {what} after {_PATIENCE_S:g} s: {await self._how_things_stand()}")
            await asyncio.sleep(0.5)

    async def _how_things_stand(self) -> str:
        missing = {mn: self._missing(mn, await asyncio.to_thread(self.reported, mn)) for mn in _OUTLET_OF}
        devices = (await self.stack.get("devices"))["items"]
        return f"minutes missing {missing}; loggers sent {self.sent}; devices {devices}"

    async def end(self) -> None:
        """The loggers measure no more; they still answer."""
        await self._fleet.tell({"command": "end"})

    def made(self, mn: str, cn: int) -> dict[int, dict[str, dict[str, Any]]]:
        """By start of the period: what the logger made of it, by code."""
        text = self._ledger.read_text("utf-8") if self._ledger.exists() else ""
        rows = [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]
        return {row["start_us"]: row["means"] for row in rows if (row["mn"], row["cn"]) == (mn, cn)}

    def now_us(self, mn: str) -> int:
        """Start of the last minute that a logger made; 0: none."""
        return max(self.made(mn, _MINUTE), default=0)

    def reported(self, mn: str) -> dict[tuple[int, str], tuple[float, bool]]:
        """Minutes in the database: (start, tag) -> mean as it came last, and whether it ever was asked for."""
        query = (
            "SELECT tag.id, (extract(epoch FROM start) * 1000000)::bigint, avg, asked FROM period_report"
            " JOIN tag ON tag.ix = period_report.tag WHERE length_s = 60 AND tag.source = %s ORDER BY received"
        )
        with psycopg.connect(self.stack.dsn) as connection:
            rows = connection.execute(query, (f"works.{_OUTLET_OF[mn]}",)).fetchall()
        found: dict[tuple[int, str], tuple[float, bool]] = {}
        for tag, start_us, avg, asked in rows:
            key = int(start_us), str(tag).rpartition(".")[2]
            found[key] = float(avg), bool(asked) or (key in found and found[key][1])
        return found

    async def hours(self, mn: str, name: str, *, revisions: bool) -> list[dict[str, Any]]:
        """Hour means of a tag, by the REST interface."""
        span = {"from": _rfc3339(self.from_us), "to": _rfc3339(self.from_us + (_HOURS_BACK + 2) * _HOUR_US)}
        tag = f"works.{_OUTLET_OF[mn]}.{name}"
        answer = await self.stack.get(
            "emissions/means", period="hour", tag=tag, revisions=revisions, limit=5_000, **span
        )
        items: list[dict[str, Any]] = answer["items"]
        return items

    def all_minutes_stored(self) -> bool:
        """Whether the database has every minute that was made."""
        return all(not self._missing(mn, self.reported(mn)) for mn in _OUTLET_OF)

    def _missing(self, mn: str, reported: dict[tuple[int, str], tuple[float, bool]]) -> int:
        made = self.made(mn, _MINUTE)
        return sum((start_us, _CODES[code]) not in reported for start_us, means in made.items() for code in means)

    async def judge(self, mn: str, touched: Iterable[int]) -> Refill:
        """Hold the database and the interface against what the logger made. ``touched``: hours of the outage."""
        found = Refill(minutes_made=len(self.made(mn, _MINUTE)), hours_made=len(self.made(mn, _HOUR)))
        reported = await asyncio.to_thread(self.reported, mn)
        found.minutes_missing = self._missing(mn, reported)
        found.minutes_asked = len({start_us for (start_us, _), (_, asked) in reported.items() if asked})
        minutes = self.made(mn, _MINUTE)
        for start_us, means in minutes.items():
            for code, mean in means.items():
                avg, _ = reported.get((start_us, _CODES[code]), (math.nan, False))
                found.minutes_wrong += not math.isclose(avg, mean["avg"], abs_tol=0.06, rel_tol=1e-4)
        revised = await self.hours(mn, "so2", revisions=True)
        for hour_us in self.made(mn, _HOUR):
            found.hours_wrong += self._hour_faults(hour_us, minutes, revised)
        of_outage = [one for one in revised if _epoch_us(one["start"]) in set(touched)]
        found.revisions = max((one["revision"] for one in of_outage), default=0)
        found.why = sorted({one["why"] for one in of_outage})
        return found

    @staticmethod
    def _hour_faults(hour_us: int, minutes: dict[int, Any], revised: list[dict[str, Any]]) -> list[str]:
        own = [minutes[at]["a21026"] for at in range(hour_us, hour_us + _HOUR_US, _MINUTE_US) if at in minutes]
        holding = [one for one in revised if _epoch_us(one["start"]) == hour_us and one["holds"]]
        if len(holding) != 1:
            return [f"{_rfc3339(hour_us)}: {len(holding)} means hold"]
        (one,) = holding
        mean = sum(minute["avg"] for minute in own) / len(own)
        if one["measured"] is None or not math.isclose(one["measured"], mean, abs_tol=0.06):
            return [f"{one['start']}: {one['measured']}, its {len(own)} minutes make {mean:.3f}"]
        if one["parts"] != len(own) or one["status"] != "valid":
            return [f"{one['start']}: {one['status']} with {one['parts']} minutes, {len(own)} were made"]
        return []


def _rfc3339(time_us: int) -> str:
    return datetime.fromtimestamp(time_us / 1e6, UTC).isoformat().replace("+00:00", "Z")


def _epoch_us(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1e6)


async def outage(*, away_s: float, speed: float = 240.0) -> dict[str, Refill]:
    """Kill the service for so long while loggers run; what is found afterwards, by MN."""
    with tempfile.TemporaryDirectory(prefix="parkwatch-outage-") as name:
        async with Outage(Path(name), speed=speed).running() as run:
            await _judged_once(run)
            # Samples too must be there: from the newest of them the connector knows since when it was away.
            await run.until("running", lambda: run.now_us(FORGETS) >= run.from_us + _BEFORE_US)
            killed_us = run.now_us(FORGETS)
            await run.kill_for(away_s)
            back_us = run.now_us(FORGETS)
            hours = range(killed_us // _HOUR_US * _HOUR_US, back_us + 1, _HOUR_US)
            # Until the last hour that it touched is over.
            over_us = hours[-1] + _HOUR_US + _AFTER_US
            await run.until("past the hours of the outage", lambda: run.now_us(FORGETS) >= over_us)
            await run.end()
            await run.until("all stored", run.all_minutes_stored)
            return await _settled(run, hours)


async def _judged_once(run: Outage) -> None:
    """Until both loggers have an hour that is judged, so that there is something to revise."""
    deadline_s = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline_s:
        with contextlib.suppress(httpx.HTTPStatusError):  # the tables are being made
            if all([await run.hours(mn, "so2", revisions=False) for mn in _OUTLET_OF]):
                return
        await asyncio.sleep(0.3)
    raise TimeoutError(f"no hour of both loggers was judged within {_PATIENCE_S:g} s")


async def _settled(run: Outage, hours: Iterable[int]) -> dict[str, Refill]:
    """The judge is behind the store by a look or two."""
    found: dict[str, Refill] = {}
    deadline_s = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline_s:
        found = {mn: await run.judge(mn, hours) for mn in _OUTLET_OF}
        if all(one.flawless for one in found.values()):
            break
        await asyncio.sleep(1.0)
    return found
