"""The ledger and what goes into it, over REST: open to everyone, refused in words where the law forbids it."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from rules.transition import Change
from service.api.live_frames import Frames
from service.store.scope import Scope
from tests.unit.api.service_in_memory import SECOND_US, START_US, Callers, ServiceInMemory

#: tank-1 is a major hazard source; the outlet is none.
LEVEL, TEMPERATURE, COD, GAS = "acme.tank-1.li-101", "acme.tank-1.ti-101", "borealis.outlet.cod", "acme.gas.ga-1"
WHY = {"reason": "探头更换"}
CALIBRATION: dict[str, Any] = {
    "kind": "calibration", "enterprise": "acme", "tags": [LEVEL], "to": "2026-11-01T01:00:00Z", "reason": "季度校准",
}  # fmt: skip
T0, T1 = "2026-11-01T00:00:00.000000Z", "2026-11-01T01:00:00.000000Z"


async def ledger(client: httpx.AsyncClient) -> dict[str, Any]:
    """As the caller sees it."""
    answer = await client.get("/api/v1/ledger")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


async def test_shelved_alert_stands_in_the_ledger_with_who_why_and_until_when(
    service: ServiceInMemory, park: httpx.AsyncClient
) -> None:
    alert = service.raise_alert(LEVEL)
    answer = await park.post(f"/api/v1/alerts/{alert}/shelve", json={**WHY, "duration": "1h"})
    assert (answer.status_code, answer.json()["state"]) == (200, "shelved")
    (one,) = (await ledger(park))["items"]
    told = [one[name] for name in ("aside_by", "aside_reason", "aside_since", "aside_until")]
    assert told == ["control-room", "探头更换", T0, T1]


async def test_end_may_be_given_as_a_time(service: ServiceInMemory, park: httpx.AsyncClient) -> None:
    alert = service.raise_alert(LEVEL)
    body = {**WHY, "until": "2026-11-01T09:00:00+08:00"}
    assert (await park.post(f"/api/v1/alerts/{alert}/shelve", json=body)).json()["aside_until"] == T1


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        pytest.param({**WHY}, 422, "give until or duration", id="no end"),
        pytest.param({**WHY, "until": T1, "duration": "1h"}, 422, "give until or duration", id="two ends"),
        pytest.param({**WHY, "duration": "soon"}, 422, "'soon' is not a duration", id="no duration"),
        pytest.param({**WHY, "until": "tomorrow"}, 422, "not a time", id="no time"),
        pytest.param({"reason": "  ", "duration": "1h"}, 422, "at least 1 character", id="no reason"),
        pytest.param({"duration": "1h"}, 422, "reason", id="reason missing"),
        pytest.param({**WHY, "duration": "5h"}, 409, "priority 2: 4 h at most", id="too long"),
        pytest.param({**WHY, "until": "2026-10-01T00:00:00Z"}, 409, "an end that is not past", id="past"),
    ],
)
async def test_shelving_that_does_not_say_all_is_refused_in_words(
    service: ServiceInMemory, park: httpx.AsyncClient, body: dict[str, str], status: int, told: str
) -> None:
    alert = service.raise_alert(LEVEL)
    answer = await park.post(f"/api/v1/alerts/{alert}/shelve", json=body)
    assert answer.status_code == status
    assert told in answer.json()["detail"]
    assert service.book.active[alert].state == "unack"


@pytest.mark.parametrize("action", ["shelve", "take-out"])
@pytest.mark.parametrize(("tag", "level"), [(LEVEL, "HH"), (GAS, "H")])
async def test_what_the_law_protects_is_refused_with_the_law(
    service: ServiceInMemory, park: httpx.AsyncClient, action: str, tag: str, level: str
) -> None:
    if tag == GAS:
        service.hazards = ("gas",)
    alert = service.raise_alert(tag, level)
    body = {**WHY, "duration": "10m"} | ({"work_order": "WO-1"} if action == "take-out" else {})
    answer = await park.post(f"/api/v1/alerts/{alert}/{action}", json=body)
    assert answer.status_code == 403
    assert answer.json()["type"] == "urn:parkwatch:problem:protected-by-law"
    assert "危险化学品安全法 art. 38" in answer.json()["detail"]
    assert (await park.get(f"/api/v1/alerts/{alert}")).json()["alert"]["protected"] is True
    assert (await ledger(park))["items"] == []


async def test_alert_goes_out_of_service_with_its_work_order_and_comes_back(
    service: ServiceInMemory, park: httpx.AsyncClient
) -> None:
    alert = service.raise_alert(COD)
    url, body = f"/api/v1/alerts/{alert}", {**WHY, "work_order": "WO-17", "duration": "7d"}
    out = await park.post(f"{url}/take-out", json=body)
    assert (out.json()["state"], out.json()["work_order"]) == ("out_of_service", "WO-17")
    back = await park.post(f"{url}/put-back", json={"reason": "完工"})
    assert (back.json()["state"], back.json()["work_order"]) == ("unack", "")


async def test_who_unshelves_has_acknowledged(service: ServiceInMemory, park: httpx.AsyncClient) -> None:
    alert = service.raise_alert(COD)
    await park.post(f"/api/v1/alerts/{alert}/shelve", json={**WHY, "duration": "10m"})
    answer = await park.post(f"/api/v1/alerts/{alert}/unshelve", json={})
    assert (answer.json()["state"], answer.json()["acked_by"]) == ("acked", "control-room")


async def test_same_idempotency_key_shelves_once(service: ServiceInMemory, park: httpx.AsyncClient) -> None:
    alert = service.raise_alert(COD)
    for _ in range(2):
        body, headers = {**WHY, "duration": "10m"}, {"Idempotency-Key": "k-1"}
        assert (await park.post(f"/api/v1/alerts/{alert}/shelve", json=body, headers=headers)).status_code == 200
    assert service.book.seq == 2


async def test_alert_that_does_not_latch_takes_no_reset(service: ServiceInMemory, park: httpx.AsyncClient) -> None:
    alert = service.raise_alert(COD)
    answer = await park.post(f"/api/v1/alerts/{alert}/reset", json={})
    assert (answer.status_code, "does not latch" in answer.json()["detail"]) == (409, True)


async def test_alert_that_is_over_takes_nothing(service: ServiceInMemory, park: httpx.AsyncClient) -> None:
    alert = service.raise_alert(COD)
    await park.post(f"/api/v1/alerts/{alert}/ack", json={"level": "H"})
    service.change(Change.CLEARED, COD)
    answer = await park.post(f"/api/v1/alerts/{alert}/shelve", json={**WHY, "duration": "10m"})
    assert (answer.status_code, answer.json()["detail"]) == (409, "the alert is over")


async def test_entry_suppresses_what_it_explains_and_both_stand_in_the_ledger(
    service: ServiceInMemory, acme: httpx.AsyncClient
) -> None:
    answer = await acme.post("/api/v1/contexts", json=CALIBRATION)
    assert answer.status_code == 201
    entry = answer.json()
    assert [entry[name] for name in ("state", "from", "to", "opened_by")] == ["live", T0, T1, "acme-hse"]
    alert = service.raise_alert(LEVEL)
    service.book.settle(service.now_us)
    found = await ledger(acme)
    assert [(one["id"], one["aside_by"]) for one in found["items"]] == [(alert, f"context:{entry['id']}")]
    assert [one["id"] for one in found["contexts"]] == [entry["id"]]


async def test_entry_is_ended_and_stays_in_the_ledger_as_over(
    service: ServiceInMemory, acme: httpx.AsyncClient
) -> None:
    entry = (await acme.post("/api/v1/contexts", json=CALIBRATION)).json()
    service.now_us += 60 * SECOND_US
    shorter = await acme.post(f"/api/v1/contexts/{entry['id']}/end", json={"at": "2026-11-01T00:30:00Z"})
    assert (shorter.json()["state"], shorter.json()["to"]) == ("live", "2026-11-01T00:30:00.000000Z")
    longer = await acme.post(f"/api/v1/contexts/{entry['id']}/end", json={"at": "2026-11-01T02:00:00Z"})
    assert (longer.status_code, "can only be shortened" in longer.json()["detail"]) == (409, True)
    ended = (await acme.post(f"/api/v1/contexts/{entry['id']}/end", json={"reason": "完工"})).json()
    told = [ended[name] for name in ("state", "over", "ended_by", "end_reason")]
    assert told == ["over", "2026-11-01T00:01:00.000000Z", "acme-hse", "完工"]
    assert [one["state"] for one in (await ledger(acme))["contexts"]] == ["over"]
    assert (await acme.get("/api/v1/contexts")).json()["items"] == []
    assert (await acme.post(f"/api/v1/contexts/{entry['id']}/end", json={})).status_code == 409


@pytest.mark.parametrize(
    ("wrong", "status", "told"),
    [
        ({"enterprise": "nobody"}, 404, "enterprise nobody is not known"),
        ({"enterprise": "borealis"}, 404, "enterprise borealis is not known"),
        ({"enterprise": "park", "tags": []}, 403, "the park acts on it"),
        ({"tags": [COD]}, 422, "acme has no such tag"),
        ({"tags": [], "source": "borealis.outlet"}, 422, "acme has no such source"),
        ({"source": "acme.tank-1"}, 422, "a source or tags, not both"),
        ({"kind": "holiday"}, 422, "Input should be"),
        ({"to": "2026-11-03T00:00:00Z"}, 409, "calibration lasts 8 h at most"),
        ({"to": "2026-10-31T00:00:00Z"}, 409, "the end must be after the beginning"),
        ({"to": "later"}, 422, "not a time"),
        ({"kind": "hot_work"}, 409, "give the number of the permit"),
    ],
)
async def test_entry_that_does_not_say_all_is_refused_in_words(
    acme: httpx.AsyncClient, service: ServiceInMemory, wrong: dict[str, Any], status: int, told: str
) -> None:
    answer = await acme.post("/api/v1/contexts", json=CALIBRATION | wrong)
    assert answer.status_code == status
    assert told in answer.json()["detail"]
    assert list(service.book.contexts) == []


async def test_gas_alarm_inside_a_permit_shows_the_order_to_stop_work(
    service: ServiceInMemory, acme: httpx.AsyncClient
) -> None:
    permit = CALIBRATION | {"kind": "hot_work", "tags": [], "source": "acme.gas", "permit": "动火-031"}
    assert (await acme.post("/api/v1/contexts", json=permit)).status_code == 201
    service.raise_alert(GAS)
    service.book.settle(service.now_us)
    alerts = (await acme.get("/api/v1/alerts?rule=stop-work")).json()["items"]
    assert [(one["target"], one["priority"]) for one in alerts] == [("acme.gas", 1)]
    assert "动火-031" in alerts[0]["why"]


async def test_pages_of_entries_miss_none(service: ServiceInMemory, acme: httpx.AsyncClient) -> None:
    ids = set()
    for _ in range(5):
        service.now_us += SECOND_US
        ids.add((await acme.post("/api/v1/contexts", json=CALIBRATION)).json()["id"])
    seen, cursor = [], ""
    while True:
        page = (await acme.get(f"/api/v1/contexts?limit=2{cursor}")).json()
        seen += [one["id"] for one in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert (len(seen), set(seen)) == (5, ids)


async def test_filters_leave_the_entries_asked_for(service: ServiceInMemory, park: httpx.AsyncClient) -> None:
    live = (await park.post("/api/v1/contexts", json=CALIBRATION)).json()["id"]
    later = {"from": "2026-11-01T06:00:00Z", "to": "2026-11-01T07:00:00Z", "kind": "overhaul"}
    planned = (await park.post("/api/v1/contexts", json=CALIBRATION | later)).json()["id"]
    for query, expected in (
        ("state=live", {live}),
        ("state=planned", {planned}),
        ("kind=calibration&kind=overhaul", {live, planned}),
        ("kind=hot_work", set()),
        ("enterprise=borealis", set()),
        ("from=2026-11-01T05:00:00Z", {planned}),
        ("to=2026-11-01T05:00:00Z", {live}),
    ):
        found = (await park.get(f"/api/v1/contexts?{query}")).json()["items"]
        assert {one["id"] for one in found} == expected, query


async def test_ledger_is_cut_to_what_the_key_sees(
    service: ServiceInMemory, acme: httpx.AsyncClient, park: httpx.AsyncClient
) -> None:
    mine, theirs = service.raise_alert(LEVEL), service.raise_alert(COD)
    for one in (mine, theirs):
        await park.post(f"/api/v1/alerts/{one}/shelve", json={**WHY, "duration": "10m"})
    assert [one["id"] for one in (await ledger(acme))["items"]] == [mine]
    assert {one["id"] for one in (await ledger(park))["items"]} == {mine, theirs}


async def test_flood_stands_in_ledger_and_status_for_those_who_see_it(
    service: ServiceInMemory, acme: httpx.AsyncClient, park: httpx.AsyncClient
) -> None:
    for k in range(11):
        service.raise_alert(LEVEL, onset_us=START_US + k)
    service.book.settle(service.now_us)
    flood = {"since": T0, "count": 11, "most": 11}
    assert (await ledger(park))["floods"] == [{"enterprise": None, **flood}, {"enterprise": "acme", **flood}]
    assert (await acme.get("/api/v1/status")).json()["floods"] == [{"enterprise": "acme", **flood}]


async def test_live_stream_tells_of_entries_as_events_of_their_own(
    service: ServiceInMemory, app: FastAPI, callers: Callers, acme: httpx.AsyncClient
) -> None:
    await acme.post("/api/v1/contexts", json=CALIBRATION)
    frames: Frames = app.state.parkwatch.frames
    (opened, began) = frames.events(service.live.since(0)).decode().split("\n\n")[:2]
    assert "event: context\n" in opened
    assert '"trigger":"context_opened"' in opened
    assert '"trigger":"context_began"' in began
    assert b'"alerts":[]' in frames.standing("snapshot", Scope.everything())[0]
