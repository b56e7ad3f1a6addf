"""The intake: acknowledged means durable, full means wait, wrong means kept aside; never lost, never in silence."""

import asyncio
import contextlib
import itertools
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.base import Gap, IntakeRefused
from park.batch import DeadLetter, SampleBatch
from park.quality import LATE, Quality
from service import intake as intake_module
from service.alerts.book import Command, Raise
from service.alerts.states import Trigger
from service.intake import JournalIntake
from service.journal.journal import Journal
from service.journal.rows import Extras, Row
from tests.unit.service.making import NOON_US, S_US, HandClock, batch_of, rows_of, tag_table

BAD = int(Quality.BAD)
NAN, INF = float("nan"), float("inf")


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "journal.db") as journal:
        yield journal


@pytest.fixture
def small_journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "journal.db", max_bytes=200_000) as journal:
        yield journal


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that only carry the time come every few milliseconds instead of every second."""
    monkeypatch.setattr(intake_module, "_EMPTY_ROW_EVERY_S", 0.01)


def make(journal: Journal, clock: Callable[[], int] | None = None, **options: Any) -> JournalIntake:
    """An intake for the small park."""
    return JournalIntake(journal, tag_table(), clock or HandClock(), **{"tick_s": 0.005} | options)


@contextlib.asynccontextmanager
async def running(intake: JournalIntake) -> AsyncIterator[asyncio.Task[None]]:
    """The intake at work; stopped in the end as the service stops it."""
    task = asyncio.create_task(intake.run())
    try:
        yield task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def on_disk(journal: Journal) -> list[Row]:
    """What another process would find."""
    with contextlib.closing(sqlite3.connect(f"file:{journal.path}?mode=ro", uri=True)) as connection:
        from service.journal.rows import decode

        found = connection.execute("SELECT position, received_us, samples, extras FROM row ORDER BY position")
        return [decode(*values) for values in found]


async def settle() -> None:
    """Let everything that can go on go on."""
    for _ in range(10):
        await asyncio.sleep(0)


async def until(condition: Callable[[], bool]) -> None:
    """Wait for it."""
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.002)


def letter(reason: str = "undecodable", **fields: Any) -> DeadLetter:
    """Something that a connector could not use."""
    plain: dict[str, Any] = {"origin": "dcs", "received_us": 1, "reason": reason, "detail": "d", "raw": b"\xff"}
    return DeadLetter(**plain | fields)


async def test_put_returns_only_when_the_row_is_on_the_disk(journal: Journal) -> None:
    intake = make(journal)
    put = asyncio.create_task(intake.put(batch_of((1, NOON_US, 5.0)), [letter()]))
    await asyncio.sleep(0.05)
    assert not put.done(), "nobody has written it yet"
    assert on_disk(journal) == []
    async with running(intake):
        await put
        (row,) = on_disk(journal)
        assert rows_of(row.batch) == [(1, NOON_US, 5.0, 0)]
        assert row.extras.letters == (letter(),)


async def test_what_arrives_within_a_tick_becomes_one_row(journal: Journal) -> None:
    intake = make(journal)
    async with running(intake):
        puts = [intake.put(batch_of((1, NOON_US + i, float(i)), origin="dcs")) for i in range(50)]
        await asyncio.gather(*puts, intake.put(batch_of((0, NOON_US, 3.0), origin="met")))
        (row,) = on_disk(journal)
        assert sorted(rows_of(row.batch)) == [(0, NOON_US, 3.0, 0), *((1, NOON_US + i, float(i), 0) for i in range(50))]
        assert row.batch is not None
        assert row.batch.origin == "several"


async def test_row_of_one_connector_keeps_its_name(journal: Journal) -> None:
    async with running(intake := make(journal)):
        await intake.put(batch_of((0, NOON_US, 3.0), origin="met"))
        assert (batch := on_disk(journal)[0].batch) is not None
        assert batch.origin == "met"


async def test_full_intake_makes_connectors_wait_and_drops_nothing(journal: Journal) -> None:
    intake = make(journal, max_waiting=10)
    first = asyncio.create_task(intake.put(batch_of(*[(1, NOON_US + i, 1.0) for i in range(10)])))
    await settle()
    others = [asyncio.create_task(intake.put(batch_of((1, NOON_US + i, 2.0)))) for i in range(100, 105)]
    await settle()
    async with running(intake):
        await asyncio.gather(first, *others)
    rows = on_disk(journal)
    assert [len(rows_of(row.batch)) for row in rows] == [10, 5], "the five were held back until the ten were durable"


async def test_batch_larger_than_the_limit_passes_alone(journal: Journal) -> None:
    async with running(intake := make(journal, max_waiting=10)):
        await intake.put(batch_of(*[(1, NOON_US + i, 1.0) for i in range(100)]))
        assert len(rows_of(on_disk(journal)[0].batch)) == 100


@pytest.mark.parametrize(
    ("sample", "reason", "told"),
    [
        pytest.param((1, NOON_US, NAN), "not_a_number", "acme.tank.LT: value nan, time +0.0 s", id="NaN"),
        pytest.param((1, NOON_US, INF), "not_a_number", "value inf", id="infinite"),
        pytest.param((1, NOON_US, -INF, 1), "not_a_number", "send it with bad quality", id="uncertain, infinite"),
        pytest.param((1, NOON_US + 61 * S_US, 1.0), "future", "time +61.0 s from now: source time ahead", id="future"),
        pytest.param((1, NOON_US + 61 * S_US, NAN, BAD), "future", "set the device's clock (NTP)", id="bad, future"),
        pytest.param((1, NOON_US - 401 * 86_400 * S_US, 1.0), "past", "older than 400 days", id="far past"),
        pytest.param((1, 0, 1.0), "past", "check the device's clock", id="1970"),
        pytest.param((4, NOON_US, 1.0), "unknown_tag", "1 samples, the first of 4", id="index too high"),
        pytest.param((-1, NOON_US, 1.0), "unknown_tag", "load the same park on both sides", id="negative index"),
        pytest.param((2**31 - 1, NOON_US, NAN), "unknown_tag", "the first of 2147483647", id="unknown goes first"),
    ],
)
async def test_what_cannot_be_used_becomes_a_dead_letter_with_its_raw_rows(
    journal: Journal, sample: tuple[int, int, float], reason: str, told: str
) -> None:
    intake = make(journal)
    async with running(intake):
        await intake.put(batch_of((1, NOON_US, 7.0), sample, (2, NOON_US, 8.0), origin="dcs"))
        (row,) = on_disk(journal)
    assert rows_of(row.batch) == [(1, NOON_US, 7.0, 0), (2, NOON_US, 8.0, 0)], "its neighbours are used"
    (kept,) = row.extras.letters
    assert (kept.reason, kept.origin, kept.received_us) == (reason, "dcs", NOON_US)
    assert told in kept.detail
    assert repr(rows_of(SampleBatch.from_bytes(kept.raw))) == repr(rows_of(batch_of(sample)))
    assert intake.quarantined == 1


@pytest.mark.parametrize(
    "sample",
    [
        pytest.param((1, NOON_US, NAN, BAD), id="bad without a value"),
        pytest.param((1, NOON_US, INF, BAD), id="bad and infinite"),
        pytest.param((1, NOON_US + 60 * S_US, 1.0), id="clock a minute fast"),
        pytest.param((1, NOON_US - 400 * 86_400 * S_US, 1.0), id="backlog of four hundred days"),
    ],
)
async def test_what_is_just_usable_is_used(journal: Journal, sample: tuple[int, int, float]) -> None:
    async with running(intake := make(journal)):
        await intake.put(batch_of(sample))
        (row,) = on_disk(journal)
    assert len(rows_of(row.batch)) == 1
    assert row.extras.letters == ()


async def test_dead_letter_names_the_enterprise_that_may_see_it(journal: Journal) -> None:
    async with running(intake := make(journal)):
        await intake.put(batch_of((3, NOON_US, NAN), (1, NOON_US, 1.0)))
        (kept,) = on_disk(journal)[0].extras.letters
    assert (kept.enterprise, kept.address) == ("zeta", "zeta.outlet.NO")


async def test_index_of_a_tag_that_left_the_park_is_unknown(journal: Journal) -> None:
    tags = tag_table({"acme.tank.LT": 6, "gone.tank.LT": 2})
    async with running(intake := JournalIntake(journal, tags, HandClock(), tick_s=0.005)):
        await intake.put(batch_of((2, NOON_US, 1.0), (6, NOON_US, 1.0)))
        (row,) = on_disk(journal)
    assert [one[0] for one in rows_of(row.batch)] == [6]
    assert row.extras.letters[0].reason == "unknown_tag"


async def test_batch_of_nothing_but_rubbish_is_acknowledged_all_the_same(journal: Journal) -> None:
    async with running(intake := make(journal)):
        await intake.put(batch_of((1, 0, 1.0), (1, NOON_US, NAN), (9, NOON_US, 1.0)))
        (row,) = on_disk(journal)
    assert row.batch is None
    assert {kept.reason for kept in row.extras.letters} == {"past", "not_a_number", "unknown_tag"}


async def test_letter_that_is_no_unicode_is_kept(journal: Journal) -> None:
    broken = letter(detail="topic \udcff/x", address="\ud800", raw=b"\xff/x")
    async with running(intake := make(journal)):
        await intake.put(batch_of(), [broken])
        await intake.put(batch_of((1, NOON_US, 1.0)))
        kept = on_disk(journal)[0].extras.letters[0]
    assert (kept.detail, kept.address, kept.raw) == ("topic ?/x", "?", b"\xff/x")


async def test_sample_that_is_not_newer_than_its_tags_newest_is_marked_late(journal: Journal) -> None:
    intake = make(journal)
    async with running(intake):
        for tag, time_us, quality in [(1, NOON_US, 0), (1, NOON_US - 5, 1), (1, NOON_US, 0), (2, NOON_US - 5, 0)]:
            await intake.put(batch_of((tag, time_us, 1.0, quality)))
        await intake.put(batch_of((1, NOON_US + 5, 5.0)))
    qualities = [one[3] for row in on_disk(journal) for one in rows_of(row.batch)]
    assert qualities == [0, 1 | LATE, LATE, 0, 0]
    assert intake.late == 2


async def test_quarantined_sample_makes_no_other_late(journal: Journal) -> None:
    async with running(intake := make(journal)):
        await intake.put(batch_of((1, NOON_US + 3_600 * S_US, 1.0)))
        await intake.put(batch_of((1, NOON_US, 2.0)))
        assert [one[3] for row in on_disk(journal) for one in rows_of(row.batch)] == [0]


async def test_time_goes_on_when_nothing_comes_in(journal: Journal, often: None) -> None:
    clock = HandClock()
    async with running(make(journal, clock)):
        for second in range(1, 4):
            seen = journal.last_position
            clock.now_us = NOON_US + second * S_US
            await until(lambda seen=seen: journal.last_position > seen + 1)  # type: ignore[misc]
    rows = on_disk(journal)
    assert all(row.batch is None and not row.extras for row in rows)
    assert {(row.received_us - NOON_US) // S_US for row in rows} >= {1, 2, 3}


async def test_quiet_second_is_one_row(journal: Journal) -> None:
    async with running(make(journal)):
        await asyncio.sleep(1.3)
    assert len(on_disk(journal)) == 1


async def test_clock_that_is_put_back_is_followed_and_raises_an_alarm(journal: Journal) -> None:
    clock = HandClock()
    async with running(intake := make(journal, clock)):
        await intake.put(batch_of((1, clock.now_us, 1.0)))
        clock.now_us -= 3_600 * S_US
        await intake.put(batch_of((2, clock.now_us, 1.0)))
        await intake.put(batch_of((3, clock.now_us, 1.0)))
    first, second, third = on_disk(journal)
    assert (second.received_us, third.received_us) == (clock.now_us, clock.now_us + 1)
    raised, cleared = second.extras.commands
    assert isinstance(raised, Raise)
    assert isinstance(cleared, Raise)
    assert (raised.target, raised.cleared, cleared.cleared) == ("service/clock", False, True)
    assert "put back by 3600 s" in raised.why
    assert not first.extras.commands
    assert not third.extras.commands


async def test_time_of_the_rows_rises_even_when_the_clock_steps_back(journal: Journal) -> None:
    clock = HandClock()
    async with running(intake := make(journal, clock)):
        for step_us in (0, -4 * S_US, 0, 10, -1):
            clock.now_us += step_us
            await intake.put(batch_of((1, clock.now_us, 1.0)))
    times = [row.received_us for row in on_disk(journal)]
    assert times == [NOON_US + i for i in range(5)]


async def test_time_rises_across_a_restart_with_a_trimmed_journal(tmp_path: Path) -> None:
    with Journal(tmp_path / "j.db") as journal:
        async with running(intake := make(journal)):
            await intake.put(batch_of((1, NOON_US, 1.0)))
        journal.trim(1)
    with Journal(tmp_path / "j.db") as journal:
        async with running(intake := make(journal, HandClock(NOON_US - 4 * S_US))):
            await intake.put(batch_of((1, NOON_US, 1.0)))
        assert on_disk(journal)[0].received_us == NOON_US + 1


BIG = [(1, NOON_US + i, 1.0) for i in range(2_000)]


async def fill(intake: JournalIntake) -> None:
    """Put until it is refused."""
    for _ in range(100):
        try:
            await intake.put(batch_of(*BIG))
        except IntakeRefused as error:
            assert "full" in str(error)  # noqa: PT017 - which of the hundred it is does not matter
            return
    pytest.fail("it took more than it may hold")


async def test_full_intake_lets_nobody_overtake_those_who_wait(journal: Journal) -> None:
    seconds = itertools.count()

    async def put_next() -> None:
        with contextlib.suppress(IntakeRefused):  # those who still wait in the end
            await intake.put(batch_of((1, NOON_US + next(seconds) * S_US, 1.0)))

    async with asyncio.TaskGroup() as group:

        def come_anew(row: Row) -> None:
            # Room is made for one while others wait: now another comes.
            if row.batch is not None and row.position < 40:
                group.create_task(put_next())

        intake = make(journal, max_waiting=1, on_row=come_anew)
        for _ in range(5):
            group.create_task(put_next())
        async with running(intake):
            while journal.last_position < 40:
                await asyncio.sleep(0.01)
    assert intake.late == 0


async def test_full_journal_refuses_everyone_and_acknowledges_nothing(small_journal: Journal) -> None:
    intake = make(small_journal)
    async with running(intake):
        await fill(intake)
        before = small_journal.last_position
        puts = [intake.put(batch_of(*BIG), [letter()]) for _ in range(5)]
        command = intake.command(Command(id="c", trigger=Trigger.ACK, alert_id="a", by="li", level="H"))
        outcomes = await asyncio.gather(*puts, command, return_exceptions=True)
        assert [type(one) for one in outcomes] == [IntakeRefused] * 6
        assert "full" in intake.refusing
        assert small_journal.last_position == before
        assert len(on_disk(small_journal)) == before


async def test_after_a_refusal_the_first_row_raises_and_clears_the_alarm(small_journal: Journal) -> None:
    clock = HandClock()
    async with running(intake := make(small_journal, clock)):
        await fill(intake)
        refused_us = small_journal.last_received_us + 1
        small_journal.trim(small_journal.last_position)
        clock.now_us += 5 * S_US
        await intake.put(batch_of((2, clock.now_us, 1.0)))
        assert intake.refusing == ""
        await intake.put(batch_of((2, clock.now_us + 1, 1.0)))
    recovered, after = on_disk(small_journal)
    raised, cleared = recovered.extras.commands
    assert isinstance(raised, Raise)
    assert isinstance(cleared, Raise)
    assert (raised.target, raised.onset_us, raised.cleared) == ("service/journal", refused_us, False)
    assert (cleared.id, cleared.effective_us, cleared.cleared) == (raised.id, recovered.received_us, True)
    assert "the journal refused rows for 5.0 s" in raised.why
    assert after.extras == Extras(), "and only the first"


async def test_room_for_the_time_alone_is_no_recovery(small_journal: Journal, often: None) -> None:
    rows: list[Row] = []
    intake = make(small_journal, on_row=rows.append)
    async with running(intake):
        await fill(intake)
        for _ in range(3):
            seen = small_journal.last_position
            await until(lambda seen=seen: small_journal.last_position > seen + 2)  # type: ignore[misc]
            assert intake.refusing, "an empty row fits where data does not"
            with pytest.raises(IntakeRefused):
                await intake.put(batch_of(*BIG))
        small_journal.trim(small_journal.last_position)
        await intake.put(batch_of(*BIG))
    alarms = [(one.id, one.cleared) for row in rows for one in row.extras.commands if isinstance(one, Raise)]
    assert [cleared for _, cleared in alarms] == [False, True], "one alarm, not one a second"
    assert len({identity for identity, _ in alarms}) == 1


async def test_gap_outlives_a_refusal(small_journal: Journal) -> None:
    gap = Gap(connector="dcs", from_us=1, to_us=2, reason="lost \udc80")
    async with running(intake := make(small_journal)):
        await fill(intake)
        intake.note_gap(gap)
        with pytest.raises(IntakeRefused):
            await intake.put(batch_of(*BIG))
        small_journal.trim(small_journal.last_position)
        await intake.put(batch_of((1, NOON_US, 1.0)))
    assert [one.reason for row in on_disk(small_journal) for one in row.extras.gaps] == ["lost ?"]


async def test_gap_is_noted_without_waiting(journal: Journal) -> None:
    gap = Gap(connector="dcs", from_us=1, to_us=2, reason="restart", refilled=3)
    async with running(intake := make(journal)):
        intake.note_gap(gap)
        await until(lambda: journal.last_position > 0)
    assert on_disk(journal)[0].extras.gaps == (gap,)


async def test_commands_are_journalled_in_the_order_given(journal: Journal) -> None:
    commands = [Command(id=str(i), trigger=Trigger.COMMENT, alert_id="a", by="li", reason="好") for i in range(20)]
    async with running(intake := make(journal)):
        rows = await asyncio.gather(*map(intake.command, commands))
    assert {row.position for row in rows} == {1}
    assert on_disk(journal)[0].extras.commands == tuple(commands)


async def test_being_stopped_still_writes_what_was_waiting(journal: Journal) -> None:
    intake = make(journal, tick_s=60)
    async with running(intake):
        put = asyncio.create_task(intake.put(batch_of((1, NOON_US, 1.0))))
        await settle()
    await put
    assert len(on_disk(journal)) == 1


class SlowJournal(Journal):
    """On a disk that takes its time."""

    def append(self, **columns: Any) -> Row:
        import time

        time.sleep(0.2)
        return super().append(**columns)


async def test_being_stopped_while_writing_still_acknowledges(tmp_path: Path) -> None:
    with SlowJournal(tmp_path / "j.db") as journal:
        folded: list[Row] = []
        intake = make(journal, tick_s=0, on_row=folded.append)
        async with running(intake):
            put = asyncio.create_task(intake.put(batch_of((1, NOON_US, 1.0))))
            await asyncio.sleep(0.1)
            assert not put.done()
        await put
        assert [row.position for row in folded] == [1]


async def test_connector_that_waits_for_room_when_all_stops_is_refused_not_forgotten(journal: Journal) -> None:
    intake = make(journal, tick_s=60, max_waiting=1)
    async with running(intake):
        inside = asyncio.create_task(intake.put(batch_of((1, NOON_US, 1.0))))
        await settle()
        outside = asyncio.create_task(intake.put(batch_of((1, NOON_US + 1, 1.0))))
        await settle()
    await inside
    async with asyncio.timeout(5):
        with pytest.raises(IntakeRefused, match="stopping"):
            await outside
        with pytest.raises(IntakeRefused, match="stopping"):
            await intake.put(batch_of((1, NOON_US + 2, 1.0)))
    intake.note_gap(Gap(connector="dcs", from_us=1, to_us=2, reason="too late"))
    assert len(on_disk(journal)) == 1


async def test_connector_that_gives_up_waiting_disturbs_nobody(journal: Journal) -> None:
    intake = make(journal, tick_s=0.05)
    async with running(intake):
        impatient = asyncio.create_task(intake.put(batch_of((1, NOON_US, 1.0))))
        patient = asyncio.create_task(intake.put(batch_of((2, NOON_US, 1.0))))
        await settle()
        impatient.cancel()
        await patient
    assert len(rows_of(on_disk(journal)[0].batch)) == 2


async def test_failure_behind_the_journal_ends_the_intake_but_not_the_truth(journal: Journal) -> None:
    def stumble(row: Row) -> None:
        raise RuntimeError("stumbled")

    intake = make(journal, on_row=stumble)
    task = asyncio.create_task(intake.run())
    await intake.put(batch_of((1, NOON_US, 1.0)))
    with pytest.raises(RuntimeError, match="stumbled"):
        await task
    assert len(on_disk(journal)) == 1, "it is durable, so it was rightly acknowledged"


class DefectiveJournal(Journal):
    """Fails in a way nobody foresaw."""

    def append(self, **columns: Any) -> Row:
        raise MemoryError


async def test_unforeseen_failure_leaves_no_connector_hanging(tmp_path: Path) -> None:
    with DefectiveJournal(tmp_path / "j.db") as journal:
        intake = make(journal, max_waiting=1)
        inside = asyncio.create_task(intake.put(batch_of((1, NOON_US, 1.0))))
        await settle()
        outside = asyncio.create_task(intake.put(batch_of((2, NOON_US, 1.0))))
        await settle()
        task = asyncio.create_task(intake.run())
        async with asyncio.timeout(5):
            with pytest.raises(IntakeRefused, match="MemoryError"):
                await inside
            with pytest.raises(IntakeRefused, match="stopping"):
                await outside
            with pytest.raises(MemoryError):
                await task
            with pytest.raises(IntakeRefused, match="stopping"):
                await intake.put(batch_of((1, NOON_US, 1.0)))
