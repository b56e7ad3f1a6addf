"""One connection from the first item to the failure that ends it: publish, probe, watch, repair."""

import asyncio
from collections.abc import Callable, Sequence
from typing import NoReturn

import numpy as np
from asyncua import ua
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.uaerrors import UaStatusCodeError

from connectors.base import Context
from connectors.opcua.condition import Condition
from connectors.opcua.config import OpcUaConfig
from connectors.opcua.decode import Values
from connectors.opcua.errors import LinkLost
from connectors.opcua.feed import Feeder, Parcel
from connectors.opcua.items import Items
from connectors.opcua.link import Link, in_batches
from connectors.opcua.message import Notification, read_republish, read_values
from connectors.opcua.patience import DataAge
from connectors.opcua.publish import Missing, Publisher
from park.duration import format_duration

_US_PER_S = 1_000_000
#: How often the watch looks.
_WATCH_S = 0.25
#: A keep-alive may be this much late before the subscription counts as dead.
_LATE_FACTOR = 1.5


class Session:
    """Runs on a link whose items have been created. Ends with an exception that says why."""

    def __init__(
        self,
        link: Link,
        items: Items,
        config: OpcUaConfig,
        context: Context,
        feeder: Feeder,
        condition: Condition,
        age: DataAge,
        room: asyncio.Semaphore,
    ) -> None:
        self._link, self._items, self._config, self._context = link, items, config, context
        self._feeder, self._condition, self._age = feeder, condition, age
        self._publisher = Publisher(link, room, self._deliver, self._missed)
        self._publisher.on_resumed = self._resumed
        self._missing: asyncio.Queue[Missing] = asyncio.Queue()
        self._gone: set[int] = set()
        #: Called with (from, reason) of a span for which something may have been lost while connected.
        self.on_hole: Callable[[int, str], None] = lambda from_us, reason: None
        #: By our clock: when the server was last known to talk to us.
        self.alive_us = context.clock()
        #: The server's clock less ours.
        self.skew_us = 0
        #: Loop time of the first news.
        self.news_at: float | None = None

    async def run(self) -> NoReturn:
        """Until cancelled, or the link is of no more use."""
        loop = asyncio.get_running_loop()
        self._age.begin(loop.time())
        self._feeder.on_gone = self._gone.update
        async with asyncio.TaskGroup() as group:
            group.create_task(self._publisher.run(self._config.publish_requests))
            group.create_task(self._probe())
            group.create_task(self._watch())
            group.create_task(self._retry())
            group.create_task(self._repair())
        raise AssertionError("none of the tasks returns")

    async def check_server(self) -> None:
        """Ask for state and clock. Raises LinkLost where no answer comes."""
        before_us = self._context.clock()
        try:
            status = await self._link.server_status()
        except TimeoutError as error:
            raise LinkLost("the server does not answer: it hangs, or the network swallows the packets") from error
        after_us = self._context.clock()
        self.alive_us = after_us
        if status is not None:
            self._check_state(status.State)
            self._check_clock(int(status.CurrentTime.timestamp() * _US_PER_S) - (before_us + after_us) // 2)

    def _check_state(self, state: ua.ServerState) -> None:
        if state == ua.ServerState.Running:
            self._condition.fine("server state")
        else:
            self._condition.trouble("server state", f"the server says of itself that it is {state.name}, not Running")

    def _check_clock(self, skew_us: int) -> None:
        self.skew_us = skew_us
        if abs(skew_us) <= self._config.max_clock_skew:
            self._condition.fine("clock")
            return
        way = "behind" if skew_us < 0 else "ahead"
        self._condition.trouble("clock", f"server clock is {abs(skew_us) // _US_PER_S} s {way}")

    # --- what arrives

    def _deliver(self, notification: Notification) -> None:
        left = len(notification.values)

        def settle(news: bool) -> None:
            nonlocal left
            left -= 1
            if news:
                self._news()
            if not left:
                self._publisher.settled(notification)

        self.alive_us = self._context.clock()
        for values in notification.values:
            self._hand_over(values, settle)

    def _hand_over(self, values: Values, settle: Callable[[bool], None]) -> None:
        slots = values.handle.astype(np.intp)
        self._feeder.hand_over(Parcel(values, slots, self._context.clock(), settle))

    def _news(self) -> None:
        now_s = asyncio.get_running_loop().time()
        if self._age.rebuilt:
            self.on_hole(self.alive_us - int((now_s - self._age.since_s) * _US_PER_S), "no data; subscription rebuilt")
        self._age.news(now_s)
        self._condition.fine("silence")
        self.news_at = self.news_at or now_s

    def _missed(self, missing: Missing) -> None:
        self._missing.put_nowait(missing)

    def _resumed(self, idle_s: float) -> None:
        """The server's queues hold only so much; what came while we could not ask for more may have been discarded."""
        covered_s = self._config.queue * self._config.sample_every / _US_PER_S
        if idle_s > covered_s:
            from_us = self._context.clock() - int(idle_s * _US_PER_S)
            self.on_hole(from_us, f"journal behind for {idle_s:.1f} s, the server's queues may have overflowed")

    # --- what runs beside

    async def _probe(self) -> NoReturn:
        while True:
            await asyncio.sleep(self._config.probe_every / _US_PER_S)
            await self.check_server()

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
        age = f"{now_s - self._age.since_s:.0f} s"
        if self._age.too_old(now_s):
            limit = format_duration(self._config.max_data_age)
            self._condition.trouble("silence", f"no tag has had anything new for more than {limit}")
        if self._age.give_up(now_s):
            raise LinkLost(f"no tag has had anything new for {age}; rebuilding the subscription")

    async def _retry(self) -> NoReturn:
        loop = asyncio.get_running_loop()
        due_s = loop.time()
        while True:
            self._tell_bad()
            due_s += self._config.retry_bad_every / _US_PER_S
            while loop.time() < due_s:
                await asyncio.sleep(min(_WATCH_S, due_s - loop.time()))
                if self._gone:
                    await self._drop_gone()
            await self._items.retry()

    async def _drop_gone(self) -> None:
        slots = sorted(self._gone)
        self._gone.clear()
        await self._items.drop(slots, "BadNodeIdUnknown: the server has deleted the node")
        self._tell_bad()

    def _tell_bad(self) -> None:
        bad = self._items.bad
        if not bad:
            self._condition.fine("addresses")
            return
        address, reason = next(iter(bad.items()))
        more = f" (and {len(bad) - 1} more)" if len(bad) > 1 else ""
        self._condition.trouble("addresses", f"cannot read {address}: {reason}{more}")

    async def _repair(self) -> NoReturn:
        while True:
            missing = await self._missing.get()
            from_us = self.alive_us
            if await self._republish(missing):
                continue
            self.on_hole(from_us, f"{len(missing.sequences)} notifications lost")
            await self.read_all()

    async def _republish(self, missing: Missing) -> bool:
        """True where all of it came."""
        if not missing.available.issuperset(missing.sequences):
            return False
        for sequence in missing.sequences:
            request = ua.RepublishRequest()
            request.Parameters.SubscriptionId = missing.subscription
            request.Parameters.RetransmitSequenceNumber = sequence
            try:
                found = read_republish(await self._link.call_raw(request), missing.subscription)
            except UaStatusCodeError:
                return False
            for values in found.values:
                await self._feeder.put(values, values.handle.astype(np.intp))
        return True

    async def read_all(self) -> None:
        """The present value of every watched tag, because its last change may be what was lost."""
        slots = sorted(self._items.watched)

        async def call(some: Sequence[int]) -> Sequence[int]:
            request = ua.ReadRequest()
            request.Parameters.TimestampsToReturn = ua.TimestampsToReturn.Both
            request.Parameters.NodesToRead = [
                ua.ReadValueId(NodeId=self._items.nodes[slot], AttributeId=AttributeIds.Value) for slot in some
            ]
            await self._feeder.put(read_values(await self._link.call_raw(request)), np.array(some, np.intp))
            return some

        await in_batches(slots, self._config.items_per_call, self._link.limits.read, call)
