"""The weather wanders about what was asked for."""

import numpy as np
import pytest

from simulators.weather import Weather


def test_the_wind_keeps_about_its_direction_and_speed() -> None:
    weather = Weather(3, from_deg=135.0, speed_m_s=4.0, wander_deg=10.0)
    directions, speeds = [], []
    for _ in range(2000):
        weather.step(60.0)
        directions.append(weather.from_deg)
        speeds.append(weather.speed_m_s)
    assert np.mean(directions) == pytest.approx(135.0, abs=3.0)
    assert min(directions) >= 110.0
    assert max(directions) <= 160.0
    assert np.mean(speeds) == pytest.approx(4.0, rel=0.1)


def test_a_north_wind_does_not_jump_out_of_the_circle() -> None:
    weather = Weather(3, from_deg=0.0)
    for _ in range(500):
        weather.step(60.0)
        assert 0.0 <= weather.from_deg < 360.0


def test_afternoons_are_warmer_than_nights() -> None:
    days = [Weather(seed, day_s=hour * 3600.0) for hour in (5, 15) for seed in range(50)]
    temperatures = np.array([day.temperature_c for day in days])
    assert temperatures[50:].mean() > temperatures[:50].mean() + 6.0


def test_a_station_reads_what_it_has_instruments_for() -> None:
    weather = Weather(1)
    assert weather.reading("wind_direction") == weather.from_deg
    assert weather.reading("rain") == 0.0
    assert weather.reading("nmhc") is None
