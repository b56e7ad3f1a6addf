"""Keeps PublishRequests waiting at the server, brings the answers in order, and acknowledges what the journal has."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from asyncua import ua
from asyncua.ua.status_codes import StatusCodes
from asyncua.ua.uaerrors import UaStatusCodeError

from connectors.opcua.errors import LinkLost, describe_status
from connectors.opcua.link import Link
from connectors.opcua.message import Notification, read_publish

_WRAP = 2**32 - 1
_FOR_EVER = 0.0
#: A hole larger than this is not fetched message by message.
_MOST_MISSING = 100


@dataclass(frozen=True, slots=True)
class Missing:
    """Numbers that were left out of a subscription's sequence."""

    subscription: int
    sequences: Sequence[int]
    #: What of them the server may still have.
    available: frozenset[int]


class Publisher:
    """Of one session. ``deliver`` gets each notification with data, in order, and must lead to one `settled`."""

    def __init__(
        self,
        link: Link,
        room: asyncio.Semaphore,
        deliver: Callable[[Notification], None],
        missed: Callable[[Missing], None],
    ) -> None:
        self._link, self._room, self._deliver, self._missed = link, room, deliver, missed
        self._acks: list[ua.SubscriptionAcknowledgement] = []
        self._next: dict[int, int] = {}
        self._workers = 0
        #: PublishRequests at the server.
        self.waiting = 0
        #: Loop time of the last answer, or of the first request after a time without any.
        self.heard_at = asyncio.get_running_loop().time()
        #: Loop time since when the server has had no request of ours, because the journal is behind.
        self.idle_since: float | None = None
        #: Called with the seconds that the server had no request of ours.
        self.on_resumed: Callable[[float], None] = lambda idle_s: None

    async def run(self, requests: int) -> None:
        """Until cancelled, or LinkLost, or whatever the server answers that is no notification."""
        async with asyncio.TaskGroup() as group:
            for _ in range(requests):
                group.create_task(self._work())

    def settled(self, notification: Notification) -> None:
        """The journal has it: acknowledge it with the next request, and make room for one more."""
        self._acks.append(ua.SubscriptionAcknowledgement(notification.subscription, notification.sequence))
        self._room.release()

    async def _work(self) -> None:
        self._workers += 1
        while True:
            await self._room.acquire()
            delivered = False
            try:
                notification = await self._publish()
                delivered = self._arrived(notification) if notification else False
            finally:
                if not delivered:
                    self._room.release()
            if notification is None:
                self._workers -= 1
                return

    async def _publish(self) -> Notification | None:
        """None: the server has enough requests waiting without this one."""
        loop = asyncio.get_running_loop()
        request = ua.PublishRequest()
        request.Parameters.SubscriptionAcknowledgements, self._acks = self._acks, []
        if not self.waiting:
            self._resume(loop.time())
        self.waiting += 1
        try:
            return read_publish(await self._link.call_raw(request, timeout_s=_FOR_EVER))
        except UaStatusCodeError as error:
            if error.code == StatusCodes.BadTooManyPublishRequests and self._workers > 1:
                return None
            raise
        finally:
            self.waiting -= 1
            self.heard_at = loop.time()
            if not self.waiting:
                self.idle_since = self.heard_at

    def _resume(self, now: float) -> None:
        self.heard_at = now
        if self.idle_since is not None:
            idle_s, self.idle_since = now - self.idle_since, None
            self.on_resumed(idle_s)

    def _arrived(self, notification: Notification) -> bool:
        """True where it was delivered."""
        for code in notification.status_changes:
            raise LinkLost(f"the server ended the subscription ({describe_status(code)})")
        self._follow(notification)
        if not notification.values and notification.rubbish is None:
            return False
        self._deliver(notification)
        return True

    def _follow(self, notification: Notification) -> None:
        """Check the sequence. A keep-alive tells the number to come, so it uncovers a lost message too."""
        subscription, sequence = notification.subscription, notification.sequence
        expected = self._next.get(subscription, 1)
        lost = (sequence - expected) % _WRAP
        if 0 < lost < _WRAP // 2:
            sequences = [(expected - 1 + step) % _WRAP + 1 for step in range(min(lost, _MOST_MISSING))]
            self._missed(Missing(subscription, sequences, notification.available))
        self._next[subscription] = sequence if notification.keep_alive else sequence % _WRAP + 1
