"""Which periods are missing: against an oracle that keeps every single one."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.hj212.coverage import Coverage, Span, ceil_us, floor_us, pieces

MIN, HOUR, DAY = 60_000_000, 3_600_000_000, 86_400_000_000
#: 2026-11-01 00:00 +08:00
T0 = 1_793_462_400_000_000


def _minutes(spans: Iterable[Span], length_us: int = MIN) -> list[int]:
    """Single periods, counted from `T0`."""
    return [(one - T0) // length_us for a, b in spans for one in range(a, b, length_us)]


def _coverage(*minutes: int, length_us: int | None = MIN, begun: int | None = None) -> Coverage:
    coverage = Coverage(length_us)
    if begun is not None:
        coverage.begin(T0 + begun * MIN)
    for minute in minutes:
        coverage.add(T0 + minute * MIN)
    return coverage


@given(
    begun=st.integers(0, 20),
    came=st.lists(st.integers(0, 60), max_size=40),
    settled=st.lists(st.tuples(st.integers(0, 60), st.integers(1, 10)), max_size=3),
    until=st.integers(0, 70),
)
def test_what_is_missing_is_what_never_came(
    begun: int, came: list[int], settled: list[tuple[int, int]], until: int
) -> None:
    coverage = _coverage(*came, begun=begun)
    for at, count in settled:
        coverage.settle(T0 + at * MIN, T0 + (at + count) * MIN)
    there = {minute for minute in came if minute >= begun - 1}
    there |= {minute for at, count in settled for minute in range(at, at + count)}
    newest = max((minute for minute in there if minute >= begun - 1), default=begun - 1)
    expected = [minute for minute in range(begun, max(until, newest + 1)) if minute not in there]
    assert _minutes(coverage.missing(0, T0 + until * MIN)) == expected


@given(minutes=st.permutations(range(12)))
def test_the_order_of_arrival_makes_no_difference(minutes: list[int]) -> None:
    kept = [minute for minute in minutes if minute % 4]
    assert _minutes(_coverage(*kept, begun=0).missing(0, 0)) == [0, 4, 8]


def test_what_came_before_the_beginning_is_never_missed() -> None:
    coverage = _coverage(10, 11, 3, 14)
    assert _minutes(coverage.missing(0, T0 + 16 * MIN)) == [12, 13, 15]


def test_a_hole_older_than_the_reach_is_given_up() -> None:
    coverage = _coverage(0, 5, 9)
    assert _minutes(coverage.missing(T0 + 7 * MIN, 0)) == [7, 8]
    assert _minutes(coverage.missing(0, 0)) == [7, 8]


def test_days_and_hours_begin_by_beijing_time() -> None:
    coverage = Coverage(DAY)
    coverage.begin(T0 + 5 * HOUR)
    assert coverage.missing(0, T0 + 3 * DAY + HOUR) == [(T0, T0 + 3 * DAY)]


@pytest.mark.parametrize(("starts", "interval"), [((0, 10), 10), ((0, 30, 10), 10), ((0, 7), None), ((5, 4), 1)])
def test_the_interval_is_the_least_distance_that_the_standard_has(
    starts: tuple[int, ...], interval: int | None
) -> None:
    coverage = _coverage(*starts, length_us=None)
    assert coverage.length_us == (interval * MIN if interval else None)


def test_an_interval_that_was_taken_for_too_long_is_corrected_and_nothing_is_forgotten() -> None:
    coverage = _coverage(10, 15, 16, length_us=None, begun=8)  # 5 minutes, then 1
    assert coverage.length_us == MIN
    assert _minutes(coverage.missing(0, 0)) == [8, 9, 11, 12, 13, 14]


def test_an_interval_that_was_made_longer_leaves_no_holes_for_ever() -> None:
    coverage = _coverage(*range(5), *range(10, 90, 10), length_us=None)
    assert coverage.length_us == 10 * MIN
    assert coverage.missing(0, 0) == []


def test_a_lost_packet_does_not_change_the_interval() -> None:
    coverage = _coverage(0, 1, 2, 5, 6, 9, length_us=None)
    assert coverage.length_us == MIN
    assert _minutes(coverage.missing(0, 0)) == [3, 4, 7, 8]


def test_what_is_remembered_is_bounded() -> None:
    coverage = _coverage(*range(0, 4_000, 2))
    assert len(coverage._runs) <= 500
    assert _minutes(coverage.missing(0, 0))[-1] == 3_997


@given(st.integers(0, 2**51), st.sampled_from([MIN, 10 * MIN, HOUR, DAY]))
def test_floor_and_ceiling_are_the_nearest_starts(time_us: int, length_us: int) -> None:
    below, above = floor_us(time_us, length_us), ceil_us(time_us, length_us)
    assert below <= time_us < below + length_us
    assert above - length_us < time_us <= above
    assert (below - T0) % length_us == 0


@given(st.integers(0, 100), st.integers(1, 30))
def test_pieces_are_the_span_in_order(count: int, most: int) -> None:
    span = (T0, T0 + count * MIN)
    cut = list(pieces(span, MIN, most))
    assert _minutes(cut) == list(range(count))
    assert all(0 < (b - a) // MIN <= most for a, b in cut)
