"""Fixtures: commands run in this process, and a service run in one of its own."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from deploy.cli import app
from deploy.embedded import EmbeddedBroker
from tests.integration.cli.serve import Serve, starting
from tests.integration.service.small import SmallPark

Run = Callable[..., Result]
Start = Callable[[Path], Serve]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command that ends; the environment names no database."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    # Logging is the whole process's, and this process is the tests'.
    for module in ("service", "trial"):
        monkeypatch.setattr(f"deploy.cli.{module}.set_up_logging", lambda *_: None)
    return lambda *words, **environment: CliRunner().invoke(app, [str(word) for word in words], env=environment or None)


@pytest.fixture
def park(tmp_path: Path, broker: EmbeddedBroker) -> SmallPark:
    """On the broker that all tests share."""
    return SmallPark(tmp_path, broker_port=broker.port)


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Start]:
    """Start ``parkwatch serve`` on a configuration file, as often as wanted."""
    with starting(tmp_path) as start:
        yield start
