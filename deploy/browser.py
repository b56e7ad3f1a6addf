"""``python -m deploy.browser``: a Chromium for tests and pictures of the page, and prints where it is.

The machine's own where there is one; else Debian's, unpacked beside the project with all it needs and Chinese fonts
(280 MB to fetch, nothing of the system touched), as `deploy.embedded.provision` does with TimescaleDB.
"""

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from deploy.debian.apt import NotFetched, PrivateApt
from deploy.embedded.locate import project_root
from deploy.embedded.progress import Steps, shown_steps

#: Names a program that goes before all others.
VARIABLE = "PARKWATCH_CHROMIUM"
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_WANTED = ("chromium", "fonts-noto-cjk")
#: The machine's own are used; of these a second kind in one process is deadly.
_OF_THE_MACHINE = ("libc6", "libc-bin", "libgcc-s1", "libstdc++6")


class NoBrowser(Exception):
    """No Chromium is here and none could be fetched; the message says what can be done."""


def chromium() -> Path:
    """A Chromium that starts. Raises NoBrowser."""
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named)
    found = next((place for name in _NAMES if (place := shutil.which(name))), None)
    return Path(found) if found else _private()


def _private() -> Path:
    place = project_root() / ".cache" / "browser"
    program = place / "chromium"
    if not program.exists():
        place.mkdir(parents=True, exist_ok=True)
        try:
            with tempfile.TemporaryDirectory(prefix="making-", dir=place) as scratch, shown_steps() as steps:
                _make(Path(scratch), place / "root", steps)
        except (NotFetched, OSError, subprocess.CalledProcessError) as refusal:
            raise NoBrowser(
                f"no Chromium: {refusal}\nInstall the packages chromium and fonts-noto-cjk, or let {VARIABLE} name one."
            ) from refusal
        _write_launcher(program, place)
    return program


def _make(work: Path, final: Path, steps: Steps) -> None:
    apt = PrivateApt(work / "apt", suite=platform.freedesktop_os_release()["VERSION_CODENAME"])
    with steps.step("package index"):
        apt.update()
    packages = [one for one in apt.closure(_WANTED) if one.name not in _OF_THE_MACHINE]
    into, root = work / "packages", work / "root"
    into.mkdir()
    root.mkdir()
    size_bytes = sum(one.size_bytes for one in packages)

    def fetched_bytes() -> int:
        return sum(file.stat().st_size for file in into.glob("*.deb"))

    with steps.watched(f"download {len(packages)} packages, {size_bytes / 1e6:.0f} MB", size_bytes, fetched_bytes):
        apt.download([one.name for one in packages], into)
    files = sorted(into.glob("*.deb"))
    with steps.counted("unpack", len(files)) as advance:
        for file in files:
            subprocess.run(["dpkg-deb", "-x", str(file), str(root)], check=True, capture_output=True)
            advance()
    shutil.rmtree(final, ignore_errors=True)
    root.rename(final)


def _write_launcher(program: Path, place: Path) -> None:
    """Last of all, so that what is half made is never used."""
    root = place / "root"
    (place / "fonts.conf").write_text(
        '<?xml version="1.0"?>\n<!DOCTYPE fontconfig SYSTEM "fonts.dtd">\n'
        f"<fontconfig><dir>{root}/usr/share/fonts</dir><dir>/usr/share/fonts</dir>"
        f"<cachedir>{place}/fonts</cachedir></fontconfig>\n"
    )
    libraries = ":".join(str(one.parent) for one in sorted(root.glob("*/lib/*/libnss3.so")))
    half = program.with_suffix(".half")
    half.write_text(
        "#!/bin/sh\n"
        f'export LD_LIBRARY_PATH="{libraries}:{root}/lib/$(uname -m)-linux-gnu" FONTCONFIG_FILE="{place}/fonts.conf"\n'
        f'exec "{root}/usr/lib/chromium/chromium" "$@"\n'
    )
    half.chmod(0o755)
    half.rename(program)


if __name__ == "__main__":
    try:
        print(chromium())
    except NoBrowser as refusal:
        sys.exit(str(refusal))
