"""The engine against its specification, over random parks, rules and histories."""

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.engine import Engine
from rules.oracles.oracle import Oracle
from rules.transition import Change, Transition, to_bytes
from tests.unit.rules.worlds import Action, Advance, Row, Samples, World, backlogs, do, play, silences, worlds

_QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
_LONG = settings(_QUICK, max_examples=4000)


def _agree(world: World) -> None:
    engine, oracle = Engine(world.tags, world.rules), Oracle(world.tags, world.rules)
    for action in world.actions:
        told = [replace(one, why="") for one in do(engine, action)]
        assert told == do(oracle, action)
    counts = engine.counts
    assert (counts.late, counts.duplicate, counts.unknown) == (oracle.late, oracle.duplicate, oracle.unknown)


@_QUICK
@given(worlds())
def test_the_engine_does_what_the_specification_says(world: World) -> None:
    _agree(world)


@_QUICK
@given(backlogs())
def test_the_engine_plays_long_backlogs_as_the_specification_does(world: World) -> None:
    _agree(world)


@_QUICK
@given(silences())
def test_the_engine_tells_of_silence_as_the_specification_does(world: World) -> None:
    _agree(world)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@_LONG
@given(silences())
def test_the_engine_tells_of_silence_as_the_specification_does_at_length(world: World) -> None:
    _agree(world)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@_LONG
@given(worlds(most=80))
def test_the_engine_does_what_the_specification_says_at_length(world: World) -> None:
    _agree(world)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@_LONG
@given(backlogs())
def test_the_engine_plays_long_backlogs_as_the_specification_does_at_length(world: World) -> None:
    _agree(world)


@_QUICK
@given(worlds(), st.randoms(use_true_random=False))
def test_splitting_and_shuffling_between_advances_makes_no_difference(world: World, chance: random.Random) -> None:
    otherwise = Engine(world.tags, world.rules)
    as_it_came = Engine(world.tags, world.rules)
    assert _bytes(otherwise, _shuffled(world.actions, chance)) == _bytes(as_it_came, world.actions)
    assert (otherwise.counts.late, otherwise.counts.unknown) == (as_it_came.counts.late, as_it_came.counts.unknown)


@_QUICK
@given(worlds(), st.data())
def test_a_restored_engine_goes_on_as_though_nothing_had_been(world: World, data: st.DataObject) -> None:
    engine = Engine(world.tags, world.rules)
    stop = data.draw(st.integers(0, len(world.actions)))
    play(engine, world.actions[:stop])
    saved = engine.snapshot()
    restored = Engine(world.tags, world.rules)
    restored.restore(saved)
    assert restored.snapshot() == saved
    assert _bytes(restored, world.actions[stop:]) == _bytes(engine, world.actions[stop:])
    assert restored.counts == engine.counts
    assert restored.snapshot() == engine.snapshot()


@_QUICK
@given(worlds())
def test_every_alert_is_raised_once_and_its_times_never_go_back(world: World) -> None:
    told = play(Engine(world.tags, world.rules), world.actions)
    by_id: dict[str, list[Transition]] = {}
    for one in told:
        by_id.setdefault(one.alert_id, []).append(one)
    for story in by_id.values():
        changes = [one.change for one in story]
        assert changes[0] is Change.RAISED
        assert changes.count(Change.RAISED) == 1
        assert Change.CLEARED not in changes[:-1]
        times = [one.effective_us for one in story]
        assert times == sorted(times)
        assert len({(one.rule, one.target, one.side, one.onset_us) for one in story}) == 1


def _bytes(engine: Engine, actions: Sequence[Action]) -> bytes:
    return to_bytes(play(engine, actions))


def _shuffled(actions: Sequence[Action], chance: random.Random) -> list[Action]:
    """The same samples between the same advances, in another order and other batches; doubles after the first."""
    made: list[Action] = []
    waiting: dict[tuple[int, int], list[Row]] = {}
    for action in actions:
        if isinstance(action, Samples):
            for row in action.rows:
                waiting.setdefault(row[:2], []).append(row)
        elif isinstance(action, Advance):
            made.extend(_batches(list(waiting.values()), chance))
            made.append(action)
            waiting = {}
        else:
            made.append(action)
    return made


def _batches(doubles: list[list[Row]], chance: random.Random) -> list[Samples]:
    chance.shuffle(doubles)
    rows = [many[0] for many in doubles] + [row for many in doubles for row in many[1:]]
    made = []
    while rows:
        size = chance.randint(1, len(rows))
        made.append(Samples(tuple(rows[:size])))
        rows = rows[size:]
    return made
