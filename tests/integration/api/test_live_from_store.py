"""A listener that comes back after a restart: the store has what memory has no longer, and the two join."""

import pytest
from fastapi import FastAPI

from service.live import LiveHub
from tests.integration.api.conftest import Stored
from tests.unit.api.served import listening, serving
from tests.unit.api.service_in_memory import START_US, Callers, ServiceInMemory

LEVEL = "acme.tank-1.li-101"
COD = "borealis.outlet.cod"


def _happen(service: ServiceInMemory, count: int) -> None:
    for k in range(count):
        service.raise_alert((LEVEL, COD)[k % 2], onset_us=START_US + service.book.seq)


def _restart(service: ServiceInMemory) -> None:
    """The hub's memory is gone; it goes on counting where it was."""
    service.live = LiveHub()
    service.live.start_at(service.book.seq)


@pytest.mark.parametrize("piece", [1_000, 7], ids=["in one piece", "in many pieces"])
async def test_nothing_is_missed_and_nothing_comes_twice_over_a_restart(
    service: ServiceInMemory,
    store: Stored,
    app_and_callers: tuple[FastAPI, Callers],
    monkeypatch: pytest.MonkeyPatch,
    piece: int,
) -> None:
    monkeypatch.setattr("service.api.live_stream._PIECE", piece)
    app, callers = app_and_callers
    _happen(service, 40)
    store.events(service.live.since(0))
    _restart(service)
    _happen(service, 10)
    async with (
        serving(app) as server,
        listening(server.url, callers.park, "?after=3") as all_of_it,
        listening(server.url, callers.acme, "?after=3") as some,
    ):
        heard = [(await all_of_it.next_of("alert")).data["seq"] for _ in range(47)]
        assert heard == list(range(4, 51))
        assert [(await some.next_of("alert")).data["seq"] for _ in range(23)] == list(range(5, 50, 2))
        _happen(service, 2)
        assert (await all_of_it.next_of("alert")).data["seq"] == 51
        service.live.close()


async def test_what_the_store_does_not_have_yet_is_a_reset_not_a_silent_hole(
    service: ServiceInMemory, store: Stored, app_and_callers: tuple[FastAPI, Callers]
) -> None:
    app, callers = app_and_callers
    _happen(service, 10)
    store.events(service.live.since(0)[:5])  # the writer is behind
    _restart(service)
    async with serving(app) as server, listening(server.url, callers.park, "?after=2") as listener:
        reset = await listener.next_of("reset")
        assert "neither in memory nor in the store" in reset.data["reason"]
        assert (reset.data["seq"], len(reset.data["alerts"])) == (10, 10)
        service.live.close()
