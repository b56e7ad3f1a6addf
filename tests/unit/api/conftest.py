"""One small service a test, and clients of it."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from service.api.keys import Keys
from tests.unit.api.service_in_memory import Callers, ServiceInMemory, client, make_app, make_keys


@pytest.fixture
async def service() -> AsyncIterator[ServiceInMemory]:
    view = ServiceInMemory()
    await view.queries.open()
    yield view
    await view.backtests.close()
    await view.queries.close()


@pytest.fixture
def keys_and_callers(tmp_path: Path) -> tuple[Keys, Callers]:
    return make_keys(tmp_path)


@pytest.fixture
def keys(keys_and_callers: tuple[Keys, Callers]) -> Keys:
    return keys_and_callers[0]


@pytest.fixture
def callers(keys_and_callers: tuple[Keys, Callers]) -> Callers:
    return keys_and_callers[1]


@pytest.fixture
def app(service: ServiceInMemory, keys: Keys) -> FastAPI:
    return make_app(service, keys)


@pytest.fixture
async def park(app: FastAPI, callers: Callers) -> AsyncIterator[httpx.AsyncClient]:
    """The control room."""
    async with client(app, callers.park) as one:
        yield one


@pytest.fixture
async def acme(app: FastAPI, callers: Callers) -> AsyncIterator[httpx.AsyncClient]:
    """One enterprise."""
    async with client(app, callers.acme) as one:
        yield one


@pytest.fixture
async def anyone(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Without a key."""
    async with client(app, None) as one:
        yield one
