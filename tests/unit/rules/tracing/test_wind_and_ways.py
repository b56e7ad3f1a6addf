"""Vector means, the way of the air, and positions, against plain reckoning."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.tracing.footprint import coupling
from rules.tracing.grid import Grid, near_data
from rules.tracing.plane import bearing_deg, to_plane, turn_deg
from rules.tracing.wind import Wind, combine, yamartino_deg
from service.alerts.site import distance_m
from tests.unit.rules.tracing.stories import FROM_US, vane

GRID = Grid(begin_us=FROM_US, step_us=30_000_000, n=140)


def blowing(from_deg: float, speed_m_s: float) -> Wind:
    found = combine(GRID, [vane(from_deg, speed_m_s, scatter_deg=0.0)], (0.0, 0.0))
    assert found is not None
    return found


@given(from_deg=st.floats(0.0, 359.9), speed_m_s=st.floats(0.5, 20.0))
def test_steady_wind_is_found_again(from_deg: float, speed_m_s: float) -> None:
    speed, found_deg, deviation = blowing(from_deg, speed_m_s).mean(0, GRID.n)
    assert speed == pytest.approx(speed_m_s, rel=1e-6)
    assert abs(turn_deg(from_deg, found_deg)) < 1e-3
    assert deviation == pytest.approx(0.0, abs=0.01)


def test_mean_of_directions_about_north_is_north() -> None:
    wind = combine(GRID, [vane(350.0, 3.0, name="a"), vane(10.0, 3.0, name="b")], (0.0, 500.0))
    assert wind is not None
    assert abs(turn_deg(0.0, wind.mean(0, GRID.n)[1])) < 1.5
    assert wind.spread_deg == pytest.approx(10.0, abs=1.0)


def test_nearer_station_weighs_more() -> None:
    stations = [vane(90.0, 3.0, name="near", at_m=(100.0, 0.0)), vane(0.0, 3.0, name="far", at_m=(3_000.0, 0.0))]
    wind = combine(GRID, stations, (0.0, 0.0))
    assert wind is not None
    assert dict(wind.stations)["near"] > 0.95
    assert abs(turn_deg(90.0, wind.mean(0, GRID.n)[1])) < 5.0


def test_no_station_is_no_wind() -> None:
    assert combine(GRID, [], (0.0, 0.0)) is None


@pytest.mark.parametrize("spread_deg", [5.0, 15.0, 30.0])
def test_deviation_of_direction_is_that_of_the_directions(spread_deg: float) -> None:
    rad = np.radians(np.random.default_rng(1).normal(40.0, spread_deg, 20_000))
    assert yamartino_deg(np.sin(rad), np.cos(rad)) == pytest.approx(spread_deg, rel=0.05)


def test_air_reaches_the_receptor_after_distance_over_speed() -> None:
    wind = blowing(270.0, 4.0)
    by_age = coupling(wind, np.array([130]), 60, np.array([1_200.0]), np.array([0.0]))[0, 0].astype(float)
    age_s = float((by_age * (np.arange(60) + 0.5)).sum() / by_age.sum()) * 30.0
    assert age_s == pytest.approx(300.0, rel=0.05)


def test_place_downwind_or_beside_gives_next_to_nothing() -> None:
    wind = blowing(270.0, 4.0)
    places_e, places_n = np.array([600.0, -600.0, 0.0]), np.array([0.0, 0.0, 600.0])
    upwind, down, beside = coupling(wind, np.array([130]), 60, places_e, places_n).sum(axis=(1, 2))
    assert down < 1e-6 * upwind
    assert beside < 1e-6 * upwind


@given(off_deg=st.floats(0.0, 80.0), further_deg=st.floats(1.0, 10.0))
def test_farther_off_the_axis_gives_less(off_deg: float, further_deg: float) -> None:
    wind = blowing(270.0, 4.0)
    angles = np.radians([off_deg, off_deg + further_deg])
    near, far = coupling(wind, np.array([130]), 60, 600.0 * np.cos(angles), 600.0 * np.sin(angles)).sum(axis=(1, 2))
    assert far <= near


def test_vanes_that_are_off_turn_the_way_of_the_air() -> None:
    """The way is taken to be turned by as much as the place is turned the other way."""
    wind = blowing(270.0, 4.0)
    rad = math.radians(10.0)
    turned = coupling(
        wind, np.array([130]), 60, np.array([600.0 * math.cos(rad)]), np.array([-600.0 * math.sin(rad)]), bias_deg=10.0
    )
    straight = coupling(wind, np.array([130]), 60, np.array([600.0]), np.array([0.0]))
    assert np.allclose(turned, straight, rtol=1e-3, atol=1e-9)


@given(east_deg=st.floats(-0.05, 0.05), north_deg=st.floats(-0.05, 0.05))
def test_plane_keeps_distances(east_deg: float, north_deg: float) -> None:
    origin = (120.87, 30.15)
    place = (origin[0] + east_deg, origin[1] + north_deg)
    assert math.hypot(*to_plane(place, origin)) == pytest.approx(distance_m(origin, place), rel=5e-3, abs=0.01)


@pytest.mark.parametrize(("east", "north", "bearing"), [(0, 1, 0), (1, 0, 90), (0, -1, 180), (-1, 0, 270)])
def test_bearings_count_clockwise_from_north(east: float, north: float, bearing: float) -> None:
    assert bearing_deg(east, north) == pytest.approx(bearing)


def test_step_is_covered_while_a_sample_is_near() -> None:
    value = np.full(10, np.nan)
    value[4] = 1.0
    grid = Grid(begin_us=0, step_us=60_000_000, n=10)
    assert near_data(grid, value, 120_000_000).tolist() == [False] * 2 + [True] * 5 + [False] * 3
