"""Makes the private root: TimescaleDB and mosquitto from Debian, unpacked beside the project, the system untouched.

Debian 12 packages neither TimescaleDB nor a current mosquitto; Debian 13 does. Their packages and all these need, the C
library included, are downloaded with a private apt, unpacked, and patched to find their libraries in the private root.
A stamp, written last, names recipe and place: programs know their absolute path, so a moved tree is made again.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from deploy.debian.apt import NotFetched, Package, PrivateApt
from deploy.embedded import locate
from deploy.embedded.account import run_as, server_account, shared_place
from deploy.embedded.errors import NotProvided
from deploy.embedded.locate import PostgresPrograms
from deploy.embedded.progress import Steps, shown_steps

#: Raise it whenever what follows would make a different root.
_RECIPE = "1"
_SUITE = "trixie"
_WANTED = ("postgresql-17-timescaledb", "mosquitto")
#: Needed by the packages' own scripts or for just-in-time compilation, which is switched off; never by the servers.
_DROPPED_PREFIXES = ("libllvm", "libz3", "libperl", "perl", "locales", "libc-l10n", "postgresql-common")
_DROPPED_LIBRARIES = ("libsemanage", "libsepol", "libproc2", "libdebconf", "libc-bin", "libpam-modules-bin")
_KEPT_BESIDE_LIBRARIES = ("postgresql-17", "postgresql-client-17", "mosquitto", "zlib1g")
_CLUTTER = ("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/lintian", "usr/share/zoneinfo", "etc")
_THREE_WAYS = (
    "TimescaleDB is needed and there are three ways to have it: set DATABASE_URL to a database that has the extension; "
    "install postgresql with timescaledb on this machine; or let `make setup` fetch both from this machine's Debian "
    "archive, which needs apt-get, dpkg-deb and the archive to be reachable."
)


def postgres() -> PostgresPrograms:
    """Return this machine's TimescaleDB, else the private root's, which is made if need be."""
    found = locate.machine_postgres()
    if found:
        return found
    return locate.postgres_below(ensure() / "usr")[0]


def mosquitto() -> Path:
    """Return this machine's mosquitto if it is recent enough, else the private root's, which is made if need be."""
    return locate.machine_mosquitto() or ensure() / "usr/sbin/mosquitto"


def everything_found() -> bool:
    """Tell whether nothing has to be fetched: DATABASE_URL or a local TimescaleDB, and a local mosquitto."""
    database = bool(os.environ.get("DATABASE_URL")) or locate.machine_postgres() is not None
    return database and locate.machine_mosquitto() is not None


def ensure() -> Path:
    """Make the private root unless it is there and current; safe to call from many processes. Returns where it is."""
    place = private_place()
    if not _is_current(place):
        _make_room(place)
        with _locked(place):
            if not _is_current(place):
                _make(place)
    return place / "root"


def _make_room(place: Path) -> None:
    try:
        place.mkdir(mode=0o755, parents=True, exist_ok=True)
        private_place()  # now that it is there, whose is it?
        place.chmod(0o755)
    except PermissionError as refusal:
        raise NotProvided(f"{refusal}; set PARKWATCH_HOME to a directory of your own") from refusal


def private_place() -> Path:
    """Return where the private root is or would be made: where the account that the servers run as can get to it."""
    return shared_place(locate.private_root(), server_account(), content=f"root-{_RECIPE}")


def remove() -> Path | None:
    """Delete the private root. Returns the place if it was kept, because other clones use it too."""
    place = private_place()
    if place != locate.private_root():
        return place if place.exists() else None
    shutil.rmtree(place, ignore_errors=True)
    return None


def _is_current(root: Path) -> bool:
    stamp = root / "stamp"
    return stamp.exists() and stamp.read_text() == _stamp(root)


def _stamp(root: Path) -> str:
    return f"recipe {_RECIPE} at {root}\n"


def _make(place: Path) -> None:
    _clear(place)
    try:
        with tempfile.TemporaryDirectory(prefix="making-", dir=place) as scratch, shown_steps() as steps:
            _make_in(Path(scratch), place / "root", steps)
        _prove(place / "root")
    except (NotFetched, NotProvided) as refusal:
        raise NotProvided(f"{refusal}\n{_THREE_WAYS}") from refusal
    stamp = place / "stamp"
    stamp.write_text(_stamp(place))
    stamp.chmod(0o644)


def _clear(place: Path) -> None:
    """Forget what was there, and what makers that were killed left half done."""
    (place / "stamp").unlink(missing_ok=True)
    for half_made in place.glob("making-*"):
        shutil.rmtree(half_made)


def _make_in(work: Path, final: Path, steps: Steps) -> None:
    work.chmod(0o755)
    fresh = work / "root"
    _unpack(_download(work, steps), fresh, steps)
    _patch(fresh, final, steps)
    shutil.rmtree(final, ignore_errors=True)
    fresh.rename(final)


def _download(work: Path, steps: Steps) -> list[Path]:
    apt = PrivateApt(work / "apt", suite=_SUITE)
    with steps.step("package index"):
        apt.update()
    packages = [package for package in apt.closure(_WANTED) if _is_needed(package.name)]
    into = work / "packages"
    into.mkdir()
    size_bytes = sum(package.size_bytes for package in packages)
    label = f"download {len(packages)} packages, {size_bytes / 1e6:.0f} MB"
    with steps.watched(label, size_bytes, lambda: _size_bytes(into)):
        apt.download([package.name for package in packages], into)
    return _all_there(into, packages)


def _is_needed(name: str) -> bool:
    if name in _KEPT_BESIDE_LIBRARIES or name == "postgresql-17-timescaledb":
        return True
    is_perl = name.endswith("-perl")
    return name.startswith("lib") and not is_perl and not name.startswith((*_DROPPED_PREFIXES, *_DROPPED_LIBRARIES))


def _size_bytes(directory: Path) -> int:
    with suppress(FileNotFoundError):  # apt moves a file while we look
        return sum(path.stat().st_size for path in directory.glob("*.deb"))
    return 0


def _all_there(into: Path, packages: Sequence[Package]) -> list[Path]:
    files = sorted(into.glob("*.deb"))
    missing = {package.name for package in packages} - {path.name.split("_")[0] for path in files}
    if missing:
        raise NotProvided(f"apt-get left out {', '.join(sorted(missing))}")
    return files


def _unpack(files: Sequence[Path], root: Path, steps: Steps) -> None:
    root.mkdir(mode=0o755)
    with steps.counted("unpack", len(files)) as advance:
        for file in files:
            _run(["dpkg-deb", "-x", str(file), str(root)])
            advance()
    for clutter in _CLUTTER:
        shutil.rmtree(root / clutter, ignore_errors=True)
    for bitcode in root.glob("usr/lib/postgresql/*/lib/bitcode"):
        shutil.rmtree(bitcode)


def _patch(root: Path, final: Path, steps: Steps) -> None:
    """Point every program at the root's own loader and libraries, as they will be named once it is in place."""
    loader = _only(root, "usr/lib*/**/ld-linux*.so.*")
    # Debian has its libraries in usr/lib/<architecture>; what lies deeper are plug-ins, opened by their path.
    libraries = _only(root, "usr/lib/*/libc.so.6").parent
    # RPATH, not RUNPATH: it also holds for what a library such as timescaledb.so asks for in turn.
    search = str(final / libraries.relative_to(root))
    options = ["--set-interpreter", str(final / loader.relative_to(root)), "--force-rpath", "--set-rpath", search]
    programs = _programs(root)
    with steps.counted("patch", len(programs)) as advance:
        for program in programs:
            _run([_patchelf(), *options, str(program)])
            advance()


def _only(root: Path, pattern: str) -> Path:
    for path in sorted(root.glob(pattern)):
        if path.is_file() and not path.is_symlink():
            return path
    raise NotProvided(f"the packages have no {pattern}; Debian must have changed its layout")


def _programs(root: Path) -> list[Path]:
    wanted = [*root.glob("usr/lib/postgresql/*/bin/*"), root / "usr/sbin/mosquitto", root / "usr/bin/mosquitto_passwd"]
    return [path for path in wanted if path.is_file() and not path.is_symlink() and _is_elf(path)]


def _is_elf(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"


def _patchelf() -> str:
    """Return the patchelf of our own environment, or one on the PATH."""
    beside = Path(sys.executable).parent / "patchelf"
    found = str(beside) if beside.exists() else shutil.which("patchelf")
    if not found:
        raise NotProvided("patchelf is missing from the environment; run `make setup`")
    return found


def _prove(root: Path) -> None:
    """Run both as the account that will use them: a missing library or a closed directory shows here, not later."""
    postgres_program = _only(root, "usr/lib/postgresql/*/bin/postgres")
    for program, option in ((postgres_program, "--version"), (root / "usr/sbin/mosquitto", "-h")):
        try:
            done = run_as(server_account(), [program, option])
        except PermissionError as refusal:
            raise NotProvided(f"{refusal}; set PARKWATCH_HOME to a directory where programs may run") from refusal
        if "version" not in done.stdout and "PostgreSQL" not in done.stdout:
            raise NotProvided(f"{program} does not run here: {(done.stderr or done.stdout).strip()}")


def _run(command: Sequence[str]) -> None:
    try:
        subprocess.run(command, capture_output=True, text=True, check=True)
    except FileNotFoundError:
        raise NotProvided(f"there is no {command[0]} here") from None
    except subprocess.CalledProcessError as failure:
        raise NotProvided(f"{Path(command[0]).name} failed: {failure.stderr.strip()}") from failure


@contextmanager
def _locked(place: Path) -> Iterator[None]:
    """One maker at a time; the others wait and then find the work done."""
    with (place / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
