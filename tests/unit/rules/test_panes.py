"""Rings of panes against lists of samples."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.aggregates import highest, lowest, mean, percentile, rounded, spread, total, valid
from rules.panes import ZONE_US, Panes, Part
from rules.samples import Samples

_WIDTH_US = 10
_PANES = 4


@dataclass(frozen=True)
class Row:
    """A sample: (slot, time, value, grade)."""

    slot: int
    time: int
    value: float
    grade: int


def samples_of(rows: Sequence[Row]) -> Samples:
    """As the engine orders them."""
    rows = sorted(rows, key=lambda row: (row.slot, row.time))
    slots = [row.slot for row in rows]
    return Samples(
        tag=np.array(slots, dtype=np.intp),
        time_us=np.array([row.time for row in rows], dtype=np.int64),
        value=np.array([row.value for row in rows]),
        quality=np.array([row.grade for row in rows], dtype=np.uint8),
        grade=np.array([row.grade for row in rows], dtype=np.uint8),
        single=len(set(slots)) == len(slots),
        all_good=not any(row.grade for row in rows),
    )


@st.composite
def histories(draw: st.DrawFn, slots: int = 3) -> list[list[Row]]:
    """Batches; the times of each slot rise, sometimes with gaps."""
    times = [0] * slots
    made = []
    for _ in range(draw(st.integers(1, 12))):
        batch = []
        for slot in draw(st.lists(st.integers(0, slots - 1), min_size=1, max_size=8)):
            times[slot] += draw(st.sampled_from([1, 2, 5, 9, 10, 30, 100]))
            value = draw(st.floats(-100, 100).map(lambda x: round(x, 1)))
            batch.append(Row(slot, times[slot], value, draw(st.sampled_from([0, 0, 0, 1, 2]))))
        made.append(batch)
    return made


def _pane(time: int) -> int:
    return (time + ZONE_US) // _WIDTH_US


def _expected(rows: Sequence[Row]) -> dict[str, float]:
    """Of the panes before the newest sample's, of one slot, the plain way."""
    last = max(_pane(row.time) for row in rows)
    used = [row for row in rows if row.grade < 2 and last - _PANES <= _pane(row.time) < last]
    panes = [[row.value for row in used if _pane(row.time) == pane] for pane in range(last - _PANES, last)]
    values = [value for some in panes for value in some]
    return {
        "mean": sum(sum(some) / len(some) for some in panes if some),
        "sum": sum(values),
        "count": len(values),
        "high": max(values, default=math.nan),
        "low": min(values, default=math.nan),
        "square": sum(sum(value**2 for value in some) / len(some) for some in panes if some),
        "valid": sum(bool(some) for some in panes),
        "unsure": any(row.grade == 1 for row in used),
    }


def _found(panes: Panes, slot: int) -> dict[str, float]:
    view = panes.ended(np.array([slot]))
    columns = {part: panes.of(view, part) for part in Part}
    found = {str(part): float(total(column)[0][0]) for part, column in columns.items()}
    return found | {
        "high": float(highest(columns[Part.HIGH])[0]),
        "low": float(lowest(columns[Part.LOW])[0]),
        "valid": int(valid(columns[Part.MEAN])[0]),
        # That of the running pane comes to be known with the sample itself.
        "unsure": bool(view.unsure_pane[0] >= view.end[0] - _PANES),
    }


def _panes() -> Panes:
    return Panes(3, width_us=_WIDTH_US, panes=_PANES, parts=tuple(Part))


def _play(panes: Panes, rows: Sequence[Row]) -> None:
    samples = samples_of(rows)
    if panes.add(samples):
        return
    pieces = panes.pieces(samples)
    for at in pieces.in_turn():
        later = pieces.pane[at] > panes.pane[pieces.slot[at]]
        panes.move(pieces.slot[at[later]], pieces.pane[at[later]])
        panes.put(pieces, at)


@settings(max_examples=150, deadline=None)
@given(histories())
def test_what_is_kept_of_panes_is_what_their_samples_give(batches: list[list[Row]]) -> None:
    panes = _panes()
    seen: list[Row] = []
    for batch in batches:
        _play(panes, batch)
        seen += batch
        for slot in sorted({row.slot for row in seen}):
            expected = _expected([row for row in seen if row.slot == slot])
            newest = max((row for row in seen if row.slot == slot), key=lambda row: row.time)
            found = _found(panes, slot)
            runs_unsure = panes.unsure_pane[slot] == _pane(newest.time)
            assert found.keys() == expected.keys()
            for name, number in expected.items():
                if name != "unsure" or not runs_unsure:
                    assert found[name] == pytest.approx(number, rel=1e-9, abs=1e-9, nan_ok=True), name


@settings(max_examples=150, deadline=None)
@given(histories())
def test_how_samples_were_cut_into_batches_changes_no_bit(batches: list[list[Row]]) -> None:
    piecemeal, whole = _panes(), _panes()
    rows = [row for batch in batches for row in batch]
    for row in rows:
        _play(piecemeal, [row])
    _play(whole, rows)
    for name in Panes.STATE:
        np.testing.assert_array_equal(getattr(piecemeal, name), getattr(whole, name))


@settings(max_examples=100, deadline=None)
@given(histories(), st.integers(1, 200))
def test_looking_ahead_is_what_moving_there_would_give(batches: list[list[Row]], ahead: int) -> None:
    panes = _panes()
    for batch in batches:
        _play(panes, batch)
    slots = np.flatnonzero(panes.pane > 0)
    end = panes.pane[slots] + ahead
    looked = panes.ended_at(slots, end)
    panes.move(slots, end)
    moved = panes.ended(slots)
    for name in ("end", "ring", "unsure_pane", "level_pane", "level"):
        np.testing.assert_array_equal(getattr(looked, name), getattr(moved, name))


def test_panes_begin_with_the_hours_of_china() -> None:
    panes = Panes(1, width_us=86_400_000_000, panes=2, parts=(Part.MEAN,))
    midnight_us = 1_800_028_800_000_000  # 2027-01-16T00:00:00+08:00
    number = panes.number(np.array([midnight_us - 1, midnight_us]))
    assert number[1] == number[0] + 1
    assert panes.begin_us(number)[1] == midnight_us


def test_a_ring_of_sixty_panes_takes_less_than_600_bytes_a_slot() -> None:
    assert Panes(1000, width_us=60_000_000, panes=60, parts=(Part.MEAN,)).bytes_per_slot <= 560


@pytest.mark.parametrize("slots", [1, 3, 2500])
def test_sums_have_the_same_bits_however_many_slots_there_are(slots: int) -> None:
    chance = np.random.default_rng(7)
    columns = chance.uniform(-1, 1, (60, 2500))
    columns[chance.uniform(size=columns.shape) < 0.2] = np.nan
    columns = columns[:, :slots]
    made, count = total(columns)
    for slot in range(slots):
        known = [value for value in columns[:, slot].tolist() if not math.isnan(value)]
        expected = 0.0
        for value in known:
            expected += value
        assert (made[slot], count[slot]) == (expected, len(known))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20), st.floats(0, 100))
def test_percentiles_are_those_of_numpy(values: list[float], percent: float) -> None:
    columns = np.array([values + [math.nan] * 3]).T
    found = percentile(columns, np.array([percent]))
    assert found[0] == pytest.approx(np.percentile(values, percent), rel=1e-12, abs=1e-9)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.floats(allow_nan=True), st.floats(-1e3, 1e3), st.integers(-999, 999).map(lambda n: n / 1000)))
def test_rounding_leaves_twelve_digits(value: float) -> None:
    found = float(rounded(np.array([value]))[0])
    if math.isnan(value):
        assert math.isnan(found)
    elif 1e-11 <= abs(value) < 1e12:
        assert found == pytest.approx(float(f"{value:.12g}"), rel=1.01e-11)
        assert float(f"{found:.12g}") == found
    else:
        assert found == value


def test_a_mean_that_is_its_limit_in_decimals_is_the_limit() -> None:
    naive = sum([0.1] * 3) / 3
    assert naive > 0.1
    assert rounded(np.array([naive]))[0] == 0.1
    assert mean(np.array([[0.1], [0.1], [math.nan], [0.1]]))[1][0] == 3


def test_the_spread_of_a_constant_is_zero_whatever_rounding_makes_of_it() -> None:
    average, squares = np.array([0.1 * 3 / 3, 50.0]), np.array([0.1 * 0.1 + 1e-17, 2500.0 + 4.0])
    assert spread(average, squares).tolist() == [0.0, 2.0]
