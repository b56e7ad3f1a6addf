"""Traces raised alerts of the fence and the air stations by itself, once they have settled, and keeps the answers.

It listens to the live hub and to nothing else of the pipeline; it reads the store as the interface does. One trace is
made at a time, in a thread, and after each it rests for as long as that took: whatever happens, the plant's data come
first. Every alert is traced once, and once more where data came late; a restart finds what is due in the store.
"""

import asyncio
import contextlib
import heapq
import time
from typing import NamedTuple, Protocol

import structlog

from service.alerts.model import Alert, Event
from service.alerts.states import Trigger
from service.live import LiveHub, Overrun
from service.store.errors import QuestionRefused, StoreUnavailable
from service.store.scope import Scope
from service.store.traces import StoredTrace, TraceWriter
from service.tracing.compute import NotTraceable, View, compute, subjects
from service.tracing.places import STATION_KINDS
from service.tracing.policy import TracingPolicy
from service.tracing.signals import NOT_OF_THE_PLANT

_log = structlog.get_logger(__name__)

#: Alerts that wait; more than this are a flood, whose traces would tell nobody anything.
_MOST_WAITING = 1_000
_AGAIN_US = 5_000_000
_LONGEST_WAIT_S = 5.0
_LEAST_REST_S = 0.2


class TracingView(View, Protocol):
    """What is needed of `service.api.view.ServiceView`."""

    live: LiveHub


class _Due(NamedTuple):
    at_us: int
    alert: str
    revision: int


class Tracer:
    """``run()`` it beside the service."""

    def __init__(self, view: TracingView, dsn: str, policy: TracingPolicy) -> None:
        self._view, self._policy = view, policy
        self._writer = TraceWriter(dsn)
        self._due: list[_Due] = []
        self._known: set[tuple[str, int]] = set()
        self._caught_up, self._at_work = False, False
        #: Traces kept since the start.
        self.kept = 0

    @property
    def idle(self) -> bool:
        """True where the store has been asked, and nothing is due now."""
        waits = not self._due or self._due[0].at_us > self._view.clock()
        return self._caught_up and waits and not self._at_work

    async def run(self) -> None:
        """For ever; what fails is logged and does not end it."""
        while True:
            self._caught_up = False
            with self._view.live.listen() as listener, contextlib.suppress(Overrun):
                while not listener.closed:
                    await self._catch_up()
                    self._take_in(await listener.take(self._wait_s()))
                    await self._work()
            if listener.closed:
                # The service is stopping, and will end this task.
                await asyncio.Event().wait()

    def _wait_s(self) -> float:
        if not self._due:
            return _LONGEST_WAIT_S
        return min(max((self._due[0].at_us - self._view.clock()) / 1e6, 0.0), _LONGEST_WAIT_S)

    def _take_in(self, events: list[Event]) -> None:
        for event in events:
            if event.trigger is Trigger.RAISED and event.context is None:
                alert = self._view.book.get(event.alert_id)
                if alert is not None and self.wants(alert):
                    self._add(_Due(alert.detected_us + self._policy.settle, alert.id, 1))

    def wants(self, alert: Alert) -> bool:
        """Whether it is a rise that something at the fence or an air station smelt."""
        if alert.kind in NOT_OF_THE_PLANT or alert.side == "low":
            return False
        try:
            found = subjects(self._view.tags, alert.target)
        except NotTraceable:
            return False
        return found[0].source.kind in STATION_KINDS

    def _add(self, due: _Due) -> None:
        if (due.alert, due.revision) in self._known:
            return
        if len(self._due) >= _MOST_WAITING:
            _log.warning("Too many alerts wait to be traced; this one is traced when asked for.", alert=due.alert)
            return
        self._known.add((due.alert, due.revision))
        heapq.heappush(self._due, due)

    async def _catch_up(self) -> None:
        """What the store has alerts of, and no trace: raised while this was not running."""
        if self._caught_up:
            return
        now_us = self._view.clock()
        sources = [
            f"{owner}.{one.id}"
            for owner, own in self._view.tags.park.owners()
            for one in own
            if one.kind in STATION_KINDS
        ]
        try:
            found = await self._view.queries.alerts_without_trace(
                sources, from_us=now_us - self._policy.catch_up, limit=_MOST_WAITING
            )
        except StoreUnavailable:
            return
        self._caught_up = True
        # What was raised just now may not be in the store yet.
        standing = [one for one in self._view.book.active.values() if one.raised_us >= now_us - self._policy.catch_up]
        for alert, revision in [*found, *((one, 0) for one in standing)]:
            if self.wants(alert):
                after_us = self._policy.late_after if revision else self._policy.settle
                self._add(_Due(alert.detected_us + after_us, alert.id, revision + 1))

    async def _work(self) -> None:
        """What is due, one at a time; new alerts are taken in between."""
        if not self._due or self._due[0].at_us > self._view.clock():
            return
        due = heapq.heappop(self._due)
        self._known.discard((due.alert, due.revision))
        self._at_work, began_s = True, time.monotonic()
        try:
            await self._trace(due)
        except StoreUnavailable:
            self._add(due._replace(at_us=self._view.clock() + _AGAIN_US))
        except (NotTraceable, QuestionRefused) as error:
            _log.info("An alert could not be traced.", alert=due.alert, reason=str(error))
        except Exception as error:
            _log.error("A trace failed; the alert stands as it is.", alert=due.alert, exc_info=error)
        finally:
            self._at_work = False
        await asyncio.sleep(max(_LEAST_REST_S, time.monotonic() - began_s))

    async def _trace(self, due: _Due) -> None:
        view = self._view
        # The store takes rows in order: where it has the alert, it has the samples that raised it.
        alert = await view.queries.alert(Scope.everything(), due.alert)
        if alert is None and view.book.get(due.alert) is not None:
            raise StoreUnavailable("the store does not have the alert yet")
        if alert is None:
            return
        before = await view.queries.trace(Scope.everything(), due.alert)
        if before is not None and before.revision >= due.revision:
            return
        found = await compute(view, alert.target, alert.onset_us)
        if before is not None and found.samples <= before.samples:
            return  # nothing came late
        await self._writer.keep(
            StoredTrace(
                alert_id=alert.id,
                revision=due.revision,
                subject=found.subject.id,
                enterprise=found.subject.enterprise,
                at_us=found.at_us,
                computed_us=view.clock(),
                samples=found.samples,
                body=found.body,
            )
        )
        self.kept += 1
        if due.revision == 1:
            self._add(_Due(alert.detected_us + self._policy.late_after, alert.id, 2))
