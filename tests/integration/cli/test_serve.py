"""``parkwatch serve`` from start to stop, whatever of its surroundings is there."""

import re
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from deploy.embedded import EmbeddedBroker, EmbeddedPostgres
from deploy.embedded.ports import free_port
from service.identity.accounts import Accounts
from tests.integration.cli.conftest import Start
from tests.integration.mqtt.rig import Gateway
from tests.integration.service.small import SmallPark, sample, until

#: However many listen: a unit that is stopped or updated must be back within seconds.
_STOPS_WITHIN_S = 5.0


@pytest.fixture
def place(server_directory: Path, request: pytest.FixtureRequest) -> Path:
    """For servers of a test's own."""
    place = server_directory / f"serve-{request.node.name}"
    place.mkdir()
    place.chmod(0o711)
    return place


@pytest.fixture
def stopped_postgres(place: Path) -> Iterator[tuple[EmbeddedPostgres, str]]:
    """A database server that is not there yet, and the address that its database will have."""
    server = EmbeddedPostgres(place / "postgres", fsync=False, shared_buffers_mb=32)
    server.start()
    dsn = server.create_database("parkwatch")
    server.stop()
    yield server, dsn
    server.destroy()


@pytest.fixture
def stopped_broker(place: Path) -> Iterator[tuple[EmbeddedBroker, int]]:
    """A broker that is not there yet, and the port that it will have."""
    port = free_port()
    server = EmbeddedBroker(place / "broker", port=port)
    yield server, port
    server.destroy()


def _client(url: str, key: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=url, headers={"X-API-Key": key}, trust_env=False)


def test_the_first_start_makes_an_administrator_no_other(park: SmallPark, database: str, serve: Start) -> None:
    config = park.write_config(database)
    first = serve(config)
    url = first.until_up()
    once = re.search(r"one-time password (\S+) ", first.said)
    assert once is not None
    with httpx.Client(base_url=f"{url}/api/v1/", headers={"Origin": url}, trust_env=False) as page:
        assert page.post("session", json={"name": "admin", "password": once[1]}).status_code == httpx.codes.OK
        assert page.get("status").status_code == httpx.codes.FORBIDDEN
        changed = page.post("session/password", json={"old": once[1], "new": "correct horse battery"})
        assert (changed.status_code, page.get("status").status_code) == (httpx.codes.OK, httpx.codes.OK)
    first.stop()
    assert [one.name for one in Accounts(park.data_dir).list()] == ["admin"]
    second = serve(config)
    second.until_up()
    assert "one-time password" not in second.said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_in_time_though_listeners_stay(
    park: SmallPark, database: str, serve: Start, number: signal.Signals
) -> None:
    key = park.key()
    running = serve(park.write_config(database))
    url = running.until_up()
    with ExitStack() as stack:
        client = stack.enter_context(httpx.Client(headers={"X-API-Key": key}, trust_env=False))
        for _ in range(5):
            stream = stack.enter_context(client.stream("GET", f"{url}/api/v1/live"))
            assert next(stream.iter_text())
        assert running.stop(number) < _STOPS_WITHIN_S
    assert running.process.returncode == 0
    assert "Traceback" not in running.said


async def test_without_database_and_broker_it_serves_and_takes_them_when_they_come(
    tmp_path: Path,
    serve: Start,
    stopped_postgres: tuple[EmbeddedPostgres, str],
    stopped_broker: tuple[EmbeddedBroker, int],
) -> None:
    postgres, dsn = stopped_postgres
    broker, port = stopped_broker
    park = SmallPark(tmp_path, broker_port=port)
    key = park.key()
    running = serve(park.write_config(dsn))
    url = running.until_up()
    async with _client(url, key) as api:

        async def get(path: str) -> Any:
            return (await api.get(f"/api/v1/{path}")).raise_for_status().json()

        async def problems() -> str:
            return " ".join((await get("status"))["problems"])

        async def eventually(path: str, true: Any) -> None:
            async def holds() -> bool:
                return bool(true(await get(path)))

            await until(holds)

        await eventually("status", lambda one: len(one["problems"]) == 2)
        told = await problems()
        assert "the database does not take rows" in told
        assert (await api.get(f"{url}/readyz")).status_code == httpx.codes.OK
        assert "connector gate is disconnected" in told

        broker.start()
        await eventually("connectors", lambda one: one["items"][0]["state"] == "connected")
        with Gateway(port, park.topic()) as gateway:
            await gateway.send(sample(85.0))
        await eventually("alerts", lambda one: [alert["target"] for alert in one["items"]] == ["acme.tank.LT"])
        assert "the database does not take rows" in await problems()

        postgres.start()
        await eventually("status", lambda one: one["problems"] == [])
    with psycopg.connect(dsn) as connection:
        assert connection.execute("SELECT value FROM sample").fetchall() == [(85.0,)]
        assert connection.execute("SELECT target, state FROM alert").fetchall() == [("acme.tank.LT", "unack")]
