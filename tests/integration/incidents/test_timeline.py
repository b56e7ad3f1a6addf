"""Everything around an alert, in one order, within what the caller sees; and a pack of it that holds."""

import asyncio
import io
import zipfile
from pathlib import Path
from typing import Any

import httpx
import pyarrow.parquet as pq
import pytest

from rules.transition import Change
from service.alerts.asked import Command
from service.alerts.states import Trigger
from service.evidence.verify import verify
from service.identity.roles import Role
from tests.integration.api.conftest import Stored, service, store
from tests.integration.cases.conftest import COD, LEVEL, People, people
from tests.unit.api.service_in_memory import SECOND_US, START_US, ServiceInMemory

__all__ = ["people", "service", "store"]


@pytest.fixture
async def alert(service: ServiceInMemory, store: Stored, people: People) -> str:
    """Raised, worse, acknowledged, dispatched; with samples of an hour, and a rise at the neighbour's."""
    times = [START_US + n * SECOND_US for n in range(-1800, 1800, 10)]
    store.samples(LEVEL, times, [8.0 + n / 1000 for n in range(len(times))])
    store.samples(COD, times, 77.125)
    alert = service.raise_alert(LEVEL)
    service.raise_alert(COD)
    service.now_us += 60 * SECOND_US
    service.change(Change.LEVEL_UP, LEVEL, "HH")
    service.now_us += 60 * SECOND_US
    ack = Command(
        id="1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed", trigger=Trigger.ACK, alert_id=alert, by="wang", reason="", level="HH"
    )
    service.do(ack)
    service.now_us += 60 * SECOND_US
    assert (await people("wang").post("cases", json={"alerts": [alert]})).status_code == 201
    store.events(service.live.since(0)[:-1])  # the last one the store does not have yet
    store.execute(
        "INSERT INTO connector_gap VALUES ('dcs', '2026-10-31T23:50:00Z', '2026-10-31T23:55:00Z', 'cut', NULL)"
    )
    service.now_us += 60 * SECOND_US
    return alert


async def read(who: httpx.AsyncClient, **params: Any) -> dict[str, Any]:
    answer = await who.get("incidents/timeline", params=params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_all_that_happened_stands_in_one_order(people: People, alert: str) -> None:
    found = await read(people("li"), around=alert)
    told = [
        (one["kind"], one["trigger"] or one["text"]) for one in found["items"] if one["source"] != "borealis.outlet"
    ]
    assert told == [
        ("gap", "cut"),
        ("alert", "raised"),
        ("alert", "level_up"),
        ("operator", "ack"),
        ("case", "dispatch"),
        ("operator", "comment"),
    ]
    assert [one["at"] for one in found["items"]] == sorted(one["at"] for one in found["items"])
    assert found["subjects"]["sources"][0] == "acme.tank-1"


async def test_trends_come_in_buckets_that_fit_the_span(people: People, alert: str) -> None:
    found = await read(people("li"), around=alert, before="30m", after="30m")
    assert found["trends"]["bucket_s"] == 10
    level = found["trends"]["tags"][LEVEL]
    assert (level["unit"], len(level["time_ms"])) == ("m", 360)
    assert level["min"][0] <= level["mean"][0] <= level["max"][0]
    longer = await read(people("li"), around=alert, before="6d", after="1d")
    assert longer["trends"]["bucket_s"] == 1_800


async def test_pages_follow_each_other_without_a_seam(people: People, alert: str) -> None:
    li, seen, cursor = people("li"), list[Any](), None
    while True:
        page = await read(li, around=alert, limit=2, **({"cursor": cursor} if cursor else {}))
        seen += page["items"]
        if (cursor := page["next"]) is None:
            break
        assert (page["trends"] is None) is (len(seen) > 2)
    assert seen == (await read(li, around=alert))["items"]


async def test_an_area_and_a_source_are_asked_about_as_well(people: People, alert: str) -> None:
    at = {"at": "2026-11-01T00:00:00Z"}
    by_source = await read(people("li"), source="acme.tank-1", **at)
    assert [one["kind"] for one in by_source["items"]].count("alert") >= 2
    by_area = await read(people("li"), area="121.509,30.809,121.511,30.811", **at)
    assert by_area["subjects"]["sources"][0] == "acme.tank-1"


@pytest.mark.parametrize(
    ("params", "status"),
    [
        ({}, 422),
        ({"source": "acme.tank-1"}, 422),
        ({"source": "nobody.x", "at": "2026-11-01T00:00:00Z"}, 404),
        ({"around": "not-an-id"}, 404),
        ({"area": "1,2,3", "at": "2026-11-01T00:00:00Z"}, 422),
        ({"source": "acme.tank-1", "at": "2026-11-01T00:00:00Z", "before": "8d"}, 422),
    ],
)
async def test_what_makes_no_sense_is_refused(people: People, params: dict[str, str], status: int) -> None:
    assert (await people("li").get("incidents/timeline", params=params)).status_code == status


async def packed(who: httpx.AsyncClient, alert: str) -> bytes:
    pack = (await who.post("incidents/evidence", json={"around": alert})).json()
    while pack["state"] == "running":
        await asyncio.sleep(0.05)
        pack = (await who.get(f"incidents/evidence/{pack['id']}")).json()
    assert pack["state"] == "done", pack
    return (await who.get(f"incidents/evidence/{pack['id']}/file")).content


async def test_a_pack_verifies_and_holds_what_it_says(
    people: People, alert: str, service: ServiceInMemory, tmp_path: Path
) -> None:
    li = people("li")
    data = await packed(li, alert)
    known = (await li.get("incidents/evidence/key")).json()
    verdict = verify(data, known["fingerprint"])
    assert verdict.faults == []
    assert verdict.events >= 3
    assert verdict.manifest["by"] == "li"
    files = zipfile.ZipFile(io.BytesIO(data))
    samples = pq.read_table(io.BytesIO(files.read("samples.parquet")))
    assert samples.num_rows >= 360
    assert files.read("summary.pdf").startswith(b"%PDF-")
    notes = [one for one in service.notes if one.kind == "export"]
    assert [(one.by, one.subject) for one in notes] == [("li", "evidence")]


async def test_an_enterprises_pack_holds_nothing_of_others_and_is_nobody_elses(people: People, alert: str) -> None:
    hse, other = people("hse", Role.ENTERPRISE), people("other", Role.ENTERPRISE, "borealis")
    data = await packed(hse, alert)
    assert verify(data).whole
    assert b"borealis" not in data
    assert "rules/" not in "".join(zipfile.ZipFile(io.BytesIO(data)).namelist())
    asked = (await hse.post("incidents/evidence", json={"around": alert})).json()["id"]
    assert (await other.get(f"incidents/evidence/{asked}")).status_code == 404
    assert (await other.post("incidents/evidence", json={"around": alert})).status_code == 404
