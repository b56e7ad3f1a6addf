"""Whatever goes wrong is told as a problem: the field, the value, the cure."""

import uuid

import httpx
import pytest

from connectors.base import IntakeRefused
from service.alerts.book import Command
from service.alerts.model import Alert
from tests.unit.api.service_in_memory import ServiceInMemory

LEVEL = "acme.tank-1.li-101"
TAGS = "&".join(f"tag=t{k}" for k in range(101))


@pytest.mark.parametrize(
    ("url", "field", "says"),
    [
        ("/api/v1/tags?limit=0", "limit", "use 1 or more"),
        ("/api/v1/tags?limit=x", "limit", "use a whole number"),
        ("/api/v1/tags?cursor=rubbish", "cursor", "use `next` of the page before"),
        ("/api/v1/tags?cursor=WzFd", "cursor", "use `next` of the page before"),
        ("/api/v1/sources?kind=castle", "kind", "'tank'"),
        ("/api/v1/alerts?state=angry", "state.0", "'unack'"),
        ("/api/v1/alerts?from=yesterday", "from", "write it as 2026-11-01T08:00:00+08:00"),
        ("/api/v1/alerts?from=2026-11-01T08:00:00", "from", "write 2026-11-01T08:00:00+08:00"),
        ("/api/v1/alerts?from=2026-11-02T00:00:00Z&to=2026-11-01T00:00:00Z", "to", "later than `from`"),
        ("/api/v1/alerts/not-an-id", "alert_id", ""),
        ("/api/v1/alerts?history=true&cursor=WzEsIngiXQ", "cursor", "use `next` of the page before"),
        ("/api/v1/samples", "tag", "give tag"),
        (f"/api/v1/samples?{TAGS}", "tag", "in several requests"),
        (f"/api/v1/samples?tag={LEVEL}&resolution=2h", "resolution", "'raw'"),
        (f"/api/v1/samples?tag={LEVEL}&limit=200001", "limit", "use format=csv or format=arrow"),
        (f"/api/v1/samples?tag={LEVEL}&from=2027-01-01T00:00:00Z", "from", "give a `from` that is earlier"),
        ("/api/v1/samples?tag=a%00b", "url", "remove %00"),
        ("/api/v1/live?after=abc", "after", "use an id as it came"),
        ("/api/v1/live?values=some", "values", ""),
        ("/api/v1/live?values_every_ms=1", "values_every_ms", "use 200 or more"),
    ],
)
async def test_a_wrong_parameter_is_named_with_its_cure(
    park: httpx.AsyncClient, url: str, field: str, says: str
) -> None:
    answer = await park.get(url)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    problem = answer.json()
    assert problem["errors"][0]["field"] == field
    assert says in problem["errors"][0]["fix"]
    assert field in problem["detail"]


async def test_a_body_that_is_not_json_or_says_too_much_is_refused(
    service: ServiceInMemory, park: httpx.AsyncClient
) -> None:
    url = f"/api/v1/alerts/{service.raise_alert(LEVEL)}/ack"
    not_json = await park.post(url, content=b"{", headers={"Content-Type": "application/json"})
    too_much = await park.post(url, json={"level": "H", "colour": "red"})
    too_little = await park.post(url, json={})
    fixes = [one.json()["errors"][0]["fix"] for one in (not_json, too_much, too_little)]
    assert fixes == ["send JSON", "remove colour", "give level"]


async def test_a_login_that_is_malformed_does_not_echo_the_key(anyone: httpx.AsyncClient) -> None:
    for body in ({"key": "pw12.secret", "extra": 1}, {"key": "secret" * 100}, {"token": "pw12.secret"}):
        answer = await anyone.post("/api/v1/session", json=body)
        assert answer.status_code == 422
        assert "secret" not in answer.text


async def test_an_unknown_path_and_a_wrong_method_are_problems_too(park: httpx.AsyncClient) -> None:
    unknown, wrong = await park.get("/api/v2/tags"), await park.delete("/api/v1/tags")
    assert (unknown.status_code, wrong.status_code) == (404, 405)
    assert unknown.json()["detail"].startswith("there is nothing at /api/v2/tags")
    assert wrong.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "url", [f"/api/v1/alerts/{uuid.UUID(int=1)}/ack", "/api/v1/tags/acme.x.y", "/api/v1/live?tags=acme.x.y"]
)
async def test_what_is_not_there_is_404(park: httpx.AsyncClient, service: ServiceInMemory, url: str) -> None:
    if "alerts" in url:
        answer = await park.post(url, json={"level": "H"})
        assert answer.status_code == 503  # it may be in the store, which does not answer: 404 would be a guess
    else:
        answer = await park.get(url)
        assert answer.status_code == 404
    assert answer.json()["status"] == answer.status_code


async def test_a_body_beyond_the_limit_is_refused(service: ServiceInMemory, park: httpx.AsyncClient) -> None:
    url = f"/api/v1/alerts/{service.raise_alert(LEVEL)}/comment"
    answer = await park.post(url, json={"comment": "x" * 70_000})
    assert (answer.status_code, answer.headers["content-type"]) == (413, "application/problem+json")


async def test_a_journal_that_refuses_is_a_503_that_may_be_tried_again(
    service: ServiceInMemory, park: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(command: Command) -> Alert:
        raise IntakeRefused("disk full")

    monkeypatch.setattr(service, "command", refuse)
    answer = await park.post(f"/api/v1/alerts/{service.raise_alert(LEVEL)}/ack", json={"level": "H"})
    assert (answer.status_code, answer.json()["retry"]) == (503, True)
    assert "disk full" in answer.json()["detail"]


async def test_a_defect_of_ours_is_a_500_without_its_insides(
    service: ServiceInMemory, park: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "connectors", lambda: 1 / 0)
    answer = await park.get("/api/v1/connectors")
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert "division" not in answer.text


async def test_history_without_a_database_is_503_and_the_rest_goes_on(
    service: ServiceInMemory, park: httpx.AsyncClient
) -> None:
    service.raise_alert(LEVEL)
    for url in (f"/api/v1/samples?tag={LEVEL}", "/api/v1/alerts?history=true", "/api/v1/dead-letters"):
        answer = await park.get(url)
        assert (answer.status_code, answer.json()["type"]) == (503, "urn:parkwatch:problem:store-unavailable")
    for url in ("/api/v1/tags", "/api/v1/alerts", "/api/v1/connectors", "/api/v1/status", "/metrics"):
        assert (await park.get(url)).status_code == 200


async def test_an_accept_that_takes_none_of_ours_is_406(park: httpx.AsyncClient) -> None:
    answer = await park.get(f"/api/v1/samples?tag={LEVEL}", headers={"Accept": "image/png"})
    assert (answer.status_code, answer.headers["content-type"]) == (406, "application/problem+json")
