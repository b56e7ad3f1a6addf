"""Deadlines and timers of cases. The defaults are ours; the park has to confirm them."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, model_validator

from park.duration import DurationUs
from rules.risk.formula import Colour
from service.identity.roles import Role

_HOUR_US = 3_600_000_000
_USUAL = {Colour.RED: 4, Colour.ORANGE: 24, Colour.YELLOW: 72, Colour.BLUE: 168}


class Escalation(BaseModel):
    """Who is told when a case is so long overdue."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    after: DurationUs
    to: Role


class CasePolicy(BaseModel):
    """Section ``cases``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    #: Time from dispatch to deadline; what is not named keeps its default: 4 h, 24 h, 72 h, 168 h.
    deadline: dict[Colour, Annotated[DurationUs, Field(gt=0)]] = {}
    #: The enterprise is reminded where no more than this share of its time is left; 0: never.
    remind_at: float = Field(default=0.25, ge=0, lt=1)
    escalate: tuple[Escalation, ...] = (
        Escalation.model_construct(after=0, to=Role.SUPERVISOR),
        Escalation.model_construct(after=24 * _HOUR_US, to=Role.ADMIN),
    )
    most_attachment_bytes: PositiveInt = 10 * 1024 * 1024
    most_attachments: PositiveInt = 20

    @model_validator(mode="after")
    def _rise(self) -> "CasePolicy":
        after = [one.after for one in self.escalate]
        if after != sorted(set(after)):
            raise ValueError("every escalation must come later than the one before it")
        return self

    def due_us(self, colour: Colour, from_us: int) -> int:
        """The deadline of a case that is dispatched now."""
        return from_us + self.deadline.get(colour, _USUAL[colour] * _HOUR_US)
