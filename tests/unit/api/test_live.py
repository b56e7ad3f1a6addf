"""The live stream over a real connection: nothing missed, nothing twice, and what happens where that cannot be had."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI

from rules.transition import Change
from service.api.live_frames import Position
from service.api.live_stream import LiveStream
from service.live import _MOST_WAITING, _RING, LiveHub
from service.store.scope import Scope
from tests.unit.api.served import Frame, LiveListener, Server, listening, serving, until
from tests.unit.api.service_in_memory import START_US, Callers, ServiceInMemory

LEVEL = "acme.tank-1.li-101"
COD = "borealis.outlet.cod"


@pytest.fixture
async def server(app: FastAPI, service: ServiceInMemory) -> AsyncIterator[Server]:
    async with serving(app) as running:
        yield running
        service.live.close()


async def test_a_new_listener_gets_what_stands_then_what_happens(
    server: Server, service: ServiceInMemory, callers: Callers
) -> None:
    alert = service.raise_alert(LEVEL, "H")
    async with listening(server.url, callers.park) as listener:
        snapshot = await listener.next_of("snapshot")
        assert [one["id"] for one in snapshot.data["alerts"]] == [alert]
        assert (snapshot.id, snapshot.data["seq"]) == ("0c1e3f52-1", 1)
        service.change(Change.LEVEL_UP, LEVEL, "HH")
        event = await listener.next_of("alert")
        assert (event.id, event.data["trigger"], event.data["alert"]["level"]) == ("0c1e3f52-2", "level_up", "HH")


async def test_status_comes_every_second_with_time_and_age(
    server: Server, service: ServiceInMemory, callers: Callers
) -> None:
    service.measure(LEVEL, 8.5, ago_s=0.6)
    service.problems.append("the database does not take rows")
    async with listening(server.url, callers.park) as listener:
        first, second = [await listener.next_of("status", within_s=1.5) for _ in range(2)]
    assert first.data["now"] == "2026-11-01T00:00:00.000000Z"
    assert first.data["data_age_s"] == 0.6
    assert first.data["problems"] == ["the database does not take rows"]
    assert (first.id, second.id) == ("", "")


async def _collect(listener: LiveListener, through: int) -> list[Frame]:
    frames: list[Frame] = []
    while not frames or frames[-1].data["seq"] < through:
        frames.append(await listener.next_of("alert"))
    return frames


async def test_a_listener_that_keeps_losing_its_connection_misses_nothing_and_gets_nothing_twice(
    server: Server, service: ServiceInMemory, callers: Callers
) -> None:
    last = 400

    async def publish() -> None:
        for k in range(last):
            service.raise_alert(LEVEL, "H", onset_us=START_US + k)
            await asyncio.sleep(0 if k % 7 else 0.002)

    publishing = asyncio.create_task(publish())
    got: list[int] = []
    position = "0c1e3f52-0"
    while not got or got[-1] < last:
        async with listening(server.url, callers.park, last_event_id=position) as listener:
            for _ in range(37):
                frame = await listener.next_of("alert")
                got.append(frame.data["seq"])
                position = frame.id
                if got[-1] == last:
                    break
    await publishing
    assert got == list(range(1, last + 1))


async def test_after_takes_a_bare_number_too(server: Server, service: ServiceInMemory, callers: Callers) -> None:
    for k in range(3):
        service.raise_alert(LEVEL, "H", onset_us=START_US + k)
    async with listening(server.url, callers.park, "?after=1") as listener:
        assert [one.data["seq"] for one in await _collect(listener, 3)] == [2, 3]


@pytest.mark.parametrize(
    ("last_event_id", "why"),
    [
        pytest.param("0c1e3f52-99", "has not happened yet", id="from the future"),
        pytest.param("deadbeef-1", "begun anew", id="of another chain"),
    ],
)
async def test_a_position_that_means_nothing_here_is_reset(
    server: Server, service: ServiceInMemory, callers: Callers, last_event_id: str, why: str
) -> None:
    alert = service.raise_alert(LEVEL, "H")
    async with listening(server.url, callers.park, last_event_id=last_event_id) as listener:
        reset = await listener.next_of("reset")
    assert why in reset.data["reason"]
    assert [one["id"] for one in reset.data["alerts"]] == [alert]


async def test_what_is_neither_in_memory_nor_to_be_had_from_the_store_is_reset(
    server: Server, service: ServiceInMemory, callers: Callers
) -> None:
    service.live.start_at(5)  # a restart: the first five are in the store, which is down
    service.book._chain.seq = 5
    async with listening(server.url, callers.park, last_event_id="0c1e3f52-2") as listener:
        reset = await listener.next_of("reset")
        assert "the store does not answer" in reset.data["reason"]
        assert reset.data["seq"] == 5
        service.raise_alert(LEVEL, "H")
        assert (await listener.next_of("alert")).data["seq"] == 6


async def test_a_listener_that_does_not_keep_up_is_reset_and_goes_on(service: ServiceInMemory, app: FastAPI) -> None:
    stream = LiveStream(service, app.state.parkwatch.frames, Scope.everything()).run()
    seen = [await anext(stream) for _ in range(3)]  # retry, snapshot, first status: it now waits for events
    assert b"event: snapshot" in seen[1]
    for k in range(_MOST_WAITING + 1):
        service.raise_alert(LEVEL, "H", onset_us=START_US + k)
    pieces = [await anext(stream)]
    while b"event: reset" not in pieces[-1]:
        pieces.append(await anext(stream))
    assert b"too far behind" in pieces[-1]
    assert f"id: 0c1e3f52-{_MOST_WAITING + 1}\n".encode() in pieces[-1]
    service.raise_alert(COD, "H")
    while b"event: alert" not in (piece := await anext(stream)):
        pass
    assert f'"seq":{_MOST_WAITING + 2},'.encode() in piece
    await stream.aclose()
    assert service.live.listeners == 0


async def test_one_enterprise_hears_of_itself_and_of_what_is_shared(
    server: Server, service: ServiceInMemory, callers: Callers
) -> None:
    mine, theirs = service.raise_alert(LEVEL, "H"), service.raise_alert(COD, "H")
    async with listening(server.url, callers.acme) as listener:
        assert [one["id"] for one in (await listener.next_of("snapshot")).data["alerts"]] == [mine]
        service.change(Change.LEVEL_UP, COD, "HH")
        service.raise_alert("park.weather.wind", "H")
        assert (await listener.next_of("alert")).data["alert"]["enterprise"] == "park"
    async with listening(server.url, callers.acme, "?after=0") as again:
        heard = [(await again.next_of("alert")).data["alert_id"] for _ in range(2)]
    assert theirs not in heard


async def test_a_hidden_event_still_moves_the_position(service: ServiceInMemory, app: FastAPI) -> None:
    service.raise_alert(COD, "H")
    scope = Scope.only("acme", park="park")
    stream = LiveStream(service, app.state.parkwatch.frames, scope, after=Position("0c1e3f52", 0)).run()
    pieces = [await anext(stream) for _ in range(3)]
    assert all(b"event: alert" not in piece for piece in pieces)
    await stream.aclose()


async def test_values_come_coalesced_and_only_where_something_is_new(
    server: Server, service: ServiceInMemory, callers: Callers
) -> None:
    service.measure(LEVEL, 8.5)
    query = f"?tags={LEVEL},acme.tank-1.ti-101&values_every_ms=200"
    async with listening(server.url, callers.acme, query) as listener:
        first = (await listener.next_of("values")).data
        assert first == {
            "tag": [LEVEL], "time": ["2026-11-01T00:00:00Z"], "value": [8.5], "quality": ["good"]
        }  # fmt: skip
        for k in range(1, 6):
            service.now_us += 1_000
            service.measure("acme.tank-1.ti-101", float(k))
        second = (await listener.next_of("values")).data
        assert (second["tag"], second["value"]) == (["acme.tank-1.ti-101"], [5.0])


async def test_values_of_all_are_all_that_the_caller_sees(
    server: Server, service: ServiceInMemory, callers: Callers
) -> None:
    for tag in service.tags.ix_of:
        service.measure(tag, 1.0)
    async with listening(server.url, callers.borealis, "?values=all") as listener:
        values = (await listener.next_of("values")).data
    assert values["tag"] == ["borealis.outlet.cod", "borealis.outlet.ph", "park.weather.wind"]


async def test_open_streams_end_at_once_when_the_service_stops(
    app: FastAPI, service: ServiceInMemory, callers: Callers
) -> None:
    async with serving(app) as server, listening(server.url, callers.park) as listener:
        await listener.next_of("snapshot")
        began_s = asyncio.get_running_loop().time()
        service.live.close()
        while await listener.next() is not None:
            assert asyncio.get_running_loop().time() - began_s < 1.0
        server.should_exit = True
    assert asyncio.get_running_loop().time() - began_s < 2.0


async def test_a_listener_that_leaves_is_forgotten(server: Server, service: ServiceInMemory, callers: Callers) -> None:
    async with listening(server.url, callers.park) as listener:
        await listener.next_of("snapshot")
        assert service.live.listeners == 1
    await until(lambda: not service.live.listeners, within_s=2)


def test_the_ring_holds_more_than_a_listener_may_have_waiting() -> None:
    assert _RING > _MOST_WAITING
    assert LiveHub().oldest == 1


async def test_a_listener_that_stops_reading_is_dropped_and_the_others_go_on(
    server: Server, service: ServiceInMemory, callers: Callers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.api.live_response._STUCK_S", 0.3)
    host, port = server.url.removeprefix("http://").split(":")
    _, stuck = await asyncio.open_connection(host, int(port), limit=1)
    stuck.write(f"GET /api/v1/live HTTP/1.1\r\nHost: x\r\nX-API-Key: {callers.park}\r\n\r\n".encode())
    await until(lambda: service.live.listeners == 1)
    async with listening(server.url, callers.park) as listener:
        await listener.next_of("snapshot")
        seq = 0
        while service.live.listeners > 1:  # until its socket is full and its patience over
            for _ in range(200):
                service.raise_alert(LEVEL, onset_us=START_US + service.book.seq)
            seq = (await _collect(listener, service.book.seq))[-1].data["seq"]
        assert seq == service.book.seq
    stuck.close()
