"""Limit alarms, told on a time axis. Numbers are paragraphs of ``deploy/docs/semantics.md``."""

from typing import Any

import pytest

from rules.spec import RuleSet
from tests.unit.rules.stories import shorts, tag_of, tell

H90 = {"H": 90}
BAND = {"H": 90, "deadband": 5}
LATE_ON = {"H": 90, "on_delay": "10s"}
LATE_OFF = {"H": 90, "off_delay": "10s"}
TWO = {"H": 90, "HH": 95}
LATE_H = {"H": {"limit": 90, "on_delay": "10s"}, "HH": 95}
LATE_HH = {"H": 90, "HH": {"limit": 95, "on_delay": "10s"}}
LONG_HH = {"H": 90, "HH": {"limit": 95, "off_delay": "60s"}}
WIDE_HH = {"H": 90, "HH": {"limit": 95, "deadband": 20}}
WIDE_LATE_HH = {"H": 90, "HH": {"limit": 95, "deadband": 20, "on_delay": "10s"}}

STORIES = [
    # 3.1
    (H90, "0: 90 | 1: 90.001", ["1 raised H high"], "the limit itself is no alarm, the least above it is"),
    (H90, "0: 91 | 1: 90", ["0 raised H high", "1 cleared H high"], "without a deadband the limit itself ends it"),
    (BAND, "0: 91 | 1: 85.001 | 2: 85", ["0 raised H high", "2 cleared H high"], "the deadband's end ends it"),
    (BAND, "0: 87 | 1: 89", [], "the deadband begins nothing"),
    ({"L": 10}, "0: 10 | 1: 9.9 | 2: 10", ["1 raised L low", "2 cleared L low"], "the low side is the mirror image"),
    ({"L": 10, "deadband": 2}, "0: 9 | 1: 11.9 | 2: 12", ["0 raised L low", "2 cleared L low"], "its deadband, too"),
    ({"L": 0}, "0: 0 | 1: -0.5 | 2: 0", ["1 raised L low", "2 cleared L low"], "a limit of zero is a limit"),
    # 3.2
    (LATE_ON, "0: 91 | 9 | 10", ["10 raised H high"], "advance alone finds the on-delay over"),
    (LATE_ON, "0: 91 | 30", ["10 raised H high @30"], "found late, it is effective when it was over"),
    (LATE_ON, "30: 0=91 12=92", ["10 raised H high @30"], "a sample after it finds it over at the same time"),
    (LATE_ON, "0: 91 | 5: 95 | 9: 91 | 10", ["10 raised H high"], "values above the limit do not begin it anew"),
    (LATE_ON, "0: 91 | 5: 90 | 6: 91 | 15 | 16", ["16 raised H high"], "a break begins the on-delay anew"),
    # 3.3
    (
        LATE_ON,
        "0: 91 | 10: 80",
        ["10 raised H high", "10 cleared H high"],
        "ending just when the on-delay is over is too late",
    ),
    (LATE_ON, "0: 91 | 9.999999: 80 | 20", [], "ending a microsecond before is in time"),
    # 3.4
    (LATE_OFF, "0: 91 | 5: 80 | 14 | 15", ["0 raised H high", "15 cleared H high"], "cleared after the off-delay"),
    (
        LATE_OFF,
        "0: 91 | 5: 80 | 9: 91 | 20 | 21: 80 | 31",
        ["0 raised H high", "31 cleared H high"],
        "a return in time continues the alert",
    ),
    (
        LATE_OFF,
        "0: 91 | 5: 80 | 15: 91",
        ["0 raised H high", "15 cleared H high", "15 raised H high"],
        "a return just when the off-delay is over is a new alert",
    ),
    (
        LATE_OFF,
        "0: 91 | 5: 80 | 14.999999: 91 | 20",
        ["0 raised H high"],
        "a return a microsecond before continues the alert",
    ),
    (LATE_OFF, "0: 91 | 5: 80 | 8: 70 | 15", ["0 raised H high", "15 cleared H high"], "lower still changes nothing"),
    (
        {**BAND, "off_delay": "10s"},
        "0: 91 | 5: 80 | 8: 89 | 15",
        ["0 raised H high", "15 cleared H high"],
        "the deadband is no return",
    ),
    # 3.5
    (TWO, "0: 91 | 1: 96", ["0 raised H high", "1 level_up HH high"], "the level goes up"),
    (TWO, "0: 96 | 1: 93", ["0 raised HH high", "1 level_down H high"], "the level goes down"),
    (TWO, "0: 96 | 1: 80", ["0 raised HH high", "1 cleared HH high"], "over at once, it ends at the level it had"),
    (TWO, "0: 96", ["0 raised HH high"], "a jump over both is one alert"),
    ({"HH": 95}, "0: 94 | 1: 96 | 2: 95", ["1 raised HH high", "2 cleared HH high"], "HH without H stands alone"),
    (
        {"L": 10, "LL": 5},
        "0: 9 | 1: 4 | 2: 7 | 3: 20",
        ["0 raised L low", "1 level_up LL low", "2 level_down L low", "3 cleared L low"],
        "down to LL is up",
    ),
    (
        {"H": 90, "L": 10},
        "0: 91 | 1: 5",
        ["0 raised H high", "1 cleared H high", "1 raised L low"],
        "the sides are alerts of their own",
    ),
    (
        LATE_HH,
        "0: 96 | 9 | 10",
        ["0 raised H high", "10 level_up HH high"],
        "HH waits for its own on-delay",
    ),
    (LATE_HH, "0: 96 | 5: 93 | 10", ["0 raised H high"], "HH does not come when its condition broke"),
    (
        LONG_HH,
        "0: 96 | 5: 92 | 64 | 65",
        ["0 raised HH high", "65 level_down H high"],
        "HH goes after its own off-delay",
    ),
    (LONG_HH, "0: 96 | 5: 80 | 65", ["0 raised HH high", "65 cleared HH high"], "H goes silently under HH"),
    (
        LONG_HH,
        "0: 96 | 5: 80 | 60: 91 | 65",
        ["0 raised HH high", "65 level_down H high"],
        "H that came back under HH is what is left",
    ),
    # 1.5
    (
        {"H": 90, "HH": 95, "on_delay": "10s"},
        "0: 96 | 10",
        ["10 raised HH high"],
        "what is due at one instant takes effect together",
    ),
    (
        LATE_H,
        "0: 91 | 10: 96",
        ["10 raised H high", "10 level_up HH high"],
        "a delay that is over at a sample is over before it",
    ),
    # 3.6
    (
        WIDE_HH,
        "0: 96 | 5: 80 | 6: 75",
        ["0 raised HH high", "6 cleared HH high"],
        "HH with a deadband beyond H keeps H standing",
    ),
    (
        WIDE_LATE_HH,
        "0: 96 | 5: 80 | 10",
        ["0 raised H high", "10 level_up HH high"],
        "H does not end while HH is on its way",
    ),
    # 3.7
    (LATE_H, "0: 96 | 10 | 20", ["0 raised HH high"], "H is raised silently under HH"),
    (
        LATE_H,
        "0: 96 | 5: 93 | 10",
        ["0 raised HH high", "5 level_down H high"],
        "H is left when HH goes, though its on-delay is not over",
    ),
    # 3.9
    (
        LATE_ON,
        "0: 91 | 10 | 11: 5=80",
        ["10 raised H high", "10 cleared H high @11"],
        "cleared by lagging data, but not before it was raised",
    ),
    (
        LATE_OFF,
        "0: 91 | 2: 80 | 12 | 13: 5=91",
        ["0 raised H high", "12 cleared H high", "5 raised H high @13"],
        "a return that lags behind the clock is a new alert",
    ),
    # 1.6, and a backlog is real
    (
        H90,
        "0: 50 | 100: 10=91 20=80 30=95",
        ["10 raised H high @100", "20 cleared H high @100", "30 raised H high @100"],
        "a backlog raises and clears in the past",
    ),
    (LATE_ON, "100: 10=91 15=80 40=91", ["50 raised H high @100"], "a backlog's delays are kept, too"),
    (
        H90,
        "0: 50 | 1: 3=91 | 2 | 3: 4=80",
        ["3 raised H high @1", "4 cleared H high @3"],
        "a sample ahead of the clock is evaluated",
    ),
]


@pytest.mark.parametrize(
    ("limits", "story", "expected"),
    [pytest.param(limits, story, expected, id=name) for limits, story, expected, name in STORIES],
)
def test_limit(limits: dict[str, Any], story: str, expected: list[str]) -> None:
    assert shorts(tell(story, tag_of(limits=limits))) == expected


def test_each_level_has_its_own_delays_and_deadband() -> None:
    limits = {
        "H": {"limit": 90, "deadband": 5, "on_delay": "0s", "off_delay": "3s"},
        "HH": {"limit": 95, "on_delay": "2s"},
        "deadband": 1,
        "on_delay": "60s",
        "off_delay": "1s",
    }
    told = shorts(tell("0: 96 | 2 | 3: 94 | 4 | 5: 86 | 6: 85 | 8 | 9", tag_of(limits=limits)))
    assert told == ["0 raised H high", "2 level_up HH high", "4 level_down H high", "9 cleared H high"]


def test_limits_of_the_rule_replace_those_of_the_tag() -> None:
    rules = RuleSet.model_validate({"rules": [{"kind": "limit", "id": "own", "limits": {"H": 50}}]})
    told = tell("0: 9 | 1: 51", tag_of(limits={"H": 90, "L": 10}), rules=rules)
    assert shorts(told) == ["1 raised H high"]
    assert (told[0].rule, told[0].limit) == ("own", 50.0)


def test_two_rules_over_one_tag_are_two_alerts() -> None:
    rules = RuleSet.model_validate(
        {"rules": [{"kind": "limit", "id": "b"}, {"kind": "limit", "id": "a", "limits": {"H": 80}}]}
    )
    told = tell("0: 91", tag_of(limits=H90), rules=rules)
    assert [one.rule for one in told] == ["a", "b"]
    assert told[0].alert_id != told[1].alert_id


def test_one_alert_keeps_its_identity_through_all_its_levels() -> None:
    told = tell("0: 91 | 1: 96 | 2: 97! | 3: 92 | 4: 80 | 5: 91", tag_of(limits=TWO))
    *first, second = told
    assert len({one.alert_id for one in first}) == 1
    assert len({one.onset_us for one in first}) == 1
    assert second.alert_id != first[0].alert_id


def test_the_peak_is_the_most_extreme_value_since_onset() -> None:
    told = tell("0: 91 | 3: 94 | 5: 92 | 10 | 11: 98 | 12: 93 | 13: 80", tag_of(limits=LATE_ON))
    assert [(one.change.value, one.peak) for one in told] == [("raised", 94.0), ("cleared", 98.0)]


def test_the_peak_counts_from_the_onset_of_the_level_that_was_raised() -> None:
    limits = {"H": {"limit": 90, "on_delay": "60s"}, "HH": {"limit": 95, "on_delay": "5s"}}
    told = tell("0: 99 | 1: 94 | 2: 96 | 7", tag_of(limits=limits))
    assert [(one.level, one.peak) for one in told] == [("HH", 96.0)]


def test_the_peak_of_a_low_alarm_is_the_lowest_value() -> None:
    told = tell("0: 9 | 1: 3 | 2: 5 | 3: 12", tag_of(limits={"L": 10}))
    assert told[-1].peak == 3.0


def test_an_uncertain_or_bad_peak_value_counts_only_if_it_was_used() -> None:
    told = tell("0: 91 | 1: 99! | 2: 97? | 3: 80", tag_of(limits=H90))
    assert told[-1].peak == 97.0


@pytest.mark.parametrize(
    ("story", "sentences"),
    [
        ("0: 91.25", ["level 91.25 % above H 90 %"]),
        ("0: 91 | 1: 96", ["level 91 % above H 90 %", "level 96 % above HH 95 %"]),
        ("0: 96 | 1: 93", ["level 96 % above HH 95 %", "level 93 % back below HH 95 %, alarm at H 90 %"]),
        ("0: 5 | 1: 12", ["level 5 % below L 10 %", "level 12 % back above L 10 %"]),
        ("0: 91?", ["level 91 % above H 90 %; unverified, data uncertain"]),
        (
            "0: 91 | 1: 3! | 2: 92",
            [
                "level 91 % above H 90 %",
                "data bad; level 91 % when last known, alarm at H 90 %",
                "good data again: level 92 %, alarm at H 90 %",
            ],
        ),
        (
            "0: 91 | 21",
            [
                "level 91 % above H 90 %",
                "no data for more than 20s; level 91 % when last known, alarm at H 90 %",
            ],
        ),
    ],
)
def test_the_sentence_says_why(story: str, sentences: list[str]) -> None:
    limits = {"H": 90, "HH": 95, "L": 10}
    assert [one.why for one in tell(story, tag_of(limits=limits, stale_after="20s"))] == sentences
