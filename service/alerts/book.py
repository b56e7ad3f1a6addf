"""The alert book: what the engine and people say becomes states and an unbroken chain of events.

A fold, like the engine: the same transitions and commands in the same order give the same events with the same
hashes. It reads no clock and does no I/O, so a crash is cured by replaying the journal.
"""

import math
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from rules.transition import Change, Transition
from service.alerts.model import GENESIS, SEVERITY, Alert, Event, chain_hash
from service.alerts.states import COMMANDS, NotAllowed, State, Trigger, next_state

#: An alarm found this long after it took effect is marked as detected late.
DETECTED_LATE_US = 30_000_000
#: Ended alerts kept in memory, so that they can still be looked at while the database is down.
_KEEP_ENDED = 1_000


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What the book needs to know about a rule's target when an alert is raised."""

    priority: int
    enterprise: str
    source: str
    unit: str


#: (rule, target, level) -> facts
Lookup = Callable[[str, str, str], Facts]


class Command(msgspec.Struct, frozen=True, kw_only=True, tag="command"):
    """What a person (or the service itself) asks of the book; travels through the journal."""

    #: UUID; the same command twice is done once.
    id: str
    trigger: Trigger
    alert_id: str
    by: str
    reason: str = ""
    #: The level that the person saw; required for ACK.
    level: str = ""


class Raise(msgspec.Struct, frozen=True, kw_only=True, tag="raise"):
    """An alarm of the service itself (journal full, clock wrong): raised and cleared outside the engine."""

    id: str
    target: str
    onset_us: int
    effective_us: int
    why: str
    cleared: bool = False


class AlertBook:
    """All alerts that are not over, and the head of the chain."""

    def __init__(self, chain: str, lookup: Lookup) -> None:
        self.chain = chain
        self.seq = 0
        self.head = GENESIS
        self.active: dict[str, Alert] = {}
        self.ended: OrderedDict[str, Alert] = OrderedDict()
        self._lookup = lookup
        self._done: OrderedDict[str, str] = OrderedDict()

    def get(self, alert_id: str) -> Alert | None:
        """The alert, standing or recently ended; None where the book no longer holds it."""
        return self.active.get(alert_id) or self.ended.get(alert_id)

    def apply(self, transitions: Iterable[Transition], now_us: int) -> list[Event]:
        """What the engine found in one advance; ``now_us`` is the journal row's time. Raises NotAllowed."""
        return [event for one in transitions if (event := self._apply_one(one, now_us)) is not None]

    def _apply_one(self, one: Transition, now_us: int) -> Event | None:
        alert = self.active.get(one.alert_id)
        trigger = Trigger(one.change.value)
        if trigger is Trigger.RAISED:
            if alert is None:
                alert = self.active[one.alert_id] = self._new(one)
                return self._record(alert, trigger, "engine", one.why, one.effective_us, now_us)
            if alert.state is not State.RTNUN:
                return None  # the same occurrence again: idempotent by identity
            trigger = Trigger.RETURNED
        if alert is None:
            return None
        next_state(alert.state, trigger)  # refused before anything has changed
        self._update(alert, one)
        if trigger in (Trigger.CLEARED, Trigger.RETURNED):
            alert.cleared_us = one.effective_us if trigger is Trigger.CLEARED else None
        return self._record(alert, trigger, "engine", one.why, one.effective_us, now_us)

    def _new(self, one: Transition) -> Alert:
        facts = self._lookup(one.rule, one.target, one.level)
        alert = Alert(
            id=one.alert_id,
            rule=one.rule,
            target=one.target,
            side=one.side,
            level=one.level,
            priority=facts.priority,
            state=State.UNACK,
            enterprise=facts.enterprise,
            source=facts.source,
            unit=facts.unit,
            onset_us=one.onset_us,
            raised_us=one.effective_us,
            detected_us=one.detected_us,
            detected_late=one.detected_us - one.effective_us > DETECTED_LATE_US,
        )
        self._update(alert, one)
        return alert

    def _update(self, alert: Alert, one: Transition) -> None:
        if one.level and one.level != alert.level:
            alert.level = one.level
            alert.priority = self._lookup(one.rule, one.target, one.level).priority
        if SEVERITY.get(alert.level, 0) >= SEVERITY.get(alert.peak_level, 0):
            alert.peak_level = alert.level
        alert.value = _finite(one.value)
        alert.limit = _finite(one.limit)
        alert.peak = _finite(one.peak)
        alert.quality, alert.unverified, alert.why = one.quality, one.unverified, one.why

    def command(self, command: Command, now_us: int) -> list[Event]:
        """Do what a person asked. Raises NotAllowed with the reason; nothing has changed then."""
        if command.id in self._done:
            return []
        alert = self.active.get(command.alert_id)
        if alert is None:
            raise NotAllowed("there is no standing alert with this id; it may be over already")
        if command.trigger not in COMMANDS:
            raise NotAllowed(f"{command.trigger.value} is found by the engine, not asked for")
        if command.trigger is Trigger.ACK:
            _check_ack(alert, command)
            if alert.state is State.ACKED:
                return []
        next_state(alert.state, command.trigger)
        if command.trigger in (Trigger.ACK, Trigger.UNSHELVE):
            alert.acked_us, alert.acked_by = now_us, command.by
        event = self._record(alert, command.trigger, command.by, command.reason, now_us, now_us)
        self._done[command.id] = alert.id
        while len(self._done) > _KEEP_ENDED:
            self._done.popitem(last=False)
        return [event]

    def own_alarm(self, alarm: Raise, now_us: int) -> list[Event]:
        """An alarm about the service itself."""
        transition = Transition(
            alert_id=alarm.id,
            change=Change.CLEARED if alarm.cleared else Change.RAISED,
            rule="service",
            target=alarm.target,
            side="",
            level="",
            onset_us=alarm.onset_us,
            effective_us=alarm.effective_us,
            detected_us=now_us,
            value=None,
            limit=None,
            peak=None,
            quality="good",
            unverified=False,
            why=alarm.why,
        )
        return self.apply([transition], now_us)

    def _record(self, alert: Alert, trigger: Trigger, actor: str, reason: str, effective_us: int, now_us: int) -> Event:
        before = alert.state
        if trigger is not Trigger.RAISED:
            alert.state = next_state(before, trigger)
        if alert.state is State.UNACK:
            alert.acked_us, alert.acked_by = None, ""
        self.seq += 1
        alert.seq = self.seq
        event = Event(
            chain=self.chain,
            seq=self.seq,
            alert_id=alert.id,
            trigger=trigger,
            from_state=State.NORM if trigger is Trigger.RAISED else before,
            to_state=alert.state,
            level=alert.level,
            actor=actor,
            reason=reason,
            effective_us=effective_us,
            recorded_us=now_us,
            alert=msgspec.to_builtins(alert),
            prev_hash=self.head,
            hash="",
        )
        event = msgspec.structs.replace(event, hash=chain_hash(event))
        self.head = event.hash
        if alert.state is State.NORM:
            self._end(alert)
        return event

    def _end(self, alert: Alert) -> None:
        del self.active[alert.id]
        self.ended[alert.id] = alert
        while len(self.ended) > _KEEP_ENDED:
            self.ended.popitem(last=False)

    def snapshot(self) -> bytes:
        """All that is needed to go on."""
        state: dict[str, Any] = {
            "version": 1,
            "chain": self.chain,
            "seq": self.seq,
            "head": self.head,
            "active": list(self.active.values()),
            "ended": list(self.ended.values()),
            "done": list(self._done.items()),
        }
        return msgspec.msgpack.encode(state)

    def restore(self, data: bytes) -> None:
        """The inverse of `snapshot`."""
        state = msgspec.msgpack.decode(data)
        self.chain, self.seq, self.head = state["chain"], state["seq"], state["head"]
        self.active = {alert.id: alert for alert in msgspec.convert(state["active"], list[Alert])}
        self.ended = OrderedDict((alert.id, alert) for alert in msgspec.convert(state["ended"], list[Alert]))
        self._done = OrderedDict((key, value) for key, value in state["done"])


def _check_ack(alert: Alert, command: Command) -> None:
    if command.level != alert.level and SEVERITY.get(command.level, 0) <= SEVERITY.get(alert.level, 0):
        raise NotAllowed(
            f"you saw level {command.level or 'none'}, the alert is now at {alert.level}; look again, then acknowledge"
        )


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
