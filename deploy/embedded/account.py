"""Who the embedded servers run as, and which places that account can reach.

PostgreSQL refuses to run as root, so root hands it to an unprivileged account. A clone below ``/root`` or below a
0700 ``mktemp -d`` cannot be entered by that account; such a place gets a stand-in directory below ``/var/tmp``,
joined to it by a symbolic link, so that everyone goes on using the path they know.
"""

import hashlib
import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.embedded.errors import EmbeddedError

#: Accounts tried in turn when we are root.
_ACCOUNTS = ("postgres", "nobody")
_STAND_INS = Path("/var/tmp")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An unprivileged account that root drops to."""

    name: str
    uid: int
    gid: int


def server_account(home: Path | None = None) -> Account | None:
    """Return the account to drop to, or None where we are an ordinary user and the servers run as ourselves.

    Where ``home`` exists already and is an ordinary user's, root runs the server as that user.
    """
    if os.geteuid() != 0:
        return None
    if home is not None and home.exists() and (owner := home.stat()).st_uid != 0:
        return Account(name=str(owner.st_uid), uid=owner.st_uid, gid=owner.st_gid)
    for name in _ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name=name, uid=entry.pw_uid, gid=entry.pw_gid)
    raise EmbeddedError(f"running as root, but none of the accounts {', '.join(_ACCOUNTS)} exists; add one of them")


def server_environment() -> dict[str, str]:
    """Return our environment without what would steer a server of ours: libraries forced in, PostgreSQL's variables."""
    return {name: value for name, value in os.environ.items() if name != "LD_PRELOAD" and not name.startswith("PG")}


def run_as(account: Account | None, command: Sequence[str | Path]) -> subprocess.CompletedProcess[str]:
    """Run a short command as the account, from a directory that everyone can enter; never raises on its exit code."""
    words = [str(word) for word in command]
    return subprocess.run(
        words,
        cwd="/",
        env=server_environment(),
        capture_output=True,
        text=True,
        check=False,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
    )


def can_enter(account: Account | None, directory: Path) -> bool:
    """Tell whether the account may pass through a directory and all above it (asked of the kernel, so ACLs count)."""
    return account is None or run_as(account, ["test", "-x", directory]).returncode == 0


def shared_place(directory: Path, account: Account | None, *, content: str) -> Path:
    """Return the directory itself if the account can get to it, else one below /var/tmp named for what it holds.

    Makes neither. Clones that cannot be entered share the latter: what is in it does not depend on the clone.
    """
    above = next(path for path in directory.parents if path.exists())
    if can_enter(account, above):
        return directory
    place = _STAND_INS / f"parkwatch-{content}"
    if place.is_symlink() or place.exists():
        refuse_strangers(place)
    return place


def settle(directory: Path, account: Account | None) -> Path:
    """Make a directory of the account's own, mode 0700, and return where it really is.

    ``directory`` itself where possible; else its stand-in, with ``directory`` a link to it. A stand-in whose link is
    gone is left over from a tree that was deleted: it is emptied, as the deleter meant.
    """
    directory.parent.mkdir(parents=True, exist_ok=True)
    home = directory.resolve() if directory.is_symlink() else directory
    if not can_enter(account, home.parent):
        home = _link_stand_in(directory)
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    if account is not None and home.stat().st_uid != account.uid:
        os.chown(home, account.uid, account.gid)
    if not os.access(home, os.W_OK | os.X_OK):
        raise EmbeddedError(f"{home} belongs to another account; run as that account or as root, or remove it")
    home.chmod(0o700)
    return home


def refuse_strangers(path: Path) -> None:
    """Anyone can write below /tmp and /var/tmp: raise EmbeddedError unless the path is ours or our server account's."""
    account = server_account()
    ours = {os.geteuid()} | ({account.uid} if account else set())
    if path.is_symlink() or path.lstat().st_uid not in ours:
        raise EmbeddedError(f"{path} belongs to someone else; remove it or clone to a place others can enter")


def discard(directory: Path) -> None:
    """Delete a directory made by ``settle``, with its stand-in if it has one."""
    if directory.is_symlink():
        target = directory.resolve()
        directory.unlink()
        if target.parent == _STAND_INS:
            shutil.rmtree(target, ignore_errors=True)
    elif directory.exists():
        shutil.rmtree(directory)


def _link_stand_in(directory: Path) -> Path:
    stand_in = _STAND_INS / f"parkwatch-{hashlib.sha256(os.fsencode(directory)).hexdigest()[:16]}"
    if directory.is_symlink():
        directory.unlink()
    if directory.exists():
        if any(directory.iterdir()):
            raise EmbeddedError(f"{directory} cannot be reached by the server's account; move it or open the way to it")
        directory.rmdir()
    if stand_in.is_symlink() or stand_in.exists():
        refuse_strangers(stand_in)
        shutil.rmtree(stand_in)
    stand_in.mkdir(mode=0o700)
    directory.symlink_to(stand_in, target_is_directory=True)
    return stand_in
