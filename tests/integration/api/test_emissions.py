"""What people ask of judgement: means and their revisions, gaps, rates of delivery, marks within their quotas."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from rules.emissions.limits import LimitBook
from rules.emissions.marks import Quota
from service.judge.config import Emissions
from service.judge.desk import EmissionsDesk
from service.judge.marks import Mark
from tests.integration.api.conftest import Stored
from tests.unit.api.service_in_memory import START_US, ServiceInMemory

COD, PH, OUTLET = "borealis.outlet.cod", "borealis.outlet.ph", "borealis.outlet"
HOUR_US, MINUTE_US = 3_600_000_000, 60_000_000
#: 08:00 to 11:00 at +08:00.
SPAN = "from=2026-11-01T00:00:00Z&to=2026-11-01T03:00:00Z"
MARK = {
    "source": OUTLET,
    "from": "2026-11-01T00:00:00Z",
    "to": "2026-11-01T01:00:00Z",
    "kind": "anomaly",
    "type": "calibration",
    "reason": "weekly calibration",
}


def _hour(store: Stored, tag: str, hour: int, value: float, *, revision: int = 1, **fields: Any) -> None:
    names = ["value", "low", "high", "unmarked", "measured", "reported", "reported_zs", "flow", "amount_kg"]
    columns: dict[str, Any] = dict.fromkeys(names, value)
    columns |= {"status": 1, "parts": 60, "flag": 1, "unmarked_status": 1, "measured_status": 1, "converted": False}
    columns |= {"amount_hours": 1, "present": 60, "normal": 60, "stopped": 0, "marked": 0, "late": 0, "refilled": 0}
    columns |= {"minutes_differ": 0, "reported_flag": "N", "verdict": 0, "verdict_reason": 0, "why": "first"} | fields
    values = ", ".join(repr(one) if not isinstance(one, bool) else str(one).lower() for one in columns.values())
    start = f"to_timestamp({(START_US + hour * HOUR_US) / 1e6})"
    store.execute(
        f"INSERT INTO emission_mean (tag, period, start, revision, judged, {', '.join(columns)})"
        f" VALUES ({store.ix(tag)}, 'hour', {start}, {revision}, now(), {values})"
    )


def _minutes(store: Stored, tag: str, first: int, count: int, *, flag: int = 1, late: bool = False) -> None:
    store.execute(
        "INSERT INTO emission_minute SELECT"
        f" {store.ix(tag)}, to_timestamp({START_US / 1e6}) + n * interval '1 minute', 5, 2, {flag}, 1, {late}, false, 5"
        f" FROM generate_series({first}, {first + count - 1}) AS n"
    )


async def _get(client: httpx.AsyncClient, path: str) -> Any:
    answer = await client.get(f"/api/v1/emissions/{path}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_the_revision_that_holds_is_told_and_all_of_them_on_request(
    park: httpx.AsyncClient, store: Stored
) -> None:
    _hour(store, COD, 0, 40.0, present=30, parts=30, status=2)
    _hour(store, COD, 0, 42.0, revision=2, refilled=30, why="refilled")
    (one,) = (await _get(park, f"means?period=hour&tag={COD}&{SPAN}"))["items"]
    assert (one["value"], one["revision"], one["why"], one["status"]) == (42.0, 2, "refilled", "valid")
    both = (await _get(park, f"means?period=hour&tag={COD}&{SPAN}&revisions=true"))["items"]
    assert [(row["value"], row["holds"]) for row in both] == [(40.0, False), (42.0, True)]


async def test_means_come_in_pages_without_a_hole(park: httpx.AsyncClient, store: Stored) -> None:
    for tag in (COD, PH):
        for hour in range(3):
            _hour(store, tag, hour, float(hour))
    seen: list[tuple[str, str]] = []
    cursor = ""
    while True:
        page = await _get(park, f"means?period=hour&source={OUTLET}&{SPAN}&limit=2{cursor}")
        seen += [(one["tag"], one["start"]) for one in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert len(seen) == len(set(seen)) == 6


async def test_the_timeline_fills_the_span_and_shows_every_kind_of_gap(park: httpx.AsyncClient, store: Stored) -> None:
    _minutes(store, COD, 0, 10)
    _minutes(store, COD, 10, 5, late=True)
    _minutes(store, COD, 20, 5, flag=5)
    (line,) = (await _get(park, f"timeline?tag={COD}&from=2026-11-01T00:00:00Z&to=2026-11-01T00:30:00Z"))["items"]
    assert [one["state"] for one in line["segments"]] == ["good", "late", "missing", "bad", "missing"]
    ends = [one["end"] for one in line["segments"]]
    assert [one["start"] for one in line["segments"]][1:] == ends[:-1]


async def test_rates_count_silent_hours_outages_and_agreement(
    park: httpx.AsyncClient, store: Stored, service: ServiceInMemory
) -> None:
    service.now_us = START_US + 3 * HOUR_US + MINUTE_US
    _hour(store, COD, 0, 40.0)
    _hour(store, COD, 1, 40.0, present=0, status=0, parts=0, verdict=2)
    _hour(store, COD, 2, 40.0, present=30, refilled=30, verdict=1)
    rows = (await _get(park, f"rates?by=tag&source={OUTLET}&{SPAN}"))["items"]
    cod = next(row for row in rows if row["name"] == COD)
    assert (cod["hours"], cod["delivered"], cod["offline"], cod["outages"], cod["longest_outage"]) == (3, 1, 2, 1, 2)
    # An hour that was refilled was transmitted, but nobody was online in it.
    assert cod["online_rate"] == pytest.approx(60 / 180)
    assert cod["transmission_rate"] == pytest.approx(90 / 180)
    assert (cod["agreement"], cod["valid"]) == (0.5, 2)
    assert 0 <= cod["score"] <= 100


async def test_an_outlet_shows_its_last_hour(park: httpx.AsyncClient, store: Stored) -> None:
    _hour(store, COD, 0, 40.0)
    _hour(store, COD, 1, 41.0)
    (outlet,) = (await _get(park, f"outlets?source={OUTLET}"))["items"]
    assert [(tag["quantity"], tag["last_hour"] and tag["last_hour"]["value"]) for tag in outlet["tags"]] == [
        ("cod", 41.0),
        ("ph", None),
    ]


async def test_spans_that_make_no_sense_are_refused_with_their_cure(park: httpx.AsyncClient) -> None:
    for query, field in (
        (f"means?period=hour&tag={COD}", "from"),
        (f"means?period=hour&{SPAN}", "tag"),
        (f"minutes?tag={COD}&from=2026-11-01T00:00:00Z&to=2026-11-09T00:00:00Z", "to"),
        (f"timeline?tag={COD}&from=2026-11-02T00:00:00Z&to=2026-11-01T00:00:00Z", "to"),
    ):
        answer = await park.get(f"/api/v1/emissions/{query}")
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == field
        assert answer.json()["errors"][0]["fix"]


async def test_a_mark_goes_through_the_journal_and_names_its_author(
    park: httpx.AsyncClient, store: Stored, service: ServiceInMemory
) -> None:
    answer = await park.post("/api/v1/emissions/marks", json=MARK, headers={"Idempotency-Key": "one"})
    again = await park.post("/api/v1/emissions/marks", json=MARK, headers={"Idempotency-Key": "one"})
    assert (answer.status_code, answer.json()["id"]) == (201, again.json()["id"])
    assert len({note.id for note in service.notes}) == 1
    body = json.loads(service.notes[0].body)
    assert (service.notes[0].kind, body["author"], body["source"]) == ("mark", "control-room", OUTLET)


async def test_one_idempotency_key_makes_one_mark(park: httpx.AsyncClient, service: ServiceInMemory) -> None:
    key = {"Idempotency-Key": "one"}
    assert (await park.post("/api/v1/emissions/marks", json=MARK, headers=key)).status_code == 201
    other = await park.post("/api/v1/emissions/marks", json=MARK | {"type": "fault"}, headers=key)
    assert (other.status_code, len(service.notes)) == (409, 1)


async def test_a_reason_that_no_table_can_hold_is_refused(park: httpx.AsyncClient, service: ServiceInMemory) -> None:
    answer = await park.post("/api/v1/emissions/marks", json=MARK | {"reason": "lamp\0broken"})
    assert (answer.status_code, service.notes) == (422, [])


async def test_a_mark_of_another_enterprises_outlet_is_refused(
    acme: httpx.AsyncClient, service: ServiceInMemory
) -> None:
    assert (await acme.post("/api/v1/emissions/marks", json=MARK)).status_code == 404
    assert service.notes == []


async def test_a_mark_that_does_not_fit_its_quota_is_refused_with_the_figures(
    park: httpx.AsyncClient, store: Stored, service: ServiceInMemory
) -> None:
    quota = Quota(types=frozenset({"start_up"}), hours=2, per="year", source="GB 18484-2020 7.2.3", confirmed_by="li")
    config = Emissions(quotas={OUTLET: (quota,)})
    service.emissions = EmissionsDesk(
        service.tags, LimitBook(service.tags.park, []), config, service.clock, _journalled(service)
    )
    start_up = MARK | {"type": "start_up", "kind": "condition"}
    # Two at once, before the database knows of either: only what fits is taken.
    answers = await asyncio.gather(
        park.post("/api/v1/emissions/marks", json=start_up),
        park.post(
            "/api/v1/emissions/marks",
            json=start_up | {"from": "2026-11-01T02:00:00Z", "to": "2026-11-01T04:00:00Z"},
        ),
    )
    assert sorted(one.status_code for one in answers) == [201, 409]
    refused = next(one for one in answers if one.status_code == 409)
    assert "GB 18484-2020 7.2.3" in refused.json()["detail"]
    assert "2 h" in refused.json()["detail"]
    assert len(service.notes) == 1


def _journalled(service: ServiceInMemory) -> Any:
    async def note(one: Any) -> None:
        service.notes.append(one)

    return note


async def test_a_mark_is_taken_back_once(park: httpx.AsyncClient, store: Stored, service: ServiceInMemory) -> None:
    mark = Mark(
        id="00000000-0000-0000-0000-00000000000a",
        enterprise="borealis",
        source=OUTLET,
        from_us=START_US,
        to_us=START_US + HOUR_US,
        kind="anomaly",
        type="fault",
        reason="lamp",
        author="borealis",
        created_us=START_US,
    )
    store.marks(mark)
    url = f"/api/v1/emissions/marks/{mark.id}/withdraw"
    answer = await park.post(url, json={"reason": "there was no fault"})
    assert (answer.status_code, answer.json()["withdrawn_by"]) == (200, "control-room")
    store.withdrawn(service.notes[-1])
    assert (await park.post(url, json={"reason": "once more"})).status_code == 409
    listed = (await _get(park, f"marks?source={OUTLET}"))["items"]
    assert [one["withdraw_reason"] for one in listed] == ["there was no fault"]
    assert (await _get(park, f"marks?source={OUTLET}&withdrawn=false"))["items"] == []


async def test_a_month_is_provisional_until_somebody_has_confirmed_its_rule(
    park: httpx.AsyncClient, store: Stored
) -> None:
    _hour(store, COD, 0, 40.0)
    store.execute("CREATE TEMP TABLE month AS SELECT * FROM emission_mean")
    store.execute("UPDATE month SET period = 'month', start = '2026-10-31T16:00:00Z'")
    store.execute("INSERT INTO emission_mean SELECT * FROM month")
    span = "from=2026-10-01T00:00:00Z&to=2026-12-01T00:00:00Z"
    (month,) = (await _get(park, f"means?period=month&tag={COD}&{span}"))["items"]
    (hour,) = (await _get(park, f"means?period=hour&tag={COD}&{SPAN}"))["items"]
    assert (month["provisional"], hour["provisional"]) == (True, False)
