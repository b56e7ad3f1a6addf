"""Trends against a naive oracle; sources, enterprises and the plan as people see them."""

import math
from datetime import datetime
from typing import Any

import httpx
import numpy as np
import pytest

from park.quality import Quality
from tests.integration.api.conftest import Stored
from tests.unit.api.service_in_memory import START_US, ServiceInMemory

LEVEL, COD = "acme.tank-1.li-101", "borealis.outlet.cod"
SECOND_US = 1_000_000


def iso(time_us: int) -> str:
    return datetime.fromtimestamp(time_us / 1e6).astimezone().isoformat()


async def asked(who: httpx.AsyncClient, params: dict[str, Any], status: int = 200) -> dict[str, Any]:
    answer = await who.get("/api/v1/trends", params=params)
    assert answer.status_code == status, answer.text
    made: dict[str, Any] = answer.json()
    return made


@pytest.mark.parametrize(("span_s", "bucket_s"), [(600, 1), (3_600, 10), (86_400, 300), (30 * 86_400, 10_800)])
async def test_buckets_are_what_one_computes_by_hand(
    park: httpx.AsyncClient, store: Stored, span_s: int, bucket_s: int
) -> None:
    rng = np.random.default_rng(span_s)
    times = START_US + np.sort(rng.choice(span_s * 10, 400, replace=False)) * 100_000
    values = rng.normal(5, 2, 400)
    bad = rng.random(400) < 0.3
    store.samples(LEVEL, times, values, np.where(bad, int(Quality.BAD), 0))
    found = await asked(park, {"tag": [LEVEL, COD], "from": iso(START_US), "to": iso(START_US + span_s * SECOND_US)})
    assert found["bucket_s"] == bucket_s
    columns = found["tags"][LEVEL]
    width_us = bucket_s * SECOND_US
    by_bucket: dict[int, list[tuple[float, bool]]] = {}
    for time_us, value, is_bad in zip(times.tolist(), values.tolist(), bad.tolist(), strict=True):
        by_bucket.setdefault(time_us // width_us * width_us, []).append((value, is_bad))
    assert columns["time_ms"] == [one // 1_000 for one in sorted(by_bucket)]
    for k, start in enumerate(sorted(by_bucket)):
        rows = by_bucket[start]
        good = [value for value, is_bad in rows if not is_bad]
        assert columns["good"][k] == pytest.approx(len(good) / len(rows), abs=1e-3)
        if good:
            assert columns["mean"][k] == pytest.approx(math.fsum(good) / len(good), abs=1e-5)
            assert (columns["min"][k], columns["max"][k]) == pytest.approx((min(good), max(good)), abs=1e-5)
        else:
            assert columns["mean"][k] is None


async def test_what_makes_no_sense_is_refused_by_name(park: httpx.AsyncClient, store: Stored) -> None:
    assert "tag" in (await asked(park, {"tag": [f"a.b.{n}" for n in range(51)]}, 422))["detail"]
    await asked(park, {"tag": "acme.tank-1.none"}, 404)
    backwards = {"from": iso(START_US), "to": iso(START_US - 1)}
    assert "before `to`" in (await asked(park, {"tag": LEVEL, **backwards}, 422))["detail"]


async def test_a_source_and_an_enterprise_say_who_they_are(
    park: httpx.AsyncClient, acme: httpx.AsyncClient, service: ServiceInMemory
) -> None:
    service.raise_alert(LEVEL)
    source = (await park.get("/api/v1/sources/acme.tank-1")).json()
    assert (source["enterprise_name"], source["alerts"], source["judged"]) == ("安科化学", 1, False)
    assert (await park.get("/api/v1/sources/borealis.outlet")).json()["judged"] is True
    enterprise = (await acme.get("/api/v1/enterprises/acme")).json()
    assert [one["id"] for one in enterprise["sources"]] == ["acme.tank-1", "acme.gas"]
    for path in ("sources/borealis.outlet", "enterprises/borealis", "sources/acme", "enterprises/park"):
        assert (await acme.get(f"/api/v1/{path}")).status_code == 404, path
    assert (await acme.get("/api/v1/sources/park.weather")).json()["shared"] is True
    assert (await acme.get("/api/v1/park/plan")).json() == {"type": "FeatureCollection", "features": []}
