"""The service, joined: journal, intake, pipeline, store writer, connectors, REST interface."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, replace
from typing import Any

import structlog
import uvicorn

from connectors.base import Connector, Context, Health, State
from connectors.http.connector import HttpConnector
from connectors.registry import BUILDERS
from park.index import TagTable
from park.yamlfile import text_of
from rules.kpi.norms import KpiNorms
from rules.memory import Latest
from rules.spec import RuleSet
from service.alerts.asked import Command, EndContext, OpenContext, Raise
from service.alerts.book import AlertBook
from service.alerts.contexts import Context as ContextEntry
from service.alerts.model import Alert
from service.api.app import create_app
from service.api.keys import Keys
from service.backtest.jobs import Backtests
from service.cases.desk import CaseDesk
from service.clock import Clock, machine_clock
from service.config import Config
from service.device_desk import DeviceDesk
from service.duty.desk import DutyDesk
from service.evidence.desk import EvidenceDesk
from service.identity.accounts import Accounts
from service.intake import JournalIntake, row_time
from service.journal.journal import Journal, JournalFailed
from service.journal.rows import Extras
from service.judge.desk import EmissionsDesk
from service.judge.judge import Judge
from service.judge.limit_packs import limit_book
from service.judge.sources import judged_sources
from service.live import LiveHub
from service.notify.desk import NotifyDesk
from service.pipeline import Pipeline, Setup, read_park
from service.plan import Plan, read_plan
from service.push.desk import PushDesk
from service.risk import RiskFold
from service.rules.desk import RuleDesk
from service.rules.files import check_files, read_rule_files
from service.store.asking import Asking
from service.store.notes import Note
from service.store.queries import Queries
from service.store.writer import StoreWriter
from service.tracing.task import Tracer

_log = structlog.get_logger(__name__)

_RESTART_CONNECTOR_S = 5.0
_GRACE_S = 3
#: For an alarm of the judge to be in the journal.
_TELL_WITHIN_S = 10.0


class PortInUse(Exception):
    """Another program listens on the port; stop it, or set http.port."""


def load_setup(config: Config) -> Setup:
    """Park and rules, checked under their own names. Raises park.yamlfile.FileInvalid and OSError."""
    setup = Setup(
        park_yaml=text_of(config.park.read_bytes(), str(config.park)),
        park_file=str(config.park),
        rule_files=read_rule_files(config.rules),
        alerts=config.alerts.policy(),
        risk=config.risk.model_dump_json(),
    )
    check_files(TagTable(read_park(*setup.park)), setup.rule_files)
    return setup


def listen(host: str, port: int) -> socket.socket:
    """Raises PortInUse."""
    try:
        return socket.create_server((host, port), backlog=1024)
    except OSError as error:
        raise PortInUse(f"cannot listen on {host}:{port} ({error.strerror}); set http.port to a free one") from error


class _Server(uvicorn.Server):
    """Leaves the signals to us: the service stops in an order of its own."""

    @contextlib.contextmanager
    def capture_signals(self):  # type: ignore[no-untyped-def]
        yield


class Service:
    """``async with Service(config).running():`` and it works. Implements `service.api.view.ServiceView`.

    Raises JournalInUse, PortInUse, FileInvalid and ValueError on entry; afterwards nothing that the plant, the
    database or a person does makes it stop.
    """

    def __init__(self, config: Config, *, clock: Clock = machine_clock) -> None:
        self._config = config
        self.clock = clock
        self._setup = load_setup(config)
        self._dsn = config.database.dsn()
        self.keys = Keys(config.data_dir)
        self.accounts = Accounts(config.data_dir)
        self.evidence = EvidenceDesk(config.data_dir)
        self.live = LiveHub()
        self.queries = Queries(self._dsn)
        self.acting = Asking(self._dsn, read_only=False)
        self.backtests = Backtests(self._dsn, config.data_dir / "backtests", clock)
        self.plan = read_plan(config.plan) if config.plan else Plan().model_dump(mode="json")
        self.url = ""
        self._connectors: list[Connector] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._reloads: set[asyncio.Task[None]] = set()
        park = read_park(*self._setup.park)
        self._limits = limit_book(park, config.emissions)
        # An outlet whose rules of validity do not exist is refused here, not when it is judged.
        judged_sources(TagTable(park), self._limits, config.emissions)

    @property
    def tags(self) -> TagTable:
        """Of the park in force."""
        return self.pipeline.tags

    @property
    def book(self) -> AlertBook:
        """The alert book."""
        return self.pipeline.book

    @property
    def risk(self) -> RiskFold:
        """Four-colour risk."""
        return self.pipeline.risk

    @property
    def norms(self) -> KpiNorms:
        """What the key figures are held against."""
        return self._config.kpi

    def live_rules(self) -> RuleSet:
        """Those that the engine evaluates."""
        return self.pipeline.engine.rules

    def processed_us(self) -> int:
        """When the last journal row that alarms were computed from was written."""
        return self.pipeline.row_us

    def latest(self) -> Latest:
        """Greatest source time, value and quality of every tag, by tag index."""
        return self.pipeline.engine.latest

    def connectors(self) -> Sequence[Health]:
        """Health of every connector."""
        return [connector.health for connector in self._connectors]

    async def command(self, command: Command) -> Alert:
        """Journal it, apply it, return the alert as it then stands."""
        row = await self.intake.command(command)
        alert = await self.pipeline.outcome(command.id, row.position)
        assert isinstance(alert, Alert)
        return alert

    async def note(self, note: Note) -> object:
        """Journal what was done that is no change of an alert."""
        return await self.intake.note(note)

    async def context(self, asked: OpenContext | EndContext) -> ContextEntry:
        """Journal it, apply it, return the entry as it then stands."""
        row = await self.intake.command(asked)
        entry = await self.pipeline.outcome(asked.id, row.position)
        assert isinstance(entry, ContextEntry)
        return entry

    def reload_rules(self) -> None:
        """Read the configured rule files again (SIGHUP); does not wait. What is wrong with them the status tells."""
        task = asyncio.create_task(self.rules.reload_quietly(by="SIGHUP", reason="configured files read again"))
        self._reloads.add(task)
        task.add_done_callback(self._reloads.discard)

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Service"]:
        """Everything up; on leaving everything down, in the order in which nothing is lost."""
        async with AsyncExitStack() as stack:
            listener = stack.enter_context(listen(self._config.http.host, self._config.http.port))
            self.url = f"http://{self._config.http.host}:{listener.getsockname()[1]}"
            self.journal = stack.enter_context(
                Journal(self._config.data_dir / "journal.db", max_bytes=self._config.journal.max_bytes)
            )
            self._open_pipeline()
            stack.push_async_callback(self.queries.close)
            stack.push_async_callback(self.acting.close)
            stack.push_async_callback(self.backtests.close)
            stack.push_async_callback(self.evidence.close)
            await self.queries.open()
            await self.acting.open()
            self.writer.start()
            stack.callback(self._stop_writer)
            self.judge = self._make_judge()
            self.notify = NotifyDesk(self, self._config.notifications, self._config.data_dir)
            self.cases = CaseDesk(self.acting, self.clock, self._config.cases, [self.notify.tell_case])
            self.duty = DutyDesk(
                self.acting,
                self.queries.duty,
                self.clock,
                self._config.duty,
                lambda: self.tags,
                lambda: list(self.book.active.values()),
                self.intake.raise_own,
            )
            self.emissions = EmissionsDesk(
                self.tags, self._limits, self._config.emissions, self.clock, self.intake.note
            )
            await stack.enter_async_context(self._background("intake", self.intake.run()))
            self.judge.start()
            # It tells through the intake, so it ends before that does.
            stack.push_async_callback(asyncio.to_thread, self.judge.stop)
            await stack.enter_async_context(self._background("checkpoints", self._checkpoints()))
            await stack.enter_async_context(self._background("rules", self.rules.run()))
            await stack.enter_async_context(self.notify.running())
            await stack.enter_async_context(self._background("cases", self.cases.run()))
            await stack.enter_async_context(self._background("duty", self.duty.run()))
            if self._config.tracing.automatic:
                tracer = Tracer(self, self._dsn, self._config.tracing)
                await stack.enter_async_context(self._background("tracing", tracer.run()))
            await stack.enter_async_context(self._serving(listener))
            await stack.enter_async_context(self._connected())
            yield self

    async def run_until(self, stop: asyncio.Event) -> None:
        """Return when ``stop`` is set. Raises what ended a part that must not end: better restarted than half dead."""
        stopped = asyncio.create_task(stop.wait())
        try:
            done, _ = await asyncio.wait({stopped, *self._tasks}, return_when=asyncio.FIRST_COMPLETED)
            for task in done - {stopped}:
                if not task.cancelled() and (error := task.exception()) is not None:
                    _log.critical("A part that must not end has failed.", part=task.get_name(), exc_info=error)
                task.result()
                raise RuntimeError(f"{task.get_name()} ended by itself")
        finally:
            stopped.cancel()

    @asynccontextmanager
    async def _background(self, name: str, work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        try:
            yield
        finally:
            self._tasks.discard(task)
            task.cancel()
            await asyncio.wait({task})

    def _open_pipeline(self) -> None:
        self.pipeline = Pipeline(self.journal, self._setup, self.live.publish)
        self.pipeline.recover()
        self.live.start_at(self.pipeline.book.seq)
        self.intake = JournalIntake(
            self.journal,
            self.tags,
            self.clock,
            tick_s=self._config.journal.tick / 1e6,
            max_waiting=self._config.journal.max_waiting,
            on_row=self.pipeline.on_row,
        )
        self.intake.newest_us[:] = self.latest().time_us
        self.push = PushDesk(self._config.push, self.tags, self.clock)
        self.devices = DeviceDesk(self.intake, self.queries, self.clock)
        self.rules = RuleDesk(self.pipeline, self.intake, self.clock, lambda: read_rule_files(self._config.rules))
        with contextlib.suppress(JournalFailed):
            now_us = row_time(self.clock(), self.journal.last_received_us)
            self.pipeline.on_row(self.journal.append(received_us=now_us, batch=None, extras=Extras(start=True)))
        self.writer = StoreWriter(
            self._dsn,
            self.journal,
            self.tags,
            self.pipeline.unstored,
            versions=self.pipeline.unstored_versions,
            risks=self.pipeline.unstored_risks,
            policy=self._config.database,
            health=self._health_rows,
        )

    def _make_judge(self) -> Judge:
        loop = asyncio.get_running_loop()

        def tell(alarm: Raise) -> None:
            asyncio.run_coroutine_threadsafe(self.intake.raise_own(alarm), loop).result(_TELL_WITHIN_S)

        return Judge(
            self._dsn,
            self.tags,
            self._limits,
            self.writer.touched,
            self._config.emissions,
            self.clock,
            tell,
        )

    def _stop_writer(self) -> None:
        self.pipeline.save_checkpoint()
        self.writer.stop()
        self.pipeline.save_checkpoint()

    def _health_rows(self) -> list[tuple[str, str, dict[str, Any]]]:
        """Without the devices: there may be thousands, and this is written every few seconds."""
        healths = [replace(health, devices={}) for health in self.connectors()]
        return [(health.connector, health.state.value, asdict(health)) for health in healths]

    async def _checkpoints(self) -> None:
        while True:
            await asyncio.sleep(self._config.journal.checkpoint_every / 1e6)
            position, payload = self.pipeline.make_checkpoint()
            try:
                await asyncio.to_thread(self.pipeline.keep_checkpoint, position, payload)
                await asyncio.to_thread(self.journal.trim, min(position, self.writer.status.position))
            except JournalFailed as error:
                _log.warning("No checkpoint was written; recovery will replay more rows.", reason=str(error))

    @asynccontextmanager
    async def _serving(self, listener: socket.socket) -> AsyncIterator[None]:
        server = _Server(
            uvicorn.Config(
                create_app(self, self.keys, self.accounts, session_s=self._config.http.session // 1_000_000),
                log_config=None,
                access_log=False,
                lifespan="off",
                timeout_graceful_shutdown=_GRACE_S,
            )
        )
        task = asyncio.create_task(server.serve(sockets=[listener]), name="http")
        self._tasks.add(task)
        try:
            yield
        finally:
            self._tasks.discard(task)
            self.live.close()
            server.should_exit = True
            await task

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[None]:
        context = Context(
            tags=self.tags,
            intake=self.intake,
            clock=self.clock,
            on_gap=self.intake.note_gap,
            newest_us=self.latest().time_us,
        )
        self._connectors = [BUILDERS[config.kind](config, context) for config in self._config.connectors]
        self.push.open([one for one in self._connectors if isinstance(one, HttpConnector)])
        self.devices.open(self._connectors)
        async with AsyncExitStack() as stack:
            for connector in self._connectors:
                await stack.enter_async_context(
                    self._background(connector.health.connector, self._keep_running(connector))
                )
            stack.push_async_callback(self.devices.close)
            yield

    async def _keep_running(self, connector: Connector) -> None:
        while True:
            try:
                await connector.run()
            except Exception as error:
                connector.health.errors += 1
                connector.health.turn(State.DISCONNECTED, self.clock(), f"{type(error).__name__}: {error}")
                _log.error(
                    "A connector failed and is started again.", connector=connector.health.connector, exc_info=error
                )
            await asyncio.sleep(_RESTART_CONNECTOR_S)

    def status(self) -> dict[str, Any]:
        """See `service.api.view.ServiceView`."""
        store = self.writer.status
        newest_us = int(self.latest().time_us.max(initial=0))
        last_us = self.journal.last_received_us
        lag_s = max(0.0, (last_us - store.position_us) / 1e6) if store.position_us else 0.0
        problems = self._problems()
        return {
            "ready": not (self.intake.refusing or self.pipeline.poisoned_rows),
            "now_us": self.clock(),
            "data_us": max(newest_us, 0),
            "seq": self.live.seq,
            "journal": {
                "rows_waiting": self.journal.last_position - store.position,
                "bytes": self.journal.size_bytes,
                "error": self.intake.refusing,
            },
            "store": {
                "state": store.state,
                "lag_s": lag_s,
                "edition": store.edition,
                "error": store.error,
                "stored": store.stored,
                "duplicates": store.duplicates,
            },
            "judge": {
                "state": self.judge.status.state,
                "error": self.judge.status.error,
                "until": self.judge.status.until_us,
                "pass_ms": self.judge.status.pass_ms,
                "minutes": self.judge.status.minutes,
            },
            "late": self.intake.late,
            "quarantined": self.intake.quarantined,
            "rules": self.rules.status(),
            "problems": problems,
        }

    def _problems(self) -> list[str]:
        found: list[str] = []
        if self.intake.refusing:
            found.append(f"the journal refuses rows, nothing new is taken in: {self.intake.refusing}")
        if self.pipeline.poisoned_rows:
            found.append(f"{self.pipeline.poisoned_rows} journal rows could not be processed; alarms may be incomplete")
        if self.pipeline.begun_anew:
            found.append(
                "the engine's state could not be read at the start; standing alerts are unverified until data decide,"
                f" and delays began anew: {self.pipeline.begun_anew}"
            )
        if self.writer.status.state == "down":
            found.append(f"the database does not take rows; the journal keeps them: {self.writer.status.error}")
        if self.judge.status.state == "down" and self.writer.status.state == "up":
            found.append(f"means are not judged; what has come meanwhile waits: {self.judge.status.error}")
        found += self.rules.problems()
        found += self.notify.problems()
        found += [
            f"connector {health.connector} is {health.state.value}: {health.last_error}"
            for health in self.connectors()
            if health.state in (State.DISCONNECTED, State.DEGRADED)
        ]
        return found
