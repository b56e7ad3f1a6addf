"""Rules that hold a number against limits: kinds limit, rate, deviation, window, forecast."""

from typing import Literal, Self

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from park.model import Alarms, Level
from rules.spec.base import (
    Delay,
    Duration,
    LevelRule,
    PaneCount,
    SpecModel,
    TagRef,
)


class Moving(SpecModel):
    """A limit that another tag sets: ``times * value + plus``, in the unit of the tag that is watched."""

    tag: TagRef
    times: float = 1.0
    plus: float = 0.0


class MovingLimits(SpecModel):
    """Limits that other tags set. A level whose tag is not known (bad, stale) keeps the limit it had."""

    HH: Moving | None = None
    H: Moving | None = None
    L: Moving | None = None
    LL: Moving | None = None
    deadband: float = Field(default=0.0, ge=0)
    on_delay: Delay = 0
    off_delay: Delay = 0


class LimitRule(LevelRule):
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


class RateRule(LevelRule):
    """A value rises (H, HH) or falls (L, LL: negative limits) too fast."""

    kind: Literal["rate"] = "rate"
    #: The change is measured over this time, up to each sample.
    window: Duration
    #: Limits are in the tag's unit per so long.
    per: Duration = 60_000_000
    limits: Alarms
    #: Two samples further apart than this have a gap between them, and no rate is made across it. None: the window.
    max_gap: Duration | None = None


class DeviationRule(LevelRule):
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


def _check_panes(window_us: int, panes: int) -> None:
    if window_us % panes:
        raise ValueError(f"a window must be cut into whole microseconds; choose another number of panes than {panes}")


Aggregate = Literal["mean", "max", "min", "sum", "count", "percentile"]


class WindowRule(LevelRule):
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


class ForecastRule(LevelRule):
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
    #: In each tag's own unit; or in their place the tag's own limit of this level, from the park file.
    limits: Alarms | None = None
    level: Level | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        _check_panes(self.window, self.panes)
        if (self.limits is None) == (self.level is None):
            raise ValueError("give limits, or level (the tag's own limit), one of them")
        if (self.of == "value") != (self.ahead is not None):
            raise ValueError("of: value needs ahead (a duration), of: mean takes none")
        return self

    def limits_of(self, own: Alarms | None) -> Alarms:
        """What is held against: the rule's limits, or of a tag's own the one of the level; none where it has none."""
        if self.limits is not None:
            return self.limits
        if own is None or self.level is None:
            return Alarms()
        none: dict[str, None] = {level.value: None for level in Level if level is not self.level}
        return own.model_copy(update=none)
