"""What the kinds with a signal of one tag have in common: backlogs, several rules, moving to another engine."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from park.index import TagTable
from rules.engine import Engine
from rules.oracles.oracle import Oracle
from rules.samples import Samples
from rules.spec import RuleSet
from rules.tag_signals import PerSlot, rounds
from rules.transition import Transition
from tests.unit.rules.kind_worlds import RULES
from tests.unit.rules.worlds import World, backlogs, do, park_of, play, tag, worlds

_SETTINGS = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
_every_signal = pytest.mark.parametrize("kind", ["frozen", "quality", "range", "rate"])


def _rules(data: st.DataObject, kind: str, *tags: list[str]) -> RuleSet:
    """A rule for each list of tags, in this order."""
    rules: list[dict[str, Any]] = [
        {"id": f"r{number}", **data.draw(RULES[kind]), "applies_to": {"tag": some}} for number, some in enumerate(tags)
    ]
    return RuleSet.model_validate({"rules": rules})


def _agree(tags: TagTable, rules: RuleSet, world: World) -> None:
    engine, oracle = Engine(tags, rules), Oracle(tags, rules)
    for action in world.actions:
        assert _plain(do(engine, action)) == _plain(do(oracle, action))


def _plain(told: list[Transition]) -> list[Transition]:
    return [replace(one, why="") for one in told]


@_every_signal
@_SETTINGS
@given(st.data())
def test_long_backlogs_are_played_as_the_specification_says(kind: str, data: st.DataObject) -> None:
    world = data.draw(backlogs())
    _agree(world.tags, _rules(data, kind, ["t0", "t1"]), world)


@_every_signal
@_SETTINGS
@given(st.data())
def test_rules_may_come_in_another_order_than_their_tags(kind: str, data: st.DataObject) -> None:
    world = data.draw(worlds())
    _agree(world.tags, _rules(data, kind, ["t3", "t1"], ["t0"], ["t2"]), world)


@_every_signal
@_SETTINGS
@given(st.data())
def test_signals_go_along_into_a_park_whose_tags_are_numbered_otherwise(kind: str, data: st.DataObject) -> None:
    world = data.draw(worlds())
    made = [data.draw(tag(number)) for number in range(3)]
    table = TagTable(park_of(made), {f"acme.tank.t{number}": number for number in range(3)})
    other = TagTable(park_of(made), {f"acme.tank.t{number}": 2 - number for number in range(3)})
    rules = _rules(data, kind, ["t0", "t1"], ["t2"])
    turned = RuleSet(rules=rules.rules[::-1])
    stop = data.draw(st.integers(0, len(world.actions)))
    engine, moved = Engine(table, rules), Engine(other, turned)
    play(engine, world.actions[:stop])
    moved.restore(engine.snapshot())
    here, there = play(engine, world.actions[stop:]), play(moved, _renumbered(world.actions[stop:]))
    assert there == here
    assert not moved.notes


def _renumbered(actions: Any) -> list[Any]:
    return [
        replace(action, rows=tuple((2 - row[0] if 0 <= row[0] <= 2 else row[0], *row[1:]) for row in action.rows))
        if hasattr(action, "rows")
        else action
        for action in actions
    ]


def test_every_row_is_in_one_round_and_the_rows_of_a_slot_are_in_order() -> None:
    slot = np.array([4, 4, 4, 7, 1, 1])
    samples = Samples(
        tag=slot,
        time_us=np.array([1, 2, 3, 9, 5, 6]),
        value=np.zeros(6),
        quality=np.zeros(6, dtype=np.uint8),
        grade=np.zeros(6, dtype=np.uint8),
        single=False,
        all_good=True,
    )
    assert [rows.tolist() for rows in rounds(samples, np.array([0, 1, 2, 3, 5]))] == [[0, 3, 5], [1], [2]]
    assert list(rounds(samples, np.zeros(0, dtype=np.intp))) == []


def test_numbers_that_are_all_alike_are_not_looked_up() -> None:
    slots = np.array([2, 0])
    assert PerSlot(np.array([5, 5, 5])).of(slots).tolist() == [5]
    assert PerSlot(np.array([5, 6, 7])).of(slots).tolist() == [7, 5]
    assert PerSlot(np.zeros(0)).of(np.zeros(0, dtype=np.intp)).tolist() == []
