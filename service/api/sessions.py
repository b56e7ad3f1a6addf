"""Sessions of the page: a signed cookie, because EventSource cannot send headers and a key does not belong in a page.

The cookie says which key opened it and until when, signed with a secret of the data directory and the key's own hash:
it outlives a restart, and ends when the key is revoked or expires.
"""

import hashlib
import hmac
from collections.abc import Callable

from service.api.keys import Key, Keys

COOKIE = "parkwatch_session"
#: A wall display is logged in for as long as this.
SESSION_S = 30 * 86_400


class Sessions:
    """Opens and checks them. ``now_s`` is epoch seconds."""

    def __init__(self, keys: Keys, now_s: Callable[[], float]) -> None:
        self._keys = keys
        self._now_s = now_s

    def open(self, key: Key) -> tuple[str, int]:
        """(value of the cookie, its end in epoch seconds)."""
        end_s = int(self._now_s()) + SESSION_S
        if key.expires is not None:
            end_s = min(end_s, int(key.expires.timestamp()))
        return f"{key.prefix}.{end_s}.{self._sign(key, end_s)}", end_s

    def check(self, cookie: str) -> Key | None:
        """The key that opened the session, where cookie and key are still valid."""
        prefix, _, rest = cookie.partition(".")
        end, _, signature = rest.partition(".")
        key = self._keys.by_prefix(prefix)
        if key is None or not (end.isascii() and end.isdigit() and len(end) < 16):
            return None
        genuine = hmac.compare_digest(signature.encode(), self._sign(key, int(end)).encode())
        return key if genuine and self._now_s() < int(end) else None

    def _sign(self, key: Key, end_s: int) -> str:
        message = f"session|{key.prefix}|{end_s}|{key.sha256}".encode()
        return hmac.new(self._keys.session_secret, message, hashlib.sha256).hexdigest()
