"""Shapes of incidents: the timeline, and evidence packs."""

from typing import Annotated, Any, Literal

from pydantic import Field

from service.api.models import Next, Time, _Shape

_ALERT = "48141154-41bc-59ce-89d2-b84bf7c8268e"
_Text = Annotated[str | None, Field(examples=["acme"])]


class TimelineItem(_Shape):
    """One record. Which fields a kind has, `deploy/docs/incidents.md` says; the rest is null."""

    at: Time
    kind: Literal["alert", "operator", "context", "notification", "rule", "gap", "case", "risk", "mark", "command"]
    enterprise: _Text
    source: _Text
    subject: str | None = Field(description="Id of the alert, entry, case, mark", examples=[_ALERT])
    what: _Text
    target: _Text
    rule: _Text
    level: _Text
    actor: _Text
    trigger: _Text
    from_state: _Text
    to_state: _Text
    priority: int | None = Field(examples=[1])
    value: float | None = Field(examples=[10.6])
    limit: float | None = Field(examples=[10.0])
    unit: _Text
    effective: Time | None
    until: Time | None
    text: _Text
    seq: int | None = Field(description="Of the hash chain", examples=[4711])
    hash: _Text


class Subjects(_Shape):
    """What the answer is about."""

    sources: list[str] = Field(description="The nearest first", examples=[["acme.tank-1"]])
    tags: list[str] = Field(description="Of the trends", examples=[["acme.tank-1.li-101"]])
    alerts: list[str] = Field(examples=[[_ALERT]])


class Trends(_Shape):
    """By tag: columns of equal length."""

    bucket_s: float = Field(description="Width of a bucket", examples=[10.0])
    tags: dict[str, dict[str, Any]] = Field(
        description="`unit`; `time_ms` (epoch), `mean`, `min`, `max`, `good` (share of good samples)",
        examples=[{"acme.tank-1.li-101": {"unit": "m", "time_ms": [0], "mean": [8.7], "min": [8.6], "max": [8.8]}}],
    )


class Timeline(_Shape):
    """A page of records in order; the trends come with the first."""

    from_: Time = Field(alias="from")
    to: Time
    at: Time
    subjects: Subjects
    items: list[TimelineItem]
    next: Next
    trends: Trends | None


class PackBody(_Shape):
    """What is to be packed: around an alert, or a source and a time."""

    around: str | None = Field(default=None, description="Id of an alert", max_length=64, examples=[_ALERT])
    source: str | None = Field(default=None, max_length=200, examples=["acme.tank-1"])
    at: str | None = Field(default=None, description="RFC 3339; with `source`", examples=["2026-11-01T00:00:00Z"])
    before: str = Field(default="30m", max_length=20, examples=["30m"])
    after: str = Field(default="60m", max_length=20, examples=["60m"])


class PackShape(_Shape):
    """An evidence pack that was asked for."""

    id: str = Field(examples=[_ALERT])
    state: Literal["running", "done", "failed"]
    asked: Time
    by: str = Field(examples=["li.na"])
    bytes: int = Field(description="0 until it is done", examples=[182_340])
    sha256: str = Field(description="Of the file", examples=["9f86d081…"])
    error: str = Field(examples=[""])


class EvidenceKey(_Shape):
    """What packs of this service are signed with."""

    fingerprint: str = Field(description="SHA-256 of the public key", examples=["6b3a…"])
    pem: str = Field(examples=["-----BEGIN PUBLIC KEY-----\n…"])
