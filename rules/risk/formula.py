"""The formula of four-colour risk: configuration with documented defaults (section ``risk``; deploy/docs/risk.md).

No standard prescribes these numbers; they are ours, chosen so that an HH alarm on a major hazard source of grade 3 is
orange at once, and red where it lasts on one of grade 1. A park sets its own.
"""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from park.duration import DurationUs
from park.gb18218 import Grade
from park.model import Level
from rules.spec import Priority

Points = Annotated[float, Field(ge=0, le=1_000)]


class Colour(StrEnum):
    """The four colours of risk, worst first: 红橙黄蓝."""

    RED = "red"
    ORANGE = "orange"
    YELLOW = "yellow"
    BLUE = "blue"


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Step(_Model):
    """An alarm that has stood for so long counts so many times."""

    after: DurationUs = Field(gt=0)
    times: float = Field(ge=1, le=100, description="The alarm's points are multiplied by this")


_DURATION = tuple(
    Step.model_validate(step) for step in ({"after": "10m", "times": 1.25}, {"after": "1h", "times": 1.5})
)
_GRADE: dict[Grade, float] = {Grade.FIRST: 20, Grade.SECOND: 15, Grade.THIRD: 10, Grade.FOURTH: 5}
_LEVEL: dict[Level, float] = {Level.HH: 40, Level.LL: 40, Level.H: 25, Level.L: 25}
_PRIORITY: dict[Priority, float] = {1: 40, 2: 25, 3: 10, 4: 5}


class RiskFormula(_Model):
    """All numbers of it; points add up to a score, the score has a colour."""

    #: For the grade of the source as a major hazard installation (GB 18218); a source that is none gets 0.
    grade: dict[Grade, Points] = Field(default_factory=lambda: dict(_GRADE), validate_default=True)
    #: For every standing alarm the greater of these two.
    level: dict[Level, Points] = Field(default_factory=lambda: dict(_LEVEL), validate_default=True)
    priority: dict[Priority, Points] = Field(default_factory=lambda: dict(_PRIORITY), validate_default=True)
    #: Times this, by how long it has stood; the last step that it has reached counts.
    duration: tuple[Step, ...] = _DURATION
    #: What is not known is a risk, not a relief.
    unverified: float = Field(default=0.25, ge=0, le=10, description="Unverified alarms count so much more, as a share")
    each_further: float = Field(
        default=5,
        ge=0,
        le=1_000,
        description="Enterprise, park: the worst below, and this for each further one at yellow or worse",
    )
    most_further: float = Field(default=20, ge=0, le=1_000, description="But no more than this for all of them")
    yellow: float = Field(default=25, gt=0, description="Yellow from this score on")
    orange: float = Field(default=50, gt=0, description="Orange from this score on")
    red: float = Field(default=80, gt=0, description="Red from this score on")

    @field_validator("grade")
    @classmethod
    def _grades(cls, given: dict[Grade, float]) -> dict[Grade, float]:
        return _GRADE | given

    @field_validator("level")
    @classmethod
    def _levels(cls, given: dict[Level, float]) -> dict[Level, float]:
        return _LEVEL | given

    @field_validator("priority")
    @classmethod
    def _priorities(cls, given: dict[int, float]) -> dict[int, float]:
        return _PRIORITY | given

    @model_validator(mode="after")
    def _rises(self) -> Self:
        if not self.yellow < self.orange < self.red:
            raise ValueError(f"yellow {self.yellow:g}, orange {self.orange:g}, red {self.red:g}: each must be greater")
        for before, step in zip(self.duration, self.duration[1:], strict=False):
            if not (before.after < step.after and before.times <= step.times):
                raise ValueError("duration: each step must come later than the one before, and count no less")
        return self

    def colour(self, score: float) -> Colour:
        """Of a score."""
        if score >= self.red:
            return Colour.RED
        if score >= self.orange:
            return Colour.ORANGE
        return Colour.YELLOW if score >= self.yellow else Colour.BLUE

    def points(self, level: str, priority: int) -> float:
        """Of one alarm that has only just been raised."""
        by_level = self.level[Level(level)] if level in Level.__members__ else 0.0
        return max(by_level, self.priority.get(priority, 0.0))

    def times(self, stood_us: int) -> float:
        """What its points are multiplied by after it has stood for so long."""
        return max((step.times for step in self.duration if stood_us >= step.after), default=1.0)

    def next_step_us(self, raised_us: int, now_us: int) -> int | None:
        """The next instant at which `times` may change; None: it will not."""
        return next((raised_us + step.after for step in self.duration if raised_us + step.after > now_us), None)
