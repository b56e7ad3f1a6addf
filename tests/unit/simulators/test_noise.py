"""Random processes stay where they belong; instruments lag, wait, and do not leave their range."""

import numpy as np
import pytest

from simulators.noise import Instruments, Wander, generator


def _still(**more: object) -> Instruments:
    options = {"low": [0.0], "high": [100.0], "noise": [0.0], "lag_s": [0.0], "rng": generator(1, "t")}
    return Instruments(**(options | more))  # type: ignore[arg-type]


@pytest.mark.parametrize("dt_s", [0.1, 10.0, 600.0, 86_400.0])
def test_a_wander_keeps_its_spread_at_any_step(dt_s: float) -> None:
    wander = Wander(20_000, 600.0, generator(1, "w"))
    for _ in range(20):
        wander.step(dt_s)
    assert wander.value.std() == pytest.approx(1.0, abs=0.05)
    assert wander.value.mean() == pytest.approx(0.0, abs=0.05)
    assert np.abs(wander.value).max() <= 3.0


def test_a_wander_is_slow() -> None:
    wander = Wander(1000, 600.0, generator(1, "w"))
    before = wander.value.copy()
    wander.step(1.0)
    assert np.abs(wander.value - before).max() < 0.4


def test_parts_of_a_simulation_have_streams_of_their_own() -> None:
    assert generator(1, "tanks").random() != generator(1, "weather").random()
    assert generator(1, "tanks").random() == generator(1, "tanks").random()


def test_a_lagging_instrument_shows_two_thirds_after_its_lag() -> None:
    instrument = _still(lag_s=[10.0])
    instrument.read(np.array([0.0]), 1.0)
    assert instrument.read(np.array([50.0]), 10.0)[0] == pytest.approx(50.0 * (1 - np.exp(-1)))


def test_dead_time_shows_the_past() -> None:
    instrument = _still(dead_time_s=3.0)
    shown = [instrument.read(np.array([float(k)]), 1.0)[0] for k in range(10)]
    assert shown[5:] == [2.0, 3.0, 4.0, 5.0, 6.0]


def test_an_instrument_stops_at_the_end_of_its_range() -> None:
    instrument = _still()
    assert instrument.read(np.array([140.0]), 1.0)[0] == 100.0
    assert instrument.read(np.array([-3.0]), 1.0)[0] == 0.0


def test_noise_has_the_asked_size() -> None:
    n = 20_000
    many = Instruments(low=-np.inf, high=np.inf, noise=np.full(n, 0.5), lag_s=np.zeros(n), rng=generator(2, "t"))
    assert many.read(np.full(n, 7.0), 1.0).std() == pytest.approx(0.5, rel=0.05)
