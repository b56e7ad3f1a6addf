"""Alarms that people put aside: with a reason, until a time, never what the law keeps on the list."""

import msgspec
import pytest

from rules.transition import Change, Transition
from service.alerts.law import Protected
from service.alerts.policy import H_US, Policy
from service.alerts.states import NotAllowed, State, Trigger
from tests.unit.service.making import S_US
from tests.unit.service.plant import HOUR, MIN, Plant, found, told, us

LEVEL = found(0, "acme.T2.level")
HAZARD = found(0, "acme.T1.level")


@pytest.fixture
def plant() -> Plant:
    plant = Plant()
    plant.row(0, LEVEL, HAZARD)
    return plant


def test_shelved_alert_says_who_why_and_until_when(plant: Plant) -> None:
    plant.row(1, plant.ask(Trigger.SHELVE, LEVEL.alert_id, minutes=30))
    alert = plant.alert(LEVEL)
    assert (alert.state, alert.aside_by, alert.aside_reason) == (State.SHELVED, "王", "探头更换")
    assert (alert.aside_since_us, alert.aside_until_us) == (us(1), us(30 * MIN))


def test_shelving_ends_by_itself_at_its_time_and_the_event_says_so(plant: Plant) -> None:
    plant.row(0, plant.ask(Trigger.SHELVE, LEVEL.alert_id, minutes=30))
    assert plant.row(30 * MIN - 1) == []
    (event,) = plant.row(30 * MIN + 0.4)
    assert (event.trigger, event.actor, event.to_state) == (Trigger.EXPIRED, "engine", State.UNACK)
    assert (event.effective_us, event.recorded_us) == (us(30 * MIN), us(30 * MIN + 0.4))
    assert event.reason == "shelving has ended, as 王 had set: 探头更换"
    assert (plant.alert(LEVEL).aside_by, plant.alert(LEVEL).aside_until_us) == ("", None)


@pytest.mark.parametrize(
    ("more", "why_not"),
    [
        pytest.param({"reason": " "}, "give a reason to shelve an alarm", id="no reason"),
        pytest.param({"minutes": None}, "give an end that is not past", id="no end"),
        pytest.param({"minutes": 0}, "give an end that is not past", id="past end"),
        pytest.param({"minutes": 241}, "priority 2: 4 h at most, until 2026-11-22 12:00:00", id="too long"),
    ],
)
def test_shelving_without_reason_or_end_or_for_too_long_is_refused(
    plant: Plant, more: dict[str, object], why_not: str
) -> None:
    command = plant.ask(Trigger.SHELVE, LEVEL.alert_id, **{"minutes": 30, **more})
    before = plant.book.snapshot()
    with pytest.raises(NotAllowed, match=why_not):
        plant.book.command(command, us(0))
    assert plant.book.snapshot() == before


@pytest.mark.parametrize(("rule", "level", "hours"), [("limits", "HH", 1), ("limits", "H", 4), ("bad", "", 8)])
def test_longest_shelving_goes_by_priority(rule: str, level: str, hours: int) -> None:
    plant, one = Plant(), found(0, "acme.T2.temp", level, rule=rule)
    plant.row(0, one)
    with pytest.raises(NotAllowed, match=f"{hours} h at most"):
        plant.row(0, plant.ask(Trigger.SHELVE, one.alert_id, minutes=hours * 60 + 0.1))
    plant.row(0, plant.ask(Trigger.SHELVE, one.alert_id, minutes=hours * 60))


def test_longest_shelving_is_configuration() -> None:
    plant = Plant(Policy(shelve_us={1: H_US, 2: H_US // 2, 3: H_US, 4: H_US}))
    plant.row(0, LEVEL)
    with pytest.raises(NotAllowed, match=r"0.5 h at most"):
        plant.row(0, plant.ask(Trigger.SHELVE, LEVEL.alert_id, minutes=31))


def test_level_up_ends_shelving(plant: Plant) -> None:
    plant.row(1, plant.ask(Trigger.SHELVE, LEVEL.alert_id, minutes=30))
    (event,) = plant.row(2, found(2, "acme.T2.level", "HH", change=Change.LEVEL_UP, onset=0))
    assert (event.to_state, plant.alert(LEVEL).aside_by) == (State.UNACK, "")
    assert plant.row(30 * MIN) == [], "nothing is left that could expire"


def test_who_takes_it_off_the_shelf_has_acknowledged_it(plant: Plant) -> None:
    plant.row(1, plant.ask(Trigger.SHELVE, LEVEL.alert_id, minutes=30))
    plant.row(2, plant.ask(Trigger.UNSHELVE, LEVEL.alert_id, by="李"))
    assert (plant.state(LEVEL), plant.alert(LEVEL).acked_by) == (State.ACKED, "李")


def test_shelved_alert_that_clears_is_over(plant: Plant) -> None:
    plant.row(1, plant.ask(Trigger.SHELVE, LEVEL.alert_id, minutes=30))
    plant.row(2, found(2, "acme.T2.level", change=Change.CLEARED, onset=0))
    assert (plant.state(LEVEL), plant.alert(LEVEL).aside_until_us) == (State.NORM, None)
    assert plant.row(30 * MIN) == []


def test_out_of_service_needs_a_work_order_and_ends_with_it(plant: Plant) -> None:
    with pytest.raises(NotAllowed, match="give the number of the work order"):
        plant.row(1, plant.ask(Trigger.TAKE_OUT, LEVEL.alert_id, minutes=60, work_order=" "))
    plant.row(1, plant.ask(Trigger.TAKE_OUT, LEVEL.alert_id, minutes=60))
    assert (plant.state(LEVEL), plant.alert(LEVEL).work_order) == (State.OUT_OF_SERVICE, "WO-17")
    (event,) = plant.row(2 * HOUR)
    assert (event.trigger, event.to_state, event.effective_us) == (Trigger.EXPIRED, State.UNACK, us(60 * MIN + 1))
    assert event.reason.startswith("work order WO-17 has ended")


def test_put_back_by_hand_stands_unacknowledged(plant: Plant) -> None:
    plant.row(1, plant.ask(Trigger.TAKE_OUT, LEVEL.alert_id, minutes=60))
    plant.row(2, plant.ask(Trigger.PUT_BACK, LEVEL.alert_id))
    assert plant.state(LEVEL) is State.UNACK


def test_h_on_a_major_hazard_source_may_be_shelved_but_comes_back_at_once_as_hh(plant: Plant) -> None:
    plant.row(1, plant.ask(Trigger.SHELVE, HAZARD.alert_id, minutes=30))
    plant.row(2, found(2, "acme.T1.level", "HH", change=Change.LEVEL_UP, onset=0))
    assert (plant.state(HAZARD), plant.alert(HAZARD).protected) == (State.UNACK, True)


def test_out_of_service_alert_on_a_hazard_source_is_put_back_by_the_law_when_it_gets_worse(plant: Plant) -> None:
    plant.row(1, plant.ask(Trigger.TAKE_OUT, HAZARD.alert_id, minutes=30))
    events = plant.row(2, found(2, "acme.T1.level", "HH", change=Change.LEVEL_UP, onset=0))
    assert told(events) == [("level_up", "engine"), ("put_back", "engine")]
    assert "危险化学品安全法 art. 38" in events[-1].reason
    assert plant.state(HAZARD) is State.UNACK


@pytest.mark.parametrize("trigger", [Trigger.SHELVE, Trigger.TAKE_OUT])
@pytest.mark.parametrize(
    "one",
    [
        pytest.param(found(0, "acme.T1.level", "HH"), id="HH of a hazard source"),
        pytest.param(found(0, "acme.T1.level", "LL"), id="LL of a hazard source"),
        pytest.param(found(0, "acme.GD.ga-1", "H"), id="gas where there is a hazard source"),
        pytest.param(found(0, "acme.GD", "", rule="vote"), id="vote of gas detectors"),
    ],
)
def test_what_the_law_protects_is_never_put_aside(one: Transition, trigger: Trigger) -> None:
    plant = Plant()
    plant.row(0, one)
    assert plant.alert(one).protected
    with pytest.raises(Protected, match=r"危险化学品安全法 art\. 38"):
        plant.row(1, plant.ask(trigger, one.alert_id, minutes=10))
    assert plant.state(one) is State.UNACK


@pytest.mark.parametrize(
    "one",
    [
        pytest.param(found(0, "acme.T2.level", "HH"), id="HH of a source that is no hazard"),
        pytest.param(found(0, "zeta.gas.ga-1", "HH"), id="gas of an enterprise without any hazard source"),
        pytest.param(found(0, "acme.GD.ga-1", "", rule="bad"), id="a gas detector that is broken"),
    ],
)
def test_what_the_law_does_not_name_may_be_shelved(one: Transition) -> None:
    plant = Plant()
    plant.row(0, one)
    plant.row(1, plant.ask(Trigger.SHELVE, one.alert_id, minutes=10))
    assert plant.state(one) is State.SHELVED


def test_who_was_at_hh_stays_protected_when_it_falls_back_to_h(plant: Plant) -> None:
    plant.row(1, found(1, "acme.T1.level", "HH", change=Change.LEVEL_UP, onset=0))
    plant.row(2, found(2, "acme.T1.level", "H", change=Change.LEVEL_DOWN, onset=0))
    with pytest.raises(Protected):
        plant.row(3, plant.ask(Trigger.SHELVE, HAZARD.alert_id, minutes=10))


def test_shelf_that_a_clock_put_back_would_make_too_long_ends_at_once(plant: Plant) -> None:
    """Noon, then a clock 10 h ahead, put back after the shelving: 11 h more would be far too long."""
    plant.row(10 * HOUR)
    plant.row(10 * HOUR, plant.ask(Trigger.SHELVE, LEVEL.alert_id, minutes=60))
    (event,) = plant.row(1)
    assert (event.trigger, event.effective_us) == (Trigger.EXPIRED, us(1))


def test_reset_is_recorded_and_leaves_the_state_to_the_engine() -> None:
    plant, one = Plant(), found(0, "acme.T2.level", rule="latched")
    plant.row(0, one)
    (event,) = plant.row(1, plant.ask(Trigger.RESET, one.alert_id))
    assert (event.trigger, event.from_state, event.to_state) == (Trigger.RESET, State.UNACK, State.UNACK)


def test_alarm_that_does_not_latch_takes_no_reset(plant: Plant) -> None:
    with pytest.raises(NotAllowed, match="clears by itself"):
        plant.row(1, plant.ask(Trigger.RESET, LEVEL.alert_id))


def test_snapshot_of_a_version_that_knew_nothing_of_context_is_taken(plant: Plant) -> None:
    state = msgspec.msgpack.decode(plant.book.snapshot())
    old = {name: state[name] for name in ("chain", "seq", "head", "active", "ended", "done")} | {"version": 1}
    new = ("kind", "protected", "group", "first_out", "chattering", "aside_since_us", "aside_until_us", "aside_by")
    for alert in old["active"]:
        for name in (*new, "aside_reason", "work_order"):
            del alert[name]
    book = plant.fresh()
    book.restore(msgspec.msgpack.encode(old))
    assert [one.kind for one in book.active.values()] == ["limit", "limit"]
    assert book.settle(us(1)) == []
    assert book.advance(us(2) + S_US) == []
