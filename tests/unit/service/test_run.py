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


async def test_a_clock_that_is_set_back_is_told_until_it_has_caught_up(tmp_path: Path) -> None:
    ahead_us = 3_600_000_000
    config = Config(
        park=_PARK,
        data_dir=tmp_path,
        http=Http(port=free_port()),
        database=Database(url="postgresql://127.0.0.1:1/nowhere"),
    )
    service = Service(config, clock=lambda: time.time_ns() // 1_000 + ahead_us)
    async with service.running():
        assert not any("clock" in one for one in service.status()["problems"])
        ahead_us = 0
        (told,) = (one for one in service.status()["problems"] if "clock" in one)
        assert told.startswith(("this machine's clock is 3600 s behind", "this machine's clock is 3599 s behind"))
