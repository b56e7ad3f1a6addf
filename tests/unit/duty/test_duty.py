"""Periods of the calendar, what is due in them, and the light that a month ends with."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from service.duty.config import Duty, DutyPolicy, Lights
from service.duty.due import DutyState, due_now, missed_in, state_in
from service.duty.lights import COUNTED, light_of
from service.duty.periods import Every, before, month_of, period_at
from service.reports.words import BEIJING

HOUR_US = 3_600_000_000
EVERY: tuple[Every, ...] = ("day", "week", "month")
times = st.datetimes(datetime(2001, 1, 1), datetime(2098, 1, 1)).map(
    lambda at: round(at.replace(tzinfo=BEIJING).timestamp()) * 1_000_000
)


def at(text: str) -> int:
    """In UTC+08:00."""
    return round(datetime.fromisoformat(f"{text}+08:00").timestamp() * 1e6)


@given(times, st.sampled_from(EVERY))
def test_every_moment_lies_in_one_period_and_periods_follow_without_a_hole(now_us: int, every: Every) -> None:
    this = period_at(every, now_us)
    assert this.start_us <= now_us < this.end_us
    assert before(every, this).end_us == this.start_us
    following = period_at(every, this.end_us)
    assert (following.start_us, following.name > this.name) == (this.end_us, True)


@given(times)
def test_a_month_is_found_by_its_name(now_us: int) -> None:
    this = period_at("month", now_us)
    assert month_of(this.name) == this


@pytest.mark.parametrize(
    ("every", "now", "name"),
    [
        ("day", "2026-11-01T00:00", "2026-11-01"),
        ("week", "2026-11-01T23:59", "2026-W44"),  # a Sunday
        ("week", "2027-01-01T12:00", "2026-W53"),
        ("month", "2026-11-30T23:59", "2026-11"),
    ],
)
def test_periods_are_called_as_the_calendar_calls_them(every: Every, now: str, name: str) -> None:
    assert period_at(every, at(now)).name == name


DAILY = Duty(id="daily", name="日管控", every="day", since=date(2026, 11, 1))


def states(now: str, *reported: str, duty: Duty = DAILY) -> dict[str, DutyState]:
    found = due_now(duty, "acme", {("acme", "daily", one) for one in reported}, at(now))
    return {one.period.name: one.state for one in found}


def test_a_duty_is_open_until_its_grace_is_over_then_overdue() -> None:
    assert states("2026-11-02T07:59") == {"2026-11-01": DutyState.OPEN, "2026-11-02": DutyState.OPEN}
    assert states("2026-11-02T08:00") == {"2026-11-01": DutyState.OVERDUE, "2026-11-02": DutyState.OPEN}
    assert states("2026-11-02T08:00", "2026-11-01")["2026-11-01"] is DutyState.DONE


def test_what_was_before_the_duty_began_is_nobodys() -> None:
    assert list(states("2026-11-01T12:00")) == ["2026-11-01"]


def test_a_duty_that_was_not_made_up_for_is_missed_for_good() -> None:
    first = period_at("day", at("2026-11-01T12:00"))
    assert state_in(DAILY, "acme", first, set(), at("2026-11-02T23:59")).state is DutyState.OVERDUE
    assert state_in(DAILY, "acme", first, set(), at("2026-11-03T00:00")).state is DutyState.MISSED


@given(st.sets(st.integers(1, 30)), st.integers(1, 30), st.integers(0, 23))
def test_what_was_missed_in_a_month_is_what_a_calendar_on_the_wall_says(done: set[int], day: int, hour: int) -> None:
    now = datetime(2026, 11, day, hour, tzinfo=BEIJING)
    reported = {("acme", "daily", f"2026-11-{one:02d}") for one in done}
    expected = sum(
        one not in done and datetime(2026, 11, one, tzinfo=BEIJING) + timedelta(days=1, hours=8) <= now
        for one in range(1, 31)
    )
    now_us = round(now.timestamp()) * 1_000_000
    assert missed_in(DAILY, "acme", month_of("2026-11"), reported, now_us) == expected


@given(st.dictionaries(st.sampled_from(COUNTED), st.integers(0, 20)))
def test_the_light_is_what_its_reasons_add_up_to(counts: dict[str, int]) -> None:
    rule = Lights()
    light = light_of(counts, rule)
    points = sum(count * getattr(rule, what) for what, count in counts.items())
    assert (light.points, light.score) == (points, max(0, 100 - points))
    assert light.colour == ("red" if points >= rule.red else "yellow" if points >= rule.yellow else "green")
    assert sum(line.points for line in light.lines) == points


def test_inspections_follow_the_rating() -> None:
    policy = DutyPolicy.model_validate({"inspect_every": {"D": "3d"}})
    days = {rating: policy.inspect_us(rating) / 24 / HOUR_US for rating in (None, "A", "B", "C", "D")}
    assert days == {None: 30, "A": 91, "B": 91, "C": 30, "D": 3}


@pytest.mark.parametrize(
    ("hour", "name"), [("00:00", "夜班"), ("07:59", "夜班"), ("08:00", "白班"), ("16:00", "中班"), ("23:59", "中班")]
)
def test_a_shift_lasts_until_the_next_begins(hour: str, name: str) -> None:
    assert DutyPolicy().shift_at(datetime.fromisoformat(f"2026-11-01T{hour}").time()).name == name


def test_what_makes_no_sense_is_refused_by_name() -> None:
    with pytest.raises(ValidationError, match="red must be more"):
        Lights(yellow=10, red=10)
    with pytest.raises(ValidationError, match="never be overdue"):
        Duty.model_validate({"id": "d", "name": "d", "every": "day", "since": "2026-11-01", "grace": "1d"})
    with pytest.raises(ValidationError, match="same id"):
        DutyPolicy(duties=(DAILY, DAILY))
    with pytest.raises(ValidationError, match="different times"):
        DutyPolicy.model_validate({"shifts": [{"name": "a", "begins": "08:00"}, {"name": "b", "begins": "08:00"}]})
