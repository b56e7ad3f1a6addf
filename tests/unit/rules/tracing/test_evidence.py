"""Signals, substances and rises: what counts, and for how much."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.arrays import Floats, Ints
from rules.tracing.case import Candidate, Match, Signal, SignalKind
from rules.tracing.evidence import WEIGHTS, in_time, log_prior
from rules.tracing.rise import rise_us
from rules.tracing.substances import match_of, shows
from tests.unit.rules.tracing.stories import MINUTE_US, RISE_US


def told(*signals: Signal, match: Match = Match.FAMILY) -> Candidate:
    return Candidate(id="s", east_m=0.0, north_m=0.0, signals=signals, match=match)


def at(minutes_before: float, kind: SignalKind = SignalKind.DETECTOR_ROSE, lasted_min: float | None = None) -> Signal:
    at_us = RISE_US - round(minutes_before * MINUTE_US)
    until_us = None if lasted_min is None else at_us + round(lasted_min * MINUTE_US)
    return Signal(kind=kind, subject="x", at_us=at_us, until_us=until_us)


@pytest.mark.parametrize(
    ("before", "counts"),
    [
        pytest.param(59.0, True, id="within the hour"),
        pytest.param(61.0, False, id="too long ago"),
        pytest.param(-4.0, True, id="a little after"),
        pytest.param(-6.0, False, id="too late"),
    ],
)
def test_signals_count_in_the_hour_before_and_a_little_after(before: float, counts: bool) -> None:
    assert bool(in_time([at(before)], RISE_US)) == counts


def test_alarm_that_still_stood_counts_however_old() -> None:
    assert in_time([at(600.0, lasted_min=600.0)], RISE_US)
    assert not in_time([at(600.0, lasted_min=60.0)], RISE_US)


def test_signal_at_the_time_the_air_left_has_its_whole_weight() -> None:
    assert log_prior(told(at(6.0)), RISE_US, 6.0) == pytest.approx(WEIGHTS[SignalKind.DETECTOR_ROSE])


def test_signal_that_began_when_the_air_had_left_counts_less_than_one_well_before() -> None:
    late, early = log_prior(told(at(0.0)), RISE_US, 10.0), log_prior(told(at(20.0)), RISE_US, 10.0)
    assert late < early < log_prior(told(at(10.0)), RISE_US, 10.0)


def test_alarm_that_stood_while_the_air_passed_fits() -> None:
    assert log_prior(told(at(40.0, lasted_min=60.0)), RISE_US, 8.0) == pytest.approx(3.0)


@given(st.lists(st.tuples(st.floats(-10, 70), st.sampled_from(SignalKind)), max_size=12))
def test_all_signals_together_are_bounded_and_never_speak_against(signals: list[tuple[float, SignalKind]]) -> None:
    weight = log_prior(told(*(at(before, kind) for before, kind in signals)), RISE_US, 5.0)
    assert 0.0 <= weight <= 4.5


@pytest.mark.parametrize(
    ("held", "quantity", "match"),
    [
        pytest.param("benzene", "benzene", Match.SAME, id="itself"),
        pytest.param("benzene", "nmhc", Match.FAMILY, id="organic on NMHC"),
        pytest.param("benzene", "odour", Match.FAMILY, id="smells"),
        pytest.param("benzene", "benzene_series", Match.FAMILY, id="of the series"),
        pytest.param("nmhc", "benzene", Match.FAMILY, id="a sum may hold it"),
        pytest.param("ammonia", "nmhc", Match.OTHER, id="no organic"),
        pytest.param("toluene", "benzene", Match.OTHER, id="another organic"),
        pytest.param("hydrogen_sulfide", "h2s", Match.SAME, id="by its other name"),
        pytest.param("nmhc", "hydrogen_sulfide", Match.OTHER, id="organics hold no sulfide"),
        pytest.param("hydrogen", "odour", Match.OTHER, id="no smell"),
    ],
)
def test_what_is_held_shows_on_the_instrument_or_does_not(held: str, quantity: str, match: Match) -> None:
    assert shows(held, quantity) is match


def test_best_of_what_is_held_decides_and_nothing_held_is_unknown() -> None:
    assert match_of(["ammonia", "toluene", "benzene"], "benzene") == (Match.SAME, ("benzene",))
    assert match_of(["ammonia", "toluene"], "nmhc") == (Match.FAMILY, ("toluene",))
    assert match_of(["ammonia"], "nmhc") == (Match.OTHER, ())
    assert match_of([], "nmhc") == (Match.UNKNOWN, ())


def series(*parts: tuple[int, float]) -> tuple[Ints, Floats]:
    value = np.concatenate([np.full(n, level) for n, level in parts])
    return np.arange(len(value), dtype=np.int64) * MINUTE_US, value


@pytest.mark.parametrize(
    ("parts", "minute"),
    [
        pytest.param([(20, 1.0), (10, 5.0)], 20, id="a step"),
        pytest.param([(30, 1.0)], None, id="flat"),
        pytest.param([(20, 1.0), (1, 9.0), (10, 1.0)], None, id="one sample is no rise"),
        pytest.param([(30, 5.0), (10, 1.0)], None, id="a fall"),
        pytest.param([(3, 1.0)], None, id="too short"),
        pytest.param([(20, 10.0), (10, 11.0)], None, id="a tenth is nothing"),
    ],
)
def test_rise_is_found_where_it_began(parts: list[tuple[int, float]], minute: int | None) -> None:
    found = rise_us(*series(*parts))
    assert found == (None if minute is None else minute * MINUTE_US)
