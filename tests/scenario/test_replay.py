"""Recordings of a plant whose faults are known, through the whole service: exactly the right alert, to the sample.

Feed A is lost at 7200 s (IDV 6 of the Tennessee Eastman benchmark). The controllers hold the plant for two hours more;
then the stripper runs empty, and its level is never back above the alarm's deadband.
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deploy.replay import Over
from simulators.recording import RecordingConfig
from simulators.tep.table import MEASUREMENTS
from tests.scenario.recordings import LEVEL_LIMIT, SHIPPED, columns_of, cut, replayed, shared, shipped, time_us

#: The first rows below 30 %, as told by whoever made the recordings.
_SHIPPED_ONSET_ROW, _SHARED_ONSET_ROW = 1453, 1466
_ROWS, _COLUMNS = 2880, 53


@pytest.fixture(scope="module")
async def by_command() -> dict[str, Any]:
    """What the command line reports of the loss of feed A, played at once and by no protocol."""
    file = str(SHIPPED / "idv06.parquet")
    options = ["--row-every", "10s", "--speed", "1000000", "--limit", LEVEL_LIMIT, "--json"]
    command = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "deploy.cli", "replay", file, *options, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await command.communicate()
    assert command.returncode == 0
    report: dict[str, Any] = json.loads(output)
    return report


async def test_loss_of_feed_raises_one_alert_at_the_known_sample(by_command: dict[str, Any]) -> None:
    [alert] = by_command["alerts"]
    assert alert["target"] == "replay.recording.stripper_level"
    assert alert["onset_us"] == alert["raised_us"] == time_us(_SHIPPED_ONSET_ROW)
    assert (alert["peak_level"], alert["cleared_us"], alert["state"]) == ("L", None, "unack")


async def test_every_sample_of_the_recording_is_stored(by_command: dict[str, Any]) -> None:
    assert by_command["rows"] == _ROWS
    assert by_command["stored"] == by_command["samples"] == _ROWS * _COLUMNS
    assert by_command["problems"] == []


async def test_an_independent_run_of_the_plant_raises_it_at_its_own_known_sample() -> None:
    report = await replayed(shared("idv06_at2h"))
    assert [alert["onset_us"] for alert in report["alerts"]] == [time_us(_SHARED_ONSET_ROW)]


async def test_the_same_recording_gives_the_same_alert_again(by_command: dict[str, Any]) -> None:
    again = await replayed(shipped("idv06"))
    assert _lasting(again) == _lasting(by_command)


@pytest.mark.parametrize("over", ["mqtt", "opcua"])
async def test_the_way_it_came_makes_no_difference_to_the_alert(
    over: Over, by_command: dict[str, Any], tmp_path: Path
) -> None:
    """A thousand seconds around the event, in two: the whole would take a minute at a speed that a server can serve."""
    rows = range(_SHIPPED_ONSET_ROW - 50, _SHIPPED_ONSET_ROW + 50)
    piece = cut(shipped("idv06"), rows, tmp_path / "around.csv")
    report = await replayed(piece, over=over, speed=600, start_us=time_us(rows.start))
    assert report["stored"] == report["samples"] == len(rows) * _COLUMNS
    assert _lasting(report) == _lasting(by_command)


@pytest.mark.parametrize("of", [shipped, shared])
async def test_normal_operation_is_silent_within_six_sigma(of: Any) -> None:
    normal = of("normal" if of is shipped else "normal_8h")
    limits = _six_sigma(normal)
    report = await replayed(normal, limits)
    assert len(limits) == 41
    assert report["stored"] == report["samples"] >= _ROWS * len(limits)
    assert report["alerts"] == []


def _six_sigma(recording: RecordingConfig) -> dict[str, dict[str, float]]:
    table = columns_of(recording)
    limits: dict[str, dict[str, float]] = {}
    for one in MEASUREMENTS:
        values = np.asarray(table[one.name].to_numpy(), dtype=np.float64)
        mean, sigma = float(values.mean()), float(values.std())
        limits[one.name] = {"L": mean - 6 * sigma, "H": mean + 6 * sigma}
    return limits


def _lasting(report: dict[str, Any]) -> list[dict[str, Any]]:
    """The alerts without what depends on how fast they were played: when they were found, and how far it then was."""
    left_out = {"detected_us", "detected_late", "peak", "seq"}
    return [{name: value for name, value in one.items() if name not in left_out} for one in report["alerts"]]
