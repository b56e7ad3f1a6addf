"""A real TimescaleDB and a real broker for every test that asks: one of each a session, a fresh database a test."""

import itertools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from deploy.embedded import EmbeddedBroker, EmbeddedPostgres

_TEMPLATE = "empty_with_timescaledb"
#: `make test` repeats a failed test once (decision 32); where so many fail, it is no matter of a busy machine.
_MOST_REPEATED = 5
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def server_directory() -> Iterator[Path]:
    """A directory for servers, which the account they drop to can enter (pytest's own tmp_path is closed to it)."""
    directory = Path(tempfile.mkdtemp(prefix="parkwatch-test-"))
    directory.chmod(0o711)
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres(server_directory: Path) -> Iterator[EmbeddedPostgres]:
    """The session's database server. A test that kills or pauses a server makes one of its own instead."""
    server = EmbeddedPostgres(server_directory / "postgres", fsync=False, shared_buffers_mb=128)
    with server:
        yield server
    server.destroy()


@pytest.fixture(scope="session")
def new_database(request: pytest.FixtureRequest) -> Callable[[], tuple[str, Callable[[], None]]]:
    """Make an empty database with TimescaleDB; returns its address and what drops it."""
    elsewhere = os.environ.get("PARKWATCH_TEST_DATABASE_URL")
    if elsewhere:
        return lambda: _database_elsewhere(elsewhere, f"parkwatch_test_{os.getpid()}_{next(_numbers)}")
    server: EmbeddedPostgres = request.getfixturevalue("postgres")
    server.create_database(_TEMPLATE)
    server.make_template(_TEMPLATE)

    def copy() -> tuple[str, Callable[[], None]]:
        name = f"test_{next(_numbers)}"
        return server.create_database(name, template=_TEMPLATE), lambda: server.drop_database(name)

    return copy


@pytest.fixture
def database(new_database: Callable[[], tuple[str, Callable[[], None]]]) -> Iterator[str]:
    """The address of an empty database with TimescaleDB, for this test alone."""
    dsn, drop = new_database()
    yield dsn
    drop()


@pytest.fixture(scope="session")
def broker(server_directory: Path) -> Iterator[EmbeddedBroker]:
    """The session's MQTT broker: no passwords, no encryption. Use topics of your test's own."""
    with EmbeddedBroker(server_directory / "broker") as running:
        yield running


def _database_elsewhere(url: str, name: str) -> tuple[str, Callable[[], None]]:
    def run(command: str, to: str) -> None:
        with psycopg.connect(to, autocommit=True) as connection:
            connection.execute(command.encode())

    dsn = urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
    run(f'CREATE DATABASE "{name}"', url)
    run("CREATE EXTENSION IF NOT EXISTS timescaledb", dsn)
    return dsn, lambda: run(f'DROP DATABASE "{name}" WITH (FORCE)', url)


class Repeated:
    """The tests that failed once and were repeated; too many of them fail the run."""

    def __init__(self) -> None:
        self.ids: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A report of pytest-rerunfailures says ``rerun``."""
        if report.outcome == "rerun":  # type: ignore[comparison-overlap]
            self.ids.add(report.nodeid)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Before the exit code is final."""
        if len(self.ids) > _MOST_REPEATED and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """So that nobody has to look for it."""
        if len(self.ids) > _MOST_REPEATED:
            terminalreporter.line(f"{len(self.ids)} tests had to be repeated, {_MOST_REPEATED} may be", red=True)


def pytest_configure(config: pytest.Config) -> None:
    """One count a run."""
    config.pluginmanager.register(Repeated(), "repeated")
