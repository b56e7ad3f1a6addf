"""Early warning, exceedance, and the logger's means beside ours."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.emissions.compare import Reason, Tolerance, Verdict, compare
from rules.emissions.exceed import EarlyWarning, Limits, Side, early_warnings, exceedances, warning_limits
from rules.emissions.hours import hour_means
from rules.emissions.periods import MINUTE_US
from rules.emissions.validity import FLUE_GAS
from tests.unit.rules.emissions.columns import START, bools, ints, minutes_of, tags

NONE = float("nan")


def limits(n: int, upper: float = NONE, lower: float = NONE, row: int = 7) -> Limits:
    return Limits(upper=np.full(n, upper), lower=np.full(n, lower), row=np.full(n, row, np.int32))


def test_a_limit_is_exceeded_strictly() -> None:
    value = np.array([49.9, 50.0, 50.1])
    found = exceedances(value, bools([True] * 3), limits(3, 50.0))
    assert found.period.tolist() == [2]
    assert found.limit_row.tolist() == [7]
    np.testing.assert_allclose(found.times_over, [0.002])


def test_what_is_not_valid_exceeds_nothing() -> None:
    assert len(exceedances(np.array([99.0, np.nan]), bools([False, True]), limits(2, 50.0))) == 0


def test_without_a_limit_nothing_is_exceeded() -> None:
    assert len(exceedances(np.array([1e9]), bools([True]), limits(1))) == 0


def test_ph_has_two_sides_and_no_times_over() -> None:
    found = exceedances(np.array([5.99, 6.0, 7.0, 9.0, 9.01]), bools([True] * 5), limits(5, 9.0, 6.0))
    assert found.period.tolist() == [0, 4]
    assert found.side.tolist() == [Side.LOW, Side.HIGH]
    assert found.limit.tolist() == [6.0, 9.0]
    assert np.isnan(found.times_over).all()


@given(value=st.floats(1e-6, 1e6), n=st.integers(45, 60))
@settings(deadline=None, max_examples=40)
def test_an_hour_that_stood_at_its_limit_exceeds_nothing(value: float, n: int) -> None:
    hour = hour_means(minutes_of("N" * n, value=[value] * n), FLUE_GAS)
    assert len(exceedances(hour.every.mean, hour.every.valid, limits(1, value, value))) == 0
    over = exceedances(hour.every.mean, hour.every.valid, limits(1, value * (1 - 1e-6)))
    assert over.side.tolist() == [Side.HIGH]


@pytest.mark.parametrize(
    ("upper", "lower", "warn_upper", "warn_lower"),
    [
        pytest.param(50.0, NONE, 40.0, NONE, id="a share of the limit"),
        pytest.param(9.0, 6.0, 8.7, 6.3, id="pH: a share of the way from the middle"),
        pytest.param(NONE, 1100.0, NONE, 1375.0, id="a lower limit alone"),
    ],
)
def test_where_minutes_warn(upper: float, lower: float, warn_upper: float, warn_lower: float) -> None:
    warn = warning_limits(limits(1, upper, lower), EarlyWarning(share=0.8))
    np.testing.assert_allclose(warn.upper, [warn_upper])
    np.testing.assert_allclose(warn.lower, [warn_lower])


def warned(letters: str, *, minutes: int = 3, high: str = "H", limit: float = 50.0) -> list[tuple[int, int, int]]:
    """(first minute, end, known) of each warning; ``H`` is a valid 41, over 80 % of 50, ``N`` a valid 10."""
    plain = letters.replace(high, "N")
    value = [41.0 if one == high else 10.0 for one in letters]
    rows = minutes_of(plain, value=value)
    valid = rows.flag == 1
    found = early_warnings(
        rows.tag, rows.minute_us, rows.value, valid, limits(len(rows), limit), EarlyWarning(share=0.8, minutes=minutes)
    )
    begin, end, known = ((column - START) // MINUTE_US for column in (found.begin_us, found.end_us, found.known_us))
    return list(zip(begin.tolist(), end.tolist(), known.tolist(), strict=True))


@pytest.mark.parametrize(
    ("letters", "expected"),
    [
        pytest.param("NHHN", [], id="too short"),
        pytest.param("NHHHN", [(1, 4, 4)], id="just long enough"),
        pytest.param("HHHHH", [(0, 5, 3)], id="known at its third minute"),
        pytest.param("HH–HH", [], id="a gap ends a run"),
        pytest.param("HHDHHH", [(3, 6, 6)], id="an invalid minute ends a run"),
        pytest.param("HHHNHHH", [(0, 3, 3), (4, 7, 7)], id="two runs"),
        pytest.param("", [], id="nothing"),
    ],
)
def test_early_warnings(letters: str, expected: list[tuple[int, int, int]]) -> None:
    assert warned(letters) == expected


def test_the_warning_limit_is_passed_strictly() -> None:
    assert warned("HHH", limit=41.0 / 0.8) == []


def test_a_run_does_not_go_on_in_the_next_tag() -> None:
    found = early_warnings(
        tags([1, 1, 2, 2]),
        START + ints([0, 1, 2, 3]) * MINUTE_US,
        np.full(4, 45.0),
        bools([True] * 4),
        limits(4, 50.0),
        EarlyWarning(minutes=3),
    )
    assert len(found) == 0


def test_a_low_run_tells_its_lowest() -> None:
    found = early_warnings(
        tags([4] * 3),
        START + ints([0, 1, 2]) * MINUTE_US,
        np.array([6.2, 5.5, 6.29]),
        bools([True] * 3),
        limits(3, 9.0, 6.0),
        EarlyWarning(minutes=3),
    )
    assert found.peak.tolist() == [5.5]
    assert found.side.tolist() == [Side.LOW]
    assert found.limit_row.tolist() == [7]


@given(letters=st.text("NHD–", max_size=40), minutes=st.integers(1, 6))
@settings(deadline=None, max_examples=40)
def test_early_warnings_equal_a_plain_walk(letters: str, minutes: int) -> None:
    plain: list[tuple[int, int, int]] = []
    run = 0
    for at, one in enumerate([*letters, "N"]):
        if one == "H":
            run += 1
            continue
        if run >= minutes:
            plain.append((at - run, at, at - run + minutes))
        run = 0
    assert warned(letters, minutes=minutes) == plain


@pytest.mark.parametrize(
    ("ours", "ok", "theirs", "their_ok", "same", "verdict", "reason"),
    [
        pytest.param(100.0, True, 105.0, True, False, Verdict.AGREE, Reason.NONE, id="within 5 % of the larger"),
        pytest.param(100.0, True, 105.3, True, False, Verdict.DISAGREE, Reason.NONE, id="further apart"),
        pytest.param(105.3, True, 100.0, True, False, Verdict.DISAGREE, Reason.NONE, id="either way round"),
        pytest.param(0.0, True, 0.0, True, False, Verdict.AGREE, Reason.NONE, id="both nought"),
        pytest.param(0.0, True, 0.1, True, False, Verdict.AGREE, Reason.NONE, id="rounding explains it"),
        pytest.param(0.0, True, 0.11, True, False, Verdict.DISAGREE, Reason.NONE, id="rounding does not"),
        pytest.param(NONE, False, 5.0, True, False, Verdict.NOT_COMPARABLE, Reason.OURS_MISSING, id="ours missing"),
        pytest.param(5.0, True, NONE, True, False, Verdict.NOT_COMPARABLE, Reason.THEIRS_MISSING, id="theirs missing"),
        pytest.param(NONE, False, NONE, False, True, Verdict.NOT_COMPARABLE, Reason.OURS_MISSING, id="neither"),
        pytest.param(5.0, True, 5.0, True, True, Verdict.NOT_COMPARABLE, Reason.SAME_SOURCE, id="one source"),
        pytest.param(5.0, False, 9.0, True, False, Verdict.NOT_COMPARABLE, Reason.OURS_INVALID, id="ours not valid"),
        pytest.param(5.0, True, 9.0, False, False, Verdict.NOT_COMPARABLE, Reason.THEIRS_FLAGGED, id="theirs flagged"),
    ],
)
def test_our_mean_beside_the_logger_s(
    ours: float, ok: bool, theirs: float, their_ok: bool, same: bool, verdict: Verdict, reason: Reason
) -> None:
    found = compare(
        np.array([ours]),
        bools([ok]),
        np.array([theirs]),
        bools([their_ok]),
        Tolerance(relative=0.05, absolute=0.1),
        bools([same]),
    )
    assert found.verdict.tolist() == [verdict]
    assert found.reason.tolist() == [reason]


def test_a_comparison_tells_by_how_much() -> None:
    found = compare(np.array([80.0]), bools([True]), np.array([100.0]), bools([True]), Tolerance())
    assert found.difference.tolist() == [20.0]
    assert found.relative.tolist() == [0.2]
