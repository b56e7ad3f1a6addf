"""What every rule says, whatever its kind: which it is, what it applies to, whence its numbers are."""

from datetime import date
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from park.duration import DurationUs
from park.gb18218 import Grade
from park.index import TagInfo, TagTable
from park.inverted import Positions
from park.model import Level, SourceKind

#: Letters, digits, ``-``, ``_`` and ``.``; never ``|``, which separates the parts of an alert's identity.
RuleId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
#: 1 is the most urgent.
Priority = Annotated[int, Field(ge=1, le=4)]
#: What a rule does with samples of uncertain quality: use the value and mark the alarm, or not use it at all.
Uncertain = Literal["evaluate", "bad"]
#: Whence the numbers of a rule: the plant's own (``site``), read in the standard itself, from a secondary source, or
#: from memory. The last two are inactive until somebody confirms them.
Confidence = Literal["site", "read", "secondary", "unverified"]
#: ``level`` (a tag of the same source), ``T101.level`` (of the same enterprise, or of the park's shared sources),
#: ``hengtai.T101.level`` (in full). A rule sees its own enterprise and the park's shared sources, nothing else.
TagRef = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9][A-Za-z0-9_-]*){0,2}$")]
Duration = Annotated[DurationUs, Field(gt=0)]
Delay = Annotated[DurationUs, Field(ge=0)]
PaneCount = Annotated[int, Field(ge=1, le=1440)]


class SpecModel(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Selector(SpecModel):
    """Which tags a rule applies to: those that fit every list given. No list at all: every tag."""

    quantity: tuple[str, ...] | None = Field(default=None, min_length=1)
    source_kind: tuple[SourceKind, ...] | None = Field(default=None, min_length=1)
    #: Ids of enterprises; the park's own id for the shared sources.
    enterprise: tuple[str, ...] | None = Field(default=None, min_length=1)
    #: ``tank-1``, or in full ``acme.tank-1``.
    source: tuple[str, ...] | None = Field(default=None, min_length=1)
    #: ``LT-101``, or in full ``acme.tank-1.LT-101``.
    tag: tuple[str, ...] | None = Field(default=None, min_length=1)
    #: Grades of the major hazard installation that the source is; sources that are none fit no grade.
    grade: tuple[Grade, ...] | None = Field(default=None, min_length=1)
    #: Not those that one of these means: another rule watches them.
    but_not: tuple["Selector", ...] | None = Field(default=None, min_length=1)

    def lists(self) -> list[tuple[str, tuple[Any, ...]]]:
        """Field and the names given there, of the lists that are given."""
        return [(name, given) for name, given in self if given is not None and name != "but_not"]

    def fits(self, info: TagInfo) -> bool:
        """Whether the tag is one of those meant."""
        hazard = info.source.hazard
        return (
            _among(self.quantity, info.tag.quantity)
            and _among(self.source_kind, info.source.kind)
            and _among(self.enterprise, info.enterprise)
            and _among(self.source, info.source.id, info.source_id)
            and _among(self.tag, info.tag.id, info.id)
            and _among(self.grade, hazard.grade if hazard else None)
            and not any(one.fits(info) for one in self.but_not or ())
        )

    def pick(self, tags: TagTable) -> list[TagInfo]:
        """The tags meant, in file order."""
        infos = tags.infos
        return [infos[position] for position in self.positions(tags).tolist()]

    def positions(self, tags: TagTable) -> Positions:
        """The same as positions in ``tags.infos``, rising."""
        picked = tags.inverted.pick(self.lists())
        for one in self.but_not or ():
            picked = np.setdiff1d(picked, one.positions(tags), assume_unique=True)
        return picked


def _among(allowed: tuple[object, ...] | None, *names: object) -> bool:
    return allowed is None or any(name in allowed for name in names)


class RuleBase(SpecModel):
    id: RuleId
    #: What people call it.
    name: str = ""
    applies_to: Selector = Selector()
    #: The standard that the rule comes from (``GB/T 50493-2019``), and the clause.
    standard: str = ""
    clause: str = ""
    #: Days (fixed UTC+08:00) on which the rule is in force; ``valid_to`` is the last of them.
    valid_from: date | None = None
    valid_to: date | None = None
    confidence: Confidence = "site"
    #: Who has held the numbers against the standard, and when; what is neither ``site`` nor ``read`` needs it.
    confirmed_by: str = ""
    #: What the operator should do.
    guidance: str = ""

    @model_validator(mode="after")
    def _valid_span(self) -> Self:
        if self.valid_from and self.valid_to and self.valid_from > self.valid_to:
            raise ValueError(f"valid_from {self.valid_from} is after valid_to {self.valid_to}")
        return self

    @property
    def is_confirmed(self) -> bool:
        """Whether the rule may be live: its numbers are known to be right, or somebody answers for them."""
        return self.confidence in ("site", "read") or bool(self.confirmed_by.strip())

    def in_force(self, day: date) -> bool:
        """Whether ``day`` (of UTC+08:00) lies in its span of validity."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


_LEVEL_PRIORITY: dict[Level, int] = {Level.HH: 1, Level.LL: 1, Level.H: 2, Level.L: 2}


class LevelRule(RuleBase):
    """A number is held against limits: one exclusive alarm per target and side, whose level moves."""

    #: Levels not named keep their default: HH and LL 1, H and L 2.
    priority: dict[Level, Priority] = Field(default_factory=lambda: dict(_LEVEL_PRIORITY))
    uncertain: Uncertain = "evaluate"
    #: Once raised the alarm stands until somebody resets it, though the value be back.
    latch: bool = False

    @field_validator("priority")
    @classmethod
    def _complete(cls, given: dict[Level, int]) -> dict[Level, int]:
        return _LEVEL_PRIORITY | given

    def priority_of(self, level: str) -> int:
        """1 (urgent) to 4."""
        return self.priority[Level(level)]


class FaultRule(RuleBase):
    """Something is so or is not so: one alarm per target, without sides and levels."""

    priority: Priority = 3
    uncertain: Uncertain = "evaluate"
    #: It must be so for this long, unbroken, before the alarm is raised; and over for that long before it is cleared.
    on_delay: Delay = 0
    off_delay: Delay = 0
    latch: bool = False

    def priority_of(self, level: str) -> int:
        """1 (urgent) to 4."""
        return self.priority
