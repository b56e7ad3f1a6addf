"""Section ``duty``: shifts, periodic duties, rhythm of inspections, and what the monthly lights count.

Every number here is ours, provisional, and for the park to decide: no standard that we have read sets one.
"""

from datetime import date, time
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveInt, model_validator

from park.duration import DurationUs
from park.model import Id
from service.duty.periods import Every

Rating = Literal["A", "B", "C", "D"]
_DAY_US = 86_400_000_000
#: The shortest of each.
_DAYS: dict[Every, int] = {"day": 1, "week": 7, "month": 28}


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Duty(_Model):
    """Something that has to be done and reported once in every day, week or month (日管控、周排查、月调度)."""

    id: Id
    name: str = Field(min_length=1)
    every: Every
    #: The first day that counts, in UTC+08:00.
    since: date
    #: What is to be looked at.
    guidance: str = ""
    #: Whose duty it is; empty: every enterprise's.
    enterprises: tuple[Id, ...] = ()
    #: So long after the period's end it may still be reported before it is overdue; shorter than the period.
    grace: DurationUs = 8 * 3_600_000_000

    @model_validator(mode="after")
    def _short_grace(self) -> "Duty":
        if self.grace >= _DAYS[self.every] * _DAY_US:
            raise ValueError(f"grace must be shorter than the {self.every}, or the duty would never be overdue")
        return self


class Shift(_Model):
    """One of the control room's shifts."""

    name: str = Field(min_length=1)
    #: In UTC+08:00; a shift ends where the next begins.
    begins: time


class Lights(_Model):
    """Points that an enterprise gathers in a month, and from how many on its light is yellow or red (红黄绿亮灯)."""

    alarm_p1: NonNegativeInt = 5
    alarm_p2: NonNegativeInt = 2
    exceedance: NonNegativeInt = 5
    case_overdue: NonNegativeInt = 10
    duty_missed: NonNegativeInt = 2
    defect: NonNegativeInt = 3
    yellow: PositiveInt = 10
    red: PositiveInt = 30

    @model_validator(mode="after")
    def _rise(self) -> "Lights":
        if self.red <= self.yellow:
            raise ValueError(f"red is {self.red} and yellow {self.yellow}; red must be more")
        return self


class DutyPolicy(_Model):
    """The whole section."""

    shifts: tuple[Shift, ...] = (
        Shift(name="白班", begins=time(8)),
        Shift(name="中班", begins=time(16)),
        Shift(name="夜班", begins=time(0)),
    )
    duties: tuple[Duty, ...] = ()
    #: Longest time between two inspections by rating; what is not named keeps its default: quarterly, quarterly,
    #: monthly, weekly. An enterprise without a rating is inspected as often as one of C.
    inspect_every: dict[Rating, Annotated[DurationUs, Field(gt=0)]] = {}
    lights: Lights = Lights()

    @model_validator(mode="after")
    def _unique(self) -> "DutyPolicy":
        ids = [one.id for one in self.duties]
        if len(set(ids)) < len(ids):
            raise ValueError(f"two duties have the same id: {', '.join(ids)}")
        if not self.shifts or len({one.begins for one in self.shifts}) < len(self.shifts):
            raise ValueError("shifts must begin at different times, and there must be one")
        return self

    def inspect_us(self, rating: str | None) -> int:
        """Longest time between two inspections, microseconds."""
        usual: dict[Rating, int] = {"A": 91 * _DAY_US, "B": 91 * _DAY_US, "C": 30 * _DAY_US, "D": 7 * _DAY_US}
        kept: Rating = rating if rating in ("A", "B", "C", "D") else "C"  # type: ignore[assignment]
        return self.inspect_every.get(kept, usual[kept])

    def shift_at(self, hour: time) -> Shift:
        """Who is on duty at this time of day."""
        ordered = sorted(self.shifts, key=lambda one: one.begins)
        return next((one for one in reversed(ordered) if one.begins <= hour), ordered[-1])
