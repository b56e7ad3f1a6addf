"""The service as a whole: a part that must not end does not end unseen."""

import asyncio
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from service.config import Config, Database
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
