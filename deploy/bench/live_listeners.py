"""A process that is many listeners of the live stream: ``python -m deploy.bench.live_listeners CONFIG``.

Bare sockets: what is measured is the service, not a client library. Says ``figures`` when the time is over.
"""

import asyncio
import json
import sys
import time
from functools import lru_cache
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict

from deploy.verdict import epoch_us
from simulators.control import say, stop_on_signals

_EFFECTIVE = b'"effective":"'
_ALERT = b"event: alert\n"


class Config(BaseModel):
    """What the process is told."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    port: int
    key: str
    clients: int
    #: Events whose source time lies in ``[from_us, until_us)`` count.
    from_us: int
    until_us: int


@lru_cache(maxsize=10_000)
def _effective_us(text: bytes) -> int:
    """All listeners hear of the same moments."""
    return epoch_us(text.decode())


class Listener:
    """One open stream."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self.latency_ms: list[float] = []

    async def run(self) -> None:
        """Until it is cancelled."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._config.port, limit=2**22)
        request = f"GET /api/v1/live HTTP/1.1\r\nHost: bench\r\nX-API-Key: {self._config.key}\r\n\r\n"
        writer.write(request.encode())
        rest = b""
        try:
            while piece := await reader.read(262_144):
                now_us = time.time_ns() // 1_000
                *frames, rest = (rest + piece).split(b"\n\n")
                for frame in frames:
                    if _ALERT in frame:
                        self._hear(frame, now_us)
        finally:
            writer.close()

    def _hear(self, frame: bytes, now_us: int) -> None:
        begins = frame.index(_EFFECTIVE) + len(_EFFECTIVE)
        effective_us = _effective_us(frame[begins : frame.index(b'"', begins)])
        if self._config.from_us <= effective_us < self._config.until_us:
            self.latency_ms.append((now_us - effective_us) / 1e3)


async def run(config: Config) -> None:
    """Listen, then tell."""
    stop = asyncio.Event()
    stop_on_signals(stop)
    listeners = [Listener(config) for _ in range(config.clients)]
    tasks = [asyncio.create_task(one.run()) for one in listeners]
    say("ready")
    await asyncio.sleep(max(0.0, config.until_us / 1e6 - time.time()) + 2.0)
    for task in tasks:
        task.cancel()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    failed = [repr(one) for one in ended if isinstance(one, Exception)]
    if failed:
        raise RuntimeError(f"{len(failed)} of {config.clients} listeners failed: {failed[0]}")
    every = np.array([one for listener in listeners for one in listener.latency_ms])
    shares = {f"p{share}_ms": round(float(np.percentile(every, share)), 1) for share in (50, 95, 99)}
    counts = [len(listener.latency_ms) for listener in listeners]
    say("figures", counts=counts, max_ms=round(float(every.max()), 1), **shares)
    await stop.wait()


if __name__ == "__main__":
    asyncio.run(run(Config.model_validate(json.loads(Path(sys.argv[1]).read_text("utf-8")))))
