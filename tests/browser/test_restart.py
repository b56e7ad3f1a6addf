"""The service dies and comes back under an open page: the page says so, and then misses nothing and doubles nothing."""

import asyncio
import signal
import time
from collections.abc import Callable
from pathlib import Path

from playwright.async_api import expect

from deploy.embedded.ports import free_port
from tests.browser.conftest import Crowd
from tests.integration.cli.serve import Serve
from tests.integration.service.rig import Rig
from tests.integration.service.small import SmallPark, sample

#: So soon the page must say that it is cut off, milliseconds.
SAID_MS = 3_000


async def test_a_killed_service_is_unmistakable_and_its_return_brings_every_alert_once(
    small_park: SmallPark, database: str, serve: Callable[[Path], Serve], crowd: Crowd
) -> None:
    config = small_park.write_config(database, port=free_port())
    rig, first = Rig(small_park, database), serve(config)
    url = await asyncio.to_thread(first.until_up)
    async with rig.looking_at(url):
        wang = await crowd.log_in(url, small_park.data_dir, "wang")
        await rig.gateway.send(sample(91.0))
        await expect(wang.alerts).to_have_count(1, timeout=10_000)
        first.stop(signal.SIGKILL)
        began_s = time.monotonic()
        await expect(wang.page.locator("#lost")).to_be_visible(timeout=SAID_MS)
        assert time.monotonic() - began_s < SAID_MS / 1e3
        second = serve(config)
        await asyncio.to_thread(second.until_up)
        await rig.gateway.send(sample(70.0, "outlet.nmhc"), topic=rig.park.topic("zeta"))
        await expect(wang.page.locator("#lost")).to_be_hidden(timeout=20_000)
        await expect(wang.alerts).to_have_count(2, timeout=20_000)
        ids = await wang.page.eval_on_selector_all(".row.alert .what", "all => all.map((one) => one.textContent)")
        assert len(ids) == len(set(ids)) == 2
