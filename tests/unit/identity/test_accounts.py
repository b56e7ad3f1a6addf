"""Accounts: hashed, changed by several at once, never without an administrator."""

import threading
from pathlib import Path

import pytest

from service.api.keys import Keys
from service.api.sessions import Sessions
from service.identity import passwords
from service.identity.accounts import FIRST_PASSWORD, AccountRefused, Accounts, AccountsBroken
from service.identity.passwords import PasswordRefused
from service.identity.roles import Role, fitting

GOOD, OTHER = "correct horse battery", "another staple of words"


def made(directory: Path, name: str = "wang.fang", role: Role = Role.OPERATOR, **more: str) -> Accounts:
    accounts = Accounts(directory)
    accounts.create(name, role=role, by="test", password=GOOD, **more)
    return accounts


def test_a_password_is_kept_as_argon2id_in_a_file_of_its_owner_alone(tmp_path: Path) -> None:
    made(tmp_path)
    kept = (tmp_path / "accounts.json").read_text()
    assert GOOD not in kept
    assert "$argon2id$v=19$m=65536,t=3,p=4$" in kept
    assert (tmp_path / "accounts.json").stat().st_mode & 0o777 == 0o600


def test_only_the_right_name_with_the_right_password_gets_in(tmp_path: Path) -> None:
    accounts = made(tmp_path)
    assert accounts.check("wang.fang", GOOD) == accounts.get("wang.fang")
    assert accounts.check("wang.fang", GOOD + "x") is None
    assert accounts.check("nobody", GOOD) is None
    accounts.update("wang.fang", disabled=True)
    assert accounts.check("wang.fang", GOOD) is None


def test_who_is_made_by_somebody_else_has_to_change_the_password(tmp_path: Path) -> None:
    accounts = Accounts(tmp_path)
    account, once = accounts.create("li.na", role=Role.REVIEWER, by="admin")
    assert account.must_change
    assert accounts.check("li.na", once) == account
    changed = accounts.change_password("li.na", once, GOOD)
    assert not changed.must_change
    assert accounts.check("li.na", once) is None


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("short", "12 to 200 characters"),
        ("aaaaaaaaaaaaab", "so few different"),
        ("xx-wang.fang-yy", "contain the account's name"),
        ("parkwatch2026!", "first that are guessed"),
    ],
)
def test_bad_passwords_are_refused_with_the_reason(tmp_path: Path, password: str, why: str) -> None:
    accounts = made(tmp_path)
    with pytest.raises(PasswordRefused, match=why):
        accounts.change_password("wang.fang", GOOD, password)
    with pytest.raises(PasswordRefused, match="is the present one"):
        accounts.change_password("wang.fang", GOOD, GOOD)
    with pytest.raises(AccountRefused, match="present password"):
        accounts.change_password("wang.fang", "wrong", OTHER)


def test_the_first_start_makes_an_administrator_and_only_the_first(tmp_path: Path) -> None:
    accounts = Accounts(tmp_path)
    once = accounts.first()
    assert once is not None
    assert (tmp_path / FIRST_PASSWORD).read_text().strip() == once
    assert (tmp_path / FIRST_PASSWORD).stat().st_mode & 0o777 == 0o600
    assert accounts.first() is None
    accounts.change_password("admin", once, GOOD)
    assert not (tmp_path / FIRST_PASSWORD).exists()


def test_the_last_administrator_stays_one(tmp_path: Path) -> None:
    accounts = made(tmp_path, "boss", Role.ADMIN)
    for change in ({"disabled": True}, {"role": Role.OPERATOR}):
        with pytest.raises(AccountRefused, match="last administrator"):
            accounts.update("boss", **change)
    accounts.create("second", role=Role.ADMIN, by="boss", password=OTHER)
    assert accounts.update("boss", disabled=True).disabled


def test_names_are_never_used_again_and_roles_fit_their_enterprise(tmp_path: Path) -> None:
    accounts = made(tmp_path)
    accounts.update("wang.fang", disabled=True)
    for name, role, enterprise, why in (
        ("Wang.Fang", Role.OPERATOR, None, "never used again"),
        ("", Role.OPERATOR, None, "no name"),
        ("a/b", Role.OPERATOR, None, "no name"),
        ("d", Role.DEVICE, "acme", "have keys, not accounts"),
        ("e", Role.ENTERPRISE, None, "belongs to an enterprise"),
        ("o", Role.OPERATOR, "acme", "sees the whole park"),
    ):
        with pytest.raises(AccountRefused, match=why):
            accounts.create(name, role=role, enterprise=enterprise, by="test")


def test_a_change_of_rights_or_password_ends_every_session(tmp_path: Path) -> None:
    accounts = made(tmp_path, role=Role.OPERATOR)
    accounts.create("boss", role=Role.ADMIN, by="test", password=OTHER)
    sessions = Sessions(Keys(tmp_path), accounts, lambda: 1_000.0)

    def opened() -> str:
        account = accounts.get("wang.fang")
        assert account is not None
        cookie, _ = sessions.open(account)
        assert sessions.check(cookie) == account
        return cookie

    cookie = opened()
    accounts.update("wang.fang", display="王芳", contact="1")
    assert sessions.check(cookie) is not None
    accounts.update("wang.fang", role=Role.SUPERVISOR)
    assert sessions.check(cookie) is None
    cookie = opened()
    accounts.reset_password("wang.fang")
    assert sessions.check(cookie) is None
    cookie = opened()
    accounts.update("wang.fang", disabled=True)
    assert sessions.check(cookie) is None


def test_a_forged_or_old_cookie_opens_nothing(tmp_path: Path) -> None:
    accounts = made(tmp_path)
    now_s = 1_000.0
    sessions = Sessions(Keys(tmp_path), accounts, lambda: now_s, session_s=60)
    account = accounts.get("wang.fang")
    assert account is not None
    cookie, end_s = sessions.open(account)
    subject, _, signature = cookie.split(".")
    for forged in (
        f"{subject}.{end_s + 1}.{signature}",
        f"~x.{end_s}.{signature}",
        f"~.{end_s}.",
        "",
        "...",
        cookie + "0",
    ):
        assert sessions.check(forged) is None
    now_s = 1_060.0
    assert sessions.check(cookie) is None


def test_two_processes_that_change_it_at_once_lose_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "hashed", lambda password: f"hash of {password}")
    threads = [
        threading.Thread(
            target=Accounts(tmp_path).create, args=(f"user{n}",), kwargs={"role": Role.OPERATOR, "by": "t"}
        )
        for n in range(20)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert {one.name for one in Accounts(tmp_path).list()} == {f"user{n}" for n in range(20)}


def test_a_broken_file_keeps_what_is_known_in_force(tmp_path: Path) -> None:
    accounts = made(tmp_path)
    assert accounts.get("wang.fang") is not None
    (tmp_path / "accounts.json").write_text("{")
    assert accounts.check("wang.fang", GOOD) is not None
    with pytest.raises(AccountsBroken, match="restore the file"):
        Accounts(tmp_path).list()


def test_a_key_of_before_there_were_roles_may_do_the_widest(tmp_path: Path) -> None:
    assert fitting(None, None) is Role.ADMIN
    assert fitting(None, "acme") is Role.ENTERPRISE
