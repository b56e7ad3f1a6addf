"""Warnings and alarms that begin, end, and begin again; what loggers report twice."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from service.judge.marks import Mark
from tests.integration.judge.rig import HOUR_US, MIDNIGHT_US, MINUTE_US, O2, PARK, PH, SO2, Rig, rig_up
from tests.integration.store.stores import query
from tests.unit.service.evidence import period

END = MIDNIGHT_US + HOUR_US + MINUTE_US


@pytest.fixture
def rig(tmp_path: Path, database: str) -> Iterator[Rig]:
    with rig_up(tmp_path, database) as rig:
        yield rig


def _so2(rig: Rig, minutes: range, value: float) -> None:
    rig.hour(SO2, MIDNIGHT_US, value, minutes=minutes)
    rig.hour(O2, MIDNIGHT_US, 3.0, minutes=minutes)
    rig.judge(MIDNIGHT_US + (minutes[-1] + 2) * MINUTE_US)


def test_minutes_that_warn_anew_after_the_warning_was_over_are_told_anew(rig: Rig) -> None:
    _so2(rig, range(6), 45.0)
    _so2(rig, range(6, 12), 5.0)
    _so2(rig, range(12, 18), 45.0)
    assert [one.cleared for one in rig.told if one.rule == "emission-warning"] == [False, True, False]
    _so2(rig, range(18, 24), 5.0)
    assert [one.cleared for one in rig.told if one.rule == "emission-warning"] == [False, True, False, True]


def test_both_sides_of_one_hour_warn_each_with_its_own_extreme(rig: Rig) -> None:
    for first, value in ((0, 5.0), (10, 4.0), (20, 9.5)):
        rig.hour(PH, MIDNIGHT_US, value, minutes=range(first, first + 6))
    rig.judge(MIDNIGHT_US + 40 * MINUTE_US)
    assert set(rig.exceedances("kind, side, value")) == {("warning", "low", 4.0), ("warning", "high", 9.5)}


@pytest.mark.parametrize("reason", ["lamp \\u0000", "lamp\0broken"])
def test_no_reason_of_a_mark_stops_the_store(rig: Rig, reason: str) -> None:
    mark = Mark(
        id="00000000-0000-0000-0000-00000000000a",
        enterprise="acme",
        source="acme.stack",
        from_us=MIDNIGHT_US,
        to_us=END,
        kind="anomaly",
        type="fault",
        reason=reason,
        author="li",
        created_us=END,
    )
    rig.mark(mark, 1)
    rig.judge(END)
    stored = query(rig.dsn, "SELECT m.reason, body->>'reason' FROM emission_mark AS m, audit_note")
    assert stored == [(reason.replace("\0", ""),) * 2]


def test_standstill_ends_what_exceeded(rig: Rig) -> None:
    for tag, value in ((SO2, 60.0), (O2, 3.0)):
        rig.hour(tag, MIDNIGHT_US, value)
    rig.judge(END)
    rig.hour(SO2, MIDNIGHT_US + HOUR_US, 0.0, flag="F")
    rig.judge(END + HOUR_US)
    assert [one.cleared for one in rig.told if one.rule == "emission-hour"] == [False, True]


def test_minutes_reported_in_time_and_again_in_other_words_are_neither_late_nor_refilled(rig: Rig) -> None:
    rig.clock.now_us = END
    rig.reports(*(period(SO2, END - HOUR_US + m * MINUTE_US, 20.0) for m in range(59, 60)))
    rig.clock.now_us = END + HOUR_US
    rig.reports(*(period(SO2, END - HOUR_US + m * MINUTE_US, 20.01, asked=True) for m in range(59, 60)))
    rig.judge(END + 2 * HOUR_US)
    rows = rig.means("measured, late, refilled", "tag.id = 'acme.stack.so2' AND present > 0")
    assert rows == [(20.01, 0, 0)]


def test_a_minute_of_its_own_holds_against_the_mean_of_ten(rig: Rig) -> None:
    rig.reports(period(SO2, MIDNIGHT_US + 55 * MINUTE_US, 30.0))
    rig.reports(period(SO2, MIDNIGHT_US + 50 * MINUTE_US, 20.0, length_s=1_200))
    rig.judge(END + HOUR_US)
    rows = rig.means("present, measured", "tag.id = 'acme.stack.so2' AND period = 'hour'")
    # The twenty minutes reach over into the next hour.
    assert rows == [(10, pytest.approx(21.0)), (10, 20.0)]


def test_what_exceeded_at_an_outlet_that_has_left_the_park_is_over(tmp_path: Path, database: str) -> None:
    with rig_up(tmp_path / "one", database) as rig:
        for tag, value in ((SO2, 60.0), (O2, 3.0)):
            rig.hour(tag, MIDNIGHT_US, value)
        rig.judge(END)
        assert rig.exceedances("over")[0] == (None,)
    renamed = PARK.replace("id: so2,", "id: so2_new,")
    with rig_up(tmp_path / "two", database, park=renamed, now_us=END + MINUTE_US) as rig:
        rig.judge()
        assert [(one.target, one.cleared) for one in rig.told if one.rule == "emission-hour"] == [
            ("acme.stack.so2", True),
        ]
        assert rig.exceedances("state")[0] == ("standing",)
