"""The numbers that alarm rates are held against: configuration, each with where it comes from.

ISA-18.2 and EEMUA 191 speak of one operator position; a rate over several positions must be held against their sum.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, PositiveInt, model_validator

from park.duration import DurationUs

Band = Literal["acceptable", "manageable", "overloaded"]

_RATES = "ISA-18.2-2016 16.5 and EEMUA 191, per operator position; from memory, not read in the standard"
_FLOOD = "ISA-18.2-2016: begins above 10 in 10 min, ends below 5 in 10 min; from memory, not read in the standard"
_STALE = "ISA-18.2-2016: standing for more than 24 h; from memory, not read in the standard"
_CHATTER = "practice: three in a minute (ISA-TR18.2.5); from memory, not read"
_MIX = "ISA-18.2-2016 / IEC 62682: about 5 / 15 / 80 % by exida.com; the fourth, below 1 %, from memory (EEMUA 191)"


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Rate(_Model):
    """Alarms per period: up to where it is acceptable, and up to where it can still be managed."""

    acceptable: PositiveFloat = Field(description="Up to this many alarms per period are acceptable")
    manageable: PositiveFloat = Field(description="Up to this many can still be managed; more is overload")
    source: str = "site"

    @model_validator(mode="after")
    def _rises(self) -> "Rate":
        if self.acceptable >= self.manageable:
            raise ValueError(f"acceptable ({self.acceptable:g}) must be less than manageable ({self.manageable:g})")
        return self

    def band(self, rate: float) -> Band:
        """Of this many alarms per period."""
        if rate <= self.acceptable:
            return "acceptable"
        return "manageable" if rate <= self.manageable else "overloaded"


class FloodNorm(_Model):
    """A flood begins where more than ``more_than`` alarms came within the window, and ends below ``fewer_than``."""

    window: DurationUs = Field(default=600_000_000, gt=0)
    more_than: PositiveInt = 10
    fewer_than: PositiveInt = 5
    source: str = _FLOOD

    @model_validator(mode="after")
    def _in_order(self) -> "FloodNorm":
        if self.fewer_than > self.more_than:
            raise ValueError(f"fewer_than ({self.fewer_than}) must not exceed more_than ({self.more_than})")
        return self


class ChatterNorm(_Model):
    """One alarm chatters where it came ``at_least`` times within the window."""

    window: DurationUs = Field(default=60_000_000, gt=0)
    at_least: int = Field(default=3, ge=2)
    source: str = _CHATTER


class KpiNorms(_Model):
    """All of them; the section ``kpi`` of the service's configuration."""

    per_10min: Rate = Rate(acceptable=1, manageable=2, source=_RATES)
    per_day: Rate = Rate(acceptable=144, manageable=288, source=_RATES)
    flood: FloodNorm = FloodNorm()
    chatter: ChatterNorm = ChatterNorm()
    #: An alarm that stands for longer is a standing (stale) one.
    standing_after: DurationUs = Field(default=86_400_000_000, gt=0)
    standing_source: str = _STALE
    #: Recommended share of each priority, 1 (urgent) to 4.
    priority_mix: tuple[float, float, float, float] = (0.01, 0.05, 0.15, 0.79)
    priority_source: str = _MIX
    #: How many of the most frequent alarms are listed.
    bad_actors: PositiveInt = 10
