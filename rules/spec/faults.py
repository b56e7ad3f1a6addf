"""Rules of what is so or is not: kinds stale, frozen, range, quality, vote, expression, sequence."""

from typing import Literal, Self

from pydantic import Field, PositiveInt, model_validator

from park.model import Level
from rules.spec.base import (
    Delay,
    Duration,
    FaultRule,
    Priority,
    RuleBase,
    TagRef,
    Uncertain,
)


class StaleRule(RuleBase):
    """No good data for too long: one communication alarm per device where that explains it, else one per tag."""

    kind: Literal["stale"] = "stale"
    priority: Priority = 3
    #: Timeout for all tags of the rule. None: each tag's own; tags without one never go stale.
    stale_after: Duration | None = None
    #: How long a tag must have been stale before the alarm. None: each tag's own.
    stale_delay: Delay | None = None
    uncertain: Uncertain = "evaluate"

    def priority_of(self, level: str) -> int:
        """1 (urgent) to 4."""
        return self.priority


class FrozenRule(FaultRule):
    """A value does not change for too long: the instrument is stuck. Discrete tags are exempt."""

    kind: Literal["frozen"] = "frozen"
    #: Unchanged for so long is stuck. None: each tag's ``frozen_after``; tags without one are not watched.
    hold: Duration | None = None
    #: Values within this of the first are the same, in the tag's unit. None: the tag's ``frozen_tolerance``.
    tolerance: float | None = Field(default=None, ge=0)
    #: At or below ``detection_limit * this`` a flat is legitimate; without a detection limit nothing is exempt.
    near_detection_limit: float = Field(default=1.5, ge=0)


class RangeRule(FaultRule):
    """A value that the instrument cannot have measured: outside its span, a sentinel, or clipped at full scale."""

    kind: Literal["range"] = "range"
    #: How far beyond the span is still believed, as a share of the span.
    margin: float = Field(default=0.0, ge=0, le=1)
    #: Values by which instruments and loggers say that they have none.
    sentinels: tuple[float, ...] = ()
    #: At an end of the span (or beyond, within the margin) for so long is clipped. None: not looked at.
    clipped_for: Duration | None = None


class QualityRule(FaultRule):
    """Bad (or uncertain) quality for too long."""

    kind: Literal["quality"] = "quality"
    bad_for: Duration = 60_000_000
    #: None: uncertain quality is no fault.
    uncertain_for: Duration | None = None


class VoteRule(FaultRule):
    """M of N instruments are in alarm (2oo3); N shrinks as instruments go bad."""

    kind: Literal["vote"] = "vote"
    priority: Priority = 1
    #: The tags of the rule that vote together.
    together: Literal["source", "enterprise", "rule"] = "source"
    m: PositiveInt
    #: What a vote is: passing the tag's own limit of this level ...
    level: Level | None = None
    #: ... or this limit (of the high side; ``low`` turns it), in the tag's unit.
    limit: float | None = None
    low: bool = False
    deadband: float = Field(default=0.0, ge=0)
    #: What M becomes when instruments are bad: stays as it is while enough are left (2oo3, 2oo2, 1oo1), or falls with
    #: every bad one (2oo3, 1oo2, 1oo1), the safer side.
    degrade: Literal["keep", "lower"] = "lower"

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.level is None) == (self.limit is None):
            raise ValueError("give level (the tag's own limit) or limit, one of them")
        return self


class ExpressionRule(FaultRule):
    """A condition over the tags of a source, its enterprise and the park, once per source that has them."""

    kind: Literal["expression"] = "expression"
    priority: Priority = 2
    #: For example ``mean(nmhc, 10m) > 2 * mean(background.nmhc, 1h) and wind.speed < 3 m/s``.
    when: str = Field(min_length=1, max_length=2000)
    #: Short names for sources (``background: park.FL-NW``) or tags (``wind.speed: park.WS1.wind_speed``).
    names: dict[str, TagRef] = Field(default_factory=dict)


class SequenceRule(FaultRule):
    """After A, B comes within a time that must not come; or does not come though it must."""

    kind: Literal["sequence"] = "sequence"
    priority: Priority = 1
    #: A, and B: conditions as in kind ``expression``.
    first: str = Field(min_length=1, max_length=2000)
    then: str = Field(min_length=1, max_length=2000)
    within: Duration
    #: ``then`` is the alarm if it comes within the time; or if it does not (``missing``).
    alarm_if: Literal["follows", "missing"] = "follows"
    names: dict[str, TagRef] = Field(default_factory=dict)
