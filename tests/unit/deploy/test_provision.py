"""Where database and broker come from, and what is said when they cannot be had."""

import subprocess
import sys
from pathlib import Path

import pytest

from deploy.debian import apt
from deploy.embedded import locate, provision
from deploy.embedded.errors import NotProvided


@pytest.fixture
def bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine with neither TimescaleDB nor mosquitto, and nothing provisioned yet. Returns the private place."""
    tmp_path.chmod(0o755)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setattr(locate, "machine_postgres", lambda: None)
    monkeypatch.setattr(locate, "machine_mosquitto", lambda: None)
    place = tmp_path / "embedded"
    monkeypatch.setattr(provision, "private_place", lambda: place)
    return place


def test_private_root_is_in_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PARKWATCH_HOME", raising=False)
    assert locate.private_root() == locate.project_root() / ".embedded"
    assert (locate.project_root() / "pyproject.toml").exists()


def test_private_root_can_be_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARKWATCH_HOME", "/srv/parkwatch")
    assert locate.private_root() == Path("/srv/parkwatch/embedded")


def test_failure_names_all_three_ways(bare_machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apt, "machine_sources", list)
    with pytest.raises(NotProvided) as refusal:
        provision.ensure()
    text = str(refusal.value)
    assert "no Debian archive" in text
    assert all(way in text for way in ("DATABASE_URL", "install postgresql with timescaledb", "make setup"))
    assert not (bare_machine / "stamp").exists()
    assert not list(bare_machine.glob("making-*"))


def test_missing_apt_is_told(bare_machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(NotProvided, match=r"there is no (dpkg|apt-get) here"):
        provision.ensure()


def test_directory_that_cannot_be_written_names_the_way_out(
    bare_machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(bare_machine))

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(NotProvided, match="PARKWATCH_HOME"):
        provision.ensure()


def test_made_once_and_then_found(bare_machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def make(place: Path) -> None:
        made.append(place)
        (place / "stamp").write_text(provision._stamp(place))

    monkeypatch.setattr(provision, "_make", make)
    assert [provision.ensure(), provision.ensure()] == [bare_machine / "root"] * 2
    assert made == [bare_machine]


def test_moved_tree_is_made_again(bare_machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bare_machine.mkdir()
    (bare_machine / "stamp").write_text(provision._stamp(Path("/somewhere/else")))
    monkeypatch.setattr(provision, "_make", lambda place: (place / "stamp").write_text(provision._stamp(place)))
    assert not provision._is_current(bare_machine)
    provision.ensure()
    assert provision._is_current(bare_machine)


def test_own_database_and_broker_need_no_download(bare_machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not provision.everything_found()
    monkeypatch.setenv("DATABASE_URL", "postgresql:///park")
    monkeypatch.setattr(locate, "machine_mosquitto", lambda: Path("/usr/sbin/mosquitto"))
    assert provision.everything_found()


@pytest.mark.parametrize(
    ("name", "needed"),
    [
        ("postgresql-17", True),
        ("postgresql-17-timescaledb", True),
        ("mosquitto", True),
        ("libc6", True),
        ("libssl3t64", True),
        ("zlib1g", True),
        ("libllvm19", False),
        ("libz3-4", False),
        ("libperl5.40", False),
        ("libjson-perl", False),
        ("perl-base", False),
        ("locales", False),
        ("libc-l10n", False),
        ("tzdata", False),
    ],
)
def test_only_what_runs_is_downloaded(name: str, needed: bool) -> None:
    assert provision._is_needed(name) is needed


@pytest.mark.parametrize(
    ("told", "found"),
    [
        pytest.param("mosquitto version 2.0.11\n\nmosquitto is an MQTT broker.", True, id="Debian 12"),
        pytest.param("mosquitto version 2.1.2", True, id="newer"),
        pytest.param("mosquitto version 1.6.12", False, id="too old"),
        pytest.param("", False, id="says nothing"),
    ],
)
def test_machines_mosquitto_must_be_recent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: str, found: bool
) -> None:
    program = tmp_path / "mosquitto"
    program.write_text(f"#!/bin/sh\ncat <<'END'\n{told}\nEND\n")
    program.chmod(0o755)
    assert (locate._mosquitto_version(program) >= locate._MOSQUITTO_MIN) is found


def test_machines_timescaledb_is_found_where_debian_puts_it(tmp_path: Path) -> None:
    for major, has_timescaledb in ((15, False), (16, True), (14, True)):
        home = tmp_path / "lib" / "postgresql" / str(major)
        for directory in ("bin", "lib"):
            (home / directory).mkdir(parents=True)
        for program in ("postgres", "initdb"):
            (home / "bin" / program).write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {major}.4'\n")
            (home / "bin" / program).chmod(0o755)
        if has_timescaledb:
            (home / "lib" / "timescaledb.so").touch()
    assert [found.major for found in locate.postgres_below(tmp_path)] == [16]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_two_at_once_make_one_root(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARKWATCH_HOME", str(tmp_path_factory.mktemp("home")))
    command = [sys.executable, "-m", "deploy.embedded"]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    told = [one.communicate()[1] for one in both]
    assert [one.returncode for one in both] == [0, 0]
    assert sum("download" in text for text in told) <= 1


def test_clean_keeps_what_other_clones_share(bare_machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bare_machine.mkdir()
    assert provision.remove() == bare_machine
    monkeypatch.setattr(locate, "private_root", lambda: bare_machine)
    assert provision.remove() is None
    assert not bare_machine.exists()
