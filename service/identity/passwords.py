"""Passwords: argon2id, and what is asked of them."""

import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

#: RFC 9106's choice for where memory is dear: 64 MiB, three passes, four lanes; some 50 ms here.
_HASHER = PasswordHasher(time_cost=3, memory_cost=65_536, parallelism=4)
#: Of no account: checked where a name is unknown, so that time does not tell.
_NOBODY = _HASHER.hash(secrets.token_urlsafe(16))
_LEAST, _MOST = 12, 200
#: Long enough, and still the first that anybody tries.
_COMMON = ("password", "qwerty", "12345", "abcdef", "111111", "000000", "iloveyou", "admin", "welcome", "parkwatch")


class PasswordRefused(ValueError):
    """Not good enough; the message says why."""


def check_strength(password: str, name: str) -> None:
    """Length is what counts; no rules of composition. Raises PasswordRefused."""
    if not _LEAST <= len(password) <= _MOST:
        raise PasswordRefused(f"a password has {_LEAST} to {_MOST} characters; this one has {len(password)}")
    low = password.lower()
    if len(set(low)) < 5:
        raise PasswordRefused("a password of so few different characters is guessed at once; take another")
    if name.lower() in low:
        raise PasswordRefused("a password must not contain the account's name; take another")
    for common in _COMMON:
        if common in low and len(low) - len(common) < _LEAST - 4:
            raise PasswordRefused(f"{common!r} and a little more is among the first that are guessed; take another")


def hashed(password: str) -> str:
    """Takes some 50 ms: call it beside the event loop."""
    return _HASHER.hash(password)


def matches(kept: str | None, password: str) -> bool:
    """Takes the same time whether or not there is anything to compare with. Call it beside the event loop."""
    try:
        return _HASHER.verify(kept or _NOBODY, password) and kept is not None
    except (VerificationError, InvalidHashError):
        return False


def outdated(kept: str) -> bool:
    """Hashed with other parameters than are used now."""
    return _HASHER.check_needs_rehash(kept)


def one_time() -> str:
    """For somebody else to type once: without letters that look alike."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(4))
