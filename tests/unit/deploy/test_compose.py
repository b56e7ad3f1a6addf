"""The compose file holds together. Docker is not to be had where tests run, and no package ships the official schema,
so a schema of our own covers the parts we use; by hand, ``docker compose config`` (2.26.1) accepts the file.
"""

import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

_COMPOSE = Path(__file__).parents[3] / "deploy" / "compose"
_DURATION = {"type": "string", "pattern": r"^(\d+(us|ms|s|m|h))+$"}
_NAMES = {"type": "array", "items": {"type": "string", "pattern": "^[a-z_]+$"}, "uniqueItems": True}
_TEXTS = {"type": "array", "items": {"type": "string"}}
_SERVICE = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "image": {"type": "string"},
        "build": {
            "type": "object",
            "additionalProperties": False,
            "required": ["context"],
            "properties": {"context": {"type": "string"}, "dockerfile": {"type": "string"}},
        },
        "command": _TEXTS,
        "user": {"type": "string", "pattern": r"^\d+:\d+$"},
        "environment": {"type": "object", "additionalProperties": {"type": "string"}},
        "ports": {"type": "array", "items": {"type": "string", "pattern": r":\d+:\d+$"}},
        "volumes": {"type": "array", "items": {"type": "string", "pattern": r"^[^:]+:/[^:]+(:ro)?$"}},
        "tmpfs": _TEXTS,
        "secrets": _NAMES,
        "networks": _NAMES,
        "depends_on": _NAMES,
        "shm_size": {"type": "string", "pattern": r"^\d+[kmg]$"},
        "stop_grace_period": _DURATION,
        "init": {"type": "boolean"},
        "read_only": {"type": "boolean"},
        "cap_drop": _TEXTS,
        "security_opt": _TEXTS,
        "restart": {"enum": ["no", "always", "on-failure", "unless-stopped"]},
        "ulimits": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "required": ["soft", "hard"],
                "additionalProperties": {"type": "integer"},
            },
        },
        "healthcheck": {
            "type": "object",
            "additionalProperties": False,
            "required": ["test"],
            "properties": {
                "test": {"type": "array", "prefixItems": [{"enum": ["CMD", "CMD-SHELL"]}], "items": {"type": "string"}},
                "interval": _DURATION,
                "timeout": _DURATION,
                "start_period": _DURATION,
                "retries": {"type": "integer"},
            },
        },
        "logging": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "driver": {"type": "string"},
                "options": {"type": "object", "additionalProperties": {"type": "string"}},
            },
        },
    },
    "anyOf": [{"required": ["image"]}, {"required": ["build"]}],
}
_SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name", "services"],
    "properties": {
        "name": {"type": "string", "pattern": "^[a-z0-9][a-z0-9_-]*$"},
        "services": {"type": "object", "additionalProperties": _SERVICE},
        "networks": {
            "type": "object",
            "additionalProperties": {"properties": {"internal": {"type": "boolean"}}, "additionalProperties": False},
        },
        "volumes": {"type": "object", "additionalProperties": {"additionalProperties": False}},
        "secrets": {
            "type": "object",
            "additionalProperties": {"required": ["file"], "properties": {"file": {"type": "string"}}},
        },
    },
}


@pytest.fixture(scope="module")
def text() -> str:
    return (_COMPOSE / "compose.yaml").read_text("utf-8")


@pytest.fixture(scope="module")
def compose(text: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


def test_file_has_the_shape_compose_expects(compose: dict[str, Any]) -> None:
    jsonschema.validate(compose, _SCHEMA, cls=jsonschema.Draft202012Validator)


@pytest.mark.parametrize("kind", ["networks", "secrets", "depends_on"])
def test_what_services_name_is_declared(compose: dict[str, Any], kind: str) -> None:
    declared = compose["services"] if kind == "depends_on" else compose[kind]
    named = {name for service in compose["services"].values() for name in service.get(kind, [])}
    assert named <= set(declared)


def test_named_volumes_are_declared_and_files_of_ours_exist(compose: dict[str, Any]) -> None:
    sources = [volume.split(":")[0] for one in compose["services"].values() for volume in one.get("volumes", [])]
    named = {source for source in sources if not source.startswith(".")}
    assert named == set(compose["volumes"])
    ours = [source for source in sources if source.startswith("../")]
    assert ours
    assert all((_COMPOSE / source).exists() for source in ours)


def test_database_cannot_be_reached_from_outside(compose: dict[str, Any]) -> None:
    database = compose["services"]["database"]
    assert "ports" not in database
    assert database["networks"] == ["inside"]
    assert compose["networks"]["inside"] == {"internal": True}


def test_every_image_has_a_version(compose: dict[str, Any]) -> None:
    images = [re.sub(r"\$\{\w+:-(.*)\}", r"\1", service["image"]) for service in compose["services"].values()]
    assert all(re.search(r":(local|\d[\w.-]*)$", image) for image in images), images


def test_no_secret_is_written_down(text: str) -> None:
    values = re.findall(r"^ +\w*(?:PASSWORD|SECRET|TOKEN|KEY)\w*: *(\S+)", text, flags=re.MULTILINE)
    assert values
    assert all(value.startswith("${") for value in values)
    assert re.findall(r"://\w+:([^@]+)@", text) == ["${PARKWATCH_DATABASE_PASSWORD:?set it in .env}"]
    example = (_COMPOSE / ".env.example").read_text("utf-8")
    assert re.findall(r"^\w*PASSWORD\w*=(.*)$", example, flags=re.MULTILINE) == [""]


def test_every_variable_is_explained_in_the_example(text: str) -> None:
    example = (_COMPOSE / ".env.example").read_text("utf-8")
    for name in set(re.findall(r"\$\{(\w+)", text)):
        assert re.search(rf"^#?{name}=", example, flags=re.MULTILINE), name


def test_secrets_and_settings_cannot_be_committed() -> None:
    assert (_COMPOSE / ".gitignore").read_text().split() == [".env", "config/", "secrets/"]


def test_containers_have_no_more_rights_than_they_need(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert service["security_opt"] == ["no-new-privileges:true"], name
        if name != "database":  # its image starts as root to hand its volume to postgres
            assert service["cap_drop"] == ["ALL"], name
            assert service["read_only"] is True, name


def test_image_is_built_from_the_lock_and_runs_unprivileged() -> None:
    dockerfile = (_COMPOSE / "Dockerfile").read_text()
    assert "--require-hashes --no-deps -r requirements.lock" in dockerfile
    assert dockerfile.rindex("USER parkwatch") < dockerfile.rindex("ENTRYPOINT")
