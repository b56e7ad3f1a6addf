"""A whole service: what people put aside, and what is going on, through the journal into ledger, stream and store."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.integration.service.conftest import Serving
from tests.integration.service.rig import Rig
from tests.integration.service.small import sample, until


def soon(seconds: float) -> str:
    """RFC 3339, so many seconds from now."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


async def standing(rig: Rig, state: str) -> dict[str, Any]:
    """The one alert in this state, once there is one."""
    found: list[dict[str, Any]] = []

    async def there() -> bool:
        nonlocal found
        found = (await rig.get("alerts", state=state))["items"]
        return bool(found)

    await until(there)
    (one,) = found
    return one


async def test_alert_shelved_for_a_moment_comes_back_by_itself(serving: Serving) -> None:
    async with serving() as rig:
        await rig.gateway.send(sample(85))
        alert = await standing(rig, "unack")
        async with rig.client(rig.park.key()) as park:
            body = {"reason": "已现场核对", "duration": "2s"}
            answer = await park.post(f"alerts/{alert['id']}/shelve", json=body)
        assert (answer.status_code, answer.json()["state"]) == (200, "shelved")
        assert [one["id"] for one in (await rig.get("ledger"))["items"]] == [alert["id"]]
        shelved_s = time.monotonic()
        back = await standing(rig, "unack")
        assert time.monotonic() - shelved_s < 6, "a row a second finds it"
        assert back["id"] == alert["id"]
        events = (await rig.get(f"alerts/{alert['id']}"))["events"]
        assert [one["trigger"] for one in events] == ["raised", "shelve", "expired"]


async def test_context_suppresses_ends_and_is_kept(serving: Serving) -> None:
    async with serving() as rig, rig.client(rig.park.key()) as park:
        body = {"kind": "calibration", "enterprise": "acme", "source": "acme.tank", "to": soon(3), "reason": "校准"}
        entry = (await park.post("contexts", json=body)).json()
        await rig.gateway.send(sample(85))
        alert = await standing(rig, "suppressed")
        assert alert["aside_by"] == f"context:{entry['id']}"
        assert (await standing(rig, "unack"))["id"] == alert["id"]
        assert (await rig.get("contexts"))["items"] == []

        async def stored() -> bool:
            kept = (await rig.get("contexts", history=True))["items"]
            return [one["state"] for one in kept] == ["over"]

        await until(stored)
        (chain,) = rig.rows("SELECT count(*), max(seq) FROM alert_event")
        assert chain[0] == chain[1], "no number is missing"
