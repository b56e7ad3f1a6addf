"""The shapes of devices and of the commands to them."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from service.api.models import Next, Time

_MN = "010000A8900016F000169DC0"


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class DeviceShape(_Shape):
    """One data logger or node behind a connector, and how its link is doing."""

    connector: str = Field(examples=["loggers"])
    device: str = Field(description="MN of an HJ 212 logger", examples=[_MN])
    enterprise: str = Field(examples=["acme"])
    protocol: str = Field(description="As it says itself; empty: it has not spoken", examples=["HJ 212-2017"])
    connected: bool
    peer: str = Field(description="Address it connects from", examples=["10.12.0.7:50422"])
    connected_since: Time | None
    last_received: Time | None
    silent_s: float | None = Field(description="Since anything came from it", examples=[12.0])
    clock_ahead_s: float | None = Field(
        description="Its clock against ours; positive: ahead; null: not known", examples=[-3.2]
    )
    received: int = Field(description="Samples", examples=[123456])
    messages: int = Field(description="Telegrams", examples=[41200])
    acknowledged: int = Field(description="Answers that it was sent", examples=[41200])
    rejected: int = Field(description="Telegrams that were not taken; see the dead letters", examples=[3])
    resent: int = Field(description="Telegrams that came again", examples=[12])
    reconnects: int
    last_error: str = Field(examples=["bad_crc: CRC is 0759, and the data segment's is 1C80"])
    deviations: dict[str, int] = Field(
        description="Departures from the standard that were tolerated, and how often", examples=[{"stray_blank": 17}]
    )


class Devices(_Shape):
    """A page of devices, by connector and device."""

    items: list[DeviceShape]
    next: Next


Parameter = str | int | float | bool


class CommandBody(_Shape):
    """What a device is to do. Which commands and parameters there are is told in `connectors/hj212/README.md`."""

    command: Annotated[str, StringConstraints(max_length=64)] = Field(examples=["set-realtime-interval"])
    parameters: dict[str, Parameter] = Field(default={}, max_length=20, examples=[{"seconds": 60}])


class CommandShape(_Shape):
    """A command and what came of it."""

    id: str = Field(examples=["7d9f2c1e-54b0-4f3c-9d0e-0a8b1f6c2d11"])
    connector: str = Field(examples=["loggers"])
    device: str = Field(examples=[_MN])
    by: str = Field(description="Name of the key; `service`: the service by itself", examples=["control-room"])
    command: str = Field(examples=["set-realtime-interval"])
    parameters: dict[str, Any] = Field(description="Secrets are blotted out", examples=[{"seconds": 60}])
    asked: Time | None
    answered: Time | None = Field(description="null: nothing is recorded of it")
    result: str | None = Field(
        description="`done`, `accepted` (no result came), `no_data`, `refused`, `failed`; in the record also `silent` "
        "and `away`; null: nothing is recorded",
        examples=["done"],
    )
    words: str = Field(description="The same for a person", examples=["done"])
    code: str = Field(description="CN of the command", examples=["1062"])
    answer: int | None = Field(description="QnRtn or ExeRtn", examples=[1])
    packets: int = Field(description="Telegrams of data that came", examples=[0])
    data: list[dict[str, str]] = Field(description="What the first of them said", examples=[[{"RtdInterval": "30"}]])


class Commands(_Shape):
    """A page of commands to one device, newest first."""

    items: list[CommandShape]
    next: Next
