"""The section ``emissions`` of the configuration: by which limits outlets are judged, and who answers for them."""

from datetime import date
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, field_validator

from park.duration import DurationUs
from rules.emissions.compare import Tolerance
from rules.emissions.convert import OxygenRule
from rules.emissions.exceed import EarlyWarning
from rules.emissions.limits import Confirmation
from rules.emissions.marks import Quota
from rules.emissions.rates import ScoreRule
from rules.emissions.validity import Validity, validities


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class ConfirmedRow(_Model):
    """A named person has held a row that was not read in the standard against its text; from then on it is active."""

    #: Id of the row (``parkwatch limits list``), or of a table or a standard for all rows of it.
    row: str = Field(min_length=1)
    by: str = Field(min_length=1)
    on: date
    #: What it was held against: the edition and its page.
    note: str = Field(min_length=1)
    #: The value that was confirmed. The row stays inactive where the pack says another. None: whatever the pack says.
    limit: float | None = None

    @field_validator("by", "note")
    @classmethod
    def _not_blank(cls, text: str) -> str:
        if not text.strip():
            raise ValueError("say who, and against what the row was held")
        return text.strip()

    def confirmation(self) -> Confirmation:
        """As the limit book takes it."""
        return Confirmation(row=self.row.rstrip("/"), by=self.by, on=self.on, note=self.note, limit=self.limit)


class Emissions(_Model):
    """How outlets, fence-line points and air stations are judged."""

    #: Limit packs (deploy/docs/limits.md): files, or directories of them. Without any only permits limit anything.
    limits: tuple[Path, ...] = ()
    confirmed: tuple[ConfirmedRow, ...] = ()
    #: When minutes warn before the hour is lost.
    early_warning: EarlyWarning = EarlyWarning()
    #: From which oxygen content on conversion makes no sense, and what is done then; to what is converted, limits say.
    oxygen: OxygenRule = OxygenRule()
    #: How far our means and the logger's own may be apart and still agree.
    tolerance: Tolerance = Tolerance()
    #: How long marks of some types may last; by the full id of the source, or ``*`` for every source.
    quotas: dict[str, tuple[Quota, ...]] = {}
    #: A site's changes of the presets of validity, and presets of its own (``like: flue_gas``); see judgement.md.
    validity: dict[str, dict[str, object]] = {}
    #: How the score of delivery is made of the rates.
    score: ScoreRule = ScoreRule()
    #: A minute or hour is judged so long after its end: what comes later makes a revision.
    grace: DurationUs = Field(default=20_000_000, ge=0)
    #: How often the judge looks for what there is to judge.
    every: DurationUs = Field(default=5_000_000, gt=0)

    @field_validator("validity")
    @classmethod
    def _makes_sense(cls, given: dict[str, dict[str, object]]) -> dict[str, dict[str, object]]:
        validities(given)
        return given

    @field_validator("oxygen")
    @classmethod
    def _guard_alone(cls, given: OxygenRule) -> OxygenRule:
        if given.converts:
            raise ValueError("give oxygen_below and beyond; the reference is that of the limit or the outlet")
        return given

    def presets(self) -> dict[str, Validity]:
        """By name, with the site's changes."""
        return validities(self.validity)

    @field_validator("limits", mode="before")
    @classmethod
    def _one_or_several(cls, given: object) -> object:
        return (given,) if isinstance(given, (str, Path)) else () if given is None else given
