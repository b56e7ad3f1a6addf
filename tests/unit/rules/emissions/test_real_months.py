"""Two years beside a coke works, a year of a treatment plant: day means, validity, exceedances as pandas has them.

The recordings are not ours to ship; ``../shared/data/README.md`` tells what each is.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from park.periods import PeriodBatch
from rules.arrays import Floats, Ints
from rules.emissions.days import day_means, month_means
from rules.emissions.exceed import Limits, exceedances
from rules.emissions.hours import hour_means
from rules.emissions.marks import Kind, Marks, marked_minutes
from rules.emissions.means import Means, Status
from rules.emissions.minutes import minutes_from_periods, minutes_from_samples
from rules.emissions.periods import HOUR_US
from rules.emissions.validity import AIR, WASTE_WATER
from tests.unit.rules.emissions.columns import tags

_DATA = Path(__file__).parents[5] / "shared" / "data"
pytestmark = pytest.mark.skipif(not _DATA.is_dir(), reason="the recordings are not on this machine")

SHANGHAI = "Asia/Shanghai"


def _hourly(name: str) -> pd.DataFrame:
    """Columns of the file by the start of their hour, Beijing time."""
    if name == "coke_works":
        rows = pd.read_csv(_DATA / "coke_works" / "liberty_2016-11_2018-11.csv.gz")
        middle = pd.to_datetime(rows["EpochTime"], unit="s", utc=True)
        start = (middle - pd.Timedelta(minutes=30)).dt.tz_convert(SHANGHAI)
        wanted = {"h2s": rows["3.feed_28.H2S_PPM"], "so2": rows["3.feed_28.SO2_PPM"]}
    else:
        rows = pd.read_csv(_DATA / "effluent" / "effluent_to_2021-12-15.csv")
        start = pd.to_datetime(rows["monitorTime"]).dt.tz_localize(SHANGHAI)
        wanted = {"value": rows["monitorAvgValue"]}
    return pd.DataFrame({key: column.to_numpy(float) for key, column in wanted.items()}, index=pd.DatetimeIndex(start))


def _us(times: pd.DatetimeIndex) -> Ints:
    return np.asarray(times.as_unit("us").asi8, np.int64)


def _half_hours(tag: int, hours: "pd.Series[float]") -> PeriodBatch:
    """Each hour as the two half hours that a logger with the longest minute interval would report."""
    start: Ints = np.repeat(_us(pd.DatetimeIndex(hours.index)), 2)
    start[1::2] += HOUR_US // 2
    n = len(start)
    none = np.full(n, np.nan)
    return PeriodBatch(
        tag=np.full(n, tag, np.int32),
        length_s=np.full(n, 1800, np.int32),
        start_us=start,
        avg=np.repeat(hours.to_numpy(float), 2),
        min=none,
        max=none,
        cou=none,
        zs_avg=none,
        zs_min=none,
        zs_max=none,
        flag=np.full(n, ord("N"), np.uint8),
        asked=np.zeros(n, np.bool_),
    )


def _limit(n: int, limit: float) -> Limits:
    return Limits(upper=np.full(n, limit), lower=np.full(n, np.nan), row=np.zeros(n, np.int32))


def _days(hours: "pd.Series[float]") -> pd.DataFrame:
    one = hours.dropna()
    return one.groupby(pd.DatetimeIndex(one.index).floor("D")).agg(["mean", "size", "min", "max"])


def _same_days(means: Means, days: pd.DataFrame) -> None:
    there = means.every.parts > 0
    assert means.start_us[there].tolist() == _us(pd.DatetimeIndex(days.index)).tolist()
    for mine, theirs in ((means.every.mean, "mean"), (means.every.min, "min"), (means.every.max, "max")):
        column: Floats = days[theirs].to_numpy(float)
        np.testing.assert_allclose(mine[there], column, rtol=1e-9, atol=1e-12)
    assert means.every.parts[there].tolist() == days["size"].tolist()
    assert means.every.valid[there].tolist() == (days["size"] >= 20).tolist()


@pytest.mark.parametrize(("column", "limit_h", "limit_d"), [("so2", 0.075, 0.02), ("h2s", 0.03, 0.005)])
def test_days_beside_the_coke_works(column: str, limit_h: float, limit_d: float) -> None:
    raw = _hourly("coke_works")[column]
    hours = hour_means(minutes_from_periods(_half_hours(0, raw)), AIR)
    days = day_means(hours, AIR)
    _same_days(days, _days(raw))

    over = raw[raw > limit_h]
    found = exceedances(hours.every.mean, hours.every.valid, _limit(len(hours), limit_h))
    assert hours.start_us[found.period].tolist() == _us(pd.DatetimeIndex(over.index)).tolist()
    np.testing.assert_allclose(found.times_over, over.to_numpy(float) / limit_h - 1)

    judged = _days(raw).query("size >= 20")
    over_days = judged[judged["mean"] > limit_d * (1 + 1e-9)]
    found = exceedances(days.every.mean, days.every.valid, _limit(len(days), limit_d))
    assert days.start_us[found.period].tolist() == _us(pd.DatetimeIndex(over_days.index)).tolist()
    assert len(over) > 0
    assert len(over_days) > 0


def test_months_beside_the_coke_works() -> None:
    raw = _hourly("coke_works")["so2"]
    months = month_means(day_means(hour_means(minutes_from_periods(_half_hours(0, raw)), AIR), AIR), AIR)
    days = _days(raw).query("size >= 20")
    start = pd.DatetimeIndex(days.index).tz_localize(None).to_period("M").to_timestamp().tz_localize(SHANGHAI)
    expected = days["mean"].groupby(start).agg(["mean", "size"])
    there = months.every.parts > 0
    assert months.start_us[there].tolist() == _us(pd.DatetimeIndex(expected.index)).tolist()
    np.testing.assert_allclose(months.every.mean[there], expected["mean"].to_numpy(float), rtol=1e-9)
    enough = np.where(pd.DatetimeIndex(expected.index).month == 2, 23, 25)
    assert months.every.valid[there].tolist() == (expected["size"].to_numpy() >= enough).tolist()
    assert set(months.every.valid.tolist()) == {True, False}


def test_days_of_the_effluent_with_its_stuck_runs_marked() -> None:
    """One value an hour, as such an analyser gives them; what stood still for six hours and more is marked."""
    raw = _hourly("effluent")["value"]
    time_us = _us(pd.DatetimeIndex(raw.index))
    minutes = minutes_from_samples(
        tags([0] * len(raw)), time_us, raw.to_numpy(float), np.zeros(len(raw), np.uint8), validity=WASTE_WATER
    )
    known = raw.dropna()
    run = (known != known.shift()).cumsum()
    stuck = known.groupby(run).transform("size") >= 6
    begin_us = _us(pd.DatetimeIndex(known.index))[stuck.to_numpy()]
    marks = Marks(
        tag=tags([0] * len(begin_us)),
        begin_us=begin_us,
        end_us=begin_us + HOUR_US,
        kind=np.full(len(begin_us), Kind.ANOMALY, np.uint8),
    )
    marked = marked_minutes(minutes.tag, minutes.minute_us, marks)
    hours = hour_means(minutes, WASTE_WATER, marked=marked)
    days = day_means(hours, WASTE_WATER)

    assert int(hours.every.valid.sum()) == len(known)
    assert int(hours.unmarked.valid.sum()) == int((~stuck).sum())
    _same_days(days, _days(raw))
    left = _days(known[~stuck])
    still = days.unmarked.parts > 0
    np.testing.assert_allclose(days.unmarked.mean[still], left["mean"].to_numpy(float), rtol=1e-9)
    assert days.unmarked.valid[still].tolist() == (left["size"] >= 20).tolist()
    assert int((days.unmarked.status == Status.MARKED).sum()) > 0
