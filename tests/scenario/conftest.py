"""One judged demonstration for the session: it takes more than a minute, so it plays while other tests run."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scenario.demos import DemoProcess


@pytest.fixture(scope="session")
def demo_place(server_directory: Path) -> Path:
    """Which the database's account can enter."""
    place = server_directory / "demo"
    place.mkdir()
    place.chmod(0o711)
    return place


@pytest.fixture(scope="session")
def judged_demo(demo_place: Path) -> Iterator[DemoProcess]:
    """``parkwatch demo --for 60s --report report.json``, under way; it ends by itself."""
    demo = DemoProcess(demo_place / "judged", "--for", "60s", "--report", str(demo_place / "report.json"))
    yield demo
    demo.destroy()
