"""Who is told, when, and why not; against a park that moves by hand."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.alerts.model import Alert
from service.alerts.states import State, Trigger
from service.notify.decide import Decider, Memory
from service.notify.message import Message
from tests.unit.notify.small import MINUTE_US, SECOND_US, START_US, alert, config, line


class Desk:
    """A decider, and the alerts that stand."""

    def __init__(self, *routes: dict[str, Any], **more: Any) -> None:
        self.decider = Decider(config(*routes, **more))
        self.standing: dict[str, Alert] = {}
        self.seq = 0
        self.silences: list[str] = []

    def at(self, s: float, trigger: Trigger | None = None, of: Alert | None = None) -> list[Message]:
        """What goes out at this second: of a change, or of time alone."""
        now_us = START_US + round(s * SECOND_US)
        found: list[Message] = []
        if trigger is not None and of is not None:
            self.seq += 1
            self.standing[of.id] = of
            messages, silences = self.decider.consider(trigger, of, line(of), self.seq, now_us)
            found += messages
            self.silences += [one.reason for one in silences]
        return found + self.decider.due([(one, line(one)) for one in self.standing.values()], now_us)


def told(messages: list[Message]) -> list[tuple[str, str]]:
    return [(one.channel, one.why) for one in messages]


def test_a_red_alarm_goes_to_the_channels_of_its_route_at_once() -> None:
    desk = Desk({"colours": ["red"], "channels": ["a", "b"]}, {"colours": ["blue"], "channels": ["b"]})
    assert told(desk.at(0, Trigger.RAISED, alert())) == [("a", "raised"), ("b", "raised")]


def test_an_alarm_that_no_route_takes_is_silent_and_the_journal_says_why() -> None:
    desk = Desk({"colours": ["red"]})
    assert desk.at(0, Trigger.RAISED, alert(priority=4)) == []
    assert desk.silences == ["no route takes it"]


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"state": State.SUPPRESSED}, "put aside: suppressed"),
        ({"state": State.SHELVED}, "put aside: shelved"),
        ({"chattering": True}, "chattering: told once"),
        ({"detected_late": True, "cleared_us": START_US}, "over before it was known"),
    ],
)
def test_what_is_not_told_has_a_reason(more: dict[str, Any], reason: str) -> None:
    desk = Desk({})
    assert desk.at(0, Trigger.RAISED, alert(**more)) == []
    assert desk.silences == [reason]


def test_an_alarm_that_comes_back_from_the_shelf_is_told() -> None:
    desk = Desk({})
    desk.at(0, Trigger.RAISED, alert(state=State.SHELVED))
    assert told(desk.at(5, Trigger.EXPIRED, alert())) == [("a", "raised")]


def test_the_second_of_a_kind_comes_with_the_digest_a_worse_one_at_once() -> None:
    desk = Desk({}, group_within="60s")
    assert told(desk.at(0, Trigger.RAISED, alert("1"))) == [("a", "raised")]
    assert desk.at(10, Trigger.RAISED, alert("2")) == []
    assert desk.at(20, Trigger.RAISED, alert("3")) == []
    assert told(desk.at(25, Trigger.LEVEL_UP, alert("4", level="HHH"))) == [("a", "worse")]
    assert desk.at(69, None) == []
    (digest,) = desk.at(70, None)
    assert (digest.why, [one.name for one in digest.lines]) == ("digest", ["acme.tank.2", "acme.tank.3"])
    assert desk.silences == ["gathered: comes with the next digest"] * 2


def test_what_was_acknowledged_meanwhile_is_not_in_the_digest() -> None:
    desk = Desk({}, group_within="60s")
    for name in ("1", "2", "3"):
        desk.at(0, Trigger.RAISED, alert(name))
    desk.at(5, Trigger.ACK, alert("2", state=State.ACKED))
    (digest,) = desk.at(60, None)
    assert [one.name for one in digest.lines] == ["acme.tank.3"]


def test_escalation_goes_on_step_by_step_until_somebody_acknowledges() -> None:
    steps = [{"after": "5m", "channels": ["b"]}, {"after": "15m", "channels": ["a", "b"]}]
    desk = Desk({"escalate": steps, "repeat": "10m"})
    desk.at(0, Trigger.RAISED, alert())
    assert desk.at(299, None) == []
    assert told(desk.at(300, None)) == [("b", "escalated")]
    assert desk.at(301, None) == []
    assert [(one.channel, one.step) for one in desk.at(900, None)] == [("a", 2), ("b", 2)]
    assert [one.step for one in desk.at(1500, None)] == [3, 3]
    desk.at(1510, Trigger.ACK, alert(state=State.ACKED))
    assert desk.at(9000, None) == []


def test_steps_that_came_due_while_the_service_was_down_are_taken_at_once() -> None:
    steps = [{"after": "5m", "channels": ["b"]}, {"after": "15m", "channels": ["a"]}]
    desk = Desk({"escalate": steps})
    desk.at(0, Trigger.RAISED, alert())
    memory = msgspec.json.decode(msgspec.json.encode(desk.decider.memory), type=Memory)
    later = Decider(config({"escalate": steps}), memory)
    found = later.due([(alert(), line(alert()))], START_US + 20 * MINUTE_US)
    assert [(one.channel, one.step) for one in found] == [("b", 1), ("a", 2)]


def test_a_shift_takes_only_what_happens_in_it() -> None:
    night = {"between": ["20:00", "08:00"]}
    # The day begins at START: 08:00 belongs to it.
    assert told(Desk(night).at(-1, Trigger.RAISED, alert())) == [("a", "raised")]
    assert Desk(night).at(0, Trigger.RAISED, alert()) == []
    assert told(Desk({"between": ["08:00", "20:00"]}).at(0, Trigger.RAISED, alert())) == [("a", "raised")]


def test_the_end_is_told_where_the_route_asks_for_it() -> None:
    over = alert(state=State.RTNUN, cleared_us=START_US)
    assert told(Desk({"cleared": True}).at(1, Trigger.CLEARED, over)) == [("a", "cleared")]
    assert Desk({}).at(1, Trigger.CLEARED, over) == []


def test_a_digest_is_never_held_for_ever_by_a_busy_channel() -> None:
    desk = Desk({}, group_within="60s", rate=1)
    desk.at(0, Trigger.RAISED, alert("1"))
    desk.at(1, Trigger.RAISED, alert("2"))
    for minute in range(1, 12):  # every half minute another kind, told at once and using up the rate
        for half in (0, 30):
            found = desk.at(minute * 60 + half, Trigger.RAISED, alert(f"x{minute}{half}", level=f"L{minute}{half}"))
            if any(one.why == "digest" for one in found):
                assert minute * 60 + half <= 1 + 5 * 60 + 60
                return
    pytest.fail("the digest never came")


_EVENT = st.tuples(
    st.integers(0, 40),  # seconds since the one before
    st.sampled_from(["1", "2", "3"]),
    st.sampled_from(["H", "HH"]),
    st.sampled_from([Trigger.RAISED, Trigger.ACK, Trigger.LEVEL_UP]),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(_EVENT, max_size=40), st.integers(1, 3))
def test_the_first_of_a_kind_is_never_held_and_nothing_is_lost(
    events: list[tuple[int, str, str, Trigger]], rate: int
) -> None:
    desk = Desk({}, group_within="60s", rate=rate)
    now_s, last_of_kind, owed = 0, dict[str, int](), set[str]()
    for after_s, name, level, trigger in events:
        now_s += after_s
        state = State.ACKED if trigger is Trigger.ACK else State.UNACK
        one = alert(name, level=level, state=state)
        found = desk.at(now_s, trigger, one)
        names = {told_line.about for message in found for told_line in message.lines}
        if trigger is Trigger.ACK:
            owed.discard(one.id)
        else:
            first = now_s - last_of_kind.get(level, -1000) >= 60
            assert (one.id in {told_line.about for m in found if m.why != "digest" for told_line in m.lines}) is first
            if first:
                last_of_kind[level] = now_s
            owed.add(one.id)
        owed -= names
    for later in range(10):  # what was gathered comes
        owed -= {told_line.about for m in desk.at(now_s + 60 * (later + 1), None) for told_line in m.lines}
    assert not owed


@settings(max_examples=100, deadline=None)
@given(st.lists(_EVENT, max_size=20), st.integers(0, 20))
def test_a_restart_anywhere_changes_nothing(events: list[tuple[int, str, str, Trigger]], at: int) -> None:
    route = {"escalate": [{"after": "1m", "channels": ["b"]}]}

    def play(restart: bool) -> list[str]:
        desk = Desk(route, group_within="30s")
        said: list[str] = []
        now_s = 0
        for n, (after_s, name, level, trigger) in enumerate(events):
            if restart and n == at:
                kept = msgspec.json.decode(msgspec.json.encode(desk.decider.memory), type=Memory)
                desk.decider = Decider(
                    config({"escalate": [{"after": "1m", "channels": ["b"]}]}, group_within="30s"), kept
                )
            now_s += after_s
            state = State.ACKED if trigger is Trigger.ACK else State.UNACK
            said += [one.id for one in desk.at(now_s, trigger, alert(name, level=level, state=state))]
        return said

    assert play(restart=True) == play(restart=False)
