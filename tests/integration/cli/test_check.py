"""``parkwatch check`` and ``parkwatch make-park``: park files, right and wrong."""

import json
from pathlib import Path

import pytest

from tests.integration.cli.conftest import Run
from tests.integration.service.small import PARK

_EXAMPLE = Path(__file__).parents[3] / "deploy" / "examples" / "small.yaml"


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    """The limits in line 12 fall where they should rise."""
    file = tmp_path / "wrong.yaml"
    file.write_text(PARK.replace("H: 80", "H: 80, HH: 70"), "utf-8")
    return file


def test_good_park_is_called_valid_and_counted(run: Run) -> None:
    checked = run("check", _EXAMPLE)
    assert checked.exit_code == 0
    assert "valid; 2 enterprises, 114 tags" in checked.stdout


def test_error_is_told_with_file_and_line(run: Run, wrong: Path) -> None:
    checked = run("check", wrong)
    assert checked.exit_code == 1
    assert f"{wrong}:12:" in checked.stderr
    assert "H is 80 and HH is 70" in checked.stderr


def test_one_wrong_file_among_good_ones_is_enough(run: Run, wrong: Path) -> None:
    checked = run("check", _EXAMPLE, wrong)
    assert checked.exit_code == 1
    assert "valid; 2 enterprises" in checked.stdout


def test_warning_is_told_and_the_file_is_valid(run: Run, tmp_path: Path) -> None:
    odd = tmp_path / "odd.yaml"
    odd.write_text(PARK, "utf-8")
    checked = run("check", odd)
    assert checked.exit_code == 0
    assert f"{odd}:12:13: LT has alarm limits but no stale_after" in checked.stderr


def test_json_tells_all_of_it_to_a_machine(run: Run, wrong: Path) -> None:
    checked = run("check", _EXAMPLE, wrong, "--json")
    good, bad = json.loads(checked.stdout)
    assert (good["valid"], good["tags"], bad["valid"]) == (True, 114, False)
    assert [error["line"] for error in bad["errors"]] == [12]
    assert checked.exit_code == 1


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"a: [", id="no YAML"),
        pytest.param(PARK.replace("Acme", "精细化工").encode("gbk"), id="GBK"),
    ],
)
def test_what_is_no_park_file_at_all_is_refused_without_a_traceback(run: Run, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "junk.yaml"
    file.write_bytes(content)
    checked = run("check", file)
    assert checked.exit_code == 1
    assert isinstance(checked.exception, SystemExit)
    assert str(file) in checked.stderr


def test_missing_file_is_named(run: Run, tmp_path: Path) -> None:
    checked = run("check", tmp_path / "none.yaml")
    assert checked.exit_code == 2
    assert "none.yaml" in checked.output


def test_made_park_has_the_size_that_was_asked_for(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "park.yaml"
    assert run("make-park", "--enterprises", 7, "--tags", 333, "--out", file).exit_code == 0
    assert "valid; 7 enterprises, 333 tags" in run("check", file).stdout


def test_same_seed_makes_the_same_park_and_another_seed_another(run: Run) -> None:
    first, again, other = (
        run("make-park", "--enterprises", 2, "--tags", 40, "--seed", seed).stdout for seed in (1, 1, 2)
    )
    assert first == again != other
