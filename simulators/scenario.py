"""A scenario: a park, a seed, faults at their times, and exactly the alerts that must follow."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from park.duration import DurationUs
from park.model import Id, Level
from park.yamlfile import Document
from simulators.faults import Fault
from simulators.hj212_config import LoggerConfig


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, allow_inf_nan=False)


class Wind(_Model):
    """The wind that a scenario asks for; it wanders slowly about these means."""

    #: Where it comes from, degrees clockwise from north.
    from_deg: float = Field(ge=0, lt=360)
    speed_m_s: float = Field(gt=0)
    #: Standard deviation of the direction; it never goes beyond 2.5 of them.
    wander_deg: float = Field(default=15.0, ge=0)


class Expected(_Model):
    """One alert that must be raised, once."""

    #: Id of the rule.
    rule: str
    #: Tag id, or ``connector/device`` for a communication alarm.
    target: str
    #: None: a rule without sides.
    side: Literal["high", "low"] | None = None
    #: The highest level it reaches; None: a rule without levels.
    level: Level | None = None
    #: (earliest, latest) time of its onset after the start; None: any time.
    onset: tuple[DurationUs, DurationUs] | None = None
    #: Whether it is over when the scenario ends; None: either will do.
    cleared: bool | None = None
    #: Whether it is marked unverified at some time; None: either will do.
    unverified: bool | None = None


class Scenario(_Model):
    """What a demonstration or a test plays."""

    version: Literal[1] = 1
    name: str
    #: Park file it is written for, beside this file.
    park: str
    #: Rule file beside this one; None: the limits and time-outs of the park file.
    rules: str | None = None
    seed: int = Field(ge=0)
    duration_us: Annotated[DurationUs, Field(gt=0)] = Field(alias="duration")
    #: Seconds that pass in the plant while one passes on the clock.
    speed: float = Field(default=1.0, gt=0)
    wind: Wind | None = None
    faults: tuple[Fault, ...] = ()
    #: HJ 212 data loggers that are not like all others, by MN.
    loggers: dict[Id, LoggerConfig] = {}
    expect: tuple[Expected, ...] = ()


def load_scenario(text: str, file: str) -> Scenario:
    """The scenario in a YAML text. Raises park.yamlfile.FileInvalid, naming file, line and cure."""
    return Document(text, file).model(Scenario)


def read_scenario(path: Path) -> Scenario:
    """The scenario in a file. Raises OSError and park.yamlfile.FileInvalid."""
    return load_scenario(path.read_text("utf-8"), str(path))
