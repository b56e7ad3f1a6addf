"""Bad, uncertain, missing and late data on a time axis. Numbers are paragraphs of ``deploy/docs/semantics.md``."""

from typing import Any

import pytest

from rules.engine import Engine
from rules.spec import RuleSet, default_rules
from tests.unit.rules.stories import shorts, table_of, tag_of, tell

H90: dict[str, Any] = {"limits": {"H": 90}}
BAND: dict[str, Any] = {"limits": {"H": 90, "deadband": 5, "off_delay": "10s"}}
LATE_ON: dict[str, Any] = {"limits": {"H": 90, "on_delay": "10s"}}
LATE_OFF: dict[str, Any] = {"limits": {"H": 90, "off_delay": "10s"}}
STALE: dict[str, Any] = {"stale_after": "20s", "stale_delay": "600s"}
UNCERTAIN_IS_BAD = RuleSet.model_validate({"rules": [{"kind": "limit", "id": "x", "uncertain": "bad"}]})
LONG_HH: dict[str, Any] = {"limits": {"H": {"limit": 90, "deadband": 5}, "HH": {"limit": 95, "off_delay": "10s"}}}

STORIES = [
    # 2.1
    (H90, "0: 91?", ["0 raised H high unverified"], "uncertain data raise, unverified"),
    (H90, "0: 91? | 1: 80?", ["0 raised H high unverified", "1 cleared H high unverified"], "and clear"),
    (H90, "0: 91!", [], "bad data raise nothing"),
    (H90, "0: 91 | 1: 92?", ["0 raised H high", "1 unverified H high unverified"], "uncertain data mark"),
    # 2.2
    (
        H90,
        "0: nan | 1: inf | 2: 91 | 3: inf",
        ["2 raised H high", "3 unverified H high unverified"],
        "no number is bad",
    ),
    # 2.3
    (
        H90 | STALE,
        "0: 91 | 20 | 20.000001",
        ["0 raised H high", "20 unverified H high unverified @20"],
        "stale is strictly longer than the timeout",
    ),
    (
        H90 | STALE,
        "0: 91 | 15: 91? | 30 | 35",
        ["0 raised H high", "15 unverified H high unverified"],
        "once is enough",
    ),
    (H90, "0: 91 | 900", ["0 raised H high"], "a tag without timeout never goes stale"),
    (
        LATE_ON | STALE,
        "0: 91? | 5: 91? | 10 | 25: 91",
        ["10 raised H high unverified", "25 verified H high"],
        "uncertain data keep a tag from going stale",
    ),
    # 2.4
    (
        LATE_OFF,
        "0: 91 | 5: 80 | 10: 0! | 20 | 30: 80 | 39 | 40",
        [
            "0 raised H high",
            "10 unverified H high unverified",
            "30 verified H high",
            "40 cleared H high",
        ],
        "bad data cancel the off-delay, the next good ones start it anew",
    ),
    (
        LATE_OFF,
        "0: 91 | 5: 80 | 15: 0!",
        ["0 raised H high", "15 cleared H high"],
        "bad data just when the off-delay is over are too late to hold",
    ),
    (
        LATE_OFF | STALE,
        "0: 91 | 5: 80 | 6: 0! | 50: 91 | 51: 80 | 61",
        ["0 raised H high", "6 unverified H high unverified", "50 verified H high", "61 cleared H high"],
        "a held alarm goes on where the value is above the limit again",
    ),
    (
        BAND,
        "0: 91 | 5: 80 | 6: 0! | 7: 87 | 50 | 51: 85 | 61",
        ["0 raised H high", "6 unverified H high unverified", "7 verified H high", "61 cleared H high"],
        "a held alarm stands within the deadband",
    ),
    (
        {"limits": {"H": 90, "off_delay": "30s"}, "stale_after": "20s", "stale_delay": "600s"},
        "0: 91 | 5: 80 | 40 | 41: 80 | 60: 80 | 71",
        ["0 raised H high", "25 unverified H high unverified @40", "41 verified H high", "71 cleared H high"],
        "going stale cancels the off-delay",
    ),
    (
        {"limits": {"H": 90, "off_delay": "20s"}, "stale_after": "20s", "stale_delay": "600s"},
        "0: 91 | 5: 80 | 40",
        ["0 raised H high", "25 cleared H high @40"],
        "an off-delay that is over just when it goes stale is over",
    ),
    (
        {"limits": {"H": 90, "off_delay": "30s"}, "stale_after": "20s", "stale_delay": "600s"},
        "60: 0=91 5=80 40=80 59=80",
        ["0 raised H high @60"],
        "a hole in a backlog cancels the off-delay, too",
    ),
    (
        LONG_HH,
        "0: 96 | 5: 80 | 6: 0! | 7: 88 | 17",
        ["0 raised HH high", "6 unverified HH high unverified", "7 verified HH high", "17 level_down H high"],
        "with a held HH its H is held",
    ),
    # 2.5
    (LATE_ON, "0: 91 | 5: 0! | 10", ["10 raised H high unverified"], "an on-delay goes on over bad data"),
    (
        {"limits": {"H": 90, "on_delay": "30s"}, **STALE},
        "0: 91 | 30 | 31: 92",
        ["30 raised H high unverified", "31 verified H high"],
        "an on-delay goes on over stale data",
    ),
    (LATE_ON, "0: 91 | 5: 0! | 9: 80 | 10", [], "good data in time end it"),
    (LATE_ON, "0: 91 | 5: 0! | 8: 91 | 10", ["10 raised H high"], "good data in time verify it"),
    (
        LATE_ON | {"stale_after": "10s", "stale_delay": "600s"},
        "0: 91 | 12",
        ["10 raised H high @12", "10 unverified H high unverified @12"],
        "an on-delay that is over just when it goes stale raises verified",
    ),
    # 2.6
    (
        H90,
        "0: 91 | 1: 0! | 2: 0! | 3: 91 | 4: 92",
        ["0 raised H high", "1 unverified H high unverified", "3 verified H high"],
        "the mark is told when it changes",
    ),
    (H90, "0: 91 | 9: 1=0! 2=91 3=0! 4=93", ["0 raised H high"], "a mark that came and went is not told"),
    (
        H90,
        "0: 91 | 9: 1=0! 2=91 3=0! 4=0!",
        ["0 raised H high", "3 unverified H high unverified @9"],
        "it is effective from when it is as it is",
    ),
    (
        H90,
        "0: 91 | 1: 0! | 2: 80",
        ["0 raised H high", "1 unverified H high unverified", "2 cleared H high"],
        "no need",
    ),
    (
        {"limits": {"H": 90, "HH": 95}},
        "0: 91 | 1: 96?",
        ["0 raised H high", "1 level_up HH high unverified", "1 unverified HH high unverified"],
        "a level moves under the mark of its sample",
    ),
    (
        H90 | STALE,
        "0: 91 | 100 | 101: 30=92 | 102: 40=93 | 103: 102=91",
        ["0 raised H high", "20 unverified H high unverified @100", "102 verified H high @103"],
        "a backlog in pieces does not make the mark flutter",
    ),
    (
        H90 | STALE,
        "0: 91 | 100 | 101: 40=92 80=92 101=91",
        ["0 raised H high", "20 unverified H high unverified @100", "101 verified H high"],
        "a mark that goes and comes in a backlog with holes went when it went for good",
    ),
    # 1.1
    (H90, "10: 50 | 11: 9=99 | 12: 10=99", [], "late samples raise nothing"),
    (H90, "0: 91 | 10: 91 | 11: 5=10", ["0 raised H high"], "late samples clear nothing"),
    (LATE_ON, "0: 91 | 5: 91 | 6: 3=10 | 10", ["10 raised H high"], "late samples break nothing"),
    (H90, "5: 0! | 6: 4=91", [], "a bad sample, too, makes older ones late"),
    # 1.2
    (LATE_ON, "0: 91 | 9 | 3 | 10", ["10 raised H high"], "the clock does not go back"),
    # 1.3
    (H90, "9: 3=80 1=91 2=92", ["1 raised H high @9", "3 cleared H high @9"], "samples are played in order of time"),
    (H90, "9: 1=91 1=50 1=99", ["1 raised H high @9"], "of doubles the first to arrive counts"),
]


@pytest.mark.parametrize(
    ("tag", "story", "expected"),
    [pytest.param(tag, story, expected, id=name) for tag, story, expected, name in STORIES],
)
def test_data(tag: dict[str, Any], story: str, expected: list[str]) -> None:
    assert shorts(tell(story, tag_of(**tag))) == expected


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        pytest.param("0: 91?", [], id="raise nothing"),
        pytest.param(
            "0: 91 | 1: 80? | 2: 92",
            ["0 raised H high", "1 unverified H high unverified", "2 verified H high"],
            id="clear nothing",
        ),
    ],
)
def test_where_uncertain_is_bad_uncertain_data(story: str, expected: list[str]) -> None:
    assert shorts(tell(story, tag_of(**H90), rules=UNCERTAIN_IS_BAD)) == expected


def test_a_transition_names_the_quality_behind_it() -> None:
    told = tell("0: 91? | 1: 91 | 2: 0! | 30: 91 | 60", tag_of(**H90, **STALE))
    assert [one.quality for one in told] == ["uncertain", "good", "bad", "good", "stale"]
    assert [one.value for one in told] == [91.0] * 5


def test_what_did_not_count_is_counted() -> None:
    table = table_of(tag_of(**H90))
    engine = Engine(table, default_rules())
    tell("10: 1=1 2=2 2=3 2=4 | 11: 2=1 1=1 0=1 11=5", tag_of(**H90), engine=engine)
    counts = engine.counts
    assert (counts.taken, counts.duplicate, counts.late, counts.unknown) == (3, 3, 2, 0)


def test_latest_is_the_newest_by_source_time_whatever_its_quality() -> None:
    table = table_of(tag_of(), tag_of("b"))
    engine = Engine(table, default_rules())
    tell("10: 5=50 9=7! | 11: 8=60 | 12: b:1?", tag_of(), tag_of("b"), engine=engine)
    latest = engine.latest
    assert latest.value.tolist() == [7.0, 1.0]
    assert latest.quality.tolist() == [2, 1]
    assert (latest.time_us[1] - latest.time_us[0]) == 3_000_000


def test_stale_tells_which_values_are_too_old() -> None:
    tags = tag_of(**STALE), tag_of("b", **STALE), tag_of("c"), tag_of("d", **STALE)
    engine = Engine(table_of(*tags), default_rules())
    tell("0: a:1 b:1 c:1 | 15: b:1? a:1! | 21", *tags, engine=engine)
    assert engine.stale.tolist() == [True, False, False, True]


def test_old_values_are_stale_after_a_restart_though_it_was_we_who_were_away() -> None:
    tag = tag_of(**H90, **STALE)
    told = shorts(tell("0: 91 | 3600: resume | 3600 | 3601: 92", tag))
    assert told == ["0 raised H high", "20 unverified H high unverified @3600", "3601 verified H high"]
