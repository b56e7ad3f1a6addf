"""A service at work, a client of its interface, a gateway that publishes, and its database to look into."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import psycopg

from service.config import load_config
from service.run import Service
from tests.integration.mqtt.rig import Gateway
from tests.integration.service.small import SmallPark, until


class Rig:
    """One service on one park and one database."""

    service: Service
    url: str
    gateway: Gateway
    _client: httpx.AsyncClient

    def __init__(self, park: SmallPark, dsn: str) -> None:
        self.park, self.dsn = park, dsn

    @asynccontextmanager
    async def running(self, **options: Any) -> AsyncIterator["Rig"]:
        """A service in this process, up, connected to the broker, and stored to; on leaving it is stopped in order."""
        config = load_config(self.park.write_config(self.dsn, **options))
        async with Service(config).running() as self.service, self.looking_at(self.service.url):
            yield self

    @asynccontextmanager
    async def looking_at(self, url: str) -> AsyncIterator["Rig"]:
        """A service that runs somewhere, once everything of it is well."""
        self.url = url
        with Gateway(self.park.broker_port, self.park.topic()) as self.gateway:
            async with self.client(self.park.key()) as self._client:
                await self.until_status(lambda status: not status["problems"] and status["store"]["state"] == "up")
                await until(self._connected)
                yield self

    async def _connected(self) -> bool:
        return all(one["state"] == "connected" for one in (await self.get("connectors"))["items"])

    def client(self, key: str) -> httpx.AsyncClient:
        """Of the REST interface, with a key of one's own."""
        return httpx.AsyncClient(base_url=f"{self.url}/api/v1/", headers={"X-API-Key": key}, trust_env=False)

    async def get(self, path: str, **params: Any) -> Any:
        """What the interface answers to the control room."""
        return (await self._client.get(path, params=params)).raise_for_status().json()

    async def until_status(self, true: Any, within_s: float = 20.0) -> dict[str, Any]:
        """Wait until the service's status is as wanted; returns it."""
        status: dict[str, Any] = {}

        async def holds() -> bool:
            nonlocal status
            status = await self.get("status")
            return bool(true(status))

        await until(holds, within_s)
        return status

    async def until_stored(self, count: int, within_s: float = 30.0) -> None:
        """Wait until so many samples are in the database."""

        async def holds() -> bool:
            return len(self.rows("SELECT 1 FROM sample")) >= count

        await until(holds, within_s)

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Straight from the database."""
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            return connection.execute(statement.encode()).fetchall()
