"""Telegrams as they are read back: newest first, of one device or all, never of an enterprise that the scope hides."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectors.base import RawFrame
from service.store.raw import unpack
from service.store.scope import Scope
from service.store.stored import microseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameFilter:
    """Which telegrams are wanted: received within ``[from_us, to_us)``, epoch microseconds, UTC."""

    from_us: int
    to_us: int
    #: None: of all.
    connector: str | None = None
    device: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameKey:
    """Where a page ends: telegrams of this block from ``place`` on are told already."""

    received_us: int
    connector: str
    place: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFrame:
    """One telegram, and when and by what it was received."""

    received_us: int
    connector: str
    #: Within its block, in the order in which they came.
    place: int
    frame: RawFrame

    @property
    def key(self) -> FrameKey:
        """The next page begins behind it."""
        return FrameKey(received_us=self.received_us, connector=self.connector, place=self.place)


async def frames_of(
    rows: list[dict[str, Any]], scope: Scope, wanted: FrameFilter, before: FrameKey | None, limit: int
) -> list[StoredFrame]:
    """The first ``limit`` telegrams of these blocks that are wanted and seen; unpacked beside the event loop."""
    found: list[StoredFrame] = []
    for row in rows:
        found += (await asyncio.to_thread(_of_block, row, scope, wanted, before))[: limit - len(found)]
        if len(found) >= limit:
            break
    return found


def _of_block(row: dict[str, Any], scope: Scope, wanted: FrameFilter, before: FrameKey | None) -> list[StoredFrame]:
    at: datetime = row["received_at"]
    received_us, connector = microseconds(at), str(row["origin"])
    resumes = before is not None and (before.received_us, before.connector) == (received_us, connector)
    frames = unpack(row["data"])
    end = before.place if before is not None and resumes else len(frames)
    return [
        StoredFrame(received_us=received_us, connector=connector, place=place, frame=frames[place])
        for place in range(end - 1, -1, -1)
        if scope.sees(frames[place].enterprise) and wanted.device in (None, frames[place].device)
    ]


def end_of_block(row: dict[str, Any]) -> FrameKey:
    """All of this block is told."""
    return FrameKey(received_us=microseconds(row["received_at"]), connector=str(row["origin"]), place=0)
