"""What one logger says, and when: real-time values, states, flags, calibrations, the errors of its clock."""

import pytest

from park.quality import HJ212_FLAGS
from simulators.hj212_config import Calibrations, LoggerConfig
from simulators.hj212_packet import beijing
from simulators.hj212_profiles import Profile
from tests.unit.simulators.hj212.parks import DA002, DW002, GAS, NINE_US, WATER, Plant, pairs

_S = 1_000_000


async def test_real_time_values_come_once_an_interval() -> None:
    plant = Plant(realtime_every="10s")
    await plant.run(NINE_US, NINE_US + 60 * _S, _S)
    said = [pairs(one) for one in plant.said(GAS, 2011)]
    assert [one["DataTime"] for one in said] == [beijing(NINE_US + k * _S) for k in (10, 20, 30, 40, 50)]
    assert {name: said[0][name] for name in ("a21026-Rtd", "a21026-ZsRtd", "a21026-Flag", "a19001-Rtd")} == {
        "a21026-Rtd": "20.0",
        "a21026-ZsRtd": "23.2",
        "a21026-Flag": "N",
        "a19001-Rtd": "5.50",
    }


async def test_a_logger_that_starts_says_so() -> None:
    plant = Plant()
    await plant.show(NINE_US)
    assert pairs(plant.said(GAS, 2081)[0]) == {"DataTime": beijing(NINE_US), "RestartTime": beijing(NINE_US)}
    assert plant.said(GAS, 3019)
    assert plant.said(GAS, 3020)
    assert pairs(plant.said(WATER, 2021)[0])["SB1-RS"] == "1"


async def test_a_state_is_told_when_it_changes() -> None:
    plant = Plant()
    await plant.run(NINE_US, NINE_US + 30 * _S)
    plant.set(f"{DW002}.pump", 0.0)
    await plant.run(NINE_US + 30 * _S, NINE_US + 60 * _S)
    assert [pairs(one)["SB1-RS"] for one in plant.said(WATER, 2021)] == ["1", "0"]


@pytest.mark.parametrize("flag", ["C", "M", "D", "B"])
async def test_the_quality_of_a_value_is_its_flag(flag: str) -> None:
    plant = Plant(realtime_every="5s")
    plant.set(f"{DA002}.so2", 20.0, HJ212_FLAGS[flag])
    await plant.run(NINE_US, NINE_US + 10 * _S)
    assert pairs(plant.said(GAS, 2011)[0])["a21026-Flag"] == flag


async def test_a_value_at_the_end_of_its_range_carries_t() -> None:
    plant = Plant(realtime_every="5s")
    plant.set(f"{DA002}.so2", 300.0)
    await plant.run(NINE_US, NINE_US + 10 * _S)
    assert pairs(plant.said(GAS, 2011)[0])["a21026-Flag"] == "T"


async def test_what_is_absent_is_not_told() -> None:
    plant = Plant(realtime_every="5s")
    plant.present[plant.ix(f"{DA002}.so2")] = False
    await plant.run(NINE_US, NINE_US + 10 * _S)
    said = pairs(plant.said(GAS, 2011)[0])
    assert "a21026-Rtd" not in said
    assert "a19001-Rtd" in said


async def test_analysers_calibrate_on_schedule() -> None:
    plan = Calibrations.model_validate({"first": "1m", "every": "10m", "lasts": "1m"})
    plant = Plant(gas=LoggerConfig(calibrations=plan), realtime_every="5s")
    await plant.run(NINE_US, NINE_US + 900 * _S)
    said = [pairs(one) for one in plant.said(GAS, 2011)]
    marked = [one["DataTime"] for one in said if one["a21026-Flag"] == "C"]
    assert marked == [beijing(NINE_US + k * _S) for k in (*range(60, 120, 5), *range(660, 720, 5))]
    shown = {one["a21026-Rtd"] for one in said if one["a21026-Flag"] == "C"}
    assert shown == {"0.0", "240.0"}
    assert {one["a19001-Flag"] for one in said} == {"N"}


async def test_a_clock_drifts() -> None:
    plant = Plant(gas=LoggerConfig(drift_ppm=10_000.0, ahead_s=30.0), realtime_every="5s")
    await plant.run(NINE_US, NINE_US + 1001 * _S)
    assert pairs(plant.said(GAS, 2011)[-1])["DataTime"] == beijing(NINE_US + (1000 + 30 + 10) * _S)
    assert pairs(plant.said(WATER, 2011)[-1])["DataTime"] == beijing(NINE_US + 1000 * _S)


async def test_a_skewed_clock_of_the_script_is_the_loggers() -> None:
    plant = Plant(realtime_every="5s")
    plant.skew_us = -90 * _S
    await plant.run(NINE_US, NINE_US + 10 * _S)
    assert pairs(plant.said(GAS, 2011)[0])["DataTime"] == beijing(NINE_US - 85 * _S)


async def test_clocks_may_run_through_days_that_are_past() -> None:
    plant = Plant(realtime_every="0s", clock_from_us=NINE_US - 7 * 86_400 * _S, clock_speed=60.0)
    await plant.run(NINE_US, NINE_US + 61 * _S, _S // 12)
    hours = plant.said(GAS, 2061)
    assert [pairs(one)["DataTime"] for one in hours] == [beijing(NINE_US - 7 * 86_400 * _S)]
    assert pairs(hours[0])["a21026-Flag"] == "N"


async def test_a_full_buffer_gives_up_its_oldest() -> None:
    plant = Plant(realtime_every="5s", buffer=3)
    await plant.run(NINE_US, NINE_US + 31 * _S)
    said = [pairs(one)["DataTime"] for one in plant.said(GAS, 2011)]
    assert said == [beijing(NINE_US + k * _S) for k in (20, 25, 30)]
    assert plant.fleet.counts()["dropped"] > 0


async def test_no_two_uploads_have_one_number() -> None:
    plant = Plant(realtime_every="1s")
    await plant.run(NINE_US, NINE_US + 120 * _S, _S)
    numbers = [qn for cn in (2011, 2051, 2081, 3019, 3020) for one in plant.said(GAS, cn) for qn in one.qns]
    assert len(numbers) == len(set(numbers)) > 100


async def test_a_logger_of_2005_speaks_in_old_codes() -> None:
    plant = Plant(gas=LoggerConfig(profile=Profile.OLD_2005), realtime_every="5s")
    await plant.run(NINE_US, NINE_US + 10 * _S)
    assert pairs(plant.said(GAS, 2011)[0])["02-Rtd"] == "20.0"


async def test_a_logger_of_2025_lives() -> None:
    plant = Plant(gas=LoggerConfig(profile=Profile.V2025), realtime_every="0s")
    await plant.run(NINE_US, NINE_US + 180 * _S)
    assert len(plant.said(GAS, 9015)) == 3


async def test_chinese_logs_come_with_every_hour() -> None:
    plant = Plant(gas=LoggerConfig(profile=Profile.CHINESE_TEXT), realtime_every="0s")
    await plant.run(NINE_US, NINE_US + 3601 * _S)
    logs = [one for one in plant.said(GAS, 3020) if "i11001-Info" in pairs(one)]
    assert [pairs(one)["i11001-Info"] for one in logs] == ["//清洗管路//"] * 2


def test_a_tag_without_a_logger_is_refused() -> None:
    with pytest.raises(ValueError, match="loggers names 330604"):
        Plant(loggers={"330604": LoggerConfig()})
