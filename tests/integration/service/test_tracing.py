"""A fence smells benzene: the service traces the alert by itself, keeps the answer, and has it after a restart."""

from typing import Any

import pytest

from tests.integration.service.conftest import Serving
from tests.integration.service.rig import Rig
from tests.integration.service.small import SmallPark, now_ms, sample, until

PARK = """\
id: park
name: Park
enterprises:
  - id: acme
    name: Acme
    sources:
      - id: weather
        kind: weather_station
        position: [120.87, 30.15]
        from: {connector: gate}
        tags: [{id: speed, quantity: wind_speed, unit: m/s}, {id: direction, quantity: wind_direction, unit: °}]
      - id: fence
        kind: fence_line
        position: [120.8700, 30.1500]
        from: {connector: gate}
        tags: [{id: benzene, quantity: benzene, unit: mg/m3, alarms: {H: 0.4}}]
      - {id: T-east, kind: tank, position: [120.8740, 30.1500], tags: [],
         hazard: {grade: 4, population_500m: 0, chemicals: [{name: benzene, q_t: 60}]}}
      - {id: T-west, kind: tank, position: [120.8660, 30.1500], tags: [],
         hazard: {grade: 4, population_500m: 0, chemicals: [{name: benzene, q_t: 60}]}}
"""
_MINUTE_MS = 60_000


@pytest.fixture
def small_park(small_park: SmallPark) -> SmallPark:
    """With a fence, the wind, and a tank on either side."""
    (small_park.directory / "park.yaml").write_text(PARK, "utf-8")
    return small_park


async def live_through(rig: Rig) -> None:
    """Two hours of wind from the east, an hour of clean air, and a rise five minutes ago."""
    now = now_ms()
    for minutes_ago in range(125, 0, -5):
        at = now - minutes_ago * _MINUTE_MS
        await rig.gateway.send(sample(3.0, "weather.speed", t_ms=at))
        await rig.gateway.send(sample(90.0, "weather.direction", t_ms=at))
    for minutes_ago in range(64, 0, -2):
        value = 1.5 if minutes_ago <= 6 else 0.01
        await rig.gateway.send(sample(value, "fence.benzene", t_ms=now - minutes_ago * _MINUTE_MS))


async def test_alert_of_the_fence_is_traced_to_the_tank_upwind_and_kept(serving: Serving) -> None:
    async with serving(tracing={"settle": "2s"}) as rig:
        await live_through(rig)
        found: dict[str, Any] = {}

        async def is_traced() -> bool:
            for alert in (await rig.get("alerts"))["items"]:
                if alert["target"] == "acme.fence.benzene":
                    found.update(await rig.get(f"alerts/{alert['id']}/trace"))
            return bool(found.get("stored"))

        await until(is_traced, within_s=60.0)
        assert found["ranking"][0]["source"] == "acme.T-east"
        assert found["ranking"][0]["score"] > 0.8
        assert rig.rows("SELECT count(*), max(revision) FROM trace") == [(1, 1)]
    async with serving(tracing={"settle": "2s"}) as rig:
        again = await rig.get(f"alerts/{found['alert']}/trace")
        assert (again["stored"], again["ranking"]) == (True, found["ranking"])
        assert rig.rows("SELECT count(*) FROM trace") == [(1,)]


async def test_switched_off_it_traces_for_whoever_asks_and_keeps_nothing(serving: Serving) -> None:
    async with serving(tracing={"automatic": False}) as rig:
        await live_through(rig)

        async def is_raised() -> list[str]:
            alerts = (await rig.get("alerts"))["items"]
            return [one["id"] for one in alerts if one["target"] == "acme.fence.benzene"]

        await until(is_raised)
        (alert,) = await is_raised()
        await rig.until_stored(25 * 2 + 32)
        found = await rig.get(f"alerts/{alert}/trace")
        assert (found["stored"], found["ranking"][0]["source"]) == (False, "acme.T-east")
        assert rig.rows("SELECT count(*) FROM trace") == [(0,)]
