"""An alert as it stands now, and the event that records one change of it."""

import hashlib
from typing import Any

import msgspec

from service.alerts.states import State, Trigger

GENESIS = "0" * 64

#: Severity of the levels of each side; a higher number is worse.
SEVERITY = {"": 0, "L": 1, "H": 1, "LL": 2, "HH": 2}


class Alert(msgspec.Struct, kw_only=True):
    """One alert as it stands. Times are epoch microseconds, UTC; values are in the tag's unit."""

    id: str
    rule: str
    #: Full tag id, or ``connector/device``, or ``service/part`` for the service's own alarms.
    target: str
    side: str
    level: str
    #: 1 (urgent) to 4; by rule and level.
    priority: int
    state: State
    enterprise: str
    #: ``enterprise.source``; empty where the target is no tag.
    source: str
    unit: str
    onset_us: int
    raised_us: int
    #: When the engine found it; well after ``raised_us`` for a backlog.
    detected_us: int
    detected_late: bool
    cleared_us: int | None = None
    value: float | None = None
    limit: float | None = None
    peak: float | None = None
    #: The worst level reached.
    peak_level: str = ""
    quality: str = "good"
    unverified: bool = False
    acked_us: int | None = None
    acked_by: str = ""
    why: str = ""
    #: Sequence number of the last event.
    seq: int = 0


class Event(msgspec.Struct, kw_only=True, frozen=True):
    """One change of one alert: a link of the hash chain. Append-only."""

    #: Which journal's chain; a lost journal begins a new one.
    chain: str
    #: 1, 2, 3, ... without a hole; also the id of the Server-Sent Event.
    seq: int
    alert_id: str
    trigger: Trigger
    from_state: State
    to_state: State
    level: str
    #: ``engine``, or who did it.
    actor: str
    #: Why, in words: the engine's sentence or the operator's reason.
    reason: str
    #: When it took effect (source time) and when it was recorded (the service's clock).
    effective_us: int
    recorded_us: int
    #: The alert as it stands after this change.
    alert: dict[str, Any]
    prev_hash: str
    hash: str


def chain_hash(event: Event) -> str:
    """SHA-256, hex, over the event without its own hash; ``prev_hash`` ties it to the one before."""
    body = msgspec.to_builtins(event)
    del body["hash"]
    return hashlib.sha256(msgspec.json.encode(body, order="deterministic")).hexdigest()
