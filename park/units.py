"""Units, by pint, with those of the trade that pint does not know."""

import re
import unicodedata
from functools import lru_cache

import pint

_REGISTRY: pint.UnitRegistry[float] = pint.UnitRegistry(cache_folder=None)
for _definition in (
    "LEL = [lower_explosive_limit]",
    "pH = [acidity]",
    "NTU = [turbidity]",
    "OU = [odour]",
    "dBA = [a_weighted_sound_level]",
    "Nm3 = [normal_volume]",
    "ppb = 1e-9",
):
    _REGISTRY.define(_definition)

# How people write a unit -> how pint reads it. Only what pint cannot read by itself.
_SPELLINGS = {
    "": "dimensionless",
    "1": "dimensionless",
    "%": "percent",
    "%LEL": "LEL",
    "LEL%": "LEL",
    "%VOL": "percent",
    "%RH": "percent",
    "mol%": "percent",
    "无量纲": "dimensionless",
    "dB(A)": "dBA",
    "kPa(g)": "kPa",
    "MPa(g)": "MPa",
}
# Messages bring units too, and pint would reckon at 9**9**9 for hours: an exponent is one digit.
_WILD_POWER = re.compile(r"(?:\*\*|\^)(?!-?\d(?!\d|\*\*|\^))")
_LONGEST = 40


class UnknownUnit(ValueError):
    """The text is not a unit that pint or the trade knows; writing it differently is the cure."""


@lru_cache(maxsize=4096)
def parse(text: str) -> pint.Unit:
    """The pint unit that ``text`` (``mg/m3``, ``°C``, ``%LEL``, ``pH``) names. Raises UnknownUnit."""
    spelled = _spell(text)
    try:
        if len(spelled) > _LONGEST or _WILD_POWER.search(spelled):
            raise ValueError("pint shall not see it")
        return _REGISTRY.Unit(spelled)
    except Exception as error:  # pint raises a dozen types for malformed text
        raise UnknownUnit(
            f"{text[:_LONGEST]!r} is not a known unit; write for example mg/m3, ppm, °C, kPa, %, %LEL, pH"
        ) from error


def _spell(text: str) -> str:
    # NFKC makes ℃, ㎎/㎥ and full-width ％ what they stand for; superscripts would lose their meaning in it.
    plain = unicodedata.normalize("NFKC", text.strip().replace("³", "^3").replace("²", "^2"))
    spelled = _SPELLINGS.get(plain, plain)
    spelled = re.sub(r"m([23])(?!\d)", r"m^\1", spelled).replace("μ", "u")
    return spelled.replace("Nm^3", "Nm3")


@lru_cache(maxsize=4096)
def factor_offset(given: str, wanted: str) -> tuple[float, float]:
    """(a, b) such that ``value_wanted = a * value_given + b``.

    Raises UnknownUnit, and ValueError where the two measure different things (ppm and mg/m3, for one: that
    needs the molar mass, temperature and pressure, and is not guessed).
    """
    source, target = parse(given), parse(wanted)
    if source == target:
        return 1.0, 0.0
    try:
        zero, one, two = (float(_REGISTRY.Quantity(x, source).to(target).magnitude) for x in (0.0, 1.0, 2.0))
    except pint.PintError as error:
        raise ValueError(f"unit {given!r} cannot be converted to {wanted!r}; send the value in {wanted!r}") from error
    if abs((two - one) - (one - zero)) > 1e-9 * abs(one - zero):  # decibels, for one
        raise ValueError(f"{given!r} and {wanted!r} are not on one linear scale; send the value in {wanted!r}")
    return one - zero, zero


def converted(value: float, given: pint.Unit, wanted: pint.Unit) -> float:
    """``value`` in another unit of the same thing. Raises pint.PintError where there is none."""
    return float(_REGISTRY.Quantity(value, given).to(wanted).magnitude)


def _plain(text: str) -> str:
    """Without what tells no other scale: Nm3 is m3 at standard state, odour units and pH are bare numbers."""
    spelled = _spell(text)
    return "dimensionless" if spelled in ("OU", "pH") else spelled.replace("Nm3", "m^3")


def limit_factor(given: str, wanted: str) -> float:
    """By what a limit in ``given`` is multiplied to be held against values in ``wanted``.

    As `factor_offset`, but limits of standards are meant at standard state, so mg/m3 and mg/Nm3 are one here, and an
    odour concentration (臭气浓度) is a bare number. Raises UnknownUnit, and ValueError where the two measure
    different things.
    """
    factor, offset = factor_offset(_plain(given), _plain(wanted))
    if offset:
        raise ValueError(f"{given!r} and {wanted!r} have different zeros; a limit cannot be converted")
    return factor


@lru_cache(maxsize=4096)
def comparable(given: str, wanted: str) -> bool:
    """Whether a limit in ``given`` can be held against values in ``wanted``."""
    try:
        limit_factor(given, wanted)
    except ValueError:
        return False
    return True


def is_mass_rate(text: str) -> bool:
    """Whether the unit is a mass by time (kg/h). Raises UnknownUnit."""
    return comparable(text, "kg/h")
