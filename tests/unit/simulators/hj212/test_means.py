"""Minutes, hours and days as a logger reckons them, against sums done by hand."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from park.quality import HJ212_FLAGS
from simulators.hj212_channels import flag_of
from simulators.hj212_means import Mean, Sample, of_means, of_samples
from simulators.hj212_periods import DAY, HOUR, MINUTE, start_of
from tests.unit.simulators.hj212.parks import GAS, NINE_US, WATER, Plant, pairs

_S = 1_000_000
_MINUTE = 60 * _S


def _samples(*flags: str) -> list[Sample]:
    return [Sample(value=float(k), flag=flag) for k, flag in enumerate(flags)]


def _mean(samples: list[Sample], *, expected: int = 12, water: bool = False) -> Mean:
    found = of_samples(samples, expected=expected, water=water)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("normal", "flag"), [(12, "N"), (9, "N"), (8, "D"), (0, "D")], ids=["all", "three quarters", "fewer", "none"]
)
def test_flue_gas_is_normal_where_three_quarters_are(normal: int, flag: str) -> None:
    assert _mean(_samples(*"N" * normal, *"C" * (12 - normal))).flag == flag


def test_a_minute_that_lacks_samples_is_not_normal() -> None:
    assert _mean(_samples(*"N" * 8)).flag == "D"


def test_one_bad_value_spoils_a_minute_of_waste_water() -> None:
    assert _mean(_samples(*"N" * 11, "C"), water=True).flag == "C"
    assert _mean(_samples(*"N" * 12), water=True).flag == "N"


def test_a_mean_is_of_normal_samples_alone() -> None:
    mean = _mean([Sample(value=10.0), Sample(value=20.0), Sample(value=999.0, flag="C")])
    assert (mean.min, mean.avg, mean.max) == (10.0, 15.0, 20.0)


def test_where_nothing_is_normal_it_is_of_all() -> None:
    assert _mean([Sample(value=1.0, flag="M"), Sample(value=3.0, flag="C")]).avg == 2.0


def test_nothing_has_no_mean() -> None:
    assert of_samples([], expected=12, water=False) is None
    assert of_means([], expected=60, water=False, weighted=False) is None


def test_an_hour_of_waste_water_is_weighted_by_flow() -> None:
    slow = Mean(avg=100.0, min=90.0, max=110.0, flag="N", cou=1.0, flow=10.0)
    fast = Mean(avg=200.0, min=190.0, max=210.0, flag="N", cou=6.0, flow=30.0)
    hour = of_means([slow, fast], expected=2, water=True, weighted=True)
    assert hour is not None
    assert (hour.avg, hour.min, hour.max, hour.cou) == (175.0, 90.0, 210.0, 7.0)


@given(st.lists(st.tuples(st.floats(0, 1e4), st.sampled_from("NNNNFMSDCTB")), min_size=1, max_size=20))
def test_a_mean_lies_between_its_extremes(rows: list[tuple[float, str]]) -> None:
    mean = _mean([Sample(value=value, flag=flag) for value, flag in rows])
    assert mean.min <= mean.avg * (1 + 1e-9) + 1e-9
    assert mean.avg <= mean.max * (1 + 1e-9) + 1e-9
    assert math.isnan(mean.zs_avg)


@pytest.mark.parametrize("flag", sorted(HJ212_FLAGS))
def test_every_flag_goes_to_quality_and_back(flag: str) -> None:
    assert flag_of(HJ212_FLAGS[flag]) == flag
    assert flag_of(HJ212_FLAGS[flag] | 0x80) == flag


def test_periods_begin_on_the_hour_and_at_midnight_in_china() -> None:
    assert start_of(NINE_US + 1, 3600 * _S) == NINE_US
    assert start_of(NINE_US, 86_400 * _S) == NINE_US - 9 * 3600 * _S


async def test_minute_hour_and_day_are_told_when_they_are_over() -> None:
    plant = Plant(realtime_every="0s")
    midnight_us = NINE_US - 9 * 3600 * _S
    await plant.run(midnight_us, midnight_us + 86_400 * _S + 1, 5 * _S)
    minutes, hours, days = (plant.said(GAS, cn) for cn in (MINUTE, HOUR, DAY))
    assert (len(hours), len(days)) == (24, 1)
    assert pairs(minutes[-1])["DataTime"].endswith("2359" + "00")
    assert [pairs(one)["DataTime"][8:10] for one in hours] == [f"{hour:02d}" for hour in range(24)]
    day = pairs(days[0])
    assert day["a21026-Avg"] == "20.0"
    # 20 mg/m3 in 3600 m3/h for 24 h: 1.728 kg of SO2 in 86 400 m3.
    assert float(day["a21026-Cou"]) == pytest.approx(1.728)
    assert float(day["a00000-Cou"]) == pytest.approx(86_400.0)
    # At 5.5 % oxygen for a reference of 3 %: 18/15.5 of 20 mg/m3 (折算).
    assert float(day["a21026-ZsAvg"]) == pytest.approx(23.2, abs=0.05)
    assert day["a21026-Flag"] == "N"
    assert "a19001-ZsAvg" not in day
    pumped = pairs(plant.said(WATER, 2041)[0])
    assert pumped["SB1-RT"] == "24.0"


async def test_waste_water_amounts_are_kilograms() -> None:
    plant = Plant(realtime_every="0s")
    await plant.run(NINE_US, NINE_US + 3601 * _S)
    hour = pairs(plant.said(WATER, HOUR)[0])
    assert float(hour["w01018-Cou"]) == pytest.approx(3.6)
    assert float(hour["w00000-Cou"]) == pytest.approx(36.0)
    assert "w01001-Cou" not in hour
