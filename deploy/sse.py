"""A client of the live stream, as a browser is one: reconnects by itself and goes on from the last event it had."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import orjson

_RETRY_S = 0.3
#: The service says something every second; nothing for so long means that the link is dead.
_SILENCE_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One event of the stream."""

    #: ``alert``, ``context``, ``status``, ``snapshot``, ``reset``, ``values``; ``lost`` where the connection was.
    event: str
    data: Any


async def live(url: str, key: str, *, path: str = "/api/v1/live") -> AsyncGenerator[Message, None]:
    """Everything the stream says, for ever; ``lost`` between two connections."""
    last_id = ""
    while True:
        try:
            headers = {"X-API-Key": key} | ({"Last-Event-ID": last_id} if last_id else {})
            timeout = httpx.Timeout(5.0, read=_SILENCE_S)
            async with (
                httpx.AsyncClient(timeout=timeout, trust_env=False) as client,
                client.stream("GET", url + path, headers=headers) as response,
            ):
                response.raise_for_status()
                async for event, data, event_id in _events(response):
                    last_id = event_id or last_id
                    yield Message(event=event, data=data)
        except (httpx.HTTPError, OSError) as error:
            yield Message(event="lost", data={"reason": f"{type(error).__name__}: {error}"})
        await asyncio.sleep(_RETRY_S)


async def _events(response: httpx.Response) -> AsyncIterator[tuple[str, Any, str]]:
    data: list[str] = []
    event, event_id = "message", ""
    async for line in _lines(response):
        if not line:
            if data:
                yield event, orjson.loads("\n".join(data)), event_id
            event, data, event_id = "message", [], ""
        elif not line.startswith(":"):
            field, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if field == "event":
                event = value
            elif field == "data":
                data.append(value)
            elif field == "id":
                event_id = value


async def _lines(response: httpx.Response) -> AsyncIterator[str]:
    """Ended by LF or CR LF alone; httpx would also end them at U+2028, which JSON text may hold."""
    rest = b""
    async for piece in response.aiter_bytes():
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            yield line.removesuffix(b"\r").decode()
