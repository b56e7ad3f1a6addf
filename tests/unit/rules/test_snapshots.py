"""Snapshots, and restoring them into other parks and rules. Numbers are paragraphs of ``deploy/docs/semantics.md``."""

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from park.index import TagTable
from park.model import Park, Tag
from rules.engine import Engine
from rules.snapshot import BadSnapshot, Snapshot
from rules.spec import RuleSet, default_rules
from rules.transition import to_bytes
from tests.unit.rules.stories import shorts, table_of, tag_of, tell
from tests.unit.rules.worlds import START_S, Action, Samples, World, do, park_of, play, tag, worlds

T20: dict[str, Any] = {"stale_after": "20s", "stale_delay": "10s"}
H90: dict[str, Any] = {"limits": {"H": 90}}
NO_RULES = RuleSet()


def moved(
    before: str,
    old: list[dict[str, Any]],
    after: str,
    new: list[dict[str, Any]],
    rules: RuleSet | None = None,
    ix_of: dict[str, int] | None = None,
) -> list[str]:
    """What is told ``after`` the state that ``before`` led to was taken into an engine with other tags or rules."""
    engine = Engine(table_of(*old), default_rules())
    tell(before, *old, engine=engine)
    other = Engine(TagTable(park_of(new), ix_of), rules or default_rules())
    other.restore(engine.snapshot())
    return shorts(tell(after, *new, engine=other))


# 6.3


def test_the_alert_of_a_tag_that_is_gone_is_ended() -> None:
    old = [tag_of(**H90), tag_of("b", **H90)]
    assert moved("0: a:91 b:91", old, "5 | 6", [tag_of("b", **H90)]) == ["5 cleared H high"]


def test_the_alert_of_a_rule_that_is_gone_is_ended_with_the_reason() -> None:
    engine = Engine(table_of(tag_of(**H90)), default_rules())
    raised = tell("0: 91", tag_of(**H90), engine=engine)[0]
    other = Engine(table_of(tag_of(**H90)), NO_RULES)
    other.restore(engine.snapshot())
    cleared = tell("5", tag_of(**H90), engine=other)[0]
    assert cleared.why == "rule or tag removed"
    assert (cleared.alert_id, cleared.rule, cleared.onset_us) == (raised.alert_id, raised.rule, raised.onset_us)
    assert (cleared.level, cleared.value, cleared.limit, cleared.peak) == ("H", 91.0, 90.0, 91.0)


def test_an_alert_to_be_ended_survives_another_snapshot() -> None:
    engine = Engine(table_of(tag_of(**H90)), default_rules())
    tell("0: 91", tag_of(**H90), engine=engine)
    for _ in range(2):
        other = Engine(table_of(tag_of()), NO_RULES)
        other.restore(engine.snapshot())
        engine = other
    assert shorts(tell("5 | 6", tag_of(), engine=engine)) == ["5 cleared H high"]


def test_the_communication_alert_of_a_device_that_is_gone_is_ended() -> None:
    old = [tag_of(device="plc", **T20)]
    new = [tag_of(device="rtu", **T20)]
    assert moved("0: 1 | 30", old, "31: 1", new) == ["31 cleared mqtt/plc"]
    assert moved("0: 1 | 30", old, "31", new) == ["30 raised mqtt/rtu @31", "31 cleared mqtt/plc"]


def test_a_rule_of_another_kind_takes_nothing_over_from_its_namesake() -> None:
    rules = RuleSet.model_validate({"rules": [{"kind": "stale", "id": "tag-limits"}]})
    assert moved("0: 91", [tag_of(**H90)], "5", [tag_of(**H90)], rules) == ["5 cleared H high"]


@pytest.mark.parametrize(
    ("level", "limits", "expected"),
    [
        pytest.param("96", {"H": 90}, ["5 level_down H high"], id="HH is gone, H stands"),
        pytest.param("96", {"HH": 95}, [], id="H is gone, HH stands"),
        pytest.param("91", {"HH": 95}, ["5 cleared H high"], id="H is gone, and it was all"),
        pytest.param("96", {"L": 10}, ["5 cleared HH high"], id="the side is gone"),
        pytest.param("96!", {"H": 90, "HH": 95, "L": 10}, [], id="a level is new"),
    ],
)
def test_a_level_that_is_gone_is_left(level: str, limits: dict[str, Any], expected: list[str]) -> None:
    old = [tag_of(limits={"H": 90, "HH": 95})]
    assert moved(f"0: {level}", old, "5 | 6", [tag_of(limits=limits)]) == expected


# 6.4


@pytest.mark.parametrize(
    ("before", "limits", "after", "expected"),
    [
        pytest.param("0: 91", {"H": 95}, "5", ["5 cleared H high"], id="what no longer holds is over"),
        pytest.param("0: 91", {"H": 95, "off_delay": "60s"}, "5", ["5 cleared H high"], id="without off-delay"),
        pytest.param("0: 91", {"H": 95, "deadband": 5}, "5", [], id="within the new deadband it holds"),
        pytest.param("0: 89", {"H": 85}, "5", ["5 raised H high"], id="what holds now begins now"),
        pytest.param("0: 89", {"H": 85, "on_delay": "5s"}, "5 | 10", ["10 raised H high"], id="with its on-delay"),
        pytest.param("0: 91", {"H": 80, "HH": 90}, "5", ["5 level_up HH high"], id="a new level is reached"),
        pytest.param("0: 89 | 1: 1!", {"H": 85}, "5", [], id="what is not known begins nothing"),
        pytest.param(
            "0: 91 | 1: 1!",
            {"H": 95},
            "5 | 6: 91",
            ["1 unverified H high unverified", "6 cleared H high"],
            id="what is not known ends nothing until it is known",
        ),
        pytest.param("0: 91", {"H": 95}, "5: 96", [], id="newer samples decide first"),
        pytest.param("0: 91", {"H": 91.5, "deadband": 1}, "5: 91", [], id="under the new limits"),
    ],
)
def test_limits_that_moved(before: str, limits: dict[str, Any], after: str, expected: list[str]) -> None:
    told = moved(before.split("|")[0], [tag_of(**H90)], after, [tag_of(limits=limits)]) if "|" not in before else None
    if told is None:
        engine = Engine(table_of(tag_of(**H90)), default_rules())
        first = tell(before, tag_of(**H90), engine=engine)
        other = Engine(table_of(tag_of(limits=limits)), default_rules())
        other.restore(engine.snapshot())
        told = shorts([*first[1:], *tell(after, tag_of(limits=limits), engine=other)])
    assert told == expected


def test_the_sentence_says_that_the_limits_changed() -> None:
    engine = Engine(table_of(tag_of(**H90)), default_rules())
    tell("0: 91", tag_of(**H90), engine=engine)
    other = Engine(table_of(tag_of(limits={"H": 95})), default_rules())
    other.restore(engine.snapshot())
    assert [one.why for one in tell("5", tag_of(), engine=other)] == ["limits changed: level 91 % back below H 95 %"]


def test_a_running_delay_goes_on_with_its_new_length() -> None:
    old, new = {"H": 90, "on_delay": "10s"}, {"H": 90, "on_delay": "20s"}
    assert moved("0: 91", [tag_of(limits=old)], "10 | 20", [tag_of(limits=new)]) == ["20 raised H high"]


def test_going_back_to_old_limits_makes_another_alert_not_the_same_again() -> None:
    told = []
    engine = Engine(table_of(tag_of(**H90)), default_rules())
    told += tell("0: 91", tag_of(**H90), engine=engine)
    for limit in (95, 90, 95, 90):
        other = Engine(table_of(tag_of(limits={"H": limit})), default_rules())
        other.restore(engine.snapshot())
        told += tell("0", tag_of(), engine=other)
        engine = other
    assert [one.change.value for one in told] == ["raised", "cleared"] * 2 + ["raised"]
    assert len({one.alert_id for one in told}) == 3


def test_a_new_rule_looks_at_what_is_known() -> None:
    rules = RuleSet.model_validate({"rules": [{"kind": "limit", "id": "new", "limits": {"H": 50}}]})
    assert moved("0: 60", [tag_of()], "5", [tag_of()], rules) == ["5 raised H high"]


def test_a_value_that_is_too_old_is_not_held_against_new_limits() -> None:
    told = moved("0: 89", [tag_of(**H90, stale_after="20s", stale_delay="600s")], "30", [tag_of(limits={"H": 85})])
    assert told == ["30 raised H high"]
    silent = tag_of(limits={"H": 85}, stale_after="20s", stale_delay="600s")
    assert moved("0: 89", [tag_of(**H90)], "30 | 31: 89", [silent]) == ["31 raised H high"]


def test_a_value_that_is_not_too_old_any_more_is_known_again() -> None:
    old = tag_of(**H90, stale_after="20s", stale_delay="600s")
    new = tag_of(**H90, stale_after="300s", stale_delay="600s")
    assert moved("0: 91 | 30", [old], "31", [new]) == ["31 verified H high"]


def test_an_alert_is_ended_with_the_last_value_it_had() -> None:
    engine = Engine(table_of(tag_of(**H90)), default_rules())
    tell("0: 99 | 1: 91 | 2: 92", tag_of(**H90), engine=engine)
    other = Engine(table_of(tag_of(**H90)), NO_RULES)
    other.restore(engine.snapshot())
    assert [(one.value, one.peak) for one in tell("5", tag_of(**H90), engine=other)] == [(92.0, 99.0)]


# 6.5


def test_going_back_to_an_old_timeout_makes_another_alert_not_the_same_again() -> None:
    told = []
    engine = Engine(table_of(tag_of(**T20)), default_rules())
    told += tell("0: 1 | 30", tag_of(), engine=engine)
    for timeout in ("300s", "20s"):
        other = Engine(table_of(tag_of(stale_after=timeout, stale_delay="10s")), default_rules())
        other.restore(engine.snapshot())
        told += tell("31", tag_of(), engine=other)
        engine = other
    assert [one.change.value for one in told] == ["raised", "cleared", "raised"]
    assert len({one.alert_id for one in told}) == 2


def test_a_timeout_that_grew_ends_a_communication_alert() -> None:
    old, new = [tag_of(device="plc", **T20)], [tag_of(device="plc", stale_after="300s", stale_delay="10s")]
    assert moved("0: 1 | 30", old, "31 | 340 | 341", new) == ["31 cleared mqtt/plc", "341 raised mqtt/plc"]


def test_a_timeout_that_shrank_keeps_the_alert() -> None:
    old, new = [tag_of(device="plc", **T20)], [tag_of(device="plc", stale_after="5s", stale_delay="10s")]
    assert moved("0: 1 | 30", old, "31 | 99", new) == []


# 6.2


def test_state_belongs_to_ids_not_to_numbers() -> None:
    old = [tag_of(**H90), tag_of("b", **H90), tag_of("c", **H90)]
    new = [tag_of("c", **H90), tag_of("x", **H90), tag_of(**H90)]
    ix_of = {"acme.tank.c": 7, "acme.tank.a": 2}
    told = moved("0: a:91 c:91", old, "5: a:80 | 6: c:80 | 7: x:91", new, ix_of=ix_of)
    assert told == ["5 cleared H high", "6 cleared H high", "7 raised H high"]


def test_priority_and_guidance_do_not_touch_the_state() -> None:
    rules = RuleSet.model_validate(
        {"rules": [{"kind": "limit", "id": "tag-limits", "priority": {"H": 1}, "guidance": "open the vent"}]}
    )
    assert moved("0: 91", [tag_of(**H90)], "5 | 6: 80", [tag_of(**H90)], rules) == ["6 cleared H high"]


def _park_with(tags: tuple[Tag, ...]) -> Park:
    park = park_of([])
    source = park.enterprises[0].sources[0].model_copy(update={"tags": tags})
    enterprise = park.enterprises[0].model_copy(update={"sources": (source,)})
    return park.model_copy(update={"enterprises": (enterprise,)})


def _renumbered(action: Action, number: dict[int, int]) -> Action:
    if not isinstance(action, Samples):
        return action
    return Samples(tuple((number.get(ix, -1), seconds, value, byte) for ix, seconds, value, byte in action.rows))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(worlds(devices=False), st.data())
def test_more_tags_and_another_order_make_no_difference_to_the_others(world: World, data: st.DataObject) -> None:
    """Also proves 6.4's last sentence: the limits count as changed, and every value is looked at once more."""
    stop = data.draw(st.integers(0, len(world.actions)))
    engine = Engine(world.tags, world.rules)
    play(engine, world.actions[:stop])
    source = world.tags.park.enterprises[0].sources[0]
    new = Tag.model_validate(data.draw(tag(9, devices=False)))
    other = Engine(TagTable(_park_with((new, *reversed(source.tags)))), world.rules)
    other.restore(engine.snapshot())
    number = {info.ix: other.tags.ix_of[info.id] for info in world.tags.infos}
    expected, told = b"", b""
    for action in world.actions[stop:]:
        expected += to_bytes(do(engine, action))
        told += to_bytes(one for one in do(other, _renumbered(action, number)) if not one.target.endswith(".t9"))
    assert told == expected


# 6.6, and the form


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        pytest.param(lambda data: b"", "not a snapshot", id="empty"),
        pytest.param(lambda data: b"x" + data, "not a snapshot", id="something else"),
        pytest.param(lambda data: data[:-1], "damaged", id="cut off"),
        pytest.param(lambda data: data[:-1] + bytes([data[-1] ^ 1]), "damaged", id="one bit"),
        pytest.param(lambda data: data[:17] + b"\xff" + data[18:], "version", id="another version"),
    ],
)
def test_a_bad_snapshot_is_refused_and_changes_nothing(damage: Any, reason: str) -> None:
    engine = Engine(table_of(tag_of(**H90)), default_rules())
    tell("0: 91", tag_of(**H90), engine=engine)
    fresh = Engine(table_of(tag_of(**H90)), default_rules())
    before = fresh.snapshot()
    with pytest.raises(BadSnapshot, match=reason):
        fresh.restore(damage(engine.snapshot()))
    assert fresh.snapshot() == before


def test_columns_and_facts_come_back_as_they_were() -> None:
    columns = {"a": np.array([[1.5, np.nan]]), "b": np.array([], dtype=np.int64), "c": np.array([True])}
    back = Snapshot.from_bytes(Snapshot({"x": ["é", 1]}, columns).to_bytes())
    assert back.facts == {"x": ["é", 1]}
    assert {name: (column.dtype, column.shape) for name, column in back.columns.items()} == {
        name: (column.dtype, column.shape) for name, column in columns.items()
    }
    np.testing.assert_array_equal(back.columns["a"], columns["a"])


def test_an_empty_park_can_be_saved_and_restored() -> None:
    empty = TagTable(park_of([]))
    engine = Engine(empty, default_rules())
    assert engine.advance(START_S) == []
    other = Engine(empty, default_rules())
    other.restore(engine.snapshot())
    assert other.advance(START_S + 1) == []
