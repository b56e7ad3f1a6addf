"""Cases as people live them: handed over, answered, looked at by a second person, struck off; and who sees what."""

import asyncio
import hashlib
import io
from typing import Any

import httpx
import pypdf
import pytest

from service.alerts.states import Trigger
from service.cases.states import Step
from service.identity.roles import Role
from tests.integration.api.conftest import Stored
from tests.integration.cases.conftest import COD, LEVEL, Dispatch, People
from tests.unit.api.service_in_memory import START_US, ServiceInMemory

HOUR_US = 3_600_000_000
DONE = "valve replaced"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)


async def do(who: httpx.AsyncClient, case: dict[str, Any], step: str, status: int = 200, **body: Any) -> dict[str, Any]:
    answer = await who.post(f"cases/{case['id']}/{step}", json=body)
    assert answer.status_code == status, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def test_a_case_goes_from_dispatch_to_closed_by_four_eyes(people: People, dispatched: Dispatch) -> None:
    case = await dispatched()
    hse, li, boss = people("hse", Role.ENTERPRISE), people("li"), people("boss", Role.SUPERVISOR)
    assert (case["number"], case["state"], case["colour"]) == ("2026-00001", "dispatched", "orange")
    await do(hse, case, "receive")
    await do(hse, case, "answer", text=DONE)
    refused = await do(people("wang"), case, "verify", 409, accepted=True, text=DONE)
    assert "another person has to verify" in refused["detail"]
    verified = await do(li, case, "verify", accepted=True, text="seen on site")
    assert (verified["state"], verified["verified_by"]) == ("verified", "li")
    closed = await do(boss, case, "close")
    assert (closed["state"], closed["closed_by"]) == ("closed", "boss")
    whole = (await li.get(f"cases/{case['id']}")).json()
    assert [one["kind"] for one in whole["history"]] == ["dispatch", "receive", "answer", "accept", "close"]
    assert [one["by"] for one in whole["history"]] == ["wang", "hse", "hse", "li", "boss"]


async def test_the_alert_itself_names_the_case(people: People, dispatched: Dispatch, service: ServiceInMemory) -> None:
    case = await dispatched()
    (command,) = [one for one in service.commands if one.trigger is Trigger.COMMENT]
    assert (command.alert_id, command.by) == (case["alerts"][0], "wang")
    assert case["number"] in command.reason
    found = (await people("wang").get("cases", params={"alert": case["alerts"][0]})).json()["items"]
    assert [one["id"] for one in found] == [case["id"]]


async def test_a_refused_answer_goes_back_with_a_new_deadline(
    people: People, dispatched: Dispatch, service: ServiceInMemory
) -> None:
    case = await dispatched()
    hse = people("hse", Role.ENTERPRISE)
    await do(hse, case, "answer", text=DONE)
    service.now_us += 5 * HOUR_US
    back = await do(people("li"), case, "verify", accepted=False, text="still leaking")
    assert (back["state"], back["received"]) == ("dispatched", None)
    assert back["due"] > case["due"]
    await do(hse, case, "answer", text="gasket replaced")


async def test_only_what_was_verified_is_closed_and_what_was_closed_may_be_reopened(
    people: People, dispatched: Dispatch
) -> None:
    case = await dispatched()
    boss = people("boss", Role.SUPERVISOR)
    assert "dispatched cannot take the step 'close'" in (await do(boss, case, "close", 409))["detail"]
    await do(people("hse", Role.ENTERPRISE), case, "answer", text=DONE)
    await do(people("li"), case, "verify", accepted=True, text=DONE)
    await do(boss, case, "close")
    await do(people("li"), case, "messages", 409, text="too late")
    assert (await do(boss, case, "reopen", text="it leaks again"))["state"] == "dispatched"


async def test_the_same_request_twice_is_one_case_and_one_step(people: People, service: ServiceInMemory) -> None:
    alert = service.raise_alert(LEVEL)
    wang, once = people("wang"), {"Idempotency-Key": "k1"}
    made = [(await wang.post("cases", json={"alerts": [alert]}, headers=once)).json()["id"] for _ in range(2)]
    assert made[0] == made[1]
    for _ in range(2):
        answer = await wang.post(f"cases/{made[0]}/messages", json={"text": "hello"}, headers=once)
        assert answer.json()["messages"] == 1


async def test_numbers_have_no_holes_though_many_are_made_at_once(people: People, dispatched: Dispatch) -> None:
    people("wang")
    made = await asyncio.gather(*(dispatched(ago=n) for n in range(12)))
    assert sorted(one["number"] for one in made) == [f"2026-{n:05d}" for n in range(1, 13)]


async def test_two_that_answer_at_once_take_one_step(people: People, dispatched: Dispatch) -> None:
    case = await dispatched()
    both = [people("hse", Role.ENTERPRISE), people("hse2", Role.ENTERPRISE)]
    codes = await asyncio.gather(*(one.post(f"cases/{case['id']}/answer", json={"text": DONE}) for one in both))
    assert sorted(one.status_code for one in codes) == [200, 409]


async def test_another_enterprise_sees_and_does_nothing(people: People, dispatched: Dispatch) -> None:
    case = await dispatched()
    other = people("other", Role.ENTERPRISE, "borealis")
    assert (await other.get("cases")).json()["items"] == []
    assert (await other.get("cases/counts")).json() == {"states": {}, "overdue": 0}
    for method, path in (
        ("GET", ""),
        ("GET", "/order"),
        ("POST", "/receive"),
        ("POST", "/answer"),
        ("POST", "/messages"),
    ):
        body = {"text": DONE} if method == "POST" else None
        assert (await other.request(method, f"cases/{case['id']}{path}", json=body)).status_code in (404, 422), path


async def test_what_is_internal_the_enterprise_never_sees(people: People, dispatched: Dispatch, store: Stored) -> None:
    case = await dispatched()
    await do(people("wang"), case, "messages", text="they did this last year too", internal=True)
    await do(people("wang"), case, "messages", text="please send a photo")
    hse = people("hse", Role.ENTERPRISE)
    seen = (await hse.get(f"cases/{case['id']}")).text
    assert "please send a photo" in seen
    assert "last year" not in seen
    pdf = pypdf.PdfReader(io.BytesIO((await hse.get(f"cases/{case['id']}/order")).content))
    assert "last year" not in "".join(page.extract_text() for page in pdf.pages)
    refused = await hse.post(f"cases/{case['id']}/messages", json={"text": "x", "internal": True})
    assert refused.status_code == 422


async def test_files_go_both_ways_and_come_back_as_they_were(people: People, dispatched: Dispatch) -> None:
    case = await dispatched()
    hse, url = people("hse", Role.ENTERPRISE), f"cases/{case['id']}/attachments"
    made = await hse.post(url, params={"name": "../阀门.png"}, content=PNG)
    assert made.status_code == 201, made.text
    (kept,) = (await people("wang").get(f"cases/{case['id']}")).json()["files"]
    assert (kept["name"], kept["media_type"], kept["sha256"]) == (
        "阀门.png",
        "image/png",
        hashlib.sha256(PNG).hexdigest(),
    )
    back = await people("wang").get(f"{url}/{kept['id']}")
    assert back.content == PNG
    assert back.headers["content-disposition"].startswith("attachment;")
    assert back.headers["x-content-type-options"] == "nosniff"
    assert (await people("other", Role.ENTERPRISE, "borealis").get(f"{url}/{kept['id']}")).status_code == 404
    assert (await hse.post(url, params={"name": "x.svg"}, content=b"<svg onload=x>")).status_code == 422
    assert (await hse.post(url, params={"name": "x"}, content=bytes(10 * 1024 * 1024 + 1))).status_code == 413


async def test_the_order_is_a_page_that_names_all(
    people: People, dispatched: Dispatch, service: ServiceInMemory
) -> None:
    case = await dispatched(instructions="检查液位计,报告结果")
    answer = await people("wang").get(f"cases/{case['id']}/order")
    assert answer.headers["content-type"] == "application/pdf"
    text = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(answer.content)).pages)
    for told in ("2026-00001", "安科化学", "检查液位计", "wang", case["id"], "签字"):
        assert told in text, told
    (note,) = [one for one in service.notes if one.kind == "export"]
    assert (note.by, note.subject) == ("wang", f"/api/v1/cases/{case['id']}/order")


async def test_the_enterprise_is_reminded_and_then_others_are_told_each_once(
    people: People, dispatched: Dispatch, service: ServiceInMemory
) -> None:
    case = await dispatched()  # orange: 24 h
    told: list[tuple[Step, str]] = []
    service.cases.listeners.append(lambda one: told.append((one.kind, one.text)))

    async def at(hours: float) -> list[tuple[Step, str]]:
        service.now_us = START_US + round(hours * HOUR_US)
        told.clear()
        await service.cases.look()
        await service.cases.look()
        return list(told)

    assert await at(17.9) == []
    assert await at(18.1) == [(Step.REMIND, "enterprise")]
    assert await at(24.1) == [(Step.ESCALATE, "supervisor")]
    shown = (await people("wang").get("cases", params={"overdue": True})).json()["items"]
    assert [(one["id"], one["escalated_to"]) for one in shown] == [(case["id"], "supervisor")]
    assert await at(48.1) == [(Step.ESCALATE, "admin")]
    assert await at(500) == []


async def test_after_a_long_absence_the_steps_that_came_due_are_taken_at_once(
    dispatched: Dispatch, service: ServiceInMemory
) -> None:
    await dispatched()
    service.now_us += 100 * HOUR_US
    assert await service.cases.look() == 2
    assert await service.cases.look() == 0


async def test_what_is_answered_is_not_escalated(
    people: People, dispatched: Dispatch, service: ServiceInMemory
) -> None:
    case = await dispatched()
    await do(people("hse", Role.ENTERPRISE), case, "answer", text=DONE)
    service.now_us += 100 * HOUR_US
    assert await service.cases.look() == 0


async def test_alerts_of_two_enterprises_do_not_make_one_case(people: People, service: ServiceInMemory) -> None:
    ids = [service.raise_alert(LEVEL), service.raise_alert(COD)]
    answer = await people("wang").post("cases", json={"alerts": ids})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "alerts")


async def test_an_alert_of_what_the_park_shares_goes_to_whom_the_park_names(
    people: People, service: ServiceInMemory
) -> None:
    alert = service.raise_alert("park.weather.wind")
    wang = people("wang")
    assert (await wang.post("cases", json={"alerts": [alert]})).json()["errors"][0]["field"] == "enterprise"
    made = await wang.post("cases", json={"alerts": [alert], "enterprise": "borealis"})
    assert made.json()["enterprise"] == "borealis"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"due": "2020-01-01T00:00:00Z"}, "due"),
        ({"enterprise": "nobody"}, "enterprise"),
        ({"colour": "green"}, "colour"),
        ({"cause": "weather"}, "cause"),
    ],
)
async def test_what_cannot_be_is_refused_by_name(
    people: People, service: ServiceInMemory, body: dict[str, str], field: str
) -> None:
    alert = service.raise_alert(LEVEL)
    answer = await people("wang").post("cases", json={"alerts": [alert], **body})
    assert answer.status_code == 422
    assert field in answer.json()["errors"][0]["field"]


async def test_lists_are_paged_and_counted(people: People, dispatched: Dispatch, service: ServiceInMemory) -> None:
    for _ in range(5):
        service.now_us += 1
        await dispatched()
    wang = people("wang")
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = (await wang.get("cases", params={"limit": 2} | ({"cursor": cursor} if cursor else {}))).json()
        seen += [one["number"] for one in page["items"]]
        if (cursor := page["next"]) is None:
            break
    assert seen == [f"2026-{n:05d}" for n in range(5, 0, -1)]
    assert (await wang.get("cases/counts")).json() == {"states": {"dispatched": 5}, "overdue": 0}


async def test_the_status_tells_pages_to_ask_again_of_their_own_alone(people: People, dispatched: Dispatch) -> None:
    hse, other = people("hse", Role.ENTERPRISE), people("other", Role.ENTERPRISE, "borealis")
    before = [(await one.get("status")).json()["cases"] for one in (hse, other)]
    await dispatched()
    await asyncio.sleep(0.3)  # statuses are kept for a quarter of a second
    after = [(await one.get("status")).json()["cases"] for one in (hse, other)]
    assert after == [before[0] + 1, before[1]]
