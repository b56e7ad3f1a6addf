"""The shapes of what is put aside and of context, for the documentation and the check of request bodies."""

from typing import Annotated, Literal

from pydantic import Field

from service.alerts.asked import ContextKind
from service.alerts.states import Trigger
from service.api.models import AlertShape, Comment, FloodNow, Next, Time, _Shape

Reason = Annotated[Comment, Field(min_length=1)]
Until = Annotated[
    str | None,
    Field(description="When it comes back by itself; RFC 3339", max_length=40, examples=["2026-11-01T02:00:00Z"]),
]
Lasting = Annotated[
    str | None, Field(description="In place of `until`: for how long", max_length=20, examples=["30m", "2h"])
]


class ShelveBody(_Shape):
    """Why, and for how long: `until` or `duration`."""

    reason: Reason = Field(examples=["Probe is being exchanged, level read on site"])
    until: Until = None
    duration: Lasting = None


class TakeOutBody(ShelveBody):
    """Besides, the number of the work order."""

    work_order: Annotated[Comment, Field(min_length=1, max_length=100)] = Field(examples=["WO-2026-117"])


class ReasonBody(_Shape):
    """Why, for the record."""

    reason: Comment = Field(default="", examples=["Work is done"])


ContextSource = Annotated[str, Field(max_length=200, pattern="^[^\\x00]*$")]


class ContextBody(_Shape):
    """What is going on, where, from when to when, and why."""

    kind: ContextKind = Field(examples=["calibration"])
    enterprise: ContextSource = Field(min_length=1, examples=["acme"])
    source: ContextSource = Field(default="", description="`enterprise.source`", examples=["acme.tank-1"])
    tags: list[ContextSource] = Field(
        default=[], max_length=1_000, description="Full ids, in place of a source", examples=[[]]
    )
    from_: str | None = Field(
        default=None, alias="from", description="RFC 3339; null: now", max_length=40, examples=["2026-11-01T00:00:00Z"]
    )
    to: str = Field(description="RFC 3339", max_length=40, examples=["2026-11-01T04:00:00Z"])
    reason: Reason = Field(examples=["Quarterly calibration"])
    permit: Comment = Field(default="", max_length=100, description="Number of the permit", examples=["HW-2026-031"])


class EndContextBody(ReasonBody):
    """Why, and when where not at once."""

    at: str | None = Field(
        default=None, description="A new end, before the old one; RFC 3339. null: now", max_length=40, examples=[None]
    )


class ContextShape(_Shape):
    """One statement of what is going on in the plant."""

    id: str = Field(examples=["7d9f2c1e-54b0-4f3c-9d0e-0a8b1f6c2d11"])
    kind: ContextKind
    enterprise: str = Field(examples=["acme"])
    enterprise_name: str = Field(examples=["Acme Chemicals"])
    source: str = Field(description="Empty: all of the enterprise, or the tags", examples=["acme.tank-1"])
    source_name: str = Field(examples=["Ethylene oxide tank 1"])
    tags: list[str]
    from_: Time = Field(alias="from")
    to: Time
    reason: str = Field(examples=["Quarterly calibration"])
    permit: str = Field(examples=["HW-2026-031"])
    opened: Time
    opened_by: str = Field(examples=["acme-hse"])
    state: Literal["planned", "live", "over"]
    over: Time | None
    ended_by: str = Field(description="Who ended it before its time")
    end_reason: str
    seq: int = Field(description="Number of its last event", examples=[4712])


class ContextsShape(_Shape):
    """A page of context entries."""

    items: list[ContextShape]
    next: Next


class ContextEventShape(_Shape):
    """One change of one context entry, as the live stream tells it: a link of the same hash chain."""

    chain: str
    seq: int
    trigger: Trigger
    actor: str
    reason: str
    effective: Time
    recorded: Time
    context: ContextShape
    prev_hash: str
    hash: str


class Ledger(_Shape):
    """Everything that is put aside, by whom, why and until when; nothing is hidden."""

    items: list[AlertShape] = Field(description="Shelved, suppressed and out of service, by when they come back")
    contexts: list[ContextShape] = Field(description="Live, then planned, then lately over")
    floods: list[FloodNow]
    now: Time
    seq: int = Field(description="Number of the last event", examples=[4711])
