"""The kinds whose conditions are expressions against their specification, over random texts, parks and histories."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.engine import Engine
from rules.oracles.oracle import Oracle
from rules.transition import Transition, to_bytes
from tests.unit.rules.expression.worlds import START_S, histories, rule_sets, tables
from tests.unit.rules.worlds import SECOND, Advance, Reset, Samples, do, play

_SETTINGS = settings(
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
_LONG = settings(_SETTINGS, max_examples=3000)
_both_kinds = pytest.mark.parametrize("kind", ["expression", "sequence"])


def _agree(kind: str, data: st.DataObject) -> None:
    table = data.draw(tables())
    rules = data.draw(rule_sets(kind))
    engine, oracle = Engine(table, rules), Oracle(table, rules)
    for action in data.draw(histories(table)):
        assert _plain(do(engine, action, START_S)) == _plain(do(oracle, action, START_S))


def _plain(told: list[Transition]) -> list[Transition]:
    """Without the sentence, and without the last digits of what was reckoned in another order."""

    def rounded(number: float | None) -> float | None:
        return None if number is None else float(f"{number:.9g}") + 0.0

    return [replace(one, why="", value=rounded(one.value), limit=rounded(one.limit)) for one in told]


@_both_kinds
@_SETTINGS
@given(st.data())
def test_every_condition_means_what_its_specification_says(kind: str, data: st.DataObject) -> None:
    _agree(kind, data)


@_both_kinds
@pytest.mark.slow
@pytest.mark.timeout(3600)
@_LONG
@given(st.data())
def test_every_condition_means_what_its_specification_says_at_length(kind: str, data: st.DataObject) -> None:
    _agree(kind, data)


@_both_kinds
@_SETTINGS
@given(st.data())
def test_windows_and_holds_go_on_where_they_stood_when_restored(kind: str, data: st.DataObject) -> None:
    table = data.draw(tables())
    rules = data.draw(rule_sets(kind))
    actions = data.draw(histories(table))
    stop = data.draw(st.integers(0, len(actions)))
    engine, restored = Engine(table, rules), Engine(table, rules)
    play(engine, actions[:stop], START_S)
    saved = engine.snapshot()
    restored.restore(saved)
    assert restored.snapshot() == saved
    assert to_bytes(play(restored, actions[stop:], START_S)) == to_bytes(play(engine, actions[stop:], START_S))
    assert restored.snapshot() == engine.snapshot()


@_both_kinds
@_SETTINGS
@given(st.data())
def test_an_advance_that_time_alone_does_not_need_makes_no_difference(kind: str, data: st.DataObject) -> None:
    table = data.draw(tables())
    rules = data.draw(rule_sets(kind))
    engine, lazy = Engine(table, rules), Engine(table, rules)
    waits = False
    for action in data.draw(histories(table)):
        told = to_bytes(do(engine, action, START_S))
        waits = waits or isinstance(action, Samples | Reset)
        if isinstance(action, Advance) and not waits and (action.now_s + START_S) * SECOND < lazy.wake_us:
            assert not told
            continue
        waits = waits and not isinstance(action, Advance)
        assert to_bytes(do(lazy, action, START_S)) == told
