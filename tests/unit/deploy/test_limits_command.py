"""``parkwatch limits``: the whole state in one table, what is odd, what holds at an outlet on a day."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from deploy.cli import app
from tests.unit.park.outlets import OUTLET, but
from tests.unit.rules.emissions_limits.making import PACK, shipped

_PLAIN = {"NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "300"}


@pytest.fixture
def park(tmp_path: Path) -> Path:
    """A heater's stack whose permit is stricter than the table."""
    file = tmp_path / "park.yaml"
    file.write_text(OUTLET, "utf-8")
    return file


@pytest.fixture
def config(tmp_path: Path, park: Path) -> Path:
    """The packs that are shipped, one row of them confirmed."""
    packs = Path(__file__).parents[3] / "deploy/limits"
    row = "{row: GB 37823-2019/table-1/nmhc/hour, by: Li Wei, on: 2026-11-01, note: page 6}"
    file = tmp_path / "parkwatch.yaml"
    file.write_text(f"park: {park}\ndata_dir: d\nemissions: {{limits: [{packs}], confirmed: [{row}]}}\n", "utf-8")
    return file


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["limits", *map(str, arguments)], env=_PLAIN)


def from_json(*arguments: object) -> Any:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_list_shows_which_are_active_and_which_wait() -> None:
    lines = run("list").stdout.splitlines()
    read = [row.confidence == "read" for pack in shipped() for row in pack.rows]
    waiting = len(read) - sum(read)
    assert lines[-1] == f"{len(read)} limits, {sum(read)} active, {waiting} wait for a named person"
    (row,) = [line for line in lines if "GB 31572-2015/table-5/nmhc/hour " in line]
    assert row.split() == ["active", "read", "GB", "31572-2015/table-5/nmhc/hour", *row.split()[4:]]
    assert "60 mg/m3" in row
    assert "表5（特别排放限值）" in row
    assert all(line.startswith("waits") for line in lines if "GB 3095-2026/" in line)


def test_list_names_who_confirmed(config: Path) -> None:
    lines = run("list", "--config", config, "--standard", "GB 37823").stdout.splitlines()
    confirmed = [line for line in lines if line.startswith("active")]
    assert len(confirmed) == 1
    assert "GB 37823-2019/table-1/nmhc/hour" in confirmed[0]
    assert "confirmed by Li Wei 2026-11-01" in confirmed[0]
    assert lines[-1] == "19 limits, 1 active, 18 wait for a named person"


def test_list_is_json_for_machines(config: Path) -> None:
    rows = from_json("list", "--config", config, "--quantity", "nmhc")
    assert {row["quantity"] for row in rows} == {"nmhc"}
    by_id = {row["id"]: row for row in rows}
    assert by_id["GB 37823-2019/table-1/nmhc/hour"]["confirmed_by"] == "Li Wei"
    assert by_id["GB 37823-2019/table-2/nmhc/hour"]["active"] is False
    assert from_json("list", "--waiting", "--config", config, "--quantity", "nmhc") == [
        row for row in rows if not row["active"]
    ]


def test_check_tells_oddities_at_their_lines_and_goes_on(park: Path) -> None:
    park.write_text(but(("limit: 60,", "limit: 160,"), ("[process_heater]", "[wastewater_gas]")), "utf-8")
    result = run("check", "--park", park)
    assert result.exit_code == 0
    assert result.stdout.startswith("valid; ")
    assert f"{park}:8:9: acme.DA001: nmhc: the permit is weaker than the standard: 160 mg/m3" in result.stderr


def test_check_fails_on_a_wrong_pack(tmp_path: Path) -> None:
    file = tmp_path / "pack.yaml"
    file.write_text(PACK.replace("confidence: read", "confidence: sure"), "utf-8")
    result = run("check", file)
    assert result.exit_code == 1
    assert f"{file}:5:1: confidence: " in result.stderr
    shown = json.loads(run("check", file, "--json").stdout)
    assert (shown["valid"], shown["limits"]) == (False, 0)
    assert shown["errors"][0]["line"] == 5


def test_check_fails_on_a_wrong_park(park: Path) -> None:
    park.write_text(but(("reference_oxygen: 3", "reference_oxygen: 30")), "utf-8")
    result = run("check", "--park", park)
    assert result.exit_code == 1
    assert "less than 21" in result.stderr


def test_show_tells_what_holds_and_where_it_comes_from(park: Path) -> None:
    result = run("show", "--outlet", "acme.DA001", "--at", "2026-11-22", "--park", park)
    assert result.exit_code == 0
    assert "60 mg/m3 (hour), permit 9133-P" in result.stdout
    assert "converted to 3 % oxygen first" in result.stdout
    assert "50 mg/m3 (hour, averaging time inferred), GB 31571-2015 表5（特别排放限值）" in result.stdout
    assert "row: GB 31571-2015/table-5/sulfur_dioxide/hour/process_heater" in result.stdout


def test_show_goes_by_the_day(park: Path) -> None:
    before, after = (
        from_json("show", "--outlet", "acme.DA001", "--at", day, "--park", park) for day in ("2024-12-31", "2025-01-01")
    )
    assert [len(one["limits"]) for one in before["limits"]] == [0, 1]
    assert [len(one["limits"]) for one in after["limits"]] == [1, 1]
    assert after["limits"][0]["limits"][0]["permit"] == "9133-P"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--outlet", "acme.DA002"], "acme.DA002 is not in the park file; there are acme.DA001"),
        (["--outlet", "acme.DA001", "--at", "22.11."], "--at '22.11.' is no day; write for example 2026-02-28"),
    ],
)
def test_wrong_question_is_answered_with_a_cure(park: Path, arguments: list[str], message: str) -> None:
    result = run("show", *arguments, "--park", park)
    assert result.exit_code == 1
    assert message in result.output


def test_show_without_a_park_says_what_is_missing() -> None:
    result = run("show", "--outlet", "acme.DA001")
    assert result.exit_code == 1
    assert "--park, or --config" in result.output
