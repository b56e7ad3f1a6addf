"""Fixtures: a rig on the session's broker, and brokers of a test's own where it stops, starves or encrypts them."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.embedded import EmbeddedBroker
from tests.integration.mqtt.rig import Rig


@pytest.fixture
def rig(broker: EmbeddedBroker) -> Rig:
    """On the broker that all tests share."""
    return Rig(broker)


@pytest.fixture(params=["5", "3.1.1"])
def version(request: pytest.FixtureRequest) -> str:
    """Both versions of MQTT."""
    return str(request.param)


@pytest.fixture
def own_broker() -> Iterator[Callable[..., EmbeddedBroker]]:
    """Make brokers for this test alone; they are not started."""
    directory = Path(tempfile.mkdtemp(prefix="parkwatch-mqtt-"))
    directory.chmod(0o711)
    made: list[EmbeddedBroker] = []

    def make(**options: Any) -> EmbeddedBroker:
        made.append(EmbeddedBroker(directory / f"broker{len(made)}", **options))
        return made[-1]

    yield make
    for broker in made:
        broker.destroy()
    shutil.rmtree(directory, ignore_errors=True)
