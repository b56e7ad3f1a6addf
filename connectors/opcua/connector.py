"""The OPC UA connector: connects, subscribes, and when the link fails starts anew with a fresh client."""

import asyncio
from collections import Counter

from connectors.base import Context, Health
from connectors.opcua import lasting
from connectors.opcua.config import OpcUaConfig
from connectors.opcua.errors import describe
from connectors.opcua.holes import Hole
from connectors.opcua.link import open_link, quieten_asyncua
from connectors.opcua.patience import Backoff
from connectors.opcua.security import check_files
from connectors.opcua.session import Session

_US_PER_S = 1_000_000
#: A session that lasted so long was a good one: the next failure starts with a short pause again.
_GOOD_S = 30.0


class OpcUaConnector:
    """One server. Constructing checks and never connects."""

    def __init__(self, config: OpcUaConfig, context: Context) -> None:
        """Raises ValueError or OSError where the configuration cannot work: a certificate that cannot be read, say."""
        check_files(config)
        self._config, self._context = config, context
        self._lasting = lasting.build(config, context)
        self._backoff = Backoff(config.reconnect_min / _US_PER_S, config.reconnect_max / _US_PER_S)
        #: What happened to the link since it was last up; and what each tag had when it went down.
        self._down_since_us = 0
        self._why = ""
        self._was_connected = False
        self._stopping = False
        self._last_us = self._lasting.sifter.last_us.copy()

    @property
    def health(self) -> Health:
        """Read it at any time."""
        return self._lasting.health

    @property
    def counts(self) -> Counter[str]:
        """What is odd but no error: ``server_time`` (no source time given), ``overflow`` (a server queue too short)."""
        return self._lasting.sifter.counts

    async def run(self) -> None:
        """Bring samples until cancelled. Reconnects by itself; raises nothing but CancelledError."""
        quieten_asyncua()
        self._stopping = False
        tasks = [asyncio.create_task(self._lasting.feeder.run()), asyncio.create_task(self._supervise())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            # A link that fails in the very moment of a cancellation raises its failure instead: hence the flag.
            self._stopping = True
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._lasting.holes.close_all()
            self._lasting.condition.stopped()

    async def _supervise(self) -> None:
        loop = asyncio.get_running_loop()
        # What the journal has from before the service was started tells since when we were away.
        self._down_since_us = int(self._last_us.max(initial=0))
        if not self._down_since_us:
            self._down_since_us = self._context.clock() - self._config.history.at_start
        self._lasting.age.news(loop.time())
        while True:
            began_s = loop.time()
            try:
                await self._connect_and_run()
            except Exception as error:
                said = describe(error)
                self._why = self._why or said  # what broke it, not what kept it from coming back
                self._lasting.condition.down(said)
            if self._stopping:
                return
            if loop.time() - began_s > _GOOD_S:
                self._backoff.reset()
            await asyncio.sleep(self._backoff.next_s())

    async def _connect_and_run(self) -> None:
        link = await open_link(self._config)
        try:
            session = Session(link, self._lasting, self._last_us)
            await session.prepare()
            self._connected()
            try:
                await session.run()
            finally:
                self._down_since_us = session.covered_until_us
                self._last_us = self._lasting.sifter.last_us.copy()
        finally:
            await link.close()

    def _connected(self) -> None:
        """Open the hole that the time without a link left, and tell that the link is up."""
        first = not self._was_connected and not self.health.errors
        smooth_start = first and not self._config.history.at_start and not self._last_us.any()
        # A rebuild for want of data is no hole unless data come; the session then opens it.
        if not smooth_start and not self._lasting.age.rebuilt:
            now_us = self._context.clock()
            reason = self._why or "start of the service"
            self._lasting.holes.open(Hole(self._down_since_us, now_us, reason, self._last_us))
        self._why = ""
        self.health.reconnects += self._was_connected
        self._was_connected = True
        self._lasting.condition.up()
