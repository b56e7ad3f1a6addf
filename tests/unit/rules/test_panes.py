"""Rings of panes against lists of samples."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.aggregates import mean, percentile, rounded, total
from rules.panes import ZONE_US, Panes, Part
from rules.samples import Samples
from rules.trailing import NEEDS, Trailing

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


def _expected(rows: Sequence[Row], now: int) -> dict[str, float]:
    """Of one slot, the plain way."""
    last = max([_pane(now), *(_pane(row.time) for row in rows)])
    used = [row for row in rows if row.grade < 2 and _pane(row.time) > last - _PANES]
    panes = [[row.value for row in used if _pane(row.time) == pane] for pane in range(last - _PANES + 1, last + 1)]
    valid = [values for values in panes if values]
    if not valid:
        return dict.fromkeys(NEEDS, math.nan) | {"valid": 0.0, "unsure": 0.0}
    values = [value for some in valid for value in some]
    average = sum(sum(some) / len(some) for some in valid) / len(valid)
    square = sum(sum((value - average) ** 2 for value in some) / len(some) for some in valid) / len(valid)
    return {
        "mean": average,
        "stddev": math.sqrt(square),
        "sum": sum(values),
        "count": len(values),
        "max": max(values),
        "min": min(values),
        "valid": len(valid) / _PANES,
        "unsure": float(any(row.grade == 1 for row in used)),
    }


def _trailing() -> Trailing:
    return Trailing(3, width_us=_WIDTH_US, panes=_PANES, wanted=tuple(NEEDS))


def _found(trailing: Trailing, slot: int, now: int) -> dict[str, float]:
    totals = trailing.as_of(now)
    found = {name: float(column[slot]) for name, column in totals.of.items()}
    return found | {"valid": float(totals.valid[slot]), "unsure": float(totals.unsure[slot])}


@settings(max_examples=150, deadline=None)
@given(histories(), st.integers(0, 60))
def test_trailing_windows_are_those_of_the_samples_themselves(batches: list[list[Row]], lag: int) -> None:
    trailing = _trailing()
    seen: list[Row] = []
    for batch in batches:
        trailing.play(samples_of(batch))
        seen += batch
        now = max(row.time for row in seen) - 20 + lag
        for slot in range(3):
            mine = [row for row in seen if row.slot == slot]
            found, expected = _found(trailing, slot, now), _expected(mine, now)
            assert found.keys() == expected.keys()
            for name, number in expected.items():
                assert found[name] == pytest.approx(number, rel=1e-9, abs=2e-4, nan_ok=True), name


@settings(max_examples=150, deadline=None)
@given(histories())
def test_how_samples_were_cut_into_batches_changes_no_bit(batches: list[list[Row]]) -> None:
    piecemeal, whole = _trailing(), _trailing()
    rows = [row for batch in batches for row in batch]
    for row in rows:
        piecemeal.play(samples_of([row]))
    whole.play(samples_of(rows))
    for name in Panes.STATE:
        np.testing.assert_array_equal(getattr(piecemeal.panes, name), getattr(whole.panes, name))
    now = max(row.time for row in rows)
    for one, other in zip(piecemeal.as_of(now).of.values(), whole.as_of(now).of.values(), strict=True):
        np.testing.assert_array_equal(one, other)


@settings(max_examples=100, deadline=None)
@given(histories(), st.integers(1, 200))
def test_looking_ahead_is_what_moving_there_would_give(batches: list[list[Row]], ahead: int) -> None:
    panes = Panes(3, width_us=_WIDTH_US, panes=_PANES, parts=(Part.MEAN, Part.HIGH))
    for batch in batches:
        pieces = panes.pieces(samples_of(batch))
        for at in pieces.in_turn():
            later = pieces.pane[at] > panes.pane[pieces.slot[at]]
            panes.move(pieces.slot[at[later]], pieces.pane[at[later]])
            panes.put(pieces, at)
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
