"""Key figures over REST, from alerts as the store has them."""

from typing import Any

import httpx
import jsonschema
import pytest
from fastapi import FastAPI

from rules.transition import Change
from service.alerts.book import Command
from service.alerts.states import Trigger
from tests.integration.api.conftest import Stored
from tests.unit.api.service_in_memory import SECOND_US, START_US, Callers, ServiceInMemory

LEVEL, COD, WIND = "acme.tank-1.li-101", "borealis.outlet.cod", "park.weather.wind"
SPAN = "from=2026-11-01T08:00:00%2B08:00&to=2026-11-01T09:00:00%2B08:00"


@pytest.fixture
def morning(service: ServiceInMemory, store: Stored) -> None:
    """Twelve alarms of acme's level within two minutes, one of borealis acknowledged, one shared that stands since."""
    service.now_us = START_US - 100_000 * SECOND_US
    service.raise_alert(WIND, "HH")
    for i in range(12):
        service.now_us = START_US + 10 * i * SECOND_US
        service.raise_alert(LEVEL, onset_us=service.now_us)
        service.change(Change.CLEARED, LEVEL, onset_us=service.now_us)
    service.now_us = START_US + 1_000 * SECOND_US
    cod = service.raise_alert(COD, onset_us=service.now_us)
    service.now_us += 45 * SECOND_US
    ack = Command(id="1", trigger=Trigger.ACK, alert_id=cod, by="borealis-hse", level="H")
    service.live.publish(service.book.command(ack, service.now_us))
    store.events(service.live.since(0))


async def ask(one: httpx.AsyncClient, query: str = SPAN) -> dict[str, Any]:
    answer = await one.get(f"/api/v1/kpi?{query}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.usefixtures("morning")
async def test_the_park_sees_flood_chatter_standing_and_acknowledgement(park: httpx.AsyncClient) -> None:
    found = (await ask(park))["all"]
    assert (found["alarms"], found["per_10min"]["max"], found["per_10min"]["band"]) == (13, 12, "overloaded")
    (flood,) = found["floods"]
    assert (flood["count"], flood["peak"], flood["begin"]) == (12, 12, "2026-11-01T00:01:40.000000Z")
    assert [(one["target"], one["count"], one["peak"]) for one in found["chattering"]] == [(LEVEL, 12, 6)]
    assert [(one["target"], one["stood_s"], one["stands"]) for one in found["standing"]] == [(WIND, 103_600.0, True)]
    assert found["ack"] == {"acknowledged": 1, "unacknowledged": 12, "median_s": 45.0, "p90_s": 45.0}


@pytest.mark.usefixtures("morning")
async def test_by_enterprise_source_and_operator(park: httpx.AsyncClient) -> None:
    for by, expected in (
        ("enterprise", {"acme": 12, "borealis": 1, "park": 0}),
        ("source", {"acme.tank-1": 12, "borealis.outlet": 1, "park.weather": 0}),
        ("operator", {"": 12, "borealis-hse": 1}),
    ):
        groups = (await ask(park, f"{SPAN}&by={by}"))["groups"]
        assert {one["id"]: one["kpi"]["alarms"] for one in groups} == expected
    named = (await ask(park, f"{SPAN}&by=enterprise"))["groups"]
    assert "北极星材料" in {one["name"] for one in named}


@pytest.mark.usefixtures("morning")
async def test_an_enterprise_gets_the_figures_of_its_own_and_the_shared_alarms(acme: httpx.AsyncClient) -> None:
    found = await ask(acme, f"{SPAN}&by=enterprise")
    assert (found["all"]["alarms"], [one["id"] for one in found["groups"]]) == (12, ["acme", "park"])


@pytest.mark.usefixtures("morning")
async def test_the_answer_is_as_described_and_names_its_sources(
    park: httpx.AsyncClient, app_and_callers: tuple[FastAPI, Callers]
) -> None:
    found = await ask(park, f"{SPAN}&by=source")
    document = app_and_callers[0].openapi()
    jsonschema.validate(found, {"$ref": "#/components/schemas/Kpis", "components": document["components"]})
    assert "ISA-18.2" in found["norms"]["per_10min"]["source"]


@pytest.mark.usefixtures("morning")
async def test_without_a_span_the_last_day_is_told(park: httpx.AsyncClient, service: ServiceInMemory) -> None:
    service.now_us = START_US + 3_600 * SECOND_US
    found = await ask(park, "")
    assert (found["to"], found["from"]) == ("2026-11-01T01:00:00.000000Z", "2026-10-31T01:00:00.000000Z")
    assert found["all"]["alarms"] == 13


async def test_a_span_that_ends_before_it_begins_is_refused(park: httpx.AsyncClient, store: Stored) -> None:
    for query in ("from=2026-11-02T00:00:00Z&to=2026-11-01T00:00:00Z", "from=2020-01-01T00:00:00Z", "by=weather"):
        assert (await park.get(f"/api/v1/kpi?{query}")).status_code == 422, query
