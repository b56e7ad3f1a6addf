"""One server for all tests that do not break it, and connectors that end with their test."""

import itertools
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from tests.integration.opcua.plant import Plant
from tests.integration.opcua.rig import Running

_numbers = itertools.count(1)
Run = Callable[..., Running]


@pytest.fixture(scope="session")
async def plant() -> AsyncIterator[Plant]:
    """The session's server. A test that breaks its server makes one of its own."""
    plant = Plant()
    await plant.start()
    yield plant
    await plant.stop()


@pytest.fixture(scope="session")
async def _second_plant() -> AsyncIterator[Plant]:
    plant = Plant()
    await plant.start()
    yield plant
    await plant.stop()


@pytest.fixture
async def own_plant(_second_plant: Plant) -> AsyncIterator[Plant]:
    """A server for one test alone, to limit and to trick; the next test finds it as new."""
    yield _second_plant
    await _second_plant.reset()


@pytest.fixture
def name() -> str:
    """Of a tag that no other test has."""
    return f"TI-{next(_numbers)}"


@pytest.fixture
async def run() -> AsyncIterator[Run]:
    """``run([addresses], endpoint, option=...)`` starts a connector; it stops with the test."""
    running: list[Running] = []

    def start(addresses: list[str], endpoint: str, **options: Any) -> Running:
        running.append(Running(addresses, endpoint, **options).start())
        return running[-1]

    yield start
    for one in running:
        one.intake.unblock()
        await one.stop()
