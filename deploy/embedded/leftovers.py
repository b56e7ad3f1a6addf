"""What a server that was killed may leave behind: processes of the same data directory, and a lock file.

PostgreSQL clears its own lock file unless the process id in it is in use again by the same account; it refuses to
start while any worker of the dead server still holds shared memory. Both are settled here, by looking at which
processes really work in the data directory.
"""

import os
import signal
import time
from pathlib import Path

from deploy.embedded import supervisor
from deploy.embedded.errors import EmbeddedError

_POLL_EVERY_S = 0.02
#: A supervisor whose parent died gives its server this long to stop in order.
_PREVIOUS_WITHIN_S = 25.0


def await_previous_end(data_dir: Path) -> None:
    """Wait while a server that lost its parent is being stopped; raises EmbeddedError if it is someone's in use."""
    deadline_s = time.monotonic() + _PREVIOUS_WITHIN_S
    while (pid := _postmaster(data_dir)) is not None:
        if time.monotonic() > deadline_s or not supervisor.is_ending(pid):
            raise EmbeddedError(f"{data_dir} is in use by another running server, process {pid}; stop that one first")
        time.sleep(_POLL_EVERY_S)


def end_leftovers(data_dir: Path) -> None:
    """End workers whose postmaster is gone, and remove its lock file."""
    workers = _working_in(data_dir)
    while workers:
        for pid in workers:
            supervisor.signal_quietly(pid, signal.SIGKILL)
        time.sleep(_POLL_EVERY_S)
        workers = _working_in(data_dir)
    (data_dir / "postmaster.pid").unlink(missing_ok=True)


def _postmaster(data_dir: Path) -> int | None:
    try:
        pid = int((data_dir / "postmaster.pid").read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return None
    return pid if _works_in(pid, data_dir) else None


def _working_in(data_dir: Path) -> list[int]:
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [pid for pid in pids if _works_in(pid, data_dir)]


def _works_in(pid: int, data_dir: Path) -> bool:
    """Every PostgreSQL process has its data directory as working directory, and nobody else sits there by chance."""
    try:
        same_place = os.path.samefile(f"/proc/{pid}/cwd", data_dir)  # noqa: PTH121
        return same_place and Path(f"/proc/{pid}/comm").read_text().strip() in {"postgres", "postmaster"}
    except OSError:
        return False  # gone, or another account's
