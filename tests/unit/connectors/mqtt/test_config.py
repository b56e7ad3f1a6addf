"""What an MQTT configuration may say, and what it says back when it is wrong."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

import connectors.mqtt
from connectors.base import Context
from connectors.mqtt import MqttConfig, MqttConnector
from tests.unit.connectors.codecs.parks import NOON_US, TABLE
from tests.unit.connectors.mqtt.stories import Shelf

README = Path(connectors.mqtt.__file__).with_name("README.md").read_text("utf-8")


def config(**fields: Any) -> MqttConfig:
    return MqttConfig.model_validate({"id": "gate", "kind": "mqtt", "host": "broker", **fields})


def test_the_sample_in_the_readme_is_a_configuration() -> None:
    sample = re.search(r"```yaml\n(.*?)```", README, re.DOTALL)
    assert sample
    parsed = MqttConfig.model_validate(yaml.safe_load(sample[1]))
    assert [topic.filter for topic in parsed.topics] == ["parkwatch/v1/+/#", "plant/+/stack"]


def test_the_readme_names_every_field() -> None:
    assert {name for name in MqttConfig.model_fields if f"`{name}`" not in README} == {"id", "kind"}


def test_little_is_needed() -> None:
    least = config()
    assert (least.effective_port, least.effective_client_id) == (1883, "parkwatch-gate")
    assert config(tls={}).effective_port == 8883


def test_the_password_is_never_shown() -> None:
    shown = config(username="u", password="hunter2", tls={})
    assert "hunter2" not in f"{shown!r} {shown} {shown.model_dump_json()}"


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"topics": []}, "at least 1 item"),
        ({"topics": ["a/#/b"]}, "not a topic filter"),
        ({"topics": ["a/b+"]}, "not a topic filter"),
        ({"topics": ["$share/g/a"]}, "shared_group"),
        ({"topics": ["a", "a"]}, "same filter"),
        ({"topics": [{"filter": "a", "codec": "xml"}]}, "known: hj212, json"),
        ({"shared_group": "a/b"}, "pattern"),
        ({"password": "x"}, "needs a username"),
        ({"username": "u", "password": "x", "password_file": "/x"}, "not both"),
        ({"username": "u", "password": "x"}, "in clear"),
        ({"tls": {"cert": "/x"}}, "together"),
        ({"tls": {"insecure": True}}, "not permitted"),
        ({"keepalive": 15}, "5s, 10m"),
        ({"receive_maximum": 0}, "greater than or equal to 1"),
        ({"retry_first": "1m"}, "shorter than"),
        ({"version": 5}, "'5' or '3.1.1'"),
        ({"hots": "x"}, "not permitted"),
    ],
)
def test_a_wrong_configuration_says_what_is_wrong(fields: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        config(**fields)


def _build(**fields: Any) -> MqttConnector:
    context = Context(tags=TABLE, intake=Shelf(), clock=lambda: NOON_US, on_gap=print)
    return MqttConnector(config(**fields), context)


def test_building_connects_to_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.create_connection", lambda *_, **__: pytest.fail("connected too early"))
    _build()


def test_building_refuses_what_could_never_work(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no enterprise 'E009'"):
        _build(enterprise="E009")
    with pytest.raises(OSError, match="missing"):
        _build(username="u", password_file=tmp_path / "missing", host="localhost")
    with pytest.raises(OSError, match="No such file"):
        _build(tls={"ca": tmp_path / "missing.pem"})


def test_the_password_file_is_read_anew_and_only_its_first_line(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("one\ncomment\n")
    settings = config(username="u", password_file=file, host="127.0.0.1")
    assert settings.read_password() == "one"
    file.write_text("two\n")
    assert settings.read_password() == "two"
