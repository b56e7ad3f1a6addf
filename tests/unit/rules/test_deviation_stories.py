"""Kind ``deviation``, story by story. Numbers are paragraphs of ``deploy/docs/semantics.md``."""

from typing import Any

import pytest
from pydantic import ValidationError

from tests.unit.rules.pane_stories import reloaded, rule_set, short_story, told
from tests.unit.rules.stories import tag_of

_SISTER: dict[str, Any] = {"kind": "deviation", "reference": "b", "limits": {"H": 10, "L": -10}}
_OWN: dict[str, Any] = {"kind": "deviation", "own_mean": "4s", "panes": 4, "limits": {"H": 10, "L": -10}}
_SIGMA: dict[str, Any] = {"kind": "deviation", "own_mean": "4s", "panes": 4, "sigma": 3}
_AB = tag_of("a"), tag_of("b")


def test_a_tag_is_held_against_its_sister() -> None:
    story = "0: a:50 b:50 | 1: a:60 | 2: a:61 | 3: b:55 | 4: b:80"
    assert short_story(story, *_AB, **_SISTER) == ["2 raised H high", "3 cleared H high", "4 raised L low"]


def test_what_comes_and_goes_between_two_looks_is_not_seen() -> None:
    # 13.2
    assert short_story("0: a:50 b:50 | 5: a@1=90 a@2=50", *_AB, **_SISTER) == []


def test_it_is_judged_as_of_the_clock_however_old_the_samples_are() -> None:
    assert short_story("0: a:50 b:50 | 5: a@3=90", *_AB, **_SISTER) == ["5 raised H high"]


@pytest.mark.parametrize("tag", ["a", "b"])
def test_a_bad_side_holds_the_alert_unverified(tag: str) -> None:
    # 13.3: what is over while it is not known ends with the next good sample.
    story = f"0: a:70 b:50 | 1: {tag}:0! | 2: {'b' if tag == 'a' else 'a'}:60 | 3: {tag}:60"
    assert short_story(story, *_AB, **_SISTER) == [
        "0 raised H high",
        "1 unverified H high unverified",
        "3 cleared H high",
    ]


def test_a_stale_reference_holds_the_alert_unverified() -> None:
    tags = tag_of("a"), tag_of("b", stale_after="3s")
    assert short_story("0: a:70 b:50 | 3 | 4 | 5: b:65", *tags, **_SISTER) == [
        "0 raised H high",
        "4 unverified H high unverified",
        "5 cleared H high",
    ]


@pytest.mark.parametrize("tag", ["a", "b"])
def test_an_uncertain_side_marks_what_it_raises(tag: str) -> None:
    good, mine = ("b", "70?") if tag == "a" else ("a", "50?")
    story = f"0: {good}:{50 if good == 'b' else 70} {tag}:{mine}"
    assert short_story(story, *_AB, **_SISTER) == ["0 raised H high unverified"]
    assert short_story(story, *_AB, **_SISTER, uncertain="bad") == []


def test_without_the_reference_nothing_is_said() -> None:
    # 13.2: never heard; not there; and `b` itself, which is its own.
    assert short_story("0: a:70 | 9", *_AB, **_SISTER) == []
    assert short_story("0: a:70 b:0 | 9", *_AB, **_SISTER | {"reference": "c"}) == []


def test_late_samples_are_not_looked_at() -> None:
    assert short_story("0: a:50 b:50 | 5: a:50 | 6: a@4=90", *_AB, **_SISTER) == []
    assert short_story("0: 50 | 1: 50 | 2: 50 | 5: 50 | 6: 4=90", **_OWN) == []


def test_delays_of_the_rule_hold_where_limits_give_none() -> None:
    # 13.1
    story = "0: a:50 b:50 | 1: a:70 | 2 | 3 | 4"
    assert short_story(story, *_AB, **_SISTER, on_delay="2s") == ["3 raised H high"]
    assert short_story(story, *_AB, **_SISTER | {"limits": {"H": 10, "on_delay": "1s"}}, on_delay="2s") == [
        "2 raised H high"
    ]


def test_a_tag_is_held_against_its_own_mean_once_half_of_it_is_there() -> None:
    # 13.4: at 1 s one pane of four is known; at 2 s two are.
    assert short_story("0: 50 | 1: 70", **_OWN) == []
    assert short_story("0: 50 | 1: 50 | 2: 61 | 3: 50", **_OWN) == ["2 raised H high", "3 cleared H high"]


def test_what_is_judged_is_not_yet_in_its_mean() -> None:
    # 13.4: the pane of 70 has two samples; the first is no part of what the second is held against.
    assert short_story("0: 50 | 1: 50 | 2: 2=70 2.5=70 | 3: 60", **_OWN) == ["2 raised H high", "3 cleared H high"]


def test_a_value_that_stays_away_becomes_its_own_mean() -> None:
    # 13.6: held against 50, 55, 60 (50 50 70 70) and so on.
    story = "0: 50 | 1: 50 | 2: 70 | 3: 70 | 4: 70 | 5: 70 | 6: 70"
    assert short_story(story, **_OWN) == ["2 raised H high", "4 cleared H high"]


def test_panes_without_samples_are_no_part_of_the_mean() -> None:
    # At 6 s the panes 2 to 5 hold one sample; at 9 s none.
    assert short_story("0: 50 | 1: 50 | 2: 50 | 6: 90 | 9: 90", **_OWN) == []


def test_a_bad_sample_holds_and_silence_holds_once_stale() -> None:
    story = "0: 50 | 1: 50 | 2: 70 | 3: 0! | 4: 50 | 5: 50"
    assert short_story(story, **_OWN) == [
        "2 raised H high",
        "3 unverified H high unverified",
        "4 cleared H high",
    ]
    stale = tag_of(stale_after="3s")
    assert short_story("0: 50 | 1: 50 | 2: 70 | 5 | 6", stale, **_OWN) == [
        "2 raised H high",
        "5 unverified H high unverified @6",
    ]


def test_an_uncertain_sample_marks_itself_and_what_is_held_against_it() -> None:
    assert short_story("0: 50 | 1: 50 | 2: 70?", **_OWN) == ["2 raised H high unverified"]
    assert short_story("0: 50 | 1: 50? | 2: 70", **_OWN) == ["2 raised H high unverified"]
    assert short_story("0: 50 | 1: 50? | 2: 70", **_OWN, uncertain="bad") == []


def test_sigma_measures_in_standard_deviations_of_the_window() -> None:
    # Mean 50, mean square 2501: sigma 1. At 4 s 53 is 3 sigma, which is not more than 3.
    calm = "0: 49 | 1: 51 | 2: 49 | 3: 51"
    assert short_story(f"{calm} | 4: 53", **_SIGMA) == []
    assert short_story(f"{calm} | 4: 53.1 | 5: 50", **_SIGMA) == ["4 raised H high", "5 cleared H high"]
    assert short_story(f"{calm} | 4: 46", **_SIGMA) == ["4 raised L low"]


def test_a_value_that_stood_still_has_no_sigma_but_the_least_one() -> None:
    # 13.5
    still = "0: 0.1 | 1: 0.1 | 2: 0.1 | 3: 0.1 | 4: 0.3"
    assert short_story(still, **_SIGMA) == []
    assert short_story(still, **_SIGMA, least_sigma=0.05) == ["4 raised H high"]
    assert short_story(still, **_SIGMA, least_sigma=0.1) == []


def test_sentences_name_both_numbers() -> None:
    assert [one.why for one in told("0: a:62.1 b:50", *_AB, **_SISTER)] == [
        "level 62.1 % against 50 % of b: difference 12.1 % above H 10 %"
    ]
    assert [one.why for one in told("0: 49 | 1: 51 | 2: 49 | 3: 51 | 4: 60 | 5: 50!", **_SIGMA)] == [
        "level 60 % against its 4s mean of 50 % (sigma 1 %): 10 sigma above H 3 sigma",
        "value bad, or too little known of its mean; level 60 % against its 4s mean of 50 % (sigma 1 %): 10 sigma "
        "when last known, alarm at H 3 sigma",
    ]
    assert told("0: 50 | 1: 50 | 2: 39", **_OWN)[0].why == (
        "level 39 % against its 4s mean of 50 % (sigma 0 %): difference -11 % below L -10 %"
    )


def test_another_mean_begins_anew_and_says_so() -> None:
    before, after = "0: 50 | 1: 50 | 2: 70", "3: 50 | 5: 50 | 7: 50"
    told_of, notes = reloaded(before, after, _OWN, _OWN | {"own_mean": "8s"})
    assert notes == ["rule rule: its signal is another one now and begins anew"]
    assert told_of == ["3 unverified H high unverified", "7 cleared H high"]
    assert reloaded(before, "2.5", _OWN, _OWN | {"limits": {"H": 25}}) == (["2.5 cleared H high"], [])


def test_an_own_mean_must_be_cut_into_whole_microseconds() -> None:
    with pytest.raises(ValidationError, match="another number of panes than 7"):
        rule_set(**_OWN | {"panes": 7})
