"""API keys: ``prefix.secret``, of which only the SHA-256 is kept, in ``keys.json`` of the data directory (mode 600).

SHA-256 and not a slow hash: the secret is 256 random bits, so there is nothing to guess. The file is read again when
it changes, so that the command line may create and revoke keys while the service runs.
"""

import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from service.files import write_private
from service.identity.file import FileBroken, Table
from service.identity.roles import Role, fitting

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_FILE = "keys.json"
_SECRET_FILE = "session.secret"


class KeysInvalid(FileBroken):
    """``keys.json`` cannot be used; the message says why and what to do."""


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """One key, without its secret."""

    #: Who uses it; stands as the actor in the record of alerts.
    name: str
    #: First part of the key's text, by which it is found.
    prefix: str
    #: Of the whole text, hex.
    sha256: str
    #: Sees and acts on this one only, and sees what the park shares. None: the whole park.
    enterprise: str | None
    created: datetime
    expires: datetime | None = None
    disabled: bool = False
    #: None: written before there were roles; then the widest that goes with ``enterprise``.
    role: Role | None = None

    @property
    def acts_as(self) -> Role:
        """What it may do."""
        return fitting(self.role, self.enterprise)

    def valid_at(self, now: datetime) -> bool:
        """Neither revoked nor expired."""
        return not self.disabled and (self.expires is None or now < self.expires)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Keys:
    """The keys of one data directory. Constructing reads nothing."""

    def __init__(self, data_dir: Path, *, now: Callable[[], datetime] = _utc_now) -> None:
        self.path = data_dir / _FILE
        self._table: Table[Key] = Table(
            self.path, Key, KeysInvalid, "restore the file, or delete it and create new keys"
        )
        self._now = now
        self._indexed = -1
        self._by_prefix: dict[str, Key] = {}
        self._session_secret = b""

    def list(self) -> Sequence[Key]:
        """All keys, oldest first. Raises KeysInvalid."""
        return self._table.rows()

    def create(
        self,
        name: str,
        *,
        enterprise: str | None = None,
        expires: datetime | None = None,
        role: Role | None = None,
    ) -> tuple[Key, str]:
        """Make a key; returns it and its text, which is shown this once. Raises ValueError, KeysInvalid."""
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is not a name for a key; use letters, digits, '-', '_' and '.', 64 at most")
        if expires is not None and expires.utcoffset() is None:
            raise ValueError("the end of a key must carry an offset from UTC")
        role = fitting(role, enterprise)
        prefix = f"pw{secrets.token_hex(4)}"
        text = f"{prefix}.{secrets.token_urlsafe(32)}"
        key = Key(
            name=name,
            prefix=prefix,
            sha256=_sha256(text),
            enterprise=enterprise,
            created=self._now(),
            expires=expires,
            role=role,
        )
        with self._table.changing() as write:
            keys = self._table.rows()
            if any(one.name == name and one.valid_at(self._now()) for one in keys):
                raise ValueError(f"there is a key {name!r} already; revoke it first, or use another name")
            write((*keys, key))
        return key, text

    def revoke(self, name: str) -> int:
        """Disable every key of this name, at once for running services too; returns how many. Raises ValueError."""
        with self._table.changing() as write:
            keys = self._table.rows()
            if not any(key.name == name for key in keys):
                known = ", ".join(sorted({key.name for key in keys})) or "none"
                raise ValueError(f"there is no key {name!r}; known: {known}")
            write(tuple(msgspec.structs.replace(key, disabled=True) if key.name == name else key for key in keys))
        return sum(key.name == name and not key.disabled for key in keys)

    def check(self, text: str) -> Key | None:
        """The valid key that this is the text of, or None."""
        key = self._find(text.partition(".")[0])
        digest = _sha256(text)
        # Compared in constant time, and also where the prefix is unknown, so that time tells nothing.
        same = hmac.compare_digest(digest, key.sha256 if key is not None else "0" * 64)
        return key if same and key is not None and key.valid_at(self._now()) else None

    def by_prefix(self, prefix: str) -> Key | None:
        """The valid key with this prefix, for a session that was opened with it."""
        key = self._find(prefix)
        return key if key is not None and key.valid_at(self._now()) else None

    @property
    def session_secret(self) -> bytes:
        """What sessions are signed with; kept beside the keys, so that pages stay logged in over a restart."""
        if not self._session_secret:
            path = self.path.with_name(_SECRET_FILE)
            if not path.exists():
                write_private(path, secrets.token_bytes(32))
            self._session_secret = path.read_bytes()
        return self._session_secret

    def _find(self, prefix: str) -> Key | None:
        keys = self._table.known()
        if self._indexed != self._table.version:
            self._by_prefix, self._indexed = {key.prefix: key for key in keys}, self._table.version
        return self._by_prefix.get(prefix)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


class LoginLimit:
    """A few failed logins from one address, then a pause that a guesser feels and a person with a typo does not."""

    def __init__(
        self,
        *,
        most: int = 5,
        per_s: float = 60.0,
        now_s: Callable[[], float] = time.monotonic,
        addresses: int = 10_000,
    ) -> None:
        self._most = most
        self._per_s = per_s
        self._now_s = now_s
        self._addresses = addresses
        self._failed: dict[str, list[float]] = {}

    def wait_s(self, address: str) -> float:
        """0 where this address may try; else how long it has to wait."""
        since = self._now_s() - self._per_s
        recent = [at for at in self._failed.get(address, ()) if at > since]
        return max(0.0, recent[-self._most] - since) if len(recent) >= self._most else 0.0

    def failed(self, address: str) -> None:
        """Note a failure."""
        now = self._now_s()
        recent = [at for at in self._failed.pop(address, ()) if at > now - self._per_s]
        self._failed[address] = [*recent, now]
        while len(self._failed) > self._addresses:  # the address that failed longest ago
            del self._failed[next(iter(self._failed))]

    def succeeded(self, address: str) -> None:
        """Forget its failures."""
        self._failed.pop(address, None)
