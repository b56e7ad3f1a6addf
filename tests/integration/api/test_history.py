"""Alerts, their events, dead letters and gaps as the store has them."""

import uuid

import httpx
import pytest

from rules.transition import Change
from service.store.queries import AlertFilter, Scope
from tests.integration.api.conftest import Stored
from tests.unit.api.service_in_memory import CHAIN, SECOND_US, START_US, ServiceInMemory

LEVEL = "acme.tank-1.li-101"
COD = "borealis.outlet.cod"
EVERYTHING = Scope.everything()


def _store_all(service: ServiceInMemory, store: Stored) -> None:
    store.events(service.live.since(0))


async def test_history_holds_what_is_over_newest_first(
    service: ServiceInMemory, store: Stored, park: httpx.AsyncClient
) -> None:
    ids = []
    for k in range(5):
        service.now_us = START_US + k * SECOND_US
        ids.append(service.raise_alert(LEVEL, "H", onset_us=service.now_us))
    await park.post(f"/api/v1/alerts/{ids[0]}/ack", json={"level": "H"})
    service.change(Change.CLEARED, LEVEL, "H", onset_us=START_US)
    _store_all(service, store)
    answer = (await park.get("/api/v1/alerts?history=true")).json()
    assert [one["id"] for one in answer["items"]] == ids[::-1]
    over = (await park.get("/api/v1/alerts?state=norm")).json()["items"]
    assert [one["id"] for one in over] == [ids[0]]


async def test_an_alert_from_the_store_is_the_alert_from_memory(
    service: ServiceInMemory, store: Stored, park: httpx.AsyncClient
) -> None:
    service.now_us += 123_456
    alert = service.raise_alert(LEVEL, "HH")
    _store_all(service, store)
    stored = (await park.get("/api/v1/alerts?history=true")).json()["items"]
    standing = (await park.get("/api/v1/alerts")).json()["items"]
    assert stored == standing
    assert stored[0]["id"] == alert


async def test_pages_of_history_miss_none_and_repeat_none_among_equal_times(
    service: ServiceInMemory, store: Stored, park: httpx.AsyncClient
) -> None:
    ids = {service.raise_alert(LEVEL, "H", onset_us=START_US + k) for k in range(11)}
    _store_all(service, store)
    seen: list[str] = []
    cursor = ""
    while True:
        answer = (await park.get(f"/api/v1/alerts?history=true&limit=3{cursor}")).json()
        seen += [one["id"] for one in answer["items"]]
        if answer["next"] is None:
            break
        cursor = f"&cursor={answer['next']}"
    assert (len(seen), set(seen)) == (11, ids)


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        pytest.param(AlertFilter(), 2, id="none"),
        pytest.param(AlertFilter(states=["unack"], priorities=[1]), 1, id="state and priority"),
        pytest.param(AlertFilter(levels=["H"], enterprise="acme"), 1, id="level and enterprise"),
        pytest.param(AlertFilter(source="borealis.outlet", rule="limits", target=COD), 1, id="source, rule, target"),
        pytest.param(AlertFilter(from_us=START_US, to_us=START_US + 1), 2, id="time"),
        pytest.param(AlertFilter(from_us=START_US + 1), 0, id="later"),
        pytest.param(AlertFilter(levels=["L"]), 0, id="another level"),
    ],
)
async def test_the_store_filters_as_memory_does(
    service: ServiceInMemory, store: Stored, wanted: AlertFilter, count: int
) -> None:
    service.raise_alert(LEVEL, "H")
    service.raise_alert(COD, "HH")
    _store_all(service, store)
    stored = await service.queries.alerts(EVERYTHING, wanted, limit=10)
    assert {one.id for one in stored} == {one.id for one in service.book.active.values() if wanted.takes(one)}
    assert len(stored) == count


async def test_events_of_an_alert_join_store_and_memory_without_a_seam(
    service: ServiceInMemory, store: Stored, park: httpx.AsyncClient
) -> None:
    alert = service.raise_alert(LEVEL, "H")
    _store_all(service, store)
    service.change(Change.LEVEL_UP, LEVEL, "HH")
    await park.post(f"/api/v1/alerts/{alert}/ack", json={"level": "HH"})
    answer = (await park.get(f"/api/v1/alerts/{alert}")).json()
    assert [one["trigger"] for one in answer["events"]] == ["raised", "level_up", "ack"]
    assert [one["prev_hash"] for one in answer["events"][1:]] == [one["hash"] for one in answer["events"][:-1]]
    assert answer["events_complete"] is True


async def test_what_is_long_over_can_be_read_but_not_acknowledged(
    service: ServiceInMemory, store: Stored, park: httpx.AsyncClient
) -> None:
    alert = service.raise_alert(LEVEL, "H")
    service.change(Change.CLEARED, LEVEL, "H")
    _store_all(service, store)
    service.book.active.clear()
    store.execute("UPDATE alert SET state = 'norm'")
    assert (await park.get(f"/api/v1/alerts/{alert}")).status_code == 200
    answer = await park.post(f"/api/v1/alerts/{alert}/ack", json={"level": "H"})
    assert (answer.status_code, answer.json()["detail"]) == (409, "the alert is over")
    unknown = await park.post(f"/api/v1/alerts/{uuid.uuid4()}/ack", json={"level": "H"})
    assert unknown.status_code == 404


async def test_a_window_of_events_tells_hidden_from_missing(service: ServiceInMemory, store: Stored) -> None:
    for k in range(3):
        service.raise_alert(LEVEL if k != 1 else COD, "H", onset_us=START_US + k)
    _store_all(service, store)
    acme = Scope.only("acme", park="park")
    window = await service.queries.events_since(acme, CHAIN, 0, 10)
    assert ([one.seq for one in window.events], window.through, window.unbroken) == ([1, 3], 3, True)
    service.book._chain.seq = 4  # event 4 never reached the store
    store.events([service.change(Change.LEVEL_UP, LEVEL, "HH")])
    window = await service.queries.events_since(acme, CHAIN, 0, 10)
    assert (window.through, window.unbroken) == (5, False)


async def test_dead_letters_come_newest_first_with_their_bytes(store: Stored, park: httpx.AsyncClient) -> None:
    for k, enterprise in enumerate(("acme", "borealis", "")):
        store.execute(
            "INSERT INTO dead_letter (received_at, origin, enterprise, address, reason, detail, raw) VALUES"
            f" ('2026-11-01T00:00:0{k}Z', 'loggers', '{enterprise}', 'a/b', 'undecodable', 'not JSON', '\\x00ff')"
        )
    answer = (await park.get("/api/v1/dead-letters?limit=2")).json()
    assert [one["enterprise"] for one in answer["items"]] == ["", "borealis"]
    assert (answer["items"][0]["raw_base64"], answer["items"][0]["raw_bytes"]) == ("AP8=", 2)
    rest = (await park.get(f"/api/v1/dead-letters?limit=2&cursor={answer['next']}")).json()
    assert ([one["enterprise"] for one in rest["items"]], rest["next"]) == (["acme"], None)


async def test_connectors_show_the_gaps_of_the_last_day(store: Stored, park: httpx.AsyncClient) -> None:
    store.execute(
        "INSERT INTO connector_gap VALUES"
        " ('dcs', '2026-10-31T23:00:00Z', '2026-10-31T23:05:00Z', 'connection lost', 300),"
        " ('dcs', '2026-10-29T23:00:00Z', '2026-10-29T23:05:00Z', 'long ago', NULL)"
    )
    items = (await park.get("/api/v1/connectors")).json()["items"]
    gaps = {one["id"]: one["recent_gaps"] for one in items}
    assert [one["reason"] for one in gaps["dcs"]] == ["connection lost"]
    assert gaps["loggers"] == []
