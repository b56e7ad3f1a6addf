"""Rules tried on stored samples over the interface: asked for, watched, read page by page, cancelled."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from rules.spec import RuleSet
from service.api.routers import backtests as router
from service.backtest.jobs import MOST_WAITING, Backtests
from tests.integration.api.conftest import Stored
from tests.unit.api.service_in_memory import SECOND_US, START_US, ServiceInMemory

LEVEL = "acme.tank-1.li-101"
#: Nine metres are high; so they are by the tag's own limits, but these wait for ten seconds.
RULES = "rules:\n  - {id: tag-limits, kind: limit, applies_to: {tag: [li-101]}, limits: {H: 9, on_delay: 10s}}\n"
ASKED = {"rules": RULES, "from": "2026-11-01T08:00:00+08:00", "to": "2026-11-01T08:05:00+08:00"}


@pytest.fixture
def measured(store: Stored) -> Stored:
    """A level that is high for a minute, and once more for five seconds."""
    times = [START_US + second * SECOND_US for second in range(1, 300)]
    high = [60 <= second < 120 or 200 <= second < 205 for second in range(1, 300)]
    store.samples(LEVEL, times, [9.5 if one else 8.0 for one in high])
    store.samples("borealis.outlet.cod", times, 77.0)
    return store


async def _until_over(park: httpx.AsyncClient, backtest_id: str) -> dict[str, Any]:
    async with asyncio.timeout(60):
        while True:
            found: dict[str, Any] = (await park.get(f"/api/v1/backtests/{backtest_id}")).json()
            if found["state"] not in ("waiting", "running"):
                return found
            await asyncio.sleep(0.05)


async def _started(park: httpx.AsyncClient, **asked: Any) -> str:
    answer = await park.post("/api/v1/backtests", json=ASKED | asked)
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"/api/v1/backtests/{answer.json()['id']}"
    return str(answer.json()["id"])


async def test_backtest_tells_what_would_be_raised_and_how_that_differs_from_the_live_rules(
    measured: Stored, park: httpx.AsyncClient
) -> None:
    found = await _until_over(park, await _started(park, against_live=True))
    assert (found["state"], found["error"], found["done"]) == ("done", "", 1.0)
    result = found["result"]
    assert (result["alerts"], result["by_rule"][0]["total_s"]) == (1, 50.0)
    assert result["by_source"][0]["source"] == "acme.tank-1"
    against = result["against"]
    assert {kind: against[kind] for kind in ("added", "removed", "moved", "same")} == {
        "added": 0,
        # The short one; and those that the live rules raise elsewhere: the effluent, and who fell silent.
        "removed": against["removed"],
        "moved": 1,
        "same": 0,
    }
    removed = {(one["target"], one["level"]) for one in against["removed_alerts"]}
    assert {(LEVEL, "H"), ("borealis.outlet.cod", "H")} <= removed
    (moved,) = against["moved_alerts"]
    assert (moved["target"], moved["raised_later_s"], moved["cleared_later_s"]) == (LEVEL, 10.0, 0.0)


async def test_transitions_are_read_page_by_page(measured: Stored, park: httpx.AsyncClient) -> None:
    backtest_id = await _started(park)
    await _until_over(park, backtest_id)
    url, told = f"/api/v1/backtests/{backtest_id}/transitions?limit=1", []
    while url:
        page = await park.get(url)
        assert page.headers["content-type"].startswith("application/x-ndjson")
        told += [json.loads(line) for line in page.text.splitlines()]
        url = page.links["next"]["url"] if "next" in page.links else ""
    assert [(one["state"], one["effective"][11:19]) for one in told] == [
        ("raised", "00:01:10"),
        ("cleared", "00:02:00"),
    ]
    assert {(one["rule"], one["target"], one["level"]) for one in told} == {("tag-limits", LEVEL, "H")}


async def test_only_the_tags_that_are_named_are_played(measured: Stored, park: httpx.AsyncClient) -> None:
    all_limits = "rules:\n  - {id: tag-limits, kind: limit}\n"
    found = await _until_over(park, await _started(park, rules=all_limits, tags=["borealis"]))
    assert [one["source"] for one in found["result"]["by_source"]] == ["borealis.outlet"]
    assert found["result"]["samples"] == 299


async def test_span_without_samples_raises_nothing(measured: Stored, park: httpx.AsyncClient) -> None:
    found = await _until_over(
        park, await _started(park, **{"from": "2020-01-01T00:00:00Z", "to": "2020-01-02T00:00:00Z"})
    )
    assert (found["state"], found["result"]["alerts"], found["result"]["samples"]) == ("done", 0, 0)


async def test_database_that_does_not_answer_is_told(park: httpx.AsyncClient, service: ServiceInMemory) -> None:
    service.backtests._dsn = "postgresql://nobody@127.0.0.1:1/none"
    found = await _until_over(park, await _started(park))
    assert found["state"] == "failed"
    assert "127.0.0.1" in found["error"]


@pytest.mark.parametrize(
    ("asked", "field", "problem"),
    [
        ({"rules": "rules:\n  - {id: x, kind: limt}\n"}, "rules:2:", "limt"),
        ({"to": ASKED["from"]}, "to", "not after"),
        ({"from": "2026-11-01T08:00:00"}, "from", "no offset"),
        ({"from": "2020-11-01T08:00:00Z"}, "from", "more than 400 days"),
        ({"tick": "1"}, "tick", "not a duration"),
    ],
)
async def test_what_is_wrong_is_told_at_once(
    park: httpx.AsyncClient, asked: dict[str, Any], field: str, problem: str
) -> None:
    answer = await park.post("/api/v1/backtests", json=ASKED | asked)
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["field"].startswith(field)
    assert problem in error["problem"]


async def test_waiting_and_running_backtests_can_be_cancelled(
    measured: Stored, park: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = await _started(park), await _started(park)
    for backtest_id in (second, first):
        assert (await park.delete(f"/api/v1/backtests/{backtest_id}")).json()["state"] in ("cancelled", "done")
    assert (await _until_over(park, second))["state"] == "cancelled"
    third = await _started(park)
    assert (await _until_over(park, third))["state"] == "done", "and the next one runs"
    shown = (await park.get("/api/v1/backtests")).json()["items"]
    assert [one["id"] for one in shown] == [third, second, first]
    assert (await park.delete(f"/api/v1/backtests/{third}")).json()["state"] == "done", "what is over stays"


async def test_more_than_a_few_are_not_queued(measured: Stored, park: httpx.AsyncClient) -> None:
    answers = [await park.post("/api/v1/backtests", json=ASKED) for _ in range(MOST_WAITING + 2)]
    assert [one.status_code for one in answers].count(202) in (MOST_WAITING, MOST_WAITING + 1)
    assert answers[-1].status_code == 503
    assert answers[-1].headers["retry-after"] == "30"


async def test_old_results_are_forgotten(
    measured: Stored, park: httpx.AsyncClient, service: ServiceInMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.backtest.jobs._MOST_KEPT", 1)
    ids = []
    for _ in range(3):
        ids.append(await _started(park))
        await _until_over(park, ids[-1])
    assert (await park.get(f"/api/v1/backtests/{ids[0]}")).status_code == 404
    assert (await park.get(f"/api/v1/backtests/{ids[1]}")).status_code == 200


async def test_one_enterprise_may_not_try_rules_on_the_park(acme: httpx.AsyncClient, park: httpx.AsyncClient) -> None:
    backtest_id = await _started(park)
    for method, url, body in (
        ("POST", "", ASKED),
        ("GET", "", None),
        ("GET", f"/{backtest_id}", None),
        ("GET", f"/{backtest_id}/transitions", None),
        ("DELETE", f"/{backtest_id}", None),
    ):
        answer = await acme.request(method, f"/api/v1/backtests{url}", json=body)
        assert answer.status_code == 403, (method, url)


async def test_service_that_stops_ends_what_runs(
    measured: Stored, park: httpx.AsyncClient, service: ServiceInMemory
) -> None:
    backtest_id = await _started(park)
    one = service.backtests.get(backtest_id)
    assert one is not None
    await service.backtests.close()
    assert one.is_over
    assert not one.directory.exists()


async def test_rules_reach_the_process_of_their_own_as_they_are(service: ServiceInMemory) -> None:
    from service.backtest.orders import Order

    rules = RuleSet.model_validate(
        {
            "rules": [
                {
                    "id": "a",
                    "kind": "limit",
                    "limits": {"H": {"limit": 1.5, "on_delay": "1.5s"}},
                    "valid_from": "2026-01-01",
                },
                {"id": "b", "kind": "stale", "stale_after": "90s", "stale_delay": "0s"},
                {"id": "c", "kind": "limit", "priority": {"H": 4}, "applies_to": {"source_kind": ["tank"]}},
            ]
        }
    )
    order = Order.of(service.tags.park, RULES, rules, service.norms, from_us=1, to_us=2)
    job = order.job()
    assert job.against == rules
    assert job.tags.park == service.tags.park
    assert job.norms == service.norms


def test_half_a_line_is_not_handed_out(tmp_path: Any) -> None:
    read: Callable[..., Any] = router._lines
    file = tmp_path / "told"
    assert read(file, 0, 10) == (b"", 0, False)
    file.write_bytes(b"{1}\n{2}\n{3")
    assert read(file, 0, 1) == (b"{1}\n", 4, True)
    assert read(file, 4, 10) == (b"{2}\n", 8, False)


def test_nothing_is_made_before_the_first_order(tmp_path: Any) -> None:
    assert Backtests("", tmp_path / "backtests", lambda: 0).list() == []
    assert not (tmp_path / "backtests").exists()
