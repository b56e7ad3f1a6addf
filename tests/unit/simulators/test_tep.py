"""The Tennessee Eastman recordings against what is known of the benchmark, and how the plant plays them."""

import csv
import gzip
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from park import units
from simulators.tep import COLUMNS, MEASUREMENTS, ONSET_ROW, RUNS, VALVES, TepPlant, recording
from simulators.tep.table import COLUMN_OF

_REFERENCE = Path(__file__).parents[4] / "shared" / "data" / "tep"
_STRIPPER = COLUMN_OF["stripper_level"]
_FEED_A = COLUMN_OF["feed_A_flow"]


def test_there_are_41_measurements_and_12_valves_in_known_units() -> None:
    assert (len(MEASUREMENTS), len(VALVES)) == (41, 12)
    assert len({one.name for one in COLUMNS}) == 53
    for one in COLUMNS:
        units.parse(one.unit)


@pytest.mark.parametrize("run", RUNS)
def test_a_recording_is_eight_hours_at_ten_seconds(run: str) -> None:
    rows = recording(run)
    assert rows.shape == (2880, 53)
    assert np.isfinite(rows).all()


@pytest.mark.parametrize("run", RUNS[1:])
def test_a_disturbed_run_is_the_normal_one_until_its_onset(run: str) -> None:
    np.testing.assert_array_equal(recording(run)[:ONSET_ROW], recording("normal")[:ONSET_ROW])
    assert not np.array_equal(recording(run)[-1], recording("normal")[-1])


def test_normal_operation_stays_within_six_sigma() -> None:
    rows = recording("normal")[:, : len(MEASUREMENTS)]
    away = np.abs(rows - rows.mean(axis=0)) / rows.std(axis=0)
    assert away.max() < 6.0


def test_loss_of_feed_a_shows_at_once_and_empties_the_stripper_two_hours_later() -> None:
    rows = recording("idv06")
    assert np.flatnonzero(rows[:, _FEED_A] < 0.05)[0] == 720
    assert np.flatnonzero(rows[:, _STRIPPER] < 30.0)[0] == pytest.approx(1466, abs=40)


needs_reference = pytest.mark.skipif(not _REFERENCE.exists(), reason="the reference runs are not at hand")


def _reference(file: str) -> dict[str, NDArray[np.float64]]:
    with gzip.open(_REFERENCE / f"{file}.csv.gz", "rt") as text:
        table = list(csv.DictReader(text))
    return {one.name: np.array([float(row[one.name]) for row in table]) for one in MEASUREMENTS}


@needs_reference
def test_our_normal_run_operates_where_the_reference_run_does() -> None:
    for name, theirs in _reference("normal_8h").items():
        ours = recording("normal")[:, COLUMN_OF[name]]
        assert abs(ours.mean() - theirs.mean()) < theirs.std(), name


@needs_reference
@pytest.mark.parametrize(("run", "file"), [("idv06", "idv06_at2h"), ("idv01", "idv01_at2h")])
def test_our_disturbed_run_is_the_reference_run_but_for_its_noise(run: str, file: str) -> None:
    reference = _reference(file)
    for name in ("reactor_pressure", "stripper_level", "feed_A_flow"):
        theirs = reference[name]
        ours = recording(run)[: len(theirs), COLUMN_OF[name]]
        apart = np.abs(np.convolve(ours - theirs, np.ones(60) / 60, "valid"))
        assert np.median(apart) < 0.05 * np.ptp(theirs), name


def test_a_run_that_does_not_exist_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="idv99"):
        recording("idv99")


def test_normal_operation_plays_for_days_without_a_jump() -> None:
    plant = TepPlant([_STRIPPER, COLUMN_OF["separator_temperature"]])
    rows = np.array([plant.step(10.0) for _ in range(20_000)])
    recorded = np.abs(np.diff(recording("normal")[:, [_STRIPPER, COLUMN_OF["separator_temperature"]]], axis=0))
    assert (np.abs(np.diff(rows, axis=0)).max(axis=0) <= recorded.max(axis=0)).all()


def test_a_disturbance_begins_at_its_command_and_ends_with_it() -> None:
    plant = TepPlant([_FEED_A])
    assert plant.step(10.0)[0] > 0.2
    plant.disturb("idv06")
    assert plant.step(10.0)[0] < 0.05
    plant.disturb("idv06")
    assert plant.step(600.0)[0] < 0.05
    plant.restore()
    assert plant.step(10.0)[0] > 0.2


def test_a_disturbed_plant_stands_still_at_the_recordings_end() -> None:
    plant = TepPlant([_STRIPPER])
    plant.disturb("idv06")
    last = plant.step(1e6)
    np.testing.assert_array_equal(plant.step(10.0), last)
