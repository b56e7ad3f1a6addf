"""Minutes from samples and from reports, and the two merged; the settings of validity."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from park.periods import PeriodBatch
from park.quality import HJ212_FLAGS, LATE
from rules.arrays import Rows
from rules.emissions import flags
from rules.emissions.days import day_means
from rules.emissions.flags import Flag
from rules.emissions.hours import hour_means, hours_between
from rules.emissions.means import Judgement, Means, Status
from rules.emissions.minutes import Minutes, Origin, merge, minutes_from_periods, minutes_from_samples
from rules.emissions.periods import (
    DAY_US,
    HOUR_US,
    MINUTE_US,
    day_of,
    is_february,
    month_of,
    next_month,
    next_year,
    year_of,
)
from rules.emissions.validity import FLUE_GAS, PRESETS, WASTE_WATER, Validity, validities
from tests.unit.rules.emissions.columns import START, bools, ints, minutes_of, tags, us
from tests.unit.rules.emissions.months import Story, story

SECOND = 1_000_000
NAN = float("nan")


def reports(
    *rows: tuple[int, int, float, str], tag: int = 0, asked: bool = False, length_s: Sequence[int] = ()
) -> PeriodBatch:
    """Of (minute, length in s, mean, flag or nothing)."""
    none = np.full(len(rows), NAN)
    others = dict.fromkeys(("min", "max", "cou", "zs_avg", "zs_min", "zs_max"), none)
    return PeriodBatch(
        tag=tags([tag] * len(rows)),
        length_s=np.array([length for _, length, _, _ in rows], np.int32),
        start_us=START + ints([at for at, *_ in rows]) * MINUTE_US,
        avg=np.array([mean for _, _, mean, _ in rows], np.float64),
        flag=np.array([ord(flag) if flag else 0 for *_, flag in rows], np.uint8),
        asked=np.full(len(rows), asked),
        **others,
    )


def at(minutes: Minutes) -> list[int]:
    return [int(one - START) // MINUTE_US for one in minutes.minute_us]


def same(one: object, other: object) -> None:
    for field in fields(Minutes if isinstance(one, Minutes) else Means if isinstance(one, Means) else Judgement):
        mine, theirs = getattr(one, field.name), getattr(other, field.name)
        if isinstance(mine, Judgement):
            same(mine, theirs)
        else:
            np.testing.assert_allclose(mine.astype(float), theirs.astype(float), rtol=1e-12, err_msg=field.name)


def sampled(told: Story, rows: Rows, rule: Validity) -> Minutes:
    return minutes_from_samples(
        told.tag[rows],
        told.time_us[rows],
        told.value[rows],
        told.quality[rows],
        validity=rule,
        lag_us=told.lag_us[rows],
    )


@given(seed=st.integers(0, 1000), rule=st.sampled_from([FLUE_GAS, WASTE_WATER]))
@settings(deadline=None, max_examples=10)
def test_the_order_of_samples_makes_no_difference(seed: int, rule: Validity) -> None:
    told = story(seed, START, 1)
    n = len(told.tag)
    same(sampled(told, np.arange(n), rule), sampled(told, np.random.default_rng(seed).permutation(n), rule))


@given(seed=st.integers(0, 1000))
@settings(deadline=None, max_examples=10)
def test_tags_one_by_one_or_together_give_the_same(seed: int) -> None:
    told = story(seed, START, 1)
    together = hour_means(sampled(told, np.arange(len(told.tag)), FLUE_GAS), FLUE_GAS)
    days = day_means(together, FLUE_GAS)
    for tag in np.unique(told.tag):
        alone = hour_means(sampled(told, np.flatnonzero(told.tag == tag), FLUE_GAS), FLUE_GAS)
        same(together.take(together.tag == tag), alone)
        same(days.take(days.tag == tag), day_means(alone, FLUE_GAS))


def test_nothing_gives_nothing() -> None:
    none = minutes_from_samples(tags([]), ints([]), np.empty(0), np.empty(0, np.uint8))
    assert len(none) == 0
    assert len(merge(none, minutes_from_periods(reports()))) == 0
    assert len(day_means(hour_means(none, FLUE_GAS), FLUE_GAS)) == 0


def test_hours_that_nothing_came_of_are_there_when_asked_for() -> None:
    hours = hour_means(minutes_of("N"), FLUE_GAS, rows=hours_between(tags([4, 0]), START, START + 2 * HOUR_US))
    assert hours.tag.tolist() == [0, 0, 4, 4]
    assert hours.present.tolist() == [1, 0, 0, 0]


def test_hours_between_begin_within_the_span() -> None:
    tag, start = hours_between(tags([1]), START + 1, START + 2 * HOUR_US + 1)
    assert start.tolist() == [START + HOUR_US, START + 2 * HOUR_US]
    assert tag.tolist() == [1, 1]


@pytest.mark.parametrize(
    ("quality", "lag_s", "late"),
    [
        pytest.param([0, 0], [300, 300], False, id="five minutes are in time"),
        pytest.param([0, 0], [301, 301], True, id="all received later"),
        pytest.param([0, 0], [301, 1], False, id="one was in time"),
        pytest.param([LATE, LATE], [1, 1], True, id="the intake said so"),
        pytest.param([LATE, 0], [1, 301], True, id="each late in its way"),
    ],
)
def test_a_minute_is_late_where_all_of_it_is(quality: list[int], lag_s: list[int], late: bool) -> None:
    minutes = minutes_from_samples(
        tags([0, 0]),
        START + ints([0, 30]) * SECOND,
        np.ones(2),
        np.array(quality, np.uint8),
        lag_us=ints(lag_s) * SECOND,
    )
    assert minutes.late.tolist() == [late]


def test_too_few_samples_make_no_minute() -> None:
    rule = Validity(min_samples=2)
    good, bad = HJ212_FLAGS["N"], HJ212_FLAGS["C"]
    time_us = START + ints([0, 60, 61, 120]) * SECOND
    quality = np.array([good, good, good, bad], np.uint8)
    minutes = minutes_from_samples(tags([0] * 4), time_us, np.ones(4), quality, validity=rule)
    assert minutes.flag.tolist() == [Flag.MISSING, Flag.N, Flag.C]
    # The value stays, for the record.
    assert minutes.value.tolist() == [1.0, 1.0, 1.0]


def test_ph_may_be_averaged_as_hydrogen_ion() -> None:
    rule = Validity(mean="hydrogen_ion")
    value = np.array([4.0, 6.0])
    minutes = minutes_from_samples(
        tags([0, 0]), START + ints([0, 1]) * SECOND, value, np.zeros(2, np.uint8), validity=rule
    )
    np.testing.assert_allclose(minutes.value, [-np.log10((1e-4 + 1e-6) / 2)])
    plain = minutes_from_samples(tags([0, 0]), START + ints([0, 1]) * SECOND, value, np.zeros(2, np.uint8))
    assert plain.value.tolist() == [5.0]


def test_an_absurd_ph_overflows_nothing() -> None:
    hour = hour_means(minutes_of("N" * 60, value=[-4e5, 9e9] * 30), Validity(mean="hydrogen_ion"))
    assert np.isfinite(hour.every.mean[0])


def test_a_period_of_the_logger_gives_its_mean_to_each_of_its_minutes() -> None:
    minutes = minutes_from_periods(reports((0, 60, 1.0, "N"), (1, 180, 2.0, "D"), (10, 1800, 3.0, "")))
    assert at(minutes) == [0, 1, 2, 3, *range(10, 40)]
    assert minutes.value.tolist() == [1.0] + [2.0] * 3 + [3.0] * 30
    assert [flags.letter(flag) for flag in minutes.flag] == ["N"] + ["D"] * 3 + ["N"] * 30
    assert set(minutes.origin.tolist()) == {Origin.LOGGER}


@pytest.mark.parametrize("length_s", [1, 59, 1801, 3600, 86400])
def test_periods_that_are_no_minutes_are_left_out(length_s: int) -> None:
    assert len(minutes_from_periods(reports((0, length_s, 1.0, "N")))) == 0


def test_of_several_reports_the_last_holds() -> None:
    minutes = minutes_from_periods(reports((0, 120, 1.0, "N"), (0, 60, 2.0, "M"), (1, 60, 3.0, "N")))
    assert minutes.value.tolist() == [2.0, 3.0]
    assert minutes.flag.tolist() == [Flag.M, Flag.N]


def test_a_report_without_a_mean_says_something_only_by_its_flag() -> None:
    minutes = minutes_from_periods(reports((0, 60, NAN, "N"), (1, 60, NAN, ""), (2, 60, NAN, "F")))
    assert at(minutes) == [2]
    assert minutes.flag.tolist() == [Flag.F]


def test_an_unknown_letter_is_a_fault() -> None:
    assert minutes_from_periods(reports((0, 60, 1.0, "?"))).flag.tolist() == [Flag.D]
    assert minutes_from_periods(reports((0, 60, 1.0, "c"))).flag.tolist() == [Flag.C]


@pytest.mark.parametrize(
    ("ours", "theirs", "late", "refilled"),
    [
        pytest.param("in time", None, False, False, id="samples in time"),
        pytest.param("late", None, True, False, id="samples late"),
        pytest.param(None, "in time", False, False, id="report in time"),
        pytest.param(None, "late", True, False, id="report late"),
        pytest.param(None, "asked", False, True, id="report asked for"),
        pytest.param(None, "asked late", True, True, id="report asked for, and late"),
        pytest.param("in time", "asked", False, False, id="in time, then asked for"),
        pytest.param("in time", "late", False, False, id="in time, then reported late"),
        pytest.param("late", "in time", False, False, id="reported in time, samples late"),
        pytest.param("late", "asked", True, False, id="late, then asked for"),
        pytest.param("late", "late", True, False, id="late by both ways"),
    ],
)
def test_what_was_there_in_time_by_either_way(ours: str | None, theirs: str | None, late: bool, refilled: bool) -> None:
    n = int(ours is not None)
    computed = minutes_from_samples(
        tags([0] * n), np.full(n, START), np.full(n, 5.0), np.full(n, LATE if ours == "late" else 0, np.uint8)
    )
    rows = [(0, 60, 7.0, "N")] if theirs else []
    batch = reports(*rows, asked="asked" in (theirs or ""))
    merged = merge(computed, minutes_from_periods(batch, late=np.full(len(batch), "late" in (theirs or ""))))
    assert (merged.late.tolist(), merged.refilled.tolist()) == ([late], [refilled])
    # What the logger reports takes precedence.
    assert merged.value.tolist() == [7.0 if theirs else 5.0]
    assert merged.n.tolist() == [n]
    assert merged.origin.tolist() == [Origin.LOGGER if theirs else Origin.SAMPLES]


def test_a_value_beside_is_found_by_its_minute() -> None:
    oxygen = minutes_of("N–C", tag=2)
    value, flag = oxygen.look_up(tags([2, 2, 2, 1, 3]), START + ints([2, 1, 0, 0, 0]) * MINUTE_US)
    np.testing.assert_array_equal(value, [99.0, NAN, 10.0, NAN, NAN])
    assert flag.tolist() == [Flag.C, Flag.MISSING, Flag.N, Flag.MISSING, Flag.MISSING]


def test_flow_weighs_hours_and_days() -> None:
    rule = Validity.model_validate(WASTE_WATER.model_dump() | {"valid_hours": 2})
    minutes = minutes_of("N" * 120, value=[10.0] * 60 + [40.0] * 60)
    hours = hour_means(minutes, rule, weight=np.repeat([3.0, 1.0], 60))
    assert hours.weight.tolist() == [3.0, 1.0]
    day = day_means(hours, rule)
    assert day.every.mean.tolist() == [(10 * 3 + 40 * 1) / 4]
    assert day.every.weighted.tolist() == [True]


@pytest.mark.parametrize(
    ("weight", "mean", "weighted"),
    [
        pytest.param([1.0, 3.0], 40.0, True, id="by flow"),
        pytest.param([0.0, 3.0], 50.0, True, id="no flow, no weight"),
        pytest.param([0.0, 0.0], 30.0, False, id="nothing flowed: over time"),
        pytest.param([NAN, NAN], 30.0, False, id="flow not known: over time"),
        pytest.param([NAN, 3.0], 50.0, True, id="one flow not known"),
        pytest.param([-1.0, 3.0], 50.0, True, id="a negative flow is none"),
    ],
)
def test_what_the_flow_of_a_minute_does(weight: list[float], mean: float, weighted: bool) -> None:
    hour = hour_means(minutes_of("NN", value=[10.0, 50.0]), WASTE_WATER, weight=np.array(weight))
    assert hour.every.mean.tolist() == [mean]
    assert hour.every.weighted.tolist() == [weighted]


@pytest.mark.parametrize(
    ("flow", "without_flow", "status"),
    [
        pytest.param([0.0, 0.0], "judge", Status.VALID, id="judged by its mean over time"),
        pytest.param([0.0, 0.0], "stopped", Status.STOPPED, id="a standstill"),
        pytest.param([0.0, 0.1], "stopped", Status.VALID, id="some water flowed"),
        pytest.param([0.0, NAN], "stopped", Status.STOPPED, id="none flowed as far as is known"),
        pytest.param([NAN, NAN], "stopped", Status.VALID, id="nothing is known of the flow"),
    ],
)
def test_an_hour_in_which_no_water_flowed(flow: list[float], without_flow: str, status: Status) -> None:
    rule = Validity.model_validate(WASTE_WATER.model_dump() | {"without_flow": without_flow})
    hour = hour_means(minutes_of("NN"), rule, weight=np.array(flow))
    assert (hour.every.status.tolist(), hour.unmarked.status.tolist()) == ([status], [status])
    assert hour.every.mean.tolist() == [10.0]


def test_too_few_known_flows_weigh_nothing() -> None:
    rule = Validity(weighting="flow", valid_minutes=45)
    value = [10.0] * 45 + [100.0] * 15
    weight = np.array([1.0] * 44 + [NAN] * 16)
    hour = hour_means(minutes_of("N" * 60, value=value), rule, weight=weight)
    assert hour.every.mean.tolist() == [32.5]
    assert hour.every.valid.tolist() == [True]
    assert hour.every.weighted.tolist() == [False]


@given(time=st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2100, 1, 1)))
@settings(deadline=None, max_examples=40)
def test_periods_are_those_of_beijing(time: datetime) -> None:
    text = time.isoformat(" ", "seconds")
    one = ints([us(text)])
    assert day_of(one).tolist() == [us(text[:10])]
    assert month_of(one).tolist() == [us(text[:7] + "-01")]
    assert year_of(one).tolist() == [us(text[:4] + "-01-01")]
    assert is_february(one).tolist() == [text[5:7] == "02"]
    month, year = int(text[5:7]), int(text[:4])
    following = f"{year + month // 12}-{month % 12 + 1:02d}-01"
    assert next_month(month_of(one)).tolist() == [us(following)]
    assert next_year(year_of(one)).tolist() == [us(f"{year + 1}-01-01")]


def test_a_day_begins_at_midnight_of_beijing() -> None:
    assert START % DAY_US == 16 * HOUR_US


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"valid_flags": ["T"]}, "must hold N"),
        ({"valid_flags": ["N", "MISSING"]}, "cannot hold MISSING"),
        ({"valid_flags": ["N", "F"]}, "cannot hold F"),
        ({"valid_flags": ["N", "X"]}, "valid_flags"),
        ({"valid_minutes": 61}, "valid_minutes"),
        ({"valid_hours": 0}, "valid_hours"),
        ({"normal_share": 1.1}, "normal_share"),
        ({"valid_minuts": 45}, "valid_minuts"),
    ],
)
def test_settings_that_make_no_sense_are_refused_by_name(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Validity.model_validate(settings)


def test_a_site_changes_presets_and_adds_its_own() -> None:
    found = validities(
        {"flue_gas": {"month_confirmed_by": "Li Lei"}, "batch": {"like": "waste_water", "valid_minutes": 10}}
    )
    assert set(found) == {*PRESETS, "batch"}
    assert found["flue_gas"] == FLUE_GAS.model_copy(update={"month_confirmed_by": "Li Lei"})
    assert found["batch"] == WASTE_WATER.model_copy(update={"valid_minutes": 10})
    assert found["air"] == PRESETS["air"]
    assert validities({}) == PRESETS


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"odour": {}}, "'odour' is no preset; say like: with one of flue_gas"),
        ({"air": {"like": "fog"}}, "'air' is no preset"),
        ({"air": {"valid_hour": 3}}, "validity 'air': valid_hour: Extra inputs"),
        ({"air": {"valid_flags": ["N", "F"]}}, "validity 'air': .*cannot hold F"),
    ],
)
def test_changes_that_make_no_sense_are_refused_by_name(changes: dict[str, dict[str, object]], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        validities(changes)


def test_the_presets_are_the_standard_s() -> None:
    assert set(PRESETS) == {"flue_gas", "waste_water", "waste_water_ph", "air"}
    assert (FLUE_GAS.valid_minutes, FLUE_GAS.valid_hours, FLUE_GAS.normal_share) == (45, 20, 0.75)
    assert all(one.month_confirmed_by == "" for one in PRESETS.values())
    assert len({FLUE_GAS, WASTE_WATER}) == 2


def test_flags_become_qualities_and_are_the_same_again() -> None:
    all_flags = np.array([flag for flag in Flag if flag], np.uint8)
    assert flags.from_quality(flags.to_quality(all_flags)).tolist() == all_flags.tolist()
    ascii_codes = np.array([ord(flag.name) for flag in Flag if flag], np.uint8)
    assert flags.from_ascii(ascii_codes).tolist() == all_flags.tolist()
    assert bools(flags.is_in(all_flags, [Flag.F]).tolist()).sum() == 1
