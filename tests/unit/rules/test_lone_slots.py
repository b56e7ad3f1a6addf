"""A few tags with a long backlog are played one by one: that gives the same bytes as playing them side by side."""

import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import rules.walk
from park.index import TagTable
from rules.engine import Engine
from rules.spec import RuleSet
from rules.transition import to_bytes
from tests.unit.rules.kind_worlds import RULES
from tests.unit.rules.stories import SECOND, START_US, table_of, tag_of
from tests.unit.rules.worlds import Action, Advance, Row, Samples, batch_of, do, tables

_KINDS = ["limit", "rate", "range", "frozen", "quality", "window", "deviation", "forecast"]


@st.composite
def _backlogs(draw: st.DrawFn, tags: int) -> list[Action]:
    """Pieces of up to 60 samples a tag that change something again and again; holes; bad and uncertain data."""
    chance = random.Random(draw(st.integers(0, 2**32)))
    second = 0
    made: list[Action] = [Advance(0)]
    for _ in range(chance.randrange(1, 4)):
        rows: list[Row] = []
        poor = chance.choice([0, 0, 1, 6])
        length = chance.choice([10, 30, 60])
        for tag in range(tags):
            at = second
            while at < second + length:
                at += chance.choice([1, 1, 1, 1, 2, 3, 9])
                quality = chance.choice([0] * 10 + [1, 2] * poor)
                rows.append((tag, at, float(chance.choice([0, 3, 5, 5, 6, 7, 8, 9, 10])), quality))
        second += length + 12
        made += [Samples(tuple(rows)), Advance(second), Advance(second + chance.choice([0, 2, 30]))]
        second += 30
    return made


def _bytes(table: TagTable, rules_: RuleSet, actions: list[Action], rounds: int) -> tuple[bytes, bytes]:
    """What is told, and the state in the end."""
    before, rules.walk.ROUNDS = rules.walk.ROUNDS, rounds
    try:
        engine = Engine(table, rules_)
        told = [one for action in actions for one in do(engine, action)]
        return to_bytes(told), engine.snapshot()
    finally:
        rules.walk.ROUNDS = before


@pytest.mark.parametrize("kind", _KINDS)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_one_by_one_and_side_by_side_give_the_same_bytes(kind: str, data: st.DataObject) -> None:
    table = data.draw(tables(3, devices=False))
    drawn = {"rules": [{"id": f"r{number}", **data.draw(RULES[kind])} for number in range(2)]}
    actions = data.draw(_backlogs(len(table)))
    made = RuleSet.model_validate(drawn)
    alone = _bytes(table, made, actions, data.draw(st.sampled_from([0, 0, 3])))
    assert alone == _bytes(table, made, actions, 10**9)


@pytest.mark.parametrize("limits", [{"H": 80}, {"H": 80, "on_delay": "5s", "off_delay": "5s"}])
def test_a_day_that_chatters_is_no_day_to_wait_for(limits: dict[str, Any]) -> None:
    """Every sample passes the limit, up or down."""
    engine = Engine(table_of(tag_of(limits=limits)), RuleSet.model_validate({"rules": [{"id": "r", "kind": "limit"}]}))
    engine.step(batch_of([(0, second, 95.0 if second % 2 else 50.0, 0) for second in range(20_000)]))
    told = engine.advance(START_US + 20_000 * SECOND)
    assert len(told) == (19_999 if "on_delay" not in limits else 0)
