"""Alarms that somebody must reset, and conditions that begin with the n-th value; semantics 3.12 and 3.13."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.engine import Engine
from rules.spec import RuleSet
from rules.transition import Change
from tests.unit.rules.stories import shorts, table_of, tag_of, tell
from tests.unit.rules.worlds import Advance, Reset, Samples, World, histories, latches_and_counts, play, tables

H90 = {"H": 90}
TWO = {"H": 90, "HH": 95}
LATE_ON = {"H": 90, "on_delay": "10s"}
LATE_OFF = {"H": 90, "off_delay": "10s"}
THREE = {"count": 3, "within": "10s"}
LATCH = {"latch": True}


def rule(**fields: Any) -> RuleSet:
    return RuleSet.model_validate({"rules": [{"kind": "limit", "id": "x", **fields}]})


COUNTS = [
    (H90, "0: 91 | 1: 92 | 2: 93", ["2 raised H high"], "the third value beyond the limit begins it"),
    (H90, "0: 91 | 1: 92 | 2: 50 | 10: 93", ["10 raised H high"], "values between do not matter, nor does the order"),
    (H90, "0: 91 | 1: 92 | 10.000001: 93", [], "a microsecond more than the time is too late"),
    (
        H90,
        "0: 91 | 1: 92 | 10.5: 93 | 10.8: 94",
        ["10.8 raised H high"],
        "any three within the time do, the first is forgotten",
    ),
    (H90, "0: 91 | 1: 92! | 2: 93? | 3: 94", ["3 raised H high"], "bad values are not counted, uncertain ones are"),
    (H90, "10: 1=91 2=80 3=92 4=70 5=93", ["5 raised H high @10"], "a backlog is counted like what comes live"),
    (LATE_ON, "0: 91 | 1: 92 | 2: 93 | 12", ["12 raised H high"], "the on-delay runs from the value that began it"),
    (
        H90,
        "0: 91 | 1: 92 | 2: 93 | 3: 80 | 4: 91 | 5: 92 | 6: 93",
        ["2 raised H high", "3 cleared H high", "6 raised H high"],
        "after it is over, it takes as many anew",
    ),
    (
        LATE_ON,
        "0: 91 | 1: 92 | 2: 93 | 3: 80 | 4: 91 | 5: 92 | 6: 93 | 16",
        ["16 raised H high"],
        "a condition that broke during its on-delay takes as many anew",
    ),
    (
        LATE_OFF,
        "0: 91 | 1: 92 | 2: 93 | 3: 80 | 4: 91 | 20: 80 | 30",
        ["2 raised H high", "30 cleared H high"],
        "one value beyond the limit continues an alert whose off-delay runs",
    ),
    (
        TWO,
        "0: 91 | 1: 92 | 2: 93 | 3: 96 | 4: 97 | 5: 98",
        ["2 raised H high", "5 level_up HH high"],
        "each level counts for itself",
    ),
    (TWO, "0: 96 | 1: 96 | 2: 96", ["2 raised HH high"], "a value beyond HH counts for both"),
]


@pytest.mark.parametrize(
    ("limits", "story", "expected"),
    [pytest.param(limits, story, expected, id=name) for limits, story, expected, name in COUNTS],
)
def test_count(limits: dict[str, Any], story: str, expected: list[str]) -> None:
    assert shorts(tell(story, tag_of(limits=limits), rules=rule(**THREE))) == expected


def test_the_onset_is_the_value_that_completed_the_count() -> None:
    told = tell("0: 91 | 1: 99 | 2: 93", tag_of(limits=H90), rules=rule(**THREE))
    assert [(one.onset_us, one.peak) for one in told] == [(told[0].effective_us, 93.0)]


LATCHES = [
    (H90, "0: 91 | 1: 80 | 600: 80", ["0 raised H high"], "it stays though the value be back"),
    (H90, "0: 91 | 1: 80 | 60: reset", ["0 raised H high", "60 cleared H high"], "a reset ends it"),
    (H90, "0: 91 | 60: reset | 61: 80 | 62", ["0 raised H high"], "a reset while the condition stands does nothing"),
    (
        H90,
        "0: 91 | 60: reset 80",
        ["0 raised H high", "60 cleared H high"],
        "samples that come along with the reset count before it",
    ),
    (H90, "0: 91 | 1: 80 | 60: reset 91 | 61: 80", ["0 raised H high"], "so a value that is back refuses it"),
    (
        LATE_OFF,
        "0: 91 | 1: 80 | 5: reset | 10 | 11",
        ["0 raised H high", "11 cleared H high"],
        "reset during the off-delay, it ends with that",
    ),
    (
        LATE_OFF,
        "0: 91 | 1: 80 | 60: reset",
        ["0 raised H high", "60 cleared H high"],
        "the off-delay was over before: it ends at once",
    ),
    (
        LATE_OFF,
        "0: 91 | 1: 80 | 5: reset | 6: 91 | 7: 80 | 60",
        ["0 raised H high"],
        "a return during the off-delay takes the reset back",
    ),
    (
        LATE_OFF,
        "0: 91 | 1: 80 | 5: reset | 6: 80! | 7: 80 | 60",
        ["0 raised H high", "6 unverified H high unverified", "7 verified H high"],
        "so does bad data, which cancels the off-delay",
    ),
    (
        H90,
        "0: 91 | 1: 80 | 2: 80! | 3: reset | 4: 80 | 5: reset",
        ["0 raised H high", "2 unverified H high unverified", "4 verified H high", "5 cleared H high"],
        "what is not known cannot be reset",
    ),
    (
        TWO,
        "0: 96 | 1: 91 | 2: reset | 3: 80 | 4: reset",
        ["0 raised HH high", "4 cleared HH high"],
        "its level does not go down either, and a nearer level's condition refuses the reset",
    ),
    (TWO, "0: 91 | 1: 96", ["0 raised H high", "1 level_up HH high"], "its level goes up"),
    (
        {"H": 90, "L": 10},
        "0: 91 | 1: 5 | 2: reset",
        ["0 raised H high", "1 raised L low", "2 cleared H high"],
        "the sides are reset each by itself",
    ),
    (
        H90,
        "0: 91 | 1: 80 | 2: reset | 3: 91 | 4: 80 | 5: reset",
        ["0 raised H high", "2 cleared H high", "3 raised H high", "5 cleared H high"],
        "the next alert is another, to be reset anew",
    ),
    (H90, "0: 50 | 1: reset | 2: 91", ["2 raised H high"], "a reset of nothing is nothing"),
]


@pytest.mark.parametrize(
    ("limits", "story", "expected"),
    [pytest.param(limits, story, expected, id=name) for limits, story, expected, name in LATCHES],
)
def test_latch(limits: dict[str, Any], story: str, expected: list[str]) -> None:
    assert shorts(tell(story, tag_of(limits=limits), rules=rule(**LATCH))) == expected


def test_an_alert_that_is_not_latched_is_not_reset() -> None:
    assert shorts(tell("0: 91 | 1: 80 | 5: reset | 11", tag_of(limits=LATE_OFF), rules=rule())) == [
        "0 raised H high",
        "11 cleared H high",
    ]


def test_a_latch_and_a_reset_are_part_of_a_snapshot() -> None:
    tag = tag_of(limits=H90)
    engine = Engine(table_of(tag), rule(**LATCH))
    raised = tell("0: 91 | 1: 80", tag, engine=engine)[0]
    engine.reset(raised.alert_id)
    other = Engine(engine.tags, rule(**LATCH))
    other.restore(engine.snapshot())
    assert shorts(tell("60", tag, engine=other)) == shorts(tell("60", tag, engine=engine)) == ["60 cleared H high"]


def test_what_was_counted_is_part_of_a_snapshot() -> None:
    tag = tag_of(limits=H90)
    engine = Engine(table_of(tag), rule(**THREE))
    tell("0: 91 | 1: 92", tag, engine=engine)
    other = Engine(engine.tags, rule(**THREE))
    other.restore(engine.snapshot())
    assert shorts(tell("2: 93", tag, engine=other)) == ["2 raised H high"]


def test_what_was_counted_for_a_level_stays_with_the_level() -> None:
    engine = Engine(table_of(tag_of(limits=TWO)), rule(**THREE))
    tell("0: 96 | 1: 91", tag_of(limits=TWO), engine=engine)
    other = Engine(table_of(tag_of(limits={"HH": 95})), rule(**THREE))
    other.restore(engine.snapshot())
    assert shorts(tell("2: 96 | 3: 96", tag_of(), engine=other)) == ["3 raised HH high"]


def test_a_value_held_against_limits_that_changed_is_not_counted_again() -> None:
    engine = Engine(table_of(tag_of(limits=H90)), rule(**THREE))
    tell("0: 91 | 1: 92", tag_of(limits=H90), engine=engine)
    other = Engine(table_of(tag_of(limits={"H": 85})), rule(**THREE))
    other.restore(engine.snapshot())
    assert shorts(tell("2 | 3: 86", tag_of(), engine=other)) == ["3 raised H high"]


@st.composite
def _latched_worlds(draw: st.DrawFn) -> World:
    table = draw(tables())
    fields = draw(latches_and_counts()) | {"latch": True, "limits": {"H": 6, "off_delay": "2s"}}
    return World(table, rule(**fields), draw(histories(len(table), rules=("x",))))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_latched_worlds())
def test_no_latched_alert_ends_without_a_reset(world: World) -> None:
    actions = [action for action in world.actions if not isinstance(action, Reset)]
    assert Change.CLEARED not in {one.change for one in play(Engine(world.tags, world.rules), actions)}


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_latched_worlds())
def test_every_latched_alert_ends_with_a_reset_once_its_tag_is_well(world: World) -> None:
    engine = Engine(world.tags, world.rules)
    told = play(engine, world.actions)
    end_s = 2000
    well = Samples(tuple((ix, end_s, 0.0, 0) for ix in range(len(world.tags))))
    told += play(engine, [well, Advance(end_s)])
    for alert_id in {one.alert_id for one in told}:
        engine.reset(alert_id)
    told += play(engine, [Advance(end_s + 2)])
    changes = [one.change for one in told]
    assert changes.count(Change.RAISED) == changes.count(Change.CLEARED)
