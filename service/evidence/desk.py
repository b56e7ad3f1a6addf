"""Packs that people ask for: made one at a time beside the service, kept as files for some days."""

import asyncio
import contextlib
import hashlib
import time
import uuid
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import structlog

from service.evidence.pack import Contents, make
from service.evidence.signing import SigningKey
from service.files import write_private

_log = structlog.get_logger(__name__)
#: Packs that are remembered, and that may wait.
_MOST_KEPT, _MOST_RUNNING = 50, 4
_KEEP_S = 7 * 86_400


class TooManyPacks(Exception):
    """So many are being made that another one has to wait; ask again."""


@dataclass(kw_only=True)
class Pack:
    """One that was asked for."""

    id: str
    by: str
    #: Who may have it: an enterprise, or None for the park's own people.
    enterprise: str | None
    asked_us: int
    file: Path
    state: Literal["running", "done", "failed"] = "running"
    bytes: int = 0
    sha256: str = ""
    error: str = ""


class EvidenceDesk:
    """Constructing does nothing."""

    def __init__(self, data_dir: Path) -> None:
        self.key = SigningKey(data_dir)
        self._directory = data_dir / "evidence"
        self._packs: OrderedDict[str, Pack] = OrderedDict()
        self._one = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    def get(self, pack_id: str, enterprise: str | None) -> Pack | None:
        """None where there is none, it was long ago, or it is somebody else's."""
        pack = self._packs.get(pack_id)
        return pack if pack is not None and enterprise in (None, pack.enterprise) else None

    def ask(self, *, by: str, enterprise: str | None, at_us: int, read: Callable[[], Awaitable[Contents]]) -> Pack:
        """Begin; ``read`` reads what goes in. Raises TooManyPacks."""
        if sum(one.state == "running" for one in self._packs.values()) >= _MOST_RUNNING:
            raise TooManyPacks(f"{_MOST_RUNNING} packs are being made; ask again when one is done")
        pack_id = str(uuid.uuid4())
        file = self._directory / f"{pack_id}.zip"
        pack = Pack(id=pack_id, by=by, enterprise=enterprise, asked_us=at_us, file=file)
        self._packs[pack_id] = pack
        while len(self._packs) > _MOST_KEPT:
            self._packs.popitem(last=False)[1].file.unlink(missing_ok=True)
        task = asyncio.create_task(self._make(pack, read), name="evidence")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return pack

    async def _make(self, pack: Pack, read: Callable[[], Awaitable[Contents]]) -> None:
        try:
            async with self._one:
                contents = await read()
                data = await asyncio.to_thread(make, contents, self.key)
                await asyncio.to_thread(self._write, pack.file, data)
        except Exception as error:
            _log.error("An evidence pack could not be made.", pack=pack.id, exc_info=error)
            pack.state, pack.error = "failed", f"{type(error).__name__}: {error}"
        else:
            pack.bytes, pack.sha256 = len(data), hashlib.sha256(data).hexdigest()
            pack.state = "done"

    def _write(self, file: Path, data: bytes) -> None:
        self._directory.mkdir(parents=True, exist_ok=True)
        for old in self._directory.glob("*.zip"):  # of earlier lives too
            with contextlib.suppress(OSError):
                if old.stat().st_mtime < time.time() - _KEEP_S:
                    old.unlink()
        write_private(file, data)

    async def close(self) -> None:
        """The service stops: what is not done is not made."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
