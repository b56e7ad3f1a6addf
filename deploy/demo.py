"""``parkwatch demo``: simulated plants over real protocols to live alerts, and proof that all of it arrived."""

import asyncio
import contextlib
import json
import signal
import statistics
import time
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import httpx
import psycopg
from rich.console import Console
from rich.markup import escape

from deploy.children import Child, ChildDied
from deploy.embedded.ports import is_taken
from deploy.proof import Proof
from deploy.sse import live
from deploy.stack import Stack, children
from deploy.verdict import Ledger, epoch_us, judge
from service.duty.periods import Every, period_at
from service.identity.passwords import one_time
from service.reports.words import local
from simulators.scenario import Scenario, read_scenario

DEFAULT_PORT = 8470
#: The simulators begin so soon after everything is up; until then they wait, for this long at the most.
_LEAD_S = 1.0
_WAIT_AT_MOST_S = 600.0
#: After the last scripted moment: the last alerts still have to come through.
_SETTLE_S = 1.0
#: Between two plays of the script in a demonstration without end.
_PAUSE_S = 30.0
#: Changes that the engine finds at once; a cleared or raised alarm takes effect at a moment of its own.
_TIMED = frozenset({"raised", "level_up", "cleared"})
_DUTIES: dict[Every, dict[str, str]] = {
    "day": {"id": "daily", "name": "特种设备日管控", "every": "day", "guidance": "压力容器、管道、安全附件巡查"},
    "week": {"id": "weekly", "name": "特种设备周排查", "every": "week", "guidance": "隐患排查并复核日管控记录"},
    "month": {"id": "monthly", "name": "特种设备月调度", "every": "month", "guidance": "主要负责人调度，形成会议纪要"},
}
_COLOUR = {1: "bold white on red", 2: "bold black on yellow", 3: "bold black on cyan", 4: "bold black on white"}


def _duties() -> list[dict[str, str]]:
    """They begin with this day, week, month: nothing is overdue in a demonstration."""
    now_us = time.time_ns() // 1_000
    return [one | {"since": f"{local(period_at(every, now_us).start_us):%Y-%m-%d}"} for every, one in _DUTIES.items()]


class Demo:
    """One run."""

    def __init__(self, scenario_file: Path, *, for_s: float | None, port: int | None, console: Console) -> None:
        self.scenario: Scenario = read_scenario(scenario_file)
        self._scenario_file = scenario_file.resolve()
        duration_s = self.scenario.duration_us / 1e6
        if for_s is not None and for_s < duration_s:
            raise ValueError(f"the scenario lasts {duration_s:g} s; --for {for_s:g}s is shorter, give at least that")
        self._for_s = for_s
        self._console = console
        beside = scenario_file.parent
        rules_file = beside / self.scenario.rules if self.scenario.rules else None
        self._stack = Stack(
            beside / self.scenario.park, rules_file=rules_file, http_port=port, duty={"duties": _duties()}
        )
        self._password = one_time()
        self._people = self._stack.add_people(self._password)
        self._ledger = Ledger()
        self._latency_ms: dict[str, list[float]] = {"opcua": [], "mqtt": []}
        self._ready: dict[str, asyncio.Event] = {}
        self._start_us = 0
        self.errors: list[str] = []

    async def run(self, stop: asyncio.Event) -> dict[str, Any]:
        """Start, play, count, end. Raises ChildDied, TimeoutError, EmbeddedError."""
        try:
            async with AsyncExitStack() as up:
                await self._run(up, stop)
                if self._for_s is None:
                    return {}
                if stop.is_set():
                    return {"errors": [*self.errors, "interrupted; nothing was judged"]}
                return await self._report()
        finally:
            await self._stack.close()

    async def _run(self, up: AsyncExitStack, stop: asyncio.Event) -> None:
        began_s = time.monotonic()
        stack = self._stack
        with self._step("TimescaleDB and mosquitto"):
            await up.enter_async_context(stack.database())
            await up.enter_async_context(stack.mqtt())
        if stop.is_set():
            return
        later_us = time.time_ns() // 1_000 + round(_WAIT_AT_MOST_S * 1e6)
        simulators = stack.simulators({"scenario": str(self._scenario_file), "start_us": later_us}, self._on_simulator)
        with self._step("simulated plants and monitors, the service"):
            await up.enter_async_context(children(*simulators))
            up.push_async_callback(stack.stop_service)
            if not await _unless(stop, self._service_up()):
                return
        self._announce(time.monotonic() - began_s)
        watching = asyncio.create_task(self._watch())
        self._start_us = time.time_ns() // 1_000 + round(_LEAD_S * 1e6)
        for child in simulators:
            await child.tell({"command": "begin", "start_us": self._start_us})
        try:
            await self._play(simulators, stop)
        finally:
            watching.cancel()
            await asyncio.wait({watching})
        for child in simulators:
            await child.tell({"command": "end"})

    async def _service_up(self) -> None:
        await self._stack.start_service()
        await self._stack.connected()

    @contextmanager
    def _step(self, label: str) -> Iterator[None]:
        began_s = time.monotonic()
        shown = self._console.status(f"{label} …") if self._console.is_terminal else contextlib.nullcontext()
        with shown:
            yield
        self._console.print(f"  {label}: {time.monotonic() - began_s:.1f} s", highlight=False)

    def _announce(self, took_s: float) -> None:
        self._console.print(
            f"\n[bold green]parkwatch is up[/] after {took_s:.1f} s: "
            f"{len(self._stack.tags)} tags, {len(self.scenario.faults)} scripted faults\n"
            f"  page   [bold]{self._stack.url}/[/]\n"
            f"  log in as {', '.join(self._people)}; password [bold]{self._password}[/]\n"
            f"  or with the API key [bold]{self._stack.key}[/]\n",
            highlight=False,
        )

    def _on_simulator(self, event: dict[str, Any]) -> None:
        if event.get("event") == "error":
            self.errors.append(f"simulator: {event}")

    async def _play(self, simulators: list[Child], stop: asyncio.Event) -> None:
        end_us = self._start_us + round(((self._for_s or float("inf")) + _SETTLE_S) * 1e6) if self._for_s else None
        again_us = self._start_us + self.scenario.duration_us + round(_PAUSE_S * 1e6)
        while not stop.is_set():
            now_us = time.time_ns() // 1_000
            if end_us is not None and now_us >= end_us:
                return
            if end_us is None and now_us >= again_us:
                again_us = now_us + self.scenario.duration_us + round(_PAUSE_S * 1e6)
                await self._play_again(simulators)
            for child in simulators:
                child.check()
            self._stack.check()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), 0.1)

    async def _play_again(self, simulators: list[Child]) -> None:
        self._console.print("[dim]the script is played again[/]")
        for fault in self.scenario.faults:
            for child in simulators:
                await child.tell({"command": "fault", "fault": fault.model_dump(mode="json", by_alias=True)})

    async def _watch(self) -> None:
        try:
            await self._follow()
        except Exception as error:  # what is not told here would only show as alerts that are missing
            self.errors.append(f"live stream: {type(error).__name__}: {error}")
            self._console.print(f"[red]the live stream cannot be followed: {escape(repr(error))}[/]")

    async def _follow(self) -> None:
        async for message in live(self._stack.url, self._stack.key):
            now_us = time.time_ns() // 1_000
            if message.event == "lost":
                self.errors.append(f"live stream: {message.data['reason']}")
            elif message.event == "alert":
                self._note(message.data, now_us)
            elif message.event in ("snapshot", "reset"):
                for alert in message.data["alerts"]:
                    self._ledger.note_standing(alert)

    def _note(self, event: dict[str, Any], now_us: int) -> None:
        self._ledger.note(event)
        self._print(event)
        alert = event["alert"]
        info = self._stack.tags.by_id(alert["target"])
        if info is not None and info.from_ is not None and event["trigger"] in _TIMED:
            protocol = info.from_.connector.split("-")[0]
            self._latency_ms.setdefault(protocol, []).append((now_us - epoch_us(event["effective"])) / 1e3)

    def _print(self, event: dict[str, Any]) -> None:
        alert = event["alert"]
        standing = alert["state"] in ("unack", "acked")
        style = _COLOUR[alert["priority"]] if standing else "green"
        mark = " [magenta]unverified[/]" if alert["unverified"] else ""
        at = time.strftime("%H:%M:%S", time.localtime(epoch_us(event["effective"]) / 1e6))
        where = alert["source_name"] or alert["enterprise_name"]
        self._console.print(
            f"{at} [{style}] {event['trigger']:>10} {alert['level']:2} [/] [bold]{escape(alert['target'])}[/]"
            f" {escape(where)}{mark}  [dim]{escape(alert['why'])}[/]",
            highlight=False,
            soft_wrap=True,
        )

    async def _report(self) -> dict[str, Any]:
        verdict = judge(self.scenario.expect, self._ledger.alerts.values(), self._start_us)
        with self._step("everything into the database"):
            await self._quiet()
            status = await self._stack.drained()
        protocols = await self._protocols()
        if status["store"]["stored"] != sum(one["stored"] for one in protocols.values()):
            self.errors.append(f"the writer says {status['store']['stored']} samples stored, the table has others")
        journalled = sum(one["journalled"] for one in protocols.values())
        if journalled != status["store"]["stored"] + status["store"]["duplicates"]:
            self.errors.append(f"{journalled} samples journalled, {status['store']} stored")
        proof = await asyncio.to_thread(self._proven)
        latency = [one for values in self._latency_ms.values() for one in values]
        return {
            "protocols": protocols,
            "proof": proof,
            "alerts": asdict(verdict),
            "latency_ms": {
                **percentiles(latency),
                "by_protocol": {name: percentiles(values) for name, values in self._latency_ms.items()},
            },
            "errors": self.errors + status["problems"],
        }

    def _proven(self) -> dict[str, Any]:
        with psycopg.connect(self._stack.dsn) as connection:
            proof = Proof(connection, self._stack.tags, self.scenario, self._start_us)
            found = proof.report()
        self.errors += proof.errors
        return found

    async def _quiet(self) -> None:
        """Until what was on the wire when the play ended has come in: the counts no longer move."""
        before: object = None
        for _ in range(40):
            items = (await self._stack.get("connectors"))["items"]
            now = [(one["received"], one["journalled"]) for one in items]
            if now == before and all(received == journalled for received, journalled in now):
                return
            before = now
            await asyncio.sleep(0.5)

    async def _protocols(self) -> dict[str, dict[str, int]]:
        counts: dict[str, dict[str, int]] = {}
        for one in (await self._stack.get("connectors"))["items"]:
            protocol = counts.setdefault(one["kind"], {"received": 0, "journalled": 0, "stored": 0})
            protocol["received"] += one["received"]
            protocol["journalled"] += one["journalled"]
            protocol["stored"] += await asyncio.to_thread(self._stored, one["id"])
        return counts

    def _stored(self, connector: str) -> int:
        ids = [info.id for info in self._stack.tags.of_connector(connector)]
        with psycopg.connect(self._stack.dsn) as connection:
            row = connection.execute(
                "SELECT count(*) FROM sample JOIN tag ON tag.ix = sample.tag WHERE tag.id = ANY(%s)", (ids,)
            ).fetchone()
        return int(row[0]) if row else 0


async def _unless(stop: asyncio.Event, work: Coroutine[Any, Any, None]) -> bool:
    """Do the work; give it up and return False where ``stop`` is set first."""
    working, stopped = asyncio.create_task(work), asyncio.create_task(stop.wait())
    await asyncio.wait({working, stopped}, return_when=asyncio.FIRST_COMPLETED)
    for task in (working, stopped):
        task.cancel()
    await asyncio.wait({working, stopped})
    if working.cancelled():
        return False
    working.result()
    return True


def percentiles(values: list[float]) -> dict[str, float | int | None]:
    """p50 and p99, milliseconds, and of how many."""
    if not values:
        return {"p50": None, "p99": None, "n": 0}
    ordered = sorted(values)
    p99 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    return {"p50": round(statistics.median(ordered), 1), "p99": round(p99, 1), "n": len(ordered)}


def passed(report: dict[str, Any]) -> bool:
    """All protocols delivered, all was stored, exactly the expected alerts were raised, nothing went wrong."""
    delivered = all(
        one["received"] > 0 and one["received"] == one["journalled"] and one["stored"] > 0
        for one in report["protocols"].values()
    )
    exact = not report["alerts"]["missing"] and not report["alerts"]["unexpected"]
    return len(report["protocols"]) >= 2 and delivered and exact and not report["errors"]


async def run_demo(
    scenario_file: Path, *, for_s: float | None, report_file: Path | None, port: int | None, console: Console
) -> bool:
    """Play the scenario; True where everything was as it should be."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # hang up: the terminal was closed
        loop.add_signal_handler(number, stop.set)
    if port is None:
        port = DEFAULT_PORT if for_s is None and not is_taken(DEFAULT_PORT) else None
    demo = Demo(scenario_file, for_s=for_s, port=port, console=console)
    try:
        report = await demo.run(stop)
    except (ChildDied, TimeoutError, httpx.HTTPError, psycopg.Error) as error:
        console.print(f"[red]{escape(str(error))}[/]")
        report = {"errors": [*demo.errors, f"{type(error).__name__}: {error}"]}
    if report_file is not None:
        text = json.dumps(report, ensure_ascii=False, indent=2) + "\n"
        await asyncio.to_thread(report_file.write_text, text, "utf-8")
    return "protocols" in report and passed(report) if for_s is not None else not report.get("errors")
