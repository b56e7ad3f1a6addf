"""The demonstration park, and ports nobody else uses."""

from pathlib import Path

import pytest

from park.check import load_park
from park.model import Park

EXAMPLES = Path(__file__).parents[3] / "deploy" / "examples"


@pytest.fixture(scope="session")
def small_park() -> Park:
    path = EXAMPLES / "small.yaml"
    return load_park(path.read_text("utf-8"), str(path)).park
