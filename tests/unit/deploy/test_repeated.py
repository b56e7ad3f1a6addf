"""The gate repeats a failed test once, says so, and does not take it as a habit."""

import subprocess
import sys
from pathlib import Path

CONFTEST = "from tests.conftest import Repeated, pytest_configure\n__all__ = ['Repeated', 'pytest_configure']\n"
#: Fails the first time it is run.
FLAKY = """
import pathlib, pytest
@pytest.mark.parametrize("n", range({count}))
def test_flaky(n):
    seen = pathlib.Path(__file__).with_name(f"seen-{{n}}")
    first = not seen.exists()
    seen.touch()
    assert not first
"""


def run(directory: Path, text: str) -> subprocess.CompletedProcess[str]:
    (directory / "conftest.py").write_text(CONFTEST)
    (directory / "test_it.py").write_text(text)
    root = Path(__file__).parents[3]
    options = ["-p", "no:cacheprovider", "--reruns", "1", "-rR", "-q", "-c", "/dev/null", f"--rootdir={directory}"]
    command = [sys.executable, "-m", "pytest", *options, str(directory)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={"PYTHONPATH": str(root)}, cwd=root)


def test_one_that_passes_the_second_time_passes_and_is_named(tmp_path: Path) -> None:
    done = run(tmp_path, FLAKY.format(count=1))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "RERUN" in done.stdout
    assert "test_flaky[0]" in done.stdout


def test_one_that_fails_twice_fails(tmp_path: Path) -> None:
    assert run(tmp_path, "def test_it():\n    assert False\n").returncode == 1


def test_many_that_have_to_be_repeated_fail_the_run(tmp_path: Path) -> None:
    done = run(tmp_path, FLAKY.format(count=6))
    assert done.returncode == 1, done.stdout + done.stderr
    assert "6 tests had to be repeated, 5 may be" in done.stdout
