"""From samples and reports to minutes, hours, days, their revisions and what exceeds; on the real database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from rules.emissions.means import Status
from service.judge.marks import Mark, Withdrawal
from tests.integration.judge.rig import (
    COD,
    DAY_US,
    FLOW,
    HOUR_US,
    MIDNIGHT_US,
    MINUTE_US,
    O2,
    PH,
    SO2,
    WATER,
    Rig,
    rig_up,
)
from tests.unit.service.evidence import period

END = MIDNIGHT_US + HOUR_US
SETTLED = END + 30_000_000
VALID, INVALID, MISSING = Status.VALID, Status.INVALID, Status.MISSING


@pytest.fixture
def rig(tmp_path: Path, database: str) -> Iterator[Rig]:
    with rig_up(tmp_path, database) as rig:
        yield rig


def _so2_hour(rig: Rig, value: float, *, o2: float = 3.0, start_us: int = MIDNIGHT_US, **options: object) -> None:
    rig.hour(SO2, start_us, value, **options)  # type: ignore[arg-type]
    rig.hour(O2, start_us, o2)
    rig.hour(FLOW, start_us, 1_000.0)


def test_an_hour_is_the_mean_of_its_minutes_converted_to_the_reference_oxygen(rig: Rig) -> None:
    _so2_hour(rig, 20.0, o2=12.0)
    rig.judge(SETTLED)
    ((value, measured, status, parts, kg, revision, why),) = rig.means(
        "value, measured, status, parts, amount_kg, revision, why", "tag.id = 'acme.stack.so2'"
    )
    assert value == pytest.approx(20.0 * (21 - 3) / (21 - 12))
    assert (measured, status, parts, revision, why) == (20.0, VALID, 60, 1, "first")
    # What is emitted is reckoned from what was measured, not from what was converted.
    assert kg == pytest.approx(20.0 * 1_000.0 * 1e-6)


def test_an_hour_without_data_is_missing_and_is_recorded(rig: Rig) -> None:
    rig.judge(SETTLED)
    assert set(rig.means("status, present", "period = 'hour'")) == {(MISSING, 0)}
    assert len(rig.means("1", "period = 'hour'")) == 6


def test_forty_four_valid_minutes_make_no_hour_and_forty_five_do(rig: Rig) -> None:
    _so2_hour(rig, 20.0, minutes=range(44))
    rig.hour(SO2, END, 20.0, minutes=range(45))
    rig.hour(O2, END, 3.0)
    rig.judge(SETTLED + HOUR_US)
    assert rig.means("status", "tag.id = 'acme.stack.so2'") == [(INVALID,), (VALID,)]


def test_an_hour_over_its_limit_is_told_and_the_next_below_it_ends_it(rig: Rig) -> None:
    _so2_hour(rig, 60.0)
    rig.judge(SETTLED)
    ((kind, value, limit, state, unmarked, permit),) = rig.exceedances(
        "kind, value, limit_value, state, unmarked, provenance->>'permit'"
    )[:1]
    assert (kind, value, limit, state, unmarked, permit) == ("hour", 60.0, 50.0, "standing", True, "P-1")
    (raised,) = [one for one in rig.told if one.rule == "emission-hour"]
    assert (raised.target, raised.onset_us, raised.effective_us) == ("acme.stack.so2", MIDNIGHT_US, END)
    assert "P-1" in raised.why
    _so2_hour(rig, 10.0, start_us=END)
    rig.judge(SETTLED + HOUR_US)
    assert [(one.cleared, one.effective_us) for one in rig.told if one.rule == "emission-hour"] == [
        (False, END),
        (True, END + HOUR_US),
    ]


def test_late_data_revises_the_hour_and_withdraws_what_no_longer_exceeds(rig: Rig) -> None:
    _so2_hour(rig, 51.0, minutes=range(50))
    rig.judge(SETTLED)
    assert [row[0] for row in rig.exceedances("state")] == ["standing", "standing"]  # the hour, and the warning in it
    rig.clock.now_us = SETTLED + 10 * MINUTE_US
    rig.hour(SO2, MIDNIGHT_US, 1.0, minutes=range(50, 60))
    rig.judge()
    rows = rig.means("revision, status, parts, late, why", "tag.id = 'acme.stack.so2'")
    assert rows == [(1, VALID, 50, 0, "first"), (2, VALID, 60, 10, "late data")]
    assert rig.exceedances("kind, state, revision")[0] == ("hour", "withdrawn", 2)
    assert [one.cleared for one in rig.told if one.rule == "emission-hour"] == [False, True]


def test_history_that_was_asked_for_revises_and_says_so(rig: Rig) -> None:
    _so2_hour(rig, 20.0, minutes=range(30))
    rig.judge(SETTLED)
    rig.reports(*(period(SO2, MIDNIGHT_US + m * MINUTE_US, 22.0, asked=True) for m in range(30, 60)))
    rig.judge(SETTLED + HOUR_US // 2)
    rows = rig.means("revision, status, parts, refilled, value, why", "tag.id = 'acme.stack.so2'")
    assert rows == [(1, INVALID, 30, 0, 20.0, "first"), (2, VALID, 60, 30, 21.0, "refilled")]


def test_nothing_new_makes_no_revision(rig: Rig) -> None:
    _so2_hour(rig, 20.0)
    rig.judge(SETTLED)
    _so2_hour(rig, 20.0)  # the same again, from a logger that resends
    rig.judge(SETTLED + MINUTE_US)
    assert rig.means("revision", "tag.id = 'acme.stack.so2'") == [(1,)]


def test_a_crash_between_two_passes_loses_nothing(rig: Rig) -> None:
    _so2_hour(rig, 60.0)
    rig.judge(MIDNIGHT_US + 30 * MINUTE_US)
    rig.begin()
    rig.judge(SETTLED + 3 * HOUR_US)
    statuses = rig.means("status", "tag.id = 'acme.stack.so2'")
    assert statuses == [(VALID,), (MISSING,), (MISSING,), (MISSING,)]
    assert [(one.rule, one.cleared) for one in rig.told if one.rule == "emission-hour"] == [("emission-hour", False)]


def test_marked_minutes_are_left_out_of_the_finding_and_shown_beside_it(rig: Rig) -> None:
    _so2_hour(rig, 70.0, minutes=range(15))
    rig.hour(SO2, MIDNIGHT_US, 45.0, minutes=range(15, 60))
    rig.judge(SETTLED)
    # The mean is over the limit only with the first quarter.
    ((value, unmarked),) = rig.means("value, unmarked", "tag.id = 'acme.stack.so2'")
    assert value == unmarked == pytest.approx((15 * 70 + 45 * 45) / 60)
    mark = Mark(
        id="00000000-0000-0000-0000-00000000000a",
        enterprise="acme",
        source="acme.stack",
        tags=("acme.stack.so2",),
        from_us=MIDNIGHT_US,
        to_us=MIDNIGHT_US + 15 * MINUTE_US,
        kind="condition",
        type="start_up",
        reason="start-up of the heater",
        author="li",
        created_us=SETTLED,
    )
    rig.mark(mark, 1)
    rig.judge(SETTLED + MINUTE_US)
    rows = rig.means("revision, marked, why, value, unmarked, unmarked_status", "tag.id = 'acme.stack.so2'")
    assert rows[-1][:3] == (2, 15, "marks")
    assert rows[-1][3:] == (pytest.approx((15 * 70 + 45 * 45) / 60), 45.0, VALID)
    assert rig.exceedances("kind, state, unmarked")[0] == ("hour", "standing", False)
    assert [one.cleared for one in rig.told if one.rule == "emission-hour"] == [False, True]
    rig.mark(Withdrawal(mark=mark.id, by="wang", reason="no permit for it", at_us=SETTLED + 2), 2)
    rig.judge(SETTLED + 2 * MINUTE_US)
    assert rig.exceedances("kind, state, unmarked, over")[0] == ("hour", "standing", True, None)
    assert rig.means("revision, marked", "tag.id = 'acme.stack.so2'")[-1] == (3, 0)
    # Nobody excuses it any more: it calls for attention again.
    assert [one.cleared for one in rig.told if one.rule == "emission-hour"] == [False, True, False]


def test_minutes_warn_before_the_hour_is_lost(rig: Rig) -> None:
    rig.hour(SO2, MIDNIGHT_US, 45.0, minutes=range(6))
    rig.hour(O2, MIDNIGHT_US, 3.0, minutes=range(6))
    rig.judge(MIDNIGHT_US + 7 * MINUTE_US)
    (warning,) = rig.told
    assert (warning.rule, warning.limit, warning.cleared) == ("emission-warning", 40.0, False)
    rig.hour(SO2, MIDNIGHT_US, 5.0, minutes=range(6, 9))
    rig.hour(O2, MIDNIGHT_US, 3.0, minutes=range(6, 9))
    rig.judge(MIDNIGHT_US + 10 * MINUTE_US)
    assert [one.cleared for one in rig.told] == [False, True]


def test_the_loggers_own_hour_is_held_against_ours(rig: Rig) -> None:
    rig.reports(*(period(SO2, MIDNIGHT_US + m * MINUTE_US, 20.0) for m in range(60)))
    rig.hour(O2, MIDNIGHT_US, 3.0)
    rig.reports(period(SO2, MIDNIGHT_US, 25.0, length_s=3_600))
    rig.judge(SETTLED)
    ((verdict, reported, measured),) = rig.means("verdict, reported, measured", "tag.id = 'acme.stack.so2'")
    assert (verdict, reported, measured) == (1, 25.0, 20.0)


def test_minutes_of_samples_and_of_the_logger_that_differ_are_counted(rig: Rig) -> None:
    rig.hour(SO2, MIDNIGHT_US, 20.0)
    rig.reports(*(period(SO2, MIDNIGHT_US + m * MINUTE_US, 30.0 if m < 7 else 20.0) for m in range(60)))
    rig.judge(SETTLED)
    assert rig.means("minutes_differ", "tag.id = 'acme.stack.so2'") == [(7,)]


def test_a_day_of_waste_water_is_weighted_by_its_flow_and_judged_by_the_day(rig: Rig) -> None:
    for hour in range(24):
        start = MIDNIGHT_US + hour * HOUR_US
        rig.hour(COD, start, 300.0 if hour < 6 else 30.0)
        rig.hour(WATER, start, 30.0 if hour < 6 else 10.0)
        rig.hour(PH, start, 7.0)
    rig.judge(MIDNIGHT_US + DAY_US + MINUTE_US)
    ((value, status, kg),) = rig.means("value, status, amount_kg", "tag.id = 'acme.drain.cod' AND period = 'day'")
    flow, load = 6 * 30.0 + 18 * 10.0, 6 * 30.0 * 300.0 + 18 * 10.0 * 30.0
    assert (value, status, kg) == (pytest.approx(load / flow), VALID, pytest.approx(load * 1e-3))
    assert [row for row in rig.exceedances("kind, quantity") if row[0] == "day"] == [("day", "cod")]
    assert [one.target for one in rig.told if one.rule == "emission-day"] == ["acme.drain.cod"]


def test_one_abnormal_minute_spoils_an_hour_of_waste_water(rig: Rig) -> None:
    rig.hour(COD, MIDNIGHT_US, 30.0, minutes=range(59))
    rig.hour(COD, MIDNIGHT_US, 30.0, minutes=[59], flag="D")
    rig.hour(WATER, MIDNIGHT_US, 10.0)
    rig.judge(SETTLED)
    assert rig.means("status", "tag.id = 'acme.drain.cod'") == [(INVALID,)]


def test_ph_below_its_lower_limit_is_an_exceedance_of_the_low_side(rig: Rig) -> None:
    rig.hour(PH, MIDNIGHT_US, 5.5)
    rig.judge(SETTLED)
    assert [row for row in rig.exceedances("kind, side, limit_value, value") if row[0] == "hour"] == [
        ("hour", "low", 6.0, pytest.approx(5.5))
    ]
    assert [one.level for one in rig.told if one.rule == "emission-hour"] == ["LL"]


def test_oxygen_near_that_of_air_leaves_the_hour_invalid(rig: Rig) -> None:
    _so2_hour(rig, 20.0, o2=20.9)
    rig.judge(SETTLED)
    ((status, measured_status),) = rig.means("status, measured_status", "tag.id = 'acme.stack.so2'")
    assert (status, measured_status) == (INVALID, VALID)


def test_a_month_is_judged_of_its_days(rig: Rig) -> None:
    # Only the last hour of November is there: one invalid day, and a month that is not valid either.
    rig.clock.now_us = MIDNIGHT_US + 11 * DAY_US
    rig.hour(SO2, MIDNIGHT_US + 11 * DAY_US - HOUR_US, 20.0)
    rig.hour(O2, MIDNIGHT_US + 11 * DAY_US - HOUR_US, 3.0)
    rig.judge(MIDNIGHT_US + 11 * DAY_US + MINUTE_US)
    rows = rig.means("period, status", "tag.id = 'acme.stack.so2' AND period <> 'hour' AND present > 0")
    assert rows == [("day", INVALID), ("month", INVALID)]
