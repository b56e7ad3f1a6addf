"""The journal of every attempt: kept in memory until the database takes it, so that no outage silences a message."""

import uuid
from collections import deque
from typing import Any

import msgspec
import structlog

from service.notify.decide import Silence
from service.notify.message import Message
from service.store.asking import Asking, Connection
from service.store.errors import StoreUnavailable
from service.store.events import moment
from service.store.scope import Scope
from service.store.sqlfile import SqlFile

_log = structlog.get_logger(__name__)
_SQL = SqlFile("notifications")
_INSERT = _SQL["insert"]
#: Beyond this the oldest go into the log instead; it is many hours of a bad day.
_MOST_WAITING = 20_000
_PIECE = 500


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One row."""

    id: str
    at_us: int
    about: tuple[str, ...]
    enterprise: str
    channel: str
    route: str = ""
    why: str
    colour: str = ""
    state: str
    attempt: int = 0
    step: int = 0
    reason: str
    took_ms: int = 0


def of_message(message: Message, state: str, reason: str, at_us: int, *, attempt: int, took_ms: int) -> Entry:
    """An attempt."""
    owners = {line.enterprise for line in message.lines}
    return Entry(
        id=message.id,
        at_us=at_us,
        about=tuple(line.about for line in message.lines),
        enterprise=owners.pop() if len(owners) == 1 else "",
        channel=message.channel,
        route=message.route,
        why=message.why,
        colour=message.colour.value,
        state=state,
        attempt=attempt,
        step=message.step,
        reason=reason,
        took_ms=took_ms,
    )


def of_silence(silence: Silence, at_us: int) -> Entry:
    """What was not told."""
    return Entry(
        id=str(uuid.uuid4()),
        at_us=at_us,
        about=(silence.about,),
        enterprise=silence.enterprise,
        channel=silence.channel,
        why="raised",
        state="silent",
        reason=silence.reason,
    )


class NotificationJournal:
    """``add`` never waits; ``flush`` writes what the database takes."""

    def __init__(self, acting: Asking) -> None:
        self._acting = acting
        self.waiting: deque[Entry] = deque()
        #: Raised with every entry.
        self.version = 0

    def add(self, entry: Entry) -> None:
        """Keep it until it is written."""
        self.version += 1
        self.waiting.append(entry)
        if len(self.waiting) > _MOST_WAITING:
            _log.error(
                "The journal of notifications is full; an entry is kept here alone.", **_fields(self.waiting.popleft())
            )

    async def flush(self) -> None:
        """Write what waits; what cannot be written stays."""
        while self.waiting:
            piece = [self.waiting[n] for n in range(min(_PIECE, len(self.waiting)))]

            async def write(connection: Connection, piece: list[Entry] = piece) -> None:
                async with connection.cursor() as cursor:
                    await cursor.executemany(_INSERT, [_fields(one) for one in piece])

            try:
                await self._acting.act(Scope.everything(), write)
            except StoreUnavailable:
                return
            for _ in piece:
                self.waiting.popleft()


def _fields(entry: Entry) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.structs.asdict(entry)
    clean = {name: value.replace("\0", "�") if isinstance(value, str) else value for name, value in fields.items()}
    return clean | {"at": moment(entry.at_us), "about": list(entry.about)}
