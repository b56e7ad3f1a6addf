"""``parkwatch backtest`` as it is used: the commands of its page, recordings, the database, and what it refuses."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from park.check import load_park
from park.index import TagTable
from service.rules.files import RuleFile
from service.rules.versions import first_version
from service.store import rule_versions
from service.store.copy import Rows, copy_rows, encode, sort_rows
from service.store.migrate import migrate
from tests.integration.cli.conftest import Run
from tests.unit.service.making import NOON_US, PARK_YAML, S_US

_PAGE = Path(__file__).parents[3] / "deploy" / "docs" / "backtest.md"
_SHARED = Path(__file__).parents[4] / "shared" / "data" / "tep"
_TEP = Path(__file__).parents[3] / "simulators" / "tep" / "recordings"
START = "2026-01-01T00:00:00+08:00"
START_US = 1_767_196_800_000_000
STEP_US = 10_000_000

RULES = """
rules:
  - {id: low, kind: limit, applies_to: {tag: [stripper_level]}, limits: {L: 30, deadband: 3}}
"""
OTHER = """
rules:
  - {id: low, kind: limit, applies_to: {tag: [stripper_level]}, limits: {L: {limit: 30, on_delay: 30s}, deadband: 3}}
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with two rule files and a recording: the level falls at row 40 and comes back at row 60."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules.yaml").write_text(RULES)
    (tmp_path / "other.yaml").write_text(OTHER)
    level = [20.0 if 40 <= row < 60 else 50.0 for row in range(1, 101)]
    table = pa.table({"stripper_level": level, "feed": [1.0] * 100})
    with pa.CompressedOutputStream(str(tmp_path / "run.csv.gz"), "gzip") as out:
        pa_csv.write_csv(table, out)
    return tmp_path


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def at(row: int) -> str:
    """Row k, counted from 1, is at start + k steps."""
    return f"2025-12-31T16:{row * 10 // 60:02d}:{row * 10 % 60:02d}.000000Z"


def test_transitions_are_written_one_a_line(run: Run, here: Path) -> None:
    done = run("backtest", "rules.yaml", "--data", "run.csv.gz", "--step", "10s", "--start", START, "--json", "o.jsonl")
    assert done.exit_code == 0, done.output
    told = lines(here / "o.jsonl")
    assert [(one["rule"], one["level"], one["state"]) for one in told] == [
        ("low", "L", "raised"),
        ("low", "L", "cleared"),
    ]
    assert {one["target"] for one in told} == {"recorded.plant.stripper_level"}
    assert {one["onset"] for one in told} == {at(40)}
    assert [one["effective"] for one in told] == [at(40), at(60)]
    assert "stripper_level 20" in told[0]["why"]
    assert "1 次报警" in done.stdout


def test_difference_from_other_rules_is_told(run: Run, here: Path) -> None:
    words = ["--data", "run.csv.gz", "--step", "10s", "--start", START, "--summary", "s.json", "--lang", "en"]
    done = run("backtest", "other.yaml", *words, "--against", "rules.yaml")
    assert done.exit_code == 0, done.output
    (moved,) = json.loads((here / "s.json").read_text())["against"]["moved_alerts"]
    assert (moved["raised_later_s"], moved["cleared_later_s"]) == (30.0, 0.0)
    assert "+30 s / +0 s" in done.stdout
    assert "Moved" in done.stdout


def test_long_parquet_with_a_park_tells_the_same(run: Run, here: Path) -> None:
    table = pa_csv.read_csv(pa.input_stream(str(here / "run.csv.gz")))
    times = pa.array([START_US + STEP_US * row for row in range(1, 101)], pa.timestamp("us", "UTC"))
    long = {"time": times, "tag": ["T1.stripper_level"] * 100, "value": table["stripper_level"]}
    pq.write_table(pa.table(long), here / "long.parquet")
    tag = {"id": "stripper_level", "quantity": "level", "unit": "%"}
    source = {"id": "T1", "kind": "tank", "position": [120, 30], "tags": [tag]}
    park = {"id": "p", "name": "P", "enterprises": [{"id": "acme", "name": "A", "sources": [source]}]}
    (here / "park.yaml").write_text(json.dumps(park))
    done = run("backtest", "rules.yaml", "--data", "long.parquet", "--park", "park.yaml", "--json", "o.jsonl", "-q")
    assert done.exit_code == 0, done.output
    assert done.stdout == ""
    told = lines(here / "o.jsonl")
    assert [(one["target"], one["effective"]) for one in told] == [
        ("acme.T1.stripper_level", at(40)),
        ("acme.T1.stripper_level", at(60)),
    ]


def test_span_is_cut_out_and_settling_goes_beyond_it(run: Run, here: Path) -> None:
    words = ["--data", "run.csv.gz", "--step", "10s", "--start", START, "--json", "o.jsonl", "-q"]
    assert run("backtest", "other.yaml", *words, "--to", "2026-01-01T00:06:50").exit_code == 0
    assert lines(here / "o.jsonl") == [], "the delay of 30 s is not over"
    assert run("backtest", "other.yaml", *words, "--to", "2026-01-01T00:06:50", "--settle", "1m").exit_code == 0
    assert [one["state"] for one in lines(here / "o.jsonl")] == ["raised"]
    assert run("backtest", "rules.yaml", *words, "--from", "2026-01-01T00:11:00").exit_code == 0
    assert lines(here / "o.jsonl") == []


def test_column_can_be_called_otherwise_in_a_park_made_of_columns(run: Run, here: Path) -> None:
    (here / "hourly.csv").write_text("EpochTime,3.feed.SO2\n1477891800,0.01\n1477895400,0.09\n1477899000,0.01\n")
    (here / "so2.yaml").write_text("rules:\n  - {id: so2, kind: expression, when: SO2 > 0.075}\n")
    words = ["--data", "hourly.csv", "--map", "3.feed.SO2=SO2", "--json", "o.jsonl", "-q"]
    done = run("backtest", "so2.yaml", *words)
    assert done.exit_code == 0, done.output
    assert [(one["state"], one["effective"]) for one in lines(here / "o.jsonl")] == [
        ("raised", "2016-10-31T06:30:00.000000Z"),
        ("cleared", "2016-10-31T07:30:00.000000Z"),
    ]


def test_zone_of_times_in_a_file_can_be_said(run: Run, here: Path) -> None:
    (here / "uk.csv").write_text("time_local,x\n2017-05-09T11:13:20.000,1\n2017-05-09T11:13:23.250,5\n")
    (here / "x.yaml").write_text("rules:\n  - {id: x, kind: limit, limits: {H: 3}}\n")
    words = ["--data", "uk.csv", "--utc-offset", "1", "--json", "o.jsonl", "-q"]
    assert run("backtest", "x.yaml", *words).exit_code == 0
    assert [one["onset"] for one in lines(here / "o.jsonl")] == ["2017-05-09T10:13:23.250000Z"]


def test_two_days_in_two_files_are_one_recording(run: Run, here: Path) -> None:
    for day, level in ((2, 20.0), (1, 50.0)):
        rows = [f"2026-01-0{day} 00:{minute:02d}:00,{level}" for minute in range(60)]
        (here / f"{day}.csv").write_text("\n".join(["time,stripper_level", *rows]) + "\n")
    done = run("backtest", "rules.yaml", "--data", "2.csv", "--data", "1.csv", "--json", "o.jsonl", "--lang", "en")
    assert done.exit_code == 0, done.output
    assert [one["effective"] for one in lines(here / "o.jsonl")] == ["2026-01-01T16:00:00.000000Z"]
    assert "120 samples" in done.stdout


def _commands() -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", _PAGE.read_text("utf-8"), re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


def test_every_command_of_the_page_is_tried() -> None:
    assert [command.split()[:2] for command in _commands()] == [["parkwatch", "backtest"]] * 4 + [
        ["parkwatch", "rules"]
    ]


@pytest.mark.parametrize("number", [0, 1])
def test_commands_of_the_page_on_recordings_run(run: Run, here: Path, number: int) -> None:
    done = run(*shlex.split(_commands()[number])[1:])
    assert done.exit_code == 0, done.output


def test_command_of_the_page_on_a_long_recording_runs(run: Run, here: Path) -> None:
    test_long_parquet_with_a_park_tells_the_same(run, here)
    done = run(*shlex.split(_commands()[2])[1:], "--lang", "en")
    assert done.exit_code == 0, done.output
    assert "1 alerts, 2 changes" in done.stdout


@pytest.fixture
def stored(here: Path, database: str) -> str:
    """Acme's level in the database, high for a minute from 00:01 on; the service's configuration beside it."""
    tags = TagTable(load_park(PARK_YAML, "park.yaml").park)
    with psycopg.connect(database, autocommit=True) as connection:
        migrate(connection)
        for info in tags.infos:
            connection.execute(
                "INSERT INTO tag (id, enterprise, source, quantity, unit) VALUES (%s, %s, %s, 'x', '1')",
                (info.id, info.enterprise, info.source_id),
            )
        row = connection.execute("SELECT ix FROM tag WHERE id = 'acme.tank.LT'").fetchone()
        assert row is not None
        seconds = np.arange(1, 600)
        rows = Rows(
            tag=np.full(len(seconds), row[0], dtype=np.int32),
            time_us=NOON_US + seconds * S_US,
            value=np.where((seconds >= 60) & (seconds < 120), 85.0, 50.0),
            quality=np.zeros(len(seconds), dtype=np.uint8),
            lag_ms=np.zeros(len(seconds), dtype=np.int64),
        )
        with connection.cursor() as cursor:
            copy_rows(cursor, encode(sort_rows(rows)))
    (here / "park.yaml").write_text(PARK_YAML)
    (here / "parkwatch.yaml").write_text("park: park.yaml\ndata_dir: data\n")
    rule = "{id: tag-limits, kind: limit, applies_to: {tag: [LT]}, limits: {H: {limit: 80, on_delay: 5s}}}"
    (here / "rules.yaml").write_text(f"rules:\n  - {rule}\n")
    return database


def test_stored_samples_are_tried_against_the_live_rules(run: Run, here: Path, stored: str) -> None:
    words = shlex.split(_commands()[3])[1:]
    day = [word.replace("2026-11-01", "2026-11-22").replace("2026-11-02", "2026-11-23") for word in words]
    done = run(*day, "--summary", "s.json", "--json", "o.jsonl", DATABASE_URL=stored)
    assert done.exit_code == 0, done.output
    assert [one["effective"][11:19] for one in lines(here / "o.jsonl")] == ["00:01:05", "00:02:00"]
    against = json.loads((here / "s.json").read_text())["against"]
    # The live rules are the defaults: they raise at once, and tell who fell silent.
    assert (against["added"], against["moved"], against["same"]) == (0, 1, 0)
    assert {one["rule"] for one in against["removed_alerts"]} == {"tag-stale"}


def test_live_rules_are_those_that_the_service_put_into_force(run: Run, here: Path, stored: str) -> None:
    """The newest version in the store goes before the configured files; what nobody has confirmed is not live."""
    own = "{id: tag-limits, kind: limit, applies_to: {tag: [LT]}, limits: {H: {limit: 80, on_delay: 20s}}}"
    idle = "{id: idle, kind: limit, applies_to: {tag: [LT]}, limits: {H: 10}, confidence: unverified}"
    file = RuleFile(name="live.yaml", text=f"rules:\n  - {own}\n  - {idle}\n")
    version = msgspec.structs.replace(first_version((file,)).version, at_us=NOON_US, number=7)
    with psycopg.connect(stored, autocommit=True) as connection:
        rule_versions.write(connection, "0c1e3f52-7a77-4d4f-9a55-2f6d1ce1a0de", [version])
    words = ["--config", "parkwatch.yaml", "--from", "2026-11-22T08:00", "--to", "2026-11-22T08:20"]
    done = run("backtest", "rules.yaml", *words, "--against", "live", "--summary", "s.json", DATABASE_URL=stored)
    assert done.exit_code == 0, done.output
    against = json.loads((here / "s.json").read_text())["against"]
    assert (against["added"], against["removed"], against["same"]) == (0, 0, 0)
    assert [one["raised_later_s"] for one in against["moved_alerts"]] == [-15.0]


def test_database_without_tables_says_what_to_do(run: Run, here: Path, database: str) -> None:
    (here / "park.yaml").write_text(PARK_YAML)
    words = ["--park", "park.yaml", "--from", "2026-11-22T00:00", "--to", "2026-11-22T01:00"]
    done = run("backtest", "rules.yaml", *words, DATABASE_URL=database)
    assert done.exit_code == 1
    assert "parkwatch db migrate" in done.output


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--data", "run.csv.gz"], "no column looks like a time"),
        (["--data", "run.csv.gz", "--step", "10s"], "--start"),
        (["--data", "run.csv.gz", "--step", "10"], "not a duration"),
        (["--data", "run.csv.gz", "--step", "10s", "--start", "noon"], "'noon' is not a time"),
        (["--data", "none.csv"], "there is no such file"),
        (["--data", "run.csv.gz", "--step", "10s", "--start", START, "--map", "x"], "write COLUMN=TAG"),
        (["--data", "run.csv.gz", "--step", "10s", "--start", START, "--against", "live"], "--config FILE"),
        (["--data", "run.csv.gz", "--step", "10s", "--start", START, "--from", START, "--to", START], "before --to"),
        (["--data", "run.csv.gz", "--step", "10s", "--start", START, "--from", "2027-01-01", "--json", "o"], ""),
        (["--from", START], "--config FILE"),
    ],
)
def test_what_cannot_be_done_says_why(run: Run, here: Path, words: list[str], message: str) -> None:
    done = run("backtest", "rules.yaml", *words)
    assert done.exit_code == (0 if not message else 1)
    assert message in done.output


def test_rules_that_are_wrong_are_told_with_their_line(run: Run, here: Path) -> None:
    (here / "rules.yaml").write_text("rules:\n  - {id: low, kind: limt}\n")
    done = run("backtest", "rules.yaml", "--data", "run.csv.gz", "--step", "10s", "--start", START, "--json", "o.jsonl")
    assert done.exit_code == 1
    assert "rules.yaml:2:" in done.output
    assert not (here / "o.jsonl").exists()


# -- the Tennessee Eastman plant -------------------------------------------------------------------------------------


def _tep(run: Run, here: Path, file: Path, rules: str) -> list[dict[str, Any]]:
    if not file.exists():
        pytest.skip(f"{file.name} is not on this machine")
    (here / "tep.yaml").write_text(rules)
    words = ["--data", str(file), "--step", "10s", "--start", START, "--json", "o.jsonl", "-q"]
    done = run("backtest", "tep.yaml", *words)
    assert done.exit_code == 0, done.output
    return lines(here / "o.jsonl")


def _sample(one: dict[str, Any]) -> int:
    """Samples are counted from 0, and sample k is at (k + 1) steps."""
    seconds = (np.datetime64(one["onset"][:-1]) - np.datetime64("2025-12-31T16:00:00")) / np.timedelta64(1, "s")
    return round(float(seconds) / 10) - 1


def test_loss_of_feed_a_is_found_at_its_sample(run: Run, here: Path) -> None:
    rule = "rules:\n  - {id: feed, kind: limit, applies_to: {tag: [feed_A_flow]}, limits: {L: 0.05}}\n"
    first, *_ = _tep(run, here, _SHARED / "idv06_at2h.csv.gz", rule)
    assert (first["state"], _sample(first)) == ("raised", 721)


def test_low_stripper_level_is_found_at_its_sample(run: Run, here: Path) -> None:
    first, *_ = _tep(run, here, _SHARED / "idv01_at2h.csv.gz", RULES)
    assert (first["state"], _sample(first)) == ("raised", 1438)


def test_normal_run_raises_nothing_at_six_sigma_of_itself(run: Run, here: Path) -> None:
    file = _SHARED / "normal_8h.csv.gz"
    if not file.exists():
        pytest.skip(f"{file.name} is not on this machine")
    table = pa_csv.read_csv(pa.input_stream(str(file)))
    rules = []
    for name in table.column_names[4:]:
        value = table[name].to_numpy()
        low, high = value.mean() - 6 * value.std(), value.mean() + 6 * value.std()
        if low < high:
            limits = {"L": float(low), "H": float(high)}
            rules.append({"id": name, "kind": "limit", "applies_to": {"tag": [name]}, "limits": limits})
    assert len(rules) == 41
    assert _tep(run, here, file, json.dumps({"rules": rules})) == []


def test_recordings_that_are_shipped_can_be_tried(run: Run, here: Path) -> None:
    file = next(_TEP.glob("*.parquet"))
    rule = "rules:\n  - {id: level, kind: limit, applies_to: {tag: [stripper_level]}, limits: {L: 0, H: 100}}\n"
    assert _tep(run, here, file, rule) is not None
