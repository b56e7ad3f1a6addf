"""``parkwatch serve`` in a process of its own."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_POLL_S = 0.05


@contextmanager
def starting(directory: Path) -> Iterator[Callable[[Path], "Serve"]]:
    """What starts services on a configuration file; in the end none of them is left. Logs go into the directory."""
    started: list[Serve] = []

    def start(config: Path) -> Serve:
        started.append(Serve(config, directory / f"serve-{len(started)}.log"))
        return started[-1]

    yield start
    for one in started:
        one.destroy()


class Serve:
    """Running from the moment it is made."""

    def __init__(self, config: Path, log: Path) -> None:
        self._log = log
        environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        with log.open("wb") as sink:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "deploy.cli", "serve", "--config", str(config)],
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                env=environment,
            )

    @property
    def said(self) -> str:
        """Everything it wrote so far."""
        return self._log.read_text(errors="replace")

    def until_up(self, within_s: float = 30.0) -> str:
        """Its address, once it says that it is up."""
        deadline_s = time.monotonic() + within_s
        while (found := re.search(r'"url": "(http://[^"]+)".*parkwatch is up', self.said)) is None:
            assert self.process.poll() is None, f"it ended:\n{self.said}"
            assert time.monotonic() < deadline_s, f"it is not up:\n{self.said}"
            time.sleep(_POLL_S)
        return found[1]

    def ended(self, within_s: float = 30.0) -> int:
        """Its exit code."""
        return self.process.wait(within_s)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> float:
        """Tell it to end; seconds until it has."""
        began_s = time.monotonic()
        self.process.send_signal(number)
        self.ended()
        return time.monotonic() - began_s

    def destroy(self) -> None:
        """Whatever became of it."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
