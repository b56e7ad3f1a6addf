"""Shapes of accounts, keys and the record of what was done."""

from typing import Annotated, Any

from pydantic import Field, StringConstraints, model_validator

from service.api.models import Next, Time, _Shape
from service.identity.roles import Role

_Name = Annotated[str, StringConstraints(min_length=1, max_length=64)]
_Password = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class LoginBody(_Shape):
    """Either an account's name and password, or a key."""

    name: str | None = Field(default=None, max_length=64, examples=["wang.fang"])
    password: str | None = Field(default=None, max_length=200, examples=["correct horse battery"])
    key: str | None = Field(default=None, max_length=200, examples=["pw1a2b3c4d.kq3v…"])

    @model_validator(mode="after")
    def _one_way(self) -> "LoginBody":
        person = self.name is not None and self.password is not None
        if person == (self.key is not None) or (self.key is not None and (self.name or self.password)):
            raise ValueError("give name and password, or key")
        return self


class PasswordBody(_Shape):
    """The present password and the one to be."""

    old: _Password = Field(examples=["k7mh-92tc-wq4d-xbn3"])
    new: _Password = Field(examples=["correct horse battery"])


class AccountShape(_Shape):
    """One person."""

    name: str = Field(description="The actor in every record", examples=["wang.fang"])
    display: str = Field(examples=["王芳"])
    role: Role
    enterprise: str | None
    contact: str = Field(examples=["13900000000"])
    disabled: bool
    must_change_password: bool
    created: Time
    created_by: str = Field(examples=["admin"])


class AccountList(_Shape):
    """All accounts."""

    items: list[AccountShape]


class NewAccountBody(_Shape):
    """A person who is to have an account."""

    name: _Name = Field(examples=["wang.fang"])
    display: str = Field(default="", max_length=64, examples=["王芳"])
    role: Role
    enterprise: str | None = Field(default=None, description="Of the roles `enterprise`; nobody else has one")
    contact: str = Field(default="", max_length=200, examples=["13900000000"])


class AccountChangeBody(_Shape):
    """What is to change; what is left out stays."""

    display: str | None = Field(default=None, max_length=64, examples=["王芳"])
    role: Role | None = None
    enterprise: str | None = None
    contact: str | None = Field(default=None, max_length=200, examples=["13900000000"])
    disabled: bool | None = None


class OneTimePassword(_Shape):
    """Shown this once; whoever logs in with it has to change it first."""

    name: str = Field(examples=["wang.fang"])
    password: str = Field(examples=["k7mh-92tc-wq4d-xbn3"])


class KeyShape(_Shape):
    """One key, without its secret."""

    name: str = Field(examples=["acme-gateway"])
    prefix: str = Field(description="First part of its text", examples=["pw1a2b3c4d"])
    role: Role
    enterprise: str | None
    created: Time
    expires: Time | None
    disabled: bool


class KeyList(_Shape):
    """The keys that the caller may manage."""

    items: list[KeyShape]


class NewKeyBody(_Shape):
    """A machine that is to have a key."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$", examples=["acme-gateway"])
    role: Role = Field(default=Role.DEVICE)
    enterprise: str | None = None
    expires: str | None = Field(
        default=None,
        description="RFC 3339; without it the key ends when it is revoked",
        examples=["2027-11-01T00:00:00Z"],
    )


class MadeKey(_Shape):
    """Shown this once."""

    key: KeyShape
    text: str = Field(description="What the machine sends as `X-API-Key`", examples=["pw1a2b3c4d.kq3v…"])


class AuditEntry(_Shape):
    """Something that somebody did."""

    id: str = Field(examples=["48141154-41bc-59ce-89d2-b84bf7c8268e"])
    at: Time
    kind: str = Field(
        description="`login`, `account`, `key`, `export`, `mark`, `device_command`, …", examples=["export"]
    )
    by: str = Field(examples=["wang.fang"])
    enterprise: str = Field(description="Empty: the park's", examples=["acme"])
    subject: str = Field(examples=["/api/v1/samples"])
    body: dict[str, Any]


class AuditList(_Shape):
    """A page of the record."""

    items: list[AuditEntry]
    next: Next
