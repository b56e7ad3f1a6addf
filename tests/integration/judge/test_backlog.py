"""Much that is late at once, a store writer that is behind, a writer and a judge at the same rows."""

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psycopg
import pytest

from rules.emissions.means import Status
from service.judge import judge as judge_module
from service.store.touched import Touched
from tests.integration.judge.rig import DAY_US, HOUR_US, MIDNIGHT_US, MINUTE_US, O2, SO2, Rig, rig_up
from tests.integration.store.stores import query

SO2_ID = "tag.id = 'acme.stack.so2'"


@pytest.fixture
def rig(tmp_path: Path, database: str) -> Iterator[Rig]:
    with rig_up(tmp_path, database) as rig:
        yield rig


def _day(rig: Rig, hours: range = range(24), *, low: int = 15) -> None:
    """Hours that are over the limit for their first three quarters, and below it as a whole."""
    for hour in hours:
        start = MIDNIGHT_US + hour * HOUR_US
        rig.hour(SO2, start, 60.0, minutes=range(60 - low))
        rig.hour(SO2, start, 1.0, minutes=range(60 - low, 60))
        rig.hour(O2, start, 3.0)


def test_an_hour_of_a_backlog_is_judged_whole_and_once(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judge_module, "_MOST_MINUTES", 100)
    _day(rig, range(3))
    rig.judge(MIDNIGHT_US + 5 * HOUR_US + MINUTE_US)
    rows = rig.means("revision, status, present", f"{SO2_ID} AND period = 'hour'")
    assert rows == [(1, Status.VALID, 60)] * 3 + [(1, Status.MISSING, 0)] * 2
    assert [one.rule for one in rig.told if one.rule == "emission-hour"] == []


def test_a_day_of_a_backlog_waits_for_all_of_its_minutes(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    rig.judge(MIDNIGHT_US + 3 * DAY_US)  # the day was missing
    monkeypatch.setattr(judge_module, "_MOST_MINUTES", 100)
    _day(rig)
    rig.judge(MIDNIGHT_US + 3 * DAY_US + MINUTE_US)
    start = f"AND period = 'day' AND start = to_timestamp({MIDNIGHT_US / 1e6})"
    assert rig.means("revision, status, present", f"{SO2_ID} {start}") == [
        (1, Status.MISSING, 0),
        (2, Status.VALID, 24),
    ]


def test_the_hour_that_runs_is_judged_before_a_backlog_is_through(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judge_module, "_MOST_MINUTES", 1)
    now_us = MIDNIGHT_US + DAY_US + 10 * MINUTE_US
    rig.judge(MIDNIGHT_US + DAY_US + MINUTE_US)
    _day(rig, range(3))
    rig.hour(SO2, MIDNIGHT_US + DAY_US, 45.0, minutes=range(8))
    rig.hour(O2, MIDNIGHT_US + DAY_US, 3.0, minutes=range(8))
    rig.clock.now_us = now_us
    rig.stored()
    assert rig.one_pass()  # there is more to do
    assert "emission-warning" in [one.rule for one in rig.told if one.onset_us == MIDNIGHT_US + DAY_US]


def test_what_waits_in_the_journal_is_not_judged_as_missing(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    behind: list[int | None] = [MIDNIGHT_US + HOUR_US]
    monkeypatch.setattr(rig.writer.touched, "behind_us", lambda: behind[0])
    rig.judge(MIDNIGHT_US + 3 * HOUR_US + MINUTE_US)
    assert rig.means("start", f"{SO2_ID} AND period = 'hour'") == []
    behind[0] = None
    rig.judge()
    assert len(rig.means("start", f"{SO2_ID} AND period = 'hour'")) == 3


def test_the_writer_says_since_when_it_is_behind(rig: Rig) -> None:
    rig.hour(SO2, MIDNIGHT_US, 1.0)
    rig.judge(MIDNIGHT_US + HOUR_US)
    assert rig.writer.touched.behind_us() is None
    stored_us = rig.writer.status.position_us
    rig.writer.stop()
    rig.hour(SO2, MIDNIGHT_US + HOUR_US, 1.0)
    assert rig.writer.touched.behind_us() == stored_us


def test_a_minute_that_is_being_marked_again_stays_and_nobody_waits(rig: Rig) -> None:
    rig.hour(SO2, MIDNIGHT_US, 1.0, minutes=[0, 1])
    rig.stored()
    touched = Touched()
    with psycopg.connect(rig.dsn) as judge, psycopg.connect(rig.dsn) as writer:
        taken, _ = touched.take(judge, before_us=MIDNIGHT_US + DAY_US, recent_us=MIDNIGHT_US, limit=10)
        pairs = np.array([taken[0].tag << 32 | taken[0].minute])
        with writer.cursor() as cursor:
            touched.mark_again(cursor, pairs)
            done = threading.Thread(target=_done, args=(judge, touched, taken))
            done.start()
            done.join(30.0)
            assert not done.is_alive()
        writer.commit()
    assert query(rig.dsn, "SELECT count(*) FROM emission_touched") == [(1,)]


def _done(connection: psycopg.Connection, touched: Touched, taken: list[object]) -> None:
    with connection.cursor() as cursor:
        touched.done(cursor, taken)  # type: ignore[arg-type]
    connection.commit()


def test_a_database_that_goes_away_within_a_pass_leaves_nothing_half_done(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    _day(rig, range(1), low=0)
    rig.clock.now_us = MIDNIGHT_US + HOUR_US + MINUTE_US
    rig.stored()
    with monkeypatch.context() as broken:
        broken.setattr(rig.writer.touched, "done", _gone)
        with pytest.raises(psycopg.OperationalError):
            rig.one_pass()
    assert rig.means("revision", "true") == []
    assert rig.told == []
    rig.begin()
    assert rig.means("revision, status", SO2_ID) == [(1, Status.VALID)]
    assert [one.cleared for one in rig.told if one.rule == "emission-hour"] == [False]


def _gone(*_: object) -> None:
    raise psycopg.OperationalError("server closed the connection unexpectedly")
