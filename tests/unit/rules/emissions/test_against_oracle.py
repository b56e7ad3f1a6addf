"""Made-up months through the columns and through pandas: the same records, to the last bit of every flag and count."""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from rules.arrays import Bools, Floats
from rules.emissions import flags
from rules.emissions.convert import OxygenRule, to_reference_oxygen
from rules.emissions.days import day_means, month_means
from rules.emissions.exceed import Limits, Side, exceedances
from rules.emissions.hours import hour_means, hours_between
from rules.emissions.marks import marked_minutes
from rules.emissions.means import Judgement, Means, Status
from rules.emissions.minutes import Minutes, merge, minutes_from_periods, minutes_from_samples
from rules.emissions.validity import FLUE_GAS, WASTE_WATER, WASTE_WATER_PH, Validity
from tests.unit.rules.emissions import oracle
from tests.unit.rules.emissions.columns import tags, us
from tests.unit.rules.emissions.months import COD, FLOW, O2, PH, SO2, Story, story
from tests.unit.rules.emissions.oracle import Rule

STARTS = [us(f"{month}-01 00:00") for month in ("2026-11", "2026-12", "2027-02", "2028-02")]
_SPOILS = frozenset({"minute", "hour"})


@dataclass(frozen=True)
class Case:
    """Tags that share a validity, and the same validity for the oracle."""

    name: str
    tags: tuple[int, ...]
    validity: Validity
    rule: Rule
    converted: bool = False


def changed(validity: Validity, **changes: Any) -> Validity:
    return Validity.model_validate(validity.model_dump() | changes)


CASES = [
    Case("flue gas", (SO2, O2), FLUE_GAS, Rule()),
    Case("flue gas at reference oxygen", (SO2,), FLUE_GAS, Rule(), converted=True),
    Case("waste water", (COD,), WASTE_WATER, Rule(water=True, weighted=True, k=1, spoils=_SPOILS)),
    Case("pH", (PH,), WASTE_WATER_PH, Rule(water=True, k=1, spoils=_SPOILS)),
    Case(
        "over range counts, D as the standard writes it",
        (SO2, COD),
        changed(FLUE_GAS, valid_flags=["N", "T"], abnormal_flag="D"),
        Rule(valid=frozenset("NT"), standard_d=True),
    ),
    Case(
        "strict water of 45 minutes, typed-in values count",
        (COD, FLOW),
        changed(
            WASTE_WATER,
            valid_flags=["N", "S"],
            valid_minutes=45,
            one_bad_spoils=["minute", "hour", "day"],
            without_flow="stopped",
        ),
        Rule(water=True, weighted=True, valid=frozenset("NS"), spoils=_SPOILS | {"day"}, dry_is_stopped=True),
    ),
    Case(
        "pH as hydrogen ion, half an hour and half a day suffice",
        (PH,),
        changed(FLUE_GAS, mean="hydrogen_ion", valid_minutes=30, valid_hours=12, valid_days=1, valid_days_february=2),
        Rule(hydrogen=True, k=30, m=12, month=1, february=2),
    ),
]


@dataclass(frozen=True)
class Ours:
    minutes: Minutes
    marked: Bools
    hours: Means
    days: Means
    months: Means


def minutes_by_columns(told: Story, some: tuple[int, ...], validity: Validity) -> Minutes:
    rows = np.isin(told.tag, some)
    sampled = minutes_from_samples(
        told.tag[rows],
        told.time_us[rows],
        told.value[rows],
        told.quality[rows],
        validity=validity,
        lag_us=told.lag_us[rows],
    )
    return merge(sampled, minutes_from_periods(told.reported.take(np.isin(told.reported.tag, some))))


def by_columns(told: Story, case: Case) -> Ours:
    minutes = minutes_by_columns(told, case.tags, case.validity)
    if case.converted:
        oxygen = minutes_by_columns(told, (O2,), FLUE_GAS)
        value, flag = oxygen.look_up(np.full(len(minutes), O2, np.int32), minutes.minute_us)
        rule = OxygenRule(reference_percent=11)
        minutes = to_reference_oxygen(minutes, value, flag, rule, case.validity).minutes
    water = minutes_by_columns(told, (FLOW,), case.validity)
    flow, flow_flag = water.look_up(np.full(len(minutes), FLOW, np.int32), minutes.minute_us)
    weight = np.where(flags.is_in(flow_flag, case.validity.valid_flags), flow, np.nan)
    marked = marked_minutes(minutes.tag, minutes.minute_us, told.marks)
    rows = hours_between(tags(case.tags), told.start_us, told.end_us)
    hours = hour_means(minutes, case.validity, marked=marked, weight=weight, rows=rows)
    days = day_means(hours, case.validity)
    return Ours(minutes, marked, hours, days, month_means(days, case.validity))


@dataclass(frozen=True)
class Theirs:
    minutes: pd.DataFrame
    hours: pd.DataFrame
    days: pd.DataFrame
    months: pd.DataFrame


def minutes_by_pandas(told: Story, some: tuple[int, ...], rule: Rule) -> pd.DataFrame:
    samples = pd.DataFrame({name: getattr(told, name) for name in ("tag", "time_us", "value", "quality", "lag_us")})
    known = {0: "", **{ord(letter): letter for letter in "NFMSDCTB"}}
    reports = pd.DataFrame(
        {name: getattr(told.reported, name) for name in ("tag", "start_us", "length_s", "avg", "asked")}
        | {"flag": [known.get(code, "D") for code in told.reported.flag.tolist()]}
    )
    ours = oracle.minutes(samples[samples["tag"].isin(some)], rule)
    reports = reports[reports["tag"].isin(some)]
    return oracle.merged(ours, oracle.reported(reports)) if len(reports) else ours


def _converted(minutes: pd.DataFrame, oxygen: pd.DataFrame) -> pd.DataFrame:
    """The page, step by step: own flag, oxygen's flag, no value from 20.5 % on."""
    beside = oxygen.droplevel("tag").reindex(minutes.index.get_level_values("minute"))
    o2, o2_flag = beside["value"].to_numpy(float), beside["flag"].fillna("").to_numpy()
    result = minutes.copy()
    possible = (o2 >= 0) & (o2 < 20.5)
    result["value"] = np.where(possible, minutes["value"] * (21 - 11) / (21 - np.where(possible, o2, 0)), np.nan)
    own = (minutes["flag"] == "N") & minutes["value"].notna()
    result.loc[own & (o2_flag != "N"), "flag"] = o2_flag[own & (o2_flag != "N")]
    result.loc[own & (o2_flag == "N") & ~possible, "flag"] = ""
    return result


def by_pandas(told: Story, case: Case) -> Theirs:
    minutes = minutes_by_pandas(told, case.tags, case.rule)
    if case.converted:
        minutes = _converted(minutes, minutes_by_pandas(told, (O2,), Rule()))
    water = minutes_by_pandas(told, (FLOW,), case.rule)
    water = water[water["flag"].isin(case.rule.valid)].droplevel("tag")
    minute = pd.DatetimeIndex(minutes.index.get_level_values("minute"))
    flow = water["value"].reindex(minute).set_axis(minutes.index)
    marked = pd.Series(False, minutes.index)
    zone = oracle.SHANGHAI
    for tag, begin, end in zip(told.marks.tag, told.marks.begin_us, told.marks.end_us, strict=True):
        if end > begin:
            first, last = (pd.Timestamp(int(at), unit="us", tz="UTC").tz_convert(zone) for at in (begin, end))
            covered = (minute + pd.Timedelta(minutes=1) > first) & (minute < last)
            marked |= covered & (minutes.index.get_level_values("tag") == tag)
    every_hour = pd.date_range(
        pd.Timestamp(told.start_us, unit="us", tz="UTC").tz_convert(zone), periods=told.days * 24, freq="h"
    )
    wanted = pd.MultiIndex.from_product([sorted(case.tags), every_hour.as_unit("us")], names=["tag", "period"])
    hours = oracle.hours(minutes, marked, flow, case.rule, wanted)
    days = oracle.days(hours, case.rule)
    return Theirs(minutes, hours, days, oracle.months(days, case.rule))


def frame(means: Means) -> dict[str, Any]:
    """Every column by the name that the oracle gives it."""
    columns: dict[str, Any] = {}
    for one in fields(means):
        column = getattr(means, one.name)
        if isinstance(column, Judgement):
            columns |= {f"{one.name}_{inner.name}": getattr(column, inner.name) for inner in fields(column)}
        else:
            columns[one.name] = column
    columns["flag"] = [flags.letter(flag) for flag in columns["flag"]]
    for side in ("every", "unmarked"):
        columns[f"{side}_status"] = [Status(status).name.lower() for status in columns[f"{side}_status"]]
    return columns


def epoch_us(times: Any) -> list[int]:
    return [int(time.timestamp()) * 1_000_000 for time in times]


def assert_same(ours: dict[str, Any], theirs: pd.DataFrame, tag: Any, start_us: Any, where: str) -> None:
    assert list(tag) == list(theirs.index.get_level_values("tag")), where
    assert list(start_us) == epoch_us(theirs.index.get_level_values(1)), where
    for name, column in ours.items():
        other = theirs[name].to_numpy()
        if isinstance(column, np.ndarray) and column.dtype == np.float64:
            np.testing.assert_allclose(
                column, other.astype(float), rtol=1e-9, atol=1e-12, equal_nan=True, err_msg=f"{where}: {name}"
            )
        else:
            assert [str(one) for one in column] == [str(one) for one in other], f"{where}: {name}"


def check(told: Story, case: Case) -> Ours:
    ours, theirs = by_columns(told, case), by_pandas(told, case)
    minutes = {name: getattr(ours.minutes, name) for name in ("value", "n", "origin", "late", "refilled")}
    minutes["flag"] = [flags.letter(flag) for flag in ours.minutes.flag]
    assert_same(minutes, theirs.minutes, ours.minutes.tag, ours.minutes.minute_us, f"{case.name}, minutes")
    for level in ("hours", "days", "months"):
        means = getattr(ours, level)
        columns = frame(means)
        tag, start_us = columns.pop("tag"), columns.pop("start_us")
        assert_same(columns, getattr(theirs, level), tag, start_us, f"{case.name}, {level}")
    for level, judged in (("hours", theirs.hours), ("days", theirs.days)):
        _check_exceedances(getattr(ours, level), judged, f"{case.name}, {level}")
    return ours


def _check_exceedances(means: Means, theirs: pd.DataFrame, where: str) -> None:
    """Against limits that go through the middle of the values, by hour of the day; with a lower one as pH has."""
    n = len(means)
    upper = np.where(means.start_us % 7 == 0, np.nan, 1.0001 * np.nanmedian(np.append(means.every.mean, 1.0)))
    lower = upper * 0.9
    limits = Limits(upper=upper, lower=lower, row=np.arange(n, dtype=np.int32))
    for side, one in (("every", means.every), ("unmarked", means.unmarked)):
        found = exceedances(one.mean, one.valid, limits)
        judged = theirs.reset_index()
        mean, valid = judged[f"{side}_mean"], judged[f"{side}_status"].isin(["valid"])
        over, under = judged.index[valid & (mean > upper)], judged.index[valid & (mean < lower)]
        assert found.period[found.side == Side.HIGH].tolist() == over.tolist(), where
        assert found.period[found.side == Side.LOW].tolist() == under.tolist(), where
        assert found.limit_row.tolist() == found.period.tolist(), where


seeds = st.integers(0, 2**32)
#: A smaller seed makes no simpler story.
_NO_SHRINKING = (Phase.explicit, Phase.reuse, Phase.generate)


@given(seed=seeds, start=st.sampled_from(STARTS), days=st.integers(1, 2), case=st.sampled_from(CASES))
@settings(max_examples=10, deadline=None, phases=_NO_SHRINKING)
def test_any_days_are_judged_as_the_page_says(seed: int, start: int, days: int, case: Case) -> None:
    check(story(seed, start, days), case)


@pytest.mark.slow
@pytest.mark.timeout(7200)
@given(seed=seeds, start=st.sampled_from(STARTS), days=st.integers(1, 4), case=st.sampled_from(CASES))
@settings(max_examples=600, deadline=None, phases=_NO_SHRINKING)
def test_any_days_are_judged_as_the_page_says_at_length(seed: int, start: int, days: int, case: Case) -> None:
    check(story(seed, start, days), case)


#: Of these seeds the month holds every case.
@pytest.mark.parametrize(("case", "seed"), [(CASES[1], 1), (CASES[2], 8)], ids=["flue gas", "waste water"])
def test_a_month_with_everything_in_it_is_judged_as_the_page_says(case: Case, seed: int) -> None:
    ours = check(story(seed, STARTS[0], 30), case)
    _holds_everything(ours)


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case.name))
@pytest.mark.parametrize("start", STARTS)
def test_whole_months_are_judged_as_the_page_says(start: int, case: Case) -> None:
    for seed in range(3):
        check(story(seed, start, 28), case)


def _holds_everything(ours: Ours) -> None:
    """A month that lacks a case would prove nothing about it."""
    assert set(ours.minutes.flag.tolist()) >= {int(flag) for flag in flags.Flag if flag}
    assert ours.minutes.late.any()
    assert ours.minutes.refilled.any()
    assert set(ours.minutes.origin.tolist()) == {1, 2}
    assert ours.marked.any()
    assert set(ours.hours.unmarked.status.tolist()) == {int(status) for status in Status}
    assert {int(Status.VALID), int(Status.INVALID)} <= set(ours.days.every.status.tolist())


def test_what_the_flow_weighs_is_not_what_time_weighs() -> None:
    """So that the comparison above tells the two apart."""
    told = story(5, STARTS[0], 2)
    ours = by_columns(told, CASES[2])
    rule = changed(WASTE_WATER, weighting="time")
    plain: Floats = hour_means(ours.minutes, rule, marked=ours.marked).every.mean
    weighted = ours.hours.every.mean[ours.hours.present > 0]
    assert ours.hours.every.weighted.any()
    assert not np.allclose(plain, weighted, equal_nan=True)
