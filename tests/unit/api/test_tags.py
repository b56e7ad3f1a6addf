"""Tags, sources, enterprises, connectors, status, metrics: what is answered from memory."""

import gzip
import math

import httpx

from park.quality import Detail, Quality, quality_byte
from tests.unit.api.service_in_memory import ServiceInMemory

LEVEL = "acme.tank-1.li-101"
GAS = "acme.gas.ga-1"


async def test_a_tag_shows_its_latest_value_and_its_age(service: ServiceInMemory, park: httpx.AsyncClient) -> None:
    service.measure(LEVEL, 8.5, ago_s=2.5)
    answer = (await park.get(f"/api/v1/tags/{LEVEL}")).json()
    assert (answer["value"], answer["quality"], answer["age_s"], answer["stale"]) == (8.5, "good", 2.5, False)
    assert answer["time"] == "2026-10-31T23:59:57.500000Z"
    assert answer["limits"] == {"H": 9.0, "HH": 10.0}


async def test_a_value_that_is_not_a_number_is_null(service: ServiceInMemory, park: httpx.AsyncClient) -> None:
    service.measure(LEVEL, math.nan, quality=quality_byte(Quality.BAD, Detail.SENSOR_FAILURE))
    answer = (await park.get(f"/api/v1/tags/{LEVEL}")).json()
    assert (answer["value"], answer["quality"]) == (None, "bad/sensor_failure")


async def test_old_and_never_seen_are_stale_where_the_tag_has_a_timeout(
    service: ServiceInMemory, park: httpx.AsyncClient
) -> None:
    service.measure(LEVEL, 8.5, ago_s=11)
    stale = {one["id"]: one["stale"] for one in (await park.get("/api/v1/tags")).json()["items"]}
    assert stale[LEVEL] is True
    assert stale["acme.tank-1.ti-101"] is True
    assert stale[GAS] is False


async def test_pages_and_filters_of_tags(park: httpx.AsyncClient) -> None:
    ids: list[str] = []
    cursor = ""
    while True:
        answer = (await park.get(f"/api/v1/tags?limit=4{cursor}")).json()
        ids += [one["id"] for one in answer["items"]]
        if answer["next"] is None:
            break
        cursor = f"&cursor={answer['next']}"
    assert ids == sorted(ids)
    assert len(ids) == 6
    filtered = (await park.get("/api/v1/tags?enterprise=acme&prefix=acme.tank&quantity=level")).json()
    assert [one["id"] for one in filtered["items"]] == [LEVEL]


async def test_the_park_lists_its_enterprises_and_what_all_share(
    service: ServiceInMemory, park: httpx.AsyncClient
) -> None:
    service.raise_alert(LEVEL)
    items = (await park.get("/api/v1/enterprises")).json()["items"]
    assert [(one["id"], one["shared"], one["tags"], one["alerts"]) for one in items] == [
        ("park", True, 1, 0),
        ("acme", False, 3, 1),
        ("borealis", False, 2, 0),
    ]
    sources = (await park.get("/api/v1/sources?kind=tank")).json()["items"]
    assert [(one["id"], one["alerts"]) for one in sources] == [("acme.tank-1", 1)]


async def test_a_shared_connector_keeps_its_words_to_itself(
    service: ServiceInMemory, park: httpx.AsyncClient, acme: httpx.AsyncClient
) -> None:
    service.healths[1].last_error = "cod: no such node"
    service.healths[1].bad_addresses = {"cod": "no such node", "ga-1": "no rights"}
    for caller, words, addresses in ((park, "cod: no such node", {"cod", "ga-1"}), (acme, "", {"ga-1"})):
        items = (await caller.get("/api/v1/connectors?gaps=false")).json()["items"]
        loggers = next(one for one in items if one["id"] == "loggers")
        assert (loggers["last_error"], set(loggers["bad_addresses"])) == (words, addresses)


async def test_each_enterprise_has_its_own_age_of_data(
    service: ServiceInMemory, park: httpx.AsyncClient, acme: httpx.AsyncClient
) -> None:
    service.measure(LEVEL, 8.5, ago_s=30)
    service.measure("borealis.outlet.cod", 20.0, ago_s=1)
    assert (await park.get("/api/v1/status")).json()["data_age_s"] == 1.0
    assert (await acme.get("/api/v1/status")).json()["data_age_s"] == 30.0


async def test_status_without_any_data_has_no_age(park: httpx.AsyncClient) -> None:
    answer = (await park.get("/api/v1/status")).json()
    assert (answer["data"], answer["data_age_s"]) == (None, None)


async def test_metrics_say_what_prometheus_wants_to_know(service: ServiceInMemory, park: httpx.AsyncClient) -> None:
    service.raise_alert(LEVEL, "HH")
    dcs = service.healths[0]
    dcs.last_received_us, dcs.last_source_us = service.now_us, service.now_us - 250_000
    await park.get(f"/api/v1/tags/{LEVEL}")
    text = (await park.get("/metrics")).text
    for line in (
        'parkwatch_alerts{priority="1",state="unack"} 1.0',
        'parkwatch_alerts{priority="4",state="acked"} 0.0',
        'parkwatch_connector_up{connector="dcs",kind="opcua"} 1.0',
        'parkwatch_connector_up{connector="stations",kind="hj212"} 0.0',
        'parkwatch_connector_received_total{connector="dcs",kind="opcua"} 10.0',
        "parkwatch_journal_rows_waiting 3.0",
        "parkwatch_store_up 0.0",
        "parkwatch_store_lag_seconds 12.5",
        "parkwatch_live_listeners 0.0",
        "parkwatch_samples_quarantined_total 2.0",
        "parkwatch_samples_stored_total 7.0",
        'parkwatch_connector_lag_seconds{connector="dcs",kind="opcua"} 0.25',
        'parkwatch_http_request_seconds_count{method="GET",route="/api/v1/tags/{tag_id}",status="200"} 1.0',
    ):
        assert line in text.splitlines(), line


async def test_big_json_is_compressed_for_those_who_take_it(service: ServiceInMemory, park: httpx.AsyncClient) -> None:
    for k in range(50):
        service.raise_alert(LEVEL, onset_us=service.now_us + k)
    answer = await park.get("/api/v1/alerts", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert int(answer.headers["content-length"]) < len(answer.content) / 4
    assert len(gzip.compress(answer.content)) < len(answer.content)
    plain = await park.get("/api/v1/alerts", headers={"Accept-Encoding": "identity"})
    assert plain.content == answer.content


async def test_bad_samples_do_not_keep_a_tag_from_going_stale(
    park: httpx.AsyncClient, service: ServiceInMemory
) -> None:
    service.measure(LEVEL, 8.5, ago_s=30.0)
    service.measure(LEVEL, float("nan"), ago_s=1.0, quality=int(Quality.BAD))
    answer = (await park.get(f"/api/v1/tags/{LEVEL}")).json()
    assert (answer["stale"], answer["quality"], answer["value"]) == (True, "bad", None)
