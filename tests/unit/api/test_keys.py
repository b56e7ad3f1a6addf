"""Keys: made once, kept as hashes, revoked at once; logins limited; sessions signed."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from service.api.keys import Keys, KeysInvalid, LoginLimit
from service.api.sessions import SESSION_S, Sessions
from service.identity.accounts import Accounts

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def test_a_key_is_shown_once_and_kept_as_a_hash(tmp_path: Path) -> None:
    key, text = Keys(tmp_path).create("control-room")
    kept = (tmp_path / "keys.json").read_text()
    assert text.partition(".")[2] not in kept
    assert key.sha256 in kept
    assert Keys(tmp_path).check(text) == key


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    keys = Keys(tmp_path)
    keys.create("control-room")
    assert keys.path.stat().st_mode & 0o777 == 0o600
    assert keys.session_secret
    assert (tmp_path / "session.secret").stat().st_mode & 0o777 == 0o600


def test_a_file_that_others_can_read_is_closed_to_them(tmp_path: Path) -> None:
    _, text = Keys(tmp_path).create("control-room")
    (tmp_path / "keys.json").chmod(0o644)
    assert Keys(tmp_path).check(text) is not None
    assert (tmp_path / "keys.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("wrong", ["", ".", "pw", "pw.x", "\udcff.x", "x" * 10_000])
def test_anything_else_is_no_key(tmp_path: Path, wrong: str) -> None:
    keys = Keys(tmp_path)
    _, text = keys.create("control-room")
    assert keys.check(wrong) is None
    assert keys.check(text + "x") is None
    assert keys.check(text.partition(".")[0] + ".x") is None


def test_revoking_counts_at_once_in_a_running_service(tmp_path: Path) -> None:
    running = Keys(tmp_path)
    _, text = running.create("acme-hse", enterprise="acme")
    assert running.check(text) is not None
    assert Keys(tmp_path).revoke("acme-hse") == 1  # another process: the command line
    assert running.check(text) is None


def test_a_revoked_name_may_be_used_again(tmp_path: Path) -> None:
    keys = Keys(tmp_path)
    keys.create("acme-hse")
    with pytest.raises(ValueError, match="there is a key 'acme-hse' already"):
        keys.create("acme-hse")
    keys.revoke("acme-hse")
    _, text = keys.create("acme-hse")
    assert keys.check(text) is not None
    assert [key.disabled for key in keys.list()] == [True, False]


def test_an_expired_key_is_none(tmp_path: Path) -> None:
    now = [NOW]
    keys = Keys(tmp_path, now=lambda: now[0])
    _, text = keys.create("visitor", expires=NOW + timedelta(days=1))
    assert keys.check(text) is not None
    now[0] += timedelta(days=1)
    assert keys.check(text) is None


@pytest.mark.parametrize("name", ["", "a b", "-x", "../x", "x" * 65])
def test_a_name_is_plain(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="is not a name for a key"):
        Keys(tmp_path).create(name)


def test_revoking_what_is_not_there_names_what_is(tmp_path: Path) -> None:
    keys = Keys(tmp_path)
    keys.create("control-room")
    with pytest.raises(ValueError, match="there is no key 'acme'; known: control-room"):
        keys.revoke("acme")


def test_a_broken_file_keeps_the_known_keys_in_force_and_is_refused_to_the_command_line(tmp_path: Path) -> None:
    running = Keys(tmp_path)
    _, text = running.create("control-room")
    (tmp_path / "keys.json").write_text("[{")
    assert running.check(text) is not None
    with pytest.raises(KeysInvalid, match="restore the file"):
        Keys(tmp_path).create("another")


def test_a_deleted_file_means_no_keys(tmp_path: Path) -> None:
    keys = Keys(tmp_path)
    _, text = keys.create("control-room")
    (tmp_path / "keys.json").unlink()
    assert keys.check(text) is None


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = Keys(tmp_path)
    _, text = keys.create("control-room")

    def full(_: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="disk full"):
        keys.create("another")
    assert Keys(tmp_path).check(text) is not None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["keys.json"]


def test_five_failed_logins_make_an_address_wait_and_no_other() -> None:
    now_s = [0.0]
    limit = LoginLimit(most=5, per_s=60.0, now_s=lambda: now_s[0])
    for k in range(5):
        assert limit.wait_s("10.0.0.7") == 0
        limit.failed("10.0.0.7")
        now_s[0] = k + 1.0
    assert limit.wait_s("10.0.0.7") == 55.0
    assert limit.wait_s("10.0.0.8") == 0
    now_s[0] = 60.5
    assert limit.wait_s("10.0.0.7") == 0


def test_the_login_limit_does_not_grow_without_bound() -> None:
    limit = LoginLimit(addresses=10)
    for k in range(1_000):
        limit.failed(str(k))
    assert len(limit._failed) == 10


def test_a_session_outlives_a_restart_but_not_its_key(tmp_path: Path) -> None:
    keys = Keys(tmp_path)
    key, _ = keys.create("control-room")
    cookie, _ = Sessions(keys, Accounts(tmp_path), lambda: 1_000.0).open(key)
    again = Keys(tmp_path)
    assert Sessions(again, Accounts(tmp_path), lambda: 1_000.0).check(cookie) == key
    assert Sessions(again, Accounts(tmp_path), lambda: 1_000.0 + SESSION_S).check(cookie) is None
    again.revoke("control-room")
    assert Sessions(again, Accounts(tmp_path), lambda: 1_000.0).check(cookie) is None


def test_a_session_ends_no_later_than_its_key(tmp_path: Path) -> None:
    keys = Keys(tmp_path, now=lambda: NOW)
    key, _ = keys.create("visitor", expires=NOW + timedelta(hours=1))
    _, end_s = Sessions(keys, Accounts(tmp_path), NOW.timestamp).open(key)
    assert end_s == int(NOW.timestamp()) + 3_600


def test_a_session_cannot_be_lengthened_or_moved_to_another_key(tmp_path: Path) -> None:
    keys = Keys(tmp_path)
    mine, theirs = keys.create("acme-hse", enterprise="acme")[0], keys.create("control-room")[0]
    sessions = Sessions(keys, Accounts(tmp_path), lambda: 1_000.0)
    cookie, end_s = sessions.open(mine)
    for forged in (
        cookie.replace(str(end_s), str(end_s + 1)),
        cookie.replace(mine.prefix, theirs.prefix),
        f"{mine.prefix}.{end_s}.",
        f"{mine.prefix}.²³.x",
        cookie[:-1] + "ü",
    ):
        assert sessions.check(forged) is None
