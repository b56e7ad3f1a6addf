"""Windows, deviations and forecasts against their specification, over random parks and histories."""

import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.engine import Engine
from rules.oracles.oracle import Oracle
from rules.spec import RuleSet
from rules.transition import to_bytes
from tests.unit.rules.kind_worlds import RULES
from tests.unit.rules.worlds import Action, World, backlogs, do, play, worlds

_KINDS = ["window", "deviation", "forecast"]
#: Those that `worlds` resets alerts of.
_IDS = ("tag-limits", "all-limits")
_QUICK = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
_LONG = settings(_QUICK, max_examples=3000)


@st.composite
def pane_worlds(draw: st.DrawFn, kind: str) -> World:
    """One or two rules of the kind; histories with late, bad and missing samples, or long backlogs."""
    world = draw(st.one_of(worlds(), worlds(), backlogs()))
    rules: list[dict[str, Any]] = draw(st.lists(RULES[kind], min_size=1, max_size=2))
    return replace(world, rules=_rule_set(rules))


def _rule_set(rules: list[dict[str, Any]]) -> RuleSet:
    return RuleSet.model_validate(
        {"rules": [rule | {"id": rule_id} for rule_id, rule in zip(_IDS, rules, strict=False)]}
    )


def _agree(world: World) -> None:
    engine, oracle = Engine(world.tags, world.rules), Oracle(world.tags, world.rules)
    for action in world.actions:
        assert [replace(one, why="") for one in do(engine, action)] == do(oracle, action)


@pytest.mark.parametrize("kind", _KINDS)
def test_the_engine_does_what_the_specification_says(kind: str) -> None:
    _QUICK(given(pane_worlds(kind))(_agree))()


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("kind", _KINDS)
def test_the_engine_does_what_the_specification_says_at_length(kind: str) -> None:
    _LONG(given(pane_worlds(kind))(_agree))()


@pytest.mark.parametrize("kind", _KINDS)
def test_a_restored_engine_goes_on_as_though_nothing_had_been(kind: str) -> None:
    @_QUICK
    @given(pane_worlds(kind), st.randoms(use_true_random=False))
    def check(world: World, chance: random.Random) -> None:
        stop = chance.randint(0, len(world.actions))
        engine = Engine(world.tags, world.rules)
        play(engine, world.actions[:stop])
        restored = Engine(world.tags, world.rules)
        restored.restore(saved := engine.snapshot())
        assert restored.snapshot() == saved
        rest: tuple[Action, ...] = world.actions[stop:]
        assert to_bytes(play(restored, rest)) == to_bytes(play(engine, rest))
        assert restored.snapshot() == engine.snapshot()

    check()
