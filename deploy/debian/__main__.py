"""``python3 -m deploy.debian DIRECTORY``: fetch pip into a directory and print where its wheel is.

Debian's python3 can make a virtual environment only with the package python3-venv; set-up does without it.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from deploy.debian.apt import NotFetched, PrivateApt

_PACKAGE = "python3-pip-whl"
_SUITE = "trixie"


def main(directory: Path) -> int:
    """Unpack pip's wheel below the directory and print its path."""
    directory.mkdir(parents=True, exist_ok=True)
    try:
        print(fetch_pip(directory))
    except (NotFetched, OSError) as refusal:
        print(f"pip could not be had: {refusal}\nInstall the package python3-venv instead.", file=sys.stderr)
        return 1
    return 0


def fetch_pip(directory: Path) -> Path:
    """Return the wheel of pip, fetched from the machine's Debian archive."""
    with tempfile.TemporaryDirectory(prefix="apt-", dir=directory) as scratch:
        apt = PrivateApt(Path(scratch), suite=_SUITE)
        apt.update()
        apt.download([_PACKAGE], Path(scratch))
        for file in Path(scratch).glob("*.deb"):
            subprocess.run(["dpkg-deb", "-x", str(file), str(directory)], check=True)
    return next(directory.glob("usr/share/python-wheels/pip-*.whl"))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).absolute()))
