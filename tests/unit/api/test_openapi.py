"""The description of the interface: complete, and true of the answers."""

import re
import uuid
from typing import Any

import httpx
import jsonschema
import pytest
from fastapi import FastAPI

from rules.transition import Change
from service.alerts.asked import OpenContext
from tests.unit.api.service_in_memory import Callers, ServiceInMemory, client

LEVEL, TEMPERATURE = "acme.tank-1.li-101", "acme.tank-1.ti-101"
OPEN = {"/healthz", "/readyz"}


@pytest.fixture
def described(app: FastAPI) -> dict[str, Any]:
    document: dict[str, Any] = app.openapi()
    return document


def _operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method, path, operation)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    ]


def test_every_route_says_what_it_does_and_belongs_somewhere(described: dict[str, Any]) -> None:
    known = {tag["name"] for tag in described["tags"]}
    for method, path, operation in _operations(described):
        assert operation["summary"], path
        assert operation["description"], (method, path)
        assert set(operation["tags"]) <= known


def test_every_parameter_is_described(described: dict[str, Any]) -> None:
    for _, path, operation in _operations(described):
        for parameter in operation.get("parameters", ()):
            assert parameter.get("description") or parameter["schema"].get("description"), (path, parameter["name"])


def test_every_answer_with_a_body_has_an_example(described: dict[str, Any]) -> None:
    for method, path, operation in _operations(described):
        good = next(answer for status, answer in operation["responses"].items() if status.startswith("2"))
        for media_type, content in good.get("content", {}).items():
            shown = "example" in content or "$ref" in content["schema"] or content["schema"].get("format") == "binary"
            assert shown, (method, path, media_type)


def test_every_field_of_a_shape_is_a_word_or_has_an_example(described: dict[str, Any]) -> None:
    bare = [
        f"{name}.{field}"
        for name, shape in described["components"]["schemas"].items()
        for field, schema in shape.get("properties", {}).items()
        if schema.get("type") == "number" and not ({"examples", "description"} & set(schema))
    ]
    assert bare == []


def test_every_route_documents_its_errors_as_problems(described: dict[str, Any]) -> None:
    for method, path, operation in _operations(described):
        errors = {status: answer for status, answer in operation["responses"].items() if status >= "4"}
        if path not in OPEN:
            assert {"401", "422"} <= set(errors), (method, path)
            assert operation.get("security") or path == "/api/v1/session", (method, path)
        for status, answer in errors.items():
            assert list(answer["content"]) == ["application/problem+json"], (method, path, status)


def test_the_three_ways_to_show_a_key_are_declared(described: dict[str, Any]) -> None:
    schemes = described["components"]["securitySchemes"].values()
    assert {(one["type"], one.get("in") or one.get("scheme")) for one in schemes} == {
        ("apiKey", "header"),
        ("apiKey", "cookie"),
        ("http", "bearer"),
    }


async def test_it_is_served_to_those_with_a_key(anyone: httpx.AsyncClient, park: httpx.AsyncClient) -> None:
    assert (await anyone.get("/api/v1/openapi.json")).status_code == 401
    document = (await park.get("/api/v1/openapi.json")).json()
    assert document["info"]["title"] == "parkwatch"
    references = re.findall(r'"\$ref": ?"#/components/schemas/([^"]+)"', str(document).replace("'", '"'))
    assert set(references) <= set(document["components"]["schemas"])


@pytest.mark.parametrize("who", ["park", "acme"])
async def test_answers_are_as_described(
    described: dict[str, Any], service: ServiceInMemory, app: FastAPI, callers: Callers, who: str
) -> None:
    service.measure(LEVEL, 8.5)
    service.link.add("ACME-1", "acme", connected=True, connected_us=service.now_us, deviations={"stray_blank": 2})
    alert = service.raise_alert(LEVEL, "H")
    service.change(Change.LEVEL_UP, LEVEL, "HH")
    service.raise_alert(TEMPERATURE, "H")
    service.do(
        OpenContext(
            id=str(uuid.uuid4()),
            kind="calibration",
            enterprise="acme",
            tags=(TEMPERATURE,),
            from_us=service.now_us,
            to_us=service.now_us + 3_600_000_000,
            reason="校准",
            by="acme-hse",
        )
    )
    asked = {
        "/api/v1/enterprises": "/api/v1/enterprises",
        "/api/v1/sources": "/api/v1/sources",
        "/api/v1/tags": "/api/v1/tags?limit=2",
        "/api/v1/tags/{tag_id}": f"/api/v1/tags/{LEVEL}",
        "/api/v1/alerts": "/api/v1/alerts",
        "/api/v1/alerts/{alert_id}": f"/api/v1/alerts/{alert}",
        "/api/v1/ledger": "/api/v1/ledger",
        "/api/v1/contexts": "/api/v1/contexts",
        "/api/v1/connectors": "/api/v1/connectors",
        "/api/v1/devices": "/api/v1/devices",
        "/api/v1/status": "/api/v1/status",
        "/api/v1/session": "/api/v1/session",
        "/healthz": "/healthz",
        "/readyz": "/readyz",
    }
    async with client(app, getattr(callers, who)) as one:
        for path, url in asked.items():
            answer = await one.get(url)
            assert answer.status_code == 200, url
            schema = described["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
            jsonschema.validate(answer.json(), {**schema, "components": described["components"]})
        problem = await one.get("/api/v1/tags?limit=0")
        jsonschema.validate(problem.json(), {"$ref": "#/components/schemas/Problem", **described})
