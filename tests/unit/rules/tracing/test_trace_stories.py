"""What a trace makes of small worlds in which one sees oneself where the smell comes from."""

import dataclasses

import numpy as np
import pytest

from rules.tracing.case import Candidate, Match, Signal, SignalKind, Trace
from rules.tracing.trace import MOST_CANDIDATES, trace
from tests.unit.rules.tracing.stories import (
    MINUTE_US,
    RISE_US,
    around,
    case,
    place,
    receptor,
    silent,
    times,
    vane,
)


def first(answer: Trace) -> str:
    return answer.ranking[0].id


def signal(kind: SignalKind, minutes_before: float) -> Signal:
    return Signal(kind=kind, subject="x", at_us=RISE_US - round(minutes_before * MINUTE_US))


@pytest.mark.parametrize("bearing", range(0, 360, 45))
def test_source_straight_upwind_is_first_whatever_the_direction(bearing: int) -> None:
    answer = trace(case([receptor("r", peak=2.0)], [vane(float(bearing), 3.0)]))
    one = answer.ranking[0]
    assert one.id == f"s{bearing:03}"
    assert one.off_axis_deg == pytest.approx(0.0, abs=3.0)
    assert one.travel_min == pytest.approx(500.0 / 3.0 / 60.0, rel=0.15)
    assert answer.wind.speed_m_s == pytest.approx(3.0, rel=0.02)


def test_shares_sum_to_one_with_what_no_park_file_names() -> None:
    answer = trace(case([receptor("r", peak=2.0)], [vane(90.0, 3.0)]))
    assert sum(one.score for one in answer.ranking) + answer.elsewhere == pytest.approx(1.0)
    assert [one.rank for one in answer.ranking] == list(range(1, 9))
    assert 0.0 < answer.elsewhere < 0.5


def test_station_that_did_not_smell_it_speaks_against_the_source_upwind_of_it() -> None:
    """Two sources in line with the wind; beside the way from the farther one a station stands that stays quiet."""
    near, far = place("near", 90.0, 250.0), place("far", 90.0, 900.0)
    between = receptor("between", east_m=450.0)
    alone = trace(case([receptor("r", peak=2.0)], [vane(90.0, 3.0)], [near, far]))
    seen = trace(case([receptor("r", peak=2.0), between], [vane(90.0, 3.0)], [near, far]))
    share = {
        answer_of: {one.id: one.score for one in answer.ranking}
        for answer_of, answer in (("alone", alone), ("seen", seen))
    }
    assert first(seen) == "near"
    assert share["seen"]["far"] < 0.5 * share["alone"]["far"]


def test_wind_that_turned_points_back_to_where_it_came_from_then() -> None:
    """It blew from the south until five minutes before the rise, then from the west: the smell came with the turn."""
    turned = np.where(times() < RISE_US - 4 * MINUTE_US, 180.0, 270.0)
    answer = trace(case([receptor("r", peak=2.0)], [vane(turned, 3.0)]))
    assert first(answer) == "s270"


def test_signal_of_its_own_decides_between_two_that_the_wind_cannot_tell_apart() -> None:
    left, right = place("left", 88.0, 500.0), place("right", 92.0, 500.0)
    told = dataclasses.replace(right, signals=[signal(SignalKind.DETECTOR_ROSE, 3.0)])
    without = trace(case([receptor("r", peak=2.0)], [vane(90.0, 3.0)], [left, right]))
    answer = trace(case([receptor("r", peak=2.0)], [vane(90.0, 3.0)], [left, told]))
    assert abs(without.ranking[0].score - without.ranking[1].score) < 0.3
    assert first(answer) == "right"
    assert answer.ranking[0].score > 0.8
    assert answer.ranking[0].wind_score < 0.6


def test_signal_downwind_does_not_outweigh_the_wind() -> None:
    sources = [
        dataclasses.replace(one, signals=[signal(SignalKind.GAS_ALERT, 3.0)]) if one.id == "s270" else one
        for one in around()
    ]
    assert first(trace(case([receptor("r", peak=2.0)], [vane(90.0, 3.0)], sources))) == "s090"


def test_without_wind_the_source_with_a_signal_is_first_and_the_answer_says_why() -> None:
    sources = [
        dataclasses.replace(one, signals=[signal(SignalKind.OUTLET_ROSE, 10.0)]) if one.id == "s225" else one
        for one in around()
    ]
    answer = trace(case([receptor("r", peak=2.0)], [], sources))
    assert first(answer) == "s225"
    assert "no_wind" in answer.missing
    assert answer.wind.speed_m_s is None
    assert {one.travel_min for one in answer.ranking} == {None}


def test_wind_of_a_fifth_of_the_time_is_no_wind() -> None:
    whole = vane(90.0, 3.0)
    long_ago = whole.speed_time_us < RISE_US - 40 * MINUTE_US
    cut = dataclasses.replace(whole, speed_time_us=whole.speed_time_us[long_ago], speed_m_s=whole.speed_m_s[long_ago])
    assert "no_wind" in trace(case([receptor("r", peak=2.0)], [cut])).missing


def test_calm_widens_to_nearly_all_directions_and_says_so() -> None:
    windy = trace(case([receptor("r", peak=2.0)], [vane(90.0, 3.0)]))
    calm = trace(case([receptor("r", peak=2.0)], [vane(90.0, 0.1, scatter_deg=60.0)]))
    assert calm.wind.calm
    assert "calm" in calm.missing
    assert calm.ranking[0].score < 0.5 * windy.ranking[0].score


def test_flat_series_is_told_as_no_rise() -> None:
    answer = trace(case([receptor("r")], [vane(90.0, 3.0)]))
    assert "no_rise" in answer.missing
    assert answer.onset_us == RISE_US


def test_receptor_without_samples_ranks_by_signals_alone() -> None:
    answer = trace(case([silent("r"), receptor("other")], [vane(90.0, 3.0)]))
    assert "no_samples" in answer.missing
    assert [one.state for one in answer.receptors] == ["no_data", "quiet"]


def test_onset_is_found_in_the_samples_not_taken_from_the_alarm() -> None:
    rose_us = RISE_US - 7 * MINUTE_US
    answer = trace(case([receptor("r", peak=2.0, rises_us=rose_us)], [vane(90.0, 3.0)]))
    assert answer.onset_us == rose_us


def test_substance_that_it_does_not_hold_speaks_against_a_source() -> None:
    left = place("left", 89.0, 500.0, match=Match.OTHER)
    right = place("right", 91.0, 500.0, match=Match.SAME, substances=("benzene",))
    answer = trace(case([receptor("r", peak=2.0)], [vane(90.0, 3.0)], [left, right]))
    assert first(answer) == "right"
    assert answer.ranking[1].score > 0.0, "declarations are not complete: nothing is ruled out"


def test_large_park_is_cut_to_what_may_have_been_and_says_how_many_were_left_out() -> None:
    rng = np.random.default_rng(3)
    many = [place(f"p{i:04}", float(rng.uniform(0, 360)), float(rng.uniform(100, 4_000))) for i in range(500)]
    answer = trace(case([receptor("r", peak=2.0)], [vane(90.0, 3.0)], [*many, place("it", 90.0, 400.0)]))
    assert len(answer.ranking) == MOST_CANDIDATES
    assert answer.left_out == 501 - MOST_CANDIDATES
    assert "it" in [one.id for one in answer.ranking[:10]]


def test_the_same_case_gives_the_same_answer() -> None:
    one = case([receptor("r", peak=2.0), receptor("q", 300.0, 300.0)], [vane(90.0, 3.0)])
    assert trace(one) == trace(one)


def test_case_without_a_receptor_is_refused() -> None:
    with pytest.raises(ValueError, match="needs the receptor"):
        trace(case([], [vane(90.0, 3.0)]))


def test_park_without_sources_leaves_it_all_elsewhere() -> None:
    empty = dataclasses.replace(case([receptor("r", peak=2.0)], [vane(90.0, 3.0)]), candidates=list[Candidate]())
    answer = trace(empty)
    assert (list(answer.ranking), answer.elsewhere) == ([], 1.0)
