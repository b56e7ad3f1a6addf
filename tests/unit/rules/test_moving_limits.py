"""Limits that other tags set, told on a time axis; semantics 3.14. Tag ``a`` is watched, ``s`` and ``t`` set."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from park.index import TagTable
from park.model import Park
from rules.engine import Engine
from rules.spec import RuleSet
from tests.unit.rules.kind_worlds import moving_limits
from tests.unit.rules.stories import SECOND, START_US, shorts, table_of, tag_of, tell
from tests.unit.rules.worlds import World, batch_of, latches_and_counts, play, worlds

A, S, T = tag_of("a"), tag_of("s"), tag_of("t")
BY_S = {"H": {"tag": "s"}}
BY_BOTH = {"H": {"tag": "s"}, "HH": {"tag": "t"}}


def rule(limits_from: dict[str, Any], **fields: Any) -> RuleSet:
    made = {"kind": "limit", "id": "x", "limits_from": limits_from, "applies_to": {"tag": ["a"]}, **fields}
    return RuleSet.model_validate({"rules": [made]})


STORIES = [
    (BY_S, "0: a:99", [], "before the limit is known there is no alarm"),
    (
        BY_S,
        "0: a:99 | 5: s:90",
        ["5 raised H high"],
        "when it is known, the value is held against it as though measured now",
    ),
    (BY_S, "0: s:90 | 1: a:91 | 2: a:90", ["1 raised H high", "2 cleared H high"], "then it is a limit like any other"),
    (
        {"H": {"tag": "s", "times": 1.5, "plus": -10}},
        "0: s:60 | 1: a:80 | 2: a:81",
        ["2 raised H high"],
        "times so much, plus so much",
    ),
    (
        {"L": {"tag": "s", "times": 0.5}},
        "0: s:60 | 1: a:30 | 2: a:29",
        ["2 raised L low"],
        "the low side is the mirror image",
    ),
    (
        BY_S,
        "0: s:90 a:91 | 5: s:95 | 6: s:90",
        ["0 raised H high", "5 cleared H high", "6 raised H high"],
        "it ends and begins as the limit moves",
    ),
    (
        {**BY_S, "on_delay": "10s", "off_delay": "10s"},
        "0: s:90 a:89 | 5: s:85 | 15 | 20: s:90 | 30",
        ["15 raised H high", "30 cleared H high"],
        "with the rule's delays",
    ),
    (
        {**BY_S, "deadband": 5},
        "0: s:90 a:91 | 1: s:95 | 2: s:96",
        ["0 raised H high", "2 cleared H high"],
        "and its deadband",
    ),
    (
        BY_S,
        "0: s:90 | 5: a:91 s:95",
        ["5 raised H high", "5 cleared H high"],
        "a sample is held against the limit as it was after the last advance",
    ),
    (
        BY_S,
        "0: s:90 | 9: a@2=91 a@3=80 s@1=95",
        ["2 raised H high @9", "3 cleared H high @9"],
        "whatever the source times within one advance",
    ),
    (BY_S, "0: s:90 | 1: s:95! | 2: a:91", ["2 raised H high"], "a limit whose tag is bad stays where it was"),
    (BY_S, "0: s:90 | 1: s:80? | 2: a:85", ["2 raised H high"], "one of uncertain quality moves it"),
    (BY_S, "0: s:90 a:91! | 5: s:95 | 6: a:94", [], "a value that is bad is not held against anything"),
    (
        BY_S,
        "0: s:90 a:91 | 1: s:90 | 2: a:91!",
        ["0 raised H high", "2 unverified H high unverified"],
        "no move, no look",
    ),
    (
        BY_S,
        "0: s:90 a:91? | 5: s:80",
        ["0 raised H high unverified"],
        "an uncertain value stays what it is while the limit moves",
    ),
    (
        BY_BOTH,
        "0: s:80 t:90 | 1: a:85 | 2: t:84 | 3: t:90 | 4: s:86",
        ["1 raised H high", "2 level_up HH high", "3 level_down H high", "4 cleared H high"],
        "each level by its own",
    ),
    (
        BY_BOTH,
        "0: s:90 t:80 | 1: a:85 | 2: a:79",
        ["1 raised HH high", "2 cleared HH high"],
        "HH below H is raised by its own limit",
    ),
    (
        BY_BOTH,
        "0: s:90 t:80 | 1: a:95 | 2: t:99 | 3: a:89",
        ["1 raised HH high", "2 level_down H high", "3 cleared H high"],
        "and when it moves on, what is left is what stands by itself",
    ),
    (
        {"H": {"tag": "a", "times": 0.5}},
        "0: a:80 | 1: a:20",
        ["0 raised H high", "1 cleared H high", "1 raised H high"],
        "a tag that sets its own limit is held against the one before, then against the new one",
    ),
]


@pytest.mark.parametrize(
    ("limits_from", "story", "expected"),
    [pytest.param(limits, story, expected, id=name) for limits, story, expected, name in STORIES],
)
def test_moving_limit(limits_from: dict[str, Any], story: str, expected: list[str]) -> None:
    assert shorts(tell(story, A, S, T, rules=rule(limits_from))) == expected


def test_a_limit_of_uncertain_quality_counts_as_the_rule_says() -> None:
    told = tell("0: s:90 | 1: s:80? | 2: a:85", A, S, T, rules=rule(BY_S, uncertain="bad"))
    assert shorts(told) == []


def test_a_limit_whose_tag_is_stale_stays_where_it_was() -> None:
    tags = [A, tag_of("s", stale_after="20s"), T]
    assert shorts(tell("0: s:90 | 60: s@1=80 | 61: a:85 | 62: a:91", *tags, rules=rule(BY_S))) == ["62 raised H high"]


def test_a_value_that_is_stale_is_not_held_against_a_limit_that_moved() -> None:
    tags = [tag_of("a", stale_after="20s"), S, T]
    assert shorts(tell("0: s:90 a:89 | 30: s:80 | 31: a:89", *tags, rules=rule(BY_S))) == ["31 raised H high"]


def test_a_value_is_not_counted_again_as_the_limit_moves() -> None:
    rules = rule(BY_S, count=2, within="60s")
    assert shorts(tell("0: s:90 | 1: a:91 | 2: s:80 | 3: s:70 | 4: a:91", A, S, T, rules=rules)) == ["4 raised H high"]


def test_a_level_whose_name_leads_nowhere_is_not_there() -> None:
    rules = rule({"H": {"tag": "s"}, "HH": {"tag": "gone"}})
    assert shorts(tell("0: s:90 | 1: a:99", A, S, T, rules=rules)) == ["1 raised H high"]
    assert shorts(tell("0: s:90 | 1: a:99", A, S, T, rules=rule({"H": {"tag": "gone"}}))) == []


def test_names_are_looked_up_from_each_tags_own_source() -> None:
    def source(name: str) -> dict[str, Any]:
        return {"id": name, "kind": "tank", "position": [120, 30], "tags": [tag_of("a"), tag_of("s")]}

    enterprise = {"id": "acme", "name": "Acme", "sources": [source("t1"), source("t2")]}
    table = TagTable(Park.model_validate({"id": "park", "name": "Park", "enterprises": [enterprise]}))
    engine = Engine(table, rule(BY_S))
    engine.step(batch_of([(0, 0, 50.0, 0), (1, 0, 40.0, 0), (2, 0, 50.0, 0), (3, 0, 60.0, 0)]))
    assert [one.target for one in engine.advance(START_US)] == ["acme.t1.a"]


def test_the_sentence_names_the_limit_as_it_was() -> None:
    told = tell("0: s:90 | 5: a:91 s:95 | 6: s:80", A, S, T, rules=rule(BY_S))
    assert [(one.why, one.limit) for one in told] == [
        ("level 91 % above H 90 %", 90.0),
        ("level 91 % back below H 95 %", 95.0),
        ("level 91 % above H 80 %", 80.0),
    ]


# Snapshots and other rules


def _engine(limits_from: dict[str, Any], story: str) -> Engine:
    engine = Engine(table_of(A, S, T), rule(limits_from))
    tell(story, A, S, T, engine=engine)
    return engine


def _moved(old: Engine, rules: RuleSet, story: str) -> list[str]:
    engine = Engine(old.tags, rules)
    engine.restore(old.snapshot())
    return shorts(tell(story, A, S, T, engine=engine))


def test_where_a_limit_stands_is_part_of_a_snapshot() -> None:
    engine = _engine(BY_S, "0: s:90 | 1: s:80!")
    assert _moved(engine, rule(BY_S), "2: a:91") == ["2 raised H high"]


def test_a_limit_stays_with_its_level_when_the_rule_changes() -> None:
    engine = _engine(BY_BOTH, "0: s:90 t:95 | 1: t:80!")
    assert _moved(engine, rule({"HH": {"tag": "t"}}), "2: a:94 | 3: a:96") == ["3 raised HH high"]


def test_a_limit_that_another_tag_sets_now_moves_at_once() -> None:
    engine = _engine(BY_S, "0: s:90 t:70 a:80")
    assert _moved(engine, rule({"H": {"tag": "t"}}), "2") == ["2 raised H high"]


def test_fixed_limits_that_come_to_be_set_by_a_tag_keep_their_alert() -> None:
    fixed = RuleSet.model_validate({"rules": [{"kind": "limit", "id": "x", "limits": {"H": 75}}]})
    engine = Engine(table_of(A, S, T), fixed)
    tell("0: s:60 t:1 a:80", A, S, T, engine=engine)
    assert _moved(engine, rule(BY_S), "2 | 3: s:85") == ["3 cleared H high"]


def test_an_alert_does_not_end_under_a_limit_that_is_not_known() -> None:
    # The limit was fixed; now s sets it, which is not heard before 9 s.
    fixed = {"id": "x", "kind": "limit", "limits": {"H": 90}, "applies_to": {"tag": ["a"]}}
    engine = Engine(table_of(A, S, T), RuleSet.model_validate({"rules": [fixed]}))
    assert shorts(tell("0: a:95", engine=engine)) == ["0 raised H high"]
    other = Engine(engine.tags, rule(BY_S))
    other.restore(engine.snapshot())
    told = tell("1: a:94 | 2: a:50! | 3: a:60 | 4: a:95", engine=other)
    assert shorts(told) == ["2 unverified H high unverified", "3 verified H high"]
    assert told[1].why == "good data again: level 60 %, alarm at H, whose limit is not known"
    assert shorts(tell("9: s:90 | 10: s:96", engine=other)) == ["10 cleared H high"]


_SETTINGS = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@st.composite
def _worlds(draw: st.DrawFn) -> World:
    world = draw(worlds(devices=False))
    made = {"kind": "limit", "id": "tag-limits", "limits_from": draw(moving_limits()), **draw(latches_and_counts())}
    return World(world.tags, RuleSet.model_validate({"rules": [made]}), world.actions)


@_SETTINGS
@given(_worlds(), st.data())
def test_a_snapshot_carries_moving_limits(world: World, data: st.DataObject) -> None:
    stop = data.draw(st.integers(0, len(world.actions)))
    engine, restored = Engine(world.tags, world.rules), Engine(world.tags, world.rules)
    play(engine, world.actions[:stop])
    restored.restore(engine.snapshot())
    assert play(restored, world.actions[stop:]) == play(engine, world.actions[stop:])


@_SETTINGS
@given(st.data())
def test_while_it_may_sleep_it_misses_nothing(data: st.DataObject) -> None:
    world = data.draw(_worlds())
    awake, sleepy = Engine(world.tags, world.rules), Engine(world.tags, world.rules)
    for second in range(data.draw(st.integers(1, 30))):
        now_us = START_US + second * SECOND
        if second % 4 == 0:
            rows = tuple((ix, second - ix, float(data.draw(st.integers(0, 10))), 0) for ix in range(len(world.tags)))
            awake.step(batch_of(rows))
            sleepy.step(batch_of(rows))
        expected = awake.advance(now_us)
        assert (sleepy.advance(now_us) if sleepy.wake_us <= now_us else []) == expected
