"""Configurations that cannot work are refused at once, in words that tell the cure; the README's is one that can."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

import connectors.opcua
from connectors.opcua.config import OpcUaConfig, User
from connectors.registry import parse_config

_MINIMAL: dict[str, Any] = {"kind": "opcua", "id": "dcs", "endpoint": "opc.tcp://dcs:4840"}
_SECURITY = {"policy": "Basic256Sha256", "certificate": "own.pem", "private_key": "own.key", "trusted": "trusted"}


def _with(**options: Any) -> OpcUaConfig:
    return OpcUaConfig.model_validate({**_MINIMAL, **options})


def test_the_samples_of_the_readme_are_valid() -> None:
    readme = Path(connectors.opcua.__path__[0], "README.md").read_text("utf-8")
    samples = re.findall(r"```yaml\n(.*?)```", readme, re.DOTALL)
    assert len(samples) >= 2
    for sample in samples:
        assert isinstance(parse_config.validate_python(yaml.safe_load(sample)), OpcUaConfig)


def test_every_field_stands_in_the_readme() -> None:
    readme = Path(connectors.opcua.__path__[0], "README.md").read_text("utf-8")
    missing = [name for name in OpcUaConfig.model_fields if f"`{name}" not in readme and name not in ("id", "kind")]
    assert not missing


def test_a_server_without_security_needs_three_lines() -> None:
    config = _with()
    assert config.security.policy == "none"
    assert config.queue == 4
    assert config.keep_alive_count == 20
    assert config.lifetime_count == 240


def test_the_queue_holds_what_fits_between_two_publishes_and_two_more() -> None:
    assert _with(sample_every="100ms", publish_every="1s").queue == 12
    assert _with(sample_every="300ms", publish_every="1s").queue == 6
    assert _with(queue_size=50).queue == 50


def test_a_keep_alive_faster_than_publishing_means_one_each_cycle() -> None:
    config = _with(publish_every="30s", keep_alive="10s")
    assert (config.keep_alive_count, config.lifetime_count) == (1, 4)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"endpoint": "http://dcs"}, "endpoint"),
        ({"endpoint": "opc.tcp://user:secret@dcs:4840"}, "endpoint"),
        ({"security": {"policy": "Basic256Sha256"}}, "needs certificate, private_key, trusted"),
        ({"security": {**_SECURITY, "policy": "Basic128Rsa15"}}, "policy"),
        ({"identity": {"kind": "user", "name": "u", "password": "p"}}, "a password would cross an unprotected channel"),
        ({"identity": {"kind": "user", "name": "u"}, "security": _SECURITY}, "either password or password_file"),
        ({"identity": {"kind": "certificate", "certificate": "a"}}, "private_key"),
        ({"identity": {"kind": "certificate", "certificate": "a", "private_key": "b"}}, "proves nothing"),
        ({"endpoint": "opc.tcp://dcs/no/port"}, "endpoint"),
        ({"namespaces": {"2": "http://x"}}, "cannot name a namespace"),
        ({"queue_size": 1}, "queue_size"),
        ({"reconnect_min": "2m"}, "reconnect_min is longer than reconnect_max"),
        ({"lifetime": "20s"}, "lifetime must be at least three times"),
        ({"publish_every": 500}, "write a number and its unit"),
        ({"publish_every": "0s"}, "publish_every"),
        ({"deadband": 1}, "deadband"),
    ],
)
def test_what_cannot_work_is_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(words)):
        _with(**options)


def test_a_password_may_cross_in_the_clear_if_somebody_says_so() -> None:
    identity = {"kind": "user", "name": "u", "password": "hunter2"}
    config = _with(identity=identity, allow_plain_password=True)
    assert isinstance(config.identity, User)
    assert "hunter2" not in repr(config)
    assert "hunter2" not in str(config.model_dump(mode="json"))
