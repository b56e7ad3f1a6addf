"""Asks the server now and then how it is and what time it has: a link that is only half there cannot answer."""

import asyncio
from typing import NoReturn

from asyncua import ua

from connectors.opcua.errors import LinkLost
from connectors.opcua.lasting import Lasting
from connectors.opcua.link import Link

_US_PER_S = 1_000_000


class Probe:
    """Of one session."""

    def __init__(self, link: Link, lasting: Lasting) -> None:
        self._link, self._lasting = link, lasting
        #: By our clock: when the server last answered or sent anything.
        self.alive_us = lasting.context.clock()
        #: The server's clock less ours.
        self.skew_us = 0

    async def run(self) -> NoReturn:
        """Until cancelled or LinkLost."""
        while True:
            await asyncio.sleep(self._lasting.config.probe_every / _US_PER_S)
            await self.check()

    async def check(self) -> None:
        """Once. Raises LinkLost where no answer comes."""
        clock = self._lasting.context.clock
        before_us = clock()
        try:
            status = await self._link.server_status()
        except TimeoutError as error:
            raise LinkLost("the server does not answer: it hangs, or the network swallows the packets") from error
        self.alive_us = clock()
        if status is not None:
            self._check_state(status.State)
            self._check_clock(round(status.CurrentTime.timestamp() * _US_PER_S) - (before_us + self.alive_us) // 2)

    def _check_state(self, state: ua.ServerState) -> None:
        if state == ua.ServerState.Running:
            self._lasting.condition.fine("server state")
        else:
            text = f"the server says of itself that it is {ua.ServerState(state).name}, not Running"
            self._lasting.condition.trouble("server state", text)

    def _check_clock(self, skew_us: int) -> None:
        self.skew_us = skew_us
        if abs(skew_us) <= self._lasting.config.max_clock_skew:
            self._lasting.condition.fine("clock")
            return
        way = "behind" if skew_us < 0 else "ahead"
        self._lasting.condition.trouble("clock", f"server clock is {round(abs(skew_us) / _US_PER_S)} s {way}")
