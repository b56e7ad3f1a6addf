"""Accounts of people, in ``accounts.json`` of the data directory: they log in while the database is down, too."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from service.identity import passwords
from service.identity.file import FileBroken, Table
from service.identity.roles import Role, fitting

#: Names are actors in records: short, without blanks at the ends, in any script.
_NAME = re.compile(r"[^\W_](?:[\w .@-]{0,62}[\w])?")
_FILE = "accounts.json"
FIRST_PASSWORD = "first-password.txt"  # the name of a file


class AccountsBroken(FileBroken):
    """``accounts.json`` cannot be used."""


class AccountRefused(ValueError):
    """An account cannot be made or changed so; the message names what and why."""


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """One person."""

    #: The actor in every record; never used again for somebody else.
    name: str
    #: As people call them; the name where nothing was given.
    display: str
    role: Role
    enterprise: str | None = None
    #: Telephone, mail: for those who have to reach them.
    contact: str = ""
    #: argon2id; empty: logs in elsewhere (OpenID Connect).
    password: str = ""
    #: Somebody else knows the password: nothing works until it is changed.
    must_change: bool = False
    disabled: bool = False
    created: datetime
    created_by: str
    #: Raised to end every session of this person.
    epoch: int = 0


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Accounts:
    """Constructing reads nothing. What hashes (``check``, ``create``, …) takes some 50 ms: call it in a thread."""

    def __init__(self, data_dir: Path, *, now: Callable[[], datetime] = _utc_now) -> None:
        cure = "restore the file, or delete it and make the accounts anew with `parkwatch user add`"
        self._table: Table[Account] = Table(data_dir / _FILE, Account, AccountsBroken, cure)
        self._first = data_dir / FIRST_PASSWORD
        self._now = now

    def list(self) -> Sequence[Account]:
        """All, oldest first. Raises AccountsBroken."""
        return self._table.rows()

    def get(self, name: str) -> Account | None:
        """Enabled or not."""
        return next((one for one in self._table.known() if one.name == name), None)

    def create(
        self,
        name: str,
        *,
        role: Role,
        enterprise: str | None = None,
        display: str = "",
        contact: str = "",
        by: str,
        password: str | None = None,
    ) -> tuple[Account, str]:
        """(the account, its one-time password; empty where one was given). Raises AccountRefused, PasswordRefused."""
        if not _NAME.fullmatch(name):
            raise AccountRefused(f"{name!r} is no name for an account; use letters, digits, blank, '-', '_', '.', '@'")
        if role is Role.DEVICE:
            raise AccountRefused("devices have keys, not accounts: parkwatch key create")
        _fits(role, enterprise)
        once = passwords.one_time() if password is None else ""
        if password is not None:
            passwords.check_strength(password, name)
        account = Account(
            name=name,
            display=display or name,
            role=role,
            enterprise=enterprise,
            contact=contact,
            password=passwords.hashed(password or once),
            must_change=password is None,
            created=self._now(),
            created_by=by,
        )
        with self._table.changing() as write:
            rows = self._table.rows()
            if any(one.name.casefold() == name.casefold() for one in rows):
                raise AccountRefused(f"there is an account {name!r} already; names are never used again")
            write((*rows, account))
        return account, once

    def first(self) -> str | None:
        """Where there is no account yet: make ``admin``, and return its one-time password, also kept in a file."""
        if self._table.rows():
            return None
        _, once = self.create("admin", role=Role.ADMIN, display="管理员", by="first start")
        from service.files import write_private

        write_private(self._first, f"{once}\n".encode())
        return once

    def check(self, name: str, password: str) -> Account | None:
        """The account that may log in so, or None; unknown names take as long."""
        account = self.get(name)
        usable = account if account is not None and account.password and not account.disabled else None
        if not passwords.matches(usable.password if usable else None, password) or usable is None:
            return None
        if passwords.outdated(usable.password):
            return self._change(name, password=passwords.hashed(password))
        return usable

    def change_password(self, name: str, old: str, new: str) -> Account:
        """By the person itself; ends all its sessions. Raises AccountRefused, PasswordRefused."""
        account = self.check(name, old)
        if account is None:
            raise AccountRefused("the present password is not right")
        if old == new:
            raise passwords.PasswordRefused("the new password is the present one; take another")
        passwords.check_strength(new, name)
        changed = self._change(name, password=passwords.hashed(new), must_change=False, epoch=account.epoch + 1)
        if name == "admin":
            self._first.unlink(missing_ok=True)
        return changed

    def reset_password(self, name: str) -> str:
        """A new one-time password; ends all sessions. Raises AccountRefused."""
        account = self._known(name)
        once = passwords.one_time()
        self._change(name, password=passwords.hashed(once), must_change=True, epoch=account.epoch + 1)
        return once

    def update(self, name: str, **changes: Any) -> Account:
        """``display``, ``contact``, ``role``, ``enterprise``, ``disabled``. Raises AccountRefused.

        A change of what somebody may do ends their sessions. The last enabled administrator stays one.
        """
        account = self._known(name)
        after = msgspec.structs.replace(account, **changes)
        _fits(after.role, after.enterprise)
        if (account.role, account.enterprise, account.disabled) != (after.role, after.enterprise, after.disabled):
            changes["epoch"] = account.epoch + 1
        return self._change(name, **changes)

    def _known(self, name: str) -> Account:
        account = self.get(name)
        if account is None:
            known = ", ".join(sorted(one.name for one in self._table.known())) or "none"
            raise AccountRefused(f"there is no account {name!r}; known: {known}")
        return account

    def _change(self, name: str, **changes: Any) -> Account:
        with self._table.changing() as write:
            rows = self._table.rows()
            after = tuple(msgspec.structs.replace(one, **changes) if one.name == name else one for one in rows)
            if any(map(_administrates, rows)) and not any(map(_administrates, after)):
                raise AccountRefused(f"{name!r} is the last administrator; make another one first")
            write(after)
        return next(one for one in after if one.name == name)


def _administrates(account: Account) -> bool:
    return account.role is Role.ADMIN and not account.disabled


def _fits(role: Role, enterprise: str | None) -> None:
    try:
        fitting(role, enterprise)
    except ValueError as error:
        raise AccountRefused(str(error)) from None
