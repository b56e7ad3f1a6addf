"""Fixtures: a service at work in this process, on a small park, a real broker and a real database."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from deploy.embedded import EmbeddedBroker
from tests.integration.cli.serve import Serve, starting
from tests.integration.service.rig import Rig
from tests.integration.service.small import SmallPark

Serving = Callable[..., AbstractAsyncContextManager[Rig]]


@pytest.fixture
def small_park(tmp_path: Path, broker: EmbeddedBroker) -> SmallPark:
    """On the broker that all tests share."""
    return SmallPark(tmp_path, broker_port=broker.port)


@pytest.fixture
def serving(small_park: SmallPark, database: str, monkeypatch: pytest.MonkeyPatch) -> Serving:
    """Run a service of the small park; options go into its configuration."""
    monkeypatch.delenv("DATABASE_URL", raising=False)

    @asynccontextmanager
    async def serve(**options: object) -> AsyncIterator[Rig]:
        async with Rig(small_park, database).running(**options) as rig:
            yield rig

    return serve


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[[Path], Serve]]:
    """Start ``parkwatch serve`` in a process of its own, on a configuration file, as often as wanted."""
    with starting(tmp_path) as start:
        yield start
