"""``parkwatch serve`` with what it cannot work with: exit 1, and words that a person can act on."""

import socket
from pathlib import Path

import pytest

from service.journal.journal import Journal
from tests.integration.cli.conftest import Run, Start
from tests.integration.service.small import SmallPark

_NOBODY = "postgresql://nobody@127.0.0.1:1/none"


@pytest.fixture
def config(park: SmallPark) -> Path:
    """A good configuration; its database does not answer, which is no reason not to serve."""
    return park.write_config(_NOBODY)


def _replace(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


def test_port_in_use_is_told_with_the_cure(park: SmallPark, serve: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = serve(park.write_config(_NOBODY, port=port))
        assert refused.ended() == 1
    assert f"cannot listen on 127.0.0.1:{port}" in refused.said
    assert "set http.port" in refused.said
    assert "Traceback" not in refused.said


def test_second_service_on_one_journal_is_refused(park: SmallPark, config: Path, serve: Start) -> None:
    with Journal(park.data_dir / "journal.db"):
        refused = serve(config)
        assert refused.ended() == 1
    assert "in use by another parkwatch" in refused.said
    assert "data_dir" in refused.said
    assert "Traceback" not in refused.said


def test_broken_journal_is_told_with_the_cure(park: SmallPark, config: Path, serve: Start) -> None:
    park.data_dir.mkdir()
    (park.data_dir / "journal.db").write_bytes(b"no database at all, but long enough to be taken for one" * 100)
    refused = serve(config)
    assert refused.ended() == 1
    assert "journal.db cannot be used" in refused.said
    assert "Traceback" not in refused.said


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        pytest.param('"http"', '"htpp"', "parkwatch.yaml:4", id="misspelt part"),
        pytest.param('"client_id"', '"clientid"', "parkwatch.yaml:16", id="misspelt option of a connector"),
        pytest.param('"mqtt"', '"mqqt"', "parkwatch.yaml:11:", id="unknown kind of connector"),
        pytest.param('"port": 0', '"port": 99999', "parkwatch.yaml:5", id="port out of range"),
        pytest.param('"park.yaml"', '"perk.yaml"', "perk.yaml", id="no park file"),
        pytest.param('"url"', '"address"', "parkwatch.yaml:8", id="misspelt address of the database"),
    ],
)
def test_wrong_configuration_is_told_with_its_place(run: Run, config: Path, old: str, new: str, told: str) -> None:
    _replace(config, old, new)
    refused = run("serve", "--config", config)
    assert refused.exit_code == 1
    assert told in refused.stderr


def test_wrong_park_is_told_with_its_place(run: Run, park: SmallPark, config: Path) -> None:
    _replace(park.directory / "park.yaml", "H: 80", "H: 80, HH: 70")
    refused = run("serve", "--config", config)
    assert refused.exit_code == 1
    assert "park.yaml:12:" in refused.stderr


def test_wrong_rules_are_told_with_their_place(run: Run, park: SmallPark) -> None:
    (park.directory / "rules.yaml").write_text("version: 1\nrules:\n  - {id: a, kind: limitt}\n", "utf-8")
    refused = run("serve", "--config", park.write_config(_NOBODY, rules="rules.yaml"))
    assert refused.exit_code == 1
    assert "rules.yaml:3:" in refused.stderr


def test_configuration_that_is_not_there_is_named(run: Run, tmp_path: Path) -> None:
    refused = run("serve", "--config", tmp_path / "none.yaml")
    assert refused.exit_code in (1, 2)
    assert "none.yaml" in refused.stderr


def test_without_a_database_address_it_says_where_to_put_one(run: Run, config: Path) -> None:
    _replace(config, f'"url": "{_NOBODY}"', '"url": null')
    refused = run("serve", "--config", config)
    assert refused.exit_code == 1
    assert "DATABASE_URL" in refused.stderr
