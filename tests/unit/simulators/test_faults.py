"""Each fault does what it says, where it says, while it lasts, and nothing elsewhere."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from park.quality import CLASS_MASK, HJ212_FLAGS, Quality
from simulators.faults import Fault
from simulators.world import World
from tests.unit.simulators.conftest import START_US, MakeWorld

_S = 1_000_000
_ADAPTER: TypeAdapter[Fault] = TypeAdapter(Fault)
_SECONDS = 40


def _fault(**fields: object) -> Fault:
    return _ADAPTER.validate_python({"at": "10s", "for": "10s", **fields})


class Story:
    """The park with and without the fault, second by second; the fault acts from 10 s to 20 s."""

    def __init__(self, make: MakeWorld, fault: Fault) -> None:
        self.world: World = make(fault, speed=60.0)
        calm: World = make(speed=60.0)
        self.frames = [self.world.frame(START_US + k * _S) for k in range(_SECONDS)]
        self.calm = np.array([calm.frame(START_US + k * _S).value for k in range(_SECONDS)])
        self.value = np.array([frame.value for frame in self.frames])

    def of(self, tag: str) -> NDArray[np.float64]:
        column: NDArray[np.float64] = self.value[:, self.ix(tag)]
        return column

    def added(self, tag: str) -> NDArray[np.float64]:
        column: NDArray[np.float64] = self.of(tag) - self.calm[:, self.ix(tag)]
        return column

    def touched(self) -> set[str]:
        changed = np.abs(self.value - self.calm).max(axis=0) > 0
        return {info.id for info in self.world.table.infos if changed[info.ix]}

    def ix(self, tag: str) -> int:
        info = self.world.table.by_id(tag)
        assert info is not None
        return info.ix


@pytest.fixture
def tell(make_world: MakeWorld) -> Callable[..., Story]:
    return lambda **fields: Story(make_world, _fault(**fields))


Tell = Callable[..., Story]


def test_an_overfill_lifts_the_level_by_its_rate(tell: Tell) -> None:
    story = tell(kind="overfill", target="hengtai.T102", size=2)
    assert story.added("hengtai.T102.level")[9] == 0
    assert story.added("hengtai.T102.level")[20] == pytest.approx(20.0, abs=2.0)
    assert story.of("hengtai.T102.inflow")[15] > 500.0
    assert {tag.rpartition(".")[0] for tag in story.touched()} == {"hengtai.T102"}


def test_a_leak_is_seen_by_the_detectors_around_it_and_by_the_fence_downwind(tell: Tell) -> None:
    story = tell(kind="leak", target="hengtai.T101", size=6)
    assert story.added("hengtai.GD1.lel1")[15] > 20.0
    assert story.added("hengtai.GD1.lel1")[30] == pytest.approx(0.0, abs=0.1)
    assert story.added("park.FL-NW.benzene")[15:19].max() > 1.0
    for elsewhere in ("park.FL-SE.benzene", "jinghui.GD4.lel1", "hengtai.GD2.lel1"):
        assert story.added(elsewhere).max() < 1e-3, elsewhere


def test_a_leak_lowers_the_tank_it_comes_from(tell: Tell) -> None:
    story = tell(kind="leak", target="hengtai.T102", size=30, chemical="methanol")
    lost_m3 = 30 * 600 / 792
    assert story.added("hengtai.T102.level")[25] == pytest.approx(-100 * lost_m3 / (520_000 / 792), rel=0.05)


def test_a_benzene_leak_is_not_taken_for_hydrogen_sulfide(tell: Tell) -> None:
    story = tell(kind="leak", target="hengtai.T101", size=6)
    assert story.added("park.FL-NW.h2s").max() == 0.0


def test_a_runaway_heats_and_pressurises_its_tank(tell: Tell) -> None:
    story = tell(kind="runaway", target="hengtai.T103", size=2)
    heat = story.added("hengtai.T103.temperature")
    assert heat[9] == 0
    assert heat[19] > 20.0
    assert heat[19] - heat[17] > heat[13] - heat[11]
    assert story.added("hengtai.T103.pressure")[20] > 1.0


def test_failed_treatment_cools_the_chamber_and_lets_organics_through(tell: Tell) -> None:
    story = tell(kind="treatment_failure", target="hengtai.RTO1", size=5)
    normal = story.calm[:, story.ix("hengtai.DA001.nmhc")]
    assert story.of("hengtai.DA001.nmhc")[18] / normal[18] == pytest.approx(5.0, rel=0.05)
    assert story.added("hengtai.RTO1.chamber")[18] == pytest.approx(-350, rel=0.05)
    assert story.added("hengtai.DA001.nox").max() == 0.0
    assert story.added("jinghui.VOC1.nmhc").max() == 0.0
    assert abs(story.added("hengtai.RTO1.chamber")[30]) < 1.0


def test_a_bypass_lets_acid_gas_through_and_shows_its_valve_open(tell: Tell) -> None:
    story = tell(kind="bypass", target="hengtai.FGD1", size=5)
    normal = story.calm[:, story.ix("hengtai.DA002.so2")]
    assert story.of("hengtai.DA002.so2")[18] / normal[18] == pytest.approx(5.0, rel=0.05)
    assert story.of("hengtai.FGD1.bypass")[9:21].tolist() == [0.0, *[1.0] * 10, 0.0]
    assert story.touched() == {"hengtai.DA002.so2", "hengtai.FGD1.bypass"}


def test_a_bypassed_chamber_stays_hot(tell: Tell) -> None:
    story = tell(kind="bypass", target="hengtai.RTO1", size=5)
    assert story.added("hengtai.DA001.nmhc")[18] > 10.0
    assert np.abs(story.added("hengtai.RTO1.chamber")).max() == 0.0


def test_a_heater_burns_and_the_air_beside_it_does_not(tell: Tell) -> None:
    story = tell(kind="frozen", target="park.WS1.rain")
    assert story.of("hengtai.DA002.o2").mean() == pytest.approx(5.5, abs=0.5)
    assert story.of("hengtai.DA001.o2").mean() == pytest.approx(20.9, abs=0.5)


def test_a_disturbance_moves_only_the_plant_it_names(tell: Tell) -> None:
    story = tell(kind="disturbance", target="jinghui", run="idv06")
    assert story.of("jinghui.feeds.feed_A_flow")[12] < 0.05
    assert story.of("jinghui.feeds.feed_A_flow")[25] > 0.2
    assert {tag.partition(".")[0] for tag in story.touched()} == {"jinghui"}


def test_a_frozen_instrument_repeats_its_last_value(tell: Tell) -> None:
    story = tell(kind="frozen", target="hengtai.T101.pressure")
    shown = story.of("hengtai.T101.pressure")
    assert (shown[10:20] == shown[10]).all()
    assert shown[21] != shown[10]
    assert story.touched() == {"hengtai.T101.pressure"}


def test_a_biased_instrument_is_off_by_its_bias(tell: Tell) -> None:
    story = tell(kind="bias", target="hengtai.T101.temperature", size=-4.5)
    np.testing.assert_allclose(story.added("hengtai.T101.temperature")[10:20], -4.5)
    assert story.added("hengtai.T101.temperature")[20] == 0.0


@pytest.mark.parametrize(("word", "quality"), [("bad", Quality.BAD), ("uncertain", Quality.UNCERTAIN)])
def test_bad_quality_marks_a_whole_source(tell: Tell, word: str, quality: Quality) -> None:
    story = tell(kind="bad_quality", target="hengtai.GD1", quality=word)
    seen = [{info.id for info in story.world.table.infos if frame.quality[info.ix]} for frame in story.frames]
    assert seen[9] == seen[20] == set()
    assert seen[10] == seen[19] == {"hengtai.GD1.lel1", "hengtai.GD1.lel2"}
    ix = story.ix("hengtai.GD1.lel1")
    assert story.frames[15].quality[ix] & CLASS_MASK == quality


def test_a_calibration_shows_zero_gas_then_span_gas_and_says_so(tell: Tell) -> None:
    story = tell(kind="calibration", target="hengtai.DA002.nox")
    assert story.of("hengtai.DA002.nox")[10:20].tolist() == [0.0] * 5 + [240.0] * 5
    ix = story.ix("hengtai.DA002.nox")
    marked = [int(frame.quality[ix]) for frame in story.frames]
    assert marked[9:21] == [0, *[HJ212_FLAGS["C"]] * 10, 0]


def test_an_instrument_under_maintenance_stands_still_and_says_so(tell: Tell) -> None:
    story = tell(kind="maintenance", target="hengtai.DW002.cod")
    ix = story.ix("hengtai.DW002.cod")
    assert np.ptp(story.of("hengtai.DW002.cod")[10:20]) == 0.0
    assert [int(frame.quality[ix]) for frame in story.frames][9:21] == [0, *[HJ212_FLAGS["M"]] * 10, 0]


_LINES = ("crc_errors", "half_frames", "wrong_mn", "duplicates", "reorder", "link_down")


def test_a_fault_of_the_line_acts_on_the_loggers_behind_it(make_world: MakeWorld) -> None:
    world = make_world(*(_fault(kind=kind, target="hj212/330604000010000000DE0002") for kind in _LINES))
    acting = [world.overlay.on_the_wire(k * _S) for k in range(30)]
    assert [len(one) for one in acting] == [0] * 10 + [len(_LINES)] * 10 + [0] * 10
    assert tuple(fault.kind for fault, _ in acting[12]) == _LINES
    behind = {info.ix for info in world.table.infos if info.source_id == "hengtai.DW002"}
    assert all(tags == behind for _, tags in acting[12])
    frame = world.frame(START_US + 12 * _S)
    assert frame.on_the_wire == acting[12]
    assert frame.present.all()


@pytest.mark.parametrize(
    ("target", "count"),
    [
        pytest.param("park.FL-NE.nmhc", 1, id="a tag"),
        pytest.param("park.FL-NE", 4, id="a source"),
        pytest.param("mqtt/fl-ne", 4, id="a device"),
        pytest.param("opcua-jinghui", 24, id="a connector"),
        pytest.param("jinghui", 31, id="an enterprise"),
    ],
)
def test_what_drops_out_says_nothing(tell: Tell, target: str, count: int) -> None:
    story = tell(kind="drop_out", target=target)
    silent = [int((~frame.present).sum()) for frame in story.frames]
    assert silent[9] == silent[20] == 0
    assert set(silent[10:20]) == {count}


def test_a_skewed_clock_shifts_the_source_times(tell: Tell) -> None:
    story = tell(kind="clock_skew", target="mqtt/da001", size=-90)
    frame, ix = story.frames[15], story.ix("hengtai.DA001.nmhc")
    assert frame.time_us[ix] == frame.now_us - 90 * _S
    assert frame.time_us[story.ix("park.FL-NE.nmhc")] == frame.now_us


def test_a_storm_sends_many_times_over(tell: Tell) -> None:
    story = tell(kind="storm", target="mqtt/da011", size=50)
    copies = story.frames[15].copies
    assert copies[story.ix("jinghui.VOC1.nmhc")] == 50
    assert copies.sum() == len(copies) + 4 * 49


def test_a_restarting_server_is_away_until_the_fault_ends(make_world: MakeWorld) -> None:
    world = make_world(_fault(kind="server_restart", target="opcua-hengtai"))
    away = [world.overlay.absent("opcua-hengtai", k * _S) for k in range(30)]
    assert away == [10 <= k < 20 for k in range(30)]
    assert not world.overlay.absent("opcua-jinghui", 15 * _S)


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"kind": "overfill", "target": "hengtai.GD1", "size": 1}, id="no tank"),
        pytest.param({"kind": "treatment_failure", "target": "hengtai.T101", "size": 2}, id="no treatment unit"),
        pytest.param({"kind": "disturbance", "target": "hengtai", "run": "idv06"}, id="no such plant there"),
        pytest.param({"kind": "bypass", "target": "hengtai.T101", "size": 2}, id="nothing to pass by"),
        pytest.param({"kind": "link_down", "target": "hj212/330604"}, id="no such logger"),
        pytest.param({"kind": "leak", "target": "hengtai.RTO1", "size": 1}, id="declares no chemical"),
        pytest.param({"kind": "frozen", "target": "nowhere"}, id="no such target"),
        pytest.param({"kind": "server_restart", "target": "mqtt2"}, id="no such connector"),
    ],
)
def test_a_fault_that_cannot_befall_its_target_is_refused(make_world: MakeWorld, fields: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=str(fields["target"])):
        make_world(_fault(**fields))


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"kind": "earthquake", "target": "x"}, id="unknown kind"),
        pytest.param({"kind": "leak", "target": "x"}, id="size missing"),
        pytest.param({"kind": "leak", "target": "x", "size": -1}, id="size below zero"),
        pytest.param({"kind": "crc_errors", "target": "x", "share": 1.5}, id="more than all"),
        pytest.param({"kind": "frozen", "target": "x", "for": "10"}, id="duration without unit"),
        pytest.param({"kind": "frozen", "target": "x", "sise": 1}, id="unknown key"),
    ],
)
def test_a_malformed_fault_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        _fault(**fields)
