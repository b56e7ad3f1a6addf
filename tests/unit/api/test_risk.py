"""Four-colour risk over REST and in the live stream: reasons for whom they concern, of the park the colour for all."""

from typing import Any

import httpx
import jsonschema
from fastapi import FastAPI

from rules.transition import Change
from service.alerts.asked import Command
from service.alerts.states import Trigger
from service.api.live_stream import LiveStream
from service.api.risk_shapes import RiskNow, risk_tree
from service.api.shapes import Names
from service.api.state import State
from service.store.scope import Scope
from tests.unit.api.service_in_memory import SECOND_US, START_US, ServiceInMemory

LEVEL, COD, WIND = "acme.tank-1.li-101", "borealis.outlet.cod", "park.weather.wind"


async def risk(one: httpx.AsyncClient) -> dict[str, Any]:
    answer = await one.get("/api/v1/risk")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def of(tree: dict[str, Any], subject: str) -> dict[str, Any]:
    everything = [tree["park"], *tree["shared"], *tree["enterprises"]]
    everything += [source for one in tree["enterprises"] for source in one["sources"]]
    return next(one for one in everything if one["subject"] == subject)


async def test_the_whole_tree_is_there_before_anything_happened(park: httpx.AsyncClient) -> None:
    tree = await risk(park)
    assert {one["subject"] for one in tree["enterprises"]} == {"acme", "borealis"}
    assert (tree["park"]["word"], tree["park"]["since"]) == ("蓝", None)
    assert tree["formula"]["orange"] == 50


async def test_colours_words_and_reasons(service: ServiceInMemory, park: httpx.AsyncClient) -> None:
    alert = service.raise_alert(LEVEL, "HH")
    service.now_us += 720 * SECOND_US
    service.risk.fold((), service.book.active, service.now_us)
    tree = await risk(park)
    tank, acme = of(tree, "acme.tank-1"), of(tree, "acme")
    assert (tank["colour"], tank["word"], tank["name"]) == ("orange", "橙", "环氧乙烷储罐 1")
    assert tank["why"].endswith("li-101 HH for 12 min (+50)")
    assert [part["alarm"]["target_name"] for part in tank["parts"] if part["alarm"]] == ["液位"]
    assert sum(part["points"] for part in tank["parts"]) == tank["score"]
    assert (acme["colour"], acme["parts"][0]["subject"]) == ("orange", "acme.tank-1")
    assert (tree["park"]["why"], tree["park"]["since"]) == (tank["why"], "2026-11-01T00:12:00.000000Z")
    assert alert in str(tank["parts"])


async def test_an_enterprise_sees_its_own_the_shared_and_the_parks_colour_alone(
    service: ServiceInMemory, acme: httpx.AsyncClient
) -> None:
    service.raise_alert(COD, "HH")
    service.raise_alert(WIND, "H")
    service.raise_alert("service/journal")
    tree = await risk(acme)
    assert [one["subject"] for one in tree["enterprises"]] == ["acme"]
    assert of(tree, "park.weather")["parts"]
    assert tree["own"] is None
    hidden = {name: tree["park"][name] for name in ("colour", "word", "score", "why", "parts", "next")}
    assert hidden == {"colour": "orange", "word": "橙", "score": None, "why": "", "parts": [], "next": None}


async def test_what_is_shelved_still_counts_and_says_so(service: ServiceInMemory, park: httpx.AsyncClient) -> None:
    alert = service.raise_alert(COD, "H")
    before = of(await risk(park), "borealis.outlet")
    until_us = START_US + 600 * SECOND_US
    await service.command(
        Command(id="1", trigger=Trigger.SHELVE, alert_id=alert, by="li", reason="rinse", until_us=until_us)
    )
    after = of(await risk(park), "borealis.outlet")
    assert after["score"] == before["score"]
    assert "[shelved]" in after["why"]


async def test_answers_are_as_described(service: ServiceInMemory, app: FastAPI, park: httpx.AsyncClient) -> None:
    service.raise_alert(LEVEL, "HH")
    service.raise_alert("dcs/plc", "")
    document = app.openapi()
    shape = {"$ref": "#/components/schemas/RiskTree", "components": document["components"]}
    jsonschema.validate(await risk(park), shape)
    service.change(Change.CLEARED, LEVEL, "HH")
    jsonschema.validate(await risk(park), shape)


async def test_history_needs_the_store_and_a_span_that_goes_forward(park: httpx.AsyncClient) -> None:
    assert (await park.get("/api/v1/risk/history")).status_code == 503
    backwards = "from=2026-11-02T00:00:00Z&to=2026-11-01T00:00:00Z"
    assert (await park.get(f"/api/v1/risk/history?{backwards}")).status_code == 422


async def test_the_live_stream_tells_risk_at_first_and_when_it_changes(service: ServiceInMemory, app: FastAPI) -> None:
    state: State = app.state.parkwatch
    stream = LiveStream(service, state.frames, Scope.only("acme", park="park")).run()

    async def next_risk() -> bytes:
        while True:
            piece = await anext(stream)
            if piece.startswith(b"event: risk"):
                return piece

    assert b"acme.tank-1" not in await next_risk()
    service.raise_alert(COD, "HH")
    service.raise_alert(LEVEL, "HH")
    told = (await next_risk()).decode()
    assert '"subject":"acme.tank-1"' in told
    assert "borealis" not in told
    await stream.aclose()


async def test_a_flood_does_not_make_the_stream_tell_every_alarm_every_second(
    service: ServiceInMemory, park: httpx.AsyncClient
) -> None:
    for number in range(1, 9):
        service.raise_alert(LEVEL, "H", onset_us=START_US + number)
    service.risk.fold((), service.book.active, service.now_us)
    whole = of(await risk(park), "acme.tank-1")
    assert len([part for part in whole["parts"] if part["what"] == "alarm"]) == 8
    live = of(
        risk_tree(RiskNow.of(service), Scope.everything(), Names(service.tags, service.rules_live), whole=False),
        "acme.tank-1",
    )
    assert [part["what"] for part in live["parts"] if part["what"] != "grade"] == ["alarm"] * 5 + ["others"]
    assert live["parts"][-1]["count"] == 3
    assert sum(part["points"] for part in live["parts"]) == live["score"] == whole["score"]
