"""Rates on a time axis. Numbers are paragraphs of ``deploy/docs/semantics.md``."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from park.batch import SampleBatch
from rules.engine import Engine
from rules.rate_points import MOST
from rules.spec import RuleSet
from rules.transition import Transition
from tests.unit.rules.stories import SECOND, START_US, shorts, table_of, tag_of, tell


def rate(window: str = "16s", per: str = "1s", **fields: Any) -> RuleSet:
    """H at 2 per second, if nothing else is given."""
    limits = fields.pop("limits", {"H": 2})
    rule = {"kind": "rate", "id": "x", "window": window, "per": per, "limits": limits, **fields}
    return RuleSet.model_validate({"rules": [rule]})


FALL = rate(limits={"L": -2, "LL": -4})
STORIES = [
    # 8.1
    (rate(), "0: 0 | 8: 16 | 9: 19", ["9 raised H high"], "faster than the limit, strictly"),
    (rate(), "0: 0 | 8: 17 | 16: 32 | 24: 49 | 40: 49", ["8 raised H high", "16 cleared H high"], "and slower again"),
    (FALL, "0: 90 | 8: 70 | 12: 30", ["8 raised L low", "12 level_up LL low"], "falls have limits below nought"),
    (rate(), "0: 0 | 1: 1 | 3: 3 | 3.5: 3.5 | 11: 11 | 16: 16", [], "irregular sampling makes no rate"),
    (rate(), "0: 0 | 8: 8 | 16: 16 | 17: 40", ["17 raised H high"], "the oldest point of the window decides"),
    (rate(), "0: 0 | 8: 40 | 24: 40", ["8 raised H high", "24 cleared H high"], "the window slides"),
    (rate(per="1m", limits={"H": 100}), "0: 0 | 8: 13 | 9: 16", ["9 raised H high"], "limits are per so long"),
    (
        rate(limits={"H": 2, "deadband": 1, "on_delay": "3s"}),
        "0: 0 | 8: 17 | 10: 21 | 12: 20 | 16: 24 | 17: 17",
        ["11 raised H high @12", "17 cleared H high"],
        "delays and deadbands are those of any limit",
    ),
    # 8.2
    (rate(), "0: 0 | 0.5: 100 | 8.5: 17.1", ["8.5 raised H high"], "samples closer than a step are no points"),
    (rate(), "0: 0 | 1: 100 | 16.5: 0 | 17: 0", [], "a fall is no rise"),
    # 8.3
    (rate(), "0: 0 | 16.000001: 99 | 24: 99", [], "nothing is measured across a gap"),
    (rate(), "0: 0 | 16: 99", ["16 raised H high"], "as long as the window is no gap"),
    (rate(max_gap="4s"), "0: 0 | 4: 9 | 9: 90 | 13: 90 | 17: 90", [], "a gap of its own length"),
    (rate(), "0: 0 | 8: 1! | 16.1: 99 | 30: 99", [], "bad samples do not bridge a gap"),
    (rate(), "0: 0 | 20: 4=20 8=40 12=60 16=80", ["8 raised H high @20"], "a backlog without a gap is played in order"),
    # 8.4
    (rate(), "0: 0 | 7.9: 99 | 9: 99", ["9 raised H high"], "half a window of history"),
    # 8.5
    (rate(), "0: 0 | 8: 99! | 9: 99", ["9 raised H high"], "bad samples are skipped"),
    (rate(), "0: 0? | 8: 40 | 9: 41", ["8 raised H high unverified"], "a point in doubt"),
    (rate(), "0: 0 | 8: 40?", ["8 raised H high unverified"], "a sample in doubt"),
    (rate(uncertain="bad"), "0: 0? | 1: 0 | 8: 40? | 9: 40", ["9 raised H high"], "uncertain that counts as bad"),
    (rate(), "0: 0 | 8: 40 | 9: 40!", ["8 raised H high", "9 unverified H high unverified"], "bad data clear nothing"),
    # 8.6
    (
        rate(),
        "0: 0 | 8: 40 | 100 | 101: 40 | 110: 40",
        ["8 raised H high", "101 unverified H high unverified", "110 cleared H high"],
        "after a gap nothing is known for half a window",
    ),
]


@pytest.mark.parametrize(("rules", "story", "told"), [row[:3] for row in STORIES], ids=[row[3] for row in STORIES])
def test_rates(rules: RuleSet, story: str, told: list[str]) -> None:
    assert shorts(tell(story, tag_of(), rules=rules)) == told


def test_silence_leaves_the_alarm_unverified() -> None:
    told = tell("0: 0 | 8: 40 | 12 | 30", tag_of(stale_after="5s"), rules=rate())
    assert shorts(told) == ["8 raised H high", "13 unverified H high unverified @30"]


def test_the_sentence_says_what_was_measured_and_how_long() -> None:
    told = tell("0: 0 | 8: 40 | 9: 40!", tag_of(), rules=rate(per="1m", limits={"H": 100}))
    assert told[0].why == "level from 0 to 40 % in 8s: +300 %/1m above H 100 %/1m"
    assert told[1].why.startswith("the rate is not known: bad data, or too little of it since a gap")
    assert (told[0].value, told[0].limit, told[0].peak) == (300.0, 100.0, 300.0)


def test_numbers_too_large_to_reckon_with_make_no_rate() -> None:
    table = table_of(tag_of())
    engine = Engine(table, rate())
    told = _play(engine, [0, 8, 16], [-1.7e308, 1.7e308, 1.7e308])
    assert shorts(told) == []


def test_however_often_a_tag_is_sampled_its_past_takes_the_same_room() -> None:
    engine, rare = Engine(table_of(tag_of()), rate()), Engine(table_of(tag_of()), rate())
    _play(engine, np.arange(0, 40, 0.01), np.zeros(4000))
    _play(rare, np.arange(0, 40, 1.0), np.zeros(40))
    assert len(engine.snapshot()) < len(rare.snapshot()) + 200
    assert MOST == 17


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(1, 15_999_999), min_size=1, max_size=60), st.sampled_from([1.9, 2.1]))
def test_a_straight_line_has_its_slope_however_it_is_sampled(steps_us: list[int], slope: float) -> None:
    at_s = np.cumsum([0, *steps_us]) / 1e6
    told = _play(Engine(table_of(tag_of()), rate()), at_s, at_s * slope)
    if slope < 2:
        assert told == []
    elif at_s[-1] > 16:
        assert [one.change.value for one in told] == ["raised"]
        assert told[0].effective_us <= START_US + 24 * SECOND
        assert told[0].value == pytest.approx(slope, abs=1e-5)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(-9, 9)), min_size=2, max_size=40, unique_by=lambda row: row[0])
)
def test_in_one_piece_or_one_by_one_it_is_the_same(rows: list[tuple[int, int]]) -> None:
    at_s, value = np.array(sorted(rows), dtype=float).T
    limits = {"H": 0.5, "L": -0.5}
    whole = _play(Engine(table_of(tag_of()), rate("8s", limits=limits)), at_s, value, at_once=True)
    single = _play(Engine(table_of(tag_of()), rate("8s", limits=limits)), at_s, value)
    assert [
        (one.effective_us, one.change, one.value) for one in whole if one.change.value in ("raised", "cleared")
    ] == [(one.effective_us, one.change, one.value) for one in single if one.change.value in ("raised", "cleared")]


def _play(engine: Engine, at_s: Any, value: Any, at_once: bool = False) -> list[Transition]:
    time_us = START_US + np.round(np.asarray(at_s) * SECOND).astype(np.int64)
    told = []
    rows = [np.arange(len(time_us))] if at_once else [np.array([row]) for row in range(len(time_us))]
    for some in rows:
        batch = SampleBatch(
            tag=np.zeros(len(some), dtype=np.int32),
            time_us=time_us[some],
            value=np.asarray(value, dtype=np.float64)[some],
            quality=np.zeros(len(some), dtype=np.uint8),
            received_us=0,
            origin="test",
        )
        engine.step(batch)
        told += engine.advance(int(time_us[some[-1]]))
    return told


# 8.7


def reloaded(before: str, old: RuleSet, after: str, new: RuleSet) -> tuple[list[str], list[str]]:
    """What is told after other rules took over, and the notes."""
    engine = Engine(table_of(tag_of()), old)
    tell(before, engine=engine)
    other = Engine(engine.tags, new)
    other.restore(engine.snapshot())
    return shorts(tell(after, engine=other)), other.notes


def test_another_window_begins_anew_and_says_so() -> None:
    told, notes = reloaded("0: 0 | 8: 40", rate(), "9: 40 | 19: 40", rate("20s"))
    assert told == ["9 unverified H high unverified", "19 cleared H high"]
    assert notes == ["rule x: its signal is another one now and begins anew"]


def test_a_moved_limit_is_held_against_the_rate_at_once() -> None:
    assert reloaded("0: 0 | 8: 15 | 9: 15", rate(), "10", rate(limits={"H": 1})) == (["10 raised H high"], [])
    assert reloaded("0: 0 | 8: 17", rate(), "10", rate(limits={"H": 3}))[0] == ["10 cleared H high"]
    assert reloaded("0: 0 | 8: 15", rate(), "10", rate(per="2s"))[0] == ["10 raised H high"]


def test_a_moved_limit_says_nothing_where_no_rate_is_known() -> None:
    assert reloaded("0: 0 | 1: 99", rate(), "10", rate(limits={"H": 1}))[0] == []
    assert reloaded("0: 0 | 8: 15 | 9: 15!", rate(), "10", rate(limits={"H": 1}))[0] == []
