"""Where the programs are: on the machine itself, or in the private root."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

#: Oldest PostgreSQL we are tested with.
_POSTGRES_MIN = 15
#: Older brokers lack fixes to ``max_queued_bytes`` and TLS that we rely on.
_MOSQUITTO_MIN = (2, 0, 11)


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresPrograms:
    """A PostgreSQL that has TimescaleDB, by its directory of programs."""

    bin_dir: Path
    major: int

    @property
    def from_debian(self) -> bool:
        """Debian's builds have all optional parts, such as lz4; of others we do not know."""
        return self.bin_dir.parent.parent.name == "postgresql"


def project_root() -> Path:
    """Return the directory above the packages, which holds ``pyproject.toml`` unless we are installed."""
    return Path(__file__).resolve().parents[2]


def private_root() -> Path:
    """Return where the private root is or would be made: in the project, or in the user's cache without one."""
    home = os.environ.get("PARKWATCH_HOME")
    if home:
        return Path(home).absolute() / "embedded"
    if (project_root() / "pyproject.toml").exists():
        return project_root() / ".embedded"
    return Path.home() / ".cache" / "parkwatch" / "embedded"  # installed as a package


def machine_postgres() -> PostgresPrograms | None:
    """Find a PostgreSQL with TimescaleDB that this machine has installed, the newest first."""
    found = [*_by_pg_config(), *postgres_below(Path("/usr"))]
    return max(found, key=lambda programs: programs.major, default=None)


def postgres_below(prefix: Path) -> list[PostgresPrograms]:
    """List the PostgreSQLs with TimescaleDB laid out as Debian does it, below ``/usr`` or the private root's."""
    libraries = prefix.glob("lib/postgresql/*/lib/timescaledb.so")
    return [found for path in libraries if (found := _programs(path.parent.parent / "bin"))]


def machine_mosquitto() -> Path | None:
    """Find a mosquitto on this machine that is recent enough."""
    for place in (shutil.which("mosquitto"), "/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto"):
        if place and Path(place).exists() and _mosquitto_version(Path(place)) >= _MOSQUITTO_MIN:
            return Path(place)
    return None


def _by_pg_config() -> list[PostgresPrograms]:
    if not shutil.which("pg_config"):
        return []
    libraries, programs = (_output(["pg_config", option]).strip() for option in ("--pkglibdir", "--bindir"))
    if not libraries or not (Path(libraries) / "timescaledb.so").exists():
        return []
    found = _programs(Path(programs))
    return [found] if found else []


def _programs(bin_dir: Path) -> PostgresPrograms | None:
    if not all((bin_dir / name).exists() for name in ("postgres", "initdb")):
        return None
    version = re.search(r"\(PostgreSQL\) (\d+)", _output([str(bin_dir / "postgres"), "--version"]))
    if not version or int(version[1]) < _POSTGRES_MIN:
        return None
    return PostgresPrograms(bin_dir=bin_dir, major=int(version[1]))


def _mosquitto_version(program: Path) -> tuple[int, ...]:
    version = re.search(r"mosquitto version (\d+)\.(\d+)\.(\d+)", _output([str(program), "-h"]))
    return tuple(int(part) for part in version.groups()) if version else (0,)


def _output(command: list[str]) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=20).stdout
    except OSError:
        return ""
