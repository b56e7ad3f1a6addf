"""A service at work that takes pushes: through uvicorn, journal and TimescaleDB."""

import io
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psycopg
import pyarrow as pa
import pytest

from service.api.keys import Keys
from service.config import load_config
from service.run import Service
from tests.integration.service.small import until

PARK = """\
id: park
name: Park
enterprises:
  - id: acme
    name: Acme
    sources:
      - id: tank
        kind: tank
        position: [120.87, 30.15]
        from: {connector: push}
        tags:
          - {id: LT, quantity: level, unit: "%"}
          - {id: TT, quantity: temperature, unit: °C}
          - {id: PT, quantity: pressure, unit: kPa, from: {connector: other}}
      - id: tank-1
        kind: tank
        position: [120.87, 30.15]
        from: {connector: push}
        tags: [{id: li-101, quantity: level, unit: m}, {id: ti-101, quantity: temperature, unit: °C}]
  - id: zeta
    name: Zeta
    sources:
      - id: outlet
        kind: waste_gas_outlet
        position: [120.89, 30.17]
        tags:
          - {id: nmhc, quantity: nmhc, unit: mg/m3, from: {connector: push}}
          - {id: flow, quantity: flow, unit: m3/h, from: {connector: more}}
          - {id: dark, quantity: o2, unit: "%"}
"""
ARROW = "application/vnd.apache.arrow.stream"
Answered = httpx.Response


class Rig:
    """A service that takes pushes, and its database."""

    def __init__(self, directory: Path, dsn: str) -> None:
        self.directory, self.dsn = directory, dsn
        self.service: Service

    def write(self, **parts: Any) -> Path:
        (self.directory / "park.yaml").write_text(PARK, "utf-8")
        config = {
            "park": "park.yaml",
            "data_dir": "data",
            "http": {"port": 0},
            "database": {"url": self.dsn},
            "connectors": [{"kind": "http", "id": "push"}, {"kind": "http", "id": "more"}],
        }
        file = self.directory / "parkwatch.yaml"
        file.write_text(json.dumps(config | parts), "utf-8")
        return file

    def client(self, enterprise: str | None) -> httpx.AsyncClient:
        name = enterprise or "control-room"
        keys = Keys(self.directory / "data")
        if any(key.name == name and not key.disabled for key in keys.list()):
            keys.revoke(name)
        text = keys.create(name, enterprise=enterprise)[1]
        return httpx.AsyncClient(
            base_url=f"{self.service.url}/api/v1/", headers={"X-API-Key": text}, trust_env=False, timeout=60
        )

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            return connection.execute(statement.encode()).fetchall()

    async def stored(self, count: int) -> list[tuple[Any, ...]]:
        """All samples, once the store has what the journal has by now; there must be ``count`` of them."""
        journalled = self.service.journal.last_position

        async def holds() -> bool:
            return self.service.writer.status.position >= journalled

        await until(holds)
        found = self.rows("SELECT id, value, quality FROM sample JOIN tag ON tag = ix ORDER BY id, time")
        assert len(found) == count, found[:5]
        return found


Pushing = Callable[..., AbstractAsyncContextManager[Rig]]


@pytest.fixture
def pushing(tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch) -> Pushing:
    monkeypatch.delenv("DATABASE_URL", raising=False)

    @asynccontextmanager
    async def run(**parts: Any) -> AsyncIterator[Rig]:
        rig = Rig(tmp_path, database)
        async with Service(load_config(rig.write(**parts))).running() as rig.service:

            async def is_up() -> bool:
                return rig.service.writer.status.state == "up"

            await until(is_up)
            yield rig

    return run


def iso(ago_s: float = 0.0) -> str:
    return datetime.fromtimestamp(datetime.now(UTC).timestamp() - ago_s, UTC).isoformat(timespec="milliseconds")


def row(tag: str = "tank.LT", value: Any = 1.0, ago_s: float = 1.0, **more: Any) -> dict[str, Any]:
    return {"tag": tag, "time": iso(ago_s), "value": value, **more}


async def post(client: httpx.AsyncClient, body: Any, kind: str = "application/json", **headers: str) -> Answered:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await client.post("samples", content=content, headers={"Content-Type": kind, **headers})


def arrow_of(tags: list[str], times_us: Any, values: Any) -> bytes:
    table = pa.table(
        {
            "tag": pa.array(tags).dictionary_encode(),
            "time": pa.array(np.asarray(times_us), pa.timestamp("us", "UTC")),
            "value": np.asarray(values, np.float64),
        }
    )
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()
