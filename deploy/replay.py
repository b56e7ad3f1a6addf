"""``parkwatch replay``: a recording through the real protocols into the service, on the recording's own time.

Without ``--to`` the service runs here, on a clock that is put to the recording's beginning and runs as fast as the
recording is played; so delays and time-outs mean what they meant in the plant. With ``--to`` the recording is only
played, to a service that runs elsewhere.
"""

import asyncio
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress

from connectors.base import Intake, State
from deploy.embedded.ports import free_port
from deploy.stack import Stack
from park.batch import SampleBatch
from park.check import load_park
from park.index import TagTable
from park.model import Park
from service.alerts.model import Event
from service.config import Config, load_config
from service.run import Service
from simulators.frame import Frame
from simulators.mqtt_devices import FleetConfig, MqttFleet
from simulators.opcua_plant import OpcUaPlant, ServerConfig, quiet_logs
from simulators.park_yaml import to_yaml
from simulators.player import Clock, Sink, play
from simulators.recording import (
    Recording,
    RecordingConfig,
    RecordingInvalid,
    RecordingSource,
    number_columns,
    read_recording,
)
from simulators.tep.table import MEASUREMENTS

Over = Literal["opcua", "mqtt", "direct"]
CHINA = timezone(timedelta(hours=8))
#: Where a recording begins that counts from its own beginning, if nothing else is said.
DEFAULT_START = "2026-01-01T00:00:00+08:00"
#: Real time from the order to play until the first row: connections settle.
_LEAD_S = 1.0
_CONNECTED_WITHIN_S = 30.0
#: Rows handed to the intake and not yet in the journal, without a protocol in between.
_ROWS_UNDER_WAY = 256
_ALARM_WORDS = ("HH", "H", "L", "LL", "deadband", "on_delay", "off_delay")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What to replay, how, and where to."""

    recording: RecordingConfig
    over: Over
    speed: float
    start_us: int
    #: None: a park is made from the recording's columns.
    park_file: Path | None = None
    #: Column -> alarms as in a park file; for a park made here.
    limits: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    #: Address of a broker, or the endpoint to serve at; None: a service of our own.
    to: str | None = None


def parse_limit(text: str) -> tuple[str, dict[str, Any]]:
    """``stripper_level L=30 deadband=3`` -> (column, alarms). Raises ValueError."""
    column, *words = text.split()
    alarms: dict[str, Any] = {}
    for word in words:
        name, _, value = word.partition("=")
        if name not in _ALARM_WORDS or not value:
            raise ValueError(
                f"{word!r} in --limit {text!r}: write NAME=VALUE with NAME one of {', '.join(_ALARM_WORDS)}"
            )
        alarms[name] = value if name.endswith("delay") else float(value)
    if not alarms:
        raise ValueError(f"--limit {text!r} names no limit; write for example 'stripper_level L=30 deadband=3'")
    return column, alarms


def parse_start(text: str) -> int:
    """Epoch microseconds of an ISO 8601 time with a zone. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    if moment.utcoffset() is None:
        raise ValueError(f"--start {text!r} has no time zone; write for example {DEFAULT_START}")
    return round(moment.timestamp() * 1e6)


def made_park(job: Job, connector: str) -> Park:
    """One source whose tags are the recording's numeric columns; units where the column is a well-known one."""
    known = {one.name: one for one in MEASUREMENTS}
    columns = number_columns(job.recording)
    unknown = sorted(set(job.limits) - set(columns))
    if unknown:
        raise RecordingInvalid(f"--limit: there is no column {unknown[0]!r}; the columns are {', '.join(columns)}")
    tags = [
        {
            "id": column,
            "quantity": known[column].quantity if column in known else "value",
            "unit": known[column].unit if column in known else "",
            **({"alarms": dict(job.limits[column])} if column in job.limits else {}),
            **({"from": {"connector": connector, "address": f"ns=2;s={column}"}} if job.over == "opcua" else {}),
        }
        for column in columns
    ]
    source = {"id": "recording", "kind": "unit", "position": [0, 0], "from": {"connector": connector}, "tags": tags}
    enterprise = {"id": "replay", "name": "replay", "sources": [source]}
    return Park.model_validate({"id": "park", "name": "replay", "enterprises": [enterprise]})


class DirectSink:
    """A `player.Sink` that hands rows to the intake: no protocol at all."""

    connector = "direct"

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._room = asyncio.Semaphore(_ROWS_UNDER_WAY)
        self._under_way: set[asyncio.Task[None]] = set()

    async def be_present(self, present: bool) -> None:
        """It always is; going away waits for the rows that are under way. Raises IntakeRefused."""
        while not present and self._under_way:
            await asyncio.gather(*self._under_way)

    async def show(self, frame: Frame, clock: Clock) -> None:
        """See `player.Sink`."""
        rows = frame.present.nonzero()[0]
        batch = SampleBatch(
            tag=rows.astype("int32"),
            time_us=frame.time_us[rows],
            value=frame.value[rows],
            quality=frame.quality[rows],
            received_us=clock(),
            origin=self.connector,
        )
        await self._room.acquire()
        task = asyncio.create_task(self._put(batch))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _put(self, batch: SampleBatch) -> None:
        try:
            await self._intake.put(batch)
        finally:
            self._room.release()


@dataclass(frozen=True, slots=True, kw_only=True)
class FastClock:
    """Shows ``start_us`` at ``zero_s`` of the machine's steady clock, and runs ``speed`` times as fast."""

    start_us: int
    zero_s: float
    speed: float

    def __call__(self) -> int:
        """Now on the recording's time, epoch microseconds."""
        return self.start_us + round((time.monotonic() - self.zero_s) * 1e6 * self.speed)


class Replay:
    """One job. Raises RecordingInvalid, FileInvalid, ValueError, OSError, EmbeddedError, TimeoutError."""

    def __init__(self, job: Job, on_event: Callable[[Event], None], progress: Progress) -> None:
        self._job = job
        self._on_event = on_event
        self._progress = progress
        self._connector = {"opcua": "opcua-replay", "mqtt": "mqtt-replay", "direct": "direct"}[job.over]
        if job.park_file is not None:
            self._park = load_park(job.park_file.read_text("utf-8"), str(job.park_file)).park
        else:
            self._park = made_park(job, self._connector)
        self._table = TagTable(self._park)
        self.recording: Recording = read_recording(job.recording, self._table)
        self.alerts: dict[str, dict[str, Any]] = {}

    async def run(self, stop: asyncio.Event) -> dict[str, Any]:
        """Play it all; what was raised."""
        quiet_logs()
        if self._job.to is not None:
            sink = self._sink(self._job.to)
            await sink.be_present(True)
            await self._play(
                self._table, sink, stop, FastClock(start_us=0, zero_s=time.monotonic() + _LEAD_S, speed=1.0)
            )
            await sink.be_present(False)
            return {"rows": len(self.recording), "samples": self._samples(), "to": self._job.to}
        async with AsyncExitStack() as up:
            return await self._with_service(up, stop)

    async def _with_service(self, up: AsyncExitStack, stop: asyncio.Event) -> dict[str, Any]:
        stack = await up.enter_async_context(_stack(self._park))
        await up.enter_async_context(stack.database())
        clock = FastClock(start_us=self._job.start_us, zero_s=time.monotonic() + 60.0, speed=self._job.speed)
        address = ""
        if self._job.over == "mqtt":
            address = f"mqtt://127.0.0.1:{await up.enter_async_context(stack.mqtt())}"
        elif self._job.over == "opcua":
            address = f"opc.tcp://127.0.0.1:{free_port()}/replay"
        moving = _MovableClock(clock)
        service = Service(self._config(stack, address), clock=moving)
        sink: Sink | None = None
        if address:
            sink = self._sink(address)
            await sink.be_present(True)
            up.push_async_callback(sink.be_present, False)
        await up.enter_async_context(service.running())
        sink = sink or DirectSink(service.intake)
        await _connected(service)
        listening = asyncio.create_task(self._listen(service))
        # Only now is everything ready, so only now the clock is put to the beginning.
        zero_s = time.monotonic() + (_LEAD_S if address else 0.0)
        moving.clock = FastClock(start_us=self._job.start_us, zero_s=zero_s, speed=self._job.speed)
        await self._play(service.tags, sink, stop, FastClock(start_us=0, zero_s=zero_s, speed=1.0))
        status = await self._drained(service, stop)
        listening.cancel()
        await asyncio.wait({listening})
        return self._report(status)

    def _config(self, stack: Stack, address: str) -> Config:
        connectors: list[dict[str, Any]] = []
        if self._job.over == "opcua":
            # The recording's clock is not the machine's: whatever judges by the machine's clock is turned off.
            connectors = [
                {
                    "kind": "opcua",
                    "id": self._connector,
                    "endpoint": address,
                    "publish_every": "100ms",
                    "sample_every": "10ms",
                    "queue_size": 200,
                    "max_data_age": "0s",
                    "max_clock_skew": "36500d",
                    "history": {"enabled": False},
                }
            ]
        elif self._job.over == "mqtt":
            connectors = [{"kind": "mqtt", "id": self._connector, "host": "127.0.0.1", "port": urlsplit(address).port}]
        file = stack.directory / "parkwatch.yaml"
        file.write_text(
            msgspec.json.encode(
                {
                    "park": str(stack.park_file),
                    "data_dir": str(stack.data_dir),
                    "http": {"port": stack.http_port},
                    "database": {"url": stack.dsn},
                    "connectors": connectors,
                }
            ).decode()
        )
        return load_config(file)

    def _sink(self, address: str) -> MqttFleet | OpcUaPlant:
        parts = urlsplit(address)
        if self._job.over == "opcua":
            return OpcUaPlant(ServerConfig(connector=self._own_connector("opcua"), endpoint=address), self._table)
        fleet = FleetConfig(
            connector=self._own_connector("mqtt"),
            host=parts.hostname or "127.0.0.1",
            port=parts.port or 1883,
            username=parts.username,
            password=parts.password,
            connections=1,
        )
        return MqttFleet(fleet, self._table)

    def _own_connector(self, protocol: str) -> str:
        """Of the recording's tags."""
        names = {
            info.from_.connector
            for ix in self.recording.tag.tolist()
            if (info := self._table.by_ix(ix)) is not None and info.from_ is not None
        }
        if len(names) != 1:
            raise RecordingInvalid(
                f"the recording's tags come from {len(names)} connectors; replay one {protocol} at a time"
            )
        return names.pop()

    async def _play(self, table: TagTable, sink: Sink, stop: asyncio.Event, wall: Clock) -> None:
        """``wall`` is 0 when the recording begins."""
        source = RecordingSource(
            self.recording,
            table,
            start_us=None if self.recording.absolute and self._job.to else self._job.start_us,
            play_from_us=0,
            speed=self._job.speed,
        )
        task = self._progress.add_task(f"replay over {self._job.over}", total=len(self.recording))
        playing = asyncio.create_task(play(source, [sink], stop, wall))
        while not playing.done():
            await asyncio.wait({playing}, timeout=0.2)
            self._progress.update(task, completed=source.row)
        playing.result()
        await sink.be_present(not isinstance(sink, DirectSink))

    async def _listen(self, service: Service) -> None:
        with service.live.listen() as listener:
            while True:
                for event in await listener.take(1.0):
                    self.alerts[event.alert_id] = event.alert
                    self._on_event(event)

    async def _drained(self, service: Service, stop: asyncio.Event) -> dict[str, Any]:
        expected = self._samples()
        for _ in range(300):
            status = service.status()
            if stop.is_set() or status["store"]["stored"] + status["store"]["duplicates"] >= expected:
                break
            await asyncio.sleep(0.1)
        await asyncio.sleep(0.3)  # the last row's alarms on their way to the listener
        return service.status()

    def _samples(self) -> int:
        return int((self.recording.value == self.recording.value).sum())

    def _report(self, status: dict[str, Any]) -> dict[str, Any]:
        return {
            "rows": len(self.recording),
            "samples": self._samples(),
            "stored": status["store"]["stored"],
            "unmatched_columns": list(self.recording.unmatched),
            "alerts": sorted(self.alerts.values(), key=lambda one: (one["onset_us"], one["id"])),
            "problems": status["problems"],
        }


class _MovableClock:
    """A clock that is put right once, when everything is ready."""

    def __init__(self, clock: FastClock) -> None:
        self.clock = clock

    def __call__(self) -> int:
        return self.clock()


@asynccontextmanager
async def _stack(park: Park) -> AsyncIterator[Stack]:
    with tempfile.TemporaryDirectory(prefix="parkwatch-replay-") as name:
        file = Path(name) / "park.yaml"
        await asyncio.to_thread(file.write_text, to_yaml(park))
        stack = Stack(file)
        try:
            yield stack
        finally:
            await stack.close()


async def _connected(service: Service) -> None:
    until_s = time.monotonic() + _CONNECTED_WITHIN_S
    while not all(health.state is State.CONNECTED for health in service.connectors()):
        if time.monotonic() > until_s:
            raise TimeoutError("; ".join(service.status()["problems"]) or "the connectors are still starting")
        await asyncio.sleep(0.05)


async def replay_job(job: Job, *, quiet: bool) -> dict[str, Any]:
    """Replay with a progress bar and a line per alert on a terminal; the report."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    console = Console(stderr=True, quiet=quiet)
    with Progress(console=console) as progress:

        def show(event: Event) -> None:
            at = datetime.fromtimestamp(event.effective_us / 1e6, CHINA).isoformat(sep=" ", timespec="seconds")
            target = escape(event.alert["target"])
            console.print(f"{at} {event.trigger.value:>10} {event.level:2} [bold]{target}[/]  {escape(event.reason)}")

        replay = Replay(job, show, progress)
        report = await replay.run(stop)
    for alert in report.get("alerts", ()):
        onset = datetime.fromtimestamp(alert["onset_us"] / 1e6, CHINA).isoformat(sep=" ")
        console.print(f"alert {alert['id']}  {alert['target']} {alert['peak_level']}  onset {onset}", highlight=False)
    console.print(f"{report['rows']} rows, {report['samples']} samples, {len(report.get('alerts', ()))} alerts")
    return report
