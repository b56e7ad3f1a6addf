"""What a simulator process is told is checked before anything is opened."""

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from park.yamlfile import FileInvalid
from simulators import hj212_fleet, http_pushers, mqtt_fleet, opcua_server, sparkplug_nodes
from simulators.live import LiveSource
from simulators.recording import RecordingSource
from simulators.stage import Stage
from tests.unit.simulators.conftest import EXAMPLES, START_US

SMALL = EXAMPLES / "small.yaml"


def test_a_stage_with_a_scenario_ends_with_it() -> None:
    stage = Stage(park=SMALL, scenario=EXAMPLES / "small.scenario.yaml", start_us=START_US, end=True)
    source = stage.source()
    assert isinstance(source, LiveSource)
    assert source.due_us() == START_US
    source.take(START_US + 60_000_000)
    assert source.due_us() is None


def test_a_stage_may_play_a_recording(tmp_path: Path) -> None:
    file = tmp_path / "r.csv"
    file.write_text("time_s,T101.level\n10,2\n", "utf-8")
    stage = Stage.model_validate(
        {"park": SMALL, "start_us": START_US, "replay": {"file": file, "start_us": 1, "speed": 10}}
    )
    source = stage.source()
    assert isinstance(source, RecordingSource)
    assert source.due_us() == START_US + 1_000_000


def test_an_end_needs_something_that_ends() -> None:
    with pytest.raises(ValidationError, match="end needs"):
        Stage(park=SMALL, end=True)


def test_a_wrong_server_file_is_explained_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "opcua.yaml"
    file.write_text(f"park: {SMALL}\nservers:\n  - {{connector: opcua-hengtai, endpoint: http://x}}\n", "utf-8")
    with pytest.raises(FileInvalid, match=r"opcua\.yaml:3"):
        opcua_server.load_config(file)


def test_a_policy_without_a_certificate_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "opcua.yaml"
    server = "{connector: c, endpoint: opc.tcp://127.0.0.1:4840, policies: [Basic256Sha256]}"
    file.write_text(f"park: {SMALL}\nservers: [{server}]\n", "utf-8")
    with pytest.raises(FileInvalid, match="certificate"):
        opcua_server.load_config(file)


def test_a_wrong_fleet_file_is_explained(tmp_path: Path) -> None:
    file = tmp_path / "fleet.yaml"
    file.write_text(f"park: {SMALL}\nfleet: {{port: 1883, formm: values}}\n", "utf-8")
    with pytest.raises(FileInvalid, match="formm"):
        mqtt_fleet.load_config(file)


def test_the_readme_s_samples_are_valid(tmp_path: Path) -> None:
    readme = (EXAMPLES.parents[1] / "simulators" / "README.md").read_text("utf-8")
    blocks = re.findall(r"```yaml\n(.*?)```", readme, re.DOTALL)
    loaders = (
        opcua_server.load_config,
        mqtt_fleet.load_config,
        sparkplug_nodes.load_config,
        hj212_fleet.load_config,
        http_pushers.load_config,
    )
    assert len(blocks) == len(loaders)
    for text, load in zip(blocks, loaders, strict=True):
        file = tmp_path / "sample.yaml"
        file.write_text(text, "utf-8")
        load(file)
