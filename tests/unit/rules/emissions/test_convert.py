"""Concentrations and flows brought to what limits are written in; numbers by hand from HJ 212-2017 Annex D."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from rules.emissions.amounts import amounts, gas_rate_kg_h, projected_kg, share_of_permit, water_rate_kg_h
from rules.emissions.convert import (
    OxygenRule,
    Why,
    flow_to_dry,
    flow_to_standard_state,
    nox_as_no2,
    oxygen_factor,
    scaled,
    to_dry,
    to_reference_oxygen,
    to_standard_state,
    volume_to_mass,
)
from rules.emissions.flags import Flag
from rules.emissions.periods import HOUR_US, day_of, month_of, year_of
from rules.emissions.validity import FLUE_GAS, Validity
from tests.unit.rules.emissions.columns import bools, ints, minutes_of, tags, us

THREE = OxygenRule(reference_percent=3)
some = st.floats(0.001, 1e6)
oxygen = st.floats(0, 20.49)


def one(number: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([number])


def test_a_factor_by_hand() -> None:
    # (21 - 3) / (21 - 9) = 1.5; (21 - 11) / (21 - 11) = 1
    assert oxygen_factor(one(9.0), THREE)[0].tolist() == [1.5]
    assert oxygen_factor(one(11.0), OxygenRule(reference_percent=11))[0].tolist() == [1.0]
    # alpha = 21 / (21 - 7) = 1.5, against the standard's 1.2
    assert oxygen_factor(one(7.0), OxygenRule(excess_air=1.2))[0].tolist() == [1.25]


@given(o2=oxygen, reference=st.floats(0, 20))
@settings(deadline=None, max_examples=40)
def test_a_reference_oxygen_is_an_excess_air(o2: float, reference: float) -> None:
    by_oxygen, _ = oxygen_factor(one(o2), OxygenRule(reference_percent=reference))
    by_air, _ = oxygen_factor(one(o2), OxygenRule(excess_air=21 / (21 - reference)))
    np.testing.assert_allclose(by_oxygen, by_air, rtol=1e-12)


@given(o2=st.floats(allow_nan=True, allow_infinity=True), cap=st.booleans())
@settings(deadline=None, max_examples=40)
def test_no_oxygen_gives_an_infinite_or_negative_factor(o2: float, cap: bool) -> None:
    factor, why = oxygen_factor(one(o2), OxygenRule(reference_percent=3, beyond="cap" if cap else "invalid"))
    highest = (21 - 3) / (21 - 20.5)
    assert np.isnan(factor[0]) or 0 < factor[0] <= highest
    assert np.isnan(factor[0]) == (why[0] == Why.COMPANION or (why[0] == Why.OXYGEN_HIGH and not cap))


@pytest.mark.parametrize(
    ("o2", "beyond", "factor", "why"),
    [
        pytest.param(20.4999, "invalid", 18 / 0.5001, Why.CONVERTED, id="just below the guard"),
        pytest.param(20.5, "invalid", np.nan, Why.OXYGEN_HIGH, id="at the guard"),
        pytest.param(20.5, "cap", 36.0, Why.OXYGEN_HIGH, id="at the guard, capped"),
        pytest.param(21.0, "invalid", np.nan, Why.OXYGEN_HIGH, id="air"),
        pytest.param(21.0, "cap", 36.0, Why.OXYGEN_HIGH, id="air, capped"),
        pytest.param(25.0, "cap", 36.0, Why.OXYGEN_HIGH, id="more than air, capped"),
        pytest.param(-0.1, "cap", np.nan, Why.COMPANION, id="less than nothing"),
        pytest.param(np.nan, "cap", np.nan, Why.COMPANION, id="no number"),
    ],
)
def test_the_guard_of_oxygen(o2: float, beyond: str, factor: float, why: Why) -> None:
    rule = OxygenRule.model_validate({"reference_percent": 3, "beyond": beyond})
    found, told = oxygen_factor(one(o2), rule)
    np.testing.assert_allclose(found, [factor])
    assert told.tolist() == [why]


def test_without_a_rule_nothing_is_converted() -> None:
    minutes = minutes_of("NN")
    result = to_reference_oxygen(minutes, np.full(2, np.nan), np.zeros(2, np.uint8), OxygenRule(), FLUE_GAS)
    assert result.minutes.value.tolist() == minutes.value.tolist()
    assert result.minutes.flag.tolist() == [Flag.N, Flag.N]


def test_two_rules_at_once_are_refused() -> None:
    with pytest.raises(ValidationError, match="not both"):
        OxygenRule(reference_percent=3, excess_air=1.2)


@pytest.mark.parametrize(
    ("own", "beside", "o2", "flag", "why"),
    [
        pytest.param("N", "N", 9.0, "N", Why.CONVERTED, id="both valid"),
        pytest.param("D", "N", 9.0, "D", Why.VALUE, id="its own fault"),
        pytest.param("D", "C", 9.0, "D", Why.VALUE, id="both: its own"),
        pytest.param("N", "C", 9.0, "C", Why.COMPANION, id="oxygen in calibration"),
        pytest.param("N", "F", 9.0, "F", Why.COMPANION, id="oxygen out of operation"),
        pytest.param("N", "MISSING", np.nan, "MISSING", Why.COMPANION, id="oxygen missing"),
        pytest.param("N", "N", 20.9, "MISSING", Why.OXYGEN_HIGH, id="air"),
        pytest.param("N", "N", -1.0, "MISSING", Why.COMPANION, id="impossible oxygen"),
    ],
)
def test_flag_of_a_converted_minute(own: str, beside: str, o2: float, flag: str, why: Why) -> None:
    minutes = minutes_of(own)
    result = to_reference_oxygen(minutes, one(o2), np.array([Flag[beside]], np.uint8), THREE, FLUE_GAS)
    assert Flag(result.minutes.flag[0]).name == flag
    assert result.why.tolist() == [why]
    if flag == "N":
        assert result.minutes.value.tolist() == [15.0]


def test_a_tolerated_flag_of_oxygen_does_not_spoil_a_minute() -> None:
    tolerant = Validity.model_validate({"valid_flags": ["N", "T"]})
    over_range = np.array([Flag.T], np.uint8)
    assert scaled(minutes_of("N"), one(2.0), [over_range], tolerant).minutes.flag.tolist() == [Flag.N]
    assert scaled(minutes_of("N"), one(2.0), [over_range], FLUE_GAS).minutes.flag.tolist() == [Flag.T]


def test_standard_state_by_hand() -> None:
    # 136.5 C is 409.5 K, 1.5 times 273 K; at 101,325 Pa the gas of 1 m3 takes 2/3 m3.
    assert to_standard_state(one(10.0), one(136.5), one(0.0), one(101_325.0)).tolist() == [15.0]
    assert flow_to_standard_state(one(15.0), one(136.5), one(0.0), one(101_325.0)).tolist() == [10.0]
    # Ps of the standard is against the air's: at half the pressure there is twice as much in the standard m3.
    assert to_standard_state(one(10.0), one(0.0), one(-50_662.5), one(101_325.0)).tolist() == [20.0]


def test_wet_to_dry_by_hand() -> None:
    assert to_dry(one(9.0), one(10.0)).tolist() == [10.0]
    assert flow_to_dry(one(10.0), one(10.0)).tolist() == [9.0]


def test_volume_to_mass_and_nitrogen_oxides_by_hand() -> None:
    np.testing.assert_allclose(volume_to_mass(one(100.0), 64.0), [285.714285714], rtol=1e-9)
    assert nox_as_no2(one(30.0), one(4.0)).tolist() == [50.0]


@given(value=some, t=st.floats(-50, 1500), gauge=st.floats(-50_000, 50_000), moisture=st.floats(0, 99))
@settings(deadline=None, max_examples=40)
def test_the_mass_is_the_same_in_every_state(value: float, t: float, gauge: float, moisture: float) -> None:
    state = (one(t), one(gauge), one(101_325.0))
    dry = to_dry(to_standard_state(one(value), *state), one(moisture))
    flow = flow_to_dry(flow_to_standard_state(one(1000.0), *state), one(moisture))
    np.testing.assert_allclose(dry * flow, [value * 1000.0], rtol=1e-9)


@pytest.mark.parametrize("moisture", [100.0, 120.0, -1.0, np.nan])
def test_an_impossible_moisture_gives_no_value(moisture: float) -> None:
    assert np.isnan(to_dry(one(5.0), one(moisture)))[0]
    assert np.isnan(flow_to_dry(one(5.0), one(moisture)))[0]


@pytest.mark.parametrize(("t", "air"), [(-273.0, 101_325.0), (-300.0, 101_325.0), (20.0, 0.0), (20.0, np.nan)])
def test_an_impossible_state_gives_no_value(t: float, air: float) -> None:
    assert np.isnan(to_standard_state(one(5.0), one(t), one(0.0), one(air)))[0]
    assert np.isnan(flow_to_standard_state(one(5.0), one(t), one(0.0), one(air)))[0]


def test_rates_by_hand() -> None:
    assert gas_rate_kg_h(one(50.0), one(20_000.0)).tolist() == [1.0]
    assert water_rate_kg_h(one(50.0), one(20.0)).tolist() == [1.0]


def test_amounts_are_of_the_hours_that_count_and_tell_the_others() -> None:
    hours = us("2026-12-31 22:00") + np.arange(4) * HOUR_US
    found = amounts(
        tags([1, 1, 1, 1]), hours, np.array([1.0, 2.0, np.nan, 8.0]), bools([True, True, True, False]), day_of
    )
    assert found.start_us.tolist() == [us("2026-12-31 00:00"), us("2027-01-01 00:00")]
    assert found.kg.tolist() == [3.0, 0.0]
    assert found.hours.tolist() == [2, 0]
    assert found.hours_left_out.tolist() == [0, 2]


@given(
    rows=st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 20_000), st.floats(0, 10), st.booleans()), min_size=0, max_size=30
    ),
    by=st.sampled_from([day_of, month_of, year_of]),
)
@settings(deadline=None, max_examples=40)
def test_amounts_equal_a_plain_sum(rows: list[tuple[int, int, float, bool]], by: object) -> None:
    assert callable(by)
    hour_us = us("2026-01-01 00:00") + ints([hour for _, hour, _, _ in rows]) * HOUR_US
    rate = np.array([kg for _, _, kg, _ in rows], np.float64)
    found = amounts(tags([tag for tag, *_ in rows]), hour_us, rate, bools([ok for *_, ok in rows]), by)
    plain: dict[tuple[int, int], list[float]] = {}
    for (tag, _, kg, ok), start in zip(rows, by(hour_us).tolist(), strict=True):
        plain.setdefault((tag, start), [0.0, 0, 0])
        plain[tag, start][0] += kg if ok else 0.0
        plain[tag, start][1 if ok else 2] += 1
    assert list(zip(found.tag.tolist(), found.start_us.tolist(), strict=True)) == sorted(plain)
    np.testing.assert_allclose(found.kg, [plain[key][0] for key in sorted(plain)])
    assert found.hours.tolist() == [plain[key][1] for key in sorted(plain)]
    assert found.hours_left_out.tolist() == [plain[key][2] for key in sorted(plain)]


def test_share_of_a_permit_and_where_the_year_is_going() -> None:
    assert share_of_permit(np.array([5.0, 12.0, 1.0]), np.array([10.0, 10.0, np.nan]))[:2].tolist() == [0.5, 1.2]
    assert np.isnan(share_of_permit(one(1.0), one(np.nan)))[0]
    projected = projected_kg(np.array([10.0, 0.0]), np.array([100, 0], np.int32), np.array([8760, 8760], np.int32))
    assert projected[0] == 876.0
    assert np.isnan(projected[1])
