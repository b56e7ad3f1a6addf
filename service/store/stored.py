"""What the store gives back, and by what it is chosen: alerts, events, dead letters, gaps."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from service.alerts.contexts import Context
from service.alerts.model import Alert, Event
from service.store.events import moment

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def microseconds(at: datetime) -> int:
    """Epoch microseconds, exactly."""
    return (at - _EPOCH) // _MICROSECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertFilter:
    """Which alerts are wanted; what is None or empty does not filter."""

    states: Collection[str] = ()
    priorities: Collection[int] = ()
    levels: Collection[str] = ()
    enterprise: str | None = None
    source: str | None = None
    rule: str | None = None
    target: str | None = None
    #: By the time at which it was raised: ``[from_us, to_us)``.
    from_us: int | None = None
    to_us: int | None = None

    def parameters(self) -> dict[str, Any]:
        """For ``alert_history``."""
        return {
            "states": list(self.states) or None,
            "priorities": list(self.priorities) or None,
            "levels": list(self.levels) or None,
            "enterprise": self.enterprise,
            "source": self.source,
            "rule": self.rule,
            "target": self.target,
            "from": moment(self.from_us),
            "to": moment(self.to_us),
        }

    def takes(self, alert: Alert) -> bool:
        """The same choice among alerts in memory."""
        return (
            (not self.states or alert.state in self.states)
            and (not self.priorities or alert.priority in self.priorities)
            and (not self.levels or alert.level in self.levels)
            and self.enterprise in (None, alert.enterprise)
            and self.source in (None, alert.source)
            and self.rule in (None, alert.rule)
            and self.target in (None, alert.target)
            and (self.from_us is None or alert.raised_us >= self.from_us)
            and (self.to_us is None or alert.raised_us < self.to_us)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextFilter:
    """Which context entries are wanted; what is None or empty does not filter."""

    kinds: Collection[str] = ()
    states: Collection[str] = ()
    enterprise: str | None = None
    #: By the time that an entry covers: those that touch ``[from_us, to_us)``.
    from_us: int | None = None
    to_us: int | None = None

    def parameters(self) -> dict[str, Any]:
        """For ``contexts``."""
        return {
            "kinds": list(self.kinds) or None,
            "states": list(self.states) or None,
            "enterprise": self.enterprise,
            "from": moment(self.from_us),
            "to": moment(self.to_us),
        }

    def takes(self, entry: Context) -> bool:
        """The same choice among entries in memory."""
        over_us = entry.to_us if entry.over_us is None else entry.over_us
        return (
            (not self.kinds or entry.kind in self.kinds)
            and (not self.states or entry.state in self.states)
            and self.enterprise in (None, entry.enterprise)
            and (self.from_us is None or over_us > self.from_us)
            and (self.to_us is None or entry.from_us < self.to_us)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationFilter:
    """Which are wanted; what is None or empty does not filter."""

    alert: str | None = None
    channel: str | None = None
    states: frozenset[str] = frozenset()
    from_us: int | None = None
    to_us: int | None = None

    def parameters(self) -> dict[str, Any]:
        """For the query."""
        return {
            "alert": self.alert,
            "channel": self.channel,
            "states": sorted(self.states) or None,
            "from": moment(self.from_us),
            "to": moment(self.to_us),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteFilter:
    """Which are wanted; what is None or empty does not filter."""

    kinds: frozenset[str] = frozenset()
    by: str | None = None
    subject: str | None = None
    from_us: int | None = None
    to_us: int | None = None

    def parameters(self) -> dict[str, Any]:
        """For the query."""
        return {
            "kinds": sorted(self.kinds) or None,
            "by": self.by,
            "subject": self.subject,
            "from": moment(self.from_us),
            "to": moment(self.to_us),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterFilter:
    """Which dead letters are wanted; what is None does not filter."""

    origin: str | None = None
    reason: str | None = None
    #: By the time at which it was received: ``[from_us, to_us)``.
    from_us: int | None = None
    to_us: int | None = None

    def parameters(self) -> dict[str, Any]:
        """For ``dead_letters``."""
        return {
            "origin": self.origin,
            "reason": self.reason,
            "from": moment(self.from_us),
            "to": moment(self.to_us),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class EventWindow:
    """Events of one chain after a number, as far as ``through``."""

    #: Those that the scope sees.
    events: list[Event]
    #: Number of the last event looked at, seen or not.
    through: int
    #: False where the store lacks an event in between.
    unbroken: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLetter:
    """A dead letter as it lies in the store."""

    id: int
    received_us: int
    origin: str
    enterprise: str
    address: str
    reason: str
    detail: str
    raw: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCommand:
    """What was asked of a device, and what came of it."""

    id: str
    at_us: int
    by: str
    #: ``command``, ``parameters``.
    body: dict[str, Any]
    #: None: nothing is recorded of it (yet).
    answered_us: int | None
    answer: dict[str, Any] | None


def command_of(row: dict[str, Any]) -> StoredCommand:
    """Of a row of ``device_commands``."""
    answered = row["answered_at"]
    return StoredCommand(
        id=str(row["id"]),
        at_us=microseconds(row["at"]),
        by=row["by"],
        body=row["body"],
        answered_us=None if answered is None else microseconds(answered),
        answer=row["answer"],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredGap:
    """A span for which a connector was not listening."""

    connector: str
    from_us: int
    to_us: int
    reason: str
    #: Samples read from the source's history for it; None: the source has no history.
    refilled: int | None


_ALERT_TIMES = ("onset", "raised", "detected", "cleared", "acked", "aside_since", "aside_until")
_ALERT_SAME = (
    *("rule", "target", "enterprise", "source", "side", "level", "peak_level", "priority", "unit", "detected_late"),
    *("value", "peak", "quality", "unverified", "acked_by", "why", "seq"),
    *("kind", "protected", "first_out", "chattering", "aside_by", "aside_reason", "work_order"),
)


def alert_of(row: dict[str, Any]) -> Alert:
    """From a row of table ``alert``."""
    times = {f"{name}_us": None if row[name] is None else microseconds(row[name]) for name in _ALERT_TIMES}
    same = {name: row[name] for name in _ALERT_SAME}
    renamed = {"id": str(row["id"]), "state": row["state"], "limit": row["limit_value"], "group": row["alert_group"]}
    return msgspec.convert({**renamed, **times, **same}, type=Alert)


_CONTEXT_SAME = (
    *("kind", "enterprise", "source", "reason", "permit", "opened_by", "state", "ended_by", "end_reason", "seq"),
)


def context_of(row: dict[str, Any]) -> Context:
    """From a row of table ``context``."""
    times = {
        "from_us": microseconds(row["from_time"]),
        "to_us": microseconds(row["to_time"]),
        "opened_us": microseconds(row["opened"]),
        "over_us": None if row["over"] is None else microseconds(row["over"]),
    }
    same = {name: row[name] for name in _CONTEXT_SAME}
    return msgspec.convert({"id": str(row["id"]), "tags": tuple(row["tags"]), **times, **same}, type=Context)


def event_of(body: str) -> Event:
    """From ``alert_event.body``, which is the event exactly as it was hashed."""
    return msgspec.json.decode(body, type=Event)


def letter_of(row: dict[str, Any]) -> StoredLetter:
    """From a row of table ``dead_letter``."""
    return StoredLetter(received_us=microseconds(row.pop("received_at")), **row)


def gap_of(row: dict[str, Any]) -> StoredGap:
    """From a row of table ``connector_gap``."""
    return StoredGap(
        connector=row["connector"],
        from_us=microseconds(row["from_time"]),
        to_us=microseconds(row["to_time"]),
        reason=row["reason"],
        refilled=row["refilled"],
    )
