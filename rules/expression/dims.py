"""Units of what an expression reckons with: which may meet, and by what they are converted."""

from dataclasses import dataclass, replace
from functools import lru_cache

import pint

from park import units


@dataclass(frozen=True, slots=True)
class Measure:
    """What a number measures."""

    #: None: a number written without unit, which takes the unit of what it meets.
    unit: pint.Unit | None
    #: A difference: of 5 °C and 2 °C, 3 K. Zero is the same in every unit, so only the scale matters.
    is_difference: bool = False
    #: Written in the text: whether ``5 °C`` is a temperature or a difference what it meets decides.
    is_literal: bool = False

    def __str__(self) -> str:
        if self.unit is None or self.unit == PLAIN.unit:
            return "a plain number"
        return f"{self.unit:~P}"


ANY = Measure(None, is_literal=True)
PLAIN = Measure(units.parse(""))
SECONDS = Measure(units.parse("s"), is_difference=True)


class Incompatible(ValueError):
    """Two numbers measure different things; write both in units of one thing."""


def literal(unit: str | None) -> Measure:
    """Of a number in the text."""
    return ANY if unit is None else Measure(units.parse(unit), is_literal=True)


def of_tag(unit: str) -> Measure:
    """Of a tag's value."""
    return Measure(units.parse(unit))


def is_time(measure: Measure) -> bool:
    """Whether it is a duration."""
    return measure.unit is not None and measure.unit.dimensionality == SECONDS.unit.dimensionality  # type: ignore[union-attr]


def is_plain(measure: Measure) -> bool:
    """Whether it has no unit."""
    return measure.unit is None or measure.unit == PLAIN.unit


def conversion(given: Measure, wanted: Measure) -> tuple[float, float]:
    """(a, b) such that ``wanted = a * given + b``. Raises Incompatible."""
    if given.unit is None or wanted.unit is None or given.unit == wanted.unit:
        return 1.0, 0.0
    scale, offset = _scale_offset(given.unit, wanted.unit)
    return scale, 0.0 if given.is_difference or wanted.is_difference else offset


@lru_cache(maxsize=4096)
def _scale_offset(given: pint.Unit, wanted: pint.Unit) -> tuple[float, float]:
    if given.dimensionality != wanted.dimensionality:
        raise Incompatible(_why(given, wanted))
    try:
        zero, one, two = (units.converted(x, given, wanted) for x in (0.0, 1.0, 2.0))
    except pint.PintError as error:
        raise Incompatible(f"{Measure(given)} cannot be converted to {Measure(wanted)}") from error
    if abs((two - one) - (one - zero)) > 1e-9 * abs(one - zero):
        raise Incompatible(f"{Measure(given)} and {Measure(wanted)} are not on one linear scale")
    return (one, 0.0) if zero == 0 else (float(f"{one - zero:.12g}"), zero)


def _why(given: pint.Unit, wanted: pint.Unit) -> str:
    dimensions = {str(given.dimensionality), str(wanted.dimensionality)}
    if dimensions == {"dimensionless", "[mass] / [length] ** 3"} and PLAIN.unit not in (given, wanted):
        return "that needs the molar mass, temperature and pressure, and is not guessed; measure both in one of them"
    return "they measure different things"


def product(left: Measure, right: Measure, sign: str) -> tuple[Measure, float]:
    """What ``left * right`` or ``left / right`` measures, and by what the product of the numbers is multiplied.

    Raises Incompatible where a temperature is multiplied as though it were an amount.
    """
    if left.unit is None and right.unit is None:
        return ANY, 1.0
    if right.unit is None:
        return left, 1.0
    if left.unit is None and sign == "*":
        return right, 1.0
    if left.unit is None:
        # 10 / level: of so many for each percent, not a hundred times as many for each whole.
        return Measure(_amount(PLAIN) / _amount(right), is_difference=True), 1.0
    a, b = _amount(left), _amount(right)
    unit = a * b if sign == "*" else a / b
    if unit.dimensionality == PLAIN.unit.dimensionality:  # type: ignore[union-attr]
        return PLAIN, _scale_offset(unit, PLAIN.unit)[0]
    return Measure(unit, is_difference=True), 1.0


def per_second(measure: Measure) -> Measure:
    """Of a rate of change."""
    return Measure(_amount(difference(measure)) / units.parse("s"), is_difference=True)


def difference(measure: Measure) -> Measure:
    """Of two such numbers."""
    return replace(measure, is_difference=True, is_literal=False)


def _amount(measure: Measure) -> pint.Unit:
    """A unit that may be multiplied: of °C that of its differences."""
    unit = measure.unit
    if unit is None:
        return units.parse("")
    if not _has_offset(unit):
        return unit
    if not measure.is_difference:
        raise Incompatible(f"{Measure(unit)} has no natural zero and cannot be multiplied; use a difference or K")
    return units.parse(f"delta_{unit}")


@lru_cache(maxsize=4096)
def _has_offset(unit: pint.Unit) -> bool:
    try:
        return units.converted(0.0, unit, units.parse("K")) != 0.0
    except pint.PintError:
        return False
