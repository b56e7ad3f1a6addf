"""Upwind traces over a real store: the benzene tank that leaks stands upwind of the fence that smells it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import jsonschema
import numpy as np
import pytest
from fastapi import FastAPI

from park.check import load_park
from park.index import TagTable
from rules.transition import Change
from service.store.queries import Queries
from service.store.scope import Scope
from service.tracing.compute import compute
from service.tracing.policy import TracingPolicy
from service.tracing.task import Tracer
from tests.integration.api.conftest import Stored
from tests.unit.api.service_in_memory import SECOND_US, START_US, Callers, ServiceInMemory, client

MINUTE_US = 60 * SECOND_US
FENCE, DETECTOR, TANK = "park.FL1.benzene", "acme.GD1.benzene", "acme.T1"
#: When the fence rises, and now.
RISE_US, NOW_US = START_US, START_US + 12 * MINUTE_US
#: A degree of latitude is 111.2 km: the tank is 500 m south-east of FL1, the others stand elsewhere.
PARK = """
version: 1
id: park
name: 滨海化工园区
sources:
  - id: W1
    kind: weather_station
    position: [121.500, 30.806]
    tags: [{id: speed, quantity: wind_speed, unit: m/s}, {id: from, quantity: wind_direction, unit: °}]
  - {id: FL1, kind: fence_line, name: 西北厂界, position: [121.5000, 30.8000],
     tags: [{id: benzene, quantity: benzene, unit: mg/m3}, {id: noise, quantity: noise, unit: dBA}]}
  - {id: FL2, kind: fence_line, name: 东北厂界, position: [121.5080, 30.8000],
     tags: [{id: benzene, quantity: benzene, unit: µg/m3}]}
  - {id: FL3, kind: fence_line, name: 东南厂界, position: [121.5080, 30.7940],
     tags: [{id: benzene, quantity: benzene, unit: mg/m3}]}
enterprises:
  - id: acme
    name: 安科化学
    sources:
      - {id: T1, kind: tank, name: 苯储罐, position: [121.5037, 30.7968],
         hazard: {grade: 3, population_500m: 0, chemicals: [{name: benzene, q_t: 1500}]}, tags: []}
      - {id: GD1, kind: gas_detectors, position: [121.5037, 30.7968],
         tags: [{id: benzene, quantity: benzene, unit: ppm, span: [0, 100]}]}
      - {id: T2, kind: tank, name: 氨罐, position: [121.5020, 30.8030],
         hazard: {grade: 4, population_500m: 0, chemicals: [{name: ammonia, q_t: 20}]}, tags: []}
  - id: borealis
    name: 北极星材料
    sources:
      - {id: T9, kind: tank, name: 甲苯储罐, position: [121.5075, 30.7990],
         hazard: {grade: 4, population_500m: 0, chemicals: [{name: toluene, q_t: 800}]}, tags: []}
      - {id: DA9, kind: waste_gas_outlet, name: 排气筒, position: [121.5040, 30.7940],
         tags: [{id: nmhc, quantity: nmhc, unit: mg/m3}]}
"""


@pytest.fixture
async def service(database: str) -> AsyncIterator[ServiceInMemory]:
    tags = TagTable(load_park(PARK, "park.yaml").park)
    view = ServiceInMemory(tags=tags, queries=Queries(database), dsn=database, now_us=NOW_US)
    await view.queries.open()
    yield view
    await view.backtests.close()
    await view.queries.close()


def lived(store: Stored, *, wind: bool = True, until_us: int = NOW_US) -> None:
    """Three hours: wind from the south-east; the tank's detector rises four minutes before the fence."""
    times = np.arange(RISE_US - 180 * MINUTE_US, until_us, 30 * SECOND_US)
    rng = np.random.default_rng(5)
    if wind:
        store.samples("park.W1.speed", times, 2.5 + 0.2 * rng.standard_normal(len(times)))
        store.samples("park.W1.from", times, 135.0 + 5.0 * rng.standard_normal(len(times)))
    up = times >= RISE_US
    store.samples(FENCE, times, np.where(up, 0.6, 0.01) * (1.0 + 0.1 * rng.standard_normal(len(times))))
    store.samples("park.FL2.benzene", times, 10.0 + rng.standard_normal(len(times)))
    store.samples("park.FL3.benzene", times, 0.01 + 0.001 * rng.standard_normal(len(times)))
    store.samples(DETECTOR, times, np.where(times >= RISE_US - 4 * MINUTE_US, 12.0, 0.1))


async def asked(one: httpx.AsyncClient, tag: str = FENCE, at: str = "2026-11-01T08:01:00+08:00") -> dict[str, Any]:
    answer = await one.get("/api/v1/traces", params={"tag": tag, "at": at})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_tank_upwind_is_first_with_its_evidence_in_both_languages(store: Stored, park: httpx.AsyncClient) -> None:
    lived(store)
    found = await asked(park)
    first = found["ranking"][0]
    assert first["source"] == TANK
    assert first["score"] > 0.8
    assert first["match"] == "same"
    assert abs(first["off_axis_deg"]) < 10
    assert 2.0 < first["travel_min"] < 5.0
    assert [(one["kind"], one["subject"]) for one in first["signals"]] == [("detector_rose", DETECTOR)]
    assert "501 m to the south-east" in first["text"]["en"]
    assert "its detector acme.GD1.benzene rose 4 min before" in first["text"]["en"]
    assert "holds or emits benzene" in first["text"]["en"]
    assert "位于东南方向" in first["text"]["zh"]
    assert "存有或排放苯" in first["text"]["zh"]
    assert any("not a verdict" in one for one in found["text"]["en"])
    assert any("不是定论" in one for one in found["text"]["zh"])
    assert found["onset"] == "2026-11-01T00:00:30.000000Z", "the middle of the minute in which it rose"


async def test_answer_names_the_wind_used_and_who_did_not_smell_it(store: Stored, park: httpx.AsyncClient) -> None:
    lived(store)
    found = await asked(park)
    wind = found["wind"]
    assert abs(wind["from_deg"] - 135) <= 3
    assert abs(wind["speed_m_s"] - 2.5) < 0.2
    assert (wind["covered"], wind["calm"]) == (1.0, False)
    assert [(one["tag"], one["state"]) for one in found["receptors"]] == [
        (FENCE, "rose"),
        ("park.FL2.benzene", "quiet"),
        ("park.FL3.benzene", "quiet"),
    ]
    # FL2 sends µg/m3; the trace is in the subject's unit.
    assert abs(found["receptors"][1]["background"] - 0.01) < 0.002


async def test_without_wind_the_answer_says_so_and_ranks_by_signals(store: Stored, park: httpx.AsyncClient) -> None:
    lived(store, wind=False)
    found = await asked(park)
    assert found["wind"]["speed_m_s"] is None
    assert "no_wind" in found["missing"]
    assert found["ranking"][0]["source"] == TANK
    assert found["ranking"][0]["off_axis_deg"] is None
    assert any("no wind data" in one for one in found["text"]["en"])
    assert any("没有可用的风数据" in one for one in found["text"]["zh"])


async def test_trace_of_an_empty_store_says_that_it_knows_nothing(store: Stored, park: httpx.AsyncClient) -> None:
    found = await asked(park)
    assert {"no_wind", "no_samples"} <= set(found["missing"])
    assert found["samples"] == 0


async def test_trace_is_as_described(
    store: Stored, park: httpx.AsyncClient, app_and_callers: tuple[FastAPI, Callers]
) -> None:
    lived(store)
    described = app_and_callers[0].openapi()
    schema = {"$ref": "#/components/schemas/TraceShape", "components": described["components"]}
    jsonschema.validate(await asked(park), schema)


async def test_an_enterprise_sees_its_own_sources_and_nothing_of_others(
    store: Stored, park: httpx.AsyncClient, acme: httpx.AsyncClient
) -> None:
    lived(store)
    all_of_it, own = await asked(park), await asked(acme)
    ranks = {one["source"]: (one["rank"], one["score"]) for one in all_of_it["ranking"]}
    assert {one["source"]: (one["rank"], one["score"]) for one in own["ranking"]} == {
        source: rank for source, rank in ranks.items() if source.startswith("acme.")
    }
    assert {one.partition(".")[0] for one in ranks} == {"acme", "borealis"}
    assert (own["others_hidden"], own["left_out"]) == (True, None)
    for secret in ("borealis", "北极星", "甲苯储罐", "排气筒", "toluene", "T9", "DA9"):
        assert secret not in str(own)
    assert "not shown" in " ".join(own["text"]["en"])


async def test_enterprise_that_is_not_it_learns_only_its_own_place(
    store: Stored, app_and_callers: tuple[FastAPI, Callers]
) -> None:
    lived(store)
    async with client(app_and_callers[0], app_and_callers[1].borealis) as borealis:
        own = await asked(borealis)
    assert [one["source"].partition(".")[0] for one in own["ranking"]] == ["borealis"] * 2
    assert own["ranking"][0]["rank"] > 1
    for secret in ("acme", "安科", "氨罐", "GD1", "T1"):
        assert secret not in str(own)


@pytest.mark.parametrize(
    ("params", "status"),
    [
        pytest.param({"tag": "park.FL1.noise", "at": "2026-11-01T00:00:00Z"}, 409, id="noise is no smell"),
        pytest.param({"tag": "park.W1.speed", "at": "2026-11-01T00:00:00Z"}, 409, id="wind is no smell"),
        pytest.param({"tag": "acme.none.x", "at": "2026-11-01T00:00:00Z"}, 404, id="unknown"),
        pytest.param({"tag": FENCE, "at": "2026-11-02T00:00:00Z"}, 422, id="in the future"),
        pytest.param({"tag": FENCE, "at": "2026-11-01T00:00:00"}, 422, id="without an offset"),
        pytest.param({"tag": FENCE}, 422, id="without a time"),
    ],
)
async def test_what_cannot_be_traced_is_refused(
    store: Stored, park: httpx.AsyncClient, params: dict[str, str], status: int
) -> None:
    assert (await park.get("/api/v1/traces", params=params)).status_code == status


async def test_a_station_is_traced_by_the_tag_that_rose(store: Stored, park: httpx.AsyncClient) -> None:
    lived(store)
    assert (await asked(park, "park.FL1"))["subject"] == FENCE


async def traced(service: ServiceInMemory, **policy: int) -> Tracer:
    """A tracer at work until nothing is left to do."""
    tracer = Tracer(service, service.dsn, TracingPolicy.model_validate(policy))
    task = asyncio.create_task(tracer.run())
    try:
        async with asyncio.timeout(60):
            while not tracer.idle:
                await asyncio.sleep(0.05)
    finally:
        task.cancel()
        await asyncio.wait({task})
    return tracer


async def test_raised_alert_of_the_fence_is_traced_by_itself_and_kept_once(
    service: ServiceInMemory, store: Stored, park: httpx.AsyncClient
) -> None:
    lived(store)
    alert = service.raise_alert(FENCE, onset_us=RISE_US)
    store.events(service.live.since(0))
    service.now_us += 6 * MINUTE_US
    assert (await traced(service)).kept == 1
    assert (await traced(service)).kept == 0
    answer = (await park.get(f"/api/v1/alerts/{alert}/trace")).json()
    assert (answer["stored"], answer["revision"], answer["alert"]) == (True, 1, alert)
    assert answer["ranking"][0]["source"] == TANK


async def test_alert_is_traced_once_more_where_data_came_late_and_never_again(
    service: ServiceInMemory, store: Stored
) -> None:
    lived(store, until_us=RISE_US + 2 * MINUTE_US)
    alert = service.raise_alert(FENCE, onset_us=RISE_US)
    store.events(service.live.since(0))
    service.now_us += 6 * MINUTE_US
    await traced(service)
    service.now_us += 60 * MINUTE_US
    assert (await traced(service)).kept == 0, "nothing came late"
    late = np.arange(RISE_US + 2 * MINUTE_US, RISE_US + 8 * MINUTE_US, 30 * SECOND_US)
    store.samples(FENCE, late, 0.6)
    assert (await traced(service)).kept == 1
    kept = await service.queries.trace(Scope.everything(), alert)
    assert kept is not None
    assert kept.revision == 2
    store.samples(FENCE, late + SECOND_US, 0.6)
    assert (await traced(service)).kept == 0, "it was revised already"


async def test_alert_that_has_not_settled_is_traced_for_whoever_asks_and_not_kept(
    service: ServiceInMemory, store: Stored, park: httpx.AsyncClient
) -> None:
    lived(store)
    alert = service.raise_alert(FENCE, onset_us=RISE_US)
    store.events(service.live.since(0))
    answer = (await park.get(f"/api/v1/alerts/{alert}/trace")).json()
    assert (answer["stored"], answer["revision"]) == (False, 0)
    assert answer["ranking"][0]["source"] == TANK
    assert await service.queries.trace(Scope.everything(), alert) is None


async def test_alarms_that_smell_nothing_are_not_traced(service: ServiceInMemory, store: Stored) -> None:
    lived(store)
    for target in ("park.FL1.noise", "park.W1.speed", DETECTOR, "loggers/fl1"):
        service.raise_alert(target, onset_us=RISE_US)
    store.events(service.live.since(0))
    service.now_us += 6 * MINUTE_US
    assert (await traced(service)).kept == 0


async def test_alert_of_a_tag_that_smells_nothing_has_no_trace(
    service: ServiceInMemory, store: Stored, park: httpx.AsyncClient
) -> None:
    alert = service.raise_alert("park.W1.speed")
    answer = await park.get(f"/api/v1/alerts/{alert}/trace")
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:parkwatch:problem:not-traceable")
    assert "fence line" in answer.json()["detail"]


async def test_alarm_of_a_detector_is_evidence_for_its_tank(
    service: ServiceInMemory, store: Stored, park: httpx.AsyncClient
) -> None:
    lived(store)
    service.change(Change.RAISED, DETECTOR, "HH", onset_us=RISE_US - 5 * MINUTE_US)
    store.events(service.live.since(0))
    first = (await asked(park))["ranking"][0]
    assert {one["kind"] for one in first["signals"]} == {"detector_rose", "gas_alert"}


async def test_tracer_goes_on_after_an_alert_that_it_cannot_trace(
    service: ServiceInMemory, store: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    lived(store)
    broken = service.raise_alert("park.FL2.benzene", onset_us=RISE_US)
    alert = service.raise_alert(FENCE, onset_us=RISE_US)
    store.events(service.live.since(0))
    service.now_us += 6 * MINUTE_US

    async def fails(view: Any, target: str, at_us: int) -> Any:
        if target == "park.FL2.benzene":
            raise RuntimeError("a bug")
        return await compute(view, target, at_us)

    monkeypatch.setattr("service.tracing.task.compute", fails)
    assert (await traced(service)).kept == 1
    assert await service.queries.trace(Scope.everything(), alert) is not None
    assert await service.queries.trace(Scope.everything(), broken) is None
