"""Who gets in: by header, by bearer token, by session; and what a session may not do from elsewhere."""

import httpx
import pytest
from fastapi import FastAPI

from service.api.keys import Keys
from tests.unit.api.service_in_memory import Callers, ServiceInMemory, client

LEVEL = "acme.tank-1.li-101"
HOST = {"Origin": "http://park.test"}


@pytest.fixture
async def page(anyone: httpx.AsyncClient, callers: Callers) -> httpx.AsyncClient:
    """A browser that has logged in."""
    answer = await anyone.post("/api/v1/session", json={"key": callers.park}, headers=HOST)
    assert answer.status_code == 200
    return anyone


@pytest.mark.parametrize("header", ["X-API-Key", "Authorization"])
async def test_a_key_comes_in_a_header(anyone: httpx.AsyncClient, callers: Callers, header: str) -> None:
    value = callers.acme if header == "X-API-Key" else f"Bearer {callers.acme}"
    answer = await anyone.get("/api/v1/session", headers={header: value})
    assert answer.json() == {
        "name": "acme-hse", "display": "acme-hse", "role": "enterprise", "enterprise": "acme",
        "park": "park", "park_name": "滨海化工园区", "must_change_password": False,
    }  # fmt: skip


async def test_a_wrong_key_is_refused_even_beside_a_good_session(page: httpx.AsyncClient) -> None:
    assert (await page.get("/api/v1/session")).status_code == 200
    answer = await page.get("/api/v1/session", headers={"X-API-Key": "pw00.no"})
    assert (answer.status_code, answer.json()["title"]) == (401, "Unauthorized")


async def test_health_is_told_without_a_key(anyone: httpx.AsyncClient) -> None:
    assert (await anyone.get("/healthz")).status_code == 200
    assert (await anyone.get("/readyz")).status_code == 200


async def test_not_ready_says_why(anyone: httpx.AsyncClient, service: ServiceInMemory) -> None:
    service.ready = False
    service.problems.append("the journal refuses rows")
    answer = await anyone.get("/readyz")
    assert (answer.status_code, answer.json()["problems"]) == (503, ["the journal refuses rows"])


async def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(
    anyone: httpx.AsyncClient, callers: Callers
) -> None:
    answer = await anyone.post("/api/v1/session", json={"key": f" {callers.park}\n"})
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert callers.park.lower() not in cookie


async def test_over_https_the_cookie_is_secure(app: FastAPI, callers: Callers) -> None:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="https://park.test") as browser:
        answer = await browser.post("/api/v1/session", json={"key": callers.park})
    assert "secure" in answer.headers["set-cookie"].lower()


async def test_a_session_acts_from_its_own_page_only(page: httpx.AsyncClient, service: ServiceInMemory) -> None:
    url = f"/api/v1/alerts/{service.raise_alert(LEVEL)}/ack"
    for headers in ({}, {"Origin": "http://evil.test"}, {"Origin": "null"}, {"Sec-Fetch-Site": "same-site"}):
        assert (await page.post(url, json={"level": "H"}, headers=headers)).status_code == 403
    assert service.commands == []
    for headers in (HOST, {"Sec-Fetch-Site": "same-origin"}):
        assert (await page.post(url, json={"level": "H"}, headers=headers)).status_code == 200


async def test_logging_in_from_another_site_is_refused(anyone: httpx.AsyncClient, callers: Callers) -> None:
    answer = await anyone.post("/api/v1/session", json={"key": callers.park}, headers={"Origin": "http://evil.test"})
    assert answer.status_code == 403


async def test_logging_out_forgets_the_session(page: httpx.AsyncClient) -> None:
    assert (await page.delete("/api/v1/session", headers=HOST)).status_code == 204
    assert (await page.get("/api/v1/session")).status_code == 401


async def test_revoking_a_key_ends_its_sessions(page: httpx.AsyncClient, keys: Keys) -> None:
    keys.revoke("control-room")
    assert (await page.get("/api/v1/tags")).status_code == 401


async def test_guessing_is_slowed_down(anyone: httpx.AsyncClient, callers: Callers) -> None:
    for _ in range(5):
        assert (await anyone.post("/api/v1/session", json={"key": "pw00.guess"})).status_code == 401
    answer = await anyone.post("/api/v1/session", json={"key": callers.park})
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["retry-after"]) <= 60


async def test_metrics_need_a_key_for_the_whole_park(app: FastAPI, callers: Callers) -> None:
    async with client(app, callers.acme) as acme, client(app, callers.park) as park:
        assert (await acme.get("/metrics")).status_code == 403
        assert (await park.get("/metrics")).status_code == 200


async def test_every_answer_carries_the_security_headers(anyone: httpx.AsyncClient) -> None:
    for url in ("/", "/healthz", "/api/v1/tags", "/nowhere"):
        headers = (await anyone.get(url)).headers
        assert "script-src 'self'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] in ("no-store", "no-cache")
