"""The plume carries what is emitted, no more and no less, and only where the wind blows."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators import plume
from simulators.plume import Stability

classes = st.sampled_from(list(Stability))


@given(stability=classes, x_m=st.floats(50.0, 5000.0), height_m=st.floats(0.0, 60.0), wind=st.floats(0.6, 15.0))
def test_every_cross_section_carries_the_whole_emission(
    stability: Stability, x_m: float, height_m: float, wind: float
) -> None:
    sy, sz = (float(one[0]) for one in plume.sigmas(np.array([x_m]), stability))
    y = np.linspace(-7 * sy, 7 * sy, 301)
    z = np.linspace(0.0, height_m + 7 * sz, 1201)
    field = plume.concentration(
        rate_kg_s=2.0,
        x_m=np.full((301, 1201), x_m),
        y_m=y[:, None],
        z_m=z[None, :],
        height_m=height_m,
        wind_m_s=wind,
        stability=stability,
    )
    carried = wind * np.trapezoid(np.trapezoid(field, z, axis=1), y)
    assert carried == pytest.approx(2.0, rel=0.01)


@given(stability=classes, x_m=st.floats(1.0, 5000.0), y_m=st.floats(0.0, 2000.0))
def test_it_is_the_same_on_both_sides(stability: Stability, x_m: float, y_m: float) -> None:
    both = plume.concentration(
        rate_kg_s=1.0, x_m=np.array([x_m, x_m]), y_m=np.array([y_m, -y_m]), wind_m_s=3.0, stability=stability
    )
    assert both[0] == both[1]


@given(dx_m=st.floats(-3000, 3000), dy_m=st.floats(-3000, 3000), from_deg=st.floats(0, 359.9))
def test_along_and_across_keep_the_distance(dx_m: float, dy_m: float, from_deg: float) -> None:
    x, y = plume.downwind(np.array([dx_m]), np.array([dy_m]), from_deg)
    assert math.hypot(x[0], y[0]) == pytest.approx(math.hypot(dx_m, dy_m), abs=1e-6)


def test_a_wind_from_the_south_east_blows_to_the_north_west() -> None:
    x, y = plume.downwind(np.array([-100.0]), np.array([100.0]), 135.0)
    assert x[0] == pytest.approx(math.hypot(100, 100))
    assert y[0] == pytest.approx(0.0, abs=1e-9)


def test_there_is_nothing_upwind() -> None:
    assert plume.concentration(rate_kg_s=1.0, x_m=np.array([-50.0, 0.0]), y_m=np.zeros(2), wind_m_s=3.0).sum() == 0.0


def test_twice_the_wind_halves_it_and_twice_the_leak_doubles_it() -> None:
    def at(rate: float, wind: float) -> float:
        return float(plume.concentration(rate_kg_s=rate, x_m=np.array([300.0]), y_m=np.array([20.0]), wind_m_s=wind)[0])

    assert at(1.0, 4.0) == pytest.approx(at(1.0, 2.0) / 2)
    assert at(2.0, 2.0) == pytest.approx(2 * at(1.0, 2.0))


def test_on_the_ground_it_thins_out_with_distance() -> None:
    x = np.linspace(50.0, 5000.0, 100)
    along = plume.concentration(rate_kg_s=1.0, x_m=x, y_m=np.zeros(100), wind_m_s=3.0)
    assert (np.diff(along) < 0).all()


def test_a_high_stack_reaches_the_ground_some_way_off() -> None:
    x = np.linspace(20.0, 5000.0, 500)
    along = plume.concentration(rate_kg_s=1.0, x_m=x, y_m=np.zeros(500), z_m=0.0, height_m=40.0, wind_m_s=3.0)
    assert 100.0 < x[along.argmax()] < 2000.0


def test_a_leak_is_felt_beside_the_tank_on_every_side() -> None:
    angles = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    around = plume.leak_field(
        rate_kg_s=3.0, dx_m=8 * np.cos(angles), dy_m=8 * np.sin(angles), from_deg=200.0, wind_m_s=2.0
    )
    assert around.min() > 0.01
    assert around.max() == pytest.approx(around.min())


def test_beyond_the_bund_only_downwind_feels_it() -> None:
    far = plume.leak_field(
        rate_kg_s=3.0, dx_m=np.array([400.0, -400.0]), dy_m=np.zeros(2), from_deg=270.0, wind_m_s=2.0
    )
    assert far[0] > 1e-5
    assert far[1] < 1e-12


@given(east=st.floats(-20_000, 20_000), north=st.floats(-20_000, 20_000))
def test_metres_and_degrees_are_each_others_inverse(east: float, north: float) -> None:
    origin = (120.87, 30.15)
    back = plume.local_m(plume.position_at(east, north, origin), origin)
    assert back == pytest.approx((east, north), abs=1e-4)
