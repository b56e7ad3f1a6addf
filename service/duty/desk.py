"""What is written of shifts, duties, inspections and ratings; and the alarms of duties that were not done in time."""

import asyncio
import hashlib
import uuid
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

import orjson
import structlog
from psycopg.types.json import Jsonb

from connectors.base import IntakeRefused
from park.index import TagTable
from service.alerts.asked import Raise
from service.alerts.judged import DUTY_OVERDUE
from service.alerts.model import Alert
from service.clock import Clock
from service.duty.config import DutyPolicy
from service.duty.due import Due, DutyState, Report, due_now, holds_for
from service.duty.reading import DutyQueries
from service.store.asking import Asking, Connection
from service.store.errors import StoreUnavailable
from service.store.events import moment
from service.store.scope import Scope
from service.store.sqlfile import SqlFile

_log = structlog.get_logger(__name__)
_SQL = SqlFile("duty")
_LOOK_EVERY_S = 20.0
Row = dict[str, Any]
#: The two months that two periods may reach back at most.
_BACK_US = 63 * 86_400_000_000


class HandoverUnknown(Exception):
    """There is no such sheet."""


class HandoverRefused(Exception):
    """It was signed by both already, or would be by one person for both."""


@dataclass(frozen=True, kw_only=True)
class Handover:
    """A sheet as it is signed by whom goes."""

    id: str
    at_us: int
    shift: str
    by: str
    note: str
    sheet: dict[str, Any]


def digest_of(sheet: dict[str, Any]) -> str:
    """SHA-256 over the sheet's JSON with sorted keys; the same before it is stored and after."""
    return hashlib.sha256(orjson.dumps(sheet, option=orjson.OPT_SORT_KEYS)).hexdigest()


class DutyDesk:
    """One a service. ``run()`` raises what is overdue, and ends it when it was made up for or is missed for good."""

    def __init__(
        self,
        acting: Asking,
        queries: DutyQueries,
        clock: Clock,
        policy: DutyPolicy,
        tags: Callable[[], TagTable],
        standing: Callable[[], Iterable[Alert]],
        tell: Callable[[Raise], Awaitable[object]],
    ) -> None:
        self.policy = policy
        self._acting, self._queries, self._clock = acting, queries, clock
        self._tags, self._standing, self._tell = tags, standing, tell

    async def _write(self, scope: Scope, statement: str, values: Row) -> Row | None:
        """The row, where the statement returns one. Raises StoreUnavailable."""

        async def work(connection: Connection) -> Row | None:
            cursor = await connection.execute(_SQL[statement], values)
            return await cursor.fetchone() if cursor.description else None

        return await self._acting.act(scope, work)

    async def _written(self, scope: Scope, statement: str, values: Row) -> Row:
        row = await self._write(scope, statement, values)
        assert row is not None
        return row

    async def write_entry(self, scope: Scope, *, id_: str, by: str, kind: str, text: str, about: str | None) -> Row:
        """Into the shift log; the same id twice is one entry."""
        told = {"by": by, "kind": kind, "text": text, "about": about}
        return await self._written(scope, "add_entry", {**told, "id": id_, "at": moment(self._clock())})

    async def hand_over(self, scope: Scope, made: Handover) -> None:
        """Signed by whom goes; the same id twice is one sheet."""
        digest = digest_of(made.sheet)
        values = {"id": made.id, "at": moment(made.at_us), "shift": made.shift, "by": made.by, "note": made.note}
        await self._write(scope, "add_handover", {**values, "sheet": Jsonb(made.sheet), "digest": digest})

    async def take_over(self, scope: Scope, handover_id: str, *, by: str, note: str) -> None:
        """Signed by whom comes. Raises HandoverUnknown, HandoverRefused, StoreUnavailable."""
        values = {"id": handover_id, "at": moment(self._clock()), "by": by, "note": note}

        async def work(connection: Connection) -> None:
            row = await (await connection.execute(_SQL["lock_handover"], values)).fetchone()
            if row is None:
                raise HandoverUnknown(handover_id)
            if row["taken"] is not None:
                raise HandoverRefused(f"{row['taken_by']} has signed it already")
            if row["by"] == by:
                raise HandoverRefused("who hands over does not take over; another person has to sign")
            await connection.execute(_SQL["take_handover"], values)

        await self._acting.act(scope, work)

    async def report(
        self, scope: Scope, *, id_: str, enterprise: str, duty: str, period: str, by: str, result: str, text: str
    ) -> Row | None:
        """A duty was done; None where it had been reported before."""
        what = {"enterprise": enterprise, "duty": duty, "period": period, "result": result, "text": text}
        return await self._write(scope, "report_duty", {**what, "id": id_, "by": by, "at": moment(self._clock())})

    async def inspected(self, scope: Scope, *, id_: str, enterprise: str, by: str, defects: int, text: str) -> Row:
        """An inspection took place; the same id twice is one."""
        told = {"enterprise": enterprise, "by": by, "defects": defects, "text": text}
        return await self._written(scope, "add_inspection", {**told, "id": id_, "at": moment(self._clock())})

    async def rate(self, scope: Scope, *, id_: str, enterprise: str, by: str, rating: str, reason: str) -> None:
        """From now on the enterprise is an A, B, C or D."""
        values = {"id": id_, "enterprise": enterprise, "at": moment(self._clock()), "by": by}
        await self._write(scope, "add_rating", values | {"rating": rating, "reason": reason})

    async def due(self, scope: Scope, enterprise: str | None = None) -> list[Due]:
        """This period and the one before, of every duty that the scope sees. Raises StoreUnavailable."""
        now_us = self._clock()
        rows = await self._queries.reported(scope, since_us=now_us - _BACK_US, enterprise=enterprise)
        reported = {(row["enterprise"], row["duty"], row["period"]) for row in rows}
        wanted = [
            one.id for one in self._tags().park.enterprises if scope.sees(one.id) and enterprise in (None, one.id)
        ]
        return list(self._due(wanted, reported, now_us))

    def _due(self, enterprises: Iterable[str], reported: set[Report], now_us: int) -> Iterable[Due]:
        for enterprise in enterprises:
            for duty in self.policy.duties:
                if holds_for(duty, enterprise):
                    yield from due_now(duty, enterprise, reported, now_us)

    async def run(self) -> None:
        """For ever; what stands is in the alert book, so a restart forgets and repeats nothing."""
        while True:
            try:
                await self.look()
            except (StoreUnavailable, IntakeRefused):
                pass  # what is overdue still is when they are back
            except Exception as error:
                # Alarms must not end because a duty could not be looked at.
                _log.error("Duties could not be looked through; it is tried again.", exc_info=error)
            await asyncio.sleep(_LOOK_EVERY_S)

    async def look(self) -> int:
        """Raise and end alarms; how many those were. Raises StoreUnavailable, IntakeRefused."""
        standing = {one.id: one for one in self._standing() if one.rule == DUTY_OVERDUE and one.cleared_us is None}
        if not self.policy.duties and not standing:
            return 0
        now_us = self._clock()
        overdue = {_alarm_id(one): one for one in await self.due(Scope.everything()) if one.state is DutyState.OVERDUE}
        told = 0
        for id_, one in overdue.items():
            if id_ not in standing:
                await self._tell(_alarm(id_, one.enterprise, one.duty.id, one.until_us, now_us, _why(one)))
                told += 1
        for id_, alert in standing.items():
            if id_ not in overdue:
                why = f"{alert.side}: made up for, missed for good, or no duty any more"
                ended = _alarm(id_, alert.target, alert.side, alert.onset_us, now_us, why, cleared=True)
                await self._tell(ended)
                told += 1
        return told


def _alarm_id(one: Due) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{DUTY_OVERDUE}|{one.enterprise}|{one.duty.id}|{one.period.name}"))


def _why(one: Due) -> str:
    return f"{one.duty.name} {one.period.name}: not reported in time"


def _alarm(
    id_: str, enterprise: str, duty: str, onset_us: int, now_us: int, why: str, *, cleared: bool = False
) -> Raise:
    return Raise(
        id=id_,
        target=enterprise,
        side=duty,
        rule=DUTY_OVERDUE,
        onset_us=onset_us,
        effective_us=now_us,
        why=why,
        cleared=cleared,
    )
