"""What makes a mean valid: the numbers, each with where it comes from, and presets for the media.

Sources: HJ 212-2017 (flags: notes to C.16 to C.18; numbers of minutes and hours: Annex D), GB 18484-2020 3.19.
The month's rule was not read in a standard; until somebody confirms it a month's verdict is provisional.
"""

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, ValidationError, field_validator, model_validator

from rules.emissions.flags import Flag

_MONTH = "HJ 76-2017 Appendix B as an importer of instruments reproduces it; not read in the standard"


class Validity(BaseModel):
    """How means are made and when they count. Frozen and hashable; also a section of the service's configuration."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    #: Flags of values that count. T (over range) and S (typed in) are uncertain and do not, unless set here.
    valid_flags: frozenset[Flag] = frozenset({Flag.N})
    #: Fewer samples than this make no minute. HJ 212 Annex D asks a logger for 12 (every 5 s); what a logger uploads
    #: of them is at most two a minute, so the default is 1. Minutes that the logger itself reports are not held to it.
    min_samples: PositiveInt = 1
    #: Flue gas: a period is normal where at least this share of it is (HJ 212-2017, notes to C.16 to C.18).
    normal_share: float = Field(default=0.75, gt=0, le=1)
    #: Waste water: periods of these lengths are invalid as soon as one value in them is abnormal (same notes).
    one_bad_spoils: frozenset[Literal["minute", "hour", "day"]] = frozenset()
    #: Waste water: the flag of a period is abnormal as soon as one value in it is. Same notes.
    one_bad_flags: bool = False
    #: The flag of a period that is not normal: which abnormal one it held most often, or D as the notes have it.
    abnormal_flag: Literal["most_frequent", "D"] = "most_frequent"
    #: An hour needs so many valid minutes (HJ 212-2017 Annex D: k >= 45).
    valid_minutes: PositiveInt = Field(default=45, le=60)
    #: A day needs so many valid hours (HJ 212-2017 Annex D: m >= 20; GB 18484-2020 3.19).
    valid_hours: PositiveInt = Field(default=20, le=24)
    #: A month needs so many valid days, February fewer.
    valid_days: PositiveInt = Field(default=25, le=28)
    valid_days_february: PositiveInt = Field(default=23, le=28)
    month_source: str = _MONTH
    #: Who confirmed the month's rule against the standard. Empty: nobody, and months are provisional.
    month_confirmed_by: str = ""
    #: Mean over time, or over the flow: C = sum(c q) / sum(q) (HJ 212-2017 Annex D, water).
    weighting: Literal["time", "flow"] = "time"
    #: An hour whose flow is known and nought, where means are weighted by flow: judge it like any other, by its mean
    #: over time, or take it for one of standstill, for outlets that discharge now and then.
    without_flow: Literal["judge", "stopped"] = "judge"
    #: ``hydrogen_ion``: pH is averaged as concentration of H+. ``arithmetic``: as the number that it is.
    mean: Literal["arithmetic", "hydrogen_ion"] = "arithmetic"

    @field_validator("valid_flags", mode="before")
    @classmethod
    def _letters(cls, flags: object) -> object:
        if isinstance(flags, str | list | tuple | set | frozenset):
            return [Flag.__members__.get(flag, flag) if isinstance(flag, str) else flag for flag in flags]
        return flags

    @model_validator(mode="after")
    def _flags_make_sense(self) -> "Validity":
        if Flag.N not in self.valid_flags or Flag.MISSING in self.valid_flags:
            raise ValueError("valid_flags must hold N and cannot hold MISSING")
        if Flag.F in self.valid_flags:
            raise ValueError("valid_flags cannot hold F: an instrument that is out of operation measures nothing")
        return self


FLUE_GAS = Validity()
#: No standard that was read says how many minutes a waste-water hour needs: one, and none abnormal. The flag of a day
#: with an abnormal hour is abnormal, its mean is judged all the same where 20 hours are valid: otherwise the daily
#: calibration of an analyser would leave no day to judge.
WASTE_WATER = Validity(
    one_bad_spoils=frozenset({"minute", "hour"}), one_bad_flags=True, valid_minutes=1, weighting="flow"
)
#: pH of waste water: as pH, over time.
WASTE_WATER_PH = WASTE_WATER.model_copy(update={"weighting": "time"})
#: Air and fence-line stations. GB 3095 asks for 45 minutes and 20 hours as well; from memory, not read.
AIR = Validity()
PRESETS = {"flue_gas": FLUE_GAS, "waste_water": WASTE_WATER, "waste_water_ph": WASTE_WATER_PH, "air": AIR}


def validities(changes: Mapping[str, Mapping[str, object]]) -> dict[str, Validity]:
    """The presets with a site's changes, by name: ``{"flue_gas": {"valid_flags": ["N", "T"]}}``.

    A name that is no preset is a new one, made from the preset that its key ``like`` names. Raises ValueError (from
    pydantic where a setting is wrong), with the name in it.
    """
    found = dict(PRESETS)
    for name, given in changes.items():
        settings = dict(given)
        base = settings.pop("like", name)
        if base not in PRESETS:
            raise ValueError(f"validity {name!r} is no preset; say like: with one of {', '.join(PRESETS)}")
        found[name] = _changed(name, PRESETS[str(base)], settings)
    return found


def _changed(name: str, preset: Validity, settings: Mapping[str, object]) -> Validity:
    try:
        return Validity.model_validate(preset.model_dump() | dict(settings))
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise ValueError(f"validity {name!r}: {faults}") from error
