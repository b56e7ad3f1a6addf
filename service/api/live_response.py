"""The HTTP side of a live stream: ends at once when the listener leaves, and drops one that stopped reading."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator

from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

#: A listener that has taken nothing for so long is gone; should it live, it connects again and resumes.
_STUCK_S = 30.0


class LiveResponse(StreamingResponse):
    """``text/event-stream``."""

    media_type = "text/event-stream"

    def __init__(self, stream: AsyncGenerator[bytes, None], status_code: int = 200) -> None:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        super().__init__(stream, status_code, headers=headers)
        self._stream = stream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream until the end, the listener's leaving, or its silence."""
        sending = asyncio.ensure_future(self.stream_response(_impatient(send)))
        leaving = asyncio.ensure_future(self.listen_for_disconnect(receive))
        try:
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sending, leaving):
                task.cancel()
            await asyncio.wait({sending, leaving})
            await self._stream.aclose()
        if not sending.cancelled():
            with contextlib.suppress(TimeoutError, OSError):
                sending.result()


def _impatient(send: Send) -> Send:
    async def bounded(message: Message) -> None:
        async with asyncio.timeout(_STUCK_S):
            await send(message)

    return bounded
