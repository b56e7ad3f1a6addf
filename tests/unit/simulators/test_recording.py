"""Recordings of several makers are read as one thing, and played with no row left out."""

import gzip
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest

from park.index import TagTable
from park.model import Park
from simulators.recording import RecordingConfig, RecordingInvalid, RecordingSource, read_recording, tag_ids

_S = 1_000_000


@pytest.fixture(scope="module")
def table(small_park: Park) -> TagTable:
    return TagTable(small_park)


def _csv(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path


def test_a_column_finds_its_tag_by_full_id_short_id_or_unique_name(tmp_path: Path, table: TagTable) -> None:
    path = _csv(
        tmp_path / "r.csv",
        "time_s,hengtai.T101.level,T102.level,stripper_level,level,other\n1,2,3,4,5,6\n2,3,4,5,6,7\n",
    )
    recording = read_recording(RecordingConfig(file=path), table)
    assert tag_ids(recording, table) == ["hengtai.T101.level", "hengtai.T102.level", "jinghui.C203.stripper_level"]
    assert recording.unmatched == ("level", "other")
    assert recording.time_us.tolist() == [_S, 2 * _S]


def test_a_mapping_beats_the_name_and_skipping_beats_both(tmp_path: Path, table: TagTable) -> None:
    path = _csv(tmp_path / "r.csv", "time_s,H2S_PPM,T102.level,T103.level\n1,2,3,4\n")
    config = RecordingConfig(file=path, columns={"H2S_PPM": "park.FL-NW.h2s"}, skip=("T103.level",))
    assert tag_ids(read_recording(config, table), table) == ["park.FL-NW.h2s", "hengtai.T102.level"]


def test_the_benchmarks_own_files_are_read_as_they_are(tmp_path: Path, table: TagTable) -> None:
    rows = "".join(f"{k},{round((k + 1) / 360, 5)},False,0.0,{0.25 + k / 1e4}\n" for k in range(2880))
    path = tmp_path / "tep.csv.gz"
    path.write_bytes(gzip.compress(f"sample_index,time_h,terminated,shutdown_code,feed_A_flow\n{rows}".encode()))
    recording = read_recording(RecordingConfig(file=path), table)
    assert recording.unmatched == ()
    assert recording.time_us.tolist() == [(k + 1) * 10 * _S for k in range(2880)]


@pytest.mark.parametrize(
    ("header", "cells", "expected_us"),
    [
        pytest.param("time_ms", ["1500", "2500"], [1_500_000, 2_500_000], id="milliseconds"),
        pytest.param("time_h", ["0.5", "1.75"], [1_800 * _S, 6_300 * _S], id="hours"),
        pytest.param("EpochTime", ["1477891800", "1477895400"], [1477891800 * _S, 1477895400 * _S], id="epoch"),
        pytest.param("timestamp", ["2026-01-01T00:00:00Z"], [1767225600 * _S], id="ISO with Z"),
        pytest.param("time", ["2026-01-01T08:00:00+08:00"], [1767225600 * _S], id="ISO with offset"),
        pytest.param("monitorTime", ["2026-01-01 08:00:00"], [1767225600 * _S], id="Beijing time, unsaid"),
    ],
)
def test_times_are_understood(
    tmp_path: Path, table: TagTable, header: str, cells: list[str], expected_us: list[int]
) -> None:
    path = _csv(tmp_path / "r.csv", f"{header},T101.level\n" + "".join(f"{cell},1\n" for cell in cells))
    assert read_recording(RecordingConfig(file=path), table).time_us.tolist() == expected_us


@pytest.mark.parametrize("kind", ["parquet", "arrow"])
def test_arrow_and_parquet_are_read_too(tmp_path: Path, table: TagTable, kind: str) -> None:
    data = pa.table({"time_s": [1.0, 2.0], "T101.level": pa.array([50.0, None], pa.float32())})
    path = tmp_path / f"r.{kind}"
    (pa.parquet.write_table if kind == "parquet" else pa.feather.write_feather)(data, str(path))
    recording = read_recording(RecordingConfig(file=path), table)
    np.testing.assert_array_equal(recording.value, [[50.0], [np.nan]])


def test_a_file_without_times_is_read_by_its_rhythm(tmp_path: Path, table: TagTable) -> None:
    path = _csv(tmp_path / "r.csv", "T101.level\n1\n2\n3\n")
    recording = read_recording(RecordingConfig(file=path, row_s=10), table)
    assert recording.time_us.tolist() == [10 * _S, 20 * _S, 30 * _S]


@pytest.mark.parametrize(
    ("text", "options", "says"),
    [
        pytest.param("a,T101.level\n1,2\n", {}, "no column looks like a time", id="no time"),
        pytest.param("time_s,T101.level\n1,2\n", {"time_column": "t"}, "no column 't'", id="time column missing"),
        pytest.param("time_s,x\n1,2\n", {}, "no column is a tag", id="no tag"),
        pytest.param("time_s,x\n1,2\n", {"columns": {"x": "a.b.c"}}, "no tag of park", id="mapped to nothing"),
        pytest.param("time_s,x\n1,2\n", {"columns": {"y": "hengtai.T101.level"}}, "'y'", id="mapped from nothing"),
        pytest.param("time_s,T101.level\n1,high\n", {}, "high", id="words for numbers"),
    ],
)
def test_what_is_wrong_is_said(
    tmp_path: Path, table: TagTable, text: str, options: dict[str, object], says: str
) -> None:
    config = RecordingConfig.model_validate({"file": _csv(tmp_path / "r.csv", text), **options})
    with pytest.raises(RecordingInvalid, match=says):
        read_recording(config, table)


def test_a_file_of_another_kind_is_refused(tmp_path: Path, table: TagTable) -> None:
    with pytest.raises(RecordingInvalid, match="csv"):
        read_recording(RecordingConfig(file=_csv(tmp_path / "r.xlsx", "")), table)


def test_batches_hold_every_sample_in_order_of_time_and_no_gap(tmp_path: Path, table: TagTable) -> None:
    path = _csv(tmp_path / "r.csv", "time_s,T101.level,T102.level\n1,10,\n2,11,21\n3,,22\n")
    recording = read_recording(RecordingConfig(file=path), table)
    batches = [batch for _, batch in recording.batches(start_us=1000 * _S, rows=2)]
    assert [len(batch) for batch in batches] == [3, 1]
    assert batches[0].time_us.tolist() == [1001 * _S, 1002 * _S, 1002 * _S]
    assert batches[0].value.tolist() == [10.0, 11.0, 21.0]
    assert batches[1].received_us == 1003 * _S


def test_a_recording_without_instants_must_be_told_when_it_begins(tmp_path: Path, table: TagTable) -> None:
    recording = read_recording(RecordingConfig(file=_csv(tmp_path / "r.csv", "time_s,T101.level\n1,2\n")), table)
    with pytest.raises(ValueError, match="say when"):
        recording.times_us(None)


def test_a_recording_with_instants_keeps_them_or_moves_as_a_whole(tmp_path: Path, table: TagTable) -> None:
    text = "timestamp,T101.level\n2026-01-01T00:00:00Z,1\n2026-01-01T01:00:00Z,2\n"
    recording = read_recording(RecordingConfig(file=_csv(tmp_path / "r.csv", text)), table)
    assert recording.times_us(None).tolist() == [1767225600 * _S, 1767229200 * _S]
    assert recording.times_us(5 * _S).tolist() == [5 * _S, 3605 * _S]


def test_at_speed_600_a_ten_second_row_falls_due_each_sixtieth_of_a_second(tmp_path: Path, table: TagTable) -> None:
    rows = "".join(f"{10 * k},{k}\n" for k in range(1, 101))
    recording = read_recording(RecordingConfig(file=_csv(tmp_path / "r.csv", f"time_s,T101.level\n{rows}")), table)
    source = RecordingSource(recording, table, start_us=_S, play_from_us=50 * _S, speed=600.0)
    level = table.ix_of["hengtai.T101.level"]
    seen, due = [], []
    while (due_us := source.due_us()) is not None:
        due.append(due_us)
        frame = source.take(due_us + 3 * _S)  # a player that is late
        seen.append((int(frame.time_us[level]), float(frame.value[level])))
        assert frame.present.sum() == 1
    assert seen == [(_S + 10 * k * _S, float(k)) for k in range(1, 101)]
    assert set(np.diff(due)) <= {16_666, 16_667}
