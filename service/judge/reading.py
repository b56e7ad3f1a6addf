"""How the judge's records are asked for: every question begins with the scope of who asks."""

import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from rules.emissions.minutes import Minutes
from service.judge.columns import packed_minutes
from service.store.events import moment
from service.store.samples import StoredTag
from service.store.scope import Scope
from service.store.sqlfile import SqlFile
from service.store.stored import microseconds

_SQL = SqlFile("emissions")
_MEANS, _LAST_MEANS, _MINUTES = _SQL["means"], _SQL["last_means"], _SQL["minutes"]
_EXCEEDANCES, _EVENTS, _COUNTS = _SQL["exceedances"], _SQL["exceedance_events"], _SQL["exceedance_counts"]
_MARKS, _DELIVERIES = _SQL["marks"], _SQL["deliveries"]

Rows = list[dict[str, Any]]
_Ask = Callable[..., Awaitable[Rows]]
Period = Literal["hour", "day", "month"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceedanceFilter:
    """Which are wanted; what is None or empty does not filter."""

    kinds: frozenset[str] = frozenset()
    states: frozenset[str] = frozenset()
    source: str | None = None
    enterprise: str | None = None
    #: ``[from_us, to_us)``: when the period began.
    from_us: int | None = None
    to_us: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkFilter:
    """Which are wanted; what is None does not filter."""

    id: str | None = None
    source: str | None = None
    enterprise: str | None = None
    #: Also those that were taken back.
    withdrawn: bool = True
    #: Marks that touch ``[from_us, to_us)``.
    from_us: int | None = None
    to_us: int | None = None


class EmissionQueries:
    """Made by `service.store.queries.Queries`. Every question may raise StoreUnavailable."""

    def __init__(self, rows: _Ask, visible_tags: Callable[[Scope, Sequence[str]], Awaitable[list[StoredTag]]]) -> None:
        self._rows = rows
        self._visible_tags = visible_tags

    async def tags(self, scope: Scope, tag_ids: Sequence[str]) -> dict[int, StoredTag]:
        """By the database's index, those that the scope sees."""
        return {one.ix: one for one in await self._visible_tags(scope, tag_ids)}

    async def means(
        self,
        scope: Scope,
        tag_ids: Sequence[str],
        period: Period,
        from_us: int,
        to_us: int,
        *,
        revisions: bool = False,
        limit: int = 100_000,
        after: tuple[int, int, int] | None = None,
    ) -> Rows:
        """By tag, start and revision; ``tag`` is the full id. ``after``: (database's tag, start, revision) before."""
        tags = await self.tags(scope, tag_ids)
        rows = await self._rows(
            scope,
            _MEANS,
            tags=list(tags),
            period=period,
            revisions=revisions,
            limit=limit,
            after_tag=after[0] if after else None,
            after_start=moment(after[1]) if after else None,
            after_revision=after[2] if after else None,
            **{"from": moment(from_us), "to": moment(to_us)},
        )
        return [_with_us(row, tags) for row in rows]

    async def last_means(self, scope: Scope, tag_ids: Sequence[str], period: Period) -> Rows:
        """The last judged period of each tag that has one."""
        tags = await self.tags(scope, tag_ids)
        rows = await self._rows(scope, _LAST_MEANS, tags=list(tags), period=period)
        return [_with_us(row, tags) for row in rows]

    async def minutes(
        self, scope: Scope, tag_ids: Sequence[str], from_us: int, to_us: int
    ) -> tuple[Minutes, NDArray[np.float64], dict[int, StoredTag]]:
        """Tags are the database's; with each minute's mean of our own samples, and the tags by index.

        The caller bounds the span: all of it is in memory, 32 bytes a minute.
        """
        tags = await self.tags(scope, tag_ids)
        span = {"from": moment(from_us), "to": moment(to_us)}
        (row,) = await self._rows(scope, _MINUTES, tags=list(tags), **span)
        return *packed_minutes(row["packed"] or b""), tags

    async def deliveries(
        self, scope: Scope, groups: Sequence[Sequence[str]], from_us: int, to_us: int
    ) -> dict[int, dict[str, Any]]:
        """What became of the hours of each group of tags (full ids), by its place; those without any hour are left out.

        The database adds up: a month of a park is more than a million hours.
        """
        group_of = {tag: n for n, members in enumerate(groups) for tag in members}
        tags = await self.tags(scope, list(group_of))
        rows = await self._rows(
            scope,
            _DELIVERIES,
            tags=list(tags),
            groups=[group_of[one.id] for one in tags.values()],
            **{"from": moment(from_us), "to": moment(to_us)},
        )
        return {row["n"]: row for row in rows}

    async def exceedances(
        self, scope: Scope, wanted: ExceedanceFilter, *, limit: int, before: tuple[int, str] | None = None
    ) -> Rows:
        """Newest first; ``before`` is (start_us, id) of the last of the page before."""
        rows = await self._rows(
            scope,
            _EXCEEDANCES,
            visible=scope.parameter,
            kinds=sorted(wanted.kinds) or None,
            states=sorted(wanted.states) or None,
            source=wanted.source,
            enterprise=wanted.enterprise,
            before=moment(before[0]) if before else None,
            before_id=before[1] if before else None,
            limit=limit,
            **{"from": moment(wanted.from_us), "to": moment(wanted.to_us)},
        )
        return [_times(row) for row in rows]

    async def exceedance_events(self, scope: Scope, exceedance_id: str) -> Rows:
        """All that became of one, oldest first; empty where the scope does not see it."""
        rows = await self._rows(scope, _EVENTS, visible=scope.parameter, id=uuid.UUID(exceedance_id))
        return [_times(row) for row in rows]

    async def exceedance_counts(self, scope: Scope, tag_ids: Sequence[str], from_us: int, to_us: int) -> dict[str, int]:
        """Findings of hours and days that stand, of each tag that has any."""
        tags = await self.tags(scope, tag_ids)
        span = {"from": moment(from_us), "to": moment(to_us)}
        rows = await self._rows(scope, _COUNTS, tags=list(tags), **span)
        return {tags[row["tag"]].id: row["count"] for row in rows}

    async def marks(
        self, scope: Scope, wanted: MarkFilter, *, limit: int, before: tuple[int, str] | None = None
    ) -> Rows:
        """Newest first; ``before`` is (created_us, id) of the last of the page before."""
        rows = await self._rows(
            scope,
            _MARKS,
            visible=scope.parameter,
            id=uuid.UUID(wanted.id) if wanted.id else None,
            source=wanted.source,
            enterprise=wanted.enterprise,
            withdrawn=wanted.withdrawn,
            before=moment(before[0]) if before else None,
            before_id=before[1] if before else None,
            limit=limit,
            **{"from": moment(wanted.from_us), "to": moment(wanted.to_us)},
        )
        return [_times(row) for row in rows]


def _with_us(row: dict[str, Any], tags: dict[int, StoredTag]) -> dict[str, Any]:
    known = tags[row["tag"]]
    return _times(row) | {"tag": known.id, "tag_ix": known.ix, "unit": known.unit}


def _times(row: dict[str, Any]) -> dict[str, Any]:
    """``start`` becomes ``start_us``, and so on for every moment."""
    return {
        f"{name}_us" if isinstance(value, datetime) else name: microseconds(value)
        if isinstance(value, datetime)
        else value
        for name, value in row.items()
    }
