"""Shifts, duties, inspections and lights as people live them; and who sees what."""

import io
from datetime import date
from typing import Any

import httpx
import psycopg
import pypdf
import pytest

from service.duty.config import Duty, DutyPolicy
from service.identity.roles import Role
from tests.integration.api.conftest import Stored
from tests.integration.cases.conftest import COD, LEVEL, Dispatch, People
from tests.unit.api.service_in_memory import START_US, ServiceInMemory

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
DAILY = Duty(id="daily", name="特种设备日管控", every="day", since=date(2026, 11, 1))


@pytest.fixture
def duties(service: ServiceInMemory) -> None:
    """A daily duty of every enterprise; it began today."""
    service.duty.policy = DutyPolicy(duties=(DAILY,))


async def ok(answer: httpx.Response, status: int = 200) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def test_a_shift_is_handed_over_with_what_stands_and_signed_by_both(
    people: People, dispatched: Dispatch, service: ServiceInMemory
) -> None:
    wang, li = people("wang"), people("li")
    case = await dispatched()
    await ok(await wang.post("shift/entries", json={"kind": "call", "text": "called acme"}), 201)
    service.now_us += 1
    made = await ok(await wang.post("shift/handovers", json={"note": "watch tank 1"}), 201)
    assert (made["shift"], made["by"], made["taken"]) == ("白班", "wang", None)
    refused = await ok(await wang.post(f"shift/handovers/{made['id']}/take", json={}), 409)
    assert "another person has to sign" in refused["detail"]
    taken = await ok(await li.post(f"shift/handovers/{made['id']}/take", json={"note": "seen"}))
    assert (taken["taken_by"], taken["taken_note"]) == ("li", "seen")
    again = await ok(await people("zhao").post(f"shift/handovers/{made['id']}/take", json={}), 409)
    assert "li has signed it already" in again["detail"]

    whole = await ok(await li.get(f"shift/handovers/{made['id']}"))
    sheet = whole["sheet"]
    assert whole["intact"] is True
    assert [one["what"] for one in sheet["standing"]] == ["P2 液位 H"]
    assert [one["text"] for one in sheet["entries"]] == ["called acme"]
    assert case["number"] in sheet["cases"][0]["what"]
    assert [one["id"] for one in sheet["offline"]] == ["stations"]

    pdf = await li.get(f"shift/handovers/{made['id']}/sheet")
    text = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf.content)).pages)
    assert all(one in text for one in ("wang", "li", "called acme", "watch tank 1", made["digest"][:16]))
    # The next sheet begins where this one ended.
    service.now_us += HOUR_US
    assert (await ok(await li.get("shift/sheet")))["entries"] == []


async def test_what_was_handed_over_is_never_changed(people: People, service: ServiceInMemory) -> None:
    made = await ok(await people("wang").post("shift/handovers", json={}), 201)
    with psycopg.connect(service.dsn, autocommit=True) as owner:
        for statement in ("UPDATE handover SET note = 'x'", "DELETE FROM handover", "DELETE FROM shift_entry"):
            with pytest.raises(psycopg.errors.RaiseException):
                owner.execute(statement)
    assert (await ok(await people("wang").get(f"shift/handovers/{made['id']}")))["note"] == ""


async def test_the_shift_is_the_parks_alone(people: People, service: ServiceInMemory) -> None:
    await ok(await people("wang").post("shift/entries", json={"text": "secret"}), 201)
    hse = people("hse", Role.ENTERPRISE)
    for path in ("shift/entries", "shift/sheet", "shift/handovers"):
        await ok(await hse.get(path), 403)
    with psycopg.connect(service.dsn, autocommit=True, options="-c role=parkwatch_api") as raw:
        for visible, rows in (("acme", 0), ("", 0), ("*", 1)):
            raw.execute("SELECT set_config('parkwatch.visible', %s, false)", (visible,))
            assert len(raw.execute("SELECT text FROM shift_entry").fetchall()) == rows


async def test_the_same_request_twice_is_one_entry(people: People) -> None:
    wang = people("wang")
    for _ in range(2):
        await ok(await wang.post("shift/entries", json={"text": "once"}, headers={"Idempotency-Key": "k"}), 201)
    assert len((await ok(await wang.get("shift/entries")))["items"]) == 1


async def test_pages_of_the_log_meet_without_a_seam(people: People, service: ServiceInMemory) -> None:
    wang = people("wang")
    for n in range(5):
        service.now_us += 1
        await ok(await wang.post("shift/entries", json={"text": str(n)}), 201)
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = await ok(await wang.get("shift/entries", params={"limit": 2} | ({"cursor": cursor} if cursor else {})))
        seen += [one["text"] for one in page["items"]]
        cursor = page["next"]
    assert seen == ["4", "3", "2", "1", "0"]


@pytest.mark.usefixtures("duties")
async def test_a_duty_that_is_not_reported_raises_an_alarm_and_making_up_for_it_ends_it(
    people: People, service: ServiceInMemory
) -> None:
    hse = people("hse", Role.ENTERPRISE)
    assert await service.duty.look() == 0
    (mine,) = (await ok(await hse.get("duties")))["items"]
    assert (mine["enterprise"], mine["period"], mine["state"]) == ("acme", "2026-11-01", "open")

    service.now_us = START_US + DAY_US + HOUR_US
    assert await service.duty.look() == 2  # both enterprises
    assert await service.duty.look() == 0
    assert sorted((one.target, one.rule, one.side) for one in service.told) == [
        ("acme", "duty-overdue", "daily"),
        ("borealis", "duty-overdue", "daily"),
    ]
    body = {"enterprise": "acme", "period": "2026-11-01", "text": "all well"}
    done = await ok(await hse.post("duties/daily/report", json=body), 201)
    assert (done["state"], done["done_by"]) == ("done", "hse")
    assert await service.duty.look() == 1
    assert (service.told[-1].target, service.told[-1].cleared) == ("acme", True)
    again = await ok(await hse.post("duties/daily/report", json=body), 409)
    assert "reported before" in again["detail"]

    service.now_us += DAY_US  # borealis never did: that ends, missed for good, and for both the next is overdue
    assert await service.duty.look() == 3
    service.duty.policy = DutyPolicy()  # nobody has duties any more
    assert await service.duty.look() == 2
    assert all(one.cleared for one in service.told[-2:])


@pytest.mark.usefixtures("duties")
async def test_only_what_can_still_be_done_is_reported_and_only_by_whom_it_concerns(
    people: People, service: ServiceInMemory
) -> None:
    service.now_us = START_US + 3 * DAY_US
    hse, other = people("hse", Role.ENTERPRISE), people("other", Role.ENTERPRISE, "borealis")
    late = {"enterprise": "acme", "period": "2026-11-01"}
    assert "neither this period" in (await ok(await hse.post("duties/daily/report", json=late), 422))["detail"]
    now = {"enterprise": "acme", "period": "2026-11-04"}
    await ok(await other.post("duties/daily/report", json=now), 422)
    await ok(await hse.post("duties/weekly/report", json=now), 404)
    service.now_us = START_US  # the duty begins today: yesterday it was nobody's
    await ok(await hse.post("duties/daily/report", json={"enterprise": "acme", "period": "2026-10-31"}), 422)
    service.now_us = START_US + 3 * DAY_US
    await ok(await hse.post("duties/daily/report", json={**now, "result": "waived"}), 403)
    boss = people("boss", Role.SUPERVISOR)
    waived = await ok(await boss.post("duties/daily/report", json={**now, "result": "waived"}), 201)
    assert waived["result"] == "waived"
    assert {one["enterprise"] for one in (await ok(await other.get("duties")))["items"]} == {"borealis"}


@pytest.mark.usefixtures("duties")
async def test_a_light_tells_what_it_was_counted_from(
    people: People, dispatched: Dispatch, service: ServiceInMemory, store: Stored
) -> None:
    li, boss = people("li"), people("boss", Role.SUPERVISOR)
    for minutes, enterprise in ((0, LEVEL), (1, LEVEL), (2, COD)):
        service.raise_alert(enterprise, onset_us=START_US - minutes * 60_000_000)
    store.events(service.live.since(0))
    await dispatched(tag="acme.tank-1.ti-101")
    service.now_us = START_US + 2 * DAY_US
    await ok(await li.post("inspections", json={"enterprise": "acme", "defects": 2, "text": "labels"}), 201)
    standings = await ok(await li.get("standings", params={"month": "2026-11"}))
    acme, borealis = standings["items"]
    counts = {one["what"]: one["count"] for one in acme["lines"] if one["count"]}
    # Two alarms, an overdue case (24 h), two days not reported, two defects.
    assert counts == {"alarm_p2": 2, "case_overdue": 1, "duty_missed": 2, "defect": 2}
    assert (acme["points"], acme["light"], acme["score"]) == (24, "yellow", 76)
    assert (borealis["light"], borealis["points"]) == ("green", 6)
    assert (borealis["rating"], borealis["inspection_overdue"], acme["inspection_overdue"]) == (None, True, False)

    rated = await boss.post("enterprises/acme/rating", json={"rating": "D", "reason": "leaks"})
    assert rated.status_code == 204, rated.text
    service.now_us += 8 * DAY_US
    (acme, _) = (await ok(await li.get("standings")))["items"]
    assert (acme["rating"], acme["rated_by"], acme["inspection_overdue"]) == ("D", "boss", True)
    assert [one.kind for one in service.notes if one.kind == "rating"] == ["rating"]
    other = people("other", Role.ENTERPRISE, "borealis")
    assert [one["enterprise"] for one in (await ok(await other.get("standings")))["items"]] == ["borealis"]
    assert (await ok(await other.get("inspections")))["items"] == []


async def test_an_alarm_that_was_the_instruments_counts_for_nothing(
    people: People, dispatched: Dispatch, service: ServiceInMemory, store: Stored
) -> None:
    case = await dispatched()
    store.events(service.live.since(0))

    async def counted() -> int:
        (acme, _) = (await ok(await people("li").get("standings")))["items"]
        return int(next(one["count"] for one in acme["lines"] if one["what"] == "alarm_p2"))

    assert await counted() == 1
    await ok(await people("li").post(f"cases/{case['id']}/cause", json={"cause": "instrument", "text": "stuck"}))
    assert await counted() == 0


async def test_a_month_that_is_none_is_refused_with_the_form_wanted(people: People) -> None:
    for month in ("2026-13", "9999-12", "0000-01", "november"):
        refused = await ok(await people("li").get("standings", params={"month": month}), 422)
        assert "2026-11" in str(refused)
