"""A directory short enough for a unix socket, whose path may have 107 bytes at most."""

import hashlib
import os
from pathlib import Path

from deploy.embedded.account import Account, refuse_strangers

_SOCKET_PATH_MAX_BYTES = 107
_LONGEST_NAME = "/.s.PGSQL.65535.lock"


def short_dir(home: Path, account: Account | None) -> Path:
    """Return the directory itself if a socket in it has a short enough path, else a private one below /tmp."""
    if len(os.fsencode(home)) + len(_LONGEST_NAME) <= _SOCKET_PATH_MAX_BYTES:
        return home
    name = f"parkwatch-{os.geteuid()}-{hashlib.sha256(os.fsencode(home)).hexdigest()[:16]}"
    place = Path("/tmp") / name
    place.mkdir(mode=0o700, exist_ok=True)
    refuse_strangers(place)
    if account:
        os.chown(place, account.uid, account.gid)
    return place
