"""The alert book: what the engine and people say becomes states and an unbroken chain of events.

A fold, like the engine: the same transitions and commands in the same order give the same events with the same
hashes. It reads no clock and does no I/O, so a crash is cured by replaying the journal.

One journal row is: `advance` (what ends by now), `apply` (what the engine found), `command` (what people ask), `settle`
(what all this means for what is put aside, for work under way, and for how much the operator has to take in).
"""

import math
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from rules.transition import Change, Transition
from service.alerts import aside
from service.alerts.asked import Asked, Command, EndContext, Facts, Lookup, OpenContext, Raise
from service.alerts.bursts import Chatter, Flood, Floods
from service.alerts.chain import Chain
from service.alerts.contexts import Context, Contexts
from service.alerts.first_out import FirstOut
from service.alerts.law import COMM_EXPLAINS, Protected, is_process, protection
from service.alerts.model import SEVERITY, Alert, Event
from service.alerts.policy import Policy
from service.alerts.site import Site
from service.alerts.states import ASIDE, COMMANDS, NotAllowed, State, Trigger, next_state
from service.alerts.stop_work import StopWork
from service.alerts.words import at

__all__ = ["AlertBook", "Command", "EndContext", "Facts", "Lookup", "OpenContext", "Raise"]

#: An alarm found this long after it took effect is marked as detected late.
DETECTED_LATE_US = 30_000_000
#: Ended alerts kept in memory, so that they can still be looked at while the database is down.
_KEEP_ENDED = 1_000
_STANDS = frozenset({State.UNACK, State.ACKED}) | ASIDE
#: How an alert comes back by itself.
_BACK = {
    State.SHELVED: Trigger.EXPIRED,
    State.SUPPRESSED: Trigger.CONTEXT_ENDED,
    State.OUT_OF_SERVICE: Trigger.PUT_BACK,
}


class _Cause(msgspec.Struct, frozen=True):
    """Why an alert is suppressed by design."""

    actor: str
    reason: str
    since_us: int
    until_us: int | None


class AlertBook:
    """All alerts and context entries that are not over, and the head of the chain."""

    def __init__(self, chain: str, lookup: Lookup, *, site: Site | None = None, policy: Policy | None = None) -> None:
        self._chain = Chain(chain)
        self._lookup = lookup
        self._site = site or Site()
        self._policy = policy or Policy()
        self.active: dict[str, Alert] = {}
        self.ended: OrderedDict[str, Alert] = OrderedDict()
        self.contexts = Contexts()
        self._done: OrderedDict[str, str] = OrderedDict()
        self._groups = FirstOut(self._policy)
        self._chatter = Chatter()
        self._floods = Floods()
        self._stop_work = StopWork(self._policy, self._site)
        #: Alerts to be looked at by the next `settle`, and those raised since the last one.
        self._moved: dict[str, None] = {}
        self._raised: list[tuple[str, str]] = []
        # What follows from the above, for speed.
        self._by_target: dict[str, dict[str, None]] = {}
        self._gas: dict[str, None] = {}
        self._timed: dict[str, None] = {}
        self._look_again = False

    @property
    def chain(self) -> str:
        """Id of the chain."""
        return self._chain.id

    @property
    def seq(self) -> int:
        """Number of the last event."""
        return self._chain.seq

    @property
    def head(self) -> str:
        """Hash of the last event."""
        return self._chain.head

    @property
    def policy(self) -> Policy:
        """For how long things may be put aside."""
        return self._policy

    def use(self, lookup: Lookup) -> None:
        """Priorities and owners by other rules from now on; alerts that stand keep theirs until their level moves."""
        self._lookup = lookup
        self._derive()

    def get(self, alert_id: str) -> Alert | None:
        """The alert, standing or recently ended; None where the book no longer holds it."""
        return self.active.get(alert_id) or self.ended.get(alert_id)

    def about(self, asked: Asked) -> Alert | Context | None:
        """What a command was about, as it stands now."""
        if isinstance(asked, Command):
            return self.get(asked.alert_id)
        return self.contexts.get(asked.id if isinstance(asked, OpenContext) else asked.context_id)

    def floods(self) -> list[Flood]:
        """Those that stand as of the last row; the whole park's first."""
        return self._floods.standing()

    # -- the engine --------------------------------------------------------------------------------------------------

    def apply(self, transitions: Iterable[Transition], now_us: int) -> list[Event]:
        """What the engine found in one advance; ``now_us`` is the journal row's time. Raises NotAllowed."""
        return [event for one in transitions for event in self._apply_one(one, now_us)]

    def _apply_one(self, one: Transition, now_us: int) -> list[Event]:
        alert = self.active.get(one.alert_id)
        trigger = Trigger(one.change.value)
        if trigger is Trigger.RAISED:
            if alert is None:
                return self._raise(one, now_us)
            if alert.state is not State.RTNUN:
                return []  # the same occurrence again: idempotent by identity
            trigger = Trigger.RETURNED
        if alert is None:
            return []
        next_state(alert.state, trigger)  # refused before anything has changed
        self._update(alert, one)
        if trigger in (Trigger.CLEARED, Trigger.RETURNED):
            alert.cleared_us = one.effective_us if trigger is Trigger.CLEARED else None
        event = self._record(alert, trigger, "engine", one.why, one.effective_us, now_us)
        if trigger is Trigger.CLEARED:
            self._groups.leave(alert)
            self._gas.pop(alert.id, None)
        elif trigger is Trigger.RETURNED:
            self._index(alert)
        if trigger in (Trigger.CLEARED, Trigger.RETURNED):
            self._look_behind(alert)
        return [event]

    def _raise(self, one: Transition, now_us: int) -> list[Event]:
        alert = self._new(one)
        former = self._groups.join(alert)
        alert.chattering = self._chatter.note((one.rule, one.target, one.side), one.effective_us, now_us)
        first = self.active.get(former) if former else None
        if former:
            alert.first_out = first is not None  # one that is over keeps its place in the record
        self.active[alert.id] = alert
        self._index(alert)
        self._raised.append((alert.id, alert.enterprise))
        events = [self._record(alert, Trigger.RAISED, "engine", one.why, one.effective_us, now_us)]
        self._look_behind(alert)
        if first is not None:
            self._groups.lead(alert)
            first.first_out = False
            reason = f"{alert.target} {alert.level} came before it, at {at(alert.raised_us)}".replace("  ", " ")
            events.append(self._record(first, Trigger.NOT_FIRST, "engine", reason, one.effective_us, now_us))
        return events

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
            kind=facts.kind,
        )
        self._update(alert, one)
        return alert

    def _update(self, alert: Alert, one: Transition) -> None:
        if one.level and one.level != alert.level:
            alert.level = one.level
            alert.priority = self._lookup(one.rule, one.target, one.level).priority
        if SEVERITY.get(alert.level, 0) >= SEVERITY.get(alert.peak_level, 0):
            alert.peak_level = alert.level
        alert.protected = bool(protection(self._facts(alert), alert.peak_level))
        alert.value = _finite(one.value)
        alert.limit = _finite(one.limit)
        alert.peak = _finite(one.peak)
        alert.quality, alert.unverified, alert.why = one.quality, one.unverified, one.why

    def _facts(self, alert: Alert) -> Facts:
        facts = self._lookup(alert.rule, alert.target, alert.level)
        # The alerts of a rule that is gone stay what they were until the engine ends them.
        return facts if facts.kind or not alert.kind else msgspec.structs.replace(facts, kind=alert.kind)

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

    # -- people ------------------------------------------------------------------------------------------------------

    def command(self, asked: Asked, now_us: int) -> list[Event]:
        """Do what a person asked. Raises NotAllowed with the reason; nothing has changed then."""
        if asked.id in self._done:
            return []
        if isinstance(asked, Command):
            event, about = self._about_alert(asked, now_us), asked.alert_id
        elif isinstance(asked, OpenContext):
            event, about = self._open_context(asked, now_us), asked.id
        else:
            event, about = self._end_context(asked, now_us), asked.context_id
        if event is None:
            return []
        self._done[asked.id] = about
        while len(self._done) > _KEEP_ENDED:
            self._done.popitem(last=False)
        return [event, *self._begun(now_us)]

    def _about_alert(self, command: Command, now_us: int) -> Event | None:
        alert = self.active.get(command.alert_id)
        if alert is None:
            raise NotAllowed("there is no standing alert with this id; it may be over already")
        if command.trigger not in COMMANDS:
            raise NotAllowed(f"{command.trigger.value} is found by the engine, not asked for")
        if command.trigger is Trigger.ACK:
            _check_ack(alert, command)
            if alert.state is State.ACKED:
                return None
        next_state(alert.state, command.trigger)
        if command.trigger is Trigger.RESET and not self._facts(alert).latch:
            raise NotAllowed("this alarm does not latch: it clears by itself when its condition is over")
        if command.trigger in (Trigger.SHELVE, Trigger.TAKE_OUT):
            self._put_aside(alert, command, now_us)
        if command.trigger in (Trigger.ACK, Trigger.UNSHELVE):
            alert.acked_us, alert.acked_by = now_us, command.by
        return self._record(alert, command.trigger, command.by, command.reason, now_us, now_us)

    def _put_aside(self, alert: Alert, command: Command, now_us: int) -> None:
        if why_not := self._protection(alert):
            raise Protected(why_not)
        until_us = aside.check(alert, command, now_us, self._policy)
        work_order = command.work_order.strip() if command.trigger is Trigger.TAKE_OUT else ""
        reason = command.reason.strip()
        aside.note(alert, by=command.by, reason=reason, since_us=now_us, until_us=until_us, work_order=work_order)

    def _open_context(self, asked: OpenContext, now_us: int) -> Event:
        entry = self.contexts.open(asked, now_us, site=self._site, policy=self._policy)
        return self._chain.append(entry, Trigger.CONTEXT_OPENED, asked.by, entry.words(), now_us, now_us)

    def _end_context(self, asked: EndContext, now_us: int) -> Event:
        entry, is_over = self.contexts.end(asked, now_us)
        if is_over:
            self._look_at_all()
            return self._chain.append(entry, Trigger.CONTEXT_OVER, asked.by, asked.reason, now_us, now_us)
        return self._chain.append(entry, Trigger.CONTEXT_SHORTENED, asked.by, asked.reason, now_us, now_us)

    # -- time --------------------------------------------------------------------------------------------------------

    def advance(self, now_us: int) -> list[Event]:
        """End what is due by the row's time, begin what is to begin. Comes before the row's transitions."""
        self._floods.note((), now_us)
        timed = [self.active[one] for one in self._timed]
        due = [one for one in timed if aside.is_due(one, now_us, self._policy)]
        events: list[Event] = []
        for alert in sorted(due, key=lambda one: (one.aside_until_us or 0, one.id)):
            until_us = alert.aside_until_us or now_us
            what = f"work order {alert.work_order}" if alert.work_order else "shelving"
            reason = f"{what} has ended, as {alert.aside_by} had set: {alert.aside_reason}"
            events.append(self._record(alert, Trigger.EXPIRED, "engine", reason, min(until_us, now_us), now_us))
        return events + self._over(now_us) + self._begun(now_us)

    def _over(self, now_us: int) -> list[Event]:
        due = [one for one in self.contexts if one.to_us <= now_us or self._is_absurd(one, now_us)]
        events: list[Event] = []
        for entry in sorted(due, key=lambda one: (one.to_us, one.id)):
            over_us = min(entry.to_us, now_us)
            self.contexts.close(entry, over_us)
            events.append(
                self._chain.append(entry, Trigger.CONTEXT_OVER, "engine", "its end has come", over_us, now_us)
            )
        if events:
            self._look_at_all()
        return events

    def _is_absurd(self, entry: Context, now_us: int) -> bool:
        # Live, and still longer to go than any entry may last: the clock had been ahead, and was put back.
        return entry.state == "live" and entry.to_us - now_us > self._policy.context_us[entry.kind]

    def _begun(self, now_us: int) -> list[Event]:
        due = [one for one in self.contexts if one.state == "planned" and one.from_us <= now_us]
        events: list[Event] = []
        for entry in sorted(due, key=lambda one: (one.from_us, one.id)):
            entry.state = "live"
            from_us = max(entry.from_us, entry.opened_us)
            events.append(self._chain.append(entry, Trigger.CONTEXT_BEGAN, "engine", entry.words(), from_us, now_us))
        if events:
            self._look_at_all()
        return events

    # -- what follows ------------------------------------------------------------------------------------------------

    def settle(self, now_us: int) -> list[Event]:
        """Suppress what is explained, bring back what is not (any more), tell who must stop work. Ends the row."""
        events: list[Event] = []
        gas = [self.active[one] for one in self._gas]
        for one in self._stop_work.judge(self.contexts, gas, now_us):
            events += self._apply_one(one, now_us)
        if self._look_again:
            self._look_again = False
            self._look_at_all()
        while self._moved:
            moved, self._moved = self._moved, {}
            for alert_id in moved:
                if (alert := self.active.get(alert_id)) is not None:
                    events += self._settle(alert, now_us)
        if self._raised:
            told, self._raised = self._raised, []
            announced = [enterprise for one, enterprise in told if not self._is_suppressed(one)]
            self._floods.note(announced, now_us)
        return events

    def _is_suppressed(self, alert_id: str) -> bool:
        alert = self.active.get(alert_id)
        return alert is not None and alert.state is State.SUPPRESSED

    def _settle(self, alert: Alert, now_us: int) -> list[Event]:
        if alert.state not in _STANDS:
            return []
        events: list[Event] = []
        why_not = self._protection(alert)
        if alert.state is State.SUPPRESSED:
            causes = {} if why_not else {one.actor: one for one in self._causes(alert)}
            if alert.aside_by not in causes:
                reason = why_not or f"over: {alert.aside_reason}"
                actor = "engine" if why_not else alert.aside_by
                ended_us = now_us if why_not else self._ended_us(alert.aside_by, now_us)
                events.append(self._record(alert, Trigger.CONTEXT_ENDED, actor, reason, ended_us, now_us))
        elif alert.state in ASIDE and why_not:
            events.append(self._record(alert, _BACK[alert.state], "engine", why_not, now_us, now_us))
        if alert.state in (State.UNACK, State.ACKED) and not why_not:
            cause = next(self._causes(alert), None)
            if cause is not None:
                aside.note(alert, by=cause.actor, reason=cause.reason, since_us=now_us, until_us=cause.until_us)
                effective_us = max(alert.raised_us, cause.since_us)
                events.append(self._record(alert, Trigger.SUPPRESS, cause.actor, cause.reason, effective_us, now_us))
        return events

    def _protection(self, alert: Alert) -> str:
        facts = self._facts(alert)
        if found := protection(facts, alert.peak_level):
            return found
        if facts.gas and is_process(facts.kind):
            inside = next((one for one in self.contexts if self._stop_work.is_inside(alert, one)), None)
            if inside is not None:
                return f"a gas alarm inside a live permit is never put aside: {inside.words()}"
        return ""

    def _causes(self, alert: Alert) -> Iterator[_Cause]:
        kind = self._facts(alert).kind
        for entry in self.contexts:
            if entry.suppresses(alert, kind, self._site):
                yield _Cause(entry.actor, entry.words(), entry.from_us, entry.to_us)
        if kind in COMM_EXPLAINS:
            own = () if kind == "stale" else (alert.target,)
            for line in (*own, *self._site.lines(alert.target)):
                for other in map(self.active.__getitem__, self._by_target.get(line, ())):
                    if other.state in _STANDS and self._facts(other).kind == "stale":
                        reason = f"explained by the communication alarm of {line}: {other.why}"
                        yield _Cause(f"comm:{other.id}", reason, other.raised_us, None)

    def _ended_us(self, actor: str, now_us: int) -> int:
        what, _, one = actor.partition(":")
        if what == "context":
            entry = self.contexts.get(one)
            return (entry and entry.over_us) or now_us
        other = self.get(one)
        return (other and other.cleared_us) or now_us

    def _look_behind(self, alert: Alert) -> None:
        """A communication alarm came or went: look at the alarms of what it brings."""
        if self._facts(alert).kind == "stale":
            for target in (alert.target, *self._site.behind(alert.target)):
                self._moved.update(self._by_target.get(target, {}))

    def _look_at_all(self) -> None:
        self._moved.update(dict.fromkeys(self.active))

    # -- the record --------------------------------------------------------------------------------------------------

    def _record(self, alert: Alert, trigger: Trigger, actor: str, reason: str, effective_us: int, now_us: int) -> Event:
        before = alert.state
        if trigger is not Trigger.RAISED:
            alert.state = next_state(before, trigger)
        if alert.state is State.UNACK:
            alert.acked_us, alert.acked_by = None, ""
        if before in ASIDE and alert.state not in ASIDE:
            aside.forget(alert)
        self._moved[alert.id] = None
        self._watch_time(alert)
        states = State.NORM if trigger is Trigger.RAISED else before, alert.state
        event = self._chain.append(alert, trigger, actor, reason, effective_us, now_us, states=states)
        if alert.state is State.NORM:
            self._end(alert)
        return event

    def _watch_time(self, alert: Alert) -> None:
        if alert.state in (State.SHELVED, State.OUT_OF_SERVICE):
            self._timed[alert.id] = None
        else:
            self._timed.pop(alert.id, None)

    def _index(self, alert: Alert) -> None:
        self._by_target.setdefault(alert.target, {})[alert.id] = None
        facts = self._facts(alert)
        if facts.gas and is_process(facts.kind) and alert.state in _STANDS:
            self._gas[alert.id] = None

    def _end(self, alert: Alert) -> None:
        del self.active[alert.id]
        self._moved.pop(alert.id, None)
        same = self._by_target[alert.target]
        del same[alert.id]
        if not same:
            del self._by_target[alert.target]
        self.ended[alert.id] = alert
        while len(self.ended) > _KEEP_ENDED:
            self.ended.popitem(last=False)

    # -- snapshots ---------------------------------------------------------------------------------------------------

    def snapshot(self) -> bytes:
        """All that is needed to go on."""
        state: dict[str, Any] = {
            "version": 2,
            "chain": self._chain.id,
            "seq": self._chain.seq,
            "head": self._chain.head,
            "active": list(self.active.values()),
            "ended": list(self.ended.values()),
            "done": list(self._done.items()),
            "contexts": self.contexts.state(),
            "groups": self._groups.state(),
            "chatter": self._chatter.state(),
            "floods": self._floods.state(),
            "stop_work": self._stop_work.state(),
            "moved": list(self._moved),
            "raised": self._raised,
        }
        return msgspec.msgpack.encode(state)

    def restore(self, data: bytes) -> None:
        """The inverse of `snapshot`; takes those of version 1, too, which knew nothing of context."""
        state = msgspec.msgpack.decode(data)
        self._chain.id, self._chain.seq, self._chain.head = state["chain"], state["seq"], state["head"]
        self.active = {alert.id: alert for alert in msgspec.convert(state["active"], list[Alert])}
        self.ended = OrderedDict((alert.id, alert) for alert in msgspec.convert(state["ended"], list[Alert]))
        self._done = OrderedDict((key, value) for key, value in state["done"])
        if state["version"] > 1:
            self.contexts.load(state["contexts"])
            self._groups.load(state["groups"])
            self._chatter.load(state["chatter"])
            self._floods.load(state["floods"])
            self._stop_work.load(state["stop_work"])
        self._moved = dict.fromkeys(state.get("moved", ()))
        self._raised = [(one, enterprise) for one, enterprise in state.get("raised", ())]
        self._derive()

    def _derive(self) -> None:
        """After park or rules may have changed; where they have not, nothing comes of it."""
        self._by_target, self._gas, self._timed = {}, {}, {}
        for alert in self.active.values():
            alert.kind = alert.kind or self._facts(alert).kind
            self._index(alert)
            self._watch_time(alert)
        self._look_again = True


def _check_ack(alert: Alert, command: Command) -> None:
    if command.level != alert.level and SEVERITY.get(command.level, 0) <= SEVERITY.get(alert.level, 0):
        raise NotAllowed(
            f"you saw level {command.level or 'none'}, the alert is now at {alert.level}; look again, then acknowledge"
        )


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
