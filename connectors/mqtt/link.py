"""One connection to the broker on a thread of its own, as the event loop sees it.

A link never reconnects: the next connection is a new link with a new paho client. So an acknowledgement can only go
to the connection its message came by: packet identifiers are reused, and an old one would acknowledge another message.
The thread also keeps the link alive while the event loop is busy.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress

from connectors.mqtt.broker import BrokerConfig
from connectors.mqtt.dialogue import Dialogue
from connectors.mqtt.events import Arrived, Ended, Event, Held, Message
from connectors.mqtt.orders import Orders


class Link:
    """Constructing does nothing; `start` dials. ``on_event`` is called by the event loop."""

    def __init__(
        self, config: BrokerConfig, held: Held, on_event: Callable[[Event], None], will: Message | None = None
    ) -> None:
        self._held = held
        self._on_event = on_event
        self._loop = asyncio.get_running_loop()
        self._orders = Orders()
        self._dialogue = Dialogue(config, self._orders, held, will=will, deliver=self._deliver, tell=self._tell)
        self._thread = threading.Thread(target=self._run, name=f"mqtt-{config.id}", daemon=True)
        self._woken = asyncio.Event()
        self._wake_sent = False
        self._inbox: deque[Arrived] = deque()
        self._over = False

    def start(self) -> None:
        """Dial. All else is told by events."""
        self._thread.start()

    @property
    def over(self) -> bool:
        """Whether the connection has ended, so that nothing more will arrive than is there."""
        return self._over or not self._thread.is_alive()

    async def wait(self, within_s: float) -> None:
        """Until something has arrived since the last `take`, or the link has ended; no longer than ``within_s``."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._woken.wait()

    def take(self, max_messages: int, max_bytes: int) -> list[Arrived]:
        """What has arrived, oldest first, within the limits."""
        self._wake_sent = False  # before looking: what comes after the look sends a new wake
        self._woken.clear()
        taken: list[Arrived] = []
        size = 0
        inbox = self._inbox
        while inbox and len(taken) < max_messages and size < max_bytes:
            one = inbox.popleft()
            size += one.held_bytes
            taken.append(one)
        if inbox:
            self._woken.set()
        return taken

    def acknowledge(self, messages: Iterable[Arrived]) -> None:
        """Tell the broker that it may forget these. Does nothing once this connection has ended."""
        self._orders.acknowledge(messages)

    def publish(self, message: Message) -> None:
        """Send a message, in order with others. Does nothing once this connection has ended."""
        self._orders.publish(message)

    async def close(self, within_s: float) -> None:
        """Send what is due and disconnect. A thread that hangs in dialling may outlive this."""
        self._orders.close()
        if self._thread.ident is not None:
            await asyncio.to_thread(self._thread.join, within_s)

    def _run(self) -> None:
        ended = Ended("the network thread was ended")
        try:
            ended = self._dialogue.hold()
        except Exception as error:  # a thread that dies silently leaves a connector that looks alive
            ended = Ended(f"{type(error).__name__}: {error}")
        finally:
            self._over = True
            if not self._orders.closing:
                self._tell(ended)
            self._orders.dismiss()
            self._call(self._woken.set)

    def _deliver(self, one: Arrived) -> None:
        self._held.taken_bytes += one.held_bytes
        self._inbox.append(one)
        if not self._wake_sent:
            self._wake_sent = True
            self._call(self._woken.set)

    def _tell(self, event: Event) -> None:
        self._call(self._on_event, event)

    def _call(self, function: Callable[..., None], *arguments: object) -> None:
        try:
            self._loop.call_soon_threadsafe(function, *arguments)
        except RuntimeError:  # the loop is closed: nobody listens any more
            self._orders.closing = True
