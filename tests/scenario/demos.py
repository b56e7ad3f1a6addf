"""``parkwatch demo`` as a process of its own, and everything that belongs to it."""

import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil

_POLL_S = 0.1


class DemoProcess:
    """A demonstration whose temporary files are in a place of its own, so that what it leaves behind can be found."""

    def __init__(self, place: Path, *options: str) -> None:
        place.mkdir()
        place.chmod(0o711)  # the database's account has to get through
        self.place = place
        self._output = place.with_suffix(".log")
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "deploy.cli", "demo", *options],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, "TMPDIR": str(place), "COLUMNS": "200"},
                start_new_session=True,
            )

    @property
    def said(self) -> str:
        """Everything it printed so far."""
        return self._output.read_text(errors="replace")

    def until_said(self, words: str, within_s: float = 60.0) -> None:
        """Wait for what it prints."""
        deadline_s = time.monotonic() + within_s
        while words not in self.said:
            assert self.process.poll() is None, f"it ended too soon:\n{self.said}"
            assert time.monotonic() < deadline_s, f"it did not say {words!r}:\n{self.said}"
            time.sleep(_POLL_S)

    def until_begun(self) -> None:
        """Wait until it has a directory, so that its database is about to be made."""
        while not any(self.place.iterdir()):
            assert self.process.poll() is None, f"it ended too soon:\n{self.said}"
            time.sleep(_POLL_S / 10)

    def family(self) -> list[str]:
        """Every living process that was started with its environment, or works in its place."""
        return [found for process in psutil.process_iter() if (found := self._described(process))]

    def _described(self, process: psutil.Process) -> str:
        with suppress(psutil.Error, OSError), process.oneshot():
            if process.status() == psutil.STATUS_ZOMBIE:
                return ""
            words = [*process.cmdline(), process.cwd(), process.environ().get("TMPDIR", "")]
            if any(str(self.place) in word for word in words):
                return f"{process.pid} {' '.join(process.cmdline())}"
        return ""

    def until_alone(self, within_s: float) -> list[str]:
        """Who of the family is still there after so long."""
        deadline_s = time.monotonic() + within_s
        while (family := self.family()) and time.monotonic() < deadline_s:
            time.sleep(_POLL_S)
        return family

    def left_behind(self) -> list[str]:
        """Files and directories in its place."""
        return [entry.name for entry in self.place.iterdir()]

    def destroy(self) -> None:
        """End it, whatever became of it."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.until_alone(30.0)
