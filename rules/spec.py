"""Rules as data: what a rule file says, checked at birth and frozen. One rule = one named thing with a ``kind``."""

from datetime import date
from functools import cached_property
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PositiveFloat,
    PositiveInt,
    StringConstraints,
    field_validator,
    model_validator,
)

from park.duration import DurationUs
from park.gb18218 import Grade
from park.index import TagInfo, TagTable
from park.inverted import Positions
from park.model import Alarms, Level, SourceKind

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


class _Rule(_Model):
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


class _Levels(_Rule):
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


class _Fault(_Rule):
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


class Moving(_Model):
    """A limit that another tag sets: ``times * value + plus``, in the unit of the tag that is watched."""

    tag: TagRef
    times: float = 1.0
    plus: float = 0.0


class MovingLimits(_Model):
    """Limits that other tags set. A level whose tag is not known (bad, stale) keeps the limit it had."""

    HH: Moving | None = None
    H: Moving | None = None
    L: Moving | None = None
    LL: Moving | None = None
    deadband: float = Field(default=0.0, ge=0)
    on_delay: Delay = 0
    off_delay: Delay = 0


class LimitRule(_Levels):
    """A value passes a limit."""

    kind: Literal["limit"] = "limit"
    #: Limits for all tags of the rule, in each tag's own unit. None: each tag's own, from the park file.
    limits: Alarms | None = None
    #: Limits set by other tags; in place of ``limits``.
    limits_from: MovingLimits | None = None
    #: A condition begins only with the ``count``-th usable sample beyond the limit within ``within``.
    count: PositiveInt = 1
    within: Duration | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.limits is not None and self.limits_from is not None:
            raise ValueError("give limits or limits_from, not both")
        if (self.count > 1) != (self.within is not None):
            raise ValueError("count (2 or more) and within belong together; give both or neither")
        return self


class RateRule(_Levels):
    """A value rises (H, HH) or falls (L, LL: negative limits) too fast."""

    kind: Literal["rate"] = "rate"
    #: The change is measured over this time, up to each sample.
    window: Duration
    #: Limits are in the tag's unit per so long.
    per: Duration = 60_000_000
    limits: Alarms
    #: Two samples further apart than this have a gap between them, and no rate is made across it. None: the window.
    max_gap: Duration | None = None


class StaleRule(_Rule):
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


class FrozenRule(_Fault):
    """A value does not change for too long: the instrument is stuck. Discrete tags are exempt."""

    kind: Literal["frozen"] = "frozen"
    #: Unchanged for so long is stuck. None: each tag's ``frozen_after``; tags without one are not watched.
    hold: Duration | None = None
    #: Values within this of the first are the same, in the tag's unit. None: the tag's ``frozen_tolerance``.
    tolerance: float | None = Field(default=None, ge=0)
    #: At or below ``detection_limit * this`` a flat is legitimate; without a detection limit nothing is exempt.
    near_detection_limit: float = Field(default=1.5, ge=0)


class RangeRule(_Fault):
    """A value that the instrument cannot have measured: outside its span, a sentinel, or clipped at full scale."""

    kind: Literal["range"] = "range"
    #: How far beyond the span is still believed, as a share of the span.
    margin: float = Field(default=0.0, ge=0, le=1)
    #: Values by which instruments and loggers say that they have none.
    sentinels: tuple[float, ...] = ()
    #: At an end of the span (or beyond, within the margin) for so long is clipped. None: not looked at.
    clipped_for: Duration | None = None


class QualityRule(_Fault):
    """Bad (or uncertain) quality for too long."""

    kind: Literal["quality"] = "quality"
    bad_for: Duration = 60_000_000
    #: None: uncertain quality is no fault.
    uncertain_for: Duration | None = None


class DeviationRule(_Levels):
    """A value is away from a set-point, from a sister instrument, or from its own rolling mean."""

    kind: Literal["deviation"] = "deviation"
    #: The set-point, or the instrument that should show the same.
    reference: TagRef | None = None
    #: In place of a reference: its own mean over so long before.
    own_mean: Duration | None = None
    #: Limits on value - reference, in the tag's unit.
    limits: Alarms | None = None
    #: In place of limits: H and L at so many standard deviations of the own mean's window.
    sigma: PositiveFloat | None = None
    #: A standard deviation smaller than this counts as this, in the tag's unit.
    least_sigma: float = Field(default=0.0, ge=0)
    #: Delays of sigma; and of limits, where those give none.
    on_delay: Delay = 0
    off_delay: Delay = 0
    #: Into so many panes of equal length the own mean's window is cut.
    panes: PaneCount = 60

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.own_mean is not None:
            _check_panes(self.own_mean, self.panes)
        if (self.reference is None) == (self.own_mean is None):
            raise ValueError("give reference (a tag) or own_mean (a duration), one of them")
        if (self.limits is None) == (self.sigma is None):
            raise ValueError("give limits or sigma, one of them")
        if self.sigma is not None and self.own_mean is None:
            raise ValueError("sigma is measured over own_mean; give own_mean, or limits in place of sigma")
        return self


class VoteRule(_Fault):
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


def _check_panes(window_us: int, panes: int) -> None:
    if window_us % panes:
        raise ValueError(f"a window must be cut into whole microseconds; choose another number of panes than {panes}")


Aggregate = Literal["mean", "max", "min", "sum", "count", "percentile"]


class WindowRule(_Levels):
    """A mean (or other aggregate) over a window passes a limit."""

    kind: Literal["window"] = "window"
    window: Duration
    aggregate: Aggregate = "mean"
    #: For ``percentile``: 0 to 100, of the panes' means.
    percentile: float | None = Field(default=None, ge=0, le=100)
    #: Sliding windows end with every pane; others stand side by side, hours and days of fixed UTC+08:00.
    sliding: bool = True
    #: Into so many panes of equal length a window is cut: what it slides by, and what validity is counted in.
    panes: PaneCount = 60
    #: The share of panes that must have usable samples, else the window says nothing.
    min_valid: float = Field(default=0.75, gt=0, le=1)
    #: How long after its end a window waits for samples still on their way.
    grace: Delay = 5_000_000
    limits: Alarms

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.aggregate == "percentile") != (self.percentile is not None):
            raise ValueError("percentile: N and aggregate: percentile belong together; give both or neither")
        _check_panes(self.window, self.panes)
        return self


class ExpressionRule(_Fault):
    """A condition over the tags of a source, its enterprise and the park, once per source that has them."""

    kind: Literal["expression"] = "expression"
    priority: Priority = 2
    #: For example ``mean(nmhc, 10m) > 2 * mean(background.nmhc, 1h) and wind.speed < 3 m/s``.
    when: str = Field(min_length=1, max_length=2000)
    #: Short names for sources (``background: park.FL-NW``) or tags (``wind.speed: park.WS1.wind_speed``).
    names: dict[str, TagRef] = Field(default_factory=dict)


class SequenceRule(_Fault):
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


class ForecastRule(_Levels):
    """If nothing changes: the running hour's mean will pass its limit, or a value will reach one within a time."""

    kind: Literal["forecast"] = "forecast"
    #: ``mean``: of the running window (``window``, side by side, +08:00). ``value``: so far ahead (``ahead``), by the
    #: slope over ``window``.
    of: Literal["mean", "value"]
    window: Duration
    ahead: Duration | None = None
    #: Into so many panes of equal length the window is cut; one forecast with every pane.
    panes: PaneCount = 60
    #: Nothing is said before this share of the window's panes has usable samples.
    min_valid: float = Field(default=0.25, gt=0, le=1)
    limits: Alarms

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        _check_panes(self.window, self.panes)
        if (self.of == "value") != (self.ahead is not None):
            raise ValueError("of: value needs ahead (a duration), of: mean takes none")
        return self


AnyRule = (
    LimitRule
    | RateRule
    | StaleRule
    | FrozenRule
    | RangeRule
    | QualityRule
    | DeviationRule
    | VoteRule
    | WindowRule
    | ExpressionRule
    | SequenceRule
    | ForecastRule
)
#: Any rule; which one its ``kind`` tells.
Rule = Annotated[AnyRule, Field(discriminator="kind")]


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

    def by_id(self, rule_id: str) -> AnyRule | None:
        """The rule with this id, or None."""
        return self._by_id.get(rule_id)

    @cached_property
    def _by_id(self) -> dict[str, AnyRule]:
        return {rule.id: rule for rule in self.rules}


def default_rules() -> RuleSet:
    """What is watched without any rule file: every tag's own limits and timeouts."""
    return RuleSet(rules=(LimitRule(id="tag-limits"), StaleRule(id="tag-stale")))
