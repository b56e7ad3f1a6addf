"""The whole service between a logger and the database: REST, command line, record, and an absence made up for."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from typer.testing import CliRunner

from connectors.hj212.beijing import text_of, time_us
from connectors.hj212.connector import Hj212Connector
from connectors.hj212.packet import Packet
from deploy.cli import app
from service.api.keys import Keys
from service.api.times import rfc3339
from service.config import load_config
from service.run import Service
from tests.integration.hj212.rig import MINUTE_US, MN, PARK, PW, WITHIN_S, Logger


class _Whole:
    """What `Logger` needs of a station, around a service of this process."""

    def __init__(self, service: Service, dsn: str, key: str) -> None:
        self.service, self.dsn, self.key = service, dsn, key
        (connector,) = service._connectors
        assert isinstance(connector, Hj212Connector)
        self.connector = connector

    def now_us(self) -> int:
        """The machine's clock."""
        return time.time_ns() // 1_000

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Straight from the database; none while it is not made yet."""
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            try:
                return connection.execute(statement.encode()).fetchall()
            except psycopg.errors.UndefinedTable:
                return []

    async def until_rows(self, statement: str, count: int) -> list[tuple[Any, ...]]:
        """Wait for so many rows."""
        async with asyncio.timeout(2 * WITHIN_S):
            while len(found := await asyncio.to_thread(self.rows, statement)) < count:
                await asyncio.sleep(0.05)
        return found

    @asynccontextmanager
    async def client(self, key: str = "") -> AsyncIterator[httpx.AsyncClient]:
        """Of the REST interface."""
        headers = {"X-API-Key": key or self.key}
        async with httpx.AsyncClient(base_url=f"{self.service.url}/api/v1/", headers=headers, trust_env=False) as one:
            yield one

    async def run(self, *words: str) -> str:
        """The command line, beside the event loop."""
        environment = {"PARKWATCH_URL": self.service.url, "PARKWATCH_KEY": self.key}
        result = await asyncio.to_thread(CliRunner().invoke, app, ["device", *words], env=environment)
        assert result.exit_code == 0, result.output
        return result.output


@pytest.fixture
def config(tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of a service with one HJ 212 connector."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    (tmp_path / "park.yaml").write_text(PARK, "utf-8")
    connector = {
        "kind": "hj212",
        "id": "loggers",
        "host": "127.0.0.1",
        "port": 0,
        "devices": [{"mn": MN, "password": PW, "minute_interval": "1m"}],
        "history": {"settle": "200ms", "pause": "0s", "look_back": "0s"},
    }
    file = tmp_path / "parkwatch.yaml"
    whole = {
        "park": "park.yaml",
        "data_dir": "data",
        "http": {"port": 0},
        "database": {"url": database},
        "connectors": [connector],
    }
    file.write_text(json.dumps(whole), "utf-8")
    return file


@asynccontextmanager
async def _serving(config: Path, dsn: str) -> AsyncIterator[_Whole]:
    key = Keys(config.parent / "data").create(f"control-room-{time.time_ns()}", enterprise=None)[1]
    async with Service(load_config(config)).running() as service:
        whole = _Whole(service, dsn, key)
        async with asyncio.timeout(WITHIN_S):
            while not whole.connector.port:
                await asyncio.sleep(0.01)
        yield whole


async def _obedient(logger: Logger, request: Packet) -> None:
    logger.accept(request)
    logger.done(request)


async def test_a_command_is_told_recorded_and_shown(config: Path, database: str) -> None:
    async with _serving(config, database) as whole, Logger(whole, script=_obedient).connected() as logger:  # type: ignore[arg-type]
        logger.send(logger.frame("2011", f"DataTime={text_of(whole.now_us())};w01018-Rtd=1.5,w01018-Flag=N"))
        await logger.until("9014")
        async with whole.client() as park:
            url = f"devices/loggers/{MN}/commands"
            told = await park.post(url, json={"command": "set-realtime-interval", "parameters": {"seconds": 60}})
            assert (told.status_code, told.json()["result"]) == (200, "done")
            assert "done" in await whole.run("set-clock", f"loggers/{MN}")
            await whole.until_rows("SELECT 1 FROM audit_note WHERE kind = 'device_answer'", 2)
            found = (await park.get(url)).json()["items"]
            assert [(one["command"], one["result"]) for one in found] == [
                ("set-clock", "done"),
                ("set-realtime-interval", "done"),
            ]
            assert found[1]["parameters"] == {"seconds": 60}
            assert found[1]["id"] == told.json()["id"]
            forbidden = await park.post(url, json={"command": "calibrate", "parameters": {"pollutant": "w01018"}})
            assert (forbidden.status_code, "allow_control" in forbidden.json()["detail"]) == (403, True)
        shown = await whole.run("list")
        assert f"loggers/{MN}" in shown
        assert "connected" in shown
        assert "set-clock" in await whole.run("commands", f"loggers/{MN}")
        health = (await whole.until_rows("SELECT * FROM connector_health", 1))[0]
        assert MN not in str(health)


async def test_the_same_key_tells_a_device_once_even_after_a_start(config: Path, database: str) -> None:
    url, body = f"devices/loggers/{MN}/commands", {"command": "get-clock"}
    headers = {"Idempotency-Key": "once"}
    keys: list[str] = []
    for _ in range(2):
        async with _serving(config, database) as whole, Logger(whole, script=_obedient).connected() as logger:  # type: ignore[arg-type]
            keys.append(whole.key)
            logger.send(logger.frame("9015", "", flag=9))
            await logger.until("9013")
            async with whole.client(keys[0]) as park:
                told = await park.post(url, json=body, headers=headers)
                assert (told.status_code, told.json()["result"]) == (200, "done")
            await whole.until_rows("SELECT 1 FROM audit_note WHERE kind = 'device_answer'", 1)
            asked = len(logger.answers("1011"))
            assert asked == (1 if len(keys) == 1 else 0)


async def test_after_an_absence_of_the_service_every_minute_is_in_the_database(config: Path, database: str) -> None:
    async def remembering(logger: Logger, request: Packet) -> None:
        logger.accept(request)
        at_us, to_us = (time_us(request.params[name]) for name in ("BeginTime", "EndTime"))
        assert at_us is not None
        assert to_us is not None
        while request.cn == "2051" and at_us <= to_us:
            content = f"DataTime={text_of(at_us)};w01018-Avg=2.0,w01018-Flag=N"
            logger.send(logger.frame("2051", content, flag=4))
            at_us += MINUTE_US
        logger.done(request)

    now_us = time.time_ns() // 1_000
    away_us = (now_us - 20 * MINUTE_US) // MINUTE_US * MINUTE_US
    async with _serving(config, database) as whole, Logger(whole).connected() as logger:  # type: ignore[arg-type]
        last = text_of(away_us - MINUTE_US)
        logger.send(logger.frame("2051", f"DataTime={last};w01018-Avg=1.0,w01018-Flag=N"))
        logger.send(logger.frame("2011", f"DataTime={text_of(away_us)};w01018-Rtd=1.0,w01018-Flag=N"))
        await logger.until("9014", 2)
    async with _serving(config, database) as whole, Logger(whole, script=remembering).connected() as logger:  # type: ignore[arg-type]
        resent = away_us + 3 * MINUTE_US
        logger.send(logger.frame("2051", f"DataTime={text_of(resent)};w01018-Avg=3.0,w01018-Flag=N"))
        filled = "SELECT connector, reason, refilled FROM connector_gap WHERE refilled IS NOT NULL"
        gaps = await whole.until_rows(filled, 1)
        assert gaps[0][:2] == (f"loggers/{MN}", "the service was not there")
        await whole.until_rows("SELECT 1 FROM period_report", gaps[0][2] + 1)
        found = whole.rows("SELECT extract(epoch FROM start)::bigint, asked FROM period_report ORDER BY start")
        minutes = [(int(start) * 1_000_000 - away_us) // MINUTE_US for start, _ in found]
        assert minutes == list(range(-1, len(minutes) - 1))
        assert len(minutes) >= 20
        assert [minute for minute, (_, asked) in zip(minutes, found, strict=True) if not asked] == [-1, 3]
        await whole.until_rows("SELECT 1 FROM audit_note WHERE by = 'service' AND kind = 'device_answer'", 1)


async def test_a_stored_sample_leads_to_the_telegram_it_was_read_from(config: Path, database: str) -> None:
    async with _serving(config, database) as whole, Logger(whole, script=_obedient).connected() as logger:  # type: ignore[arg-type]
        newest_us = whole.now_us() // 1_000_000 * 1_000_000
        moments = [newest_us - ago * 1_000_000 for ago in range(3)]
        telegrams = [
            logger.frame("2011", f"DataTime={text_of(at)};w01018-Rtd={n}.5,w01018-Flag=N;w01001-Rtd=7,w01001-Flag=N")
            for n, at in enumerate(moments)
        ]
        logger.send(b"".join(telegrams))
        await logger.until("9014", len(telegrams))
        await whole.until_rows("SELECT 1 FROM sample", 2 * len(telegrams))
        await whole.until_rows("SELECT 1 FROM raw_block", 1)
        async with whole.client() as park:
            for n, (at, telegram) in enumerate(zip(moments, telegrams, strict=True)):
                answer = await park.get("samples/acme.outlet.cod/raw", params={"time": rfc3339(at)})
                (told,) = answer.json()["items"]
                assert told["text"] == telegram.decode()
                assert told["decoded"]["cp"]["w01018"] == {"Rtd": f"{n}.5", "Flag": "N"}
            listed = (await park.get("raw-frames", params={"device": MN})).json()["items"]
            assert [one["text"] for one in listed] == [one.decode() for one in reversed(telegrams)]
