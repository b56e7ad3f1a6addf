"""Fixtures: a word of one's own on the session's broker, and brokers of a test's own."""

import pytest

from deploy.embedded import EmbeddedBroker
from tests.integration.mqtt.conftest import own_broker as own_broker
from tests.integration.sparkplug.rig import Rig


@pytest.fixture(params=["5", "3.1.1"])
def version(request: pytest.FixtureRequest) -> str:
    """Both versions of MQTT."""
    return str(request.param)


@pytest.fixture
def rig(broker: EmbeddedBroker) -> Rig:
    """On the broker that all tests share."""
    return Rig(broker)
