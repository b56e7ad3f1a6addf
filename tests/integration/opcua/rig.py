"""Connectors under test, run the way the service runs them, with short times."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from connectors.base import Context, Health, State
from connectors.opcua.config import OpcUaConfig
from connectors.opcua.connector import OpcUaConnector
from park.index import TagTable
from park.model import Park
from tests.integration.opcua.intake import MemoryIntake, until

#: A real plant has seconds where a test has milliseconds.
QUICK: Mapping[str, Any] = {
    "sample_every": "25ms",
    "publish_every": "50ms",
    "keep_alive": "500ms",
    "lifetime": "5s",
    "request_timeout": "1s",
    "probe_every": "300ms",
    "retry_bad_every": "300ms",
    "reconnect_min": "50ms",
    "reconnect_max": "300ms",
}


def tag_table(addresses: Sequence[str], *, connector: str = "dcs") -> TagTable:
    """Tags 0, 1, ... of one source, with these addresses."""
    tags = [
        {
            "id": f"t{number}",
            "quantity": "temperature",
            "unit": "degC",
            "from": {"connector": connector, "address": one},
        }
        for number, one in enumerate(addresses)
    ]
    source = {"id": "unit", "kind": "unit", "position": [120.0, 30.0], "tags": tags}
    return TagTable(Park.model_validate({"id": "park", "name": "Park", "sources": [source]}))


class Running:
    """One connector that runs, and what came of it."""

    def __init__(
        self,
        addresses: Sequence[str],
        endpoint: str,
        *,
        clock_offset_us: int = 0,
        newest_us: Sequence[int] | None = None,
        **options: Any,
    ) -> None:
        self.intake = MemoryIntake()
        self._offset_us = clock_offset_us
        self.config = OpcUaConfig.model_validate(
            {"kind": "opcua", "id": "dcs", "endpoint": endpoint, **QUICK, **options}
        )
        context = Context(
            tags=tag_table(addresses),
            intake=self.intake,
            clock=self.now_us,
            on_gap=self.intake.gaps.append,
            newest_us=None if newest_us is None else np.array(newest_us, dtype=np.int64),
        )
        self.connector = OpcUaConnector(self.config, context)
        self._task: asyncio.Task[None] | None = None

    @property
    def health(self) -> Health:
        return self.connector.health

    def now_us(self) -> int:
        """The service's clock."""
        return time.time_ns() // 1_000 + self._offset_us

    def start(self) -> "Running":
        """Run it beside the test."""
        self._task = asyncio.create_task(self.connector.run())
        return self

    async def stop(self) -> None:
        """Cancel it; it must end by that and by nothing else."""
        if self._task is not None:
            self._task.cancel()
            (ended,) = await asyncio.gather(self._task, return_exceptions=True)
            assert isinstance(ended, asyncio.CancelledError), repr(ended)
            self._task = None

    async def until_state(self, *states: State, within_s: float = 10.0) -> None:
        """Wait for one of these states."""
        await until(lambda: self.health.state in states, within_s=within_s, what=f"{states}, is {self.health}")

    async def until_values(self, tag: int, *values: float, within_s: float = 10.0) -> None:
        """Wait until the last values of a tag are these."""
        wanted = list(values)
        await until(
            lambda: self.intake.values(tag)[-len(wanted) :] == wanted,
            within_s=within_s,
            what=f"{wanted}, have {self.intake.values(tag)[-20:]}, {self.health}",
        )
