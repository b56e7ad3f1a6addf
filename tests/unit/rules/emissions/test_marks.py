"""Which minutes marks cover, and how much of a quota they use."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from rules.emissions.marks import HAZARDOUS_WASTE_INCINERATION, Kind, Marks, Quota, fit, marked_minutes, usage
from rules.emissions.periods import HOUR_US, MINUTE_US
from tests.unit.rules.emissions.columns import START, ints, minutes_of, tags, us

SECOND = 1_000_000


def marks(*spans: tuple[int, int, int]) -> Marks:
    """Of (tag, begin, end), seconds from the start."""
    return Marks(
        tag=tags([tag for tag, *_ in spans]),
        begin_us=START + ints([begin for _, begin, _ in spans]) * SECOND,
        end_us=START + ints([end for *_, end in spans]) * SECOND,
        kind=np.full(len(spans), Kind.ANOMALY, np.uint8),
    )


@pytest.mark.parametrize(
    ("begin", "end", "covered"),
    [
        pytest.param(60, 120, [1], id="a whole minute"),
        pytest.param(61, 119, [1], id="part of a minute"),
        pytest.param(59, 121, [0, 1, 2], id="touching both neighbours"),
        pytest.param(0, 300, [0, 1, 2, 3, 4], id="all"),
        pytest.param(-600, 0, [], id="before"),
        pytest.param(300, 600, [], id="after"),
        pytest.param(90, 90, [], id="of no length"),
        pytest.param(120, 60, [], id="backwards"),
    ],
)
def test_a_minute_is_marked_if_any_part_of_it_is(begin: int, end: int, covered: list[int]) -> None:
    minutes = minutes_of("NNNNN")
    mask = marked_minutes(minutes.tag, minutes.minute_us, marks((0, begin, end)))
    assert np.flatnonzero(mask).tolist() == covered


def test_a_mark_covers_its_own_tag_alone() -> None:
    minutes = minutes_of("NN", tag=3)
    assert not marked_minutes(minutes.tag, minutes.minute_us, marks((2, 0, 999), (4, 0, 999))).any()


spans = st.lists(st.tuples(st.integers(0, 2), st.integers(-100, 900), st.integers(-100, 900)), max_size=8)


@given(spans=spans, present=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 14)), max_size=30, unique=True))
@settings(deadline=None, max_examples=40)
def test_the_mask_equals_a_plain_walk(spans: list[tuple[int, int, int]], present: list[tuple[int, int]]) -> None:
    rows = sorted(present)
    mask = marked_minutes(
        tags([tag for tag, _ in rows]), START + ints([at for _, at in rows]) * MINUTE_US, marks(*spans)
    )
    plain = [
        any(tag == other and begin < end and at * 60 < end and at * 60 + 60 > begin for other, begin, end in spans)
        for tag, at in rows
    ]
    assert mask.tolist() == plain


def test_marks_of_one_kind() -> None:
    some = Marks(
        tag=tags([1, 2]), begin_us=ints([0, 0]), end_us=ints([1, 1]), kind=np.array([Kind.CONDITION, Kind.ANOMALY])
    )
    assert some.of(Kind.CONDITION).tag.tolist() == [1]


YEAR = HAZARDOUS_WASTE_INCINERATION


def used(*hours: tuple[int, str, str]) -> dict[tuple[int, str], float]:
    """Hours by (place, year) of marks (place, begin, end)."""
    found = usage(
        tags([place for place, *_ in hours]),
        ints([us(begin) for _, begin, _ in hours]),
        ints([us(end) for *_, end in hours]),
        YEAR,
    )
    years = {us(f"{year}-01-01 00:00"): str(year) for year in range(2025, 2030)}
    return {
        (place, years[at]): hours
        for place, at, hours in zip(found.place.tolist(), found.period_us.tolist(), found.hours.tolist(), strict=True)
    }


def test_overlapping_marks_count_once() -> None:
    assert used(
        (1, "2026-03-01 00:00", "2026-03-01 10:00"),
        (1, "2026-03-01 02:00", "2026-03-01 04:00"),
        (1, "2026-03-01 09:00", "2026-03-01 12:00"),
        (1, "2026-03-01 12:00", "2026-03-01 13:00"),
        (2, "2026-03-01 00:00", "2026-03-01 01:00"),
    ) == {(1, "2026"): 13.0, (2, "2026"): 1.0}


def test_a_mark_over_new_year_counts_in_each_year_with_its_part() -> None:
    assert used((1, "2026-12-31 21:00", "2027-01-01 02:00")) == {(1, "2026"): 3.0, (1, "2027"): 2.0}
    assert used((1, "2026-01-01 00:00", "2028-01-01 00:00")) == {(1, "2026"): 8760.0, (1, "2027"): 8760.0}


def test_no_mark_uses_nothing() -> None:
    assert used() == {}
    assert used((1, "2026-03-01 10:00", "2026-03-01 10:00")) == {}


hours = st.integers(0, 400)


@given(rows=st.lists(st.tuples(st.integers(0, 2), hours, hours), max_size=8))
@settings(deadline=None, max_examples=40)
def test_usage_equals_a_plain_count_of_hours(rows: list[tuple[int, int, int]]) -> None:
    begin = us("2026-01-20 00:00")
    quota = Quota(types=frozenset({"fault"}), hours=10, per="month")
    found = usage(
        tags([place for place, *_ in rows]),
        begin + ints([one for _, one, _ in rows]) * HOUR_US,
        begin + ints([end for *_, end in rows]) * HOUR_US,
        quota,
    )
    border = (us("2026-02-01 00:00") - begin) // HOUR_US
    plain: dict[tuple[int, int], set[int]] = {}
    for place, one, end in rows:
        for hour in range(one, end):
            plain.setdefault((place, int(hour >= border)), set()).add(hour)
    months = [us("2026-01-01 00:00"), us("2026-02-01 00:00")]
    assert list(zip(found.place.tolist(), found.period_us.tolist(), found.hours.tolist(), strict=True)) == [
        (place, months[which], float(len(plain[place, which]))) for place, which in sorted(plain)
    ]


def test_exactly_sixty_hours_fit() -> None:
    old = (ints([us("2026-03-01 00:00")]), ints([us("2026-03-03 00:00")]))
    (verdict,) = fit(*old, us("2026-05-01 00:00"), us("2026-05-01 12:00"), YEAR)
    assert (verdict.used, verdict.would_be, verdict.allowed) == (48.0, 60.0, 60.0)
    assert verdict.fits
    (verdict,) = fit(*old, us("2026-05-01 00:00"), us("2026-05-01 12:00") + 1, YEAR)
    assert not verdict.fits


def test_what_overlaps_an_old_mark_costs_nothing_anew() -> None:
    old = (ints([us("2026-03-01 00:00")]), ints([us("2026-03-03 12:00")]))
    (verdict,) = fit(*old, us("2026-03-02 00:00"), us("2026-03-03 12:00"), YEAR)
    assert verdict.fits


def test_a_new_mark_is_judged_in_each_year_it_touches() -> None:
    old = (ints([us("2026-03-01 00:00")]), ints([us("2026-03-03 11:00")]))
    first, second = fit(*old, us("2026-12-31 22:00"), us("2027-01-01 22:00"), YEAR)
    assert (first.would_be, first.fits) == (61.0, False)
    assert (second.used, second.would_be, second.fits) == (0.0, 22.0, True)


def test_a_mark_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValueError, match="must end after it begins"):
        fit(ints([]), ints([]), START, START, YEAR)


def test_a_quota_that_nobody_confirmed_is_not_applied() -> None:
    assert YEAR.active
    assert not Quota(types=frozenset({"fault"}), hours=60).active


def test_a_quota_longer_than_its_period_is_refused() -> None:
    with pytest.raises(ValidationError, match="a month has fewer"):
        Quota(types=frozenset({"fault"}), hours=745, per="month")
