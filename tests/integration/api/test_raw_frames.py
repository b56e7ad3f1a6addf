"""Telegrams as they came: of a device, and of a stored sample."""

import base64
from pathlib import Path
from typing import Any

import httpx
import pytest

from connectors.base import RawFrame
from connectors.hj212.packet import frame
from service.api.models_push import RawFrames, RawOfSample
from tests.integration.api.conftest import Stored
from tests.unit.api.service_in_memory import START_US, ServiceInMemory

MINE, THEIRS = "acme.gas.ga-1", "borealis.outlet.cod"
SPAN = "from=2026-11-01T08:00:00%2B08:00&to=2026-11-01T09:00:00%2B08:00"
S_US = 1_000_000


def packet(values: str, *, at: str = "20261101080000", mn: str = "MN-A", cn: str = "2011") -> bytes:
    """An HJ 212 packet of Beijing time."""
    return frame(f"QN={at}000;ST=31;CN={cn};PW=123456;MN={mn};Flag=5;CP=&&DataTime={at};{values}&&".encode())


def sent(data: bytes, device: str = "MN-A", enterprise: str = "acme") -> RawFrame:
    return RawFrame(enterprise=enterprise, device=device, data=data)


async def _pages(client: httpx.AsyncClient, query: str, most: int = 50) -> list[list[dict[str, Any]]]:
    pages: list[list[dict[str, Any]]] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = await client.get(f"/api/v1/raw-frames?{query}" + (f"&cursor={cursor}" if cursor else ""))
        assert answer.status_code == 200, answer.text
        RawFrames.model_validate(answer.json())
        pages.append(answer.json()["items"])
        cursor = answer.json()["next"]
        assert len(pages) <= most
    return pages


async def test_telegrams_come_newest_first_in_pages_that_neither_repeat_nor_leave_out(
    store: Stored, park: httpx.AsyncClient
) -> None:
    for block in range(4):
        frames = [sent(f"{block}-{place}".encode()) for place in range(3)]
        store.frames("hj212", START_US + block * S_US, *frames)
    store.frames("other", START_US + S_US, sent(b"1-x"))
    expected = ["3-2", "3-1", "3-0", "2-2", "2-1", "2-0", "1-x", "1-2", "1-1", "1-0", "0-2", "0-1", "0-0"]
    for limit in (1, 2, 3, 5, 13, 100):
        pages = await _pages(park, f"{SPAN}&limit={limit}")
        assert [one["text"] for page in pages for one in page] == expected, limit
    of_one = await _pages(park, f"{SPAN}&connector=other")
    assert [one["text"] for page in of_one for one in page] == ["1-x"]


async def test_telegrams_of_one_device_are_found_among_many_blocks(
    store: Stored, park: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.api.routers.raw_frames._BLOCKS", 3)
    for block in range(10):
        device = "MN-B" if block == 1 else "MN-A"
        store.frames("hj212", START_US + block * S_US, sent(b"x", device))
    pages = await _pages(park, f"{SPAN}&device=MN-B")
    assert [one["device"] for page in pages for one in page] == ["MN-B"]
    assert len(pages) > 2


async def test_a_telegram_is_told_as_text_bytes_and_fields(store: Stored, acme: httpx.AsyncClient) -> None:
    data = packet("a21026-Rtd=2.2,a21026-Flag=N")
    store.frames("hj212", START_US, sent(data), sent(b"\xff\x00", "MN-A"), sent(data[:-8] + b"0000\r\n"))
    bad, binary, good = (await _pages(acme, SPAN))[0]
    assert base64.b64decode(good["bytes_base64"]) == data
    assert good["text"] == data.decode()
    assert (good["decoded"]["cn"], good["decoded"]["mn"]) == ("2011", "MN-A")
    assert good["decoded"]["cp"]["a21026"] == {"Rtd": "2.2", "Flag": "N"}
    assert (binary["text"], binary["decoded"]) == ("\\xff\x00", None)
    assert bad["decoded"]["rejected"]


async def test_the_telegram_that_a_sample_was_read_from_is_found(store: Stored, acme: httpx.AsyncClient) -> None:
    store.samples(MINE, [START_US], 2.2)
    right = packet("ga-1-Rtd=2.2")
    received_us = START_US + 120_000
    store.frames(
        "loggers",
        received_us,
        sent(packet("ga-1-Rtd=2.1", at="20261101075900")),
        sent(packet("other-Rtd=7")),
        sent(right),
        sent(packet("ga-1-Rtd=9"), enterprise="borealis"),
    )
    store.frames("hj212", received_us, sent(packet("ga-1-Rtd=8")))
    store.frames("loggers", received_us + 1_000, sent(packet("ga-1-Rtd=3")))
    answer = await acme.get(f"/api/v1/samples/{MINE}/raw?time=2026-11-01T00:00:00.000000Z")
    assert answer.status_code == 200, answer.text
    told = answer.json()
    RawOfSample.model_validate(told)
    assert [one["text"].encode() for one in told["items"]] == [right]
    assert (told["tag"], told["received"]) == (MINE, "2026-11-01T00:00:00.120000Z")


async def test_where_no_telegram_names_the_tag_all_of_the_moment_are_told(
    store: Stored, acme: httpx.AsyncClient
) -> None:
    store.samples(MINE, [START_US], 2.2)
    store.frames("loggers", START_US + 120_500, sent(b"one"), sent(b"two"))
    told = (await acme.get(f"/api/v1/samples/{MINE}/raw?time=2026-11-01T08:00:00%2B08:00")).json()
    assert [one["text"] for one in told["items"]] == ["two", "one"]


WRONG = {
    f"/api/v1/samples/{MINE}/raw?time=2026-11-01T00:00:01Z": 404,
    f"/api/v1/samples/{THEIRS}/raw?time=2026-11-01T00:00:00Z": 404,
    "/api/v1/samples/nothing/raw?time=2026-11-01T00:00:00Z": 404,
    f"/api/v1/samples/{MINE}/raw?time=2026-11-01T00:00:00": 422,
    f"/api/v1/samples/{MINE}/raw": 422,
    "/api/v1/raw-frames?from=2026-11-02T00:00:00Z&to=2026-11-01T00:00:00Z": 422,
    "/api/v1/raw-frames?cursor=W10": 422,
}


async def test_what_is_not_there_and_what_is_wrong_is_told(store: Stored, acme: httpx.AsyncClient) -> None:
    store.samples(MINE, [START_US], 2.2)
    store.samples(THEIRS, [START_US], 77.0)
    assert {url: (await acme.get(url)).status_code for url in WRONG} == WRONG


async def test_without_the_database_it_is_said(
    service: ServiceInMemory, acme: httpx.AsyncClient, tmp_path: Path
) -> None:
    await service.queries.close()
    answer = await acme.get(f"/api/v1/raw-frames?{SPAN}")
    assert (answer.status_code, answer.json()["retry"]) == (503, True)
