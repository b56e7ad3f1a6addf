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
    #: Kind of the rule; ``service`` for the service's own alarms.
    kind: str = ""
    #: The law keeps it on the list: it is never put aside (service/alerts/law.py).
    protected: bool = False
    #: Id of the alert that opened its first-out group, its own where it stands alone; and whether it came first.
    group: str = ""
    first_out: bool = False
    #: At least the third of its point within a minute.
    chattering: bool = False
    #: While it is put aside: since when, until when (None: until what explains it is over), by whom or what, and why.
    aside_since_us: int | None = None
    aside_until_us: int | None = None
    aside_by: str = ""
    aside_reason: str = ""
    work_order: str = ""
    #: Sequence number of the last event.
    seq: int = 0


#: What events written by older versions may not tell of their alert.
ALERT_DEFAULTS: dict[str, Any] = {
    one.name: one.default for one in msgspec.structs.fields(Alert) if one.default is not msgspec.NODEFAULT
}


class Event(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """One change of one alert, or of one context entry: a link of the hash chain. Append-only."""

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
    #: The alert as it stands after this change; empty where the event is about a context entry.
    alert: dict[str, Any]
    prev_hash: str
    hash: str
    #: The context entry as it stands after this change; ``alert_id`` is its id then.
    context: dict[str, Any] | None = None

    @property
    def enterprise(self) -> str:
        """Whose alert or entry it is about."""
        return str((self.context or self.alert)["enterprise"])


def chain_hash(event: Event) -> str:
    """SHA-256, hex, over the event without its own hash; ``prev_hash`` ties it to the one before."""
    body = msgspec.to_builtins(event)
    del body["hash"]
    return hashlib.sha256(msgspec.json.encode(body, order="deterministic")).hexdigest()
