"""The database gone or frozen: history says so within seconds, everything in memory goes on, and it all comes back."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from deploy.embedded import EmbeddedPostgres
from service.store.queries import AlertFilter, Queries, Scope, StoreUnavailable
from tests.integration.api.conftest import Stored
from tests.unit.api.served import listening, serving
from tests.unit.api.service_in_memory import ServiceInMemory, client, make_app, make_keys

LEVEL = "acme.tank-1.li-101"
HISTORY = (f"/api/v1/samples?tag={LEVEL}", "/api/v1/alerts?history=true", "/api/v1/dead-letters")
FROM_MEMORY = ("/api/v1/tags", "/api/v1/alerts", "/api/v1/enterprises", "/api/v1/sources", "/api/v1/status", "/metrics")


@pytest.fixture
def own_server(server_directory: Path) -> EmbeddedPostgres:
    return EmbeddedPostgres(server_directory / "api-postgres", fsync=False, shared_buffers_mb=64)


@pytest.fixture
async def service(own_server: EmbeddedPostgres) -> AsyncIterator[ServiceInMemory]:
    with own_server:
        view = ServiceInMemory(queries=Queries(own_server.create_database("park")))
        await view.queries.open()
        yield view
        own_server.resume()
        await view.queries.close()
    own_server.destroy()


async def _is_unavailable(queries: Queries, *, within_s: float) -> None:
    began_s = time.monotonic()
    with pytest.raises(StoreUnavailable):
        await queries.alerts(Scope.everything(), AlertFilter(), limit=1)
    assert time.monotonic() - began_s < within_s


async def test_frozen_then_killed_then_back(
    own_server: EmbeddedPostgres, service: ServiceInMemory, tmp_path: Path
) -> None:
    store = Stored(own_server.dsn_of("park"), service.tags)
    keys, callers = make_keys(tmp_path)
    app = make_app(service, keys)
    alert = service.raise_alert(LEVEL, "H")
    async with client(app, callers.park) as park, serving(app) as server:
        for url in HISTORY:
            assert (await park.get(url)).status_code == 200

        own_server.pause()
        await _is_unavailable(service.queries, within_s=3.5)
        await _what_is_in_memory_goes_on(park, alert)
        async with listening(server.url, callers.park) as listener:
            assert [one["id"] for one in (await listener.next_of("snapshot")).data["alerts"]] == [alert]
        own_server.resume()

        own_server.kill()
        await _is_unavailable(service.queries, within_s=3.5)
        await _history_says_so(park)
        own_server.start()
        await _comes_back(park)
        service.live.close()
    store.close()


async def _what_is_in_memory_goes_on(park: httpx.AsyncClient, alert: str) -> None:
    for url in FROM_MEMORY:
        assert (await park.get(url)).status_code == 200, url
    assert (await park.get("/api/v1/connectors")).json()["items"][0]["recent_gaps"] is None
    assert (await park.get(f"/api/v1/alerts/{alert}")).json()["events_complete"] is True
    assert (await park.post(f"/api/v1/alerts/{alert}/ack", json={"level": "H"})).status_code == 200


async def _history_says_so(park: httpx.AsyncClient) -> None:
    for url in HISTORY:
        answer = await park.get(url)
        assert (answer.status_code, answer.json()["type"]) == (503, "urn:parkwatch:problem:store-unavailable")
        assert answer.json()["retry"] is True
        assert "retry-after" in answer.headers


async def _comes_back(park: httpx.AsyncClient) -> None:
    async with asyncio.timeout(10):
        while (await park.get("/api/v1/alerts?history=true")).status_code != 200:
            await asyncio.sleep(0.1)


async def test_opening_does_not_wait_for_the_database() -> None:
    queries = Queries("postgresql://nobody@127.0.0.1:1/none")
    began_s = time.monotonic()
    await queries.open()
    assert time.monotonic() - began_s < 0.2
    await _is_unavailable(queries, within_s=3.5)
    await queries.close()


async def test_a_question_that_takes_too_long_says_what_to_do(database: str) -> None:
    queries = Queries(database, statement_timeout_s=0.2)
    await queries.open()
    with pytest.raises(StoreUnavailable, match="ask for a shorter span"):
        await queries._rows(Scope.everything(), b"SELECT pg_sleep(5)")
    await queries.close()
