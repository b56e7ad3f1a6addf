"""The OPC UA connector: connects, subscribes, and when the link fails starts anew with a fresh client."""

import asyncio
from collections import Counter

from connectors.base import Context, Gap, Health
from connectors.opcua.condition import Condition
from connectors.opcua.config import OpcUaConfig
from connectors.opcua.errors import describe
from connectors.opcua.feed import Feeder
from connectors.opcua.items import Items
from connectors.opcua.link import Link, abandon, quieten_asyncua
from connectors.opcua.patience import Backoff, DataAge
from connectors.opcua.security import new_client
from connectors.opcua.session import Session
from connectors.opcua.sift import Sifter

_US_PER_S = 1_000_000
#: A session that lasted so long was a good one: the next failure starts with a short pause again.
_GOOD_S = 30.0


class OpcUaConnector:
    """One server. Constructing checks and never connects."""

    def __init__(self, config: OpcUaConfig, context: Context) -> None:
        self._config, self._context = config, context
        self._tags = context.tags.of_connector(config.id)
        self._health = Health(connector=config.id, kind=config.kind)
        self._condition = Condition(self._health, context.clock)
        self._sifter = Sifter(
            self._tags, origin=config.id, endpoint=config.endpoint, letter_every_us=config.letter_every
        )
        self._feeder = Feeder(context, self._sifter, self._health, self._condition)
        self._backoff = Backoff(config.reconnect_min / _US_PER_S, config.reconnect_max / _US_PER_S)
        self._connected_before = False

    @property
    def health(self) -> Health:
        """Read it at any time."""
        return self._health

    @property
    def counts(self) -> Counter[str]:
        """What is odd but no error: ``server_time``, ``overflow``."""
        return self._sifter.counts

    async def run(self) -> None:
        """Bring samples until cancelled. Reconnects by itself; raises nothing but CancelledError."""
        quieten_asyncua()
        feeder = asyncio.create_task(self._feeder.run())
        try:
            await self._supervise()
        finally:
            feeder.cancel()
            self._condition.stopped()

    async def _supervise(self) -> None:
        loop = asyncio.get_running_loop()
        self._down_since_us = self._context.clock()
        self._room = asyncio.Semaphore(self._config.publish_requests)
        config = self._config
        self._age = DataAge(config.max_data_age / _US_PER_S, config.max_patience / _US_PER_S, loop.time())
        while True:
            began_s = loop.time()
            try:
                await self._connect_and_run()
            except Exception as error:
                self._condition.down(describe(error))
            if loop.time() - began_s > _GOOD_S:
                self._backoff.reset()
            await asyncio.sleep(self._backoff.next_s())

    async def _connect_and_run(self) -> None:
        link = await self._open()
        try:
            items = Items(link, self._config, self._tags, self._health.bad_addresses)
            session = Session(
                link, items, self._config, self._context, self._feeder, self._condition, self._age, self._room
            )
            session.on_hole = self._hole
            await session.check_server()
            await items.create()
            self._connected()
            try:
                await session.run()
            finally:
                self._down_since_us = session.alive_us
        finally:
            await link.close()

    async def _open(self) -> Link:
        client = await new_client(self._config)
        try:
            await client.connect()
            link = Link(client, self._config)
            await link.learn()
        except BaseException:
            abandon(client)
            raise
        return link

    def _connected(self) -> None:
        self._condition.up()
        if self._connected_before:
            self._health.reconnects += 1
            self._hole(self._down_since_us, "link lost: " + self._health.last_error)
        self._connected_before = True

    def _hole(self, from_us: int, reason: str) -> None:
        self._health.gaps += 1
        gap = Gap(connector=self._config.id, from_us=from_us, to_us=self._context.clock(), reason=reason)
        self._context.on_gap(gap)
