"""Samples from edge nodes on a broker; births asked for where data cannot be understood; our own presence told."""

import structlog

from connectors.base import Context, DeviceHealth
from connectors.codecs.base import Rows
from connectors.mqtt.carrier import BrokerConnector
from connectors.mqtt.events import Arrived, Connected, Event, Message
from connectors.mqtt.inbound import Decoded
from connectors.mqtt.link import Link
from connectors.sparkplug.config import SparkplugConfig
from connectors.sparkplug.marks import Marks
from connectors.sparkplug.reader import Reader
from connectors.sparkplug.state import rebirth_command, state_message

_log = structlog.get_logger(__name__)


class SparkplugConnector(BrokerConnector):
    """See `connectors.base.Connector`. A Sparkplug host application, and a primary host where ``host_id`` is set."""

    _tend_every_s = 0.5

    def __init__(self, config: SparkplugConfig, context: Context) -> None:
        """Raises ValueError or OSError where the configuration cannot work: unknown enterprise, unreadable file."""
        super().__init__(config, context, kind=config.kind)
        self._sparkplug = config
        marks = Marks(context.tags.size, context.newest_us)
        self._reader = Reader(config, context.tags, marks, self._meet)
        self._health.bad_addresses = self._amiss = self._reader.roll.unreadable()
        #: When the connection that we have (or want) was begun, which our birth and last will have in common.
        self._state_us = 0
        self._away_since_us: int | None = None
        #: Connected, and the broker kept nothing: what happened while we were away is to be found out.
        self._is_fresh = False
        self._is_welcome = False

    @property
    def reader(self) -> Reader:
        """What is known of edge nodes and devices."""
        return self._reader

    def _read(self, messages: list[Arrived], now_us: int) -> Decoded:
        self._catch_up(now_us)
        return self._reader.read(messages, now_us)

    def _catch_up(self, now_us: int) -> None:
        """What events told; done here because the book may be in use, beside the event loop, when they come."""
        if self._is_fresh:
            self._is_fresh = False
            self._reader.book.lose()
        if self._is_welcome:
            self._is_welcome = False
            self._reader.book.greet(now_us)

    def _meet(self, name: str, device: DeviceHealth) -> None:
        # A new mapping each time: it may be read on the event loop while a lot is decoded beside it.
        self._health.devices = {**self._health.devices, name: device}

    def _unreadable(self) -> dict[str, str]:
        return self._amiss

    def _will(self) -> Message | None:
        self._state_us = self._context.clock()
        return self._state(online=False, time_us=self._state_us)

    def _state(self, *, online: bool, time_us: int) -> Message | None:
        config = self._sparkplug
        if config.host_id is None:
            return None
        return state_message(config.host_id, config.state_form, online=online, time_us=time_us)

    def _on_event(self, link: Link, event: Event) -> None:
        if isinstance(event, Connected):
            self._is_fresh = not event.session_present
        super()._on_event(link, event)

    def _welcomed(self, link: Link) -> None:
        """Only now, with our subscriptions in place, may edge nodes begin."""
        if message := self._state(online=True, time_us=self._state_us):
            link.publish(message)
        self._away_since_us = None
        self._is_welcome = True

    def _leave(self, link: Link) -> None:
        if message := self._state(online=False, time_us=self._context.clock()):
            link.publish(message)

    async def _tend(self, link: Link) -> None:
        if not self._subscribed:
            return
        now_us = self._context.clock()
        self._catch_up(now_us)
        if self._reader.denied:
            self._reader.denied = False
            self._welcomed(link)
        rows = Rows()
        for node in self._reader.book.tend(rows, now_us):
            link.publish(rebirth_command(node.group, node.edge, now_us))
            _log.info(
                "An edge node is asked for its births.", connector=self._config.id, node=node.name, why=node.rebirth.why
            )
        await self._put_rows(link, rows, now_us)
        if self._amiss != (amiss := self._reader.roll.unreadable()):
            self._amiss = amiss
            self._show_state()

    async def _miss(self, link: Link) -> None:
        now_us = self._context.clock()
        if self._away_since_us is None:
            self._away_since_us = now_us
            if self._sparkplug.is_clean:
                self._reader.book.lose()
        if now_us - self._away_since_us >= self._sparkplug.mark_after:
            rows = Rows()
            self._reader.book.lose()
            self._reader.book.mark_lost(rows, now_us)
            await self._put_rows(link, rows, now_us)

    async def _put_rows(self, link: Link, rows: Rows, now_us: int) -> None:
        """What we say ourselves of tags, through the journal as all else."""
        if len(rows):
            self._health.received += len(rows)
            await self._start_lot(link, [], self._reader.finish(rows, now_us, []))
