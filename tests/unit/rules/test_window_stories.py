"""Kind ``window``, story by story. Numbers are paragraphs of ``deploy/docs/semantics.md``.

The stories begin at 16:00:00 of 2027-01-15, +08:00.
"""

from typing import Any

import pytest

from rules.engine import Engine
from rules.transition import to_bytes
from tests.unit.rules.pane_stories import reloaded, rule_set, short_story, told
from tests.unit.rules.stories import START_US, short, shorts, table_of, tag_of, tell

#: Four panes of a second; at least two must be valid; the clock waits a second.
_FOUR: dict[str, Any] = {"kind": "window", "window": "4s", "panes": 4, "min_valid": 0.5, "grace": "1s"}
_MEAN: dict[str, Any] = _FOUR | {"limits": {"H": 60}}


def test_a_sliding_mean_is_judged_with_every_pane() -> None:
    # 12.4: at 4 s the mean of 50, 60, 70, 80 is 65; at 6 s that of 70, 80, 20, 20 is 47.5
    assert short_story("0: 50 | 1: 60 | 2: 70 | 3: 80 | 4: 20 | 5: 20 | 6: 20", **_MEAN) == [
        "4 raised H high",
        "5 cleared H high",
    ]


def test_a_pane_counts_once_however_many_samples_it_has() -> None:
    # 12.3: panes 50, 80, 50, 50; the plain mean of the samples would be above 60.
    story = "0: 0=50 0.1=50 1.0=80 1.1=80 1.2=80 1.3=80 1.4=80 1.5=80 1.6=80 2=50 3=50 4=50 | 5"
    assert short_story(story, **_MEAN | {"min_valid": 1}) == []
    assert short_story(story, **_MEAN | {"min_valid": 1, "limits": {"H": 57}})[0] == "4 raised H high @0"


def test_tumbling_windows_end_with_their_last_pane_only() -> None:
    # 12.1: windows are [0, 4) and [4, 8); the sliding mean would pass the limit at 6 s already.
    story = "0: 50 | 1: 50 | 2: 50 | 3: 50 | 4: 90 | 5: 90 | 6: 90 | 7: 90 | 8: 50 | 9: 50 | 10: 50 | 11: 50 | 12: 50"
    assert short_story(story, **_MEAN, sliding=False) == ["8 raised H high", "12 cleared H high"]


def test_hours_begin_with_the_hours_of_china() -> None:
    hour = {"kind": "window", "window": "1h", "panes": 4, "sliding": False, "limits": {"H": 60}}
    minutes = " | ".join(f"{60 * minute}: {70 if 30 <= minute < 90 else 40}" for minute in range(0, 125, 5))
    # Both 16:00-17:00 and 17:00-18:00 have a mean of 55; 16:30-17:30 would have 70.
    assert short_story(minutes, **hour) == []
    assert short_story(minutes, **hour | {"limits": {"H": 54}}) == ["3600 raised H high"]


@pytest.mark.parametrize(
    ("aggregate", "limits", "expected"),
    [
        pytest.param({"aggregate": "max"}, {"H": 79}, ["4 raised H high", "8 cleared H high"], id="max"),
        pytest.param({"aggregate": "min"}, {"L": 30}, ["5 raised L low"], id="min"),
        pytest.param({"aggregate": "sum"}, {"H": 250}, ["4 raised H high", "5 cleared H high"], id="sum"),
        pytest.param({"aggregate": "count"}, {"H": 4.5}, ["5 raised H high", "9 cleared H high"], id="count"),
        pytest.param(
            {"aggregate": "percentile", "percentile": 75}, {"H": 72}, ["4 raised H high", "7 cleared H high"], id="p75"
        ),
    ],
)
def test_every_aggregate_is_that_of_the_window(
    aggregate: dict[str, Any], limits: dict[str, float], expected: list[str]
) -> None:
    story = "0: 50 | 1: 60 | 2: 70 | 3: 80 | 4: 4=20 4.5=20 | 5: 20 | 6: 20 | 7: 20 | 8: 20 | 9: 20"
    assert short_story(story, **_FOUR, **aggregate, limits=limits) == expected


def test_an_uncertain_sample_marks_every_window_it_is_in() -> None:
    # 12.4: it is in the windows that end at 4 to 7 s.
    story = "0: 70 | 1: 70 | 2: 70 | 3: 70? | 4: 70 | 5: 70 | 6: 70 | 7: 70 | 8: 70 | 9: 70"
    assert short_story(story, **_MEAN) == [
        "2 raised H high",
        "4 unverified H high unverified",
        "8 verified H high",
    ]


def test_an_uncertain_sample_may_be_left_out() -> None:
    story = "0: 50 | 1: 99? | 2: 50 | 3: 99? | 4: 50 | 5: 50"
    assert short_story(story, **_MEAN, uncertain="bad") == []
    assert short_story(story, **_MEAN)[0] == "2 raised H high unverified"


def test_bad_samples_count_for_nothing_but_show_that_a_pane_has_ended() -> None:
    # 12.5: at 4 s the data themselves show that the window has 2 of 4 panes, at 5 s one.
    story = "0: 70 | 1: 70 | 2: 70! | 3: 70! | 4: 70! | 5: 70! | 6: 70!"
    assert short_story(story, **_MEAN) == ["2 raised H high", "5 unverified H high unverified"]


def test_the_clock_decides_what_is_there_and_then_says_that_too_little_is() -> None:
    # 12.6: nothing after 3 s. Ends at 4, 5, 6 s have 4, 3, 2 panes; that at 7 s has one.
    assert short_story("0: 50 | 1: 50 | 2: 50 | 3: 90 | 4 | 5 | 6 | 7 | 8 | 9 | 60", **_MEAN) == [
        "5 raised H high @6",
        "7 unverified H high unverified @8",
    ]


def test_a_backlog_is_judged_in_the_past_where_the_clock_could_not_decide() -> None:
    # 12.6: [4, 7) were silent, live; the ends from 6 s on are judged when the backlog comes, in order.
    story = "0: 50 | 1: 50 | 2: 50 | 3: 50 | 20: 4=60 5=60 6=90 7=90 8=20 9=20 10=20 11=20 12=20"
    assert short_story(story.replace("| 20:", "| 10 | 20:"), **_MEAN) == [
        "7 raised H high @20",
        "10 cleared H high @20",
    ]


def test_the_newest_end_that_the_clock_decided_is_judged_again_when_data_pass_it() -> None:
    # 12.6: the end at 5 s (50, 50, 50, -) stays decided; with 4 s = 95 it would have been above 60. That at 6 s
    # (50, 50, -, -) was decided by 7 s; now it is 50, 50, 95, 99. At 8 s 95, 99, 20, 20 is 58.5.
    assert short_story("0: 50 | 1: 50 | 2: 50 | 3: 50 | 7 | 8: 4=95 5=99 6=20 7=20 8=20", **_MEAN) == [
        "6 raised H high @8",
        "8 cleared H high",
    ]


def test_an_hour_whose_last_minutes_come_late_is_not_lost() -> None:
    hour = {"kind": "window", "window": "1h", "panes": 4, "sliding": False, "limits": {"H": 60}}
    # The line is down from 16:45 to 17:10; the quarter that is missing takes the mean from 50 to 62.5.
    story = "0: 50 | 900: 50 | 1800: 50 | 3610 | 4200: 2700=100 3600=40 4200=40"
    assert short_story(f"{story} | 4500: 40 | 5400: 40 | 6300: 40 | 7200: 40", **hour) == [
        "3600 raised H high @4200",
        "7200 cleared H high",
    ]
    # The other way round: what was raised from too little ends as of the same moment.
    story = "0: 70 | 900: 70 | 1800: 70 | 3610 | 4200: 2700=10 3600=10 4200=10"
    assert short_story(story, **hour) == ["3600 raised H high @3610", "3600 cleared H high @4200"]


def test_an_alert_that_ended_by_too_few_data_is_followed_by_another_one() -> None:
    hour = {"kind": "window", "window": "1h", "panes": 4, "sliding": False, "limits": {"H": 60}}
    story = "0: 70 | 900: 70 | 1800: 70 | 2700: 70 | 3600: 50 | 4500: 50 | 5400: 50 | 7210 | 7300: 6300=99 7300=20"
    assert short_story(story, **hour) == [
        "3600 raised H high",
        "7200 cleared H high @7210",
        "7200 raised H high @7300",
    ]


def test_what_is_told_is_the_newer_of_two_numbers_of_one_end() -> None:
    # 12.6: by the clock the end at 20 s had 3 samples; once data pass it, it has 4.
    count = {"kind": "window", "window": "6s", "panes": 6, "min_valid": 0.5, "grace": "3s", "aggregate": "count"}
    story = "10: 0 | 14: 6 | 18: 16=10 17=5 | 24 | 25: 19=1 20=8 22=2 24=6 27=5"
    alerts = told(story, **count, limits={"H": 3.5, "on_delay": "1s"})
    assert [(short(one), one.value) for one in alerts][:1] == [("21 raised H high @25", 4.0)]


def test_late_samples_are_not_looked_at() -> None:
    assert short_story("0: 50 | 1: 50 | 3: 50 | 3.5: 2=99 2.5=99 | 4: 50 | 5: 50", **_MEAN) == []


def test_a_gap_of_days_is_no_work_and_leaves_the_alert_unverified() -> None:
    story = "0: 70 | 1: 70 | 2: 70 | 900000: 50 | 900001: 50 | 900002: 50"
    assert short_story(story, **_MEAN) == [
        "2 raised H high",
        "6 unverified H high unverified @900000",
        "900002 cleared H high",
    ]


def test_a_tag_that_was_never_heard_has_no_window() -> None:
    low = _FOUR | {"aggregate": "count", "limits": {"L": 1}}
    assert short_story("0 | 5 | 60", **low) == []


def test_a_mean_equal_to_its_limit_in_decimals_is_not_above_it() -> None:
    # 12.7: 0.1 + 0.1 + 0.1 is more than 0.3 in binary.
    story = "0: 0.1 | 1: 0.1 | 2: 0.1 | 3: 0.1"
    three = {"kind": "window", "window": "3s", "panes": 3, "min_valid": 1}
    assert short_story(story, **three, limits={"H": 0.1}) == []
    assert short_story(story, **three, limits={"H": 0.0999999999}) == ["3 raised H high"]


def test_sentences_name_the_window_its_number_and_its_panes() -> None:
    story = "0: 50 | 1: 60 | 2: 70 | 3: 80 | 4: 20 | 7 | 8 | 9"
    assert [one.why for one in told(story, **_MEAN)] == [
        "mean of level over 4s 65 % (4 of 4 panes with data) above H 60 %",
        "mean of level over 4s 57.5 % (4 of 4 panes with data) back below H 60 %",
    ]
    count = _FOUR | {"aggregate": "count", "limits": {"H": 1}}
    assert [one.why for one in told("0: 1 | 1: 1 | 2: 1 | 9", **count)] == [
        "count of level over 4s 2 samples (2 of 4 panes with data) above H 1 samples",
        "less than 50 % of the window has data; count of level over 4s 2 samples (2 of 4 panes with data) "
        "when last known, alarm at H 1 samples",
    ]


def test_a_changed_window_begins_anew_and_says_so() -> None:
    # 12.8
    told_of, notes = reloaded(
        "0: 70 | 1: 70 | 2: 70", "3: 70 | 4: 70 | 5: 50 | 6: 50 | 7: 50", _MEAN, _MEAN | {"window": "8s"}
    )
    assert notes == ["rule rule: its signal is another one now and begins anew"]
    assert told_of == ["4 unverified H high unverified", "6 verified H high"]


def test_a_changed_limit_is_held_at_once_against_the_newest_mean() -> None:
    # 12.8, 6.4
    told_of, notes = reloaded("0: 70 | 1: 70 | 2: 70", "2.5 | 3: 70", _MEAN, _MEAN | {"limits": {"H": 75}})
    assert (told_of, notes) == (["2.5 cleared H high"], [])


def test_rules_with_like_panes_share_rings_and_others_do_not() -> None:
    rules = [
        {"id": f"r{n}", **_MEAN, "limits": {"H": 60 + n}, "applies_to": {"tag": [tag]}} for n, tag in enumerate("ab")
    ]
    both = rule_set(**rules[0]).model_copy(update={"rules": rule_set(**rules[0]).rules + rule_set(**rules[1]).rules})
    story = "0: a:70 b:70 | 1: a:70 b:70 | 2: a:70 b:70"
    assert shorts(tell(story, tag_of("a"), tag_of("b"), rules=both)) == ["2 raised H high", "2 raised H high"]


def test_a_clock_that_was_ahead_decides_again() -> None:
    # 1.2, 12.8
    engine = Engine(table_of(tag_of()), rule_set(**_MEAN))
    tell("0: 50 | 1: 50 | 2: 50 | 3: 50 | 7", engine=engine)  # the end at 6 s is decided
    engine.set_back(START_US + 4_000_000)
    assert shorts(tell("4: 90 | 5: 90 | 6: 90 | 7: 90", engine=engine)) == ["6 raised H high"]


def test_live_and_in_one_piece_give_the_same_alerts() -> None:
    story = [f"{second}: {50 + 25 * (second % 7 > 2)}" for second in range(40)]
    live = told(" | ".join(story), **_MEAN)
    rows = " ".join(f"{moment.split(':')[0]}={moment.split(': ')[1]}" for moment in story)
    at_once = told(f"39: {rows}", **_MEAN)
    assert [one.alert_id for one in live] == [one.alert_id for one in at_once]
    assert len(to_bytes(live)) > 0
