"""First-out, chatter and floods: how alarms are presented. Nothing is left out of the record for it."""

import pytest

from rules.transition import Change
from service.alerts.policy import Policy
from service.alerts.states import Trigger
from tests.unit.service.plant import MIN, Plant, found, us

LEVEL, TEMP = "acme.T2.level", "acme.T2.temp"


@pytest.fixture
def plant() -> Plant:
    return Plant()


# -- first-out ---------------------------------------------------------------------------------------------------------


def test_alerts_raised_while_one_of_their_source_stands_follow_it(plant: Plant) -> None:
    first, second = found(1, LEVEL), found(2, TEMP)
    plant.row(2, first, second)
    assert (plant.alert(first).group, plant.alert(first).first_out) == (first.alert_id, True)
    assert (plant.alert(second).group, plant.alert(second).first_out) == (first.alert_id, False)


def test_other_sources_have_groups_of_their_own(plant: Plant) -> None:
    plant.row(2, found(1, LEVEL), found(2, "acme.T1.level"))
    assert all(one.first_out and one.group == one.id for one in plant.book.active.values())


def test_group_may_be_the_enterprise() -> None:
    plant, first, second = Plant(Policy(first_out="enterprise")), found(1, LEVEL), found(2, "acme.T1.level")
    plant.row(2, first, second)
    assert plant.alert(second).group == first.alert_id


def test_group_of_another_policy_is_over_and_stands_in_nobodys_way() -> None:
    plant, first = Plant(Policy(first_out="enterprise")), found(1, LEVEL)
    plant.row(2, first)
    snapshot, plant = plant.book.snapshot(), Plant(Policy(first_out="source"))
    plant.book.restore(snapshot)
    plant.row(3, found(3, LEVEL, change=Change.CLEARED, onset=1))
    back, second = Plant(Policy(first_out="enterprise")), found(5, "acme.T1.level")
    back.book.restore(plant.book.snapshot())
    back.row(5, second)
    assert back.alert(second).first_out, "the first is over, though nobody has left its group"


def test_group_lives_as_long_as_any_of_it_has_not_returned(plant: Plant) -> None:
    first, second, third, fourth = found(1, LEVEL), found(2, TEMP), found(4, LEVEL), found(9, LEVEL)
    plant.row(2, first, second)
    plant.row(3, found(3, LEVEL, change=Change.CLEARED, onset=1))
    plant.row(4, third)
    assert plant.alert(third).group == first.alert_id
    plant.row(5, found(5, TEMP, change=Change.CLEARED, onset=2), found(5, LEVEL, change=Change.CLEARED, onset=4))
    plant.row(9, fourth)
    assert (plant.alert(fourth).group, plant.alert(fourth).first_out) == (fourth.alert_id, True)


def test_of_two_at_one_instant_the_one_found_first_is_first(plant: Plant) -> None:
    one, other = found(1, TEMP), found(1, LEVEL)
    plant.row(1, one, other)
    assert (plant.alert(one).first_out, plant.alert(other).first_out) == (True, False)


def test_what_is_reported_later_but_came_before_is_first(plant: Plant) -> None:
    """One controller reports a second after the other."""
    told_first, was_first = found(5, LEVEL), found(4.5, TEMP, detected_us=us(6))
    plant.row(5, told_first)
    raised, moved = plant.row(6, was_first)
    assert (raised.trigger, moved.trigger, moved.alert_id) == (Trigger.RAISED, Trigger.NOT_FIRST, told_first.alert_id)
    assert moved.reason == "acme.T2.temp H came before it, at 2026-11-22 08:00:04 +08:00"
    assert (plant.alert(was_first).first_out, plant.alert(told_first).first_out) == (True, False)
    assert plant.alert(was_first).group == told_first.alert_id, "the group keeps its name"


def test_what_is_found_long_after_takes_nobodys_place(plant: Plant) -> None:
    standing, old = found(60, LEVEL), found(5, TEMP, detected_us=us(61))
    plant.row(60, standing)
    plant.row(61, old)
    assert plant.alert(old).detected_late
    assert (plant.alert(standing).first_out, plant.alert(old).first_out) == (True, False)


def test_order_to_stop_work_is_a_consequence_and_belongs_to_no_group(plant: Plant) -> None:
    plant.row(0, plant.context("hot_work", source="acme.GD"))
    plant.row(1, found(1, "acme.GD.ga-1"))
    order = plant.only("stop-work")
    assert (order.group, order.first_out) == (order.id, True)


# -- chatter -----------------------------------------------------------------------------------------------------------


def flutter(plant: Plant, *seconds: float, row: float | None = None) -> list[bool]:
    """Raised at these seconds and cleared half a second later; whether each was marked."""
    marks = []
    for second in seconds:
        one = found(second, LEVEL)
        plant.row(second if row is None else row, one)
        marks.append(plant.alert(one).chattering)
        plant.row(second + 0.5 if row is None else row, found(second + 0.5, LEVEL, change=Change.CLEARED, onset=second))
    return marks


def test_third_time_within_a_minute_is_chatter_and_every_time_is_recorded(plant: Plant) -> None:
    assert flutter(plant, 1, 30, 60.9, 61.5) == [False, False, True, True]
    assert [event.trigger for event in plant.events].count(Trigger.RAISED) == 4


def test_third_time_a_whole_minute_after_the_first_is_none(plant: Plant) -> None:
    assert flutter(plant, 1, 30, 61) == [False, False, False]


def test_backlog_chatters_where_the_plant_did(plant: Plant) -> None:
    assert flutter(plant, 1, 200, 400, row=1_000) == [False, False, False], "found together, but far apart"
    assert flutter(plant, 700, 701, 702, row=1_001) == [False, False, True]


def test_points_do_not_chatter_for_each_other(plant: Plant) -> None:
    alerts = [found(1, LEVEL), found(2, TEMP), found(3, LEVEL, "L"), found(4, LEVEL, rule="latched")]
    plant.row(4, *alerts)
    assert not any(plant.alert(one).chattering for one in alerts)


# -- floods ------------------------------------------------------------------------------------------------------------


def pour(plant: Plant, second: float, count: int, target: str = LEVEL) -> None:
    """So many alarms in one row."""
    plant.row(second, *(found(second + i / 1e6, target) for i in range(count)))


def floods(plant: Plant) -> dict[str, tuple[int, int]]:
    """Since when, and how many, by enterprise; the whole park's under the empty name."""
    return {one.enterprise: (one.since_us, one.count) for one in plant.book.floods()}


def test_eleventh_alarm_within_ten_minutes_begins_a_flood(plant: Plant) -> None:
    pour(plant, 0, 10)
    assert floods(plant) == {}
    pour(plant, 599, 1)
    assert floods(plant) == {"": (us(599), 11), "acme": (us(599), 11)}


def test_enterprises_that_are_calm_each_may_flood_the_park_together(plant: Plant) -> None:
    pour(plant, 0, 6)
    pour(plant, 1, 6, "zeta.shed.temp")
    assert floods(plant) == {"": (us(1), 12)}


def test_flood_ends_with_fewer_than_five_in_ten_minutes(plant: Plant) -> None:
    pour(plant, 0, 12)
    pour(plant, 5 * MIN, 5)
    plant.row(10 * MIN)
    assert floods(plant) == {"": (us(0), 5), "acme": (us(0), 5)}
    plant.row(15 * MIN)
    assert floods(plant) == {}


def test_flood_counts_when_alarms_came_not_when_they_took_effect(plant: Plant) -> None:
    plant.row(3_600, *(found(i, LEVEL, detected_us=us(3_600)) for i in range(0, 3_600, 300)))
    assert floods(plant)["acme"] == (us(3_600), 12), "a backlog is a flood, too"


def test_suppressed_alarms_flood_nobody(plant: Plant) -> None:
    plant.row(0, plant.context("overhaul", source="acme.T2"))
    pour(plant, 1, 20)
    assert floods(plant) == {}
    assert [event.trigger for event in plant.events].count(Trigger.RAISED) == 20


def test_clock_put_back_ends_a_flood_of_the_future(plant: Plant) -> None:
    pour(plant, 36_000, 20)
    plant.row(1)
    assert floods(plant) == {}
