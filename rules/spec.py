"""Rules as data: what a rule file says, checked at birth and frozen. One rule = one named thing with a ``kind``."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, StringConstraints, field_validator, model_validator

from park.duration import DurationUs
from park.gb18218 import Grade
from park.index import TagInfo, TagTable
from park.model import Alarms, Level, SourceKind

#: Letters, digits, ``-``, ``_`` and ``.``; never ``|``, which separates the parts of an alert's identity.
RuleId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
#: 1 is the most urgent.
Priority = Annotated[int, Field(ge=1, le=4)]
#: What a rule does with samples of uncertain quality: use the value and mark the alarm, or not use it at all.
Uncertain = Literal["evaluate", "bad"]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Selector(_Model):
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
        )

    def pick(self, tags: TagTable) -> list[TagInfo]:
        """The tags meant, in file order."""
        return [info for info in tags.infos if self.fits(info)]


def _among(allowed: tuple[object, ...] | None, *names: object) -> bool:
    return allowed is None or any(name in allowed for name in names)


class _Rule(_Model):
    id: RuleId
    applies_to: Selector = Selector()
    #: The standard and clause that the rule comes from.
    standard: str = ""
    #: What the operator should do.
    guidance: str = ""


_LEVEL_PRIORITY: dict[Level, int] = {Level.HH: 1, Level.LL: 1, Level.H: 2, Level.L: 2}


class LimitRule(_Rule):
    """A value passes a limit: one exclusive alarm per tag and side, whose level moves."""

    kind: Literal["limit"] = "limit"
    #: Levels not named keep their default: HH and LL 1, H and L 2.
    priority: dict[Level, Priority] = Field(default_factory=lambda: dict(_LEVEL_PRIORITY))
    #: Limits for all tags of the rule, in each tag's own unit. None: each tag's own, from the park file.
    limits: Alarms | None = None
    uncertain: Uncertain = "evaluate"

    @field_validator("priority")
    @classmethod
    def _complete(cls, given: dict[Level, int]) -> dict[Level, int]:
        return _LEVEL_PRIORITY | given


class StaleRule(_Rule):
    """No good data for too long: one communication alarm per device where that explains it, else one per tag."""

    kind: Literal["stale"] = "stale"
    priority: Priority = 3
    #: Timeout for all tags of the rule. None: each tag's own; tags without one never go stale.
    stale_after: Annotated[DurationUs, Field(gt=0)] | None = None
    #: How long a tag must have been stale before the alarm. None: each tag's own.
    stale_delay: Annotated[DurationUs, Field(ge=0)] | None = None
    uncertain: Uncertain = "evaluate"


#: Any rule; which one its ``kind`` tells.
Rule = Annotated[LimitRule | StaleRule, Field(discriminator="kind")]


class RuleSet(_Model):
    """All rules that are live together. Their ids are unique."""

    version: PositiveInt = 1
    rules: tuple[Rule, ...] = ()

    @model_validator(mode="after")
    def _unique_ids(self) -> "RuleSet":
        seen: set[str] = set()
        for rule in self.rules:
            if rule.id in seen:
                raise ValueError(f"two rules have the id {rule.id!r}; ids must be unique")
            seen.add(rule.id)
        return self

    def by_id(self, rule_id: str) -> LimitRule | StaleRule | None:
        """The rule with this id, or None."""
        return next((rule for rule in self.rules if rule.id == rule_id), None)


def default_rules() -> RuleSet:
    """What is watched without any rule file: every tag's own limits and timeouts."""
    return RuleSet(rules=(LimitRule(id="tag-limits"), StaleRule(id="tag-stale")))
