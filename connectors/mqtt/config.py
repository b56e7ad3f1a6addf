"""What one MQTT connector is told: which broker, how to prove who we are, what to subscribe to, how much to hold."""

import ssl
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, field_validator, model_validator

from connectors.base import ConnectorConfig
from connectors.codecs import CODECS
from park.duration import DurationUs
from park.model import Id

_KIB = 1024
_MIB = 1024 * _KIB
#: MQTT carries keep-alive and session expiry as whole seconds.
_S_US = 1_000_000


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Topic(_Part):
    """One subscription and how its payloads are read."""

    filter: str = Field(min_length=1, max_length=1000)
    codec: str = "json"

    @field_validator("filter")
    @classmethod
    def _valid(cls, text: str) -> str:
        if text.startswith("$share/"):
            raise ValueError(f"{text!r}: give the filter without $share/ and set shared_group")
        levels = text.split("/")
        for place, level in enumerate(levels):
            misplaced = "#" in level and (level != "#" or place != len(levels) - 1)
            if misplaced or ("+" in level and level != "+") or "\0" in level:
                raise ValueError(f"{text!r} is not a topic filter; + stands for one whole level, # for all at the end")
        return text

    @field_validator("codec")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in CODECS:
            raise ValueError(f"codec {name!r} is not known; known: {', '.join(sorted(CODECS))}")
        return name


def _bare_filter(value: object) -> object:
    return {"filter": value} if isinstance(value, str) else value


class Tls(_Part):
    """Encryption. The broker's certificate and host name are always checked."""

    #: PEM file of the authorities that are believed. None: those of the system.
    ca: Path | None = None
    #: Our own certificate and key (PEM), where the broker asks for one.
    cert: Path | None = None
    key: Path | None = None

    @model_validator(mode="after")
    def _complete(self) -> "Tls":
        if (self.cert is None) != (self.key is None):
            raise ValueError("give cert and key together")
        return self

    def context(self) -> ssl.SSLContext:
        """Reads the files; anew at every connection, so that renewed certificates need no restart. Raises OSError."""
        context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=self.ca)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self.cert is not None:
            context.load_cert_chain(self.cert, self.key)
        return context


class MqttConfig(ConnectorConfig):
    """One broker."""

    kind: Literal["mqtt"]
    host: str = Field(min_length=1)
    #: None: 8883 with TLS, 1883 without.
    port: int | None = Field(default=None, ge=1, le=65535)
    version: Literal["5", "3.1.1"] = "5"
    #: Must stay the same: the broker keeps what it has queued for us under this name. None: ``parkwatch-<id>``.
    client_id: str | None = Field(default=None, min_length=1, max_length=128)
    username: str | None = None
    password: SecretStr | None = None
    #: Read anew at every connection, so that a changed password needs no restart. One line.
    password_file: Path | None = None
    #: Send the password although the link is not encrypted. Whoever reads the wire then reads it.
    allow_plain_password: bool = False
    tls: Tls | None = None

    topics: tuple[Annotated[Topic, BeforeValidator(_bare_filter)], ...] = Field(
        default=(Topic(filter="parkwatch/v1/+/#"),), min_length=1
    )
    #: Share the subscription with the other members of this group. Loses the order of one device's samples.
    shared_group: str | None = Field(default=None, pattern=r"^[^/+#\x00]+$")
    #: Which level of the topic, counted from 0, holds the enterprise: in ``parkwatch/v1/E001/x`` it is 2.
    enterprise_level: int = Field(default=2, ge=0)
    #: The enterprise of all topics, on a broker that belongs to one enterprise.
    enterprise: Id | None = None

    #: A dead link is noticed within twice this time.
    keepalive: DurationUs = Field(default=15 * _S_US, ge=_S_US, le=65_535 * _S_US)
    connect_timeout: DurationUs = Field(default=5 * _S_US, gt=0)
    #: Messages the broker sends ahead of our acknowledgements (MQTT 5; in 3.1.1 the broker's own setting decides).
    receive_maximum: int = Field(default=1000, ge=1, le=65_535)
    #: How long the broker keeps our queue while we are away (MQTT 5; in 3.1.1 the broker's own setting decides).
    session_expiry: DurationUs = Field(default=7 * 86_400 * _S_US, gt=0)
    #: A larger payload is not decoded; its first 64 KiB become a dead letter.
    max_message_bytes: int = Field(default=_MIB, ge=_KIB)
    #: MQTT 5: the broker discards what is larger, and tells neither us nor the sender. Bounds our memory.
    max_packet_bytes: int = Field(default=64 * _MIB, ge=64 * _KIB, le=256 * _MIB)
    #: Received and not yet in the journal. At this limit we stop reading, and the broker queues.
    max_unjournalled_bytes: int = Field(default=64 * _MIB, ge=_MIB)
    #: Wait this long for more messages before decoding what is there: many in one batch cost less.
    gather: DurationUs = Field(default=5_000, ge=0, le=_S_US)
    #: Pause before the first retry; doubles up to the second. Varied at random, so that many do not come at once.
    retry_first: DurationUs = Field(default=_S_US, gt=0)
    retry_max: DurationUs = Field(default=30 * _S_US, gt=0)

    @model_validator(mode="after")
    def _consistent(self) -> "MqttConfig":
        if self.password is not None and self.password_file is not None:
            raise ValueError("give password or password_file, not both")
        has_password = self.password is not None or self.password_file is not None
        if has_password and self.username is None:
            raise ValueError("a password needs a username")
        if has_password and self.tls is None and not self.allow_plain_password and not _is_this_machine(self.host):
            raise ValueError("the password would go over the network in clear; set tls, or allow_plain_password: true")
        if self.retry_max < self.retry_first:
            raise ValueError("retry_max is shorter than retry_first")
        if len({topic.filter for topic in self.topics}) != len(self.topics):
            raise ValueError("two topics have the same filter")
        return self

    @property
    def effective_port(self) -> int:
        """The port that is used."""
        return self.port or (8883 if self.tls else 1883)

    @property
    def effective_client_id(self) -> str:
        """The client identifier that is used."""
        return self.client_id or f"parkwatch-{self.id}"

    def subscription(self, topic: Topic) -> str:
        """The filter as the broker is told it."""
        return f"$share/{self.shared_group}/{topic.filter}" if self.shared_group else topic.filter

    def read_password(self) -> str | None:
        """Raises OSError where the file cannot be read."""
        if self.password_file is not None:
            return self.password_file.read_text("utf-8").split("\n", 1)[0].removesuffix("\r")
        return self.password.get_secret_value() if self.password is not None else None


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
