"""M of N detectors, told on a time axis. Numbers are paragraphs of ``deploy/docs/semantics.md``."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from park.index import TagTable
from park.model import Park
from rules.engine import Engine
from rules.spec import RuleSet
from rules.transition import Transition
from tests.unit.rules.kind_worlds import votes
from tests.unit.rules.stories import SECOND, START_US, shorts, table_of, tag_of, tell
from tests.unit.rules.worlds import World, batch_of, worlds

H25: dict[str, Any] = {"limits": {"H": 25, "HH": 50}, "quantity": "benzene", "unit": "ppm"}
STALE: dict[str, Any] = {**H25, "stale_after": "20s"}
TWO: dict[str, Any] = {"m": 2, "level": "H"}
THREE_TAGS = [tag_of("a", **H25), tag_of("b", **H25), tag_of("c", **H25)]
THREE_STALE = [tag_of("a", **STALE), tag_of("b", **STALE), tag_of("c", **STALE)]
CALM = "0: a:1 b:1 c:1"


def rule(**fields: Any) -> RuleSet:
    return RuleSet.model_validate({"rules": [{"kind": "vote", "id": "2oo3", **fields}]})


RAISED = "raised acme.tank"
STORIES = [
    # 15.2, 15.3
    (
        TWO,
        f"{CALM} | 1: a:26 | 2: b:25 | 3: b:26",
        [f"3 {RAISED}"],
        "one is no alarm, nor is the limit itself; two are",
    ),
    (TWO, "1: a:26 b:26", [f"1 {RAISED}"], "a detector that was never heard of is bad"),
    (TWO, "1: a:26", [f"1 {RAISED}"], "of three, two never heard of: the one that is left decides"),
    ({**TWO, "degrade": "keep"}, "1: a:26", [f"1 {RAISED}"], "M never is more than the detectors that are left"),
    ({**TWO, "degrade": "keep"}, "1: a:26 b:1 | 2: b:26", [f"2 {RAISED}"], "2oo3 with one bad is 2oo2, if M is kept"),
    (TWO, "1: a:1 b:1 | 2: b:26", [f"2 {RAISED}"], "2oo3 with one bad is 1oo2, if M is lowered"),
    (
        TWO,
        f"{CALM} | 1: a:26 b:26 | 2: a:25",
        [f"1 {RAISED}", "2 cleared acme.tank"],
        "it is over when there are too few",
    ),
    (
        TWO,
        f"{CALM} | 1: a:26 b:26 | 2: a:1 c:30 | 3: b:1",
        [f"1 {RAISED}", "3 cleared acme.tank"],
        "which two they are does not matter",
    ),
    ({"m": 2, "level": "HH"}, f"{CALM} | 1: a:40 b:40 | 2: a:51 b:51", [f"2 {RAISED}"], "the level is each tag's own"),
    ({"m": 2, "limit": 10}, f"{CALM} | 1: a:11 b:11", [f"1 {RAISED}"], "or the limit is the rule's"),
    (
        {"m": 2, "limit": 10, "low": True},
        "0: a:12 b:12 c:12 | 1: a:10 b:9 | 2: a:9",
        [f"2 {RAISED}"],
        "low is the mirror image",
    ),
    (
        {**TWO, "deadband": 5},
        f"{CALM} | 1: a:26 | 2: a:21 | 3: b:26 | 4: a:20",
        [f"3 {RAISED}", "4 cleared acme.tank"],
        "a detector within its deadband still votes",
    ),
    (
        {**TWO, "deadband": 5},
        f"{CALM} | 1: a:26 | 2: a:26! | 3: a:21 b:26",
        [f"3 {RAISED}"],
        "and remembers it while bad",
    ),
    ({**TWO, "on_delay": "10s"}, f"{CALM} | 1: a:26 b:26 | 11", [f"11 {RAISED}"], "the rule's delays count"),
    (
        {**TWO, "on_delay": "10s"},
        f"{CALM} | 1: a:26 b:26 | 5: a:1 c:30 | 11",
        [f"11 {RAISED}"],
        "a vote that passes from one to another is no break, if it passes between two looks",
    ),
    (TWO, f"{CALM} | 9: a@1=26 b@2=26", [f"9 {RAISED}"], "it is judged as of the clock, not of the samples"),
    (TWO, f"{CALM} | 9: a@1=26 b@2=26 a@3=1", [], "so what came and went between two looks was not"),
    # 15.4
    (
        TWO,
        f"{CALM} | 1: a:26 b:26 | 2: a:26! b:26! | 3: a:1 b:1",
        [f"1 {RAISED}", "2 unverified acme.tank unverified", "3 cleared acme.tank"],
        "detectors that go bad in alarm clear nothing",
    ),
    (
        {**TWO, "degrade": "keep"},
        f"{CALM} | 1: a:26 b:26 | 2: a:26! | 3: b:1",
        [f"1 {RAISED}", "2 unverified acme.tank unverified", "3 cleared acme.tank"],
        "nor does one of them; but the good data of the other does",
    ),
    (TWO, f"{CALM} | 1: a:26 | 2: a:26! | 3: b:1", [], "and begin nothing"),
    (
        TWO,
        "0: a:1 b:1 c:1! | 1: a:26 | 2: a:26!",
        [f"1 {RAISED}", "2 unverified acme.tank unverified"],
        "nor one that was enough because others were bad",
    ),
    (TWO, f"{CALM} | 1: a:26! | 2: b:26! c:26!", [], "none left says nothing"),
    # 15.5
    (
        TWO,
        f"{CALM} | 1: a:26? b:26",
        [f"1 {RAISED} unverified"],
        "an alarm that hangs on uncertain quality is unverified",
    ),
    (TWO, f"{CALM} | 1: a:26? b:26 c:26", [f"1 {RAISED}"], "two good ones are enough without it"),
    (
        TWO,
        f"{CALM} | 1: a:26? b:26 | 2: a:26",
        [f"1 {RAISED} unverified", "2 verified acme.tank"],
        "it is verified when the quality is good",
    ),
    (
        {**TWO, "uncertain": "bad", "degrade": "keep"},
        f"{CALM} | 1: a:26? b:26 | 2: c:26",
        [f"2 {RAISED}"],
        "where uncertain counts as bad it has no vote",
    ),
]


@pytest.mark.parametrize(
    ("fields", "story", "expected"),
    [pytest.param(fields, story, expected, id=name) for fields, story, expected, name in STORIES],
)
def test_vote(fields: dict[str, Any], story: str, expected: list[str]) -> None:
    assert shorts(tell(story, *THREE_TAGS, rules=rule(**fields))) == expected


def test_a_detector_that_falls_silent_shrinks_n() -> None:
    story = f"{CALM} | 15: a:26 b:1 | 20 | 20.000001"
    assert shorts(tell(story, *THREE_STALE, rules=rule(**TWO))) == ["20 raised acme.tank"]


def test_tags_without_such_a_limit_do_not_vote() -> None:
    tags = [tag_of("a", **H25), tag_of("b"), tag_of("c", limits={"L": 1})]
    assert shorts(tell("0: b:99 c:99 | 1: a:26", *tags, rules=rule(**TWO))) == ["1 raised acme.tank"]


def _park() -> TagTable:
    def source(name: str) -> dict[str, Any]:
        return {"id": name, "kind": "tank", "position": [120, 30], "tags": [tag_of("a", **H25), tag_of("b", **H25)]}

    enterprises = [
        {"id": "acme", "name": "Acme", "sources": [source("t1"), source("t2")]},
        {"id": "bolt", "name": "Bolt", "sources": [source("t1")]},
    ]
    return TagTable(Park.model_validate({"id": "park", "name": "Park", "enterprises": enterprises}))


@pytest.mark.parametrize(
    ("together", "rows", "expected"),
    [
        ("source", [(0, 0, 26.0, 0), (2, 0, 26.0, 0), (4, 0, 26.0, 0)], []),
        ("source", [(0, 0, 26.0, 0), (1, 0, 26.0, 0)], ["acme.t1"]),
        ("enterprise", [(0, 0, 26.0, 0), (2, 0, 26.0, 0), (4, 0, 26.0, 0)], ["acme"]),
        ("rule", [(0, 0, 26.0, 0), (4, 0, 26.0, 0)], ["2oo3"]),
    ],
)
def test_those_that_vote_together_are_of_a_source_an_enterprise_or_the_rule(
    together: str, rows: list[Any], expected: list[str]
) -> None:
    engine = Engine(_park(), rule(**TWO, together=together))
    engine.step(batch_of([(ix, -1, 1.0, 0) for ix in range(6)]))
    engine.step(batch_of(rows))
    assert [one.target for one in engine.advance(START_US)] == expected


# The sentence


def _whys(story: str, **fields: Any) -> list[str]:
    return [one.why for one in tell(story, *THREE_TAGS, rules=rule(**(TWO | fields)))]


def test_the_sentence_names_the_detectors_in_alarm_and_how_many_are_bad() -> None:
    assert _whys(f"{CALM} | 1: a:26.5 | 2: c:31 | 3: a:1") == [
        "2 of 3 detectors in alarm, 2 needed: a 26.5 ppm, c 31 ppm",
        "only 1 of 3 detectors in alarm, 2 needed: c 31 ppm",
    ]
    assert _whys(f"{CALM} | 1: a:26 b:26 | 2: a:1 b:1 c:1!")[1:] == ["none of 2 detectors in alarm; 1 bad or stale"]
    assert _whys("1: a:26 b:1") == ["1 of 2 detectors in alarm, 1 needed: a 26 ppm; 1 bad or stale"]


def test_the_sentence_tells_what_is_so_when_the_delay_is_over() -> None:
    assert _whys(f"{CALM} | 1: a:26 b:26 | 5: c:30 | 11", on_delay="10s") == [
        "3 of 3 detectors in alarm, 2 needed: a 26 ppm, b 26 ppm, c 30 ppm"
    ]


def test_the_sentence_says_why_it_is_not_sure() -> None:
    assert _whys(f"{CALM} | 1: a:26? b:26 | 2: a:26 b:26 | 3: a:2! b:2! | 4: a:26 b:26") == [
        "2 of 3 detectors in alarm, 2 needed: a 26 ppm, b 26 ppm; unverified, detectors of uncertain quality decide",
        "good data again: 2 of 3 detectors in alarm, 2 needed: a 26 ppm, b 26 ppm",
        "too few detectors are known; 2 of 3 detectors in alarm, 2 needed: a 26 ppm, b 26 ppm when last known",
        "good data again: 2 of 3 detectors in alarm, 2 needed: a 26 ppm, b 26 ppm",
    ]


def test_of_many_detectors_the_first_five_are_named() -> None:
    tags = [tag_of(f"d{number}", **H25) for number in range(8)]
    samples = " ".join(f"d{number}:30" for number in range(1, 8))
    why = tell(f"0: d0:1 {samples}", *tags, rules=rule(**TWO))[0].why
    assert why == ("7 of 8 detectors in alarm, 2 needed: d1 30 ppm, d2 30 ppm, d3 30 ppm, d4 30 ppm, d5 30 ppm, 2 more")


def test_of_two_looks_at_one_instant_the_later_is_told() -> None:
    told = tell(
        "0: a:1 b:1 c:1 | 1: a:26 b:26 | 1: b@1.5=1 | 2: a:26! b:1! c:1!", *THREE_TAGS, rules=rule(m=1, level="H")
    )
    assert [(one.change.value, one.value) for one in told] == [("raised", 2.0), ("unverified", 1.0)]


def test_the_value_is_the_number_of_detectors_in_alarm() -> None:
    told = tell(f"{CALM} | 1: a:26 b:26 c:26", *THREE_TAGS, rules=rule(**TWO))
    assert [(one.value, one.limit, one.peak, one.side, one.level) for one in told] == [(3.0, None, None, "", "")]


# Other parks and rules


def _moved(old: Engine, tags: list[dict[str, Any]], rules: RuleSet, story: str) -> list[Transition]:
    engine = Engine(table_of(*tags), rules)
    engine.restore(old.snapshot())
    return tell(story, *tags, engine=engine)


def _raised() -> Engine:
    engine = Engine(table_of(*THREE_TAGS), rule(**TWO, deadband=5))
    assert shorts(tell(f"{CALM} | 1: a:26 c:26", *THREE_TAGS, engine=engine)) == ["1 raised acme.tank"]
    return engine


def test_a_detector_more_makes_no_other_alert() -> None:
    tags = [tag_of("x", **H25), *THREE_TAGS]
    told = _moved(_raised(), tags, rule(**TWO, deadband=5), "2: x:1 | 3: a:22 | 4: a:20")
    assert [(one.change.value, one.why) for one in told] == [
        ("cleared", "only 1 of 4 detectors in alarm, 2 needed: c 26 ppm")
    ]


def test_another_m_is_judged_at_once() -> None:
    told = _moved(_raised(), THREE_TAGS, rule(m=3, level="H"), "2")
    assert [one.why for one in told] == ["only 2 of 3 detectors in alarm, 3 needed: a 26 ppm, c 26 ppm"]


def test_the_vote_of_a_group_that_is_gone_ends() -> None:
    told = _moved(_raised(), [tag_of("a")], rule(**TWO), "2")
    assert [one.why for one in told] == ["rule or tag removed"]


def test_votes_for_the_other_side_begin_anew() -> None:
    engine = Engine(table_of(*THREE_TAGS), rule(m=2, limit=25, deadband=5))
    tell("0: a:26 b:26 c:1", *THREE_TAGS, engine=engine)
    other = Engine(engine.tags, rule(m=2, limit=25, deadband=5, low=True))
    other.restore(engine.snapshot())
    assert shorts(tell("1", *THREE_TAGS, engine=other)) == ["1 cleared acme.tank"]
    assert other.notes == ["rule 2oo3: its signal is another one now and begins anew"]


# Over random worlds; see tests/contract/test_kinds.py for what every kind promises


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.data())
def test_when_it_may_sleep_it_misses_nothing(data: st.DataObject) -> None:
    world: World = data.draw(worlds(devices=False))
    rules = RuleSet.model_validate({"rules": [{"id": "v", **data.draw(votes())}]})
    awake, sleepy = Engine(world.tags, rules), Engine(world.tags, rules)
    now_us = START_US
    for second in range(data.draw(st.integers(1, 30))):
        now_us = START_US + second * SECOND
        expected = []
        if second % 5 == 0:
            rows = tuple((ix, second - ix, float(data.draw(st.integers(0, 10))), 0) for ix in range(len(world.tags)))
            awake.step(batch_of(rows))
            sleepy.step(batch_of(rows))
        expected = awake.advance(now_us)
        told = sleepy.advance(now_us) if sleepy.wake_us <= now_us else []
        assert told == expected
