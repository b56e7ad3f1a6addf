"""Pushers and a scripted interface: what is not taken is kept, and comes again when the answer says."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from park.index import TagTable
from park.model import Park
from simulators.http_pushers import Pushers, PushersConfig
from simulators.live import LiveSource
from simulators.player import wall_clock_us
from simulators.world import World


class Interface:
    """Answers as it is told to: (status, Retry-After), then 202 for ever."""

    def __init__(self) -> None:
        self.port = 0
        self.answers: list[tuple[int, str]] = []
        self.requests: list[dict[str, str]] = []
        self.at_s: list[float] = []

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["Interface"]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._one(reader, writer):
                continue
        finally:
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
        except (asyncio.IncompleteReadError, ConnectionError):
            return False
        headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in head.split("\r\n")[1:]) if k}
        await reader.readexactly(int(headers["content-length"]))
        self.requests.append(headers)
        self.at_s.append(time.monotonic())
        status, after = self.answers.pop(0) if self.answers else (202, "")
        retry = f"Retry-After: {after}\r\n" if after else ""
        writer.write(f"HTTP/1.1 {status} X\r\n{retry}Content-Length: 2\r\n\r\n{{}}".encode())
        await writer.drain()
        return True


@pytest.fixture
async def interface() -> AsyncIterator[Interface]:
    async with Interface().listening() as one:
        yield one


@pytest.fixture
def make(interface: Interface, small_park: Park) -> Callable[..., Pushers]:
    def make(**options: Any) -> Pushers:
        told = {"url": f"http://127.0.0.1:{interface.port}", "keys": {"park": "secret"}, "backoff": "10ms", **options}
        return Pushers(PushersConfig.model_validate(told), TagTable(small_park))

    return make


async def _push(pushers: Pushers, park: Park, frames: int) -> dict[str, Any]:
    start_us = wall_clock_us()
    source = LiveSource(World(park, seed=1, start_us=start_us))
    await pushers.start()
    for k in range(frames):
        await pushers.show(source.take(start_us + k), wall_clock_us)
    await pushers.stop()
    return pushers.told()


async def test_every_frame_is_posted_under_its_key(
    make: Callable[..., Pushers], interface: Interface, small_park: Park
) -> None:
    told = await _push(make(), small_park, 6)
    assert (told["messages"], told["acknowledged"], told["samples"], told["waiting"]) == (6, 6, 24, 0)
    kinds = [one["content-type"].partition(";")[0] for one in interface.requests]
    assert kinds == ["application/json", "text/csv", "application/vnd.apache.arrow.stream"] * 2
    assert [one.get("content-encoding") for one in interface.requests] == [None, "gzip"] * 3
    assert {one["x-api-key"] for one in interface.requests} == {"secret"}
    assert len({one["idempotency-key"] for one in interface.requests}) == 6


async def test_what_is_not_taken_is_sent_again_when_the_answer_says(
    make: Callable[..., Pushers], interface: Interface, small_park: Park
) -> None:
    interface.answers = [(429, "1"), (503, "")]
    told = await _push(make(), small_park, 2)
    assert told["acknowledged"] == 2
    assert told["answers"] == {429: 1, 503: 1}
    assert interface.at_s[1] - interface.at_s[0] >= 1.0
    numbers = [one["idempotency-key"] for one in interface.requests]
    assert numbers[0] == numbers[1] == numbers[2] != numbers[3]


async def test_what_is_refused_for_good_is_told_and_given_up(
    make: Callable[..., Pushers], interface: Interface, small_park: Park, capsys: pytest.CaptureFixture[str]
) -> None:
    interface.answers = [(422, "")]
    told = await _push(make(), small_park, 2)
    assert (told["refused"], told["acknowledged"], told["waiting"]) == (1, 1, 0)
    assert '"reason": "422: {}"' in capsys.readouterr().out


async def test_an_interface_that_is_away_gets_all_of_it_later(small_park: Park) -> None:
    interface = Interface()
    async with interface.listening():
        port = interface.port
    told = {"url": f"http://127.0.0.1:{port}", "keys": {"park": "secret"}, "backoff": "10ms"}
    pushers = Pushers(PushersConfig.model_validate(told), TagTable(small_park))
    source = LiveSource(World(small_park, seed=1, start_us=wall_clock_us()))
    await pushers.start()
    for k in range(3):
        await pushers.show(source.take(wall_clock_us() + k), wall_clock_us)
    async with asyncio.timeout(10):
        while pushers.told()["broken"] == 0:
            await asyncio.sleep(0.01)
    async with interface.listening():
        await pushers.stop()
    assert pushers.told()["acknowledged"] == len(interface.requests) == 3


async def test_a_full_buffer_gives_up_its_oldest(make: Callable[..., Pushers], small_park: Park) -> None:
    pushers = make(buffer=2)
    source = LiveSource(World(small_park, seed=1, start_us=wall_clock_us()))
    for k in range(5):
        await pushers.show(source.take(wall_clock_us() + k), wall_clock_us)
    told = pushers.told()
    assert (told["messages"], told["dropped"], told["waiting"]) == (5, 3, 2)


def test_an_owner_without_a_key_is_named(make: Callable[..., Pushers]) -> None:
    with pytest.raises(ValueError, match="keys has none for park"):
        make(keys={"hengtai": "secret"})
