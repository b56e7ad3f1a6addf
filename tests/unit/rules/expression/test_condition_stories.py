"""Stories of kind ``expression``."""

from typing import Any

import pytest

from rules.engine import Engine
from rules.expression.problems import ExpressionInvalid
from rules.transition import to_bytes
from tests.unit.rules.expression.stories import TABLE, every_second, play, rules_of, short, tell


def test_an_alarm_is_raised_when_the_condition_begins_and_cleared_when_it_ends() -> None:
    story = "0: a=5 v=2 | 10: a=9 | 20: v=4 | 30: v=1 | 40: a=1"
    assert tell(story, {"when": "a > 8 and wind.speed < 3 m/s"}) == [
        "10 raised",
        "20 cleared",
        "30 raised",
        "40 cleared",
    ]


def test_delays_run_from_the_advance_that_found_it_and_are_exact() -> None:
    story = "0: a=9 | 3: | 12: | 20: a=1 | 23: | 31:"
    assert tell(story, {"when": "a > 8", "on_delay": "10s", "off_delay": "5s"}) == [
        "10 raised @12",
        "25 cleared @31",
    ]


def test_false_and_unknown_is_false() -> None:
    story = "0: a=9 b=9 | 10: a=1 | 20: b=5! | 30: a=9 | 40: b=5"
    assert tell(story, {"when": "a > 8 and b > 8"}) == ["0 raised", "10 cleared"]


def test_true_or_unknown_is_true() -> None:
    story = "0: a=1 b=1 | 10: b=9! | 20: a=9 | 30: a=1 | 40: b=1"
    assert tell(story, {"when": "a > 8 or b > 8"}) == ["20 raised", "30 unverified ?", "40 cleared"]


def test_an_unknown_condition_leaves_the_alarm_standing_and_marked() -> None:
    story = "0: a=9 | 10: a=9! | 20: a=1! | 30: a=9 | 40: a=1"
    assert tell(story, {"when": "a > 8"}) == ["0 raised", "10 unverified ?", "30 verified", "40 cleared"]


def test_silence_makes_a_condition_unknown_after_the_tags_own_timeout() -> None:
    assert tell("0: a=9 | 60: | 61: | 90: a=1", {"when": "a > 8"}) == ["0 raised", "61 unverified ?", "90 cleared"]


def test_uncertain_data_raise_an_unverified_alarm_or_none_where_the_rule_says_so() -> None:
    story = "0: a=9? | 10: a=9 | 20: a=1"
    assert tell(story, {"when": "a > 8"}) == ["0 raised ?", "10 verified", "20 cleared"]
    assert tell(story, {"when": "a > 8", "uncertain": "bad"}) == ["10 raised", "20 cleared"]


def test_division_by_zero_is_not_known() -> None:
    assert tell("0: w=3 | 10: w=4 | 20: w=3 | 30: w=1", {"when": "w / (w - 3) > 2"}) == [
        "10 raised",
        "20 unverified ?",
        "30 cleared",
    ]


def test_a_hold_needs_the_condition_unbroken() -> None:
    story = "0: b=9 | 20: b=1 | 21: b=9 | 40: | 51: | 60: b=1"
    assert tell(story, {"when": "hold(b > 8, 30s)"}) == ["51 raised", "60 cleared"]


def test_a_hold_over_unknown_moments_is_not_known_but_not_false_either() -> None:
    story = "0: b=9 | 10: b=9! | 20: b=9 | 31: | 50: | 60: b=1"
    assert tell(story, {"when": "hold(b > 8, 30s)"}) == ["50 raised", "60 cleared"]


def test_bits_of_a_word_even_of_a_negative_one() -> None:
    story = "0: w=4 | 10: w=12 | 20: w=7 | 30: w=-1 | 40: w=0"
    assert tell(story, {"when": "bit(status, 3)"}) == ["10 raised", "20 cleared", "30 raised", "40 cleared"]


def test_the_time_of_day_is_that_of_fixed_east_eight() -> None:
    hour = 3600
    story = f"0: b=9 | {14 * hour - 1}: | {14 * hour}: | {22 * hour - 1}: | {22 * hour}:"
    assert tell(story, {"when": "b > 8 and between(22:00, 06:00)"}) == [f"{14 * hour} raised", f"{22 * hour} cleared"]
    assert tell(story, {"when": "b > 8 and hour() >= 22"}) == [f"{14 * hour} raised", f"{22 * hour - 1} cleared"]


def test_age_and_staleness_are_conditions_by_themselves() -> None:
    story = "0: a=1 | 30: | 50: | 61: | 70: a=1"
    assert tell(story, {"when": "age(a) > 40s"}) == ["50 raised", "70 cleared"]
    assert tell(story, {"when": "stale(a)"}) == ["61 raised", "70 cleared"]
    assert tell(story, {"when": "not valid(a)"}) == ["61 raised", "70 cleared"]


def test_a_window_is_known_when_three_of_its_quarters_have_samples() -> None:
    # Quarters begin at 0, 15, 30 and 45 s.
    assert tell(every_second(0, 60, "b=9"), {"when": "mean(b, 60s) > 8"}) == ["30 raised"]


def test_a_mean_follows_the_samples_of_its_window() -> None:
    story = " | ".join([every_second(0, 59, "b=1"), every_second(60, 119, "b=9"), every_second(120, 180, "b=1")])
    assert tell(story, {"when": "mean(b, 60s) >= 5"}) == ["89 raised", "150 cleared"]


def test_extremes_spread_and_rate_of_a_window() -> None:
    climb = " | ".join(f"{second}: b={second}" for second in range(61))
    assert tell(climb, {"when": "max(b, 20s) - min(b, 20s) >= 19"}) == ["19 raised"]
    assert tell(climb, {"when": "rate(b, 20s) > 59 %/min"}) == ["10 raised"]
    assert tell(climb, {"when": "stddev(b, 20s) > 5.9"}) == ["19 raised"]


def test_a_count_is_known_when_the_whole_window_was_watched() -> None:
    story = every_second(0, 20, "b=1") + " | 21: | 25: | 29: | 30: b=1"
    assert tell(story, {"when": "count(b, 10s) < 5"}) == ["29 raised"]


def test_a_restart_of_the_service_is_not_held_against_the_plant() -> None:
    story = every_second(0, 20, "b=1") + " | 60: resume | " + every_second(60, 72, "b=1")
    assert tell(story, {"when": "count(b, 10s) < 5"}) == []


def test_names_may_be_quantities_other_sources_or_the_rules_own() -> None:
    for name in ("a", "nmhc", "T1.a", "T1.nmhc", "acme.T1.a", "gas", "tank.nmhc"):
        rule: dict[str, Any] = {"when": f"{name} > 8", "names": {"gas": "acme.T1.a", "tank": "acme.T1"}}
        assert tell("0: a=9", rule | {"applies_to": {"enterprise": ["acme"]}}) == ["0 raised"], name


def test_a_limit_in_another_unit_is_converted() -> None:
    assert tell("0: a=9 | 1: a=11", {"when": "a > 10000 µg/m3"}) == ["1 raised"]


def test_a_latched_alarm_waits_for_a_person() -> None:
    engine = Engine(TABLE, rules_of({"when": "a > 8", "latch": True}))
    (raised,) = play("0: a=9 | 10: a=1 | 20: a=1", engine)
    engine.reset(raised.alert_id)
    assert [short(one) for one in play("30: a=1", engine)] == ["30 cleared"]


def test_the_target_is_the_source_and_value_and_limit_are_the_first_comparisons_sides() -> None:
    (raised,) = play("0: a=9", Engine(TABLE, rules_of({"when": "a < 2 * a - 5 mg/m3 and b < 3 or a > 8"})))
    assert (raised.target, raised.side, raised.level) == ("acme.T1", "", "")
    assert (raised.value, raised.limit) == (9.0, 13.0)


def test_a_sentence_tells_the_text_and_the_numbers_behind_it() -> None:
    when = "mean(a, 1m) > 2\n and wind.speed < 3 m/s"
    told = play(every_second(0, 31, "a=9 v=2") + " | 40: v=4? | 41: v=2!", Engine(TABLE, rules_of({"when": when})))
    text = "mean(a, 1m) > 2 and wind.speed < 3 m/s: mean(a, 1m) 9 mg/m3, wind.speed"
    assert [one.why for one in told] == [f"{text} 2 m/s", f"no longer: {text} 4 m/s; unverified, wind.speed uncertain"]


def test_a_sentence_says_what_is_not_known() -> None:
    told = play("0: a=9 v=2 | 10: v=2! | 20: v=1", Engine(TABLE, rules_of({"when": "a > 8 and wind.speed < 3"})))
    assert [one.why for one in told][1:] == [
        "wind.speed not known; a > 8 and wind.speed < 3: a 9 mg/m3, wind.speed not known",
        "good data again: a > 8 and wind.speed < 3: a 9 mg/m3, wind.speed 1 m/s",
    ]


def test_a_text_that_is_wrong_makes_no_engine() -> None:
    with pytest.raises(ExpressionInvalid, match=r"rule r0, when: column 1: no tag is called nmch") as caught:
        Engine(TABLE, rules_of({"when": "nmch > 3 and b > 2 m"}))
    assert (caught.value.column, len(caught.value.problems)) == (1, 2)


def test_windows_are_taken_over_where_a_changed_rule_looks_at_the_same_ones() -> None:
    engine = Engine(TABLE, rules_of({"when": "mean(b, 60s) > 50"}))
    play(every_second(0, 60, "b=9"), engine)
    changed, longer = (Engine(TABLE, rules_of({"when": when})) for when in ("mean(b, 60s) > 8", "mean(b, 80s) > 8"))
    for other in (changed, longer):
        other.restore(engine.snapshot())
        assert other.notes == ["rule r0: its signal is another one now and begins anew"]
    assert [short(one) for one in play("61: b=9", changed)] == ["61 raised"]
    assert play("61: b=9 | 62: b=9", longer) == []


def test_an_unchanged_rule_goes_on_whatever_comes_and_goes_beside_it() -> None:
    rule = {"id": "kept", "when": "hold(mean(b, 60s) > 8, 20s)"}
    alone, before = Engine(TABLE, rules_of(rule)), every_second(0, 45, "b=9")
    others = [{"id": "x", "when": "hold(max(b, 60s) > 99, 1s) or hold(b > 99, 2s)"}, {"id": "y", "when": "a > 99"}]
    first, then = Engine(TABLE, rules_of(others[0], rule)), Engine(TABLE, rules_of(rule, *others))
    play(before, alone)
    play(before, first)
    then.restore(first.snapshot())
    after = "46: b=9 | 49: b=9 | 50: b=9 | 51: b=9"
    assert to_bytes(play(after, then)) == to_bytes(play(after, alone))


def test_rules_that_look_at_the_same_share_what_they_look_at() -> None:
    many = [
        {"id": f"r{n}", "when": f"mean(a, 10m) > {n} and wind.speed < 3 m/s and max(b, 1h) > {n}"} for n in range(9)
    ]
    pool = Engine(TABLE, rules_of(*many))._kinds[0][1].pool  # type: ignore[attr-defined]
    assert len(pool.rings) == 2
    assert len(pool.nodes) < 50
