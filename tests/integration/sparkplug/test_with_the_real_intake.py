"""The connector in front of the journal it is made for: what is late, what is shown, what is kept aside."""

import asyncio
import time
from pathlib import Path

from connectors.sparkplug.payload_pb2 import Payload
from park.quality import describe
from service.intake import JournalIntake
from service.journal.journal import Journal
from tests.integration.mqtt.rig import until
from tests.integration.sparkplug.rig import Rig, now_ms
from tests.unit.connectors.sparkplug.plant import TABLE, by_alias


async def test_history_is_late_a_death_is_the_newest_and_the_next_birth_newer(rig: Rig, tmp_path: Path) -> None:
    with Journal(tmp_path / "journal.db") as journal:
        intake = JournalIntake(journal, TABLE, lambda: time.time_ns() // 1000)
        rig.shelf = intake  # type: ignore[assignment]
        writing = asyncio.create_task(intake.run())
        async with rig.running() as running:
            health = running.connector.health
            with rig.edge(obeys=False) as edge:
                edge.birth(50.0)
                await until(lambda: health.journalled == 4)
                old = [by_alias(1, float(n), timestamp=now_ms() - 60_000 + n, is_historical=True) for n in range(3)]
                edge.send("NDATA", old)
                await until(lambda: health.journalled == 7)
                edge.send("NDATA", [by_alias(7, 1.0)])
                await until(lambda: health.dead_letters == 1)
            await until(lambda: health.journalled >= 12)
            before = health.journalled
            with rig.edge(bd_seq=1) as edge:
                edge.birth(51.0)
                await until(lambda: health.journalled == before + 4)
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
        rows = list(journal.read(0, max_rows=10_000))
    level = TABLE.by_id("E1.tank.level")
    assert level is not None
    told = [
        (value, describe(quality))
        for row in rows
        if row.batch is not None
        for tag, value, quality in zip(row.batch.tag, row.batch.value.tolist(), row.batch.quality.tolist(), strict=True)
        if tag == level.ix
    ]
    assert [quality for _, quality in told if quality != "bad/not_connected"] == ["good", *["good late"] * 3, "good"]
    assert told[-1] == (51.0, "good")
    assert "bad/not_connected" in [quality for _, quality in told]
    (letter,) = [letter for row in rows for letter in row.extras.letters]
    assert Payload.FromString(letter.raw).metrics[0].alias == 7
