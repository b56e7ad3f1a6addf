"""``parkwatch key``: made, listed without their secrets, revoked."""

import json
from pathlib import Path

from service.api.keys import Keys
from tests.integration.cli.conftest import Run


def test_made_key_is_shown_alone_and_is_valid(run: Run, tmp_path: Path) -> None:
    made = run("key", "create", "control-room", "--data-dir", tmp_path)
    assert made.exit_code == 0
    key = Keys(tmp_path).check(made.stdout.strip())
    assert key is not None
    assert (key.name, key.enterprise, key.expires) == ("control-room", None, None)


def test_key_of_an_enterprise_that_ends(run: Run, tmp_path: Path) -> None:
    made = run("key", "create", "acme-it", "--enterprise", "acme", "--days", 30, "--data-dir", tmp_path)
    key = Keys(tmp_path).check(made.stdout.strip())
    assert key is not None
    assert key.enterprise == "acme"
    assert key.expires is not None
    assert (key.expires - key.created).days in (29, 30)


def test_list_shows_who_and_what_and_no_secret(run: Run, tmp_path: Path) -> None:
    text = run("key", "create", "acme-it", "--enterprise", "acme", "--data-dir", tmp_path).stdout.strip()
    listed = run("key", "list", "--data-dir", tmp_path)
    as_json = run("key", "list", "--data-dir", tmp_path, "--json")
    secret = text.partition(".")[2]
    assert "acme-it" in listed.stdout
    assert [one["enterprise"] for one in json.loads(as_json.stdout)] == ["acme"]
    assert secret not in listed.stdout + as_json.stdout + (tmp_path / "keys.json").read_text()


def test_revoked_key_is_worth_nothing_and_says_so_in_the_list(run: Run, tmp_path: Path) -> None:
    text = run("key", "create", "guest", "--data-dir", tmp_path).stdout.strip()
    assert run("key", "revoke", "guest", "--data-dir", tmp_path).exit_code == 0
    assert Keys(tmp_path).check(text) is None
    assert "revoked" in run("key", "list", "--data-dir", tmp_path).stdout


def test_name_in_use_is_refused(run: Run, tmp_path: Path) -> None:
    run("key", "create", "guest", "--data-dir", tmp_path)
    refused = run("key", "create", "guest", "--data-dir", tmp_path)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "'guest' already" in refused.stderr


def test_unknown_name_is_refused_with_those_that_are_known(run: Run, tmp_path: Path) -> None:
    run("key", "create", "guest", "--data-dir", tmp_path)
    refused = run("key", "revoke", "gast", "--data-dir", tmp_path)
    assert refused.exit_code == 1
    assert "known: guest" in refused.stderr
