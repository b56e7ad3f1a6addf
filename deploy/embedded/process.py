"""A server process under the supervisor: start, wait, kill, pause, resume."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from deploy.embedded import supervisor
from deploy.embedded.account import Account, server_environment
from deploy.embedded.errors import EmbeddedError, NotStarted

_POLL_EVERY_S = 0.01
#: A log larger than this is started afresh when its server is.
_LOG_MAX_BYTES = 16 * 1024 * 1024


class Server:
    """One supervised server process and all below it."""

    def __init__(self, command: Sequence[str | Path], *, account: Account | None, stop_signal: int, log: Path) -> None:
        """Start the command as the account; the supervisor sends ``stop_signal`` once we are gone."""
        self.name = Path(command[0]).name
        self.log = log
        identity = (account.uid, account.gid) if account else (-1, -1)
        head = [sys.executable, "-I", "-S", supervisor.__file__, os.getpid(), int(stop_signal), *identity]
        with _open_log(log) as sink:
            # A session of its own: Ctrl-C on the terminal must reach us alone, who then stop the server in order.
            self._supervisor = subprocess.Popen(
                [str(word) for word in [*head, *command]],
                cwd="/",
                env=server_environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=sink,
                start_new_session=True,
            )
        self.pid = self._read_pid()

    def running(self) -> bool:
        """Tell whether the server, or its supervisor tidying up after it, is still there."""
        return self._supervisor.poll() is None

    def wait(self, timeout_s: float) -> None:
        """Wait until the server and all below it are gone; kill them when that takes too long."""
        try:
            self._supervisor.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.kill()

    def terminate(self, number: int, timeout_s: float) -> None:
        """Ask the server to stop and wait for it."""
        if self.running():
            self.resume()
            supervisor.signal_quietly(self.pid, number)
        self.wait(timeout_s)

    def kill(self) -> None:
        """End the server and all below it at once, as a power cut would."""
        if self.running():
            # Stopped first, so that none of them can start another while we go through the list.
            self.pause()
            for pid in self.family():
                supervisor.signal_quietly(pid, signal.SIGKILL)
        self._supervisor.wait()

    def pause(self) -> None:
        """Freeze the server: connections stay open and nothing answers."""
        supervisor.signal_quietly(self.pid, signal.SIGSTOP)
        for pid in self.family():
            supervisor.signal_quietly(pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Undo ``pause``."""
        for pid in reversed(self.family()):
            supervisor.signal_quietly(pid, signal.SIGCONT)

    def family(self) -> list[int]:
        """List the server's process and all below it."""
        return [self.pid, *supervisor.descendants(self.pid)]

    def await_ready(self, ready: Callable[[], bool], timeout_s: float) -> None:
        """Wait until ``ready()``; raises NotStarted with the end of the log if the server dies or takes too long."""
        deadline_s = time.monotonic() + timeout_s
        while not ready():
            if not self.running():
                raise NotStarted(f"{self.name} ended while starting. The end of {self.log}:\n{self.log_tail()}")
            if time.monotonic() > deadline_s:
                self.kill()
                raise NotStarted(f"{self.name} was not ready within {timeout_s:g} s; see {self.log}")
            time.sleep(_POLL_EVERY_S)

    def log_tail(self, lines: int = 15) -> str:
        """Return the last lines the server wrote."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def _read_pid(self) -> int:
        assert self._supervisor.stdout is not None
        with self._supervisor.stdout as told:
            line = told.readline()
        if not line.strip().isdigit():
            self._supervisor.wait()
            raise EmbeddedError(f"could not start {self.name}. The end of {self.log}:\n{self.log_tail()}")
        return int(line)


def _open_log(log: Path) -> IO[bytes]:
    too_large = log.exists() and log.stat().st_size > _LOG_MAX_BYTES
    return log.open("wb" if too_large else "ab")
