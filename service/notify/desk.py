"""Follows the alarms and tells whom the routes name; its memory is a file beside the journal, not in the database.

While the database is down people are told all the same. After a restart it goes on behind the last event that it had
considered; where those since cannot be had any more, what stands unacknowledged is told again: better twice than never.
"""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

import httpx
import msgspec
import structlog

from park.index import TagTable
from rules.risk.formula import Colour
from rules.spec import RuleSet
from service.alerts.book import AlertBook
from service.alerts.model import ALERT_DEFAULTS, Alert, Event
from service.alerts.states import State, Trigger
from service.api.shapes import Names, NamesNow
from service.cases.desk import Told
from service.cases.states import Step
from service.clock import Clock
from service.files import write_private
from service.live import Listener, LiveHub, Overrun
from service.notify.channels import BUILDERS
from service.notify.channels.base import Sending
from service.notify.config import Notifications
from service.notify.decide import Decider, Memory
from service.notify.heartbeat import HeartbeatTask
from service.notify.journal import NotificationJournal, of_silence
from service.notify.message import COLOUR_OF_PRIORITY, Line, Message
from service.notify.outbox import ChannelHealth, Outbox
from service.store.asking import Asking
from service.store.errors import StoreUnavailable
from service.store.queries import Queries
from service.store.scope import Scope

#: What happens to cases that people outside the page should hear of.
_OF_CASES = frozenset({Step.DISPATCH, Step.ANSWER, Step.REFUSE, Step.REOPEN, Step.CLOSE, Step.REMIND, Step.ESCALATE})
_log = structlog.get_logger(__name__)
_FILE = "notify.state"
_EVERY_S = 0.5
_PIECE, _MOST_MISSED = 1_000, 20_000
#: The heartbeat is withheld where no journal row was processed for so long.
_STILL_US = 15_000_000


class NotifyView(Protocol):
    """What is needed of the service."""

    live: LiveHub
    queries: Queries
    acting: Asking
    clock: Clock

    @property
    def book(self) -> AlertBook:
        """The alert book."""

    @property
    def tags(self) -> TagTable:
        """Of the park in force."""

    def live_rules(self) -> RuleSet:
        """Those that the engine evaluates."""

    def processed_us(self) -> int:
        """When the last journal row that alarms were computed from was written."""

    def status(self) -> dict[str, Any]:
        """See `service.api.view.ServiceView`."""


class _Kept(msgspec.Struct, kw_only=True):
    memory: Memory
    #: Messages that are not out yet.
    waiting: list[Message] = []


class NotifyDesk:
    """``async with desk.running()``; ``told`` by the alert book through the live hub, by cases through ``tell``."""

    def __init__(self, view: NotifyView, config: Notifications, data_dir: Path) -> None:
        self._view, self._config, self._file = view, config, data_dir / _FILE
        self.journal = NotificationJournal(view.acting)
        self._healths = {one.id: ChannelHealth(channel=one.id, kind=one.kind) for one in config.channels}
        self._outboxes: dict[str, Outbox] = {}
        self._waiting: dict[str, Message] = {}
        self._names = NamesNow(lambda: view.tags, view.live_rules)
        self._decider = Decider(config)
        self._dirty = False
        self._heartbeat: HeartbeatTask | None = None

    @property
    def version(self) -> int:
        """Raised with every entry of the journal."""
        return self.journal.version

    def healths(self) -> Sequence[ChannelHealth]:
        """Of every channel."""
        return list(self._healths.values())

    def heartbeat(self) -> dict[str, Any] | None:
        """``sent`` and ``last_error``; None: none is configured."""
        one = self._heartbeat
        return {"sent": one.sent, "last_error": one.last_error} if one is not None else None

    def problems(self) -> list[str]:
        """For the status: channels that do not take what they are told."""
        bad = [f"notification channel {one.channel}: {one.last_error}" for one in self.healths() if one.last_error]
        if self._heartbeat is not None and self._heartbeat.last_error:
            bad.append(f"heartbeat: {self._heartbeat.last_error}")
        return bad

    @asynccontextmanager
    async def running(self) -> AsyncIterator["NotifyDesk"]:
        """Everything up; on leaving the memory is kept."""
        self._load()
        async with AsyncExitStack() as stack:
            http = await stack.enter_async_context(httpx.AsyncClient(follow_redirects=False))
            sending = Sending(http=http, clock=self._view.clock, park=self._names().tags.park.name)
            tasks = [asyncio.create_task(self._follow(), name="notify")]
            for config in self._config.channels:
                channel = BUILDERS[config.kind](config, sending)
                health = self._healths[config.id]
                box = Outbox(channel, health, self.journal, self._view.clock, self._sent)
                self._outboxes[config.id] = box
                tasks.append(asyncio.create_task(box.run(), name=f"notify {config.id}"))
            for message in self._waiting.values():
                self._put(message)
            if self._config.heartbeat is not None:
                self._heartbeat = HeartbeatTask(self._config.heartbeat, sending, self._what_is_wrong)
                tasks.append(asyncio.create_task(self._heartbeat.run(), name="heartbeat"))
            try:
                yield self
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.wait(tasks)
                self._save()
                with contextlib.suppress(StoreUnavailable):
                    await self.journal.flush()

    def _what_is_wrong(self) -> str:
        status = self._view.status()
        if not status["ready"]:
            return "the service is not ready"
        silent_us = self._view.clock() - self._view.processed_us()
        return f"no row for {silent_us / 1e6:.0f} s" if silent_us > _STILL_US else ""

    async def _follow(self) -> None:
        while True:
            with self._view.live.listen() as listener:
                try:
                    await self._catch_up()
                    while not listener.closed:
                        await self._once(listener)
                    await asyncio.Event().wait()  # the service is stopping, and will end this task
                except Overrun as error:
                    _log.warning("Notifications fell behind; what stands is told anew.", reason=str(error))
                    self._start_over()
                except Exception as error:
                    _log.error("Notifications failed and go on.", exc_info=error)
                    await asyncio.sleep(_EVERY_S)

    async def _once(self, listener: Listener) -> None:
        for event in await listener.take(_EVERY_S):
            self._consider(event)
        book, names = self._view.book, self._names()
        standing = ((one, line_of(one, names)) for one in book.active.values())
        for message in self._decider.due(standing, self._view.clock()):
            self._send(message)
        if self._dirty:
            await asyncio.to_thread(self._write, self._encoded())
        await self.journal.flush()

    async def _catch_up(self) -> None:
        memory, live = self._decider.memory, self._view.live
        if memory.chain != self._view.book.chain:
            # First start, or a journal that was begun anew.
            self._start_over()
            return
        while True:
            try:
                missed = live.since(memory.seq)
                break
            except Overrun:
                missed = await self._in_store(memory)
                for event in missed:
                    self._consider(event)
        for event in missed:
            self._consider(event)

    async def _in_store(self, memory: Memory) -> list[Event]:
        if self._view.live.seq - memory.seq > _MOST_MISSED:
            raise Overrun(f"more than {_MOST_MISSED} events were missed")
        try:
            window = await self._view.queries.events_since(Scope.everything(), memory.chain, memory.seq, _PIECE)
        except StoreUnavailable as error:
            raise Overrun("the store does not answer") from error
        if not window.unbroken or not window.events:
            raise Overrun("the store does not have them")
        return window.events

    def _start_over(self) -> None:
        """Tell of everything that stands and that nobody has acknowledged."""
        memory, book = self._decider.memory, self._view.book
        first = not memory.chain
        memory.chain, memory.seq = book.chain, self._view.live.seq
        self._dirty = True
        for alert in [] if first else list(book.active.values()):
            if alert.state is State.UNACK:
                self._judge(Trigger.RAISED, alert, alert.seq)

    def _consider(self, event: Event) -> None:
        memory = self._decider.memory
        if event.seq <= memory.seq:
            return
        memory.chain, memory.seq = event.chain, event.seq
        self._dirty = True
        if event.context is None:
            self._judge(event.trigger, msgspec.convert(ALERT_DEFAULTS | event.alert, Alert), event.seq)

    def _judge(self, trigger: Trigger, alert: Alert, seq: int) -> None:
        now_us = self._view.clock()
        line = line_of(alert, self._names())
        messages, silences = self._decider.consider(trigger, alert, line, seq, now_us)
        for message in messages:
            self._send(message)
        for silence in silences:
            self.journal.add(of_silence(silence, now_us))

    def tell_case(self, told: Told) -> None:
        """Of a case, to the channels of every route that takes cases."""
        if told.kind not in _OF_CASES:
            return
        case, names = told.case, self._names()
        self._tell(
            Line(
                about=str(case["id"]),
                enterprise=case["enterprise"],
                enterprise_name=names.enterprises.get(case["enterprise"], ""),
                source_name=names.sources.get(case["source"], ""),
                name=f"{case['year']}-{case['number']:05d} {case['title']}",
                level=told.kind.value,
                colour=Colour(case["colour"]),
                at_us=self._view.clock(),
                why=told.text,
            )
        )

    def _tell(self, line: Line) -> None:
        told: set[str] = set()
        for route in self._config.routes:
            wanted = not route.enterprises or line.enterprise in route.enterprises
            for channel in route.channels if route.cases and wanted else ():
                if channel not in told:
                    told.add(channel)
                    made = str(uuid.uuid4())
                    self._send(Message(id=made, channel=channel, why="case", lines=(line,), route=route.id))

    def test(self, channel: str, by: str) -> None:
        """A message that says it is a test. Raises KeyError where there is no such channel."""
        if channel not in self._healths:
            raise KeyError(channel)
        line = Line(
            about=str(uuid.UUID(int=0)),
            enterprise="",
            enterprise_name="",
            source_name="",
            name=by,
            level="",
            colour=Colour.BLUE,
            at_us=self._view.clock(),
        )
        self._send(Message(id=str(uuid.uuid4()), channel=channel, why="test", lines=(line,)))

    def _send(self, message: Message) -> None:
        self._waiting[message.id] = message
        self._dirty = True
        self._put(message)

    def _put(self, message: Message) -> None:
        box = self._outboxes.get(message.channel)
        if box is not None:
            box.put(message)

    def _sent(self, message: Message) -> None:
        self._waiting.pop(message.id, None)
        self._dirty = True

    def _load(self) -> None:
        try:
            kept = msgspec.json.decode(self._file.read_bytes(), type=_Kept)
        except FileNotFoundError:
            return
        except (msgspec.MsgspecError, OSError) as error:
            _log.error("What was told before is not known; what stands is told anew.", reason=str(error))
            self._decider = Decider(self._config, Memory(chain="?"))
            return
        self._decider = Decider(self._config, kept.memory)
        self._waiting = {one.id: one for one in kept.waiting}

    def _encoded(self) -> bytes:
        self._dirty = False
        return msgspec.json.encode(_Kept(memory=self._decider.memory, waiting=list(self._waiting.values())))

    def _save(self) -> None:
        self._write(self._encoded())

    def _write(self, data: bytes) -> None:
        try:
            write_private(self._file, data)
        except OSError as error:
            self._dirty = True
            _log.warning("The state of the notifications was not kept.", reason=str(error))


def line_of(alert: Alert, names: Names) -> Line:
    """As messages tell it."""
    rule_name = names.rule(alert.rule)[0]
    return Line(
        about=alert.id,
        enterprise=alert.enterprise,
        enterprise_name=names.enterprises.get(alert.enterprise, ""),
        source_name=names.sources.get(alert.source, ""),
        name=names.target(alert.target) or rule_name or alert.target,
        level=alert.level,
        colour=COLOUR_OF_PRIORITY[alert.priority],
        value=alert.value,
        limit=alert.limit,
        unit=alert.unit,
        at_us=alert.onset_us,
        why=alert.why,
        unverified=alert.unverified,
    )


def health_shape(health: ChannelHealth) -> dict[str, Any]:
    """As the interface shows it."""
    return asdict(health)
