"""What one OPC UA connector is told: which server, how to prove who we are, what to ask for, how long to be patient."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, SecretStr, field_validator, model_validator

from connectors.base import ConnectorConfig
from park.duration import DurationUs

Policy = Literal["none", "Basic256Sha256", "Aes128_Sha256_RsaOaep", "Aes256_Sha256_RsaPss"]
Positive = Annotated[DurationUs, Field(gt=0)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Security(_Part):
    """The secure channel: what protects the bytes on the wire, and which servers are believed."""

    policy: Policy = "none"
    mode: Literal["sign", "sign_and_encrypt"] = "sign_and_encrypt"
    #: Our application instance certificate (PEM or DER) and its key. Its URI becomes our application URI.
    certificate: Path | None = None
    private_key: Path | None = None
    #: A file whose first line opens the private key.
    private_key_password_file: Path | None = None
    #: Directory of trusted server and CA certificates. What is refused is written to ``rejected`` beside it.
    trusted: Path | None = None
    #: Directory of certificate revocation lists.
    revoked: Path | None = None
    #: The application URI the server must have; worth setting where a CA, not the certificate itself, is trusted.
    server_uri: str | None = None

    @model_validator(mode="after")
    def _complete(self) -> "Security":
        needed = ("certificate", "private_key", "trusted")
        missing = [name for name in needed if getattr(self, name) is None]
        if self.policy != "none" and missing:
            raise ValueError(f"security policy {self.policy} needs {', '.join(missing)}")
        return self


class Anonymous(_Part):
    """No user."""

    kind: Literal["anonymous"] = "anonymous"


class User(_Part):
    """A user name and its password, given here or, better, in a file that only the service can read."""

    kind: Literal["user"]
    name: str = Field(min_length=1)
    password: SecretStr | None = None
    #: Read anew at every connection, so that a changed password needs no restart. One line.
    password_file: Path | None = None

    @model_validator(mode="after")
    def _one_password(self) -> "User":
        if (self.password is None) == (self.password_file is None):
            raise ValueError("give either password or password_file")
        return self


class UserCertificate(_Part):
    """A user certificate (X.509), PEM or DER, and its key."""

    kind: Literal["certificate"]
    certificate: Path
    private_key: Path
    private_key_password_file: Path | None = None


class History(_Part):
    """How gaps are refilled from the server's own history, where it has one."""

    enabled: bool = True
    #: Read this much at the first connection after a start. 0: nothing.
    at_start: DurationUs = 0
    #: A gap longer than this is refilled only for its last part.
    longest: Positive = 7 * 86_400_000_000
    #: Of one HistoryRead.
    nodes_per_read: PositiveInt = 20
    values_per_node: PositiveInt = 1_000
    #: Rest between two reads, so that the live subscription and the server have room.
    rest: DurationUs = 50_000


class OpcUaConfig(ConnectorConfig):
    """One OPC UA server."""

    kind: Literal["opcua"]
    #: ``opc.tcp://host:4840/path``, without user or password.
    endpoint: str = Field(pattern=r"^opc\.tcp://[^\s/@]+:\d+(/\S*)?$")
    security: Security = Security()
    identity: Annotated[Anonymous | User | UserCertificate, Field(discriminator="kind")] = Anonymous()
    #: Send the password although nothing encrypts it. Whoever reads the wire then reads it.
    allow_plain_password: bool = False
    #: Short name -> namespace URI. ``ns=plant;s=TI-1`` and ``/Objects/plant:TI-1`` survive a server whose indices move.
    namespaces: dict[str, str] = Field(default_factory=dict)

    #: How often the server looks at a value, and how often it sends what it saw.
    sample_every: Positive = 250_000
    publish_every: Positive = 500_000
    #: Changes the server keeps for one tag between two publishes. None: what fits in between, plus two.
    queue_size: int | None = Field(default=None, ge=2)
    #: ``status_value_timestamp`` also sends a value that was measured again and is the same: a sign of life.
    trigger: Literal["status_value", "status_value_timestamp"] = "status_value_timestamp"
    #: Monitored items in one call; a lower limit of the server wins.
    items_per_call: PositiveInt = 1_000
    items_per_subscription: PositiveInt = 10_000
    #: PublishRequests waiting at the server: how many answers may be under way, or in memory and not yet journalled.
    publish_requests: PositiveInt = 4
    #: The server says at least this often that the subscription lives.
    keep_alive: Positive = 10_000_000
    #: The server drops a subscription we have not asked about for so long.
    lifetime: Positive = 120_000_000
    session_timeout: Positive = 120_000_000

    #: An answer that takes longer means that the link is dead.
    request_timeout: Positive = 5_000_000
    #: How often the server is asked for its state and clock.
    probe_every: Positive = 5_000_000
    #: Degraded, then rebuilt, when no tag had anything new for so long; the patience doubles each time. 0: never.
    max_data_age: DurationUs = 60_000_000
    max_patience: Positive = 3_600_000_000
    #: Degraded when the server's clock is further off than this. Nothing is ever re-stamped.
    max_clock_skew: Positive = 60_000_000
    #: How often addresses that cannot be read are tried again.
    retry_bad_every: Positive = 60_000_000
    reconnect_min: Positive = 1_000_000
    reconnect_max: Positive = 60_000_000
    #: A tag that sends rubbish gets one dead letter of a kind in this time; all are counted.
    letter_every: DurationUs = 60_000_000
    history: History = History()

    @field_validator("namespaces")
    @classmethod
    def _aliases_are_no_numbers(cls, namespaces: dict[str, str]) -> dict[str, str]:
        for alias in namespaces:
            if not alias.isidentifier():
                raise ValueError(f"{alias!r} cannot name a namespace; use letters, digits and _, a letter first")
        return namespaces

    @model_validator(mode="after")
    def _no_password_in_the_clear(self) -> "OpcUaConfig":
        if self.identity.kind == "user" and self.security.policy == "none" and not self.allow_plain_password:
            raise ValueError(
                "a password would cross an unprotected channel; set security.policy, "
                "or allow_plain_password: true if the network is protected by other means"
            )
        return self

    @model_validator(mode="after")
    def _user_certificates_need_a_channel(self) -> "OpcUaConfig":
        if self.identity.kind == "certificate" and self.security.policy == "none":
            raise ValueError("a user certificate proves nothing on an unprotected channel; set security.policy")
        return self

    @model_validator(mode="after")
    def _in_proportion(self) -> "OpcUaConfig":
        if self.reconnect_min > self.reconnect_max:
            raise ValueError("reconnect_min is longer than reconnect_max")
        if self.lifetime < 3 * max(self.keep_alive, self.publish_every):
            raise ValueError("lifetime must be at least three times keep_alive and publish_every")
        return self

    @property
    def queue(self) -> int:
        """Values the server shall keep for one tag."""
        return self.queue_size or -(-self.publish_every // self.sample_every) + 2

    @property
    def keep_alive_count(self) -> int:
        """Publishing cycles without data after which the server sends a keep-alive."""
        return max(1, self.keep_alive // self.publish_every)

    @property
    def lifetime_count(self) -> int:
        """Publishing cycles without a PublishRequest after which the server drops the subscription."""
        return max(3 * self.keep_alive_count, self.lifetime // self.publish_every)
