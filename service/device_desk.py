"""Commands to devices behind connectors: each and its outcome is an audit note, and none is sent twice by mistake."""

import asyncio
import json
import uuid
from collections import OrderedDict
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import structlog

from connectors.base import Connector, DeviceHealth, IntakeRefused
from connectors.devices import (
    Command,
    Commandable,
    CommandInvalid,
    DeviceAway,
    DeviceSilent,
    DeviceUnknown,
    Outcome,
)
from service.clock import Clock
from service.device_notes import AWAY, SILENT, Answered, answer_body, answered_of, command_note, result_of, to_json
from service.store.errors import StoreUnavailable
from service.store.notes import Note
from service.store.scope import Scope
from service.store.stored import StoredCommand

_log = structlog.get_logger(__name__)

#: Commands whose outcome is remembered for those who ask again with the same idempotency key.
_REMEMBERED = 1_000
#: A device has 10 s and three more times 10 s to begin, and a minute for the rest; history of a month takes longer.
_PATIENCE_S = 105.0
_BY_ITSELF = "service"


class Notes(Protocol):
    """Where audit notes go: `service.intake.JournalIntake`."""

    async def note(self, note: Note) -> object:
        """Journal it. Raises IntakeRefused."""


class Record(Protocol):
    """Where earlier commands are looked up: `service.store.queries.Queries`."""

    async def device_commands(
        self,
        scope: Scope,
        subject: str,
        *,
        limit: int = 100,
        before: tuple[int, str] | None = None,
        command_id: str | None = None,
    ) -> list[StoredCommand]: ...


class StillUnderWay(Exception):
    """The device is still at it; the record will tell what came of it."""

    def __init__(self, command_id: str) -> None:
        super().__init__("the device is still at it")
        self.command_id = command_id


class KeyReused(Exception):
    """The idempotency key stands for another command."""


@dataclass(frozen=True, slots=True)
class _Known:
    what: tuple[str, str, str]
    task: asyncio.Task[Answered]


class DeviceDesk:
    """One a service. ``open`` it with the connectors once they are built."""

    def __init__(self, notes: Notes, record: Record, clock: Clock) -> None:
        self._notes, self._record, self._clock = notes, record, clock
        self._connectors: dict[str, Connector] = {}
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._errands: set[asyncio.Task[Any]] = set()
        #: For an outcome to come, before whoever asked is sent away with the id of the command.
        self.patience_s = _PATIENCE_S

    def open(self, connectors: Sequence[Connector]) -> None:
        """From now on, these."""
        self._connectors = {one.health.connector: one for one in connectors}
        for one in connectors:
            if isinstance(one, Commandable):
                one.tell_of(lambda command, outcome, one=one: self._note_own(one, command, outcome))  # type: ignore[misc]

    def device(self, connector: str, device: str) -> DeviceHealth:
        """How one is doing. Raises DeviceUnknown."""
        one = self._connectors.get(connector)
        health = one.health.devices.get(device) if one is not None else None
        if health is None:
            raise DeviceUnknown(f"device {connector}/{device}")
        return health

    async def command(self, connector: str, command: Command, *, by: str, key: str | None) -> Answered:
        """Record it, send it, record what came of it; go on with that though the caller goes away.

        ``key``: the same again is answered by the outcome of the first time. Raises what
        `connectors.devices.Commandable` raises, KeyReused and IntakeRefused (nothing was sent), and StillUnderWay.
        """
        one = self._connectors.get(connector)
        health = self.device(connector, command.device)
        if not isinstance(one, Commandable):
            kind = one.health.kind if one is not None else ""
            raise CommandInvalid("connector", connector, f"devices of a connector of kind {kind} take no commands")
        subject = f"{connector}/{command.device}"
        own = f"{by}|device-command|{subject}|{key}"
        command_id = str(uuid.uuid5(uuid.NAMESPACE_OID, own) if key else uuid.uuid4())
        what = (subject, command.name, json.dumps(dict(command.parameters), sort_keys=True, default=str))
        known = self._known.get(command_id)
        if known is not None:
            if known.what != what:
                raise KeyReused(f"the key {key!r} stands for another command; use a new one")
            return await _outcome_of(known.task, command_id, self.patience_s)
        work = self._once(one, health, command, command_id=command_id, by=by, subject=subject, may_be_known=bool(key))
        task = self._errand(work)
        self._known[command_id] = _Known(what, task)
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return await _outcome_of(task, command_id, self.patience_s)

    async def close(self) -> None:
        """What is under way is given up; its outcome is then not known."""
        for task in self._errands:
            task.cancel()
        await asyncio.gather(*self._errands, return_exceptions=True)

    async def _once(
        self,
        one: Commandable,
        health: DeviceHealth,
        command: Command,
        *,
        command_id: str,
        by: str,
        subject: str,
        may_be_known: bool,
    ) -> Answered:
        if may_be_known and (earlier := await self._earlier(subject, command_id)) is not None:
            return earlier
        return await self._carry_out(one, health, command, command_id=command_id, by=by, subject=subject)

    async def _carry_out(
        self, one: Commandable, health: DeviceHealth, command: Command, *, command_id: str, by: str, subject: str
    ) -> Answered:
        asked_us = self._clock()
        try:
            shown = one.check(command)
            await self._notes.note(
                command_note(
                    command_id, asked_us, by, health.enterprise, subject, {"command": command.name, "parameters": shown}
                )
            )
        except BaseException:
            self._known.pop(command_id, None)  # nothing was sent: the same key may try again
            raise
        try:
            outcome = await one.command(command)
        except Exception as error:
            if isinstance(error, DeviceAway):
                self._known.pop(command_id, None)
            body = {"command_id": command_id, "result": result_of(error), "words": str(error)}
            await self._note_answer(body, health, subject, by)
            raise
        await self._note_answer(answer_body(command_id, command.name, outcome), health, subject, by)
        return Answered(
            id=command_id,
            by=by,
            asked_us=asked_us,
            answered_us=self._clock(),
            command=command.name,
            parameters=shown,
            outcome=outcome,
        )

    async def _note_answer(self, body: Mapping[str, Any], health: DeviceHealth, subject: str, by: str) -> None:
        note = Note(
            id=str(uuid.uuid4()),
            at_us=self._clock(),
            kind="device_answer",
            by=by,
            enterprise=health.enterprise,
            subject=subject,
            body=to_json(body),
        )
        try:
            await self._notes.note(note)
        except IntakeRefused:
            _log.error("The outcome of a command could not be recorded.", device=subject, outcome=body)

    async def _earlier(self, subject: str, command_id: str) -> Answered | None:
        """Of before the service was started; what the store does not know in time is sent."""
        try:
            found = await self._record.device_commands(Scope.everything(), subject, command_id=command_id)
        except StoreUnavailable:
            return None
        if not found:
            return None
        stored = found[0]
        result = stored.answer.get("result") if stored.answer else None
        if result == AWAY:
            return None
        if stored.answer is None or result == SILENT:
            raise DeviceSilent("it was sent before the service was started anew; what came of it is not known")
        return answered_of(stored)

    def _note_own(self, one: Commandable, command: Command, outcome: Outcome | None) -> None:
        """What a connector told a device by itself: history that was missing, the time that was asked for."""
        subject = f"{one.health.connector}/{command.device}"
        health = one.health.devices[command.device]
        self._errand(self._note_both(health, subject, command, outcome))

    async def _note_both(self, health: DeviceHealth, subject: str, command: Command, outcome: Outcome | None) -> None:
        command_id = str(uuid.uuid4())
        body = {"command": command.name, "parameters": dict(command.parameters)}
        silent = {"command_id": command_id, "result": SILENT, "words": "the device did not answer"}
        try:
            await self._notes.note(
                command_note(command_id, self._clock(), _BY_ITSELF, health.enterprise, subject, body)
            )
        except IntakeRefused:
            _log.error("A command could not be recorded.", device=subject, command=body)
            return
        await self._note_answer(
            answer_body(command_id, command.name, outcome) if outcome else silent, health, subject, _BY_ITSELF
        )

    def _errand(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.create_task(work)
        self._errands.add(task)
        task.add_done_callback(self._forget)
        return task

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._errands.discard(task)
        if not task.cancelled():
            task.exception()  # told to whoever waited for it; nobody may


async def _outcome_of(task: asyncio.Task[Answered], command_id: str, within_s: float) -> Answered:
    await asyncio.wait({task}, timeout=within_s)
    if not task.done():
        raise StillUnderWay(command_id)
    if task.cancelled():
        raise DeviceSilent("the service is stopping; what came of the command is not known")
    return task.result()
