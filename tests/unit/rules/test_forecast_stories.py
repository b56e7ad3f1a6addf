"""Kind ``forecast``, story by story. Numbers are paragraphs of ``deploy/docs/semantics.md``.

The stories begin at 16:00:00 of 2027-01-15, +08:00.
"""

from collections.abc import Callable
from typing import Any

import pytest

from rules.china_time import moment, span
from tests.unit.rules.pane_stories import reloaded, rule_set, short_story, told
from tests.unit.rules.stories import START_US, tag_of

_HOUR: dict[str, Any] = {"kind": "forecast", "of": "mean", "window": "1h", "limits": {"H": 60}}
#: Of four panes of a second; something is said from the first on.
_FOUR: dict[str, Any] = _HOUR | {"window": "4s", "panes": 4}
_LINE: dict[str, Any] = {"kind": "forecast", "of": "value", "window": "4s", "panes": 4, "ahead": "10s"}
_RISING: dict[str, Any] = _LINE | {"limits": {"H": 75}, "min_valid": 0.5}


def _minutes(count: int, value: Callable[[int], float]) -> str:
    return " | ".join(f"{60 * minute}: {value(minute):g}" for minute in range(count))


def test_it_tells_when_the_running_mean_will_pass_its_limit_and_by_how_much() -> None:
    story = _minutes(25, lambda minute: 40 if minute < 20 else 85)
    alerts = told(story, **_HOUR)
    # At 16:21 the mean so far is 42.14; 39 more minutes of 85 make it 70; after 15 of them it is 60.
    assert [one.why for one in alerts] == [
        "level mean of 16:00-17:00 forecast 70 % above H 60 % by 10 %; 42.1429 % so far, now 85 %, "
        "passes it at 16:36 if nothing changes"
    ]
    assert alerts[0].effective_us == START_US + 21 * 60_000_000


def test_nothing_is_said_before_a_share_of_the_window_is_known() -> None:
    # 14.4: 15 of 60 panes.
    assert short_story(_minutes(15, lambda _: 90), **_HOUR) == []
    assert short_story(_minutes(16, lambda _: 90), **_HOUR) == ["900 raised H high"]


def test_it_ends_when_the_value_falls_in_time() -> None:
    # At 22 minutes the level is 30 again.
    story = _minutes(30, lambda minute: 85 if 18 <= minute < 21 else 40)
    assert short_story(story, **_HOUR) == ["1140 raised H high", "1320 cleared H high"]


def test_each_tag_is_held_against_its_own_limit_of_the_level() -> None:
    # 14.1: the H of 40 is passed all along, and not what the rule is about.
    own = {key: value for key, value in _FOUR.items() if key != "limits"} | {"level": "HH"}
    limited = tag_of(limits={"H": 40, "HH": {"limit": 60, "deadband": 5}})
    assert short_story("0: 50 | 1: 70 | 2: 70 | 3: 50 | 4: 56 | 5: 54 | 6: 54", limited, **own) == [
        "2 raised HH high",
        "6 cleared HH high",
    ]
    assert short_story("0: 70 | 1: 70 | 2: 70", tag_of(limits={"H": 40}), **own) == []
    assert short_story("0: 70 | 1: 70 | 2: 70", tag_of(), **own) == []


@pytest.mark.parametrize("fields", [{}, {"limits": {"H": 60}, "level": "HH"}])
def test_limits_and_level_are_one_of_them(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"give limits, or level \(the tag's own limit\), one of them"):
        rule_set(**{key: value for key, value in _FOUR.items() if key != "limits"}, **fields)


def test_at_the_window_end_the_mean_itself_decides() -> None:
    # 14.5: the last second brings the mean of the first window to 57.5, below the limit.
    assert short_story("0: 70 | 1: 70 | 2: 70 | 3: 20 | 4: 70 | 5: 70", **_FOUR) == [
        "1 raised H high",
        "4 cleared H high",
        "5 raised H high",
    ]
    # The first window ends above it; the first forecast of the second says 40.
    assert short_story("0: 70 | 1: 70 | 2: 70 | 3: 70 | 4: 40 | 5: 40", **_FOUR) == [
        "1 raised H high",
        "5 cleared H high",
    ]
    assert short_story("0: 70 | 1: 70 | 2: 70 | 3: 70 | 4: 80 | 5: 80 | 9: 80", **_FOUR) == ["1 raised H high"]


def test_an_alert_stands_while_a_new_window_knows_too_little() -> None:
    # 14.4: the second window says something from 6 s on.
    half = _FOUR | {"min_valid": 0.5}
    assert short_story("0: 70 | 1: 70 | 2: 70 | 3: 70 | 4: 40 | 5: 40 | 6: 40", **half) == [
        "2 raised H high",
        "6 cleared H high",
    ]


def test_bad_samples_and_missing_panes_are_no_part_of_the_mean() -> None:
    # At 3 s: 70 and 50 are known, the rest is 50: (70 + 50 + 50) / 3.
    assert short_story("0: 70 | 1: 0! | 2: 50 | 3: 50", **_FOUR | {"limits": {"H": 56.6}})[-1] == "1 raised H high"
    assert short_story("0: 70 | 2: 50 | 3: 50", **_FOUR | {"limits": {"H": 56.7}})[-1] == "3 cleared H high"


def test_uncertain_samples_mark_the_forecasts_of_their_window() -> None:
    story = "0: 70? | 1: 70 | 2: 70 | 3: 70 | 4: 70 | 5: 70"
    assert short_story(story, **_FOUR) == ["1 raised H high unverified", "5 verified H high"]
    assert short_story(story, **_FOUR, uncertain="bad") == ["2 raised H high"]


def test_the_clock_forecasts_on_until_the_tag_is_stale() -> None:
    # 14.1, 14.2: its newest pane ended at 2 s; at 5 s that is 3 s ago, at 6 s it is more. (Panes of a window of 8 s.)
    eight = _HOUR | {"window": "8s", "panes": 8, "limits": {"H": 63.9}, "min_valid": 0.25}
    stale = tag_of(stale_after="3s")
    assert short_story("0: 60 | 1: 65 | 8 | 10 | 11 | 20: 65", stale, **eight) == [
        "2 raised H high @8",
        "6 unverified H high unverified @11",
    ]
    # Held on: at 6 s (60 + 65 + 65 + 65) / 4 is 63.75.
    assert short_story("0: 60 | 1: 65 | 8 | 10 | 11", **eight) == ["2 raised H high @8", "6 cleared H high @11"]


def test_a_backlog_is_judged_in_the_past() -> None:
    stale = tag_of(stale_after="1s")
    assert short_story("0: 40 | 1: 40 | 20 | 30: 2=40 3=40 4=90 5=90 6=90", stale, **_FOUR) == [
        "5 raised H high @30",
        "9 unverified H high unverified @30",
    ]


def test_late_samples_are_not_looked_at() -> None:
    assert short_story("0: 40 | 2: 40 | 2.5: 1=400 | 3: 40 | 4: 40", **_FOUR) == []


def test_a_window_that_stayed_too_empty_leaves_its_alert_unverified() -> None:
    # 14.4: the second window has one pane of four.
    half = _FOUR | {"min_valid": 0.5}
    assert short_story("0: 70 | 1: 70 | 2: 70 | 3: 70 | 4: 70 | 20", **half) == [
        "2 raised H high",
        "8 unverified H high unverified @20",
    ]


def test_a_line_tells_when_a_value_will_reach_its_limit() -> None:
    # 14.6: 1 % a second. At 4 s the line is at 64 (the panes' middles at 60 to 63 plus a half), in 10 s at 73.5.
    story = " | ".join(f"{second}: {60 + second}" for second in range(9))
    alerts = told(story, **_RISING)
    assert [(one.effective_us - START_US) // 1_000_000 for one in alerts] == [6]
    assert alerts[0].why == (
        "level predicted 75.5 % in 10s above H 75 % by 0.5 %; now 65.5 %, +60 %/min, reaches it in 10s "
        "if nothing changes"
    )


def test_a_line_is_not_drawn_through_too_little() -> None:
    one_pane = _LINE | {"limits": {"H": 50}, "min_valid": 0.25}
    assert short_story("0: 60 | 1: 60", **one_pane) == []
    assert short_story("0: 60 | 1: 60 | 2: 60", **one_pane) == ["2 raised H high"]
    assert short_story("0: 60 | 1: 60 | 2: 60", **_RISING | {"min_valid": 0.75}) == []


def test_a_level_line_at_its_limit_does_not_pass_it() -> None:
    story = " | ".join(f"{second}: 0.1" for second in range(9))
    assert short_story(story, **_LINE, limits={"H": 0.1, "L": 0.1 - 1e-9}) == []


def test_a_line_holds_unverified_when_data_are_bad_or_missing() -> None:
    rising = " | ".join(f"{second}: {60 + 2 * second}" for second in range(4))
    assert short_story(f"{rising} | 4: 0! | 5: 0! | 6: 0! | 7: 0! | 8: 0!", **_RISING) == [
        "2 raised H high",
        "7 unverified H high unverified",
    ]
    assert short_story(f"{rising} | 20", **_RISING) == ["2 raised H high", "7 unverified H high unverified @20"]


def test_a_line_through_an_uncertain_sample_is_unverified() -> None:
    rising = "0: 60 | 1: 62? | 2: 64 | 3: 66 | 4: 68 | 5: 70 | 6: 72"
    assert short_story(rising, **_RISING) == ["2 raised H high unverified", "6 verified H high"]


def test_another_window_begins_anew_and_says_so() -> None:
    told_of, notes = reloaded("0: 70 | 1: 70", "2: 70 | 3: 70 | 4: 50 | 5: 50", _FOUR, _FOUR | {"window": "8s"})
    assert notes == ["rule rule: its signal is another one now and begins anew"]
    assert told_of == []
    assert reloaded("0: 70 | 1: 70", "1.5", _FOUR, _FOUR | {"limits": {"H": 71}}) == (["1.5 cleared H high"], [])


def test_a_rule_may_turn_from_mean_to_value_under_a_standing_alert() -> None:
    told_of, _ = reloaded(
        "0: 70 | 1: 70", "9: 0! | 10: 50 | 11: 50 | 12: 50 | 13: 50", _FOUR, _LINE | {"limits": {"H": 60}}
    )
    assert told_of == ["10 unverified H high unverified", "12 cleared H high"]
    told_of, _ = reloaded(
        "0: 70 | 1: 70 | 2: 70", "3: 70 | 12", _LINE | {"limits": {"H": 60}}, _FOUR | {"min_valid": 1}
    )
    assert told_of == ["4 unverified H high unverified @12"]


def test_moments_are_told_in_the_time_of_china() -> None:
    assert moment(START_US, START_US) == "16:00"
    assert moment(START_US + 8 * 3_600_000_000, START_US) == "2027-01-16 00:00"
    assert span(START_US - 16 * 3_600_000_000, START_US + 8 * 3_600_000_000) == "2027-01-15"
    assert span(START_US, START_US + 60_000_000) == "16:00-16:01"
