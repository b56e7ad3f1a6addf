"""What connectors on an MQTT broker share: messages are taken in lots, read, journalled, and then acknowledged."""

import asyncio
import random

import structlog

from connectors.base import Context, Health, IntakeRefused, State
from connectors.mqtt.broker import BrokerConfig
from connectors.mqtt.events import Arrived, Connected, Ended, Event, Held, Message, Subscribed
from connectors.mqtt.gaps import STARTING, GapLog
from connectors.mqtt.inbound import Decoded
from connectors.mqtt.link import Link

_log = structlog.get_logger(__name__)

#: A lot is decoded in one go, so it bounds how long the event loop is busy ...
_LOT_MESSAGES = 2000
_LOT_BYTES = 8 * 1024 * 1024
#: ... and one with more bytes than this is decoded beside the loop.
_BESIDE_BYTES = 512 * 1024
#: Lots on their way into the journal at once, so that the tick of the intake does not limit the flow.
_LOTS_IN_FLIGHT = 32
#: How long what the intake already has may take when we are told to stop.
_STOP_WITHIN_S = 2.0
_RETRY_REFUSED_S = 1.0
#: A connection that lived this long was a good one: the next retry is quick again.
_GOOD_AFTER_US = 10_000_000


class BrokerConnector:
    """See `connectors.base.Connector`. What it reads out of messages is told by `_read`; the other hooks may stay."""

    #: How long `_tend` may be left uncalled while nothing comes.
    _tend_every_s = 2.0

    def __init__(self, config: BrokerConfig, context: Context, *, kind: str) -> None:
        """Raises OSError where a file cannot be read."""
        self._config = config
        self._context = context
        config.read_password()
        if config.tls is not None:
            config.tls.context()
        self._health = Health(connector=config.id, kind=kind)
        self._gaps = GapLog(config.id, context.on_gap)
        self._held = Held(config.max_unjournalled_bytes)
        self._slots = asyncio.Semaphore(_LOTS_IN_FLIGHT)
        self._last_lot: asyncio.Task[None] | None = None
        self._lots: set[asyncio.Task[None]] = set()
        self._pause_s = 0.0
        self._connected_us: int | None = None
        self._connections = 0
        self._subscribed = False
        self._refusing = ""
        self._refused_topics: dict[str, str] = {}
        #: Retained messages seen: old values that a new subscriber is shown. Counted, and not stored.
        self.retained = 0

    @property
    def health(self) -> Health:
        """What this connector says about itself."""
        return self._health

    def _read(self, messages: list[Arrived], now_us: int) -> Decoded:
        """What a lot holds. Raises nothing for what messages hold; may be called beside the event loop."""
        raise NotImplementedError

    def _will(self) -> Message | None:
        """What the broker is to tell the others when the next connection is lost."""
        return None

    def _welcomed(self, link: Link) -> None:
        """The broker has answered our subscriptions."""

    async def _tend(self, link: Link) -> None:
        """Whatever falls due: called after every round of lots, and every `_tend_every_s`."""

    async def _miss(self, link: Link) -> None:
        """The connection has ended, or there was none; called before every pause."""

    def _leave(self, link: Link) -> None:
        """We are told to stop: the last words on this link."""

    def _unreadable(self) -> dict[str, str]:
        """What is configured and cannot be read: address -> reason."""
        return {}

    async def run(self) -> None:
        """See `connectors.base.Connector`."""
        self._health.turn(State.STARTING, self._context.clock())
        self._gaps.down(self._context.clock(), STARTING)
        try:
            while True:
                try:
                    await self._one_connection()
                except Exception:  # never because of the plant; but a connector that ends is a blind spot
                    self._health.errors += 1
                    _log.exception("An MQTT connection ended by an error of ours.", connector=self._config.id)
                await asyncio.sleep(self._next_pause_s())
        finally:
            await self._finish_lots()
            self._gaps.settle(self._context.clock(), at_once=True)
            self._health.turn(State.STOPPED, self._context.clock())

    async def _one_connection(self) -> None:
        link = Link(self._config, self._held, lambda event: self._on_event(link, event), self._will())
        link.start()
        try:
            await self._pump(link)
        except asyncio.CancelledError:
            await self._finish_lots()  # so that their acknowledgements still go out
            self._leave(link)
            raise
        else:
            await self._miss(link)
        finally:
            await link.close(_STOP_WITHIN_S)

    async def _pump(self, link: Link) -> None:
        """From the inbox into lots, until the link has ended and its inbox is empty."""
        while True:
            await link.wait(self._tend_every_s)
            await asyncio.sleep(self._config.gather / 1e6)
            over = link.over  # before looking: whatever it brought is there by now
            while messages := link.take(_LOT_MESSAGES, _LOT_BYTES):
                await self._start_lot(link, messages)
            self._gaps.settle(self._context.clock())
            await self._tend(link)
            if over:
                return

    async def _start_lot(self, link: Link, messages: list[Arrived], decoded: Decoded | None = None) -> None:
        """``decoded``: what is to be journalled although no message says so."""
        await self._slots.acquire()
        try:
            decoded = decoded or await self._decode(messages)
        except BaseException:
            self._slots.release()
            raise
        self._last_lot = asyncio.create_task(self._journal(link, messages, decoded, self._last_lot))
        self._lots.add(self._last_lot)
        self._last_lot.add_done_callback(self._lots.discard)

    async def _decode(self, messages: list[Arrived]) -> Decoded:
        now_us = self._context.clock()
        if sum(one.held_bytes for one in messages) > _BESIDE_BYTES:
            decoded = await asyncio.to_thread(self._read, messages, now_us)
        else:
            decoded = self._read(messages, now_us)
        self.retained += decoded.retained
        self._health.messages += len(messages)
        if len(decoded.batch):
            self._health.received += len(decoded.batch)
            self._health.last_received_us = now_us
            self._health.note_source_time(decoded.batch.time_us, now_us)
            self._gaps.samples(decoded.batch.time_us, now_us)
        return decoded

    async def _journal(
        self, link: Link, messages: list[Arrived], decoded: Decoded, before: asyncio.Task[None] | None
    ) -> None:
        """Put a lot, then acknowledge it after the lot ``before``: MQTT wants that in order (MQTT 5, 4.6)."""
        try:
            if not decoded.is_empty:
                await self._put(decoded, before)
            if before is not None and not before.done():
                await asyncio.wait([before])
            self._health.journalled += len(decoded.batch)
            self._health.dead_letters += len(decoded.letters)
        finally:
            self._held.released_bytes += sum(one.held_bytes for one in messages)
            self._slots.release()
        link.acknowledge(messages)

    async def _put(self, decoded: Decoded, before: asyncio.Task[None] | None) -> None:
        """Until the intake has it. What it refuses is offered again, oldest first; the broker keeps its copy too."""
        while True:
            if self._refusing and before is not None and not before.done():
                await asyncio.wait([before])
            try:
                await self._context.intake.put(
                    decoded.batch, decoded.letters, periods=decoded.periods, frames=decoded.frames
                )
            except IntakeRefused as error:
                self._refused(f"the journal refuses: {error}; nothing is acknowledged, the broker keeps the data")
            except Exception as error:  # an intake that fails otherwise has not stored either
                _log.exception("The intake failed.", connector=self._config.id)
                self._refused(f"the intake failed: {type(error).__name__}: {error}")
            else:
                if self._refusing:
                    self._refusing = ""
                    self._show_state()
                return
            await asyncio.sleep(_RETRY_REFUSED_S)

    def _refused(self, why: str) -> None:
        self._health.errors += 1
        if not self._refusing:
            _log.error("Nothing is stored.", connector=self._config.id, why=why)
        self._refusing = why
        self._show_state(why)

    async def _finish_lots(self) -> None:
        """Let what the intake already has be stored and acknowledged; give up what takes too long."""
        if self._lots:
            _, late = await asyncio.wait(set(self._lots), timeout=_STOP_WITHIN_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def _on_event(self, link: Link, event: Event) -> None:
        now_us = self._context.clock()
        if isinstance(event, Connected):
            self._connected_us = now_us
            self._health.reconnects += self._connections > 0
            self._connections += 1
            self._gaps.up(now_us, session_present=event.session_present)
            self._health.gaps = self._gaps.count
        elif isinstance(event, Subscribed):
            self._subscribed = True
            self._note_refused_topics(event.refused)
            self._welcomed(link)
        else:
            self._note_end(event, now_us)

    def _note_refused_topics(self, refused: dict[str, str]) -> None:
        self._refused_topics = refused
        said = "; ".join(f"subscription to {topic} refused: {reason}" for topic, reason in refused.items())
        if said:
            self._health.errors += 1
            _log.error("The broker refuses subscriptions.", connector=self._config.id, why=said)
        else:
            _log.info("Connected to the broker.", connector=self._config.id, host=self._config.host)
        self._show_state(said)

    def _note_end(self, event: Ended, now_us: int) -> None:
        since_us, self._connected_us = self._connected_us, None
        if since_us is not None and now_us - since_us >= _GOOD_AFTER_US:
            self._pause_s = 0.0
        self._subscribed = False
        self._gaps.down(max(now_us - event.silent_us, since_us or 0), event.reason)
        self._health.errors += 1
        if since_us is not None or event.reason != self._health.last_error:  # not once an attempt
            _log.warning("No connection to the broker.", connector=self._config.id, why=event.reason)
        self._show_state(event.reason)

    def _show_state(self, error: str = "") -> None:
        self._health.bad_addresses = {**self._unreadable(), **self._refused_topics}
        if self._refusing:
            state = State.DEGRADED
        elif not self._subscribed:
            state = State.DISCONNECTED
        else:
            state = State.DEGRADED if self._health.bad_addresses else State.CONNECTED
        self._health.turn(state, self._context.clock(), error)

    def _next_pause_s(self) -> float:
        """Twice the last, within the configured bounds, and varied: a hundred connectors must not return as one."""
        first_s, max_s = self._config.retry_first / 1e6, self._config.retry_max / 1e6
        self._pause_s = min(max(self._pause_s * 2, first_s), max_s)
        return self._pause_s * random.uniform(0.5, 1.0)
