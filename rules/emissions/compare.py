"""Our means against those that the logger itself reports (2051, 2061, 2031). Disagreement is evidence, not an error."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from rules.arrays import Bools, Bytes, Floats
from rules.emissions.averaging import quotient


class Tolerance(BaseModel):
    """How far two means may be apart and still agree: whichever of the two allows more. No standard sets it."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    #: Share of the larger of the two.
    relative: float = Field(default=0.05, ge=0)
    #: In the tag's unit; what rounding in the packet explains.
    absolute: float = Field(default=0.0, ge=0)


class Verdict(IntEnum):
    """What the comparison says."""

    AGREE = 0
    DISAGREE = 1
    NOT_COMPARABLE = 2


class Reason(IntEnum):
    """Why two means cannot be compared; the first that holds."""

    NONE = 0
    #: We have no mean for the period.
    OURS_MISSING = 1
    #: The logger reported none.
    THEIRS_MISSING = 2
    #: Ours was taken from the very report it would be held against.
    SAME_SOURCE = 3
    #: Ours is not valid (too few samples reached us): a difference would say nothing.
    OURS_INVALID = 4
    #: The logger itself calls its mean abnormal.
    THEIRS_FLAGGED = 5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Comparison:
    """Columns ``(n,)``."""

    #: Theirs minus ours, in the tag's unit; NaN where one is missing.
    difference: Floats
    #: The same as a share of the larger of the two; 0 where both are 0.
    relative: Floats
    #: See `Verdict` and `Reason`.
    verdict: Bytes
    reason: Bytes


def compare(
    ours: Floats,
    ours_valid: Bools,
    theirs: Floats,
    theirs_valid: Bools,
    tolerance: Tolerance,
    same_source: Bools | None = None,
) -> Comparison:
    """Hold means of the same periods against each other. ``theirs_valid``: by the flag in the report."""
    difference = theirs - ours
    larger = np.fmax(np.abs(ours), np.abs(theirs))
    relative = np.where(difference == 0, 0.0, quotient(np.abs(difference), larger))
    with np.errstate(invalid="ignore"):
        near = np.abs(difference) <= np.fmax(tolerance.absolute, tolerance.relative * larger)
    same = np.zeros(len(ours), np.bool_) if same_source is None else same_source
    reason = np.select(
        [~np.isfinite(ours), ~np.isfinite(theirs), same, ~ours_valid, ~theirs_valid],
        [Reason.OURS_MISSING, Reason.THEIRS_MISSING, Reason.SAME_SOURCE, Reason.OURS_INVALID, Reason.THEIRS_FLAGGED],
        Reason.NONE,
    ).astype(np.uint8)
    verdict = np.where(near, Verdict.AGREE, Verdict.DISAGREE)
    return Comparison(
        difference=difference,
        relative=relative,
        verdict=np.where(reason == Reason.NONE, verdict, Verdict.NOT_COMPARABLE).astype(np.uint8),
        reason=reason,
    )
