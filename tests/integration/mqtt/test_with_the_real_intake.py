"""The connector in front of the journal it is made for."""

import asyncio
import time
from pathlib import Path

import numpy as np

from park.quality import LATE
from service.intake import JournalIntake
from service.journal.journal import Journal
from tests.integration.mqtt.rig import Rig, sample, until
from tests.unit.connectors.codecs.parks import NOON_US, TABLE


async def test_messages_enter_the_journal_in_their_order_so_none_is_late(rig: Rig, tmp_path: Path) -> None:
    with Journal(tmp_path / "journal.db") as journal:
        intake = JournalIntake(journal, TABLE, lambda: NOON_US + time.monotonic_ns() // 1000 % 50_000_000)
        rig.shelf = intake  # type: ignore[assignment]
        writing = asyncio.create_task(intake.run())
        async with rig.running() as running:
            with rig.gateway() as gateway:
                await gateway.send(*(sample(value) for value in range(5000)))
            await until(lambda: running.connector.health.journalled == 5000)
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
        rows = [row.batch for row in journal.read(0, max_rows=10_000) if row.batch is not None]
    assert len(rows) > 1
    assert np.concatenate([batch.value for batch in rows]).tolist() == list(range(5000))
    assert not np.any(np.concatenate([batch.quality for batch in rows]) & LATE)
