"""What every connector on an MQTT broker is told: where it is, how to prove who we are, how much to hold."""

import ssl
from ipaddress import ip_address
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from connectors.base import ConnectorConfig
from park.duration import DurationUs

_KIB = 1024
_MIB = 1024 * _KIB
#: MQTT carries keep-alive and session expiry as whole seconds.
_S_US = 1_000_000


class Part(BaseModel):
    """A part of a configuration."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Tls(Part):
    """Encryption. The broker's certificate and host name are always checked."""

    #: PEM file of the authorities that are believed. None: those of the system.
    ca: Path | None = None
    #: Our own certificate and key (PEM), where the broker asks for one.
    cert: Path | None = None
    key: Path | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
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


class BrokerConfig(ConnectorConfig):
    """One broker, and our session on it."""

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
    def _consistent(self) -> Self:
        if self.password is not None and self.password_file is not None:
            raise ValueError("give password or password_file, not both")
        has_password = self.password is not None or self.password_file is not None
        if has_password and self.username is None:
            raise ValueError("a password needs a username")
        if has_password and self.tls is None and not self.allow_plain_password and not _is_this_machine(self.host):
            raise ValueError("the password would go over the network in clear; set tls, or allow_plain_password: true")
        if self.retry_max < self.retry_first:
            raise ValueError("retry_max is shorter than retry_first")
        return self

    @property
    def effective_port(self) -> int:
        """The port that is used."""
        return self.port or (8883 if self.tls else 1883)

    @property
    def effective_client_id(self) -> str:
        """The client identifier that is used."""
        return self.client_id or f"parkwatch-{self.id}"

    @property
    def filters(self) -> tuple[str, ...]:
        """What is subscribed to."""
        raise NotImplementedError

    def subscription(self, wanted: str) -> str:
        """The filter as the broker is told it."""
        return wanted

    @property
    def is_clean(self) -> bool:
        """Whether the broker forgets us when we go."""
        return self.session_expiry == 0

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
