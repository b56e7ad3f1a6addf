"""The configuration: one file, every fault with its line, secrets never shown, paths where the file stands."""

from pathlib import Path

import pytest

from park.yamlfile import FileInvalid
from service.alerts.policy import H_US
from service.config import Config, Database, load_config

VALID = """\
park: park.yaml
rules: rules/main.yaml
data_dir: /var/lib/parkwatch
http: {host: 0.0.0.0, port: 8470}
database:
  url: postgresql://parkwatch:hunter2@db/parkwatch
  retention: 400d
journal: {tick: 50ms, max_bytes: 1000000000, checkpoint_every: 5s}
connectors:
  - id: dcs
    kind: opcua
    endpoint: opc.tcp://plant:4840
    security:
      policy: Basic256Sha256
      certificate: pki/own.pem
      private_key: pki/own.key
      trusted: pki/trusted
  - id: stations
    kind: mqtt
    host: broker
    username: park
    password: hunter2
    tls: {ca: /etc/ssl/park.pem}
    topics: [parkwatch/v1/+/data]
"""


@pytest.fixture
def load(tmp_path: Path) -> "Loader":
    return Loader(tmp_path)


class Loader:
    """Writes a configuration and reads it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def __call__(self, old: str = "", new: str = "", *, text: str = VALID) -> Config:
        assert not old or text.count(old) == 1
        path = self.directory / "parkwatch.yaml"
        path.write_text(text.replace(old, new) if old else text, "utf-8")
        return load_config(path)

    def errors(self, old: str = "", new: str = "", *, text: str = VALID) -> list[str]:
        with pytest.raises(FileInvalid) as caught:
            self(old, new, text=text)
        return [str(problem).removeprefix(f"{self.directory}/") for problem in caught.value.problems]


def test_durations_and_sizes_are_read(load: Loader) -> None:
    config = load()
    assert (config.journal.tick, config.journal.checkpoint_every) == (50_000, 5_000_000)
    assert config.journal.max_bytes == 1_000_000_000
    assert config.database.retention == 400 * 86_400_000_000


def test_paths_are_relative_to_the_file_those_of_the_connectors_too(load: Loader, tmp_path: Path) -> None:
    config = load()
    assert config.park == tmp_path / "park.yaml"
    assert config.rules == (tmp_path / "rules/main.yaml",)
    assert config.data_dir == Path("/var/lib/parkwatch")
    opcua, mqtt = config.connectors
    assert opcua.kind == "opcua"
    assert mqtt.kind == "mqtt"
    assert opcua.security.certificate == tmp_path / "pki/own.pem"
    assert opcua.security.trusted == tmp_path / "pki/trusted"
    assert mqtt.tls is not None
    assert mqtt.tls.ca == Path("/etc/ssl/park.pem")


def test_least_configuration_names_park_and_data(load: Loader) -> None:
    config = load(text="park: p.yaml\ndata_dir: data\n")
    assert (config.rules, config.connectors, config.http.port) == ((), (), 8470)
    assert config.http.host == "127.0.0.1", "seen from outside only where that is said"


def test_secrets_are_not_shown(load: Loader) -> None:
    config = load()
    assert "hunter2" not in repr(config)
    assert "hunter2" not in config.model_dump_json()
    assert "hunter2" not in str(load.errors("host: broker", "hosst: broker"))


def test_environment_goes_before_the_file(load: Loader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql:///elsewhere")
    assert load().database.dsn() == "postgresql:///elsewhere"
    monkeypatch.delenv("DATABASE_URL")
    assert load().database.dsn() == "postgresql://parkwatch:hunter2@db/parkwatch"


def test_no_database_at_all_is_told_with_the_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    with pytest.raises(ValueError, match=r"set DATABASE_URL, or database\.url in the configuration"):
        Database().dsn()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("tick: 50ms", "tick: 50", "8:11: journal.tick: 50 is not a duration"),
        ("port: 8470", "port: 84700", "4:23: http.port: Input should be less than or equal to 65535 (got 84700)"),
        ("retention: 400d", "retension: 400d", "7:3: unknown key 'retension'; did you mean 'retention'?"),
        ("kind: mqtt", "kind: mqqt", "18:5: connectors: Input tag 'mqqt' found using 'kind' does not match"),
        ("id: stations", "id: dcs", "18:5: two connectors have the id 'dcs'; ids must be unique"),
        ("    host: broker\n", "", "18:5: 'host' is missing"),
        ("park: park.yaml\n", "", "1:1: 'park' is missing"),
        ("journal: {", "risk: {orang: 60}\njournal: {", "8:8: unknown key 'orang'; did you mean 'orange'?"),
        ("journal: {", "kpi: {per_hour: 3}\njournal: {", "8:7: unknown key 'per_hour'"),
        ("max_bytes: 1000000000", "max_bytes: 0", "8:23: journal.max_bytes: Input should be greater than 0 (got 0)"),
    ],
)
def test_fault_is_told_with_line_column_and_cure(load: Loader, old: str, new: str, told: str) -> None:
    (error,) = load.errors(old, new)
    assert error.startswith("parkwatch.yaml:")
    assert told in error


def test_missing_file_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load_config(tmp_path / "nothing.yaml")


def test_longest_times_aside_have_defaults_and_may_be_named_one_by_one(load: Loader) -> None:
    usual = load().alerts.policy()
    assert usual.shelve_us == {1: H_US, 2: 4 * H_US, 3: 8 * H_US, 4: 24 * H_US}
    assert (usual.take_out_us, usual.context_us["calibration"], usual.stop_work_m) == (720 * H_US, 8 * H_US, 100.0)
    text = VALID + "alerts: {shelve_at_most: {1: 30m}, context_at_most: {calibration: 2h}, first_out: enterprise}\n"
    own = load(text=text).alerts.policy()
    assert own.shelve_us == usual.shelve_us | {1: H_US // 2}
    assert own.context_us == usual.context_us | {"calibration": 2 * H_US}
    assert own.first_out == "enterprise"


@pytest.mark.parametrize(("given", "found"), [("r.yaml", ["r.yaml"]), ("[r.yaml, more]", ["r.yaml", "more"])])
def test_rules_are_a_file_or_several(load: Loader, tmp_path: Path, given: str, found: list[str]) -> None:
    config = load(text=f"park: p.yaml\ndata_dir: data\nrules: {given}\n")
    assert config.rules == tuple(tmp_path / one for one in found)
