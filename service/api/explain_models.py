"""The shape of an explanation, for the documentation of the interface."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from service.api.models import Number, Time

_TAG = "acme.tank-1.li-101"


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class RuleOfAlert(_Shape):
    """The rule as it was in force when the alert was found."""

    id: str = Field(examples=["levels"])
    kind: str = Field(examples=["limit"])
    name: str
    standard: str = Field(examples=["GB 50160-2008"])
    clause: str
    guidance: str
    text: str | None = Field(description="YAML; null for a key of one enterprise: it may name tags of others")


class LimitInForce(_Shape):
    """One level."""

    level: str = Field(examples=["H"])
    limit: float = Field(description="In the tag's unit", examples=[9.0])
    deadband: float = Field(description="In the tag's unit", examples=[0.2])
    on_delay_s: float = Field(examples=[10.0])
    off_delay_s: float = Field(examples=[0.0])


class Timer(_Shape):
    """A delay that ran out."""

    timer: Literal["on_delay", "off_delay", "timeout", "stale_delay"]
    began: Time
    ended: Time
    length: str = Field(examples=["10s"])


class ExplainSample(_Shape):
    """One stored sample."""

    time: Time
    value: Number
    quality: str = Field(examples=["good"])


class ExplainSamples(_Shape):
    """Of one tag: around what happened all of them; else of each stretch the first, last, least, greatest, worst."""

    tag: str = Field(examples=[_TAG])
    count: int = Field(description="Samples that were played", examples=[300])
    left_out: int = Field(description="Of these so many are not shown", examples=[180])
    samples: list[ExplainSample]


class ExplainEvent(_Shape):
    """What people and context did to the alert."""

    trigger: str = Field(examples=["shelve"])
    state: str = Field(examples=["shelved"])
    at: Time
    actor: str = Field(examples=["li"])
    reason: str


class Silence(_Shape):
    """A communication alarm of what brings the tag."""

    target: str = Field(examples=["dcs/plc-1"])
    raised: Time
    cleared: Time | None


class Sentences(_Shape):
    """The same in plain words."""

    zh: list[str]
    en: list[str]


class Explanation(_Shape):
    """Why an alert is there."""

    alert: str = Field(description="Its id")
    target: str = Field(examples=[_TAG])
    level: str = Field(examples=["H"])
    onset: Time
    raised: Time
    detected: Time
    cleared: Time | None
    why: str = Field(description="The engine's sentence")
    rule: RuleOfAlert | None = Field(description="null: an alarm of the service itself, or a rule no longer known")
    limits: list[LimitInForce]
    timers: list[Timer]
    from_: Time = Field(alias="from", description="The stored samples of `[from, to)` were played through the rule")
    to: Time
    samples: list[ExplainSamples]
    samples_total: int
    tags_total: int
    samples_cut: bool = Field(description="There were more than could be looked at")
    proof: Literal["exact", "near", "other", "gone"] | None = Field(
        description="What the rule, played again, raises: this very alert, nearly it, none of it; or samples are gone"
    )
    tick_s: float | None = Field(description="Length of the rows in which it was played", examples=[1.0])
    trouble: str = Field(description="Why it could not be played; empty: it could")
    transitions: list[dict[str, Any]] = Field(description="What the replay found of this alert")
    events: list[ExplainEvent]
    silences: list[Silence]
    text: Sentences
