"""The alert book: what the engine and people say becomes states and an unbroken chain of events.

A fold, like the engine: the same transitions and commands in the same order give the same events with the same
hashes. It reads no clock and does no I/O, so a crash is cured by replaying the journal.

One journal row is: `advance` (what ends by now), `apply` (what the engine found), `command` (what people ask), `settle`
(what all this means for what is put aside, for work under way, and for how much the operator has to take in).
"""

from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

import msgspec

from rules.transition import Transition
from service.alerts import aside
from service.alerts.asked import Asked, Command, EndContext, Facts, Lookup, OpenContext, Raise
from service.alerts.bursts import Chatter, Flood, Floods
from service.alerts.chain import Chain
from service.alerts.contexts import Context, Contexts
from service.alerts.explained import Explained
from service.alerts.findings import DETECTED_LATE_US, new_alert, own_transition, take
from service.alerts.first_out import FirstOut
from service.alerts.judged import DUTY_OVERDUE
from service.alerts.law import Protected
from service.alerts.live_entries import LiveEntries
from service.alerts.model import SEVERITY, Alert, Event
from service.alerts.policy import Policy
from service.alerts.site import Site
from service.alerts.standing import KEEP_ENDED, STANDS, Standing
from service.alerts.states import ASIDE, COMMANDS, NotAllowed, State, Trigger, next_state
from service.alerts.stop_work import StopWork
from service.alerts.words import at

__all__ = ["DETECTED_LATE_US", "AlertBook", "Command", "EndContext", "Facts", "Lookup", "OpenContext", "Raise"]

#: How an alert comes back by itself.
_BACK = {
    State.SHELVED: Trigger.EXPIRED,
    State.SUPPRESSED: Trigger.CONTEXT_ENDED,
    State.OUT_OF_SERVICE: Trigger.PUT_BACK,
}


class AlertBook:
    """All alerts and context entries that are not over, and the head of the chain."""

    def __init__(self, chain: str, lookup: Lookup, *, site: Site | None = None, policy: Policy | None = None) -> None:
        self._chain = Chain(chain)
        self._lookup = lookup
        self._site = site or Site()
        self.policy = policy or Policy()
        self.contexts = Contexts()
        self._standing = Standing()
        self._done: OrderedDict[str, str] = OrderedDict()
        self._groups = FirstOut(self.policy)
        self._chatter = Chatter()
        self._floods = Floods()
        live = LiveEntries(self.contexts, self._site, self.policy)
        self._stop_work = StopWork(live, self._site)
        self._explained = Explained(self._site, self._facts, self.contexts, live, self._standing)
        #: Of gas alarms and entries, when it was last judged which work must stop.
        self._stop_work_seen: tuple[int, int] | None = None
        #: Alerts to be looked at by the next `settle`, and those raised since the last one: id, enterprise.
        self._moved: dict[str, None] = {}
        self._raised: list[tuple[str, str]] = []
        self._look_again = False

    @property
    def active(self) -> dict[str, Alert]:
        """The alerts that are not over, by id."""
        return self._standing.active

    @property
    def ended(self) -> OrderedDict[str, Alert]:
        """Those that lately were."""
        return self._standing.ended

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

    def use(self, lookup: Lookup) -> None:
        """Priorities and owners by other rules from now on; alerts that stand keep theirs until their level moves."""
        self._lookup = lookup
        self._derive()

    def get(self, alert_id: str) -> Alert | None:
        """The alert, standing or recently ended; None where the book no longer holds it."""
        return self._standing.get(alert_id)

    def about(self, asked: Asked) -> Alert | Context | None:
        """What a command was about, as it stands now."""
        if isinstance(asked, Command):
            return self.get(asked.alert_id)
        return self.contexts.get(asked.id if isinstance(asked, OpenContext) else asked.context_id)

    def take(self) -> list[Event]:
        """Everything recorded since the last call, also by what failed half-way: the chain has it, so all must."""
        taken, self._chain.fresh = self._chain.fresh, []
        return taken

    def floods(self) -> list[Flood]:
        """Those that stand as of the last row; the whole park's first."""
        return self._floods.standing()

    # -- the engine --------------------------------------------------------------------------------------------------

    def apply(self, transitions: Iterable[Transition], now_us: int) -> list[Event]:
        """What the engine found in one advance; ``now_us`` is the journal row's time. Raises NotAllowed."""
        return [event for one in transitions for event in self._apply_one(one, now_us)]

    def own_alarm(self, alarm: Raise, now_us: int) -> list[Event]:
        """An alarm about the service itself."""
        return self._apply_one(own_transition(alarm, now_us), now_us)

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
        take(alert, one, self._facts(alert, one.level))
        if trigger in (Trigger.CLEARED, Trigger.RETURNED):
            alert.cleared_us = one.effective_us if trigger is Trigger.CLEARED else None
        event = self._record(alert, trigger, "engine", one.why, one.effective_us, now_us)
        if trigger is Trigger.CLEARED:
            self._groups.leave(alert)
        elif trigger is Trigger.RETURNED:
            self._standing.put(alert, self._facts(alert))
        if trigger in (Trigger.CLEARED, Trigger.RETURNED):
            self._look_behind(alert)
        return [event]

    def _raise(self, one: Transition, now_us: int) -> list[Event]:
        facts = self._lookup(one.rule, one.target, one.level)
        alert = new_alert(one, facts)
        former = self._groups.join(alert)
        alert.chattering = self._chatter.note((one.rule, one.target, one.side), one.effective_us, now_us)
        first = self.active.get(former) if former else None
        if former:
            alert.first_out = first is not None  # one that is over keeps its place in the record
        self._standing.put(alert, facts)
        # A hundred enterprises that miss a report on one morning are no flood of the plant's.
        if one.rule != DUTY_OVERDUE:
            self._raised.append((alert.id, alert.enterprise))
        events = [self._record(alert, Trigger.RAISED, "engine", one.why, one.effective_us, now_us)]
        self._look_behind(alert)
        if first is not None:
            self._groups.lead(alert)
            first.first_out = False
            reason = f"{alert.target}{alert.level and ' '}{alert.level} came before it, at {at(alert.raised_us)}"
            events.append(self._record(first, Trigger.NOT_FIRST, "engine", reason, one.effective_us, now_us))
        return events

    def _facts(self, alert: Alert, level: str = "") -> Facts:
        facts = self._lookup(alert.rule, alert.target, level or alert.level)
        # The alerts of a rule that is gone stay what they were until the engine ends them.
        return facts if facts.kind or not alert.kind else msgspec.structs.replace(facts, kind=alert.kind)

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
        while len(self._done) > KEEP_ENDED:
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
            if why_not := self._explained.protection(alert):
                raise Protected(why_not)
            aside.put(alert, command, now_us, self.policy)
        if command.trigger in (Trigger.ACK, Trigger.UNSHELVE):
            alert.acked_us, alert.acked_by = now_us, command.by
        return self._record(alert, command.trigger, command.by, command.reason, now_us, now_us)

    def _open_context(self, asked: OpenContext, now_us: int) -> Event:
        entry = self.contexts.open(asked, now_us, site=self._site, policy=self.policy)
        return self._chain.append(entry, Trigger.CONTEXT_OPENED, asked.by, entry.words(), now_us, now_us)

    def _end_context(self, asked: EndContext, now_us: int) -> Event:
        entry, is_over = self.contexts.end(asked, now_us)
        if is_over:
            self._look_at_all()
        trigger = Trigger.CONTEXT_OVER if is_over else Trigger.CONTEXT_SHORTENED
        return self._chain.append(entry, trigger, asked.by, asked.reason, now_us, now_us)

    # -- time --------------------------------------------------------------------------------------------------------

    def advance(self, now_us: int) -> list[Event]:
        """End what is due by the row's time, begin what is to begin. Comes before the row's transitions."""
        self._floods.note((), now_us)
        due = [one for one in self._standing.timed() if aside.is_due(one, now_us, self.policy)]
        events: list[Event] = []
        for alert in sorted(due, key=lambda one: (one.aside_until_us or 0, one.id)):
            ended_us = min(alert.aside_until_us or now_us, now_us)
            events.append(self._record(alert, Trigger.EXPIRED, "engine", aside.ended(alert), ended_us, now_us))
        return events + self._over(now_us) + self._put_off(now_us) + self._begun(now_us)

    def _over(self, now_us: int) -> list[Event]:
        events: list[Event] = []
        for entry in self.contexts.due(now_us, self.policy):
            over_us = min(entry.to_us, now_us)
            self.contexts.close(entry, over_us)
            events.append(
                self._chain.append(entry, Trigger.CONTEXT_OVER, "engine", "its end has come", over_us, now_us)
            )
        if events:
            self._look_at_all()
        return events

    def _put_off(self, now_us: int) -> list[Event]:
        events: list[Event] = []
        for entry in self.contexts.too_early(now_us):
            self.contexts.put_off(entry)
            reason = f"the clock was put back to before its beginning, {at(entry.from_us)}"
            events.append(self._chain.append(entry, Trigger.CONTEXT_PUT_OFF, "engine", reason, now_us, now_us))
        if events:
            self._look_at_all()
        return events

    def _begun(self, now_us: int) -> list[Event]:
        events: list[Event] = []
        for entry in self.contexts.beginning(now_us):
            self.contexts.begin(entry)
            from_us = max(entry.from_us, entry.opened_us)
            events.append(self._chain.append(entry, Trigger.CONTEXT_BEGAN, "engine", entry.words(), from_us, now_us))
        if events:
            self._look_at_all()
        return events

    # -- what follows ------------------------------------------------------------------------------------------------

    def settle(self, now_us: int) -> list[Event]:
        """Suppress what is explained, bring back what is not (any more), tell who must stop work. Ends the row."""
        events: list[Event] = []
        seen = self._standing.gas_version, self.contexts.version
        if seen != self._stop_work_seen:
            self._stop_work_seen = seen
            for one in self._stop_work.judge(self._standing.gas(), now_us):
                events += self._apply_one(one, now_us)
        if self._look_again:
            self._look_again = False
            self._look_at_all()
        failed: list[Exception] = []
        while self._moved:
            moved, self._moved = self._moved, {}
            for alert_id in moved:
                if (alert := self.active.get(alert_id)) is not None:
                    try:
                        events += self._settle(alert, now_us)
                    except Exception as error:  # a defect of ours: the others must still come back
                        failed.append(error)
        if self._raised:
            raised, self._raised = self._raised, []
            self._floods.note([whose for one, whose in raised if not self._is_suppressed(one)], now_us)
        if failed:
            raise failed[0]
        return events

    def _is_suppressed(self, alert_id: str) -> bool:
        alert = self.active.get(alert_id)
        return alert is not None and alert.state is State.SUPPRESSED

    def _settle(self, alert: Alert, now_us: int) -> list[Event]:
        if alert.state not in STANDS:
            return []
        events: list[Event] = []
        why_not = self._explained.protection(alert)
        if alert.state in ASIDE and why_not:
            events.append(self._record(alert, _BACK[alert.state], "engine", why_not, now_us, now_us))
        elif alert.state is State.SUPPRESSED and all(
            one.actor != alert.aside_by for one in self._explained.causes(alert)
        ):
            over_us, reason = self._explained.over_us(alert.aside_by, now_us), f"over: {alert.aside_reason}"
            events.append(self._record(alert, Trigger.CONTEXT_ENDED, alert.aside_by, reason, over_us, now_us))
        cause = None if why_not or alert.state in ASIDE else next(self._explained.causes(alert), None)
        if cause is not None:
            aside.note(alert, by=cause.actor, reason=cause.reason, since_us=now_us, until_us=cause.until_us)
            effective_us = max(alert.raised_us, cause.since_us)
            events.append(self._record(alert, Trigger.SUPPRESS, cause.actor, cause.reason, effective_us, now_us))
        return events

    def _look_behind(self, alert: Alert) -> None:
        """A communication alarm came or went: look at the alarms of what it brings."""
        self._moved.update(dict.fromkeys(self._explained.behind(alert)))

    def _look_at_all(self) -> None:
        self._moved.update(dict.fromkeys(self.active))

    def _record(self, alert: Alert, trigger: Trigger, actor: str, reason: str, effective_us: int, now_us: int) -> Event:
        before = alert.state
        if trigger is not Trigger.RAISED:
            alert.state = next_state(before, trigger)
        if alert.state is State.UNACK:
            alert.acked_us, alert.acked_by = None, ""
        if before in ASIDE and alert.state not in ASIDE:
            aside.forget(alert)
        states = State.NORM if trigger is Trigger.RAISED else before, alert.state
        event = self._chain.append(alert, trigger, actor, reason, effective_us, now_us, states=states)
        self._moved[alert.id] = None
        self._standing.moved(alert)
        return event

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
        self._chain.fresh = []
        alerts = msgspec.convert(state["active"], list[Alert]), msgspec.convert(state["ended"], list[Alert])
        self._standing.active = {alert.id: alert for alert in alerts[0]}
        self._standing.ended = OrderedDict((alert.id, alert) for alert in alerts[1])
        self._done = OrderedDict((key, value) for key, value in state["done"])
        if state["version"] > 1:
            self.contexts.load(state["contexts"])
            self._groups.load(state["groups"], self._standing.active)
            self._chatter.load(state["chatter"])
            self._floods.load(state["floods"])
            self._stop_work.load(state["stop_work"])
        self._moved = dict.fromkeys(state.get("moved", ()))
        self._raised = [(one, enterprise) for one, enterprise in state.get("raised", ())]
        self._derive()

    def _derive(self) -> None:
        """After park or rules may have changed; where they have not, nothing comes of it."""
        self._standing.rebuild(self._facts)
        self._look_again = True


def _check_ack(alert: Alert, command: Command) -> None:
    if command.level != alert.level and SEVERITY.get(command.level, 0) <= SEVERITY.get(alert.level, 0):
        raise NotAllowed(
            f"you saw level {command.level or 'none'}, the alert is now at {alert.level}; look again, then acknowledge"
        )
