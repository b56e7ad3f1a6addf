"""History of tags: three forms that agree, buckets that mean what they say, pages that join without a seam."""

import csv
import io
import math
from datetime import datetime
from typing import Any

import httpx
import numpy as np
import pyarrow as pa
import pytest

from park.quality import Detail, Quality, quality_byte
from service.store.queries import Queries, Resolution, Scope, Span
from tests.integration.api.conftest import Stored
from tests.unit.api.service_in_memory import SECOND_US, START_US, ServiceInMemory

LEVEL = "acme.tank-1.li-101"
TEMPERATURE = "acme.tank-1.ti-101"
COD = "borealis.outlet.cod"
SPAN = "from=2026-11-01T08:00:00%2B08:00&to=2026-11-01T09:00:00%2B08:00"
HOUR = Span(from_us=START_US, to_us=START_US + 3_600 * SECOND_US)


def _seconds(count: int, *, step: float = 1.0) -> Any:
    return START_US + (np.arange(count) * step * SECOND_US).astype(np.int64)


def _from_json(answer: httpx.Response) -> list[tuple[str, str, float | None, str, int]]:
    return [
        (one["tag"], *row)
        for one in answer.json()["series"]
        for row in zip(one["time"], one["value"], one["quality"], one["lag_ms"], strict=True)
    ]


def _from_csv(answer: httpx.Response) -> list[tuple[str, str, float | None, str, int]]:
    rows = csv.DictReader(io.StringIO(answer.text))
    return [
        (row["tag"], row["time"], float(row["value"]) if row["value"] else None, row["quality"], int(row["lag_ms"]))
        for row in rows
    ]


def _from_arrow(answer: httpx.Response) -> list[tuple[str, str, float | None, str, int]]:
    table = pa.ipc.open_stream(answer.content).read_all()
    return [
        (row["tag"], row["time"].strftime("%Y-%m-%dT%H:%M:%S.%fZ"), row["value"], row["quality"], row["lag_ms"])
        for row in table.to_pylist()
    ]


async def test_json_csv_and_arrow_say_the_same(store: Stored, park: httpx.AsyncClient) -> None:
    bad = quality_byte(Quality.BAD, Detail.SENSOR_FAILURE)
    store.samples(LEVEL, _seconds(50, step=0.1), np.linspace(8.1, 9.3, 50))
    store.samples(LEVEL, [START_US + 60 * SECOND_US], math.nan, bad)
    store.samples(TEMPERATURE, _seconds(30), 1 / 3, quality_byte(Quality.UNCERTAIN, Detail.OVER_RANGE))
    url = f"/api/v1/samples?tag={LEVEL}&tag={TEMPERATURE}&{SPAN}"
    as_json = _from_json(await park.get(url))
    as_csv = _from_csv(await park.get(url, headers={"Accept": "text/csv"}))
    as_arrow = _from_arrow(await park.get(url, headers={"Accept": "application/vnd.apache.arrow.stream"}))
    assert len(as_json) == 81
    assert as_json == as_csv == as_arrow
    assert (LEVEL, "2026-11-01T00:01:00.000000Z", None, "bad/sensor_failure", 120) in as_json


@pytest.mark.parametrize("form", ["json", "csv", "arrow"])
async def test_format_goes_before_accept(store: Stored, park: httpx.AsyncClient, form: str) -> None:
    answer = await park.get(f"/api/v1/samples?tag={LEVEL}&format={form}", headers={"Accept": "text/html"})
    expected = {"json": "application/json", "csv": "text/csv", "arrow": "application/vnd.apache.arrow.stream"}
    assert answer.status_code == 200
    assert answer.headers["content-type"].partition(";")[0] == expected[form]


async def test_buckets_are_of_the_good_samples(store: Stored, park: httpx.AsyncClient) -> None:
    quality = np.zeros(120, dtype=np.uint8)
    quality[30:60] = quality_byte(Quality.BAD, Detail.COMM_FAILURE)
    store.samples(LEVEL, _seconds(120), np.arange(120.0), quality)
    store.samples(LEVEL, [START_US + 300 * SECOND_US], 5.0, int(Quality.BAD))
    answer = (await park.get(f"/api/v1/samples?tag={LEVEL}&{SPAN}&resolution=1m")).json()
    (series,) = answer["series"]
    assert series["time"] == [f"2026-11-01T00:0{minute}:00.000000Z" for minute in (0, 1, 5)]
    assert series["mean"] == [14.5, 89.5, None]
    assert (series["min"], series["max"]) == ([0.0, 60.0, None], [29.0, 119.0, None])
    assert (series["count"], series["good_share"]) == ([60, 60, 1], [0.5, 1.0, 0.0])


async def test_a_bucketed_span_is_widened_to_whole_hours(store: Stored, park: httpx.AsyncClient) -> None:
    store.samples(LEVEL, _seconds(3_600), 1.0)
    half = "from=2026-11-01T08:20:00%2B08:00&to=2026-11-01T08:40:00%2B08:00"
    answer = (await park.get(f"/api/v1/samples?tag={LEVEL}&{half}&resolution=1h")).json()
    assert (answer["from"], answer["to"]) == ("2026-11-01T00:00:00.000000Z", "2026-11-01T01:00:00.000000Z")
    assert answer["series"][0]["count"] == [3_600]


@pytest.mark.parametrize("resolution", ["raw", "1m"])
@pytest.mark.parametrize("form", ["json", "arrow"])
async def test_pages_join_without_a_seam(store: Stored, park: httpx.AsyncClient, resolution: str, form: str) -> None:
    for tag in (LEVEL, TEMPERATURE, COD):
        store.samples(tag, _seconds(100, step=7), np.arange(100.0))
    url = f"/api/v1/samples?tag={LEVEL}&tag={TEMPERATURE}&tag={COD}&{SPAN}&resolution={resolution}"
    whole = _keys(await park.get(f"{url}&format=csv"))
    joined: list[tuple[str, str]] = []
    following: str | None = f"{url}&limit=17&format={form}"
    while following is not None:
        answer = await park.get(following)
        joined += _keys(answer)
        following = answer.links["next"]["url"] if "next" in answer.links else None
        assert (answer.headers.get("x-next-cursor") is None) == (following is None)
    assert len(whole) == (300 if resolution == "raw" else 36)
    assert joined == whole


def _keys(answer: httpx.Response) -> list[tuple[str, str]]:
    match answer.headers["content-type"].partition(";")[0]:
        case "application/json":
            return [(one["tag"], time) for one in answer.json()["series"] for time in one["time"]]
        case "text/csv":
            return [(row["tag"], row["time"]) for row in csv.DictReader(io.StringIO(answer.text))]
        case _:
            rows = pa.ipc.open_stream(answer.content).read_all().to_pylist()
            return [(row["tag"], row["time"].strftime("%Y-%m-%dT%H:%M:%S.%fZ")) for row in rows]


async def test_a_long_answer_is_streamed_in_pages(
    store: Stored, park: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.api.routers.samples._PAGE_ROWS", 64)
    store.samples(LEVEL, _seconds(1_000), np.arange(1_000.0))
    store.samples(COD, _seconds(500), np.arange(500.0))
    answer = await park.get(f"/api/v1/samples?tag={LEVEL}&tag={COD}&{SPAN}&format=arrow&limit=1200")
    reader = pa.ipc.open_stream(answer.content)
    batches = list(reader)
    assert [batch.num_rows for batch in batches] == [64] * 18 + [48]
    following = await park.get(answer.links["next"]["url"])
    table = pa.ipc.open_stream(following.content).read_all()
    assert table.num_rows == 300
    times = pa.concat_tables([pa.Table.from_batches(batches), table])
    assert len(set(zip(times["tag"].to_pylist(), times["time"].to_pylist(), strict=True))) == 1_500


async def test_csv_of_several_pages_has_one_header(
    store: Stored, park: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.api.routers.samples._PAGE_ROWS", 64)
    store.samples(LEVEL, _seconds(200), np.arange(200.0))
    lines = (await park.get(f"/api/v1/samples?tag={LEVEL}&{SPAN}&format=csv")).text.splitlines()
    assert lines[0] == "tag,unit,time,value,quality,lag_ms"
    assert len(lines) == 201
    assert lines[1] == f"{LEVEL},m,2026-11-01T00:00:00.000000Z,0,good,120"


async def test_a_tag_without_samples_yet_is_an_empty_answer_not_an_error(
    store: Stored, park: httpx.AsyncClient
) -> None:
    store.execute(f"DELETE FROM tag WHERE id = '{LEVEL}'")
    answer = await park.get(f"/api/v1/samples?tag={LEVEL}")
    assert (answer.status_code, answer.json()["series"]) == (200, [])


async def test_a_tag_that_left_the_park_can_still_be_read(store: Stored, park: httpx.AsyncClient) -> None:
    gone = "acme.tank-9.old"
    store.execute(f"INSERT INTO tag (id, enterprise, source, quantity, unit) VALUES ('{gone}', 'acme', 'x', 'y', 'm')")
    store.samples(gone, _seconds(3), 1.0)
    answer = await park.get(f"/api/v1/samples?tag={gone}&{SPAN}")
    assert answer.json()["series"][0]["value"] == [1.0, 1.0, 1.0]


async def test_another_enterprises_tag_is_as_unknown_as_one_that_does_not_exist(
    store: Stored, acme: httpx.AsyncClient
) -> None:
    store.samples(COD, _seconds(3), 1.0)
    theirs = await acme.get(f"/api/v1/samples?tag={COD}&{SPAN}")
    nobodys = await acme.get(f"/api/v1/samples?tag=borealis.outlet.nothing&{SPAN}")
    assert (theirs.status_code, nobodys.status_code) == (404, 404)
    assert theirs.json()["detail"] == "tag 'borealis.outlet.cod' is not known"


async def test_the_query_layer_itself_gives_no_rows_out_of_scope(store: Stored, service: ServiceInMemory) -> None:
    store.samples(COD, _seconds(3), 1.0)
    store.samples("park.weather.wind", _seconds(2), 1.0)
    everything = [COD, "park.weather.wind", LEVEL]
    page = await service.queries.samples(Scope.only("acme", park="park"), everything, HOUR, limit=10)
    assert set(page.table["tag"].to_pylist()) == {"park.weather.wind"}


async def test_times_survive_to_the_microsecond(store: Stored, service: ServiceInMemory) -> None:
    times = [START_US, START_US + 1, START_US + 999_999]
    store.samples(LEVEL, times, 1.0)
    page = await service.queries.samples(Scope.everything(), [LEVEL], HOUR, limit=10)
    assert [int(one.timestamp() * 1e6 + 0.5) for one in page.table["time"].to_pylist()] == times
    assert isinstance(page.table["time"][0].as_py(), datetime)


async def test_hours_are_named_by_their_start(store: Stored, service: ServiceInMemory) -> None:
    store.samples(LEVEL, [START_US - 1, START_US, START_US + 3_600 * SECOND_US - 1], [1.0, 2.0, 4.0])
    span = Span(from_us=START_US - 1, to_us=START_US + 1)
    page = await service.queries.samples(Scope.everything(), [LEVEL], span, resolution=Resolution.HOUR, limit=10)
    assert page.table["mean"].to_pylist() == [1.0, 3.0]
    assert [one.hour for one in page.table["time"].to_pylist()] == [23, 0]


async def test_questions_are_read_only(service: ServiceInMemory, store: Stored) -> None:
    queries: Queries = service.queries
    with pytest.raises(Exception, match="read-only"):
        await queries._rows(Scope.everything(), b"DELETE FROM sample")
