"""Alerts over REST: seen in the order of urgency, acknowledged at the level that was seen."""

import httpx

from rules.spec import RuleSet
from rules.transition import Change
from service.api.keys import Keys
from tests.unit.api.service_in_memory import START_US, ServiceInMemory

LEVEL = "acme.tank-1.li-101"
TEMPERATURE = "acme.tank-1.ti-101"
COD = "borealis.outlet.cod"


async def test_standing_alerts_come_unacknowledged_first_then_by_priority(
    service: ServiceInMemory, park: httpx.AsyncClient
) -> None:
    acked = service.raise_alert(LEVEL, "HH")
    await park.post(f"/api/v1/alerts/{acked}/ack", json={"level": "HH"})
    high = service.raise_alert(TEMPERATURE, "H")
    urgent = service.raise_alert(COD, "HH")
    answer = await park.get("/api/v1/alerts")
    assert [one["id"] for one in answer.json()["items"]] == [urgent, high, acked]
    assert answer.json()["seq"] == 4


async def test_acknowledging_names_the_level_and_who(service: ServiceInMemory, park: httpx.AsyncClient) -> None:
    alert = service.raise_alert(LEVEL, "H")
    answer = await park.post(f"/api/v1/alerts/{alert}/ack", json={"level": "H", "comment": " on site "})
    assert answer.status_code == 200
    assert (answer.json()["state"], answer.json()["acked_by"]) == ("acked", "control-room")
    assert service.commands[0].reason == "on site"


async def test_acknowledging_h_does_not_acknowledge_the_hh_that_came_meanwhile(
    service: ServiceInMemory, park: httpx.AsyncClient
) -> None:
    alert = service.raise_alert(LEVEL, "H")
    service.change(Change.LEVEL_UP, LEVEL, "HH")
    answer = await park.post(f"/api/v1/alerts/{alert}/ack", json={"level": "H"})
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert "now at HH" in answer.json()["detail"]
    assert service.book.active[alert].state == "unack"


async def test_acknowledging_twice_is_no_error_and_one_event(service: ServiceInMemory, park: httpx.AsyncClient) -> None:
    alert = service.raise_alert(LEVEL, "H")
    first = await park.post(f"/api/v1/alerts/{alert}/ack", json={"level": "H"})
    second = await park.post(f"/api/v1/alerts/{alert}/ack", json={"level": "H"})
    assert (first.status_code, second.status_code) == (200, 200)
    assert service.book.seq == 2


async def test_acknowledging_what_returned_to_normal_ends_it_and_may_be_repeated(
    service: ServiceInMemory, park: httpx.AsyncClient
) -> None:
    alert = service.raise_alert(LEVEL, "H")
    service.change(Change.CLEARED, LEVEL, "H")
    for _ in range(2):
        answer = await park.post(f"/api/v1/alerts/{alert}/ack", json={"level": "H"})
        assert (answer.status_code, answer.json()["state"]) == (200, "norm")


async def test_the_same_idempotency_key_comments_once(service: ServiceInMemory, park: httpx.AsyncClient) -> None:
    alert = service.raise_alert(LEVEL, "H")
    for _ in range(2):
        answer = await park.post(
            f"/api/v1/alerts/{alert}/comment", json={"comment": "checked"}, headers={"Idempotency-Key": "a-1"}
        )
        assert answer.status_code == 200
    assert service.book.seq == 2


async def test_an_alert_shows_its_events_from_memory_while_the_database_is_down(
    service: ServiceInMemory, park: httpx.AsyncClient
) -> None:
    alert = service.raise_alert(LEVEL, "H")
    service.change(Change.LEVEL_UP, LEVEL, "HH")
    answer = (await park.get(f"/api/v1/alerts/{alert}")).json()
    assert [one["trigger"] for one in answer["events"]] == ["raised", "level_up"]
    assert answer["events_complete"] is True
    assert answer["alert"]["target_name"] == "液位"


async def test_an_alert_says_what_its_rule_is_called_and_what_to_do(
    service: ServiceInMemory, park: httpx.AsyncClient
) -> None:
    alert = service.raise_alert(LEVEL, "H")
    shape = (await park.get(f"/api/v1/alerts/{alert}")).json()["alert"]
    assert (shape["rule_name"], shape["guidance"], shape["standard"]) == ("", "", "")
    told = {"name": "储罐液位", "guidance": "停止进料。", "standard": "GB 17681-2024", "clause": "5.1"}
    service.rules_live = RuleSet.model_validate({"rules": [{"kind": "limit", "id": shape["rule"], **told}]})
    shape = (await park.get(f"/api/v1/alerts/{alert}")).json()["alert"]
    assert (shape["rule_name"], shape["guidance"], shape["standard"]) == ("储罐液位", "停止进料。", "GB 17681-2024 5.1")


async def test_filters_leave_what_was_asked_for(service: ServiceInMemory, park: httpx.AsyncClient) -> None:
    high = service.raise_alert(LEVEL, "H")
    cod = service.raise_alert(COD, "HH")
    for query, expected in (
        ("enterprise=acme", {high}),
        ("priority=1", {cod}),
        ("level=H&level=HH", {high, cod}),
        ("source=borealis.outlet", {cod}),
        ("state=acked", set()),
        ("from=2026-11-01T08:00:01%2B08:00", set()),
        ("to=2026-11-01T08:00:01+08:00", {high, cod}),
    ):
        answer = await park.get(f"/api/v1/alerts?{query}")
        assert {one["id"] for one in answer.json()["items"]} == expected, query


async def test_pages_of_standing_alerts_miss_none_and_repeat_none(
    service: ServiceInMemory, park: httpx.AsyncClient
) -> None:
    ids = {service.raise_alert(LEVEL, "H", onset_us=START_US + k) for k in range(7)}
    seen: list[str] = []
    cursor = ""
    while True:
        answer = (await park.get(f"/api/v1/alerts?limit=3{cursor}")).json()
        seen += [one["id"] for one in answer["items"]]
        if answer["next"] is None:
            break
        cursor = f"&cursor={answer['next']}"
    assert (len(seen), set(seen)) == (7, ids)


async def test_an_enterprise_reads_shared_alerts_but_the_park_acts_on_them(
    service: ServiceInMemory, acme: httpx.AsyncClient, keys: Keys
) -> None:
    alert = service.raise_alert("park.weather.wind", "H")
    assert [one["id"] for one in (await acme.get("/api/v1/alerts")).json()["items"]] == [alert]
    answer = await acme.post(f"/api/v1/alerts/{alert}/ack", json={"level": "H"})
    assert answer.status_code == 403
    assert service.commands == []
