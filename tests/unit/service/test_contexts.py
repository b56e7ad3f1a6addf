"""What is going on in the plant explains alarms, for as long as it goes on, and hides none."""

from typing import Any

import pytest

from rules.transition import Change, Transition
from service.alerts.book import AlertBook
from service.alerts.model import Alert, Event
from service.alerts.states import NotAllowed, State, Trigger
from tests.unit.service.plant import HOUR, MIN, Plant, found, told, us

T2 = {"source": "acme.T2"}
LEVEL = "acme.T2.level"


@pytest.fixture
def plant() -> Plant:
    plant = Plant()
    plant.row(0)
    return plant


def raised(plant: Plant, second: float, target: str = LEVEL, level: str = "H", rule: str = "limits") -> Transition:
    """An alarm."""
    one = found(second, target, level, rule=rule)
    plant.row(second, one)
    return one


def test_alarm_that_calibration_explains_is_recorded_and_suppressed_at_once(plant: Plant) -> None:
    entry = plant.context("calibration", tags=(LEVEL,))
    assert told(plant.row(1, entry)) == [("context_opened", "李"), ("context_began", "engine")]
    one = found(2, LEVEL)
    events = plant.row(2, one)
    assert told(events) == [("raised", "engine"), ("suppress", f"context:{entry.id}")]
    assert events[1].reason == "calibration P-7 at acme.T2.level until 2026-11-22 09:00:00 +08:00: 计划内"
    alert = plant.alert(one)
    assert (alert.state, alert.aside_by, alert.aside_until_us) == (State.SUPPRESSED, f"context:{entry.id}", us(HOUR))


def test_what_is_still_active_when_the_entry_ends_stands_unacknowledged(plant: Plant) -> None:
    entry = plant.context("calibration", tags=(LEVEL,))
    plant.row(1, entry)
    one = raised(plant, 2)
    events = plant.row(HOUR + 1)
    assert told(events) == [("context_over", "engine"), ("context_ended", f"context:{entry.id}")]
    assert [event.effective_us for event in events] == [us(HOUR), us(HOUR)]
    assert plant.state(one) is State.UNACK


def test_what_clears_meanwhile_is_over_with_everything_on_record(plant: Plant) -> None:
    plant.row(1, plant.context("maintenance", tags=(LEVEL,)))
    one = raised(plant, 2)
    plant.row(3, found(3, LEVEL, change=Change.CLEARED, onset=2))
    assert plant.state(one) is State.NORM
    assert [event.trigger for event in plant.events if event.alert_id == one.alert_id] == [
        *(Trigger.RAISED, Trigger.SUPPRESS, Trigger.CLEARED),
    ]


def test_alarm_that_stands_already_is_suppressed_when_the_entry_begins(plant: Plant) -> None:
    one = raised(plant, 1)
    plant.row(2, plant.ask(Trigger.ACK, one.alert_id, level="H"))
    plant.row(3, plant.context("overhaul", begins=10, **T2))
    assert plant.state(one) is State.ACKED
    events = plant.row(10)
    assert [event.trigger for event in events] == [Trigger.CONTEXT_BEGAN, Trigger.SUPPRESS]
    plant.row(2 * HOUR)
    assert (plant.state(one), plant.alert(one).acked_by) == (State.UNACK, ""), "it must be looked at anew"


def test_entry_ended_by_hand_suppresses_no_longer(plant: Plant) -> None:
    entry = plant.context("overhaul", **T2)
    plant.row(1, entry)
    one = raised(plant, 2)
    events = plant.row(3, plant.end(entry))
    assert told(events) == [("context_over", "王"), ("context_ended", f"context:{entry.id}")]
    assert plant.state(one) is State.UNACK


def test_entry_may_be_shortened_but_never_made_longer(plant: Plant) -> None:
    entry = plant.context("overhaul", **T2)
    plant.row(1, entry)
    one = raised(plant, 2)
    with pytest.raises(NotAllowed, match="can only be shortened"):
        plant.row(3, plant.end(entry, us(2 * HOUR)))
    assert told(plant.row(3, plant.end(entry, us(10 * MIN)))) == [("context_shortened", "王")]
    plant.row(10 * MIN)
    assert plant.state(one) is State.UNACK


def test_entry_that_is_ended_before_it_begins_never_begins(plant: Plant) -> None:
    entry = plant.context("overhaul", begins=10 * MIN, **T2)
    plant.row(1, entry)
    plant.row(2, plant.end(entry))
    assert plant.row(10 * MIN) == []
    with pytest.raises(NotAllowed, match="no such entry that is not over"):
        plant.row(11 * MIN, plant.end(entry))


@pytest.mark.parametrize(
    ("kind", "suppressed"),
    [
        ("start_up", {"limits", "climb", "strange"}),
        ("shutdown", {"limits", "climb", "strange"}),
        ("overhaul", {"limits", "climb", "strange"}),
        ("calibration", {"limits", "climb", "strange", "bad", "frozen", "silence"}),
        ("maintenance", {"limits", "climb", "strange", "bad", "frozen", "silence"}),
        ("hot_work", set()),
        ("confined_space", set()),
        ("special_work", set()),
    ],
)
def test_each_kind_explains_its_own_kinds_of_alarm(plant: Plant, kind: str, suppressed: set[str]) -> None:
    plant.row(1, plant.context(kind, **T2))
    alarms = {
        rule: found(2, target, level, rule=rule)
        for rule, target, level in (
            *(("limits", LEVEL, "HH"), ("climb", LEVEL, "H"), ("strange", "acme.T2", "")),
            *(("bad", "acme.T2.temp", ""), ("frozen", "acme.T2.temp", ""), ("silence", "acme.T2.level", "")),
        )
    }
    for one in alarms.values():
        plant.row(2, one)
    explained = {rule for rule, one in alarms.items() if plant.alert(one).aside_by.startswith("context:")}
    assert explained == suppressed


@pytest.mark.parametrize(
    ("where", "inside"),
    [
        pytest.param({}, {"acme.T2.level", "acme.T2.temp", "dcs/plc-2", "acme.T1.temp"}, id="enterprise"),
        pytest.param(T2, {"acme.T2.level", "acme.T2.temp", "dcs/plc-2"}, id="source"),
        pytest.param({"tags": (LEVEL,)}, {"acme.T2.level"}, id="one tag of a device"),
        pytest.param({"tags": (LEVEL, "acme.T2.temp")}, {"acme.T2.level", "acme.T2.temp", "dcs/plc-2"}, id="all tags"),
    ],
)
def test_entry_covers_what_lies_wholly_within_it(plant: Plant, where: dict[str, Any], inside: set[str]) -> None:
    plant.row(1, plant.context("maintenance", **where))
    for target in ("acme.T2.level", "acme.T2.temp", "acme.T1.temp", "zeta.shed.temp"):
        raised(plant, 2, target, "", "bad")
    raised(plant, 3, "dcs/plc-2", "", "silence")
    aside = {one.target for one in plant.book.active.values() if one.aside_by.startswith("context:")}
    assert aside == inside


@pytest.mark.parametrize("kind", ["start_up", "overhaul", "calibration"])
def test_no_context_suppresses_what_the_law_protects(plant: Plant, kind: str) -> None:
    plant.row(1, plant.context(kind))
    for target, level in (("acme.T1.level", "HH"), ("acme.T1.temp", "LL"), ("acme.GD.ga-1", "H")):
        assert plant.state(raised(plant, 2, target, level)) is State.UNACK


def test_suppressed_h_on_a_hazard_source_comes_back_at_once_as_hh(plant: Plant) -> None:
    plant.row(1, plant.context("start_up", source="acme.T1"))
    one = raised(plant, 2, "acme.T1.level")
    assert plant.state(one) is State.SUPPRESSED
    events = plant.row(3, found(3, "acme.T1.level", "HH", change=Change.LEVEL_UP, onset=2))
    assert told(events) == [("level_up", "engine"), ("context_ended", "engine")]
    assert "危险化学品安全法 art. 38" in events[1].reason
    assert plant.state(one) is State.UNACK


def test_of_two_entries_the_second_goes_on_where_the_first_ends(plant: Plant) -> None:
    first, second = plant.context("overhaul", **T2), plant.context("maintenance", hours=2, **T2)
    plant.row(1, first, second)
    one = raised(plant, 2)
    assert plant.alert(one).aside_by == f"context:{first.id}"
    events = plant.row(HOUR)
    assert told(events)[1:] == [("context_ended", f"context:{first.id}"), ("suppress", f"context:{second.id}")]


def test_shelved_alert_stays_shelved_and_is_suppressed_when_it_comes_back(plant: Plant) -> None:
    one = raised(plant, 1)
    plant.row(2, plant.ask(Trigger.SHELVE, one.alert_id, minutes=10))
    plant.row(3, plant.context("overhaul", **T2))
    assert plant.state(one) is State.SHELVED
    assert [event.trigger for event in plant.row(20 * MIN)] == [Trigger.EXPIRED, Trigger.SUPPRESS]


@pytest.mark.parametrize(
    ("kind", "told_wrong", "why_not"),
    [
        pytest.param("overhaul", {"reason": " "}, "give a reason", id="no reason"),
        pytest.param("hot_work", {"permit": ""}, "give the number of the permit", id="permit without a number"),
        pytest.param("calibration", {"hours": 9}, "calibration lasts 8 h at most", id="too long"),
        pytest.param("calibration", {"hours": -1}, "the end must be after the beginning", id="backwards"),
        pytest.param("calibration", {"begins": -2 * HOUR, "hours": 1}, "and not be past", id="past"),
        pytest.param("overhaul", {"enterprise": "nobody"}, "no enterprise 'nobody'", id="unknown enterprise"),
        pytest.param("overhaul", {"source": "zeta.shed"}, "acme has no source 'zeta.shed'", id="another's source"),
        pytest.param("overhaul", {"tags": ("zeta.shed.temp",)}, "acme has no tag", id="another's tag"),
        pytest.param("overhaul", {"tags": (LEVEL,), **T2}, "a source or tags, not both", id="source and tags"),
    ],
)
def test_entry_that_does_not_say_all_is_refused(
    plant: Plant, kind: str, told_wrong: dict[str, Any], why_not: str
) -> None:
    before = plant.book.snapshot()
    with pytest.raises(NotAllowed, match=why_not):
        plant.book.command(plant.context(kind, **told_wrong), us(0))
    assert plant.book.snapshot() == before


def test_same_entry_sent_twice_is_opened_once(plant: Plant) -> None:
    entry = plant.context("overhaul", **T2)
    assert len(plant.row(1, entry)) == 2
    assert plant.row(2, entry) == []


def test_entry_that_is_opened_again_long_after_is_no_second_life_of_the_first(plant: Plant) -> None:
    entry = plant.context("calibration", source="acme.T2", hours=8)
    plant.row(0, entry)
    plant.row(1, plant.end(entry))
    plant.book._done.clear()  # a thousand commands later
    with pytest.raises(NotAllowed, match="opened long since"):
        plant.row(2, entry)
    plant.row(3, one := found(3, "acme.T2.temp"))
    assert plant.state(one) is State.UNACK


def test_enterprise_that_plans_too_much_takes_the_room_of_no_other(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.alerts.contexts._MOST_STANDING", 3)
    plant.row(0, *(plant.context("calibration", source="acme.T2") for _ in range(3)))
    with pytest.raises(NotAllowed, match="3 entries already"):
        plant.row(1, plant.context("calibration", source="acme.T2"))
    plant.row(2, plant.context("hot_work", enterprise="zeta", source="zeta.gas"), found(2, "zeta.gas.ga-1"))
    assert plant.only("stop-work").target == "zeta.gas"


def test_entry_that_began_by_a_clock_that_was_wrong_suppresses_nothing_before_its_time(plant: Plant) -> None:
    calibration = plant.context("calibration", source="acme.T2", begins=600)
    permit = plant.context("hot_work", source="acme.T2", begins=600)
    plant.row(0, calibration, permit)
    plant.row(700, one := found(700, "acme.T2.temp"))
    assert plant.state(one) is State.SUPPRESSED
    assert told(plant.row(100))[:2] == [("context_put_off", "engine"), ("context_ended", f"context:{calibration.id}")]
    assert plant.state(one) is State.UNACK
    plant.row(101, other := found(101, "acme.T2.level"), found(101, "acme.GD.ga-1"))
    assert plant.state(other) is State.UNACK
    assert plant.only("stop-work").target == "acme.T2", "whoever is at work is told of gas all the same"
    plant.row(600)
    assert plant.state(one) is plant.state(other) is State.SUPPRESSED


def test_defect_about_one_alert_keeps_no_other_suppressed(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = plant.context("calibration", source="acme.T2")
    plant.row(0, entry, found(0, "acme.T2.level"), other := found(0, "acme.T2.temp"))
    settle = AlertBook._settle

    def broken(book: AlertBook, alert: Alert, now_us: int) -> list[Event]:
        if alert.target == "acme.T2.level":
            raise ZeroDivisionError
        return settle(book, alert, now_us)

    monkeypatch.setattr(AlertBook, "_settle", broken)
    with pytest.raises(ZeroDivisionError):
        plant.row(1, plant.end(entry))
    assert plant.state(other) is State.UNACK


def test_entries_are_links_of_the_same_chain_as_alerts(plant: Plant) -> None:
    entry = plant.context("overhaul", **T2)
    plant.row(1, entry)
    raised(plant, 2)
    plant.row(2 * HOUR)
    assert [event.prev_hash for event in plant.events[1:]] == [event.hash for event in plant.events[:-1]]
    assert [event.context is None for event in plant.events] == [False, False, True, True, False, True]
    assert {event.enterprise for event in plant.events} == {"acme"}


# -- communication -----------------------------------------------------------------------------------------------------


def silent(plant: Plant, second: float, target: str = "dcs/plc-2") -> Transition:
    """A communication alarm."""
    return raised(plant, second, target, "", "silence")


@pytest.mark.parametrize("line", [LEVEL, "dcs/plc-2", "dcs"])
def test_communication_alarm_explains_alarms_about_the_instruments_behind_it(plant: Plant, line: str) -> None:
    comm = silent(plant, 1, line)
    one = found(2, LEVEL, "", rule="bad")
    assert told(plant.row(2, one)) == [("raised", "engine"), ("suppress", f"comm:{comm.alert_id}")]
    events = plant.row(9, found(8.5, line, "", rule="silence", change=Change.CLEARED, onset=1))
    assert told(events) == [("cleared", "engine"), ("context_ended", f"comm:{comm.alert_id}")]
    assert events[1].effective_us == us(8.5)
    assert plant.state(one) is State.UNACK


def test_what_came_before_the_communication_alarm_is_explained_by_it_too(plant: Plant) -> None:
    frozen, climb = raised(plant, 1, LEVEL, "", "frozen"), raised(plant, 2, "acme.T2.temp", "H", "climb")
    comm = silent(plant, 3)
    for one in (frozen, climb):
        assert (plant.state(one), plant.alert(one).aside_by) == (State.SUPPRESSED, f"comm:{comm.alert_id}")


def test_it_never_explains_a_limit_alarm(plant: Plant) -> None:
    one = raised(plant, 1)
    silent(plant, 2)
    assert plant.state(one) is State.UNACK


def test_it_explains_nothing_behind_other_lines(plant: Plant) -> None:
    silent(plant, 1)
    assert plant.state(raised(plant, 2, "acme.T1.temp", "", "bad")) is State.UNACK


def test_silence_of_the_whole_explains_that_of_its_parts_and_never_the_other_way(plant: Plant) -> None:
    part, device, whole = silent(plant, 1, LEVEL), silent(plant, 2), silent(plant, 3, "dcs")
    assert [plant.alert(one).aside_by for one in (part, device, whole)] == [
        *(f"comm:{device.alert_id}", f"comm:{whole.alert_id}", ""),
    ]


def test_instrument_that_is_well_again_together_with_its_line_makes_no_noise(plant: Plant) -> None:
    silent(plant, 1)
    one = raised(plant, 2, LEVEL, "", "bad")
    back = (
        found(9, "dcs/plc-2", "", rule="silence", change=Change.CLEARED, onset=1),
        found(9, LEVEL, "", rule="bad", change=Change.CLEARED, onset=2),
    )
    assert told(plant.row(9, *back)) == [("cleared", "engine"), ("cleared", "engine")]
    assert plant.state(one) is State.NORM


# -- stop work ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["hot_work", "confined_space"])
@pytest.mark.parametrize(
    ("where", "gas"),
    [
        pytest.param({"source": "acme.GD"}, "acme.GD.ga-1", id="the detectors' own source"),
        pytest.param({"source": "acme.T1"}, "acme.GD.ga-1", id="89 m away"),
        pytest.param({}, "acme.FAR.ga-9", id="whole enterprise"),
        pytest.param({"tags": ("acme.T1.level",)}, "acme.GD.ga-1", id="tags of a source nearby"),
    ],
)
def test_gas_alarm_inside_a_permit_stops_the_work(plant: Plant, kind: str, where: dict[str, Any], gas: str) -> None:
    plant.row(1, plant.context(kind, **where))
    plant.row(2, found(2, gas))
    order = plant.only("stop-work")
    assert (order.priority, order.state, order.enterprise) == (1, State.UNACK, "acme")
    assert order.why.startswith(f"stop work: {kind.replace('_', ' ')} P-7 at acme")
    assert f"a gas alarm inside it: {gas} is beyond H" in order.why


@pytest.mark.parametrize(
    ("kind", "where", "gas"),
    [
        pytest.param("hot_work", {"source": "acme.T1"}, "acme.FAR.ga-9", id="1.1 km away"),
        pytest.param("hot_work", {"source": "acme.T1"}, "zeta.gas.ga-1", id="next door"),
        pytest.param("special_work", {"source": "acme.GD"}, "acme.GD.ga-1", id="another kind of permit"),
        pytest.param("hot_work", {"source": "acme.T1"}, "acme.T2.level", id="no gas"),
    ],
)
def test_other_alarms_stop_no_work(plant: Plant, kind: str, where: dict[str, Any], gas: str) -> None:
    plant.row(1, plant.context(kind, **where))
    plant.row(2, found(2, gas))
    assert [one for one in plant.book.active.values() if one.rule == "stop-work"] == []


def test_permit_that_begins_where_gas_is_in_alarm_is_stopped_at_once(plant: Plant) -> None:
    raised(plant, 1, "acme.GD.ga-1")
    plant.row(2, plant.context("hot_work", begins=60, source="acme.T1"))
    plant.row(60)
    order = plant.only("stop-work")
    assert (order.target, order.onset_us, order.raised_us) == ("acme.T1", us(60), us(60))


def test_order_stands_until_the_last_gas_alarm_is_over(plant: Plant) -> None:
    plant.row(1, plant.context("hot_work", source="acme.T1"))
    plant.row(2, found(2, "acme.GD.ga-1"), found(2, "acme.GD", "", rule="vote"))
    order = plant.only("stop-work")
    plant.row(3, found(3, "acme.GD.ga-1", change=Change.CLEARED, onset=2))
    assert plant.state(order.id) is State.UNACK
    plant.row(4, found(4, "acme.GD", "", rule="vote", change=Change.CLEARED, onset=2))
    assert plant.state(order.id) is State.RTNUN, "nobody has seen it yet"


def test_order_ends_with_the_permit_and_the_gas_alarm_goes_on(plant: Plant) -> None:
    permit = plant.context("hot_work", source="acme.T1")
    plant.row(1, permit)
    gas = raised(plant, 2, "acme.GD.ga-1")
    order = plant.only("stop-work")
    plant.row(3, plant.end(permit))
    assert (plant.state(order.id), plant.state(gas)) == (State.RTNUN, State.UNACK)
    assert plant.events[-1].reason == "the permit is over"


def test_each_permit_has_an_order_of_its_own_and_each_new_gas_alarm_a_new_one(plant: Plant) -> None:
    plant.row(1, *(plant.context("hot_work", source="acme.T1") for _ in range(2)))
    for second in (2, 12):
        plant.row(second, found(second, "acme.GD.ga-1"))
        plant.row(second + 1, found(second + 1, "acme.GD.ga-1", change=Change.CLEARED, onset=second))
    assert len({one.id for one in plant.book.active.values() if one.rule == "stop-work"}) == 4


def test_order_to_stop_work_cannot_be_put_aside(plant: Plant) -> None:
    plant.row(1, plant.context("hot_work", source="zeta.gas", enterprise="zeta"))
    raised(plant, 2, "zeta.gas.ga-1")
    order = plant.only("stop-work")
    with pytest.raises(NotAllowed, match="never put aside"):
        plant.row(3, plant.ask(Trigger.SHELVE, order.id, minutes=10))
    plant.row(4, plant.context("overhaul", source="zeta.gas", enterprise="zeta"))
    assert plant.state(order.id) is State.UNACK


def test_gas_alarm_inside_a_permit_is_never_put_aside_hazard_source_or_not(plant: Plant) -> None:
    plant.row(1, plant.context("calibration", tags=("zeta.gas.ga-1",), enterprise="zeta"))
    gas = raised(plant, 2, "zeta.gas.ga-1")
    assert plant.state(gas) is State.SUPPRESSED
    permit = plant.context("hot_work", source="zeta.shed", enterprise="zeta")
    plant.row(3, permit)
    assert plant.state(gas) is State.UNACK
    with pytest.raises(NotAllowed, match="a gas alarm inside a live permit"):
        plant.row(4, plant.ask(Trigger.SHELVE, gas.alert_id, minutes=10))
    plant.row(5, plant.end(permit))
    assert plant.state(gas) is State.SUPPRESSED, "the calibration goes on"
