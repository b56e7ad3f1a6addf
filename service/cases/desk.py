"""What people do with cases. Every step is one transaction: the case as it stands then, and its event, or neither."""

import asyncio
import hashlib
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog

from rules.risk.formula import Colour
from service.cases.config import CasePolicy
from service.cases.files import Upload
from service.cases.states import WITH_ENTERPRISE, CaseState, Step, StepRefused, check_four_eyes, next_state
from service.clock import Clock
from service.identity.roles import Role
from service.reports.words import local
from service.store.asking import Asking, Connection
from service.store.errors import StoreUnavailable
from service.store.events import moment
from service.store.scope import Scope
from service.store.sqlfile import SqlFile
from service.store.stored import microseconds

_log = structlog.get_logger(__name__)
_SQL = SqlFile("cases")
_TAKE_NUMBER, _ADD, _ADD_EVENT, _LOCK = _SQL["take_number"], _SQL["add"], _SQL["add_event"], _SQL["lock"]
_DONE_BEFORE, _ADD_ATTACHMENT, _DUE = _SQL["done_before"], _SQL["add_attachment"], _SQL["due"]
_LOOK_EVERY_S = 20.0

Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class By:
    """Who takes a step, and when."""

    name: str
    role: str
    scope: Scope
    at_us: int
    #: The same request twice is one step.
    request: str | None = None


@dataclass(frozen=True, kw_only=True)
class NewCase:
    """What is to be put right, by whom, until when."""

    id: str
    title: str
    colour: Colour
    cause: str
    enterprise: str
    source: str
    alerts: Sequence[str]
    instructions: str
    due_us: int | None = None


@dataclass(frozen=True, kw_only=True)
class Told:
    """Something that happened to a case, for those who tell people."""

    case: Row
    kind: Step
    text: str


@dataclass
class CaseDesk:
    """One a service. ``run()`` reminds and escalates; ``listeners`` hear of every step once it is kept."""

    acting: Asking
    clock: Clock
    policy: CasePolicy
    listeners: list[Callable[[Told], None]] = field(default_factory=list)
    _versions: Counter[str] = field(default_factory=Counter)

    def version(self, scope: Scope) -> int:
        """Raised with every step that the scope sees, so that pages know when to ask again."""
        return self._versions.total() if scope.own is None else self._versions[scope.own]

    async def dispatch(self, by: By, new: NewCase) -> None:
        """Hand a case over (交办). The same id twice is one case. Raises StoreUnavailable."""
        year = local(by.at_us).year
        due_us = new.due_us or self.policy.due_us(new.colour, by.at_us)

        async def work(connection: Connection) -> Row | None:
            known = await (await connection.execute(_SQL["by_id"], {"id": new.id, "visible": None})).fetchone()
            if known is not None:
                return None
            number = await (await connection.execute(_TAKE_NUMBER, {"year": year})).fetchone()
            assert number is not None
            values = {
                "id": new.id,
                "year": year,
                "number": number["last"],
                "title": new.title,
                "colour": new.colour.value,
                "cause": new.cause,
                "enterprise": new.enterprise,
                "source": new.source,
                "alerts": list(new.alerts),
                "instructions": new.instructions,
                "at": moment(by.at_us),
                "by": by.name,
                "due": moment(due_us),
            }
            await connection.execute(_ADD, values)
            await _event(connection, values | {"seq": 1}, by, Step.DISPATCH, new.instructions, "", "dispatched")
            return values | {"state": "dispatched"}

        made = await self.acting.act(Scope.everything(), work)
        if made is not None:
            self._tell(made, Step.DISPATCH, new.instructions)

    async def step(
        self,
        by: By,
        case_id: str,
        step: Step,
        text: str,
        *,
        internal: bool = False,
        cause: str | None = None,
        alerts: Sequence[str] = (),
        upload: Upload | None = None,
    ) -> str | None:
        """Take a step; returns the attachment's id, if any. Raises CaseUnknown, StepRefused, StoreUnavailable."""
        attachment = str(uuid.uuid4()) if upload is not None else None

        async def work(connection: Connection) -> Row | None:
            case = await _locked(connection, case_id, by.scope)
            if by.request is not None:
                asked = {"case": case_id, "request": by.request}
                if await (await connection.execute(_DONE_BEFORE, asked)).fetchone() is not None:
                    return None
            before = CaseState(case["state"])
            after = next_state(before, step)
            if step in (Step.ACCEPT, Step.REFUSE):
                check_four_eyes(by.name, opened_by=case["opened_by"], answered_by=case["answered_by"])
            changes = self._changes(case, by, step, cause=cause, alerts=alerts)
            if upload is not None:
                if case["attachments"] >= self.policy.most_attachments:
                    raise StepRefused(f"a case takes {self.policy.most_attachments} attachments; put several into one")
                await _attach(connection, case, by, attachment, upload)
            after_row = case | changes | {"state": after.value, "updated": moment(by.at_us), "seq": case["seq"] + 1}
            await _event(
                connection,
                after_row,
                by,
                step,
                text,
                before.value,
                after.value,
                internal=internal,
                attachment=attachment,
            )
            await _save(connection, after_row, {*changes, "state", "updated", "seq"})
            return after_row

        changed = await self.acting.act(by.scope, work)
        if changed is not None:
            self._tell(changed, step, text, internal=internal)
        return attachment

    def _changes(self, case: Row, by: By, step: Step, *, cause: str | None, alerts: Sequence[str]) -> Row:
        at = moment(by.at_us)
        if step is Step.RECEIVE:
            return {"received": at, "received_by": by.name}
        if step is Step.ANSWER:
            return {"answered": at, "answered_by": by.name}
        if step is Step.ACCEPT:
            return {"verified": at, "verified_by": by.name}
        if step is Step.CLOSE:
            return {"closed": at, "closed_by": by.name}
        if step in (Step.REFUSE, Step.REOPEN):
            # It is the enterprise's again, with a deadline of its own.
            due = moment(self.policy.due_us(Colour(case["colour"]), by.at_us))
            fresh = {"received": None, "received_by": "", "verified": None, "verified_by": ""}
            return fresh | {"closed": None, "closed_by": "", "handed": at, "due": due, "told": 0, "told_to": ""}
        if step is Step.MESSAGE:
            return {"messages": case["messages"] + 1}
        if step is Step.ATTACH:
            return {"attachments": case["attachments"] + 1}
        if step is Step.CAUSE:
            return {"cause": cause}
        return {"alerts": list(dict.fromkeys([*map(str, case["alerts"]), *alerts]))}

    async def run(self) -> None:
        """Remind and escalate, for ever; what is due is in the database, so a restart forgets and repeats nothing."""
        while True:
            try:
                await self.look()
            except StoreUnavailable:
                pass  # what is due is still due when the database is back
            except Exception as error:
                # Alarms must not end because a case could not be escalated.
                _log.error("Cases could not be looked through; it is tried again.", exc_info=error)
            await asyncio.sleep(_LOOK_EVERY_S)

    async def look(self) -> int:
        """Tell of every case whose time has come; how many steps that were. Raises StoreUnavailable."""
        now_us = self.clock()
        last = 1 + len(self.policy.escalate)
        everything = Scope.everything()

        async def due(connection: Connection) -> list[Row]:
            return await (await connection.execute(_DUE, {"last": last})).fetchall()

        told = 0
        for found in await self.acting.ask(everything, due):
            case: Row | None = found
            while case is not None and (step := self._next_tell(case, now_us)) is not None:
                case = await self._tell_once(str(case["id"]), case["told"], step, now_us)
                told += case is not None
        return told

    def _next_tell(self, case: Row, now_us: int) -> tuple[Step, str, int] | None:
        """(what, to whom, the number it is told under) where it is due."""
        due_us, handed_us, done = microseconds(case["due"]), microseconds(case["handed"]), case["told"]
        # What is overdue needs no reminder any more.
        if done == 0 and self.policy.remind_at and now_us < due_us:
            left_us = round((due_us - handed_us) * self.policy.remind_at)
            return (Step.REMIND, Role.ENTERPRISE.value, 1) if now_us >= due_us - left_us else None
        number = max(done, 1)
        if number > len(self.policy.escalate):
            return None
        one = self.policy.escalate[number - 1]
        return (Step.ESCALATE, one.to.value, number + 1) if now_us >= due_us + one.after else None

    async def _tell_once(self, case_id: str, seen: int, what: tuple[Step, str, int], now_us: int) -> Row | None:
        step, to, number = what
        by = By(name="service", role="service", scope=Scope.everything(), at_us=now_us)

        async def work(connection: Connection) -> Row | None:
            case = await _locked(connection, case_id, by.scope)
            if case["told"] != seen or CaseState(case["state"]) not in WITH_ENTERPRISE:
                return None
            changes = {"told": number, "told_to": to, "updated": moment(now_us), "seq": case["seq"] + 1}
            after = case | changes
            await _event(connection, after, by, step, to, case["state"], case["state"])
            await _save(connection, after, set(changes))
            return after

        made = await self.acting.act(by.scope, work)
        if made is not None:
            self._tell(made, step, to)
        return made

    def _tell(self, case: Row, step: Step, text: str, *, internal: bool = False) -> None:
        self._versions[case["enterprise"]] += 1
        for listener in self.listeners if not internal else ():
            try:
                listener(Told(case=case, kind=step, text=text))
            except Exception as error:
                _log.error("Somebody could not be told of a case.", case=str(case["id"]), exc_info=error)


class CaseUnknown(Exception):
    """There is no such case, or the scope does not see it."""


async def _locked(connection: Connection, case_id: str, scope: Scope) -> Row:
    case = await (await connection.execute(_LOCK, {"id": case_id, "visible": scope.parameter})).fetchone()
    if case is None:
        raise CaseUnknown(case_id)
    return case


async def _event(
    connection: Connection,
    case: Row,
    by: By,
    step: Step,
    text: str,
    before: str,
    after: str,
    *,
    internal: bool = False,
    attachment: str | None = None,
) -> None:
    values = {
        "case": case["id"],
        "seq": case["seq"],
        "at": moment(by.at_us),
        "by": by.name,
        "role": by.role,
        "kind": step.value,
        "text": text,
        "from_state": before,
        "to_state": after,
        "enterprise": case["enterprise"],
        "internal": internal,
        "attachment": attachment,
        "request": by.request,
    }
    await connection.execute(_ADD_EVENT, values)


async def _attach(connection: Connection, case: Row, by: By, attachment: str | None, upload: Upload) -> None:
    values = {
        "id": attachment,
        "case": case["id"],
        "enterprise": case["enterprise"],
        "at": moment(by.at_us),
        "by": by.name,
        "name": upload.name,
        "media_type": upload.media_type,
        "bytes": len(upload.data),
        "sha256": hashlib.sha256(upload.data).hexdigest(),
        "data": upload.data,
    }
    await connection.execute(_ADD_ATTACHMENT, values)


async def _save(connection: Connection, case: Row, names: set[str]) -> None:
    """The names are ours, never a caller's."""
    columns = ", ".join(f"{name} = %({name})s" + ("::uuid[]" if name == "alerts" else "") for name in sorted(names))
    await connection.execute(f"UPDATE case_file SET {columns} WHERE id = %(id)s".encode(), case)


@dataclass(frozen=True, kw_only=True)
class CaseFilter:
    """Which are wanted; what is None or empty does not filter."""

    states: frozenset[str] = frozenset()
    enterprise: str | None = None
    source: str | None = None
    alert: str | None = None
    overdue: bool = False
    from_us: int | None = None
    to_us: int | None = None

    def parameters(self) -> Row:
        """For the query."""
        return {
            "states": sorted(self.states) or None,
            "enterprise": self.enterprise,
            "source": self.source,
            "alert": self.alert,
            "overdue": self.overdue,
            "from": moment(self.from_us),
            "to": moment(self.to_us),
        }
