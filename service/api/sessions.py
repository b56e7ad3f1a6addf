"""Sessions of the page: a signed cookie, because EventSource cannot send headers and a key does not belong in a page.

The cookie says who opened it and until when, signed with a secret of the data directory and with what the account or
the key is: it outlives a restart, and ends when password or role change, the account is disabled, the key is revoked.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable

from service.api.keys import Key, Keys
from service.identity.accounts import Account, Accounts

COOKIE = "parkwatch_session"
#: A wall display is logged in for as long as this.
SESSION_S = 30 * 86_400


class Sessions:
    """Opens and checks them. ``now_s`` is epoch seconds."""

    def __init__(
        self, keys: Keys, accounts: Accounts, now_s: Callable[[], float], *, session_s: int = SESSION_S
    ) -> None:
        self._keys, self._accounts = keys, accounts
        self._now_s = now_s
        self._session_s = session_s

    def open(self, who: Key | Account) -> tuple[str, int]:
        """(value of the cookie, its end in epoch seconds)."""
        end_s = int(self._now_s()) + self._session_s
        if isinstance(who, Key) and who.expires is not None:
            end_s = min(end_s, int(who.expires.timestamp()))
        subject = _subject(who)
        return f"{subject}.{end_s}.{self._sign(subject, who, end_s)}", end_s

    def check(self, cookie: str) -> Key | Account | None:
        """Who opened the session, where it is still valid."""
        subject, _, rest = cookie.partition(".")
        end, _, signature = rest.partition(".")
        if not (end.isascii() and end.isdigit() and len(end) < 16):
            return None
        who = self._find(subject)
        if who is None:
            return None
        genuine = hmac.compare_digest(signature.encode(), self._sign(subject, who, int(end)).encode())
        return who if genuine and self._now_s() < int(end) else None

    def _find(self, subject: str) -> Key | Account | None:
        if not subject.startswith("~"):
            return self._keys.by_prefix(subject)
        try:
            name = base64.urlsafe_b64decode(subject[1:].encode()).decode()
        except (binascii.Error, ValueError):
            return None
        account = self._accounts.get(name)
        return account if account is not None and not account.disabled else None

    def _sign(self, subject: str, who: Key | Account, end_s: int) -> str:
        bound = who.sha256 if isinstance(who, Key) else f"{who.epoch}|{who.created.isoformat()}"
        message = f"session|{subject}|{end_s}|{bound}".encode()
        return hmac.new(self._keys.session_secret, message, hashlib.sha256).hexdigest()


def _subject(who: Key | Account) -> str:
    return who.prefix if isinstance(who, Key) else "~" + base64.urlsafe_b64encode(who.name.encode()).decode()
