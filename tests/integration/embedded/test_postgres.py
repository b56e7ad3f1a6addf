"""The embedded database: it keeps what it committed, comes back from any death, and leaves nothing behind."""

import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from deploy.embedded import EmbeddedError, EmbeddedPostgres
from deploy.embedded.supervisor import descendants

_SETTLE_WITHIN_S = 30.0


@pytest.fixture
def place(server_directory: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A data directory of the test's own."""
    path = server_directory / request.node.name.replace("[", "-").strip("]")
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def server(place: Path) -> Iterator[EmbeddedPostgres]:
    """A running server of the test's own, safe from power cuts as in production."""
    with EmbeddedPostgres(place, shared_buffers_mb=128) as running:
        yield running


def note(server: EmbeddedPostgres, text: str) -> None:
    with psycopg.connect(server.dsn) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS note (text text)")
        connection.execute("INSERT INTO note VALUES (%s)", [text])


def notes(server: EmbeddedPostgres) -> list[str]:
    with psycopg.connect(server.dsn) as connection:
        return [row[0] for row in connection.execute("SELECT text FROM note ORDER BY text")]


def processes_in(place: Path) -> list[int]:
    """Every process that works in a directory, whoever started it."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and (entry / "cwd").readlink().is_relative_to(place):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def await_nothing_in(place: Path) -> None:
    deadline_s = time.monotonic() + _SETTLE_WITHIN_S
    while left := processes_in(place):
        assert time.monotonic() < deadline_s, f"still there: {left}"
        time.sleep(0.05)


def test_constructing_touches_nothing(place: Path) -> None:
    EmbeddedPostgres(place)
    assert not place.exists()


def test_data_outlives_an_orderly_stop(server: EmbeddedPostgres) -> None:
    note(server, "kept")
    server.stop()
    server.start()
    assert notes(server) == ["kept"]


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_stop_ends_every_process(server: EmbeddedPostgres, place: Path, mode: str) -> None:
    assert processes_in(place)
    server.stop("fast" if mode == "fast" else "immediate")
    assert processes_in(place) == []
    assert not server.running


def test_committed_rows_outlive_a_power_cut(server: EmbeddedPostgres) -> None:
    dsn = server.dsn
    note(server, "committed")
    with psycopg.connect(dsn) as connection:
        connection.execute("INSERT INTO note VALUES ('not committed')")
        server.kill()
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    server.start()
    assert server.dsn == dsn, "clients must be able to reconnect to the address they know"
    assert notes(server) == ["committed"]


def test_lost_postmaster_leaves_no_worker_in_the_way(server: EmbeddedPostgres) -> None:
    note(server, "kept")
    assert server.pid is not None
    psycopg.connect(server.dsn).close()
    signal_process(server.pid, signal.SIGKILL)
    server.stop()
    server.start()
    assert notes(server) == ["kept"]


def test_lock_file_with_someone_elses_process_id_is_removed(server: EmbeddedPostgres, place: Path) -> None:
    note(server, "kept")
    server.kill()
    lock = place / "cluster" / "postmaster.pid"
    lines = lock.read_text().splitlines()
    with subprocess.Popen(["sleep", "60"]) as bystander:
        lock.write_text("\n".join([str(bystander.pid), *lines[1:]]) + "\n")
        server.start()
        assert bystander.poll() is None
        bystander.kill()
    assert notes(server) == ["kept"]


def test_second_server_on_the_same_data_is_refused_at_once(server: EmbeddedPostgres, place: Path) -> None:
    note(server, "kept")
    began_s = time.monotonic()
    with pytest.raises(EmbeddedError, match="in use by another running server"):
        EmbeddedPostgres(place).start()
    assert time.monotonic() - began_s < 3
    assert notes(server) == ["kept"]


def test_paused_server_answers_again_when_resumed(server: EmbeddedPostgres) -> None:
    note(server, "before")
    server.pause()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(server.dsn, connect_timeout=2)
    server.resume()
    note(server, "later")
    assert notes(server) == ["before", "later"]


def test_paused_server_can_be_stopped(server: EmbeddedPostgres, place: Path) -> None:
    server.pause()
    server.stop()
    assert processes_in(place) == []


def test_password_guards_the_tcp_port(server: EmbeddedPostgres) -> None:
    with psycopg.connect(server.tcp_dsn_of("postgres")) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(f"postgresql://postgres:wrong@127.0.0.1:{server.port}/postgres")


def test_path_too_long_for_a_socket_works(server_directory: Path) -> None:
    place = server_directory / ("long-" * 20) / ("longer-" * 10)
    server = EmbeddedPostgres(place, fsync=False, shared_buffers_mb=128)
    with server:
        note(server, "reached")
    server.destroy()
    assert not place.exists()


def test_directory_closed_to_others_works(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    server = EmbeddedPostgres(tmp_path / "data", fsync=False, shared_buffers_mb=128)
    with server:
        note(server, "kept")
        server.kill()
        server.start()
        assert notes(server) == ["kept"]
    really = (tmp_path / "data").resolve()
    server.destroy()
    assert not really.exists()
    assert not (tmp_path / "data").is_symlink()


def test_deleting_a_closed_tree_means_a_fresh_start(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    server = EmbeddedPostgres(tmp_path / "data", fsync=False, shared_buffers_mb=128)
    with server:
        note(server, "old")
    forget(tmp_path / "data")
    with server, psycopg.connect(server.dsn) as connection:
        assert connection.execute("SELECT to_regclass('note')").fetchone() == (None,)
    server.destroy()


def test_settings_reach_the_server(place: Path) -> None:
    with (
        EmbeddedPostgres(place, fsync=False, shared_buffers_mb=128, settings={"work_mem": "7MB"}) as server,
        psycopg.connect(server.dsn) as connection,
    ):
        shown = [connection.execute(f"SHOW {name}").fetchone() for name in ("work_mem", "fsync", "timezone")]
    assert shown == [("7MB",), ("off",), ("UTC",)]


def test_setting_it_cannot_take_is_told_with_its_own_words(place: Path) -> None:
    server = EmbeddedPostgres(place, fsync=False, settings={"work_mem": "plenty"})
    with pytest.raises(EmbeddedError, match="work_mem"):
        server.start()
    assert processes_in(place) == []


_PARENT = """
import sys, time
from pathlib import Path
from deploy.embedded import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]), shared_buffers_mb=128)
server.start()
if sys.argv[2] == "paused":
    server.pause()
print("up", flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("state", ["running", "paused"])
def test_nothing_is_left_when_the_parent_is_killed(place: Path, state: str) -> None:
    with subprocess.Popen([sys.executable, "-c", _PARENT, str(place), state], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"up\n"
        assert processes_in(place)
        parent.kill()
    await_nothing_in(place)


def test_successor_of_a_killed_parent_starts_while_the_old_server_is_ending(place: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", _PARENT, str(place), "running"], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        parent.stdout.readline()
        parent.kill()
    with EmbeddedPostgres(place, shared_buffers_mb=128) as server:
        note(server, "after")


def test_nothing_is_left_when_the_supervisor_is_killed(server: EmbeddedPostgres, place: Path) -> None:
    assert server.pid is not None
    stat = Path(f"/proc/{server.pid}/stat").read_text()
    signal_process(int(stat[stat.rindex(")") + 2 :].split()[1]), signal.SIGKILL)
    await_nothing_in(place)
    server.start()
    note(server, "after")


def test_server_outlives_the_thread_that_started_it(place: Path) -> None:
    server = EmbeddedPostgres(place, fsync=False, shared_buffers_mb=128)
    starter = threading.Thread(target=server.start)
    starter.start()
    starter.join()
    time.sleep(0.5)
    note(server, "still there")
    server.stop()


def signal_process(pid: int, number: int) -> None:
    subprocess.run(["kill", f"-{number}", str(pid)], check=True)


def forget(path: Path) -> None:
    """Delete what a user sees at a path, as ``rm -rf`` would."""
    if path.is_symlink():
        path.unlink()
    else:
        shutil.rmtree(path)


def test_descendants_are_found_through_generations() -> None:
    with subprocess.Popen(["sh", "-c", "sleep 60 & sleep 60 & wait"]) as shell:
        deadline_s = time.monotonic() + _SETTLE_WITHIN_S
        while len(below := descendants(shell.pid)) < 2 and time.monotonic() < deadline_s:
            time.sleep(0.01)
        for pid in below:
            signal_process(pid, signal.SIGKILL)
    assert len(below) == 2
