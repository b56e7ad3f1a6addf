"""The interface on a real port, by uvicorn as the service runs it, and a listener that reads its live stream."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI


class Server(uvicorn.Server):
    """In this event loop; stopped by the test."""

    def __init__(self, app: FastAPI) -> None:
        config = uvicorn.Config(
            app, port=0, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=3
        )
        super().__init__(config)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to pytest."""
        yield

    @property
    def url(self) -> str:
        """Once it has started."""
        port = self.servers[0].sockets[0].getsockname()[1]
        return f"http://127.0.0.1:{port}"


async def until(happened: Callable[[], bool], *, within_s: float = 5.0) -> None:
    """Wait for something that tells no one when it happens."""
    async with asyncio.timeout(within_s):
        while not happened():
            await asyncio.sleep(0.01)


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[Server]:
    """A running server; whoever uses it ends the streams, as the service does."""
    server = Server(app)
    task = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    try:
        yield server
    finally:
        server.should_exit = True
        await task


@dataclass(frozen=True, kw_only=True)
class Frame:
    """One Server-Sent Event."""

    event: str
    id: str
    data: Any


class LiveListener:
    """Reads one live stream."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._lines = response.aiter_lines()

    async def next(self) -> Frame | None:
        """The next event; None at the end of the stream."""
        fields: dict[str, str] = {}
        async for line in self._lines:
            if line:
                name, _, value = line.partition(": ")
                fields[name] = value
            elif "data" in fields:
                return Frame(event=fields["event"], id=fields.get("id", ""), data=json.loads(fields["data"]))
            else:
                fields = {}
        return None

    async def next_of(self, *events: str, within_s: float = 5.0) -> Frame:
        """The next event of these kinds, the others passed over."""
        async with asyncio.timeout(within_s):
            while (frame := await self.next()) is not None:
                if frame.event in events:
                    return frame
        raise EOFError(f"the stream ended without {events}")


@asynccontextmanager
async def listening(url: str, key: str, query: str = "", last_event_id: str = "") -> AsyncIterator[LiveListener]:
    """A new connection to the live stream."""
    headers = {"X-API-Key": key} | ({"Last-Event-ID": last_event_id} if last_event_id else {})
    async with (
        httpx.AsyncClient(base_url=url, headers=headers, timeout=10) as client,
        client.stream("GET", f"/api/v1/live{query}") as response,
    ):
        yield LiveListener(response)
