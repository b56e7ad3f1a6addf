"""A simulated park is one and the same for one seed, and quiet while nothing goes wrong."""

import numpy as np
import pytest

from park.model import Park
from simulators.faults import Leak
from simulators.park_maker import make_park
from simulators.world import World
from tests.unit.simulators.conftest import START_US, MakeWorld
from tests.unit.simulators.watch import alerts_of

_S = 1_000_000


def test_every_tag_has_a_finite_value_inside_its_span(make_world: MakeWorld) -> None:
    world = make_world()
    frame = world.frame(START_US + 10 * _S)
    assert np.isfinite(frame.value).all()
    for info in world.table.infos:
        low, high = info.tag.span or (-np.inf, np.inf)
        assert low <= frame.value[info.ix] <= high, info.id


def test_one_seed_gives_one_park_to_the_last_bit(make_world: MakeWorld) -> None:
    first, second = make_world(seed=5, speed=60), make_world(seed=5, speed=60)
    for second_no in range(0, 60, 3):
        now_us = START_US + second_no * _S
        np.testing.assert_array_equal(first.frame(now_us).value, second.frame(now_us).value)


def test_how_often_a_park_is_asked_changes_nothing(make_world: MakeWorld) -> None:
    often, once = make_world(speed=60), make_world(speed=60)
    for tenth in range(300):
        last = often.frame(START_US + tenth * _S // 10)
    np.testing.assert_array_equal(last.value, once.frame(last.now_us).value)


def test_another_seed_gives_another_park(make_world: MakeWorld) -> None:
    first, second = make_world(seed=5), make_world(seed=6)
    assert not np.array_equal(first.frame(START_US).value, second.frame(START_US).value)


def test_samples_carry_the_time_that_was_passed_in(make_world: MakeWorld) -> None:
    frame = make_world().frame(START_US + 7)
    assert (frame.time_us == START_US + 7).all()
    assert frame.live


def _quiet_for_an_hour(park: Park, seed: int, speed: float) -> list[str]:
    world = World(park, seed=seed, start_us=START_US + seed * 5 * 3600 * _S, speed=speed)
    return [f"{one.target} {one.level}" for one in alerts_of(world, for_us=round(3600 / speed) * _S)]


@pytest.mark.parametrize("seed", range(5))
def test_an_hour_of_normal_operation_raises_nothing(small_park: Park, seed: int) -> None:
    assert _quiet_for_an_hour(small_park, seed, speed=3.0) == []


def test_a_generated_park_is_quiet_too() -> None:
    assert _quiet_for_an_hour(make_park(6, 1000, 3), seed=2, speed=60.0) == []


def test_normal_operation_is_far_from_every_limit(small_park: Park) -> None:
    world = World(small_park, seed=4, start_us=START_US, speed=60.0)
    values = np.array([world.frame(START_US + k * _S).value for k in range(60)])
    for info in world.table.infos:
        spread = 6 * values[:, info.ix].std()
        low, high = values[:, info.ix].min() - spread, values[:, info.ix].max() + spread
        for level, limit in info.tag.alarms.limits() if info.tag.alarms else ():
            beyond = high > limit.limit if level in ("H", "HH") else low < limit.limit
            assert not beyond, f"{info.id} comes near {level}: {low:.3g} to {high:.3g}"


def test_values_do_not_stand_still(small_park: Park) -> None:
    world = World(small_park, seed=4, start_us=START_US, speed=60.0)
    values = np.array([world.frame(START_US + k * _S).value for k in range(30)])
    still = {info.tag.quantity for info in world.table.infos if np.ptp(values[:, info.ix]) == 0}
    assert still <= {"rainfall", "valve_state", "inflow", "outflow"}


def test_a_fault_on_what_does_not_exist_is_refused(make_world: MakeWorld) -> None:
    leak = Leak.model_validate({"kind": "leak", "target": "hengtai.T999", "at": "0s", "for": "1s", "size": 1})
    with pytest.raises(ValueError, match=r"hengtai\.T999"):
        make_world(leak)
