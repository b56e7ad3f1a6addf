"""A command to a device and its outcome, as audit notes, and read back from them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.devices import DeviceAway, DeviceSilent, Outcome, Result, Value
from service.store.notes import Note
from service.store.stored import StoredCommand

#: Results that are no `connectors.devices.Result`: nothing was sent; nothing was answered.
AWAY, SILENT = "away", "silent"
#: Packets whose content stands in the note of an outcome.
_NOTED_PACKETS = 20
#: The command whose data are stored as samples and means, and need not stand in its note.
HISTORY = "history"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A command and what came of it."""

    id: str
    by: str
    asked_us: int
    answered_us: int
    command: str
    parameters: Mapping[str, Value]
    outcome: Outcome


def answered_of(stored: StoredCommand) -> Answered:
    """Of the record."""
    answer = stored.answer or {}
    return Answered(
        id=stored.id,
        by=stored.by,
        asked_us=stored.at_us,
        answered_us=stored.answered_us or stored.at_us,
        command=str(stored.body.get("command", "")),
        parameters=stored.body.get("parameters", {}),
        outcome=Outcome(
            result=Result(answer["result"]) if answer.get("result") in set(Result) else Result.FAILED,
            words=str(answer.get("words", "")),
            code=str(answer.get("code", "")),
            answer=answer.get("answer"),
            data=tuple(answer.get("data", ())),
            packets=int(answer.get("packets", 0)),
        ),
    )


def result_of(error: Exception) -> str:
    """What the record calls a failure."""
    return {DeviceAway: AWAY, DeviceSilent: SILENT}.get(type(error), "failed")


def answer_body(command_id: str, command: str, outcome: Outcome) -> dict[str, Any]:
    """Of the note of an outcome."""
    return {
        "command_id": command_id,
        "result": outcome.result.value,
        "words": outcome.words,
        "code": outcome.code,
        "answer": outcome.answer,
        "packets": outcome.packets,
        "data": [dict(one) for one in outcome.data[:_NOTED_PACKETS]] if command != HISTORY else [],
    }


def command_note(command_id: str, at_us: int, by: str, enterprise: str, subject: str, body: Mapping[str, Any]) -> Note:
    """The note of what is asked."""
    return Note(
        id=command_id,
        at_us=at_us,
        kind="device_command",
        by=by,
        enterprise=enterprise,
        subject=subject,
        body=to_json(body),
    )


def to_json(body: Mapping[str, Any]) -> str:
    """As notes hold it."""
    return json.dumps(body, ensure_ascii=False, default=dict)
