"""What people ask of judgement: what holds where, marks within their quotas, the rates of delivery."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import numpy as np

from park.index import TagTable
from rules.emissions.limits import LimitBook
from rules.emissions.marks import Fit, Quota, fit
from service.clock import Clock
from service.judge.config import Emissions
from service.judge.marks import Mark, Withdrawal, note_of
from service.judge.sources import JudgedSource, JudgedTag, judged_sources
from service.store.notes import Note

#: A quota is at most of a year; marks of so many at once are looked at.
MOST_MARKS = 10_000


class QuotaExceeded(ValueError):
    """The mark does not fit; the message says into which quota, how much is used and how much is allowed."""


class EmissionsDesk:
    """One a service."""

    def __init__(
        self,
        tags: TagTable,
        limits: LimitBook,
        config: Emissions,
        clock: Clock,
        note: Callable[[Note], Awaitable[object]],
    ) -> None:
        """``note``: journals one, returns once it is durable."""
        self.limits = limits
        self.config = config
        self.clock = clock
        self.sources: dict[str, JudgedSource] = {one.id: one for one in judged_sources(tags, limits, config)}
        self.tags: dict[str, JudgedTag] = {tag.info.id: tag for one in self.sources.values() for tag in one.tags}
        self._note = note
        self._turn = asyncio.Lock()
        #: Marks that were journalled and that the database may not have yet.
        self._fresh: dict[str, Mark] = {}

    def quotas(self, source: str, kind: str) -> list[Quota]:
        """Those that a mark of this type draws on, and that somebody confirmed."""
        named = (*self.config.quotas.get("*", ()), *self.config.quotas.get(source, ()))
        return [one for one in named if one.active and kind in one.types]

    def fresh(self, mark_id: str) -> Mark | None:
        """A mark that was journalled since the start and not taken back; the database may not have it yet."""
        return self._fresh.get(mark_id)

    async def mark(self, mark: Mark, known: Callable[[], Awaitable[Sequence[Mark]]]) -> None:
        """Journal it. ``known``: the marks of its source that the database has. Raises QuotaExceeded, IntakeRefused."""
        async with self._turn:
            quotas = self.quotas(mark.source, mark.type)
            if quotas:
                stored = {one.id: one for one in await known()}
                self._fresh = {id_: one for id_, one in self._fresh.items() if id_ not in stored}
                others = [one for one in (stored | self._fresh).values() if one.source == mark.source]
                for quota in quotas:
                    _check(mark, [one for one in others if one.type in quota.types and one.id != mark.id], quota)
            await self._note(note_of(mark, id_=mark.id, enterprise=mark.enterprise))
            self._fresh[mark.id] = mark

    async def withdraw(self, back: Withdrawal, *, note_id: str, enterprise: str) -> None:
        """Journal that a mark is taken back. Raises IntakeRefused."""
        async with self._turn:
            await self._note(note_of(back, id_=note_id, enterprise=enterprise))
            self._fresh.pop(back.mark, None)


def _check(mark: Mark, others: Sequence[Mark], quota: Quota) -> None:
    begins = np.array([one.from_us for one in others], np.int64)
    ends = np.array([one.to_us for one in others], np.int64)
    for one in fit(begins, ends, mark.from_us, mark.to_us, quota):
        if not one.fits:
            raise QuotaExceeded(_sentence(one, quota))


def _sentence(one: Fit, quota: Quota) -> str:
    types = ", ".join(sorted(quota.types))
    return (
        f"marks of {types} may last {one.allowed:g} h in a {quota.per} ({quota.source}); {one.used:.2f} h are used, "
        f"with this one it would be {one.would_be:.2f} h; make it shorter, or have another one withdrawn"
    )


def mark_of(row: dict[str, Any]) -> Mark:
    """From a row of `reading.EmissionQueries.marks`."""
    return Mark(
        id=row["id"],
        enterprise=row["enterprise"],
        source=row["source"],
        tags=tuple(row["tags"]),
        from_us=row["from_time_us"],
        to_us=row["to_time_us"],
        kind=row["kind"],
        type=row["type"],
        reason=row["reason"],
        author=row["author"],
        created_us=row["created_us"],
        origin=row["origin"],
    )
