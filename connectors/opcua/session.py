"""One connection from the first item to the failure that ends it: publish, probe, watch, repair, refill."""

import asyncio
from collections.abc import Callable
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from connectors.opcua.decode import Values
from connectors.opcua.errors import LinkLost
from connectors.opcua.feed import Parcel
from connectors.opcua.history import Refiller
from connectors.opcua.holes import Hole
from connectors.opcua.items import Items
from connectors.opcua.lasting import Lasting
from connectors.opcua.link import Link
from connectors.opcua.message import Notification
from connectors.opcua.probe import Probe
from connectors.opcua.publish import Missing, Publisher
from connectors.opcua.repair import Repair
from park.duration import format_duration

_US_PER_S = 1_000_000
#: How often the watch looks.
_WATCH_S = 0.25
#: A keep-alive may be this much late before the subscription counts as dead.
_LATE_FACTOR = 1.5


class Session:
    """Runs on a fresh link. Ends with an exception that says why."""

    def __init__(self, link: Link, lasting: Lasting, known_us: NDArray[np.int64]) -> None:
        """``known_us``: greatest source time each slot had when the session before this one ended."""
        self._lasting, self._config, self._known_us = lasting, lasting.config, known_us
        self.probe = Probe(link, lasting)
        self._items = Items(link, lasting.config, lasting.tags, lasting.health.bad_addresses)
        self._repair = Repair(link, self._items, lasting)
        self._refiller = Refiller(link, self._items, self.probe, lasting)
        self._publisher = Publisher(link, lasting.room, self._deliver, self._missed)
        self._publisher.on_resumed = self._resumed
        self._gone: set[int] = set()

    async def prepare(self) -> None:
        """Check that the server is well, and watch every tag. What cannot be watched is in ``health.bad_addresses``."""
        await self.probe.check()
        await self._items.create()
        self._lasting.sifter.counts["no_filter"] = self._items.without_filter

    async def run(self) -> NoReturn:
        """Until cancelled, or the link is of no more use."""
        self._lasting.age.begin(asyncio.get_running_loop().time())
        self._lasting.feeder.on_gone = self._gone.update
        async with asyncio.TaskGroup() as group:
            group.create_task(self._publisher.run(self._config.publish_requests))
            group.create_task(self.probe.run())
            group.create_task(self._watch())
            group.create_task(self._retry())
            group.create_task(self._repair.run())
            group.create_task(self._refiller.run())
        raise AssertionError("none of the tasks returns")

    @property
    def covered_until_us(self) -> int:
        """By our clock: until when nothing can be missing. While the journal is behind we do not ask for more."""
        idle_since = self._publisher.idle_since
        if idle_since is None:
            return self.probe.alive_us
        idle_s = asyncio.get_running_loop().time() - idle_since
        return min(self.probe.alive_us, self._lasting.context.clock() - round(idle_s * _US_PER_S))

    # --- what arrives

    def _deliver(self, notification: Notification) -> None:
        left = len(notification.values)

        def settle(news: bool) -> None:
            nonlocal left
            left -= 1
            if news:
                self._news()
            if left <= 0:
                self._publisher.settled(notification)

        if notification.rubbish is not None:
            self._repair.note(notification.rubbish, self.probe.alive_us)
        self.probe.alive_us = self._lasting.context.clock()
        for values in notification.values:
            self._hand_over(values, settle)
        if not left:
            settle(False)

    def _hand_over(self, values: Values, settle: Callable[[bool], None]) -> None:
        slots = values.handle.astype(np.intp)
        self._lasting.feeder.hand_over(Parcel(values, slots, self.probe.alive_us, settle))

    def _missed(self, missing: Missing) -> None:
        self._repair.note(missing, self.probe.alive_us)

    def _news(self) -> None:
        """Some tag has something newer than before."""
        age, now_s = self._lasting.age, asyncio.get_running_loop().time()
        if age.rebuilt:
            self._hole(now_s - age.since_s, "no data; the subscription was rebuilt", self._known_us)
        age.news(now_s)
        self._lasting.condition.fine("silence")

    def _resumed(self, idle_s: float) -> None:
        """The server's queues hold only so much; what came while we could not ask for more may have been discarded."""
        self._lasting.age.begin(asyncio.get_running_loop().time())
        if idle_s > self._config.queue * self._config.sample_every / _US_PER_S:
            reason = f"the journal was behind for {idle_s:.1f} s, the server's queues may have overflowed"
            self._hole(idle_s, reason, self._lasting.sifter.last_us.copy())

    def _hole(self, length_s: float, reason: str, last_us: NDArray[np.int64]) -> None:
        now_us = self._lasting.context.clock()
        self._lasting.holes.open(Hole(now_us - round(length_s * _US_PER_S), now_us, reason, last_us))

    # --- what runs beside

    async def _watch(self) -> NoReturn:
        loop = asyncio.get_running_loop()
        limit_s = self._items.publish_every_s * self._items.keep_alive_count * _LATE_FACTOR
        limit_s += self._config.request_timeout / _US_PER_S
        while True:
            await asyncio.sleep(_WATCH_S)
            if not self._publisher.waiting:
                continue
            if loop.time() - self._publisher.heard_at > limit_s:
                raise LinkLost(f"the subscription is dead: neither data nor keep-alive for {limit_s:.0f} s")
            if self._items.watched:
                self._watch_age(loop.time())

    def _watch_age(self, now_s: float) -> None:
        age = self._lasting.age
        if age.too_old(now_s):
            limit = format_duration(self._config.max_data_age)
            self._lasting.condition.trouble("silence", f"no tag has had anything new for more than {limit}")
        if age.give_up(now_s):
            silent_s = now_s - age.since_s
            raise LinkLost(f"no tag has had anything new for {silent_s:.0f} s; rebuilding the subscription")

    async def _retry(self) -> NoReturn:
        loop = asyncio.get_running_loop()
        while True:
            self._tell_bad()
            due_s = loop.time() + self._config.retry_bad_every / _US_PER_S
            while loop.time() < due_s:
                await asyncio.sleep(min(_WATCH_S, self._config.retry_bad_every / _US_PER_S))
                if self._gone:
                    await self._drop_gone()
            await self._items.retry()

    async def _drop_gone(self) -> None:
        slots = sorted(self._gone)
        self._gone.clear()
        await self._items.drop(slots, "BadNodeIdUnknown: the server has removed the node")
        self._tell_bad()

    def _tell_bad(self) -> None:
        bad = self._items.bad
        if not bad:
            self._lasting.condition.fine("addresses")
            return
        address, reason = next(iter(bad.items()))
        more = f" (and {len(bad) - 1} more)" if len(bad) > 1 else ""
        self._lasting.condition.trouble("addresses", f"cannot read {address}: {reason}{more}")
