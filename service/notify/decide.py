"""Who is told of what, and when: a pure machine of events and time, whose state can be kept.

::

    alert raised, got worse ──▶ routes that take it ──▶ first of its kind in this channel? ── yes ──▶ send at once
                                                                                         └─ no ──▶ the channel's digest,
                                                                    due when its window ends and its rate allows
    nobody acknowledges ──▶ each route's steps, each at its time after the alarm was found ──▶ send at once

A kind is rule, enterprise and level: a second alarm of the same kind may wait for the digest, the first never does,
whatever the rate. What is not told has a reason, and the reason is recorded like a message.
"""

import uuid
from collections.abc import Iterable

import msgspec

from service.alerts.model import Alert
from service.alerts.states import ASIDE, State, Trigger
from service.notify.config import Notifications, Route
from service.notify.message import COLOUR_OF_PRIORITY, Line, Message, Why, digest_lines

_DAY_US, _EAST_8_US, _MINUTE_US = 86_400_000_000, 28_800_000_000, 60_000_000
_TOLD: dict[Trigger, Why] = {
    Trigger.RAISED: "raised",
    Trigger.RETURNED: "raised",
    Trigger.LEVEL_UP: "worse",
    # Back from having been put aside, and still in alarm.
    Trigger.EXPIRED: "raised",
    Trigger.CONTEXT_ENDED: "raised",
    Trigger.PUT_BACK: "raised",
}
#: A digest that finds no room within its channel's rate goes all the same after so many windows.
_MOST_WINDOWS = 5
#: Alarms wait for somebody in these.
_UNSEEN = frozenset({State.UNACK, State.RTNUN})
_NAMESPACE = uuid.UUID("6a1c5fd0-3d52-4c0c-8f6e-1d1c3c2f9f0b")


class Silence(msgspec.Struct, frozen=True, kw_only=True):
    """What was not told, and why not."""

    about: str
    enterprise: str
    channel: str
    reason: str


class _Group(msgspec.Struct, kw_only=True):
    #: When the digest is due; lines that wait for it.
    due_us: int
    lines: list[Line] = []


class Memory(msgspec.Struct, kw_only=True):
    """All that must outlive a restart, so that nothing is told twice and no escalation is forgotten."""

    #: The last event that was considered.
    chain: str = ""
    seq: int = 0
    #: By ``channel|rule|enterprise|level``: when the kind was told last.
    kinds: dict[str, int] = {}
    groups: dict[str, _Group] = {}
    #: By channel: when each of the last minute was sent.
    sent: dict[str, list[int]] = {}
    #: By ``alert|route``: how many steps were taken, and when the last was.
    steps: dict[str, tuple[int, int]] = {}


class Decider:
    """Feed it events (``consider``) and time (``due``); it returns what is to be sent, and what is not."""

    def __init__(self, config: Notifications, memory: Memory | None = None) -> None:
        self._config = config
        self._rates = {one.id: one.most_per_minute for one in config.channels}
        self.memory = memory or Memory()

    def consider(
        self, trigger: Trigger, alert: Alert, line: Line, seq: int, now_us: int
    ) -> tuple[list[Message], list[Silence]]:
        """One change of an alert as it stands after it."""
        if trigger is Trigger.ACK or alert.state is State.NORM:
            self._forget(alert.id)
        if trigger is Trigger.CLEARED:
            return self._over(alert, line, seq, now_us)
        why = _TOLD.get(trigger)
        if why is None or alert.state is State.NORM:
            return [], []
        reason = self._reason_for_silence(alert)
        if reason:
            return [], [_silence(alert, "", reason)]
        found: dict[str, Message] = {}
        held: dict[str, Silence] = {}
        for route in self._config.routes:
            if not _takes(route, alert, now_us):
                continue
            for channel in route.channels:
                if channel in found or channel in held:
                    continue
                if self._first_of_its_kind(channel, alert, now_us):
                    self._count(channel, now_us)
                    found[channel] = _message(channel, why, (line,), f"{alert.id}|{seq}|{channel}", route=route.id)
                else:
                    self._gather(channel, line, now_us)
                    held[channel] = _silence(alert, channel, "gathered: comes with the next digest")
        if not found and not held:
            return [], [_silence(alert, "", "no route takes it")]
        return list(found.values()), list(held.values())

    def _reason_for_silence(self, alert: Alert) -> str:
        if alert.state in ASIDE:
            return f"put aside: {alert.state.value}"
        if alert.detected_late and alert.cleared_us is not None:
            return "over before it was known"
        return "chattering: told once" if alert.chattering else ""

    def _over(self, alert: Alert, line: Line, seq: int, now_us: int) -> tuple[list[Message], list[Silence]]:
        found: dict[str, Message] = {}
        silences: list[Silence] = []
        for route in self._config.routes:
            for channel in route.channels if route.cleared and _takes(route, alert, now_us) else ():
                if channel in found:
                    continue
                if self._free(channel, now_us):
                    self._count(channel, now_us)
                    found[channel] = _message(
                        channel, "cleared", (line,), f"{alert.id}|{seq}|{channel}", route=route.id
                    )
                else:
                    silences.append(_silence(alert, channel, "over: left out, the channel's rate is used up"))
        return list(found.values()), silences

    def _first_of_its_kind(self, channel: str, alert: Alert, now_us: int) -> bool:
        key = f"{channel}|{alert.rule}|{alert.enterprise}|{alert.level}"
        told_us = self.memory.kinds.get(key)
        if told_us is not None and now_us - told_us < self._config.group_within:
            return False
        self.memory.kinds[key] = now_us
        return True

    def _gather(self, channel: str, line: Line, now_us: int) -> None:
        group = self.memory.groups.get(channel)
        if group is None:
            group = self.memory.groups[channel] = _Group(due_us=now_us + self._config.group_within)
        group.lines = [one for one in group.lines if one.about != line.about] + [line]

    def _free(self, channel: str, now_us: int) -> bool:
        recent = [at for at in self.memory.sent.get(channel, ()) if at > now_us - _MINUTE_US]
        self.memory.sent[channel] = recent
        return len(recent) < self._rates.get(channel, 0)

    def _count(self, channel: str, now_us: int) -> None:
        self.memory.sent.setdefault(channel, []).append(now_us)

    def due(self, standing: Iterable[tuple[Alert, Line]], now_us: int) -> list[Message]:
        """Digests whose window has ended, and steps of escalations; of ``standing``, those that wait for somebody."""
        found = [self._digest(channel, now_us) for channel in list(self.memory.groups)]
        messages = [one for one in found if one is not None]
        waiting: set[str] = set()
        for alert, line in standing:
            if alert.state in _UNSEEN:
                waiting.add(alert.id)
                messages += self._escalations(alert, line, now_us)
        self._tidy(waiting, now_us)
        return messages

    def _digest(self, channel: str, now_us: int) -> Message | None:
        group = self.memory.groups[channel]
        last_us = group.due_us + (_MOST_WINDOWS - 1) * self._config.group_within
        if now_us < group.due_us or (now_us < last_us and not self._free(channel, now_us)):
            return None
        del self.memory.groups[channel]
        self._count(channel, now_us)
        lines, more = digest_lines(group.lines)
        return _message(channel, "digest", lines, f"{channel}|{group.due_us}", more=more)

    def _escalations(self, alert: Alert, line: Line, now_us: int) -> list[Message]:
        messages: list[Message] = []
        for route in self._config.routes:
            if not route.escalate or not _takes(route, alert, now_us) or self._reason_for_silence(alert):
                continue
            key = f"{alert.id}|{route.id}"
            taken, last_us = self.memory.steps.get(key, (0, 0))
            while (due_us := _step_due_us(route, alert, taken, last_us)) is not None and due_us <= now_us:
                step = route.escalate[min(taken, len(route.escalate) - 1)]
                taken, last_us = taken + 1, now_us
                messages += [
                    _message(channel, "escalated", (line,), f"{key}|{taken}|{channel}", step=taken, route=route.id)
                    for channel in step.channels
                ]
                self.memory.steps[key] = (taken, last_us)
        return messages

    def _forget(self, alert_id: str) -> None:
        for key in [one for one in self.memory.steps if one.startswith(f"{alert_id}|")]:
            del self.memory.steps[key]
        for group in self.memory.groups.values():
            group.lines = [one for one in group.lines if one.about != alert_id]
        self.memory.groups = {channel: group for channel, group in self.memory.groups.items() if group.lines}

    def _tidy(self, waiting: set[str], now_us: int) -> None:
        memory = self.memory
        memory.steps = {key: at for key, at in memory.steps.items() if key.partition("|")[0] in waiting}
        old_us = now_us - self._config.group_within
        memory.kinds = {key: at for key, at in memory.kinds.items() if at > old_us}


def _takes(route: Route, alert: Alert, now_us: int) -> bool:
    return (
        (not route.colours or COLOUR_OF_PRIORITY[alert.priority] in route.colours)
        and (not route.enterprises or alert.enterprise in route.enterprises)
        and (not route.sources or alert.source in route.sources)
        and (route.between is None or _within(route.between, now_us))
    )


def _within(between: tuple[str, str], now_us: int) -> bool:
    """On the fixed +08:00 clock; the first moment belongs to it, the last does not."""
    minute = (now_us + _EAST_8_US) % _DAY_US // _MINUTE_US
    begins, ends = (int(one[:2]) * 60 + int(one[3:]) for one in between)
    return begins <= minute < ends if begins < ends else minute >= begins or minute < ends


def _step_due_us(route: Route, alert: Alert, taken: int, last_us: int) -> int | None:
    if taken < len(route.escalate):
        return alert.detected_us + route.escalate[taken].after
    return last_us + route.repeat if route.repeat is not None else None


def _message(
    channel: str, why: Why, lines: tuple[Line, ...], identity: str, *, more: int = 0, step: int = 0, route: str = ""
) -> Message:
    made = str(uuid.uuid5(_NAMESPACE, f"{why}|{identity}"))
    return Message(id=made, channel=channel, why=why, lines=lines, more=more, step=step, route=route)


def _silence(alert: Alert, channel: str, reason: str) -> Silence:
    return Silence(about=alert.id, enterprise=alert.enterprise, channel=channel, reason=reason)
