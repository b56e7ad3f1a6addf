"""Our client of the live stream, against a server that says what it is told to, over a real socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

import pytest

from deploy.embedded.ports import free_port
from deploy.sse import Message, live

_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"


class ScriptedServer:
    """Each connection gets the next answer, piece by piece, and is closed; the last answer is for all that follow."""

    def __init__(self, *answers: list[bytes]) -> None:
        self._answers = list(answers)
        self.requests: list[str] = []
        self.url = ""

    @asynccontextmanager
    async def running(self) -> AsyncIterator["ScriptedServer"]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with server:
            yield self

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.requests.append((await reader.readuntil(b"\r\n\r\n")).decode().lower())
        for piece in self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.01)
        writer.close()
        await writer.wait_closed()


async def messages(url: str, count: int) -> list[Message]:
    """The first so many."""
    found: list[Message] = []
    async with asyncio.timeout(10), aclosing(live(url, "secret")) as stream:
        async for message in stream:
            found.append(message)
            if len(found) == count:
                break
    return found


async def test_event_is_its_name_and_its_data() -> None:
    async with ScriptedServer([_HEAD, b'event: status\ndata: {"seq":7}\n\n']).running() as server:
        assert await messages(server.url, 1) == [Message(event="status", data={"seq": 7})]
    assert "x-api-key: secret" in server.requests[0]


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param([b': hello\nretry: 1000\n\ndata: {"a":1}\n\n'], id="comments and retry"),
        pytest.param([b'data: {"a"', b":1", b"}\n", b"\n"], id="torn apart"),
        pytest.param([b'data: {"a":1}\r\n\r\n'], id="CR LF"),
        pytest.param([b'data:{"a":1}\n\n'], id="no space"),
        pytest.param([b'data: {"a":\ndata: 1}\n\n'], id="data over two lines"),
    ],
)
async def test_same_event_in_any_form(pieces: list[bytes]) -> None:
    async with ScriptedServer([_HEAD, *pieces]).running() as server:
        assert await messages(server.url, 1) == [Message(event="message", data={"a": 1})]


async def test_text_may_hold_what_others_take_for_the_end_of_a_line() -> None:
    reason = "one\u2028two\u0085three 甲苯"
    frame = f'data: {{"reason":"{reason}"}}\n\n'.encode()
    async with ScriptedServer([_HEAD, frame[:25], frame[25:]]).running() as server:
        [message] = await messages(server.url, 1)
    assert message.data == {"reason": reason}


async def test_after_a_lost_connection_it_goes_on_from_the_last_event_it_had() -> None:
    first = [_HEAD, b"id: c-41\nevent: alert\ndata: 1\n\nevent: status\ndata: 2\n\n"]
    second = [_HEAD, b"id: c-42\nevent: alert\ndata: 3\n\n"]
    async with ScriptedServer(first, second).running() as server:
        found = await messages(server.url, 3)
    assert [message.data for message in found] == [1, 2, 3]
    assert "last-event-id" not in server.requests[0]
    assert "last-event-id: c-41" in server.requests[1]


async def test_half_an_event_is_not_given_out() -> None:
    first, second = [_HEAD, b"id: c-9\nevent: alert\ndata: 1"], [_HEAD, b"event: alert\ndata: 2\n\n"]
    async with ScriptedServer(first, second).running() as server:
        assert [message.data for message in await messages(server.url, 1)] == [2]
    assert "last-event-id" not in server.requests[1]


async def test_refusal_is_told_and_tried_again() -> None:
    refusal = [b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"]
    async with ScriptedServer(refusal, [_HEAD, b"data: 1\n\n"]).running() as server:
        lost, message = await messages(server.url, 2)
    assert (lost.event, message.data) == ("lost", 1)
    assert "503" in lost.data["reason"]


async def test_server_that_is_not_there_is_told() -> None:
    [message] = await messages(f"http://127.0.0.1:{free_port()}", 1)
    assert message.event == "lost"
    assert "ConnectError" in message.data["reason"]
