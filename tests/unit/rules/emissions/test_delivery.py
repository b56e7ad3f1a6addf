"""Online rate, outages, transmission, validity, score; the gap timeline; ozone's eight hours."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from rules.emissions.flags import Flag
from rules.emissions.hours import hour_means, hours_between
from rules.emissions.minutes import Minutes, concat
from rules.emissions.ozone import EightHours, eight_hour_days
from rules.emissions.periods import HOUR_US, MINUTE_US
from rules.emissions.rates import OutageRule, ScoreRule, delivery, online, score
from rules.emissions.timeline import State, timeline
from rules.emissions.validity import AIR, FLUE_GAS
from tests.unit.rules.emissions.columns import GAP, START, bools, ints, minutes_of, tags

NAN = float("nan")


def seen(text: str, rule: OutageRule | None = None) -> list[int]:
    """online, outages, minutes in them, longest; ``x`` is a minute with data."""
    at = [i for i, one in enumerate(text) if one == "x"]
    found = online(
        tags([5] * len(at)),
        START + ints(at) * MINUTE_US,
        tags([5]),
        START,
        START + len(text) * MINUTE_US,
        rule or OutageRule(),
    )
    columns = (found.online, found.outages, found.outage_minutes, found.longest_minutes)
    return [int(column[0]) for column in columns]


@pytest.mark.parametrize(
    ("text", "rule", "expected"),
    [
        pytest.param("xxxx", {}, [4, 0, 0, 0], id="always there"),
        pytest.param("....", {}, [0, 1, 4, 4], id="never there"),
        pytest.param(".x..x", {}, [2, 2, 3, 2], id="two outages"),
        pytest.param("x..x", {"at_least_minutes": 3}, [2, 0, 0, 2], id="too short for an outage"),
        pytest.param("x..x", {"proves_minutes": 3}, [4, 0, 0, 0], id="uploads every three minutes"),
        pytest.param("x...x", {"proves_minutes": 3}, [4, 1, 1, 1], id="one minute over its interval"),
    ],
)
def test_online_minutes_and_outages(text: str, rule: dict[str, int], expected: list[int]) -> None:
    assert seen(text, OutageRule.model_validate(rule)) == expected


@given(text=st.text("x.", min_size=1, max_size=60), proves=st.integers(1, 4), least=st.integers(1, 4))
@settings(deadline=None, max_examples=40)
def test_online_equals_a_plain_walk(text: str, proves: int, least: int) -> None:
    up = "".join("x" if "x" in text[max(at - proves + 1, 0) : at + 1] else "." for at in range(len(text)))
    runs = [len(run) for run in up.split("x") if run]
    counted = [run for run in runs if run >= least]
    expected = [up.count("x"), len(counted), sum(counted), max(runs, default=0)]
    assert seen(text, OutageRule(proves_minutes=proves, at_least_minutes=least)) == expected


def test_what_came_before_the_span_may_prove_its_first_minutes() -> None:
    found = online(
        tags([1]), ints([START - MINUTE_US]), tags([1]), START, START + HOUR_US, OutageRule(proves_minutes=5)
    )
    assert found.online.tolist() == [4]
    assert found.rate.tolist() == [4 / 60]


def test_devices_keep_their_order_and_strangers_are_not_looked_at() -> None:
    found = online(tags([9, 2, 77]), ints([START] * 3), tags([9, 5, 2]), START, START + 2 * MINUTE_US, OutageRule())
    assert found.online.tolist() == [1, 0, 1]


@pytest.mark.parametrize(("begin", "end"), [(START + 1, START + HOUR_US), (START, START), (START, START + 1)])
def test_a_span_of_broken_minutes_is_refused(begin: int, end: int) -> None:
    with pytest.raises(ValueError, match="whole minutes"):
        online(tags([]), ints([]), tags([1]), begin, end, OutageRule())
    with pytest.raises(ValueError, match="whole minutes"):
        timeline(minutes_of("N"), tags([0]), begin, end, FLUE_GAS)


def test_rates_of_a_tag_by_hand() -> None:
    # Four hours: valid, invalid, stopped, nothing at all.
    letters = "N" * 60 + "D" * 30 + GAP * 30 + "F" * 60 + GAP * 60
    hours = hour_means(
        minutes_of(letters, tag=3), FLUE_GAS, rows=hours_between(tags([3, 8]), START, START + 4 * HOUR_US)
    )
    found = delivery(hours, tags([8, 3]), 4)
    assert found.hours.tolist() == [4, 4]
    assert found.delivered.tolist() == [0, 3]
    assert found.stopped.tolist() == [0, 1]
    assert found.valid.tolist() == [0, 1]
    assert found.transmission_rate.tolist() == [0.0, 150 / 240]
    assert found.valid_rate.tolist()[1] == 0.5
    assert np.isnan(found.valid_rate[0])
    assert found.transmission_efficiency[1] == 150 / 240 * 0.5
    assert found.capture_rate.tolist() == [0.0, 1 / 3]


def points(rule: ScoreRule, rates: tuple[float, float, float], outages: int = 0, over: int = 0) -> float:
    online_rate, efficiency, agreement = (np.array([rate]) for rate in rates)
    return float(
        score(
            rule,
            online_rate=online_rate,
            transmission_efficiency=efficiency,
            agreement=agreement,
            outages=np.array([outages], np.int32),
            exceedances=np.array([over], np.int32),
        )[0]
    )


def test_a_score_by_hand() -> None:
    rule = ScoreRule(online_rate=0.4, transmission_efficiency=0.4, agreement=0.2, per_outage=0.5, per_exceedance=2)
    assert points(rule, (1.0, 1.0, 1.0)) == 100.0
    assert points(rule, (0.5, 0.75, 1.0)) == pytest.approx(70.0)
    assert points(rule, (0.5, 0.75, 1.0), outages=4, over=3) == pytest.approx(62.0)
    # What is not known weighs nothing.
    assert points(rule, (0.5, 0.75, NAN)) == pytest.approx(62.5)
    assert np.isnan(points(rule, (NAN, NAN, NAN)))
    assert points(rule, (0.1, 0.1, 0.1), outages=1000) == 0.0


def test_a_score_of_nothing_is_refused() -> None:
    with pytest.raises(ValidationError, match="must weigh more than 0"):
        ScoreRule(online_rate=0, transmission_efficiency=0, agreement=0)


#: A letter of a timeline, as flag, late, refilled, marked.
LOOKS = {
    "g": ("N", False, False, False),
    "l": ("N", True, False, False),
    "r": ("N", False, True, False),
    "m": ("N", False, False, True),
    "b": ("D", False, False, False),
    "B": ("D", True, False, True),
    "s": ("F", False, False, False),
    "S": ("F", False, True, True),
    "-": (GAP, False, False, False),
}
STATES = {
    "g": State.GOOD,
    "l": State.LATE,
    "r": State.REFILLED,
    "m": State.MARKED,
    "b": State.BAD,
    "B": State.BAD,
    "s": State.STOPPED,
    "S": State.STOPPED,
    "-": State.MISSING,
}


def made(text: str, tag: int = 0) -> tuple[Minutes, list[bool]]:
    minutes = minutes_of([LOOKS[one][0] for one in text], tag=tag)
    there = [LOOKS[one] for one in text if one != "-"]
    return (
        replace(
            minutes, late=bools([late for _, late, _, _ in there]), refilled=bools([asked for *_, asked, _ in there])
        ),
        [mark for *_, mark in there],
    )


def segments(text: str) -> list[tuple[int, int, State, bool]]:
    """Of minutes before, within and after the span; the span leaves out the first and the last."""
    minutes, marked = made(text)
    end_us = START + (len(text) - 1) * MINUTE_US
    found = timeline(minutes, tags([0]), START + MINUTE_US, end_us, FLUE_GAS, bools(marked))
    begin, end = ((column - START) // MINUTE_US for column in (found.begin_us, found.end_us))
    return list(zip(begin.tolist(), end.tolist(), map(State, found.state.tolist()), found.marked.tolist(), strict=True))


def test_a_timeline_by_hand() -> None:
    assert segments("ggg--bBBlrrmms-g") == [
        (1, 3, State.GOOD, False),
        (3, 5, State.MISSING, False),
        (5, 6, State.BAD, False),
        (6, 8, State.BAD, True),
        (8, 9, State.LATE, False),
        (9, 11, State.REFILLED, False),
        (11, 13, State.MARKED, True),
        (13, 14, State.STOPPED, False),
        (14, 15, State.MISSING, False),
    ]


@given(text=st.text("".join(LOOKS), min_size=3, max_size=50))
@settings(deadline=None, max_examples=40)
def test_a_timeline_equals_a_plain_walk(text: str) -> None:
    plain: list[tuple[int, int, State, bool]] = []
    for at, one in enumerate(text[1:-1], start=1):
        state, mark = STATES[one], LOOKS[one][3]
        if plain and plain[-1][2:] == (state, mark):
            plain[-1] = (plain[-1][0], at + 1, state, mark)
        else:
            plain.append((at, at + 1, state, mark))
    assert segments(text) == plain


def test_a_tag_without_a_minute_is_missing_all_along_and_others_are_left_out() -> None:
    one, _ = made("gg", tag=1)
    two, _ = made("bb", tag=2)
    found = timeline(concat([one, two]), tags([7, 1]), START, START + 3 * MINUTE_US, FLUE_GAS)
    assert found.tag.tolist() == [1, 1, 7]
    assert found.state.tolist() == [State.GOOD, State.MISSING, State.MISSING]
    assert found.end_us.tolist() == [START + 2 * MINUTE_US, START + 3 * MINUTE_US, START + 3 * MINUTE_US]


def test_a_minute_without_a_value_is_missing() -> None:
    minutes = minutes_of("NNN")
    minutes.flag[1] = Flag.MISSING
    found = timeline(minutes, tags([0]), START, START + 3 * MINUTE_US, FLUE_GAS)
    assert found.state.tolist() == [State.GOOD, State.MISSING, State.GOOD]


def ozone_day(hours: list[float], rule: EightHours | None = None) -> tuple[float, bool]:
    letters = "".join((GAP if np.isnan(one) else "N") * 60 for one in hours)
    means = hour_means(minutes_of(letters, value=np.repeat(hours, 60)), AIR)
    found = eight_hour_days(means, rule or EightHours())
    assert len(found.tag) == 1
    return float(found.every[0]), bool(found.every_valid[0])


def test_the_highest_eight_hours_by_hand() -> None:
    day = [10.0] * 24
    day[12:20] = [100.0] * 8
    assert ozone_day(day) == (100.0, True)
    assert ozone_day([10.0] * 24) == (10.0, True)


hour = st.one_of(st.just(NAN), st.floats(0, 300))


@given(day=st.lists(hour, min_size=24, max_size=24))
@settings(deadline=None, max_examples=40)
def test_the_highest_eight_hours_equal_a_plain_walk(day: list[float]) -> None:
    if np.isnan(day).all():
        return
    windows = [[one for one in day[at : at + 8] if not np.isnan(one)] for at in range(17)]
    means = [sum(one) / len(one) for one in windows if len(one) >= 6]
    highest, valid = ozone_day(day)
    assert valid == (len(means) >= 14)
    np.testing.assert_allclose(highest, max(means) if means else NAN)
