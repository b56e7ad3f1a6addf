"""A dead man's switch: as long as the service is well it says so to a receiver outside; its silence is the alarm."""

import asyncio
from collections.abc import Callable
from typing import Any

from service.api.answer import to_json
from service.notify.channels.base import NotSent, Sending, post
from service.notify.config import Heartbeat


class HeartbeatTask:
    """``run()`` it. ``well`` returns what is wrong; empty: nothing, and the receiver hears of us."""

    def __init__(self, config: Heartbeat, sending: Sending, well: Callable[[], str]) -> None:
        self._config, self._sending, self._well = config, sending, well
        self.sent = 0
        #: Why the last beat was not sent, or not taken.
        self.last_error = ""

    async def run(self) -> None:
        """For ever."""
        while True:
            await self.beat()
            await asyncio.sleep(self._config.every / 1e6)

    async def beat(self) -> None:
        """Once, where all is well."""
        wrong = self._well()
        if wrong:
            self.last_error = f"withheld: {wrong}"
            return
        body: dict[str, Any] = {"park": self._sending.park, "at_us": self._sending.clock(), "beat": self.sent + 1}
        try:
            url = self._config.url.get_secret_value()
            await post(self._sending, url, self._config.within, content=to_json(body))
        except NotSent as error:
            self.last_error = str(error)
        else:
            self.sent += 1
            self.last_error = ""
