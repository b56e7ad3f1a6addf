"""The tanks obey physics: nothing appears, nothing vanishes, heat feeds on itself, a full tank spills."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.tankfarm import TankFarm, VesselSpec

TANK = VesselSpec(id="t", volume_m3=500.0)
VAT = VesselSpec(id="r", volume_m3=20.0, temperature_c=80.0, pressure_kpa=200.0, jacketed=True, batch=True)


def _farm(*specs: VesselSpec, seed: int = 1) -> TankFarm:
    return TankFarm(specs or (TANK,), seed)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    steps=st.lists(
        st.tuples(st.floats(0.1, 120.0), st.floats(0.0, 20.0), st.floats(0.0, 30.0)), min_size=1, max_size=60
    ),
)
def test_what_is_in_a_tank_is_what_came_less_what_went(seed: int, steps: list[tuple[float, float, float]]) -> None:
    farm = _farm(TANK, TANK, VAT, seed=seed)
    began = farm.held_m3.copy()
    for dt_s, leak, overfill in steps:
        farm.step(dt_s, leak_kg_s=np.full(3, leak), overfill_pct_min=np.array([overfill, 0.0, 0.0]))
    balance = began + farm.total_in_m3 - farm.total_out_m3 - farm.total_leaked_m3 - farm.total_spilled_m3
    np.testing.assert_allclose(farm.held_m3, balance, rtol=1e-9, atol=1e-9)
    assert (farm.held_m3 >= 0).all()
    assert (farm.held_m3 <= farm.volume_m3).all()


def test_campaigns_move_the_level_and_stay_in_their_range() -> None:
    farm = _farm(*[TANK] * 50)
    levels = []
    for _ in range(3 * 24 * 60):
        farm.step(60.0)
        levels.append(farm.level_pct.copy())
    seen = np.array(levels)
    assert seen.min() > TANK.lowest_pct - 1.0
    assert seen.max() < TANK.highest_pct + 1.0
    assert (np.ptp(seen, axis=0) > 10.0).all()


def test_an_overfilled_tank_rises_at_the_asked_rate_then_spills() -> None:
    farm = _farm()
    began = farm.level_pct[0]
    farm.step(60.0, overfill_pct_min=np.array([3.0]))
    assert farm.level_pct[0] == pytest.approx(began + 3.0)
    for _ in range(60):
        farm.step(60.0, overfill_pct_min=np.array([3.0]))
    assert farm.level_pct[0] == 100.0
    assert farm.total_spilled_m3[0] > 0


def test_a_batch_vessel_keeps_its_charge() -> None:
    farm = _farm(VAT)
    began = farm.held_m3.copy()
    for _ in range(1000):
        farm.step(60.0)
    np.testing.assert_array_equal(farm.held_m3, began)


def test_a_leak_empties_by_its_rate() -> None:
    farm = _farm(VAT)
    began = farm.held_m3[0]
    farm.step(100.0, leak_kg_s=np.array([8.5]))
    assert began - farm.held_m3[0] == pytest.approx(8.5 * 100.0 / VAT.density_kg_m3)


def test_a_runaway_heats_faster_and_faster_until_its_charge_is_spent() -> None:
    farm = _farm(VAT)
    began = farm.temperature_c[0]
    minutes = []
    for _ in range(120):
        farm.step(60.0, runaway_k_min=np.array([2.0]))
        minutes.append(float(farm.temperature_c[0]))
    rises = np.diff([began, *minutes])
    assert rises[8] > 1.4 * rises[0]
    assert rises[-1] < 0.1 * rises.max()
    assert minutes[-1] - began == pytest.approx(160.0, abs=15.0)
    assert farm.charge[0] < 0.05


def test_a_runaway_drives_the_pressure_up_behind_the_temperature() -> None:
    farm = _farm(VAT)
    calm = float(farm.pressure_kpa[0])
    for _ in range(30):
        farm.step(60.0, runaway_k_min=np.array([3.0]))
    assert farm.pressure_kpa[0] > 2 * calm


def test_cooling_that_comes_back_brings_the_temperature_down() -> None:
    farm = _farm(VAT)
    for _ in range(10):
        farm.step(60.0, runaway_k_min=np.array([2.0]))
    hot = farm.temperature_c[0]
    for _ in range(240):
        farm.step(60.0)
    assert farm.temperature_c[0] < hot - 10.0


def test_one_seed_gives_one_history() -> None:
    first, second = _farm(*[TANK] * 5, seed=9), _farm(*[TANK] * 5, seed=9)
    for _ in range(500):
        first.step(30.0)
        second.step(30.0)
    np.testing.assert_array_equal(first.level_pct, second.level_pct)
    np.testing.assert_array_equal(first.temperature_c, second.temperature_c)


def test_another_seed_gives_another_history() -> None:
    first, second = _farm(*[TANK] * 5, seed=9), _farm(*[TANK] * 5, seed=10)
    assert not np.array_equal(first.level_pct, second.level_pct)
