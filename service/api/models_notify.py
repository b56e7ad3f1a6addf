"""Shapes of notifications."""

from typing import Literal

from pydantic import Field

from service.api.models import Next, Time, _Shape

_ALERT = "48141154-41bc-59ce-89d2-b84bf7c8268e"


class NotificationShape(_Shape):
    """One attempt to tell somebody, or one silence and its reason."""

    id: str = Field(description="Of the message: its attempts share it", examples=[_ALERT])
    at: Time
    about: list[str] = Field(description="Alerts or cases that it tells of", examples=[[_ALERT]])
    enterprise: str = Field(description="Empty: of several, or of none", examples=["acme"])
    channel: str = Field(description="Empty: of a silence on all channels", examples=["duty-robot"])
    route: str = Field(examples=["red-day"])
    why: Literal["raised", "worse", "escalated", "cleared", "digest", "case", "test"]
    colour: str = Field(description="`red`, `orange`, `yellow`, `blue`; empty for silences", examples=["red"])
    state: Literal["sent", "failed", "given_up", "silent"] = Field(
        description="`failed`: it is tried again; `given_up`: it is not; `silent`: it was not sent, see `reason`"
    )
    attempt: int = Field(examples=[1])
    step: int = Field(description="Of the escalation; 0: none", examples=[0])
    reason: str = Field(description="What the other side answered, or why nobody was told", examples=["errcode 0"])
    took_ms: int = Field(examples=[84])


class NotificationList(_Shape):
    """A page of the journal."""

    items: list[NotificationShape]
    next: Next


class ChannelShape(_Shape):
    """How one channel does since the service started."""

    channel: str = Field(examples=["duty-robot"])
    kind: str = Field(description="`webhook`, `mail`, `wecom`, `dingtalk`, `feishu`, `sms`", examples=["wecom"])
    sent: int = Field(examples=[12])
    failed: int = Field(description="Attempts that were not taken", examples=[0])
    last_sent: Time | None
    last_error: str = Field(description="Of the last attempt; empty: it was taken", examples=[""])
    waiting: int = Field(description="Messages that are not out yet", examples=[0])


class HeartbeatShape(_Shape):
    """The dead man's switch."""

    sent: int = Field(examples=[120])
    last_error: str = Field(description="Why the last beat was withheld, or not taken", examples=[""])


class Channels(_Shape):
    """All channels, and the heartbeat; null: none is configured."""

    items: list[ChannelShape]
    heartbeat: HeartbeatShape | None


class TestBody(_Shape):
    """Which channel is to be tried."""

    channel: str = Field(examples=["duty-robot"])
