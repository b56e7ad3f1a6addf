"""The shapes of what is pushed and of the raw telegrams, for the documentation of the interface."""

from typing import Any

from pydantic import Field

from service.api.models import Next, Time, _Shape

_TAG, _TIME = "tank-1.li-101", "2026-11-01T08:00:00+08:00"


class BadRow(_Shape):
    """One row of a request that is no sample."""

    row: int = Field(description="From 1, as the rows stand; a header and blank lines do not count", examples=[3])
    field: str = Field(description="Column that is wrong; empty: the whole row", examples=["time"])
    value: str = Field(description="What was sent there, as far as it can be shown", examples=["2026-11-01T08:00:00"])
    problem: str = Field(examples=["no offset from UTC; append +08:00 (Beijing) or Z (UTC)"])


class PushReport(_Shape):
    """What became of a request's samples: ``accepted + rejected + duplicate_in_request`` is all of them."""

    accepted: int = Field(description="Durable; stored once, however often they are sent", examples=[99_996])
    rejected: int = Field(description="No samples; kept as dead letters", examples=[3])
    duplicate_in_request: int = Field(description="Said twice in this request", examples=[1])
    by_reason: dict[str, int] = Field(examples=[{"naive_time": 2, "unknown_tag": 1}])
    rows: list[BadRow] = Field(description="The first hundred that were rejected")


#: The body of ``POST /samples``, which FastAPI cannot see.
BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {"oneOf": [{"type": "object"}, {"type": "array", "items": {"type": "object"}}]},
            "example": [{"tag": _TAG, "time": _TIME, "value": 8.71, "quality": "good"}],
        },
        "text/csv": {
            "schema": {"type": "string"},
            "example": f"tag,time,value,quality\n{_TAG},{_TIME},8.71,good\n",
        },
        "application/vnd.apache.arrow.stream": {"schema": {"type": "string", "format": "binary"}},
    },
}


class RawFrameShape(_Shape):
    """One telegram exactly as it came."""

    received: Time
    connector: str = Field(examples=["hj212"])
    enterprise: str = Field(examples=["acme"])
    device: str = Field(description="MN of an HJ 212 logger", examples=["010000A8900016F000169DC0"])
    text: str = Field(description="As text; bytes that are none as backslash escapes", examples=["##0101QN=..."])
    bytes_base64: str
    decoded: dict[str, Any] | None = Field(description="Its fields by the protocol; null: it cannot be read")


class RawFrames(_Shape):
    """Telegrams, newest first."""

    items: list[RawFrameShape]
    next: Next


class RawOfSample(_Shape):
    """The telegrams that one stored sample was read from."""

    tag: str = Field(examples=["acme.outlet-1.so2"])
    time: Time
    received: Time
    device: str = Field(examples=["010000A8900016F000169DC0"])
    items: list[RawFrameShape]
