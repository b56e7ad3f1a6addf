"""Units as the trade writes them, converted exactly, and never between things that differ in kind."""

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from park.units import UnknownUnit, comparable, factor_offset, limit_factor, parse


@pytest.mark.parametrize(
    ("spelling", "plain"),
    [
        ("℃", "degC"),
        ("°C", "degC"),
        ("℃/min", "°C/min"),
        ("％", "%"),
        ("㎎/㎥", "mg/m^3"),
        ("mg/m³", "mg/m^3"),
        ("mg/m3", "mg/m^3"),
        ("µg/m³", "ug/m^3"),  # the micro sign
        ("μg/m³", "ug/m^3"),  # the Greek letter
        ("mg/Nm³", "mg/Nm3"),
        ("Nm³/h", "Nm3/h"),
        ("W/m2", "W/m^2"),
        ("无量纲", "1"),
        ("", "1"),
        ("%VOL", "%"),
        ("LEL%", "%LEL"),
        ("%RH", "%"),
        ("dB(A)", "dBA"),
        ("MPa(g)", "MPa"),
        (" kPa ", "kPa"),
    ],
)
def test_spelling_of_the_trade_is_understood(spelling: str, plain: str) -> None:
    assert parse(spelling) == parse(plain)


@pytest.mark.parametrize("text", ["ppmm", "mg/m3)", "5", "5 m", "Mpa", "吨位", "[", "__import__('os')", "m" * 60])
def test_unknown_unit_is_refused_with_examples(text: str) -> None:
    with pytest.raises(UnknownUnit, match="write for example mg/m3"):
        parse(text)


@pytest.mark.parametrize("text", ["m**9**9**9", "9**9**9**9", "(m**2)**2**99999", "m^9^9^9", "m*9**9**9"])
def test_power_that_would_take_hours_is_refused_at_once(text: str) -> None:
    began_s = time.perf_counter()
    with pytest.raises(UnknownUnit):
        parse(text)
    assert time.perf_counter() - began_s < 1


@given(st.text(max_size=60))
def test_any_text_is_a_unit_or_an_unknown_unit(text: str) -> None:
    with contextlib.suppress(UnknownUnit):
        parse(text)


@pytest.mark.parametrize(
    ("given_unit", "wanted", "value", "expected"),
    [
        ("mg/m3", "µg/m³", 1.5, 1500.0),
        ("℃", "K", 25.0, 298.15),
        ("°F", "℃", 212.0, 100.0),
        ("℃/min", "K/h", 1.0, 60.0),
        ("MPa", "kPa", 0.101325, 101.325),
        ("bar", "kPa", 1.0, 100.0),
        ("%VOL", "ppm", 0.1, 1000.0),
        ("ppm", "ppb", 1.0, 1000.0),
        ("m3/h", "L/s", 3.6, 1.0),
        ("t/h", "kg/s", 3.6, 1.0),
        ("mm", "m", 2500.0, 2.5),
        ("ug/L", "mg/m3", 1.0, 1.0),
    ],
)
def test_conversion_is_exact(given_unit: str, wanted: str, value: float, expected: float) -> None:
    factor, offset = factor_offset(given_unit, wanted)
    assert factor * value + offset == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("unit", ["mg/m3", "℃", "%LEL", "pH", "dB"])
def test_unit_to_itself_touches_no_bit(unit: str) -> None:
    assert factor_offset(unit, unit) == (1.0, 0.0)


@pytest.mark.parametrize(
    ("given_unit", "wanted"),
    [
        pytest.param("ppm", "mg/m3", id="needs the molar mass"),
        pytest.param("mg/m3", "ppm", id="needs the molar mass, back"),
        pytest.param("%LEL", "%VOL", id="needs the gas's LEL"),
        pytest.param("mg/Nm3", "mg/m3", id="needs temperature and pressure"),
        pytest.param("pH", "1", id="acidity is not a number"),
        pytest.param("dB", "1", id="logarithm"),
        pytest.param("dB(A)", "dB", id="weighted or not"),
        pytest.param("℃", "kPa", id="temperature, pressure"),
        pytest.param("℃/min", "℃", id="a rate is not a value"),
    ],
)
def test_different_things_are_never_converted(given_unit: str, wanted: str) -> None:
    with pytest.raises(ValueError, match="send the value in"):
        factor_offset(given_unit, wanted)


@pytest.mark.parametrize(
    ("unit", "wanted", "factor"),
    [
        ("mg/m3", "mg/Nm3", 1),
        ("mg/m3", "µg/m3", 1000),
        ("ng/m3", "mg/m3", 1e-6),
        ("kg/h", "g/s", 1 / 3.6),
        ("1", "OU", 1),
        ("pH", "无量纲", 1),
    ],
)
def test_limit_of_a_standard_is_carried_over_to_the_unit_of_the_values(unit: str, wanted: str, factor: float) -> None:
    assert limit_factor(unit, wanted) == pytest.approx(factor, rel=1e-12)


@pytest.mark.parametrize(("unit", "wanted"), [("mg/m3", "ppm"), ("mg/L", "kg/h"), ("mg/m3", "%"), ("K", "°C")])
def test_limit_that_cannot_be_held_against_the_values_is_told(unit: str, wanted: str) -> None:
    assert not comparable(unit, wanted)
    with pytest.raises(ValueError, match=r"cannot be converted|different zeros"):
        limit_factor(unit, wanted)
