"""A directory short enough for a unix socket, whose path may have 107 bytes at most."""

import hashlib
import os
from pathlib import Path

from deploy.embedded.account import Account
from deploy.embedded.errors import EmbeddedError

_SOCKET_PATH_MAX_BYTES = 107
_LONGEST_NAME = "/.s.PGSQL.65535.lock"


def short_dir(home: Path, account: Account | None) -> Path:
    """Return the directory itself if a socket in it has a short enough path, else a private one below /tmp."""
    if len(os.fsencode(home)) + len(_LONGEST_NAME) <= _SOCKET_PATH_MAX_BYTES:
        return home
    name = f"parkwatch-{os.geteuid()}-{hashlib.sha256(os.fsencode(home)).hexdigest()[:16]}"
    place = Path("/tmp") / name
    uid = account.uid if account else os.geteuid()
    place.mkdir(mode=0o700, exist_ok=True)
    if place.is_symlink() or place.lstat().st_uid not in {uid, os.geteuid()}:
        raise EmbeddedError(f"{place} belongs to someone else; remove it")
    if account:
        os.chown(place, account.uid, account.gid)
    return place
