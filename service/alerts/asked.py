"""What people, the engine's timers and the service itself ask of the alert book; it travels through the journal."""

from collections.abc import Callable
from typing import Literal

import msgspec

from service.alerts.states import Trigger


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What the book needs to know about a rule's target when an alert is raised."""

    priority: int
    enterprise: str
    source: str
    unit: str
    #: Kind of the rule; ``service`` for the service's own alarms, empty where the rule is not known (any more).
    kind: str = ""
    #: On a major hazard source, or a gas detector of an enterprise that has one.
    hazard: bool = False
    #: An alarm about combustible or toxic gas, or about oxygen where gas detectors watch it.
    gas: bool = False
    #: Once raised it stands until somebody resets it.
    latch: bool = False


#: (rule, target, level) -> facts
Lookup = Callable[[str, str, str], Facts]


class Command(msgspec.Struct, frozen=True, kw_only=True, tag="command"):
    """What a person asks about one alert."""

    #: UUID; the same command twice is done once.
    id: str
    trigger: Trigger
    alert_id: str
    by: str
    reason: str = ""
    #: The level that the person saw; required for ACK.
    level: str = ""
    #: When it ends by itself; required for SHELVE and TAKE_OUT.
    until_us: int | None = None
    #: Number of the work order; required for TAKE_OUT.
    work_order: str = ""


class Raise(msgspec.Struct, frozen=True, kw_only=True, tag="raise"):
    """An alarm from outside the engine: of the service itself (journal full, clock wrong), or of judgement."""

    id: str
    target: str
    onset_us: int
    effective_us: int
    why: str
    cleared: bool = False
    #: ``service``, or one of `service.alerts.judged.JUDGED`.
    rule: str = "service"
    side: str = ""
    level: str = ""
    value: float | None = None
    limit: float | None = None


ContextKind = Literal[
    "start_up", "shutdown", "overhaul", "calibration", "maintenance", "hot_work", "confined_space", "special_work"
]


class OpenContext(msgspec.Struct, frozen=True, kw_only=True, tag="open_context"):
    """Somebody says what is going on in the plant, where, from when to when, and why."""

    #: UUID; becomes the id of the entry. The same twice is done once.
    id: str
    kind: ContextKind
    enterprise: str
    #: ``enterprise.source``; empty: the whole enterprise, or the tags named.
    source: str = ""
    #: Full ids; empty: all tags of the source or enterprise.
    tags: tuple[str, ...] = ()
    from_us: int
    to_us: int
    reason: str
    #: Number of the permit or work order.
    permit: str = ""
    by: str


class EndContext(msgspec.Struct, frozen=True, kw_only=True, tag="end_context"):
    """Somebody ends an entry early, or shortens it."""

    #: UUID; the same command twice is done once.
    id: str
    context_id: str
    by: str
    reason: str = ""
    #: The new end, before the old one. None: at once.
    at_us: int | None = None


#: What people ask for.
Asked = Command | OpenContext | EndContext
