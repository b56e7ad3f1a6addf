"""Reported means, telegrams, notes and touched minutes: from the intake through the journal into the tables."""

import asyncio
import json
import uuid
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psycopg
import pytest

from connectors.base import RawFrame
from park.batch import empty_batch
from park.periods import PeriodBatch
from service.intake import JournalIntake
from service.journal.journal import Journal
from service.journal.rows import Extras
from service.store.raw import pack, unpack
from service.store.touched import Minute, Touched, minutes_of
from tests.integration.store.stores import caught_up, journal_samples, query, registered, until, writing
from tests.unit.service.evidence import frame, note, period
from tests.unit.service.making import NOON_US, S_US, HandClock, batch_of

NO = 3  # zeta.outlet.NO, an emission monitor
LEVEL = 1
MINUTE_US = 60 * S_US


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "journal.db") as journal:
        registered(journal)
        yield journal


def _reported(database: str) -> list[tuple[float, str]]:
    return query(database, "SELECT avg, flag FROM period_report ORDER BY start, received")


def _report(journal: Journal, *periods: PeriodBatch, after_s: int = 1) -> None:
    for one in periods:
        received_us = max(journal.last_received_us, NOON_US) + after_s * S_US
        journal.append(received_us=received_us, batch=None, extras=Extras(periods=one.to_bytes()))


async def test_all_that_is_put_is_stored_when_put_returns_it_is_in_the_journal(journal: Journal, database: str) -> None:
    intake = JournalIntake(journal, registered(journal), HandClock(), tick_s=0.005)
    running = asyncio.create_task(intake.run())
    await intake.put(
        batch_of((NO, NOON_US, 5.0), origin="hj212"),
        periods=period(NO, NOON_US - MINUTE_US, 4.0),
        frames=[frame("##one"), frame("##two", device="MN2")],
    )
    await intake.note(note(str(uuid.uuid4())))
    held = journal.read(0)
    running.cancel()
    await asyncio.wait({running})
    assert [bool(row.extras.periods) for row in held if row.batch is not None] == [True]

    with writing(database, journal) as writer:
        await asyncio.to_thread(until, caught_up(writer, journal))
    assert _reported(database) == [(4.0, "N")]
    ((origin, frames, data),) = query(database, "SELECT origin, frames, data FROM raw_block")
    assert (origin, frames) == ("hj212", 2)
    assert unpack(bytes(data)) == [frame("##one"), frame("##two", device="MN2")]
    assert query(database, "SELECT kind, by, body->>'cn' FROM audit_note") == [("device_command", "wang", "1012")]
    # A sample finds its telegram by the time at which it was received.
    linked = query(
        database,
        "SELECT count(*) FROM sample JOIN raw_block ON raw_block.received_at BETWEEN"
        " sample.time + (sample.lag_ms - 1) * interval '1 ms' AND sample.time + (sample.lag_ms + 2) * interval '1 ms'",
    )
    assert linked == [(1,)]


async def test_reported_means_of_no_tag_or_no_time_become_dead_letters(journal: Journal, database: str) -> None:
    intake = JournalIntake(journal, registered(journal), HandClock(), tick_s=0.005)
    running = asyncio.create_task(intake.run())
    nothing = empty_batch(received_us=NOON_US, origin="hj212")
    await intake.put(nothing, periods=period(99, NOON_US, 1.0))
    await intake.put(nothing, periods=period(NO, NOON_US + 3600 * S_US, 1.0))
    running.cancel()
    await asyncio.wait({running})
    with writing(database, journal) as writer:
        await asyncio.to_thread(until, caught_up(writer, journal))
    assert query(database, "SELECT DISTINCT reason FROM dead_letter") == [("impossible_period",)]
    assert _reported(database) == []


def test_a_resend_is_stored_once_and_another_value_is_another_version(journal: Journal, database: str) -> None:
    def said(avg: float, flag: str = "N") -> PeriodBatch:
        return period(NO, NOON_US, avg, flag=flag)

    with writing(database, journal) as writer:
        _report(journal, said(5.0), said(5.0), said(6.0))
        until(caught_up(writer, journal))
        _report(journal, said(6.0), said(6.0, "D"), said(6.0, "D"), said(5.0))
        until(caught_up(writer, journal))
    assert _reported(database) == [(5.0, "N"), (6.0, "N"), (6.0, "D"), (5.0, "N")]


def test_minutes_of_emission_monitors_are_marked_and_no_others(journal: Journal, database: str) -> None:
    with writing(database, journal) as writer:
        journal_samples(journal, (NO, NOON_US, 1.0), (NO, NOON_US + 1, 1.0), (LEVEL, NOON_US, 1.0))
        _report(journal, period(NO, NOON_US - 600 * S_US, 4.0, length_s=600))
        until(caught_up(writer, journal))
    marked = query(database, "SELECT tag.id, count(*) FROM emission_touched JOIN tag ON ix = tag GROUP BY 1")
    assert marked == [("zeta.outlet.NO", 11)]  # ten minutes of the mean and the one of the samples


def _taken(touched: Touched, judge: psycopg.Connection) -> list[Minute]:
    return touched.take(judge, before_us=NOON_US + MINUTE_US, recent_us=NOON_US, limit=10)[0]


def test_a_minute_that_gets_data_while_it_is_judged_is_judged_again(journal: Journal, database: str) -> None:
    with writing(database, journal) as writer, psycopg.connect(database) as judge:
        journal_samples(journal, (NO, NOON_US, 1.0))
        until(caught_up(writer, journal))
        taken = _taken(writer.touched, judge)
        assert len(taken) == 1
        journal_samples(journal, (NO, NOON_US + S_US, 2.0))
        until(caught_up(writer, journal))
        writer.touched.done(judge.cursor(), taken)
        judge.commit()
        again = _taken(writer.touched, judge)
        assert len(again) == 1
        writer.touched.done(judge.cursor(), again)
        judge.commit()
        assert _taken(writer.touched, judge) == []


def test_marks_outlive_a_crash_of_whoever_took_them(journal: Journal, database: str) -> None:
    with writing(database, journal) as writer, psycopg.connect(database) as judge:
        journal_samples(journal, (NO, NOON_US, 1.0))
        until(caught_up(writer, journal))
        assert _taken(writer.touched, judge)
    with psycopg.connect(database) as judge:
        assert len(_taken(Touched(), judge)) == 1


def test_tag_and_minute_are_each_kept_in_one_number() -> None:
    pairs = minutes_of(np.array([7, 7, 7], np.int32), np.array([NOON_US, NOON_US + 1, NOON_US + MINUTE_US]))
    assert [(one >> 32, one & 0xFFFF_FFFF) for one in pairs.tolist()] == [
        (7, NOON_US // MINUTE_US),
        (7, NOON_US // MINUTE_US + 1),
    ]


def test_notes_are_appended_and_never_changed(journal: Journal, database: str) -> None:
    one = note(str(uuid.uuid4()), body=json.dumps({"text": "化工园区\u0000"}))
    with writing(database, journal) as writer:
        for _ in range(2):
            journal.append(received_us=NOON_US + journal.last_position, batch=None, extras=Extras(notes=(one,)))
        until(caught_up(writer, journal))
    assert query(database, "SELECT body->>'text' FROM audit_note") == [("化工园区",)]
    with psycopg.connect(database) as connection, pytest.raises(psycopg.errors.RaiseException, match="append-only"):
        connection.execute("DELETE FROM audit_note")


@pytest.mark.parametrize("data", [b"", b"garbage", b"\x28\xb5\x2f\xfd garbage"])
def test_what_is_no_block_of_telegrams_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="not a block of telegrams"):
        unpack(data)


def test_telegrams_with_any_bytes_come_back_as_they_were() -> None:
    frames = [RawFrame(enterprise="", device="", data=bytes(range(256)))] * 3
    block = pack("hj212", frames)
    assert (block.count, unpack(block.data)) == (3, frames)
