"""Values that stand still, on a time axis. Numbers are paragraphs of ``deploy/docs/semantics.md``."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from park.batch import SampleBatch
from rules.engine import Engine
from rules.spec import RuleSet
from tests.unit.rules.stories import SECOND, START_US, shorts, table_of, tag_of, tell

HOLD = 10


def frozen(hold: str | None = "10s", **fields: Any) -> RuleSet:
    """Ten seconds, if nothing else is given."""
    return RuleSet.model_validate({"rules": [{"kind": "frozen", "id": "x", "hold": hold, **fields}]})


STORIES: list[tuple[dict[str, Any], RuleSet, str, list[str], str]] = [
    # 9.1
    ({}, frozen(), "0: 5 | 9: 5 | 10: 6 | 19: 6", [], "what moves in time is not stuck"),
    ({}, frozen(tolerance=1), "0: 5 | 5: 6 | 10: 4", ["10 raised a"], "within the tolerance is the same"),
    ({}, frozen(tolerance=1), "0: 5 | 5: 6 | 10: 7", [], "held against the first value, not the last"),
    ({"frozen_tolerance": 1}, frozen(), "0: 5 | 10: 6", ["10 raised a"], "the tolerance is the tag's"),
    ({"frozen_tolerance": 1}, frozen(tolerance=0), "0: 5 | 10: 6", [], "or the rule's"),
    # 9.2
    ({}, frozen(), "0: 5 | 5: 5 | 10: 5 | 20: 5 | 21: 6", ["10 raised a", "21 cleared a"], "stuck until it moves"),
    ({}, frozen(), "0: 5 | 5: 5 | 9.9: 5 | 20", [], "not by the clock alone"),
    ({"frozen_after": "4s"}, frozen(None), "0: 5 | 4: 5", ["4 raised a"], "the hold time is the tag's"),
    ({"frozen_after": "4s"}, frozen(), "0: 5 | 4: 5", [], "or the rule's"),
    ({}, frozen(None), "0: 5 | 99: 5", [], "without a hold time nothing is watched"),
    (
        {},
        frozen(on_delay="3s", off_delay="2s"),
        "0: 5 | 10: 5 | 12: 5 | 14: 5 | 15: 6 | 20: 7",
        ["13 raised a @14", "17 cleared a @20"],
        "with the rule's delays",
    ),
    # 9.3
    ({"discrete": True}, frozen(), "0: 1 | 10: 1 | 20: 1", [], "states may stand still"),
    ({"detection_limit": 1}, frozen(), "0: 1 | 10: 1 | 20: 1.5 | 30: 1.5", [], "so may what is not detected"),
    ({"detection_limit": 1}, frozen(), "0: 2 | 10: 2", ["10 raised a"], "but not what is"),
    (
        {"detection_limit": 1},
        frozen(near_detection_limit=0),
        "0: 1 | 10: 1",
        ["10 raised a"],
        "as near as the rule says",
    ),
    ({"detection_limit": 1}, frozen(tolerance=1), "0: 2 | 5: 1.5 | 10: 2", [], "what is not detected ends a run"),
    ({"detection_limit": 1}, frozen(), "0: 2 | 10: 2 | 11: 1", ["10 raised a", "11 cleared a"], "and an alarm"),
    # 9.4
    ({}, frozen(), "0: 5 | 5: 7! | 10: 5", ["10 raised a"], "a bad sample ends no run"),
    ({}, frozen(), "0: 5 | 10: 5!", [], "nor lengthens it"),
    (
        {},
        frozen(),
        "0: 5 | 10: 5 | 11: 7! | 12: 5 | 13: 7",
        ["10 raised a", "11 unverified a unverified", "12 verified a", "13 cleared a"],
        "bad data clear nothing",
    ),
    ({}, frozen(), "0: 5 | 10: 5?", ["10 raised a unverified"], "uncertain data raise, unverified"),
    ({}, frozen(uncertain="bad"), "0: 5 | 5: 7? | 10: 5", ["10 raised a"], "unless they count as bad"),
    # 9.5
    ({}, frozen(), "0: 5 | 9: 5 | 19.1: 5 | 28: 5", [], "a gap ends a run"),
    ({"stale_after": "3s"}, frozen(), "0: 5 | 3: 5 | 6: 5 | 9: 5 | 12: 5", ["12 raised a"], "no gap, no end"),
    ({"stale_after": "3s"}, frozen(), "0: 5 | 3: 5 | 6.1: 5 | 9: 5 | 12: 5", [], "silence for the timeout is a gap"),
    (
        {"stale_after": "5s"},
        frozen(),
        "0: 5 | 5: 5 | 10: 5 | 16 | 100: 5 | 101: 6",
        ["10 raised a", "15 unverified a unverified @16", "100 verified a", "101 cleared a"],
        "what is stuck stays stuck across a gap",
    ),
    (
        {},
        frozen(),
        "0: 5 | 40: 2=5 7=5 11=5 30=5 40=6",
        ["11 raised a @40", "40 cleared a"],
        "a backlog is played in order",
    ),
    ({}, frozen(), "0: 5 | 10: 5 | 20: 4=9", ["10 raised a"], "late samples change nothing"),
]


@pytest.mark.parametrize(
    ("tag", "rules", "story", "told"), [row[:4] for row in STORIES], ids=[row[4] for row in STORIES]
)
def test_values_that_stand_still(tag: dict[str, Any], rules: RuleSet, story: str, told: list[str]) -> None:
    assert shorts(tell(story, tag_of(**tag), rules=rules)) == told


def test_the_sentence_says_where_it_stands_and_for_how_long() -> None:
    raised, cleared = tell("0: 5.25 | 10: 5.25 | 11: 6", tag_of(), rules=frozen())
    assert raised.why == "level 5.25 % unchanged for 10s or more"
    assert cleared.why == "level 6 %: it moves again"
    assert (raised.value, raised.limit, raised.peak, raised.level) == (5.25, None, None, "")
    assert raised.onset_us == START_US + 10 * SECOND


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 4), st.integers(0, 2)), min_size=1, max_size=60), st.booleans())
def test_it_finds_exactly_the_runs_that_a_plain_count_finds(rows: list[tuple[int, int]], at_once: bool) -> None:
    at_s = np.cumsum([step for step, _ in rows])
    value = np.array([float(value) for _, value in rows])
    engine = Engine(table_of(tag_of()), frozen())
    batches = [slice(None)] if at_once else [slice(row, row + 1) for row in range(len(rows))]
    told = []
    for rows_ in batches:
        time_us = START_US + at_s[rows_] * SECOND
        engine.step(
            SampleBatch(
                tag=np.zeros(len(time_us), dtype=np.int32),
                time_us=time_us,
                value=value[rows_],
                quality=np.zeros(len(time_us), dtype=np.uint8),
                received_us=0,
                origin="test",
            )
        )
        told += engine.advance(int(time_us[-1]))
    raised = [(one.onset_us - START_US) // SECOND for one in told if one.change.value == "raised"]
    assert raised == _counted(at_s.tolist(), value.tolist())


def _counted(at_s: list[int], value: list[float]) -> list[int]:
    """When each run of equal values came to be as long as the hold time."""
    starts = [0] + [row for row in range(1, len(value)) if value[row] != value[row - 1]]
    found = []
    for start, end in pairwise([*starts, len(value)]):
        late = [at for at in at_s[start:end] if at - at_s[start] >= HOLD]
        found += late[:1]
    return found


# 9.6


def reloaded(before: str, old: RuleSet, after: str, new: RuleSet) -> tuple[list[str], list[str]]:
    """What is told after other rules took over, and the notes."""
    engine = Engine(table_of(tag_of()), old)
    tell(before, engine=engine)
    other = Engine(engine.tags, new)
    other.restore(engine.snapshot())
    return shorts(tell(after, engine=other)), other.notes


def test_a_changed_hold_time_is_held_against_the_run_at_once() -> None:
    assert reloaded("0: 5 | 8: 5", frozen(), "9", frozen("5s")) == (["9 raised a"], [])
    assert reloaded("0: 5 | 10: 5", frozen(), "11", frozen("20s")) == (["11 cleared a"], [])
    assert reloaded("0: 5 | 8: 5 | 9: 5!", frozen(), "9", frozen("5s")) == ([], [])


def test_a_run_goes_on_under_another_tolerance() -> None:
    assert reloaded("0: 5 | 8: 5", frozen(), "10: 6", frozen(tolerance=1)) == (["10 raised a"], [])
    assert reloaded("0: 5 | 8: 6", frozen(tolerance=1), "10: 6", frozen()) == ([], [])
