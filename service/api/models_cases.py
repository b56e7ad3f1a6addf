"""Shapes of cases."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from service.api.models import Next, Time, _Shape

_ALERT = "48141154-41bc-59ce-89d2-b84bf7c8268e"
Colour = Literal["red", "orange", "yellow", "blue"]
Cause = Literal["real", "instrument", "calibration", "test", "communication"]
State = Literal["dispatched", "received", "answered", "verified", "closed"]
Text = Annotated[str, StringConstraints(min_length=1, max_length=4_000, strip_whitespace=True)]
AlertId = Annotated[str, StringConstraints(pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")]


class CaseShape(_Shape):
    """A case as it stands."""

    id: str = Field(examples=[_ALERT])
    number: str = Field(description="Of the year (+08:00), without a hole", examples=["2026-00042"])
    title: str = Field(examples=["储罐 1 液位高高"])
    state: State
    colour: Colour
    cause: Cause = Field(description="As judged so far; may be corrected until the case is closed")
    enterprise: str = Field(examples=["acme"])
    enterprise_name: str = Field(examples=["安科化学"])
    source: str = Field(description="Empty: none in particular", examples=["acme.tank-1"])
    source_name: str = Field(examples=["环氧乙烷储罐 1"])
    alerts: list[str] = Field(description="Ids of its alerts", examples=[[_ALERT]])
    instructions: str = Field(examples=["Check the level transmitter; report what was found."])
    opened: Time
    opened_by: str = Field(examples=["wang.fang"])
    due: Time
    overdue: bool = Field(description="The enterprise has not answered, and the deadline is over")
    escalated_to: str = Field(description="The role that was told last; empty: nobody yet", examples=["supervisor"])
    received: Time | None
    received_by: str = Field(examples=["acme.hse"])
    answered: Time | None
    answered_by: str = Field(examples=["acme.hse"])
    verified: Time | None
    verified_by: str = Field(examples=["li.na"])
    closed: Time | None
    closed_by: str = Field(examples=["zhao.lei"])
    messages: int = Field(examples=[2])
    attachments: int = Field(examples=[1])
    updated: Time


class CaseList(_Shape):
    """A page of cases."""

    items: list[CaseShape]
    next: Next


class CaseCounts(_Shape):
    """How many cases are in which state; of the closed those of the last 30 days."""

    states: dict[str, int] = Field(examples=[{"dispatched": 3, "answered": 1}])
    overdue: int = Field(examples=[1])


class CaseEventShape(_Shape):
    """One step of a case."""

    seq: int = Field(examples=[1])
    at: Time
    by: str = Field(description="`service`: by itself, when a deadline is near or over", examples=["wang.fang"])
    role: str = Field(examples=["operator"])
    kind: Literal[
        "dispatch",
        "receive",
        "answer",
        "accept",
        "refuse",
        "close",
        "reopen",
        "message",
        "attach",
        "cause",
        "alerts",
        "remind",
        "escalate",
    ]
    text: str = Field(examples=["Valve replaced, level back to 6.2 m."])
    from_state: str = Field(examples=["dispatched"])
    to_state: str = Field(examples=["answered"])
    internal: bool = Field(description="The park's alone")
    attachment: str | None


class AttachmentShape(_Shape):
    """A file of a case."""

    id: str = Field(examples=[_ALERT])
    at: Time
    by: str = Field(examples=["acme.hse"])
    name: str = Field(examples=["valve.jpg"])
    media_type: str = Field(examples=["image/jpeg"])
    bytes: int = Field(examples=[182_340])
    sha256: str = Field(examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"])


class WholeCase(CaseShape):
    """A case with all that became of it."""

    history: list[CaseEventShape]
    files: list[AttachmentShape]


class NewCaseBody(_Shape):
    """Alerts that an enterprise is to look into."""

    alerts: list[AlertId] = Field(min_length=1, max_length=100, examples=[[_ALERT]])
    title: str = Field(
        default="", max_length=200, description="Empty: from the first alert", examples=["储罐 1 液位高高"]
    )
    cause: Cause = "real"
    enterprise: str | None = Field(default=None, description="Needed where the source is shared", examples=["acme"])
    colour: Colour | None = Field(default=None, description="Default: from the worst alert's priority")
    due: str | None = Field(
        default=None, description="RFC 3339; default: by colour", examples=["2026-11-01T12:00:00+08:00"]
    )
    instructions: str = Field(default="", max_length=4_000, description="Default: the rule's guidance", examples=["…"])


class CaseTextBody(_Shape):
    """What was done, or is to be said."""

    text: Text = Field(examples=["Valve replaced, level back to 6.2 m."])


class CaseMessageBody(_Shape):
    """A message to the other side."""

    text: Text = Field(examples=["Please send a photo of the name plate."])
    internal: bool = Field(default=False, description="True: seen by the park alone")


class CaseNoteBody(_Shape):
    """With or without a word."""

    text: str = Field(default="", max_length=4_000, examples=["Seen."])


class VerifyBody(_Shape):
    """The park has looked at the answer."""

    accepted: bool
    text: Text = Field(examples=["On site at 14:20: transmitter reads right."])


class CauseBody(_Shape):
    """What it turned out to be."""

    cause: Cause
    text: str = Field(default="", max_length=4_000, examples=["The transmitter had drifted."])


class CaseAlertsBody(_Shape):
    """Alerts that belong to the same case."""

    alerts: list[AlertId] = Field(min_length=1, max_length=100, examples=[[_ALERT]])


class AttachedShape(_Shape):
    """Which id the file has."""

    id: str = Field(examples=[_ALERT])
