"""A small table in a file of the data directory, readable by its owner alone, changed by any process at any time.

The command line changes it while the service runs: whoever looks something up sees a change at once, and two that
change it at the same moment come one after the other.
"""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Generic, TypeVar

import msgspec
import structlog

from service.files import write_private

_log = structlog.get_logger(__name__)
_Row = TypeVar("_Row", bound=msgspec.Struct)


class FileBroken(ValueError):
    """The file cannot be used; the message says why and what to do."""


class Table(Generic[_Row]):
    """Rows of one kind. Constructing reads nothing."""

    def __init__(self, path: Path, kind: type[_Row], error: type[FileBroken], cure: str) -> None:
        self.path = path
        self._kind, self._error, self._cure = kind, error, cure
        self._seen: tuple[int, ...] = ()
        self._rows: tuple[_Row, ...] = ()
        #: Changes whenever the rows were read anew.
        self.version = 0

    def rows(self) -> tuple[_Row, ...]:
        """As they are now, oldest first. Raises the error of this table where the file cannot be read."""
        try:
            status = self.path.stat()
        except FileNotFoundError:
            self._use((), ())
            return self._rows
        seen = (status.st_mtime_ns, status.st_size, status.st_ino)
        if seen == self._seen:
            return self._rows
        if status.st_mode & 0o077:
            _log.warning("The file could be read by others; its mode is set to 600.", file=str(self.path))
            self.path.chmod(0o600)
        try:
            rows = msgspec.json.decode(self.path.read_bytes(), type=tuple[self._kind, ...])  # type: ignore[name-defined]
        except (msgspec.MsgspecError, OSError) as error:
            self._seen = seen
            raise self._error(f"{self.path}: {error}; {self._cure}") from error
        self._use(rows, seen)
        return self._rows

    def known(self) -> tuple[_Row, ...]:
        """The same, but what was read last stays in force where the file is broken: locking people out is worse."""
        try:
            return self.rows()
        except FileBroken as error:
            _log.error("The file cannot be read; what is known so far stays in force.", reason=str(error))
            return self._rows

    @contextmanager
    def changing(self) -> Iterator[Callable[[tuple[_Row, ...]], None]]:
        """Nobody else changes it within; call what is yielded with all rows to write them."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        directory = os.open(self.path.parent, os.O_RDONLY)
        try:
            fcntl.flock(directory, fcntl.LOCK_EX)
            yield self._write
        finally:
            os.close(directory)

    def _write(self, rows: tuple[_Row, ...]) -> None:
        write_private(self.path, msgspec.json.format(msgspec.json.encode(rows), indent=2))
        self.rows()

    def _use(self, rows: tuple[_Row, ...], seen: tuple[int, ...]) -> None:
        self._rows, self._seen = rows, seen
        self.version += 1
