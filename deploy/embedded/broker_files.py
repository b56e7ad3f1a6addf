"""The files mosquitto reads: configuration, passwords, who may write where."""

import base64
import hashlib
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path

#: What mosquitto_passwd itself uses; it names the hash format too.
_PBKDF2_ROUNDS = 101
_SALT_BYTES = 12

#: One line of mosquitto.conf.
Setting = tuple[str, str | int | Path]

#: A user may publish below his own enterprise's topic and nothing else; the service reads all.
ENTERPRISE_TOPIC = "parkwatch/v1/%u/#"


def hashed_password(password: str) -> str:
    """Hash a password the way mosquitto reads it back (PBKDF2 with SHA-512)."""
    salt = secrets.token_bytes(_SALT_BYTES)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _PBKDF2_ROUNDS)
    return f"$7${_PBKDF2_ROUNDS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def password_file(passwords: Mapping[str, str]) -> str:
    """Return the text of a password file."""
    return "".join(f"{user}:{hashed_password(password)}\n" for user, password in passwords.items())


def access_list(readers: Iterable[str]) -> str:
    """Return who may do what: every user writes his enterprise's topics, the readers read all of ours.

    As ``deploy/mosquitto/acl``. By Sparkplug, a user's group is called as he is; he hears its commands and the hosts.
    """
    lines = [f"pattern write {ENTERPRISE_TOPIC}", "pattern write spBv1.0/%u/#"]
    lines += [
        f"pattern read {topic}" for topic in ("spBv1.0/%u/NCMD/#", "spBv1.0/%u/DCMD/#", "spBv1.0/STATE/#", "STATE/#")
    ]
    for reader in readers:
        lines += ["", f"user {reader}", "topic readwrite parkwatch/#", "topic read spBv1.0/#"]
        lines += ["topic write spBv1.0/+/NCMD/#", "topic readwrite spBv1.0/STATE/#", "topic readwrite STATE/#"]
        lines += ["topic read $SYS/#"]
    return "\n".join([*lines, ""])


def configuration(settings: Iterable[Setting]) -> str:
    """Return the text of mosquitto.conf; the order matters, as options after a listener are the listener's."""
    return "".join(f"{name} {value}\n" for name, value in settings)
