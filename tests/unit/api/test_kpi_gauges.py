"""Key figures of this moment, as Prometheus reads them."""

import httpx

from rules.transition import Change
from tests.unit.api.service_in_memory import SECOND_US, START_US, ServiceInMemory

LEVEL = "acme.tank-1.li-101"
DAY_US = 86_400 * SECOND_US


async def gauges(park: httpx.AsyncClient) -> tuple[float, ...]:
    """Raised lately, standing, floods, chattering."""
    lines = dict(line.rsplit(" ", 1) for line in (await park.get("/metrics")).text.splitlines() if line[0] != "#")
    names = ("alarms_10min", "alarms_standing", "alarm_floods", "alarms_chattering")
    return tuple(float(lines[f"parkwatch_{name}"]) for name in names)


def alarm(service: ServiceInMemory, at_us: int) -> None:
    service.now_us = at_us
    service.raise_alert(LEVEL, onset_us=at_us)
    service.change(Change.CLEARED, LEVEL, onset_us=at_us)


async def test_a_quiet_park_has_none(park: httpx.AsyncClient) -> None:
    assert await gauges(park) == (0, 0, 0, 0)


async def test_a_flood_of_one_chattering_alarm_comes_and_goes(
    service: ServiceInMemory, park: httpx.AsyncClient
) -> None:
    for i in range(11):
        alarm(service, START_US + i * SECOND_US)
    assert await gauges(park) == (11, 0, 1, 1)
    service.now_us += 60 * SECOND_US
    assert await gauges(park) == (11, 0, 1, 0)
    service.now_us = START_US + 606 * SECOND_US
    assert await gauges(park) == (4, 0, 0, 0)


async def test_an_alarm_stands_after_a_day_until_it_is_over(service: ServiceInMemory, park: httpx.AsyncClient) -> None:
    service.raise_alert(LEVEL)
    service.now_us += DAY_US - 1
    assert await gauges(park) == (0, 0, 0, 0)
    service.now_us += 1
    assert await gauges(park) == (0, 1, 0, 0)
    service.change(Change.CLEARED, LEVEL)
    assert await gauges(park) == (0, 0, 0, 0)


async def test_key_figures_need_the_store(park: httpx.AsyncClient) -> None:
    assert (await park.get("/api/v1/kpi")).status_code == 503
