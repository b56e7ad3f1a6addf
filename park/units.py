"""Units, by pint, with those of the trade that pint does not know."""

from functools import cache

import pint

_REGISTRY: pint.UnitRegistry[float] = pint.UnitRegistry(cache_folder=None)
for _definition in (
    "LEL = [lower_explosive_limit]",
    "pH = [acidity]",
    "NTU = [turbidity]",
    "OU = [odour]",
    "Nm3 = [normal_volume]",
    "ppb = 1e-9",
):
    _REGISTRY.define(_definition)

# How people write a unit -> how pint reads it. Only what pint cannot read by itself.
_SPELLINGS = {
    "": "dimensionless",
    "1": "dimensionless",
    "℃": "degC",
    "°C": "degC",
    "%": "percent",
    "%LEL": "LEL",
    "LEL%": "LEL",
    "%VOL": "percent",
    "mol%": "percent",
    "无量纲": "dimensionless",
    "m³": "m^3",
    "kPa(g)": "kPa",
    "MPa(g)": "MPa",
}


class UnknownUnit(ValueError):
    """The text is not a unit that pint or the trade knows; writing it differently is the cure."""


@cache
def parse(text: str) -> pint.Unit:
    """The pint unit that ``text`` (``mg/m3``, ``°C``, ``%LEL``, ``pH``) names. Raises UnknownUnit."""
    spelled = _SPELLINGS.get(text.strip(), text.strip())
    spelled = spelled.replace("m3", "m^3").replace("³", "^3").replace("²", "^2").replace("μ", "u").replace("µ", "u")
    spelled = spelled.replace("Nm^3", "Nm3")
    try:
        return _REGISTRY.Unit(spelled)
    except Exception as error:  # pint raises a dozen types for malformed text
        raise UnknownUnit(
            f"{text!r} is not a known unit; write for example mg/m3, ppm, °C, kPa, %, %LEL, pH"
        ) from error


@cache
def factor_offset(given: str, wanted: str) -> tuple[float, float]:
    """(a, b) such that ``value_wanted = a * value_given + b``.

    Raises UnknownUnit, and ValueError where the two measure different things (ppm and mg/m3, for one: that
    needs the molar mass, temperature and pressure, and is not guessed).
    """
    source, target = parse(given), parse(wanted)
    if source == target:
        return 1.0, 0.0
    try:
        zero = _REGISTRY.Quantity(0.0, source).to(target).magnitude
        one = _REGISTRY.Quantity(1.0, source).to(target).magnitude
    except pint.DimensionalityError as error:
        raise ValueError(f"unit {given!r} cannot be converted to {wanted!r}; send the value in {wanted!r}") from error
    return float(one - zero), float(zero)
