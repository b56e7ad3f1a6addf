"""Keeps one server and ends it when the program that wanted it is gone, however that program ended.

Run as a script with nothing but the standard library: ``supervisor.py PARENT_PID STOP_SIGNAL UID GID COMMAND...``
prints the server's process id, waits for the server or the parent to end, and leaves nothing behind. PR_SET_PDEATHSIG
alone would not do for the first step, because it fires when the *thread* that forked ends, not the process. It does for
the second: this script has one thread, and its server is told to stop should the script itself be killed.
"""

import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_CHECK_EVERY_S = 0.1
#: How long a server may take to stop by itself after its parent died.
_STOP_WITHIN_S = 20.0
#: Workers of a dead server see its death and leave by themselves; those that do not are killed after this time.
_ORPHANS_WITHIN_S = 3.0


def main(arguments: list[str]) -> int:
    """Run the command until it or the parent ends; the exit code is the server's."""
    parent_pid, stop_signal, uid, gid = (int(word) for word in arguments[:4])
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    server = _spawn(arguments[4:], uid, gid, lambda: libc.prctl(_PR_SET_PDEATHSIG, stop_signal, 0, 0, 0))
    print(server.pid, flush=True)
    _wait_for_either(server, parent_pid)
    if server.poll() is None:
        _stop(server, stop_signal)
    _end_orphans()
    return server.wait()


def descendants(pid: int) -> list[int]:
    """List the processes below one process, nearest first."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            parent = _parent_of(entry)
            if parent is not None:
                children.setdefault(parent, []).append(int(entry.name))
    found: list[int] = []
    waiting = [pid]
    while waiting:
        below = children.get(waiting.pop(0), [])
        found += below
        waiting += below
    return found


def signal_quietly(pid: int, number: int) -> None:
    """Send a signal to a process that may be gone already."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def is_ending(server_pid: int) -> bool:
    """Tell whether a server's supervisor has lost its parent, so that both are about to end."""
    supervisor_pid = _parent_of(Path(f"/proc/{server_pid}"))
    if supervisor_pid is None:
        return True
    try:
        words = Path(f"/proc/{supervisor_pid}/cmdline").read_text(errors="replace").split("\0")
    except OSError:
        return True
    if __file__ not in words:
        return True  # its supervisor was killed, and it was told to stop
    return words[words.index(__file__) + 1] != str(_parent_of(Path(f"/proc/{supervisor_pid}")))


def _parent_of(entry: Path) -> int | None:
    try:
        stat = (entry / "stat").read_text(errors="replace")
    except OSError:
        return None  # gone between listing and reading
    state, parent = stat[stat.rindex(")") + 2 :].split()[:2]
    return None if state == "Z" else int(parent)


def _spawn(command: list[str], uid: int, gid: int, in_child: Callable[[], object]) -> subprocess.Popen[bytes]:
    drop = uid >= 0
    # The uid changes before preexec_fn runs; the other way round the kernel would forget the death signal. There is
    # one thread here, which is what preexec_fn needs.
    return subprocess.Popen(
        command,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=2,
        preexec_fn=in_child,  # noqa: PLW1509
        user=uid if drop else None,
        group=gid if drop else None,
        extra_groups=[] if drop else None,
    )


def _wait_for_either(server: subprocess.Popen[bytes], parent_pid: int) -> None:
    try:
        waiting = [os.pidfd_open(parent_pid), os.pidfd_open(server.pid)]
    except OSError:  # an old kernel, a strict sandbox, or a parent gone already
        waiting = []
    while server.poll() is None and os.getppid() == parent_pid:
        if waiting:
            select.select(waiting, [], [], 10 * _CHECK_EVERY_S)
        else:
            time.sleep(_CHECK_EVERY_S)


def _stop(server: subprocess.Popen[bytes], stop_signal: int) -> None:
    family = [server.pid, *descendants(server.pid)]
    for pid in family:
        signal_quietly(pid, signal.SIGCONT)  # a fault test may have died while its server was paused
    server.send_signal(stop_signal)
    try:
        server.wait(_STOP_WITHIN_S)
    except subprocess.TimeoutExpired:
        server.kill()


def _end_orphans() -> None:
    deadline_s = time.monotonic() + _ORPHANS_WITHIN_S
    while orphans := descendants(os.getpid()):
        if time.monotonic() > deadline_s:
            for pid in orphans:
                signal_quietly(pid, signal.SIGKILL)
        time.sleep(_CHECK_EVERY_S / 10)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
