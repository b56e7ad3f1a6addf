"""The demonstration park, read once, and a world of it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from park.check import load_park
from park.model import Park
from simulators.faults import Fault
from simulators.world import World

EXAMPLES = Path(__file__).parents[3] / "deploy" / "examples"
#: Noon in China on an ordinary day.
START_US = 1_794_283_200_000_000

MakeWorld = Callable[..., World]


@pytest.fixture(scope="session")
def small_park() -> Park:
    path = EXAMPLES / "small.yaml"
    checked = load_park(path.read_text("utf-8"), str(path))
    assert checked.warnings == []
    return checked.park


@pytest.fixture
def make_world(small_park: Park) -> MakeWorld:
    def make(*faults: Fault, seed: int = 3, speed: float = 1.0) -> World:
        return World(small_park, seed=seed, start_us=START_US, speed=speed, faults=faults)

    return make
