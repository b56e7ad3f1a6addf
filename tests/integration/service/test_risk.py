"""From a gateway's message to colours, their history in the database, and the key figures, by a whole service."""

from typing import Any

from tests.integration.service.conftest import Serving
from tests.integration.service.rig import Rig
from tests.integration.service.small import sample, until


async def colours(rig: Rig) -> dict[str, str]:
    """Of the park and the enterprises, as told now."""
    tree = await rig.get("risk")
    return {one["subject"]: one["colour"] for one in (tree["park"], *tree["enterprises"])}


async def history(rig: Rig, **wanted: Any) -> list[str]:
    """Colours, oldest first."""
    return [one["colour"] for one in reversed((await rig.get("risk/history", **wanted))["items"])]


async def test_an_alarm_colours_its_enterprise_and_the_history_outlives_a_restart(serving: Serving) -> None:
    touchy = {"level": {"H": 60}}
    async with serving(risk=touchy) as rig:
        assert set((await colours(rig)).values()) == {"blue"}
        await rig.gateway.send(sample(85.0))

        async def is_orange() -> bool:
            return await colours(rig) == {"park": "orange", "acme": "orange", "zeta": "blue"}

        await until(is_orange)
        await rig.gateway.send(sample(50.0))

        async def is_told() -> bool:
            return await history(rig, subject="acme") == ["orange", "blue"]

        await until(is_told)
    async with serving(risk=touchy) as rig:
        assert await history(rig, subject="acme") == ["orange", "blue"]
        assert await history(rig, subject="park") == ["orange", "blue"]
        found = await rig.get("kpi", by="enterprise")
        assert (found["all"]["alarms"], [one["id"] for one in found["groups"]]) == (1, ["acme"])
