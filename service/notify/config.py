"""Channels and routes as the configuration file names them (section ``notifications``)."""

import re
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PositiveInt,
    SecretStr,
    field_validator,
    model_validator,
)

from park.duration import DurationUs
from park.model import Id
from rules.risk.formula import Colour

_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


def _is_http(url: SecretStr) -> SecretStr:
    if not url.get_secret_value().startswith(("https://", "http://")):
        raise ValueError("an address begins with https:// (or http:// within the park's own network)")
    return url


Url = Annotated[
    SecretStr, AfterValidator(_is_http), Field(description="Robots carry their token in it, so it is never shown")
]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Channel(_Model):
    id: Id
    language: Literal["zh", "en"] = "zh"
    #: More are gathered into one message; the first of a kind is never held.
    most_per_minute: PositiveInt = 20
    #: One attempt may take so long.
    within: DurationUs = 10_000_000


class WebhookConfig(_Channel):
    """JSON to a receiver of your own, signed (deploy/docs/notifications.md)."""

    kind: Literal["webhook"]
    url: Url
    secret: SecretStr


class MailConfig(_Channel):
    """E-mail by SMTP."""

    kind: Literal["mail"]
    host: str
    port: int = Field(default=587, ge=1, le=65535)
    encryption: Literal["starttls", "tls", "none"] = "starttls"
    user: str | None = None
    password: SecretStr | None = None
    sender: str
    to: tuple[str, ...] = Field(min_length=1)


class RobotConfig(_Channel):
    """A group robot: WeCom (企业微信), DingTalk (钉钉) or Feishu (飞书). WeCom's has no secret of its own."""

    kind: Literal["wecom", "dingtalk", "feishu"]
    url: Url
    secret: SecretStr | None = None


class SmsConfig(_Channel):
    """A text-message gateway over HTTP: ``{number}``, ``{text}`` and ``{id}`` are put into the template."""

    kind: Literal["sms"]
    url: Url
    headers: dict[str, SecretStr] = {}
    #: A JSON body; text in it is a template.
    body: dict[str, object]
    numbers: tuple[str, ...] = Field(min_length=1)
    most_characters: PositiveInt = 120


ChannelConfig = Annotated[WebhookConfig | MailConfig | RobotConfig | SmsConfig, Field(discriminator="kind")]


class Step(_Model):
    """Whom else to tell where nobody has acknowledged by then."""

    after: DurationUs
    channels: tuple[Id, ...] = Field(min_length=1)


class Route(_Model):
    """Which alerts go where. What is empty takes all."""

    id: Id
    channels: tuple[Id, ...] = Field(min_length=1)
    colours: frozenset[Colour] = frozenset()
    enterprises: frozenset[str] = frozenset()
    #: Full ids, ``enterprise.source``.
    sources: frozenset[str] = frozenset()
    #: The shift: from, until, ``HH:MM`` of +08:00; past midnight where the second is the smaller.
    between: tuple[str, str] | None = None
    escalate: tuple[Step, ...] = ()
    #: The last step again and again, until somebody acknowledges.
    repeat: DurationUs | None = Field(default=None, ge=60_000_000)
    #: Also when it is over.
    cleared: bool = False
    #: Also what happens to cases: dispatched, answered, overdue.
    cases: bool = False

    @field_validator("between")
    @classmethod
    def _clocks(cls, between: tuple[str, str] | None) -> tuple[str, str] | None:
        for one in between or ():
            if not _CLOCK.fullmatch(one):
                raise ValueError(f"{one!r} is no time of day; write HH:MM, 00:00 to 23:59")
        return between

    @model_validator(mode="after")
    def _steps_rise(self) -> "Route":
        after = [step.after for step in self.escalate]
        if after != sorted(set(after)):
            raise ValueError("every step of an escalation must come later than the one before it")
        if self.repeat is not None and not self.escalate:
            raise ValueError("repeat repeats the last step of an escalation; give escalate, or leave it out")
        return self


class Heartbeat(_Model):
    """A dead man's switch: a receiver outside hears from us as long as we are well, and cries when we fall silent."""

    url: Url
    every: DurationUs = Field(default=60_000_000, ge=5_000_000)
    within: DurationUs = 10_000_000


class Notifications(_Model):
    """The section. Without it nobody is told outside the page, and the journal says so."""

    channels: tuple[ChannelConfig, ...] = ()
    routes: tuple[Route, ...] = ()
    #: Further ones of a kind (rule, enterprise, level) within so long come together in one message.
    group_within: DurationUs = Field(default=60_000_000, le=3_600_000_000)
    heartbeat: Heartbeat | None = None

    @model_validator(mode="after")
    def _known_and_once(self) -> "Notifications":
        ids = [one.id for one in self.channels]
        for kind, given in (("channels", ids), ("routes", [one.id for one in self.routes])):
            twice = {one for one in given if given.count(one) > 1}
            if twice:
                raise ValueError(f"two {kind} have the id {min(twice)!r}; ids must be unique")
        for route in self.routes:
            named = {*route.channels, *(one for step in route.escalate for one in step.channels)}
            unknown = sorted(named - set(ids))
            if unknown:
                known = ", ".join(ids) or "none"
                raise ValueError(f"route {route.id!r} names the channel {unknown[0]!r}; known: {known}")
        return self
