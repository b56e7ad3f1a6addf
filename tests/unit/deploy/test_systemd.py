"""The systemd unit is one systemd accepts, and a narrow one."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

_UNIT = Path(__file__).parents[3] / "deploy" / "systemd" / "parkwatch.service"
_EXPOSURE_MAX = 2.0

needs_systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed here")


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit with the program's path put to this environment's, as systemd looks whether it is there."""
    here = Path(sys.executable).parent / "parkwatch"
    copy = tmp_path / _UNIT.name
    copy.write_text(_UNIT.read_text().replace("/opt/parkwatch/bin/parkwatch", str(here)))
    return copy


@needs_systemd
def test_systemd_accepts_the_unit(unit: Path) -> None:
    told = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False)
    assert (told.returncode, told.stderr) == (0, "")


@needs_systemd
def test_service_is_exposed_little(unit: Path) -> None:
    command = ["systemd-analyze", "security", "--offline=true", str(unit)]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    level = re.search(r"Overall exposure level for \S+: ([\d.]+)", told.stdout)
    assert level is not None, told.stderr
    assert float(level[1]) <= _EXPOSURE_MAX


def test_no_secret_is_written_down() -> None:
    assert "EnvironmentFile=/etc/parkwatch/environment" in _UNIT.read_text()
    assert not re.search(r"^Environment=.*(PASSWORD|DATABASE_URL)", _UNIT.read_text(), flags=re.MULTILINE)
