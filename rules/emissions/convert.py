"""Concentrations and flows brought to what limits are written in (HJ 212-2017 Annex D). Element by element; NaN stays.

Standard state is 273 K and 101,325 Pa as the formulas print it. Whatever a formula cannot give is NaN, never infinite.
"""

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from rules.arrays import Bools, Bytes, Floats
from rules.emissions import flags
from rules.emissions.flags import Flag
from rules.emissions.minutes import Minutes
from rules.emissions.validity import Validity

STANDARD_PA = 101_325.0
#: Litres that a mole takes at standard state, as the standard prints it.
MOLAR_L = 22.4
#: Oxygen of air, % by volume, as all formulas have it.
AIR_O2 = 21.0
#: g/mol.
NO_G, NO2_G = 30.0, 46.0
_ZERO_C = 273.0


class OxygenRule(BaseModel):
    """To which oxygen content an outlet's concentrations are converted (折算), and where that ceases to make sense.

    Give ``reference_percent`` or ``excess_air`` (the standard's coefficient); with neither nothing is converted.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    #: % by volume, dry; 3 for heaters, 11 for the incineration of hazardous waste (GB 18484-2020 3.20).
    reference_percent: float | None = Field(default=None, ge=0, lt=AIR_O2)
    #: α of the emission standard: Czs = C α(measured) / α.
    excess_air: float | None = Field(default=None, ge=1)
    #: From this oxygen on there is hardly any flue gas to speak of. HJ 212 has no such guard; ours is configuration.
    oxygen_below: float = Field(default=20.5, gt=0, lt=AIR_O2)
    #: What is done from there on: no converted value, or the one at ``oxygen_below``.
    beyond: Literal["invalid", "cap"] = "invalid"

    @model_validator(mode="after")
    def _one_of_them(self) -> "OxygenRule":
        if self.reference_percent is not None and self.excess_air is not None:
            raise ValueError("give reference_percent or excess_air, not both: a standard prescribes one of them")
        return self

    @property
    def converts(self) -> bool:
        """False: the dry concentration at standard state is the result."""
        return self.reference_percent is not None or self.excess_air is not None


class Why(IntEnum):
    """What came of a conversion."""

    CONVERTED = 0
    #: The value itself is missing or not valid.
    VALUE = 1
    #: The value beside it (oxygen, moisture, temperature, pressure) is missing, not valid or impossible.
    COMPANION = 2
    #: Oxygen is at or above the guard: invalid, or converted with the guard in its place.
    OXYGEN_HIGH = 3


def to_standard_state(concentration: Floats, temperature_c: Floats, gauge_pa: Floats, barometer_pa: Floats) -> Floats:
    """Csn = Cs · 101325/(Ba + Ps) · (273 + ts)/273. Pressures in Pa, ``gauge_pa`` (Ps) against the air's ``Ba``."""
    return concentration * _expansion(temperature_c, gauge_pa, barometer_pa)


def flow_to_standard_state(flow: Floats, temperature_c: Floats, gauge_pa: Floats, barometer_pa: Floats) -> Floats:
    """Flow of the working state (工况) to standard state, still wet; any unit of volume over time."""
    return _positive(flow / _positive(_expansion(temperature_c, gauge_pa, barometer_pa)), allow_zero=True)


def to_dry(concentration: Floats, moisture_percent: Floats) -> Floats:
    """Cdry = Cwet / (1 - Xsw); moisture in % by volume."""
    return concentration / _dry_share(moisture_percent)


def flow_to_dry(flow: Floats, moisture_percent: Floats) -> Floats:
    """Qdry = Qwet · (1 - Xsw)."""
    return flow * _dry_share(moisture_percent)


def volume_to_mass(concentration_ppm: Floats, molar_mass_g: float) -> Floats:
    """µmol/mol to mg/m³ at standard state: CQ = M/22.4 · CV."""
    return concentration_ppm * (molar_mass_g / MOLAR_L)


def nox_as_no2(no_mg: Floats, no2_mg: Floats) -> Floats:
    """NOx in mg/m³, expressed as NO2, from NO and NO2 in mg/m³."""
    return no_mg * (NO2_G / NO_G) + no2_mg


def oxygen_factor(o2_percent: Floats, rule: OxygenRule) -> tuple[Floats, Bytes]:
    """What a dry concentration is multiplied by, and `Why`; NaN where there is no such number.

    (21 - O2ref)/(21 - O2), or α(measured)/α with α(measured) = 21/(21 - O2). 1 where the rule converts nothing.
    """
    o2 = np.asarray(o2_percent, np.float64)
    why = np.full(o2.shape, Why.CONVERTED, np.uint8)
    if not rule.converts:
        return np.ones(o2.shape), why
    with np.errstate(invalid="ignore"):
        possible, high = np.isfinite(o2) & (o2 >= 0), o2 >= rule.oxygen_below
    why[high], why[~possible] = Why.OXYGEN_HIGH, Why.COMPANION
    use = np.where(high, rule.oxygen_below if rule.beyond == "cap" else np.nan, o2)
    use = np.where(possible, use, np.nan)
    if rule.reference_percent is not None:
        return (AIR_O2 - rule.reference_percent) / (AIR_O2 - use), why
    return AIR_O2 / (AIR_O2 - use) / (rule.excess_air or 1.0), why


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Converted:
    """Minutes after a conversion, and of each what came of it."""

    minutes: Minutes
    #: See `Why`; ``(n,)``.
    why: Bytes


def scaled(
    minutes: Minutes, factor: Floats, companions: list[Bytes], validity: Validity, why: Bytes | None = None
) -> Converted:
    """Each minute's value times its factor. ``companions``: flags of the values the factor was made of, ``(n,)`` each.

    A minute is valid after it where it was valid, its companions are, and the factor is a number. Its flag is its own
    where that is not valid, else the first companion's that is not, else MISSING where there is no factor.
    """
    flag = minutes.flag.copy()
    told = np.full(len(minutes), Why.CONVERTED, np.uint8) if why is None else why.copy()
    open_: Bools = flags.is_in(flag, validity.valid_flags) & np.isfinite(minutes.value)
    told[~open_] = Why.VALUE
    for companion in companions:
        unfit = open_ & ~flags.is_in(companion, validity.valid_flags)
        flag[unfit], told[unfit] = companion[unfit], Why.COMPANION
        open_ &= ~unfit
    none = open_ & ~np.isfinite(factor)
    flag[none] = Flag.MISSING
    told[none & (told == Why.CONVERTED)] = Why.COMPANION
    return Converted(minutes=replace(minutes, value=minutes.value * factor, flag=flag), why=told)


def to_reference_oxygen(
    minutes: Minutes, o2_percent: Floats, o2_flag: Bytes, rule: OxygenRule, validity: Validity
) -> Converted:
    """Minutes of dry concentrations at the reference oxygen, each by the oxygen of its own minute (``(n,)``).

    The converted mean of an hour is the mean of its converted minutes, as a logger's ``-ZsAvg`` is of its ``-ZsRtd``.
    """
    factor, why = oxygen_factor(o2_percent, rule)
    return scaled(minutes, factor, [o2_flag] if rule.converts else [], validity, why)


def _expansion(temperature_c: Floats, gauge_pa: Floats, barometer_pa: Floats) -> Floats:
    kelvin = _positive(_ZERO_C + np.asarray(temperature_c, np.float64))
    return (STANDARD_PA / _positive(np.asarray(barometer_pa, np.float64) + gauge_pa)) * (kelvin / _ZERO_C)


def _dry_share(moisture_percent: Floats) -> NDArray[np.float64]:
    share = 1.0 - np.asarray(moisture_percent, np.float64) / 100.0
    with np.errstate(invalid="ignore"):
        return np.where((share > 0) & (share <= 1), share, np.nan)


def _positive(number: Floats, allow_zero: bool = False) -> Floats:
    with np.errstate(invalid="ignore"):
        return np.where((number > 0) | (allow_zero & (number == 0)), number, np.nan)
