"""The history of risk over REST, from the store, page by page, cut to who asks."""

from typing import Any

import httpx
import jsonschema
import pytest
from fastapi import FastAPI

from rules.transition import Change
from tests.integration.api.conftest import Stored
from tests.unit.api.service_in_memory import SECOND_US, START_US, Callers, ServiceInMemory

LEVEL, COD = "acme.tank-1.li-101", "borealis.outlet.cod"


@pytest.fixture
def story(service: ServiceInMemory, store: Stored) -> None:
    """Acme's tank has a bad minute; borealis' outlet begins one that goes on."""
    service.raise_alert(LEVEL, "HH")
    service.now_us = START_US + 60 * SECOND_US
    service.change(Change.CLEARED, LEVEL, "HH")
    service.now_us = START_US + 120 * SECOND_US
    service.raise_alert(COD, "H")
    store.risks(list(service.risk.unstored))
    store.risks(list(service.risk.unstored))


async def ask(one: httpx.AsyncClient, query: str = "") -> list[dict[str, Any]]:
    answer = await one.get(f"/api/v1/risk/history?{query}")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


@pytest.mark.usefixtures("story")
async def test_every_change_is_there_once_newest_first(park: httpx.AsyncClient) -> None:
    told = [(one["subject"], one["was"], one["colour"], one["at"][11:19]) for one in await ask(park)]
    assert told[:3] == [(one, "blue", "yellow", "00:02:00") for one in ("park", "borealis", "borealis.outlet")]
    assert len(told) == 9
    (acme, before) = await ask(park, "subject=acme")
    assert (acme["colour"], acme["why"][:4]) == ("blue", "blue")
    assert before["why"].startswith(f"{before['colour']} (")


@pytest.mark.usefixtures("story")
async def test_spans_and_pages(park: httpx.AsyncClient) -> None:
    span = "from=2026-11-01T00:00:30Z&to=2026-11-01T00:02:00Z"
    assert {one["at"][11:19] for one in await ask(park, span)} == {"00:01:00"}
    seen, cursor = [], ""
    while True:
        answer = (await park.get(f"/api/v1/risk/history?limit=2{cursor}")).json()
        seen += [one["seq"] for one in answer["items"]]
        if answer["next"] is None:
            break
        cursor = f"&cursor={answer['next']}"
    assert seen == list(range(9, 0, -1))


@pytest.mark.usefixtures("story")
async def test_an_enterprise_sees_its_own_and_of_the_park_the_colour_alone(acme: httpx.AsyncClient) -> None:
    found = await ask(acme)
    assert {one["subject"] for one in found} == {"park", "acme", "acme.tank-1"}
    assert {(one["score"], one["why"]) for one in found if one["subject"] == "park"} == {(None, "")}
    assert all(one["why"] for one in found if one["subject"] != "park")


@pytest.mark.usefixtures("story")
async def test_the_answer_is_as_described(park: httpx.AsyncClient, app_and_callers: tuple[FastAPI, Callers]) -> None:
    document = app_and_callers[0].openapi()
    answer = (await park.get("/api/v1/risk/history")).json()
    jsonschema.validate(answer, {"$ref": "#/components/schemas/RiskHistory", "components": document["components"]})
