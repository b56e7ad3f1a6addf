"""The service as a whole: a part that must not end does not end unseen."""

import asyncio
import time
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from deploy.embedded.ports import free_port
from service.config import Config, Database, Http
from service.run import Service

_PARK = Path(__file__).parents[3] / "deploy" / "examples" / "small.yaml"


async def test_a_part_that_fails_ends_the_service_and_its_traceback_is_in_the_log(tmp_path: Path) -> None:
    async def fail() -> None:
        raise ValueError("operands could not be broadcast together")

    service = Service(Config(park=_PARK, data_dir=tmp_path, database=Database(url="postgresql:///nowhere")))
    async with service._background("intake", fail()):
        with capture_logs() as logs, pytest.raises(ValueError, match="broadcast"):
            await service.run_until(asyncio.Event())
    assert [(one["part"], type(one["exc_info"])) for one in logs if one["log_level"] == "critical"] == [
        ("intake", ValueError)
    ]


async def test_a_clock_that_is_put_back_is_followed_by_engine_and_alarm(tmp_path: Path) -> None:
    ahead_us = 3_600_000_000
    config = Config(
        park=_PARK,
        data_dir=tmp_path,
        http=Http(port=free_port()),
        database=Database(url="postgresql://127.0.0.1:1/nowhere"),
    )
    service = Service(config, clock=lambda: time.time_ns() // 1_000 + ahead_us)
    async with service.running():
        ahead_us = 0
        while not service.book.active:
            await asyncio.sleep(0.05)
        (alert,) = service.book.active.values()
        assert (alert.target, alert.state.value) == ("service/clock", "rtnun")
        assert abs(service.pipeline.engine.now_us - time.time_ns() // 1_000) < 5_000_000
